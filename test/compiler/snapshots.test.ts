/**
 * Snapshots that are taken while compiled code runs are restored in processes that have none, and the reverse.
 * `npm run snapshots -- COUNT SEED --compiled` tries many, of plug-ins, too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import { restoreSnapshot, takeSnapshot } from '../../src/wasm.ts';
import { runPoints } from '../snapshots/run-points.ts';
import { compileWat } from '../wat.ts';
import { open, type Program, start } from './beside.ts';
import { forcedCompiler } from './forced-compiler.ts';
import { callsInFront } from './programs.ts';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

test(`calls continue in code of the other kind (FC_SEED=${seed})`, async () => {
  const { counts, mismatches } = await runPoints(80, seed, false, [], true);
  assert.deepEqual(mismatches, []);
  assert.equal(counts.get('world'), 80);
});

const ENOUGH = 1e6;

/** Calls are moved at every unit of fuel; the result of each. */
const moveEverywhere = (program: Program, from: Compiler | null, to: Compiler | null): string[] =>
  program.calls.flatMap((made) => {
    const ends: string[] = [];
    for (let fuel = 0; ; fuel++) {
      const source = open(program, from);
      const call = start(source, made, fuel);
      if (call.run() !== 'paused') return ends;
      const target = open(program, to);
      const bytes = takeSnapshot({ instances: [source], executions: [call] });
      const moved = restoreSnapshot(bytes, { instances: [target] })[0]!;
      const places = moved.backtrace.map(({ funcIndex, offset }) => `${funcIndex}+${offset}`);
      moved.addFuel(ENOUGH);
      ends.push([moved.run(), moved.results, moved.fuelConsumed, places].join(' '));
    }
  });

test('calls stand in calls that are the first of a loop or function', () => {
  const { bytes } = compileWat({ bytes: callsInFront.text });
  const calls = callsInFront.calls.filter(([name]) => name === 'first' || name === 'loops');
  const program = { bytes: bytes!, calls };
  const compiler = (): Compiler => forcedCompiler({ target: 'jit', exits: 0, seed: 0 });
  const expected = moveEverywhere(program, null, null);
  assert.ok(expected.length > 80);
  assert.deepEqual(moveEverywhere(program, null, compiler()), expected, 'restored on compiled code');
  assert.deepEqual(moveEverywhere(program, compiler(), null), expected, 'taken on compiled code');
  assert.deepEqual(moveEverywhere(program, compiler(), compiler()), expected, 'both');
});
