/** Lines end at line feeds only: names and outputs of plug-ins stand in JSON with whatever else they hold. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import { onLine } from '../../src/cli/conformance/lines.ts';

const linesOf = async (bytes: Uint8Array, chunkSize: number): Promise<string[]> => {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) chunks.push(bytes.subarray(at, at + chunkSize));
  const stream = Readable.from(chunks, { objectMode: false });
  const lines: string[] = [];
  onLine(stream, (line) => lines.push(line));
  await finished(stream);
  return lines;
};

test('only a line feed ends a line, wherever the stream is cut', async () => {
  const lines = ['{"a":"\u2028\u2029"}', '', '\u{1f600} \u0085\r', 'x'.repeat(100), 'the last'];
  const bytes = new TextEncoder().encode(lines.join('\n'));
  for (const size of [1, 2, 3, 7, 64, bytes.length]) assert.deepEqual(await linesOf(bytes, size), lines);
});

test('nothing comes after the last line feed', async () => {
  assert.deepEqual(await linesOf(new TextEncoder().encode('a\nb\n'), 2), ['a', 'b']);
  assert.deepEqual(await linesOf(new Uint8Array(0), 2), []);
});
