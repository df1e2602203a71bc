/** Generated code for people to read: indented, with the offsets of instructions in the first column. */

/** Precedes the statements of an instruction; see `Target.showsOffsets`. */
export const offsetComment = (offset: number): string => `/* ${offset.toString(16).padStart(6, '0')} */`;

const marked = /^(.*)(\/\* [0-9a-f]{6,} \*\/);$/;
const MARGIN = ' '.repeat(offsetComment(0).length + 1);

/** The lines of a generated function; comments of the generator go to a separate column. */
export const listingOf = (text: string): string[] => {
  const lines: string[] = [];
  let depth = 0;
  let margin = MARGIN;
  const add = (line: string): void => {
    const closers = /^}*/.exec(line)![0].length;
    lines.push(`${margin}${'  '.repeat(depth - closers)}${line}`);
    depth += line.split('{').length - line.split('}').length;
    margin = MARGIN;
  };
  for (const line of text.split('\n')) {
    const match = marked.exec(line);
    if (match === null) {
      add(line);
      continue;
    }
    // The text before the statement is a label of a switch.
    if (match[1] !== '') add(match[1]!);
    margin = `${match[2]!} `;
  }
  return lines;
};
