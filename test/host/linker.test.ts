/** Several modules in one plug-in: names, order of initialisation, what links and what does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KERNEL_NAMESPACE, kernelAbi } from '../../src/kernel/abi.ts';
import {
  createPlugin,
  type ManifestWasm,
  type Plugin,
  type PluginOptions,
  UnlinkableError,
} from '../../src/node.ts';
import { I64 } from '../../src/syntax/types.ts';
import { compileWat, kernelImports, outputI64 } from './wat.ts';

const typeText = (params: readonly number[], results: readonly number[]): string => {
  const text = (types: readonly number[]): string =>
    types.map((type) => (type === I64 ? 'i64' : 'i32')).join(' ');
  return `(param ${text(params)}) (result ${text(results)})`;
};
const everyImport = Object.entries(kernelAbi).map(
  ([name, { params, results }]) =>
    `(import "${KERNEL_NAMESPACE}" "${name}" (func ${typeText(params, results)}))`,
);

const noteImport = '(import "extism:host/user" "note" (func $note (param i32)))';
const modules = compileWat({
  everything: `(module ${everyImport.join('\n')} (func (export "run")))`,
  main: `(module ${kernelImports} (import "lhs" "add_one" (func $add (param i64) (result i64))) ${outputI64}
    (func (export "run") (call $output_i64 (call $add (i64.const 41)))))`,
  lhs: `(module (import "rhs" "add_one" (func $add (param i64) (result i64)))
    (func (export "add_one") (param i64) (result i64) (call $add (local.get 0))))`,
  rhs: `(module (func (export "add_one") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
    (memory (export "memory") 1) (global (export "g") i32 (i32.const 7)))`,
  wrongKind: '(module (import "rhs" "memory" (func)) (func (export "run")))',
  wrongType: '(module (import "rhs" "add_one" (func (param i32))) (func (export "run")))',
  wrongKernelType:
    '(module (import "extism:host/env" "alloc" (func (param i32) (result i64))) (func (export "run")))',
  kernelMemory: '(module (import "extism:host/env" "memory" (memory 1)) (func (export "run")))',
  unknownKernel: '(module (import "extism:host/env" "teleport" (func)) (func (export "run")))',
  unknown: '(module (import "nowhere" "f" (func)) (func (export "run")))',
  duplicate: `(module
    (import "extism:host/env" "log_error" (func (param i64)))
    (import "extism:host/env" "log_error" (func (param i64)))
    (func (export "run")))`,
  wasi: '(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (func (export "run")))',
  wasiWrong:
    '(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i64))) (func (export "run")))',
  wasiUnknown: '(module (import "wasi_snapshot_preview1" "fly" (func (result i32))) (func (export "run")))',
  shares: `(module (import "rhs" "memory" (memory 1)) (import "rhs" "g" (global i32)) ${kernelImports} ${outputI64}
    (func (export "run") (call $output_i64 (i64.extend_i32_u (global.get 0)))))`,
  circularA: '(module (import "b" "f" (func)) (func (export "f")) (func (export "run")))',
  circularB: '(module (import "main" "f" (func)) (func (export "f")))',
  order: `(module ${noteImport} (import "dep" "f" (func))
    (func $start (call $note (i32.const 4))) (start $start)
    (func (export "_initialize") (call $note (i32.const 5)))
    (func (export "__wasm_call_ctors") (call $note (i32.const 99)))
    (func (export "hs_init") (param i32 i32) (call $note (i32.add (i32.const 6) (i32.add (local.get 0) (local.get 1)))))
    (func (export "_start") (call $note (i32.const 98)))
    (func (export "run")))`,
  dependency: `(module ${noteImport}
    (func $start (call $note (i32.const 1))) (start $start)
    (func (export "__wasm_call_ctors") (call $note (i32.const 2)))
    (func (export "hs_init") (param i64) (call $note (i32.const 97)))
    (func (export "_start") (call $note (i32.const 96)))
    (func (export "f")))`,
  override: `(module ${kernelImports} (func (export "run") (call $log_error (i64.const 5))))`,
  trapsAtStart: '(module (func $start unreachable) (start $start) (func (export "run")))',
  vector: '(module (import "extism:host/user" "v" (func (param v128))) (func (export "run")))',
});
type Name = keyof typeof modules;

const link = (items: readonly (Name | [Name, string])[], options: PluginOptions = {}): Promise<Plugin> => {
  const wasm = items.map<ManifestWasm>((item) =>
    typeof item === 'string' ? { data: modules[item] } : { data: modules[item[0]], name: item[1] },
  );
  return createPlugin({ wasm }, options);
};

const fails = (what: Promise<unknown>, message: RegExp): Promise<void> =>
  assert.rejects(what, (error: Error) => {
    assert.match(error.message, message);
    assert.ok(['UnlinkableError', 'ManifestError'].includes(error.name), error.name);
    return true;
  });

describe('linking', () => {
  test('modules import from each other, in any order of the manifest', async () => {
    for (const items of [
      [['rhs', 'rhs'], ['lhs', 'lhs'], 'main'],
      [
        ['lhs', 'lhs'],
        ['main', 'main'],
        ['rhs', 'rhs'],
      ],
    ] as const) {
      const plugin = await link(items as never);
      assert.equal((await plugin.call('run'))?.getBigUint64(0, true), 42n);
    }
  });
  test('memories and globals link as well', async () => {
    const plugin = await link([['rhs', 'rhs'], 'shares']);
    assert.equal((await plugin.call('run'))?.getBigUint64(0, true), 7n);
  });
  test('every function of the ABI can be imported', async () => {
    assert.equal(everyImport.length, 32);
    assert.equal(await (await link(['everything'])).call('run'), null);
  });
  test('the same import twice is fine', async () => {
    assert.equal(await (await link(['duplicate'])).call('run'), null);
  });
  test('a missing import names the way to it', async () => {
    await fails(
      link([['lhs', 'lhs'], 'main']),
      /from module "main"\/"lhs": cannot resolve import "rhs" "add_one": not provided by host imports nor linked manifest items/,
    );
    await fails(link(['unknown']), /from module "main": cannot resolve import "nowhere" "f": not provided/);
    await fails(
      link(['unknownKernel']),
      /"extism:host\/env" is a host module, but does not contain "teleport"/,
    );
    await fails(link(['kernelMemory']), /does not contain "memory"/);
  });
  test('types are checked when linking', async () => {
    await fails(link(['wrongKernelType']), /incompatible import type: "extism:host\/env" "alloc"/);
    await fails(link([['rhs', 'rhs'], 'wrongType']), /incompatible import type: "rhs" "add_one"/);
    await fails(link([['rhs', 'rhs'], 'wrongKind']), /incompatible import type: "rhs" "memory"/);
    const error = await link(['wrongKernelType']).catch((reason: unknown) => reason);
    assert.ok(error instanceof UnlinkableError && error.details.name === 'alloc');
  });
  test('names: duplicates and no main are refused', async () => {
    await fails(link([['rhs', 'main'], 'duplicate']), /duplicate module name "main"/);
    await fails(link([['rhs', 'rhs']]), /must designate one "main" module/);
  });
  test('there is a limit to modules', async () => {
    const many = Array.from({ length: 257 }, (_, i): ['duplicate', string] => [
      'duplicate',
      i === 0 ? 'main' : `m${i}`,
    ]);
    await fails(link(many), /more than 256 modules/);
  });
  test('circular imports are refused, not followed', async () => {
    await fails(link([['circularB', 'b'], 'circularA']), /circular imports are not supported/);
  });
  test('WASI must be switched on, and is checked by type', async () => {
    await fails(link(['wasi']), /WASI is not enabled; see the "useWasi" plugin option/);
    assert.equal(await (await link(['wasi'], { useWasi: true })).call('run'), null);
    await fails(link(['wasiWrong'], { useWasi: true }), /incompatible import type/);
    await fails(link(['wasiUnknown'], { useWasi: true }), /does not contain "fly"/);
  });
  test('each module is initialised once, imported ones first; _start never runs on its own', async () => {
    const notes: number[] = [];
    const functions = { 'extism:host/user': { note: (_: unknown, n: number) => notes.push(n) } };
    const plugin = await link([['dependency', 'dep'], 'order'], { functions });
    assert.deepEqual(notes, [1, 2, 4, 5, 6]);
    await plugin.call('run');
    assert.equal(notes.length, 5);
  });
  test('a trap in initialisation rejects createPlugin', async () => {
    await assert.rejects(link(['trapsAtStart']), { code: 'trap.unreachable' });
  });
  test('host functions can replace functions of the ABI', async () => {
    const seen: bigint[] = [];
    const functions = { 'extism:host/env': { log_error: (_: unknown, handle: bigint) => seen.push(handle) } };
    await (await link(['override'], { functions })).call('run');
    assert.deepEqual(seen, [5n]);
  });
  test('host functions cannot take vectors', async () => {
    await assert.rejects(link(['vector'], { functions: { 'extism:host/user': { v: () => 0 } } }), {
      name: /UnlinkableError|UnsupportedError/,
    });
  });
});
