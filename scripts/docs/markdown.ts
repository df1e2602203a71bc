/** Markdown for generated pages. */

/** The first lines of every generated page. */
export const pageHead = (title: string, sourceFile: string): string =>
  `<!-- Generated from ${sourceFile} by \`npm run gen:docs\`; changes belong there. -->\n# ${title}\n`;

/** Text that is unchanged inside a table cell. */
export const cell = (text: string | number): string =>
  String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
/** The same in code font; empty stays empty. */
export const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

/** A table as the formatter writes it, columns aligned; cells are Markdown already. */
export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string => {
  const lines = [head, ...rows].map((cells) => cells.map(String));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return `${[line(lines[0]!), rule, ...lines.slice(1).map(line)].join('\n')}\n`;
};
