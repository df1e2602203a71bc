/**
 * Code that was made at build time runs where code from strings is refused, and comes to what the interpreter alone
 * comes to: results, traps, backtraces, fuel, pauses, memory.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileToJavaScript } from '../../src/compile.ts';
import type { StoreOptions } from '../../src/wasm.ts';
import { type Program, play } from '../compiler/beside.ts';
import { sources } from '../compiler/programs.ts';
import { compileWat } from '../wat.ts';
import { loadText, precompile } from './load.ts';

const bytes = compileWat(Object.fromEntries(Object.entries(sources).map(([name, { text }]) => [name, text])));

test('code from strings is refused here', () => {
  assert.throws(() => new Function('return 1'), EvalError);
});

describe('programs', () => {
  for (const [name, { calls, text: _, ...options }] of Object.entries(sources))
    for (const target of ['jit', 'nojit'] as const)
      test(`${name}, ${target}`, async () => {
        const { schedule }: StoreOptions = options;
        const precompiled = await precompile(bytes[name]!, { target, schedule });
        const program: Program = { bytes: bytes[name]!, calls, options };
        for (const step of [null, 7, 1000]) {
          const expected = play(program, null, step);
          const found = play({ ...program, options: { ...options, precompiled } }, null, step);
          assert.deepEqual(found, expected, `fuel ${step ?? 'at once'}`);
        }
      });
});

const { loops } = compileWat({
  loops: `(module
    (memory 1)
    (func $note (param i32) (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get 0))))
    (func (export "run") (param $n i32) (result i32)
      (loop
        (call $note (local.get $n))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if 0 (local.get $n)))
      (i32.load (i32.const 0))))`,
});

test('it is this code that runs', async () => {
  const precompiled = await precompile(loops);
  const text = compileToJavaScript(loops);
  // The same with another operator in it: who runs it says so.
  const changed = await loadText(text.replace('DV.getInt32(0,true)+l0', 'DV.getInt32(0,true)-l0'));
  const run = (made: typeof precompiled): string =>
    play({ bytes: loops, calls: [['run', 100n]], options: { precompiled: made } }, null, null)[0]!;
  assert.match(run(precompiled), /^run 100 → done 5050 /);
  assert.match(run(changed), /^run 100 → done 4294962246 /);
});
