/**
 * The same programs give the same transcript, byte for byte, however V8 executes the engine: results, fuel, memory,
 * where calls run out of fuel and how deep recursion goes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { buildExamples } from '../examples/example-plugins.ts';
import { root, sharedFolder } from '../shared.ts';

/** Prints the transcript in a process of its own. */
const transcript = (flags: readonly string[]): string => {
  const script = join(root, 'build/test/determinism/transcript.js');
  const run = spawnSync(process.execPath, [...flags, script], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(run.status, 0, `node ${flags.join(' ')}: ${run.stderr}`);
  return run.stdout;
};

/** Ways of executing JavaScript that differ in tiers, in when they compile, and in the room for the stack. */
const modes: readonly (readonly string[])[] = [
  ['--jitless'],
  ['--no-opt'],
  ['--max-lazy'],
  ['--no-lazy-feedback-allocation'],
  ['--no-expose-wasm', '--disallow-code-generation-from-strings'],
  ['--stack-size=300'],
];

describe('transcripts', () => {
  let expected = '';
  before(() => {
    if (sharedFolder === null) console.log('NOTICE: recorded plug-ins were not found; examples only');
    buildExamples();
    expected = transcript([]);
  });

  test('cover programs that return, trap and run out of fuel', () => {
    const ends = ['done', 'trap.divide-by-zero', 'exhaustion.call-stack'];
    if (sharedFolder !== null) ends.push('paused', 'trap.unreachable', 'trap.memory-bounds');
    for (const end of ends) assert.ok(expected.includes(` | ${end} | `), end);
  });

  for (const flags of modes) {
    test(`are the same under node ${flags.join(' ')}`, () => {
      const lines = transcript(flags).split('\n');
      // Line by line: the first that differs says more than two long texts.
      for (const [i, line] of expected.split('\n').entries()) assert.equal(lines[i], line);
      assert.equal(lines.length, expected.split('\n').length);
    });
  }
});
