/**
 * The same programs give the same transcript, line by line, however V8 executes the engine: results, fuel, memory,
 * where calls run out of fuel and how deep recursion goes. `npm run engines` does the same on other engines.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { buildExamples } from '../examples/example-plugins.ts';
import { root, sharedFolder } from '../shared.ts';

interface Outcome {
  readonly lines: readonly string[];
  readonly rows: readonly {
    readonly id: string;
    readonly title: string;
    readonly result: { readonly equal: number; readonly firstDifference: object | null } | null;
  }[];
}

/** Runs the slice on this Node in several modes; those of other engines are for `npm run engines`. */
const runSlice = (...modes: readonly string[]): Outcome => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-slice-'));
  const file = join(folder, 'outcome.json');
  const main = join(root, 'build/engines/main.js');
  const run = spawnSync(process.execPath, [main, '--slice', '--json', file, '--', ...modes], {
    encoding: 'utf8',
  });
  assert.ok(run.status === 0 || run.status === 1, `${run.stdout}\n${run.stderr}`);
  const outcome = JSON.parse(readFileSync(file, 'utf8')) as Outcome;
  rmSync(folder, { recursive: true });
  return outcome;
};

describe('transcripts', () => {
  let outcome: Outcome;
  before(() => {
    if (sharedFolder === null) console.log('NOTICE: the reference data was not found; examples only');
    buildExamples();
    // Compiling at once, and with little room for the stack. The interpreter of V8 alone takes a minute, and runs in
    // `npm run engines`.
    outcome = runSlice('node--no-lazy', 'node--stack-size');
  });

  test('cover programs that return, fail, trap and run out of fuel', () => {
    const ends = ['returned 0', 'trap.divide-by-zero', 'exhaustion.call-stack'];
    if (sharedFolder !== null)
      ends.push('exhaustion.fuel', 'trap.unreachable', 'trap.memory-bounds', 'passed');
    for (const end of ends)
      assert.ok(
        outcome.lines.some((line) => line.includes(` | ${end}`)),
        end,
      );
    assert.equal(outcome.lines.at(-1), 'end of the transcript');
  });

  test('hold the receipts of recordings that were made elsewhere', { skip: sharedFolder === null }, () => {
    const lines = outcome.lines.filter((line) => line.startsWith('receipt of '));
    assert.ok(lines.length > 50);
    for (const line of lines) assert.match(line, / (holds|verified, fuel \d+)$/);
    assert.ok(!outcome.lines.some((line) => line.startsWith('recording of ')));
  });

  test('are the same in every mode', () => {
    assert.equal(outcome.rows.length, 3);
    for (const { title, result } of outcome.rows) assert.equal(result!.firstDifference, null, title);
  });
});
