/** A compiler beside files of build time: a file serves its module, the compiler every other one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileToJavaScript } from '../../src/compile.ts';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import { createPlugin } from '../../src/node.ts';
import {
  compileModule,
  type FuncInstance,
  instantiate,
  invoke,
  type ModuleInstance,
  Store,
} from '../../src/wasm.ts';
import { loadText, precompile } from '../precompiled/load.ts';
import { compileWat } from '../wat.ts';

const { triple, fivefold, library, user } = compileWat({
  triple: '(module (func (export "run") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))',
  fivefold: '(module (func (export "run") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 5))))',
  library: '(module (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))',
  user: `(module
    (import "library" "twice" (func $twice (param i32) (result i32)))
    (func (export "run") (result i32) (i32.sub (call $twice (i32.const 7)) (i32.const 14))))`,
});

test('the file runs its module, and the compiler generates nothing for it', async () => {
  // Code that gives 4 times the argument for 3 times it: who runs it says so.
  const precompiled = await loadText(compileToJavaScript(triple).replace('(l0*3|0)', '(l0*4|0)'));
  const compiler = makeCompiler({ threshold: 0 }, true, null);
  const store = new Store({ compiler, precompiled });
  const open = (bytes: Uint8Array): ModuleInstance =>
    instantiate(store, compileModule(bytes), () => undefined);
  const run = ({ exports }: ModuleInstance): unknown => invoke(exports.get('run') as FuncInstance, [14n])[0];
  const [own, other] = [open(triple), open(fivefold)];
  assert.deepEqual([run(own), run(other)], [56n, 70n]);
  assert.equal(compiler.unitOf(own.unit).textLength, 0);
  assert.ok(compiler.unitOf(other.unit).textLength > 0);
});

test('calls go from one to the other and back', async () => {
  const manifest = { wasm: [{ data: library, name: 'library' }, { data: user }] };
  const plain = await createPlugin(manifest);
  await plain.call('run');
  for (const bytes of [library, user]) {
    const compiler = makeCompiler({ threshold: 0 }, true, null);
    const plugin = await createPlugin(manifest, { compiler, precompiled: await precompile(bytes) });
    for (let i = 0; i < 3; i++) await plugin.call('run');
    assert.equal(plugin.fuelConsumed, plain.fuelConsumed);
  }
});
