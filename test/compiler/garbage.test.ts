/** A compiler that is kept holds nothing of modules that nobody has any more: no text, no functions, no places of entry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import { compileModule, type FuncInstance, instantiate, Store, startExecution } from '../../src/wasm.ts';
import { countReachable } from '../garbage.ts';
import { compileWat } from '../wat.ts';
import { forcedCompiler } from './forced-compiler.ts';

const { summing } = compileWat({
  summing: `(module
    (memory 1)
    (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (i32.load (local.get 1))))
    (func (export "run") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (call $add (local.get $s) (local.get $n)))
        (drop (memory.grow (i32.and (local.get $n) (i32.const 1))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $s)))`,
});

/** Calls a function of a new module; what should go with the module. */
const use = (compiler: Compiler): WeakRef<object>[] => {
  const compiled = compileModule(summing);
  const instance = instantiate(new Store({ compiler }), compiled, () => undefined);
  const call = startExecution(instance.exports.get('run') as FuncInstance, [9n]);
  assert.equal(call.run(), 'done');
  const { unit } = instance;
  const made = compiler.unitOf(unit);
  const parts = unit.funcs.map((code) => made.recordOf(code!).whole);
  const functions = parts.map(({ generated }) => generated!);
  const run = instance.funcs[0]!.run!;
  assert.ok(made.textLength > 100 * functions.length);
  return [compiled, unit, instance, made, made.patches, run, ...functions].map((item) => new WeakRef(item));
};

test('memory of generated code comes back with the module', async () => {
  const compiler = forcedCompiler({ target: 'jit', exits: 0, seed: 1 });
  const references = [1, 2, 3].flatMap(() => use(compiler));
  assert.equal(await countReachable(references), 0);
  // It is used on.
  assert.ok(use(compiler).length > 0);
});
