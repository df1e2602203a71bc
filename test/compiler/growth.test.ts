/** Code that knows the memory as it was is made again when that has grown, and put back in its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';

const { grows } = compileWat({
  grows: `(module
    (memory 1 100)
    (func $small (export "small") (param i32) (result i32) (i32.load (i32.const 8)))
    (func (export "grow") (drop (memory.grow (i32.const 1))))
    (func (export "run") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (local.get $s) (call $small (local.get $n))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
      (local.get $s)))`,
});

test('a function comes back that only generated code calls', () => {
  const compiler = makeCompiler({ threshold: 0 }, true, null);
  const { exports } = instantiate(new Store({ compiler }), compileModule(grows), () => undefined);
  const func = (name: string): FuncInstance => exports.get(name) as FuncInstance;
  const small = func('small');
  const { instance, code } = small;
  assert.ok(instance !== null && code !== null);
  const isInPlace = (): boolean => small.run !== null;
  invoke(func('run'), [3n]);
  assert.ok(isInPlace());
  // The interpreter enters it no more: entries would save nothing.
  const { patches } = compiler.unitOf(instance.unit);
  patches.giveUp(patches.at(code.entry));
  for (let growths = 0; growths < 3; growths++) {
    invoke(func('grow'), []);
    invoke(func('run'), [1n]);
    invoke(func('run'), [100n]);
    assert.ok(isInPlace(), `after ${growths + 1} growths`);
  }
});
