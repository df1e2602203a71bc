/** Several modules in one plug-in: names, order of initialisation, what links and what does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KERNEL_NAMESPACE, kernelAbi } from '../../src/kernel.ts';
import {
  createPlugin,
  type ManifestWasm,
  type Plugin,
  type PluginOptions,
  UnlinkableError,
} from '../../src/node.ts';
import { I64 } from '../../src/wasm.ts';
import { assemble } from '../assembler.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

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
  // Adds up n + (n - 1) + … with both modules taking turns; "two" is a second function of the same cycle.
  circularA: `(module ${kernelImports}
    (import "b" "sum" (func $sum (param i64) (result i64)))
    (import "b" "two" (func $two (result i64))) ${outputI64}
    (table 1 funcref) (elem (i32.const 0) $two) (type $i64 (func (result i64)))
    (func (export "sum") (param i64) (result i64)
      (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0))
        (else (i64.add (local.get 0) (call $sum (i64.sub (local.get 0) (i64.const 1)))))))
    (export "passed_on" (func $two))
    (func (export "run") (call $output_i64 (i64.add (call $sum (i64.const 300))
      (i64.add (call $two) (call_indirect (type $i64) (i32.const 0)))))))`,
  circularB: `(module (import "main" "sum" (func $sum (param i64) (result i64)))
    (import "main" "passed_on" (func $own (result i64)))
    (func (export "sum") (param i64) (result i64)
      (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0))
        (else (i64.add (local.get 0) (call $sum (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "two") (result i64) (i64.const 1000))
    (func (export "two_again") (result i64) (call $own)))`,
  circularEcho: '(module (import "b" "f" (func $f)) (export "f" (func $f)) (func (export "run")))',
  circularEchoB: '(module (import "main" "f" (func $f)) (export "f" (func $f)))',
  circularType: '(module (import "main" "run" (func $f (param i32))) (func (export "f")))',
  circularMissing: '(module (import "main" "nope" (func $f)) (func (export "f")))',
  circularMemory: '(module (import "main" "memory" (memory 1)) (func (export "f")))',
  circularMain: '(module (import "b" "f" (func)) (memory (export "memory") 1) (func (export "run")))',
  command: `(module ${noteImport} (import "helper" "add_one" (func $add (param i64) (result i64)))
    (memory 2) (global $count (mut i64) (i64.const 1000))
    (func $start (call $note (i32.const 1))) (start $start)
    (func (export "_start") unreachable)
    (func (export "next") (result i64)
      (global.set $count (call $add (global.get $count))) (global.get $count))
    (func (export "trap") unreachable)
    (func (export "spin") (loop $again (br $again))))`,
  usesCommand: `(module ${kernelImports}
    (import "command" "next" (func $next (result i64)))
    (import "command" "trap" (func $trap)) (import "command" "spin" (func $spin)) ${outputI64}
    (func (export "run") (call $output_i64 (i64.add (call $next) (call $next))))
    (func (export "trap") (call $trap)) (func (export "spin") (call $spin)))`,
  commandMemory: '(module (func (export "_start")) (memory (export "memory") 1))',
  importsMemory: '(module (import "command" "memory" (memory 1)) (func (export "run")))',
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
    (func (export "f")))`,
  override: `(module ${kernelImports} (func (export "run") (call $log_error (i64.const 5))))`,
  trapsAtStart: '(module (func $start unreachable) (start $start) (func (export "run")))',
  many: `(module
    (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (import "env" "extism_alloc" (func (param i64) (result i64)))
    (import "env" "extism_input_length" (func (result i64)))
    (import "env" "printf" (func (param i32 i32) (result i32)))
    (import "wasi:io/streams@0.2.0" "read" (func))
    (import "gojs" "runtime.ticks" (func))
    (import "wbg" "__wbg_log" (func))
    (import "extism:host/env" "teleport" (func))
    (import "extism:host/env" "beam" (func))
    (import "extism:host/user" "there" (func))
    (import "extism:host/user" "gone" (func))
    (import "rhs" "nothing" (func))
    (import "rhs" "nothing" (func))
    (import "rhs" "more" (func))
    (import "needy" "f" (func))
    (import "m" "memory" (memory 1))
    (func (export "run")))`,
  needy: '(module (import "m" "memory" (memory 1)) (import "m" "f" (func)) (func (export "f")))',
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
  test('all missing imports are in one error, with what provides them', async () => {
    const functions = { 'extism:host/user': { there: () => {} } };
    const error = await link([['rhs', 'rhs'], ['needy', 'needy'], 'many'], { functions }).catch(
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof UnlinkableError && error.code === 'unlinkable.unknown-import');
    assert.deepEqual([error.details.module, error.details.name], ['wasi_snapshot_preview1', 'fd_write']);
    const missing = ': not provided by host imports nor linked manifest items';
    assert.deepEqual(error.message.split('\n'), [
      'from module "main": cannot resolve import "wasi_snapshot_preview1" "fd_write", "proc_exit": WASI is not enabled; see the "useWasi" plugin option (on the command line --wasi)',
      `from module "main": cannot resolve import "env" "extism_alloc", "extism_input_length"${missing}; it is a function of PDKs before 1.0 or of another host: build the plug-in with a current PDK`,
      `from module "main": cannot resolve import "env" "printf"${missing}; linkers import from "env" what the program uses but does not define`,
      `from module "main": cannot resolve import "wasi:io/streams@0.2.0" "read"${missing}; it is an interface of WASI 0.2, for components: build the plug-in for wasm32-wasip1`,
      `from module "main": cannot resolve import "gojs" "runtime.ticks"${missing}; the module is built for GOOS=js: build it for GOOS=wasip1`,
      `from module "main": cannot resolve import "wbg" "__wbg_log"${missing}; wasm-bindgen made the module for JavaScript: build it with the PDK for Rust instead`,
      'from module "main": cannot resolve import "extism:host/env" "teleport", "beam" ("extism:host/env" is a host module, but does not contain "teleport", "beam")',
      'from module "main": cannot resolve import "extism:host/user" "gone" ("extism:host/user" is a host module, but does not contain "gone")',
      'from module "main": cannot resolve import "rhs" "nothing", "more": no export matched request',
      `from module "main"/"needy": cannot resolve import "m" "memory", "f"${missing}`,
      `from module "main": cannot resolve import "m" "memory"${missing}`,
    ]);
  });
  test('a module of very many missing imports makes no long error', async () => {
    const imports = Array.from({ length: 5000 }, (_, i): [string, string, [number, number]] => [
      i % 2 === 0 ? `m${i}` : 'm',
      `f${i}`,
      [0, 0],
    ]);
    await assert.rejects(createPlugin(assemble({ imports })), (error: Error) => {
      assert.ok(error.message.length < 5000, `${error.message.length}`);
      assert.match(error.message, /"f47", and 2476 more/);
      assert.match(error.message, /\nand 2485 more$/);
      return true;
    });
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
  test('functions may be imported in a cycle: called, passed on, in tables, deeply', async () => {
    const plugin = await link([['circularB', 'b'], 'circularA']);
    assert.equal((await plugin.call('run'))?.getBigUint64(0, true), 45_150n + 2000n);
  });
  test('a cycle that leads nowhere is refused', async () => {
    await fails(link([['circularEchoB', 'b'], 'circularEcho']), /"main" "f": is re-exported in a cycle/);
    await fails(link([['circularType', 'b'], 'circularMain']), /incompatible import type: "main" "run"/);
    await fails(link([['circularMissing', 'b'], 'circularMain']), /"main" "nope": no export matched request/);
    await fails(
      link([['circularMemory', 'b'], 'circularMain']),
      /from module "main"\/"b": .*circular imports of type="memory" are not supported/,
    );
  });
  test('a linked command gets a new instance for each call, and its program never runs', async () => {
    const notes: number[] = [];
    const functions = { 'extism:host/user': { note: (_: unknown, n: number) => notes.push(n) } };
    const items: [Name, string][] = [
      ['command', 'command'],
      ['rhs', 'helper'],
      ['usesCommand', 'main'],
    ];
    // Room for the kernel, one instance of the command and the helper: an instance that is gone takes no room.
    const plugin = await link(items, { functions, memory: { maxPages: 3 } });
    for (let i = 0; i < 5; i++) assert.equal((await plugin.call('run'))?.getBigUint64(0, true), 2002n);
    assert.deepEqual(notes, Array(10).fill(1), 'its start section runs in each');
    await assert.rejects(plugin.call('trap'), { code: 'trap.unreachable' });
    await assert.rejects(plugin.call('spin', '', undefined, { timeoutMs: 20 }), {
      code: 'interrupted.timeout',
    });
    await assert.rejects(plugin.call('spin', '', undefined, { fuel: 100_000 }), { code: 'exhaustion.fuel' });
    assert.ok(plugin.fuelConsumed >= 99_990 && plugin.fuelConsumed <= 100_000, String(plugin.fuelConsumed));
    assert.equal((await plugin.call('run'))?.getBigUint64(0, true), 2002n);
    const cost = plugin.fuelConsumed;
    await plugin.call('run', '', undefined, { fuel: cost });
    await assert.rejects(plugin.call('run', '', undefined, { fuel: cost - 1 }), { code: 'exhaustion.fuel' });
    await fails(
      link([['commandMemory', 'command'], 'importsMemory']),
      /import "command" "memory": it is a command, from which only functions can be imported/,
    );
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
