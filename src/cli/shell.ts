/** Command lines that users paste. */

/** A word of a command line, quoted if a shell would change it. */
export const shellWord = (text: string): string =>
  /^[\w@./:=+,%-]+$/.test(text) ? text : `"${text.replace(/["\\$`]/g, '\\$&')}"`;
