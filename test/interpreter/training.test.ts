/**
 * Training takes every way through every operation of the loop. One that it leaves out costs the compiled loop: V8
 * compiles what was never run as a way out, throws the code away there, and takes up to a second to make it again,
 * often a slower one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** A way out that V8 need know nothing about: it sets a status. */
const harmless =
  /^\{\s*status = \d+;( \/\/ .*)?\s*break out;\s*\}$|^[\s;]*pc = pc \+ \d+ \| 0;\s*continue;\s*\}?$/;

test('training leaves out nothing that is compiled', async () => {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const { getMachine } = await import('../../src/interpreter/machine/machine.ts');
  getMachine();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const { url, functions } = result.find((script) => script.url.endsWith('/dispatch.generated.js'))!;
  const text = readFileSync(fileURLToPath(url), 'utf8');
  const ranges = functions.flatMap((item) => item.ranges);
  assert.ok(ranges.filter(({ count }) => count > 0).length > 300, 'the loop was not run');
  const left = ranges
    .filter(({ count }) => count === 0)
    .map(({ startOffset, endOffset }) => {
      const operation = [...text.slice(0, startOffset).matchAll(/^ *\/\/ (\w+)$/gm)].at(-1)?.[1];
      return { operation, code: text.slice(startOffset, endOffset) };
    })
    // What follows a trap is never reached.
    .filter(({ operation, code }) => operation !== 'unreachable' && !harmless.test(code));
  assert.deepEqual(left, []);
});
