/** Markdown for generated pages. */

/** The first lines of every generated page. */
export const pageHead = (title: string, sourceFile: string): string =>
  `<!-- Generated from ${sourceFile} by \`npm run gen:docs\`; changes belong there. -->\n# ${title}\n`;

/** Text that stays as it is inside a table cell. */
export const cell = (text: string | number): string =>
  String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
/** The same in code font; empty stays empty. */
export const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

/** A table; cells are Markdown already. */
export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string => {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
};
