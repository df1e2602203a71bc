/**
 * Where the JavaScript stack is full, generated code is left with everything that it has done: an embedder may enter it
 * from as deep as it likes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compileModule,
  type FuncInstance,
  instantiate,
  invoke,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';
import { forcedCompiler } from './forced-compiler.ts';

/** Counts each call in memory, calls itself so many times less, and counts once more. */
const { counting, mixed } = compileWat({
  counting: `(module
    (memory 1)
    (func $run (export "run") (param $n i32) (result i32)
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
      (i32.add (call $run (i32.sub (local.get $n) (i32.const 1))) (i32.const 1))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))))`,
  // The interpreter runs functions with vectors, and its work is not repeated.
  mixed: `(module
    (memory 1)
    (table $t 1 funcref)
    (func $count
      (drop (i32x4.splat (i32.const 1)))
      (memory.fill (i32.const 100) (i32.const 1) (i32.const 5000))
      (drop (table.grow $t (ref.null func) (i32.const 0)))
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
    (func $run (export "run") (param $n i32) (result i32)
      (call $count)
      (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
      (i32.add (call $run (i32.sub (local.get $n) (i32.const 1))) (i32.const 1))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))))`,
});
const DEPTH = 1200;
const MIXED_DEPTH = 100;

/** Calls back below so many frames of the embedder. */
const descend = (left: number, bottom: () => void): number => {
  if (left === 0) bottom();
  else return descend(left - 1, bottom) + 1;
  return 0;
};
const deepest = (): number => {
  let depth = 0;
  const count = (): number => {
    depth++;
    return count() + 1;
  };
  try {
    count();
  } catch {
    // That is how deep it goes.
  }
  return depth;
};

test('what was done is not done again where the JavaScript stack is full', () => {
  const compiled = compileModule(counting);
  const store = new Store({ compiler: forcedCompiler({ target: 'jit', exits: 0, seed: 1 }) });
  const instance = instantiate(store, compiled, () => undefined);
  const run = instance.exports.get('run') as FuncInstance;
  const most = deepest();
  let ended = 0;
  for (let depth = 0; depth < most; depth += depth < most / 2 ? Math.ceil(most / 200) : 2) {
    const { view } = instance.memory0;
    view.setInt32(0, 0, true);
    view.setInt32(4, 0, true);
    const call = startExecution(run, [BigInt(DEPTH)]);
    let status = '';
    try {
      descend(depth, () => {
        status = call.run();
      });
    } catch {
      // There was no room for the embedder, or for the interpreter.
      continue;
    }
    assert.equal(status, 'done');
    assert.deepEqual(call.results, [BigInt(DEPTH)]);
    assert.deepEqual([view.getInt32(0, true), view.getInt32(4, true)], [DEPTH + 1, DEPTH], `at ${depth}`);
    ended++;
  }
  assert.ok(ended > 100, `${ended}`);
  // What could not be taken for lack of room is nobody's: it must not show in other calls.
  const other = new Store({ compiler: forcedCompiler({ target: 'jit', exits: 0.3, seed: 1 }) });
  const later = instantiate(other, compiled, () => undefined);
  const call = startExecution(later.exports.get('run') as FuncInstance, [10n]);
  assert.equal(call.run(), 'done', String(call.error));
  assert.deepEqual(call.results, [10n]);
});

test('what the interpreter does for generated code is done once where the JavaScript stack is full', () => {
  const store = new Store({ compiler: forcedCompiler({ target: 'jit', exits: 0, seed: 1 }) });
  const instance = instantiate(store, compileModule(mixed), () => undefined);
  const run = instance.exports.get('run') as FuncInstance;
  const most = deepest();
  const { memory0 } = instance;
  const countsAt = (depth: number): number[] | null => {
    memory0.view.setInt32(0, 0, true);
    memory0.view.setInt32(4, 0, true);
    try {
      descend(depth, () => assert.deepEqual(invoke(run, [BigInt(MIXED_DEPTH)]), [BigInt(MIXED_DEPTH)]));
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
      return null;
    }
    return [memory0.view.getInt32(0, true), memory0.view.getInt32(4, true)];
  };
  let ended = 0;
  let failed = 0;
  for (let depth = Math.floor(most * 0.9); depth < most; depth += 2) {
    const counts = countsAt(depth);
    if (counts === null) failed++;
    else {
      assert.deepEqual(counts, [MIXED_DEPTH + 1, MIXED_DEPTH], `at ${depth}`);
      ended++;
    }
  }
  // Only where there is no room to begin: about 13. Without room for the interpreter, 100 would fail in the middle.
  assert.ok(ended > 100 && failed < 50, `${ended} ended, ${failed} failed`);
  assert.deepEqual(countsAt(0), [MIXED_DEPTH + 1, MIXED_DEPTH]);
  const other = new Store({ compiler: forcedCompiler({ target: 'jit', exits: 0.3, seed: 1 }) });
  const later = instantiate(other, compileModule(mixed), () => undefined);
  assert.deepEqual(invoke(later.exports.get('run') as FuncInstance, [10n]), [10n]);
});
