/** Command lines that people paste. */

/** A word of a command line, in quotes where a shell would read it otherwise. */
export const shellWord = (text: string): string =>
  /^[\w@./:=+,%-]+$/.test(text) ? text : `"${text.replace(/["\\$`]/g, '\\$&')}"`;
