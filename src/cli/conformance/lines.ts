/** Lines of text streams. */
import type { Readable } from 'node:stream';

/**
 * Calls `handle` for each line of a stream of UTF-8, and for the rest after the last line feed. Only a line feed ends
 * a line: `node:readline` also breaks at U+2028 and U+2029 in newer versions, and JSON may contain these unescaped.
 */
export const onLine = (stream: Readable, handle: (line: string) => void): void => {
  let parts: string[] = [];
  const end = (): void => {
    const line = parts.join('');
    parts = [];
    handle(line);
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    let from = 0;
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', from)) {
      parts.push(chunk.slice(from, at));
      end();
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.slice(from));
  });
  stream.on('end', () => {
    if (parts.length > 0) end();
  });
};
