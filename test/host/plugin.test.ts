/** What a user sees of a plug-in: calls, outputs, errors, state between calls, budgets, determinism. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CAPABILITIES,
  type CurrentPlugin,
  createPlugin,
  default as defaultExport,
  type HostFunctions,
  isQuernError,
  newPlugin,
  type Plugin,
  type PluginOptions,
} from '../../src/node.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

/** Copies text into kernel memory as `$at`, so that modules need no data segments. */
const storeText = (text: string): string => {
  const bytes = [...Buffer.from(text)];
  const stores = bytes.map(
    (byte, i) => `(call $store_u8 (i64.add (local.get $at) (i64.const ${i})) (i32.const ${byte}))`,
  );
  return `(local.set $at (call $alloc (i64.const ${bytes.length}))) ${stores.join('\n')}`;
};

const { plugin: bytes, host: hostBytes } = compileWat({
  plugin: `(module ${kernelImports} ${outputI64}
    (memory (export "memory") 1) (global $count (mut i64) (i64.const 0)) (global (export "constant") i32 (i32.const 7))
    (func (export "echo") (result i32) (call $output_set (call $input_offset) (call $input_length)) (i32.const 0))
    (func (export "nothing") (result i32) (i32.const 0))
    (func (export "no_result"))
    (func (export "i64_result") (result i64) (i64.const 5))
    (func (export "two_results") (result i32 i32) (i32.const 1) (i32.const 2))
    (func (export "takes") (param i32) (result i32) (i32.const 0))
    (func (export "code") (result i32) (i32.const -3))
    (func (export "error") (result i32) (local $at i64) ${storeText('caf\u00e9')} (call $error_set (local.get $at)) (i32.const 9))
    (func (export "error_zero") (result i32) (local $at i64) ${storeText('bad')} (call $error_set (local.get $at))
      (call $output_set (local.get $at) (i64.const 3)) (i32.const 0))
    (func (export "error_cleared") (result i32) (local $at i64) ${storeText('bad')} (call $error_set (local.get $at))
      (call $error_set (i64.const 0)) (i32.const 0))
    (func (export "trap") (result i32) (global.set $count (i64.const 100)) unreachable)
    (func (export "trap_with_error") (local $at i64) ${storeText('bad')} (call $error_set (local.get $at)) unreachable)
    (func (export "count") (global.set $count (i64.add (global.get $count) (i64.const 1))) (call $output_i64 (global.get $count)))
    (func (export "spin") (loop $again (br $again)))
    (func $deep (export "deep") (call $deep))
    (func (export "first_handle") (call $output_i64 (call $alloc (i64.const 1))))
    (func (export "config") (local $at i64) ${storeText('constructor')}
      (call $output_i64 (call $config_get (local.get $at))))
    (func (export "config_input") (local $value i64)
      (local.set $value (call $config_get (call $input_offset)))
      (call $output_set (local.get $value) (call $length (local.get $value))))
    (func (export "remember") (local $at i64) ${storeText('k')} (call $var_set (local.get $at) (call $input_offset)))
    (func (export "recall") (local $at i64) (local $value i64) ${storeText('k')} (local.set $value (call $var_get (local.get $at)))
      (call $output_set (local.get $value) (call $length (local.get $value))))
    (func (export "log") (local $at i64) ${storeText('hello')} (call $log_info (local.get $at))
      (call $output_i64 (call $length (local.get $at))))
    (func (export "log_bad") (call $log_error (i64.const 12345)))
    (func (export "level") (call $output_i64 (i64.extend_i32_u (call $get_log_level))))
    (func (export "grow") (call $output_i64 (i64.extend_i32_s (memory.grow (i32.const 10)))))
    (func (export "alloc_big") (call $output_i64 (call $alloc (i64.const 1000000))))
    (func $fill (local $i i32)
      (loop $again (drop (call $alloc (i64.const 1)))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4000)))))
    (func (export "search") (call $fill) (call $store_u8 (i64.const 77) (i32.const 1))
      (call $output_i64 (call $length (call $alloc (i64.const 3)))))
    (func (export "search_spoiled") (call $fill) (call $store_u8 (i64.const 65) (i32.const 1))
      (call $output_i64 (call $length (call $alloc (i64.const 3))))))`,
  host: `(module ${kernelImports}
    (import "extism:host/user" "i64" (func $i64 (param i64) (result i64)))
    (import "extism:host/user" "i32" (func $i32 (param i32) (result i32)))
    (import "extism:host/user" "f32" (func $f32 (param f32) (result f32)))
    (import "extism:host/user" "f64" (func $f64 (param f64) (result f64)))
    (import "extism:host/user" "two" (func $two (result i32 i64)))
    (import "extism:host/user" "none" (func $none))
    ${outputI64}
    (func (export "call_i64") (call $output_i64 (call $i64 (i64.const -2))))
    (func (export "call_i32") (call $output_i64 (i64.extend_i32_u (call $i32 (i32.const -2)))))
    (func (export "call_f32") (call $output_i64 (i64.extend_i32_u (i32.reinterpret_f32 (call $f32 (f32.const 0.1))))))
    (func (export "call_f64") (call $output_i64 (i64.reinterpret_f64 (call $f64 (f64.const 0.1)))))
    (func (export "call_two") (local $b i64) (call $two) (local.set $b)
      (call $output_i64 (i64.add (i64.extend_i32_u) (local.get $b))))
    (func (export "call_none") (call $none)))`,
});

const create = (options: PluginOptions = {}): Promise<Plugin> =>
  createPlugin({ wasm: [{ data: bytes }] }, options);
const number = async (plugin: Plugin, name: string, input?: string): Promise<bigint> =>
  (await plugin.call(name, input))?.getBigUint64(0, true) ?? -1n;

describe('the module', () => {
  test('exports the names of @extism/extism', () => {
    assert.equal(newPlugin, createPlugin);
    assert.equal(defaultExport, createPlugin);
    assert.equal(createPlugin.length, 1);
    assert.equal(CAPABILITIES.manifestSupportsPaths, true);
    assert.equal(CAPABILITIES.supportsWasiPreview1, true);
  });
});

describe('calls', () => {
  test('inputs: text, views, buffers, nothing', async () => {
    const plugin = await create();
    const view = Buffer.from('xxcaf\u00e9').subarray(2);
    for (const input of ['caf\u00e9', view, new Uint8Array(view), Uint8Array.from(view).buffer]) {
      assert.equal((await plugin.call('echo', input))?.text(), 'caf\u00e9');
    }
    for (const input of [undefined, null, '', new Uint8Array(0)])
      assert.equal((await plugin.call('echo', input))?.text(), '');
    for (const input of [7, {}, true]) {
      await assert.rejects(plugin.call('echo', input as never), {
        name: 'UsageError',
        code: 'usage.argument',
      });
    }
    assert.equal((await plugin.call('echo', 'a'.repeat(3_000_000)))?.byteLength, 3_000_000);
  });
  test('outputs: null when none was set; a DataView that cannot be written and stays as it is', async () => {
    const plugin = await create();
    assert.equal(await plugin.call('nothing'), null);
    assert.equal(await plugin.call('no_result'), null);
    const output = await plugin.call('echo', '{"a": [1]}');
    assert.ok(output !== null);
    await plugin.call('echo', 'other');
    assert.deepEqual(output.json(), { a: [1] });
    assert.equal(output.string(), '{"a": [1]}');
    assert.equal(new TextDecoder().decode(output), '{"a": [1]}');
    assert.equal(output.bytes(), output.bytes());
    assert.equal(output.arrayBuffer().byteLength, 10);
    assert.equal(output.buffer.byteLength, 10);
    assert.throws(() => output.setInt8(0, 1), /Cannot set values on output/);
    assert.equal((await plugin.call('echo', '\ufeffx'))?.text(), 'x');
  });
  test('the kernel is reset before each call; guest memory and globals stay', async () => {
    const plugin = await create();
    assert.equal(await number(plugin, 'first_handle'), 77n);
    assert.equal(await number(plugin, 'first_handle'), 77n);
    assert.equal(await number(plugin, 'first_handle', 'abc'), 92n);
    assert.equal(await number(plugin, 'count'), 1n);
    assert.equal(await number(plugin, 'count'), 2n);
    assert.equal(await plugin.reset(), true);
    assert.equal(await number(plugin, 'count'), 3n);
  });
  test('result types: only an i32 is a return code', async () => {
    const plugin = await create();
    assert.equal(await plugin.call('i64_result'), null);
    assert.equal(await plugin.call('two_results'), null);
    await assert.rejects(
      plugin.call('takes'),
      /Plugin error: function "takes" has parameters, \(i32\) -> i32/,
    );
  });
  test('missing functions and other exports', async () => {
    const plugin = await create();
    await assert.rejects(plugin.call('nope'), { message: 'Plugin error: function "nope" does not exist' });
    await assert.rejects(plugin.call('memory'), {
      message: 'Plugin error: export "memory" is not a function',
    });
    await assert.rejects(plugin.call('constructor'), {
      message: 'Plugin error: function "constructor" does not exist',
    });
    assert.equal(plugin.isActive(), false);
    assert.equal(await plugin.functionExists('echo'), true);
    assert.equal(await plugin.functionExists('memory'), false);
    assert.equal(await plugin.functionExists('toString'), false);
  });
  test('exports and imports are listed in order, in the words of the JavaScript API', async () => {
    const plugin = await create();
    assert.deepEqual((await plugin.getExports()).slice(0, 3), [
      { name: 'memory', kind: 'memory' },
      { name: 'constant', kind: 'global' },
      { name: 'echo', kind: 'function' },
    ]);
    assert.deepEqual((await plugin.getImports())[0], {
      module: 'extism:host/env',
      name: 'alloc',
      kind: 'function',
    });
  });
  test('one call at a time; closed means closed', async () => {
    const plugin = await create();
    const first = plugin.call('echo', '1');
    assert.equal(plugin.isActive(), true);
    const [reset, second] = [plugin.reset(), plugin.call('echo', '2')];
    await assert.rejects(second, { code: 'usage.state', message: /plugin is not reentrant/ });
    assert.equal(await reset, false);
    assert.equal((await first)?.text(), '1');
    const last = plugin.call('echo', '3');
    await plugin.close();
    assert.equal((await last)?.text(), '3', 'closing waits for the call that runs');
    await assert.rejects(plugin.call('echo'), { code: 'usage.state', message: /plugin is closed/ });
    await assert.rejects(plugin.getExports(), /plugin is closed/);
  });
});

describe('errors', () => {
  const rejects = async (plugin: Plugin, name: string, code: string, message: string): Promise<void> => {
    await assert.rejects(plugin.call(name), { code, message });
    assert.equal((await plugin.call('echo', 'alive'))?.text(), 'alive');
  };
  test('a message or a non-zero code rejects; afterwards the plug-in works', async () => {
    const plugin = await create();
    await rejects(plugin, 'code', 'plugin.return-code', 'Returned non-zero exit code: -3');
    await rejects(plugin, 'error', 'plugin.error', 'Plugin-originated error: caf\u00e9');
    await rejects(plugin, 'error_zero', 'plugin.error', 'Plugin-originated error: bad');
    assert.equal(await plugin.call('error_cleared'), null);
    const error = await plugin.call('error').catch((reason: unknown) => reason);
    assert.ok(isQuernError(error, 'plugin.error') && error.details.returnCode === 9);
  });
  test('traps and exhausted stacks reject; nothing is rolled back', async () => {
    const plugin = await create();
    await rejects(plugin, 'trap', 'trap.unreachable', 'unreachable');
    await rejects(plugin, 'trap_with_error', 'trap.unreachable', 'unreachable');
    await rejects(plugin, 'deep', 'exhaustion.call-stack', 'call stack exhausted');
    assert.equal(await number(plugin, 'count'), 101n);
  });
});

describe('config, variables, logs', () => {
  test('config holds own keys only; an option replaces the config of the manifest', async () => {
    const plugin = await create({ config: { a: 'x', empty: '' } });
    assert.equal(await number(plugin, 'config'), 0n);
    assert.equal((await plugin.call('config_input', 'a'))?.text(), 'x');
    const other = await createPlugin(
      { wasm: [{ data: bytes }], config: { a: 'x', b: 'y' } },
      { config: { b: 'z' } },
    );
    assert.equal((await other.call('config_input', 'a'))?.text(), '');
    assert.equal((await other.call('config_input', 'b'))?.text(), 'z');
  });
  test('variables live as long as the plug-in, and are its own', async () => {
    const [one, two] = [await create(), await create()];
    await one.call('remember', 'value');
    await one.reset();
    await assert.rejects(one.call('trap'));
    assert.equal((await one.call('recall'))?.text(), 'value');
    assert.equal((await two.call('recall'))?.text(), '');
    await one.call('remember', '');
    assert.equal((await one.call('recall'))?.text(), '', 'a null handle deletes');
  });
  test('too large a variable is the plug-in\u2019s error', async () => {
    const plugin = await create({ memory: { maxVarBytes: 100 } });
    await assert.rejects(plugin.call('remember', 'x'.repeat(1024)), {
      code: 'plugin.error',
      message: /var memory limit exceeded: 1024 bytes requested, 100 allowed/,
    });
    await plugin.call('remember', 'x'.repeat(100));
    await plugin.call('remember', 'y'.repeat(100));
  });
  test('logs go to the logger from their level on; the block is freed', async () => {
    const lines: string[] = [];
    const note = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
    const logger = {
      trace: note('trace'),
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
    };
    const loud = await create({ logger, logLevel: 'info' });
    assert.equal(await number(loud, 'log'), 0n);
    assert.equal(await number(loud, 'level'), 2n);
    await loud.call('log_bad');
    const quiet = await create({ logger });
    assert.equal(await number(quiet, 'log'), 0n);
    assert.equal(await number(quiet, 'level'), 0x7fff_ffffn);
    assert.deepEqual(lines, [
      'info: hello',
      `error: failed to log(error): bad block reference in addr 0x${'3039'.padStart(64, '0')}`,
    ]);
    await assert.rejects(
      create({ logLevel: 'loud' as never }),
      /unrecognized log level "loud"; expected one of "trace"/,
    );
  });
});

describe('host functions', () => {
  type Fns = NonNullable<HostFunctions[string]>;
  const base: Fns = {
    i64: () => 0n,
    i32: () => 0,
    f32: () => 0,
    f64: () => 0,
    two: () => [0, 0],
    none: () => undefined,
  };
  const withHost = (functions: Fns): Promise<Plugin> =>
    createPlugin(
      { wasm: [{ data: hostBytes }] },
      { functions: { 'extism:host/user': { ...base, ...functions } } },
    );

  test('values cross exactly, signed, in both directions', async () => {
    const seen: unknown[] = [];
    const see = <T>(value: T): T => {
      seen.push(value);
      return value;
    };
    const plugin = await withHost({
      i64: (_, x: bigint) => see(x),
      i32: (_, x: number) => see(x),
      f32: (_, x: number) => see(x),
      f64: (_, x: number) => see(x),
      two: () => [0xffff_ffff, -1n],
    });
    assert.equal(await number(plugin, 'call_i64'), 2n ** 64n - 2n);
    assert.equal(await number(plugin, 'call_i32'), 0xffff_fffen);
    assert.equal(await number(plugin, 'call_f32'), 0x3dcccccdn);
    assert.equal(await number(plugin, 'call_f64'), 0x3fb999999999999an);
    assert.equal(await number(plugin, 'call_two'), 0xffff_fffen);
    assert.deepEqual(seen, [-2n, -2, Math.fround(0.1), 0.1]);
  });
  test('NaN results are canonical; safe integers do for i64', async () => {
    const plugin = await withHost({ f32: () => Number.NaN, f64: () => -Number.NaN, i64: () => 2 ** 53 - 1 });
    assert.equal(await number(plugin, 'call_f32'), 0x7fc00000n);
    assert.equal(await number(plugin, 'call_f64'), 0x7ff8000000000000n);
    assert.equal(await number(plugin, 'call_i64'), 2n ** 53n - 1n);
  });
  test('values of another type are refused by name', async () => {
    const wrong: readonly [string, Fns, RegExp][] = [
      ['call_i64', { i64: () => 1.5 }, /"extism:host\/user" "i64": expected i64, got 1\.5/],
      ['call_i64', { i64: () => 2n ** 64n }, /expected i64, got 18446744073709551616n/],
      ['call_i64', { i64: () => undefined }, /expected i64, got undefined/],
      ['call_i64', { i64: () => '5' }, /expected i64, got string/],
      ['call_i32', { i32: () => 5n }, /expected i32, got 5n/],
      ['call_i32', { i32: () => 2 ** 32 }, /expected i32, got 4294967296/],
      ['call_f64', { f64: () => null }, /expected f64, got null/],
      ['call_two', { two: () => [1] }, /expected 2 results/],
      ['call_two', { two: () => 1 }, /expected 2 results/],
    ];
    for (const [name, functions, message] of wrong) {
      await assert.rejects((await withHost(functions)).call(name), {
        name: 'HostError',
        code: 'host.value',
        message,
      });
    }
  });
  test('what a host function throws is what the call rejects with; then it works again', async () => {
    for (const thrown of [new Error('mine'), 'text', { code: 7 }, undefined]) {
      let isBad = true;
      const plugin = await withHost({
        none: () => {
          if (isBad) throw thrown;
        },
      });
      const outcome = await plugin.call('call_none').then(
        () => assert.fail(),
        (reason: unknown) => ({ reason }),
      );
      assert.equal(outcome.reason, thrown);
      isBad = false;
      assert.equal(await plugin.call('call_none'), null);
    }
  });
  test('promises pause the call', async () => {
    const plugin = await withHost({
      i64: async (_: CurrentPlugin, x: bigint) => {
        await new Promise((done) => setTimeout(done, 5));
        return x + 1n;
      },
      i32: () => Promise.reject(new Error('later')),
      f64: async () => 'x',
    });
    const pending = plugin.call('call_i64');
    const other = await withHost({ i64: () => 5n });
    assert.equal(await number(other, 'call_i64'), 5n);
    assert.equal((await pending)?.getBigInt64(0, true), -1n);
    await assert.rejects(plugin.call('call_i32'), { message: 'later' });
    await assert.rejects(plugin.call('call_f64'), { code: 'host.value' });
  });
  test('a host function cannot call the plug-in that called it', async () => {
    let inner: Promise<unknown> = Promise.resolve();
    const plugin: Plugin = await withHost({
      none: () => {
        inner = plugin.call('call_i64');
        inner.catch(() => {});
      },
    });
    assert.equal(await plugin.call('call_none'), null);
    await assert.rejects(inner, /plugin is not reentrant/);
  });
  test('the context: memory, variables, error, host context, log level', async () => {
    const plugin = await withHost({
      none: (context) => {
        const handle = context.store('caf\u00e9');
        assert.equal(context.length(handle), 5n);
        assert.equal(context.read(handle)?.text(), 'caf\u00e9');
        assert.equal(context.read(Number(handle))?.text(), 'caf\u00e9');
        context.free(handle);
        assert.equal(context.read(handle), null);
        assert.equal(context.read(handle + 1n), null);
        assert.equal(context.read(-1n), null);
        assert.equal(context.read(0n)?.byteLength, 0);
        assert.equal(context.store(''), 0n);
        assert.equal(context.alloc(0), 0n);
        assert.equal(context.length(context.alloc(7)), 7n);
        assert.equal(context.alloc(2n ** 60n), 0n);
        for (const bad of [null, undefined, 7, {}])
          assert.throws(() => context.store(bad as never), { name: 'UsageError' });
        assert.throws(() => context.alloc(-1), { name: 'UsageError' });

        assert.equal(context.getVariable('v'), null);
        context.setVariable('v', 'x');
        context.setVariable('v', Buffer.from('yz'));
        assert.equal(context.getVariable('v')?.text(), 'yz');
        context.deleteVariable('v');
        context.deleteVariable('v');
        assert.equal(context.getVariable('v'), null);

        assert.equal(context.logLevel, 'silent');
        context.logLevel = 'debug';
        assert.equal(context.logLevel, 'debug');
        assert.deepEqual(context.hostContext(), { user: 1 });
        assert.throws(() => context.setError(''), /could not store error value/);
        context.setError(new Error('from the host'));
      },
    });
    await assert.rejects(plugin.call('call_none', undefined, { user: 1 }), {
      message: 'Plugin-originated error: from the host',
    });
  });
  test('what is not a function is refused', async () => {
    await assert.rejects(
      withHost({ none: 5 as never }),
      /functions\["extism:host\/user"\]\["none"\] is not a function/,
    );
  });
});

describe('budgets', () => {
  test('fuel limits each call exactly, and is counted', async () => {
    const plugin = await create();
    await plugin.call('count');
    const cost = plugin.fuelConsumed;
    assert.ok(cost > 0);
    const enough = await create({ fuel: cost });
    assert.equal(await number(enough, 'count'), 1n);
    assert.equal(enough.fuelConsumed, cost);
    assert.equal(await number(enough, 'count'), 2n);
    const short = await create({ fuel: cost - 1 });
    await assert.rejects(short.call('count'), { code: 'exhaustion.fuel', message: /out of fuel/ });
    await assert.rejects(short.call('spin'), { code: 'exhaustion.fuel' });
    await assert.rejects(create({ fuel: -1 }), { name: 'UsageError' });
  });
  test('schedules by name', async () => {
    const flat = await create({ schedule: 'flat-1' });
    await flat.call('nothing');
    // One for entering the function, one for the constant.
    assert.equal(flat.fuelConsumed, 2);
    await assert.rejects(
      create({ schedule: 'none' }),
      /unknown fuel schedule "none"; expected one of quern-1, flat-1, wasmtime-46/,
    );
  });
  test('a handle is found at once; where a plug-in wrote over headers, the search is paid for', async () => {
    const plugin = await create({ schedule: 'flat-1' });
    assert.equal(await number(plugin, 'search'), 3n);
    const cost = plugin.fuelConsumed;
    assert.equal(await number(plugin, 'search_spoiled'), 3n);
    // One unit per eight of the 4,001 blocks.
    assert.equal(plugin.fuelConsumed - cost, 500);
  });
  test('a deadline stops a call that spins; the plug-in works afterwards', async () => {
    const plugin = await create({ timeoutMs: 30 });
    await assert.rejects(plugin.call('spin'), {
      code: 'interrupted.timeout',
      message: /call canceled due to timeout/,
    });
    assert.equal(await number(plugin, 'count'), 1n);
  });
  test('a memory limit holds for guest and kernel together', async () => {
    const plugin = await create({ memory: { maxPages: 12 } });
    assert.equal(await number(plugin, 'grow'), 1n);
    assert.equal(await number(plugin, 'grow'), 0xffff_ffff_ffff_ffffn);
    assert.equal(await number(plugin, 'alloc_big'), 0n);
    await assert.rejects(plugin.call('echo', new Uint8Array(500_000)), { code: 'exhaustion.memory' });
    assert.equal((await plugin.call('echo', 'small'))?.text(), 'small');
  });
});

describe('the neutral entry point', () => {
  test('runs bytes, and says what the host lacks', async () => {
    const neutral = await import('../../src/index.ts');
    const plugin = await neutral.createPlugin({ wasm: [{ data: bytes }] });
    assert.equal((await plugin.call('echo', 'x'))?.text(), 'x');
    await assert.rejects(neutral.createPlugin('some.wasm'), {
      code: 'manifest.source',
      message: /no file system/,
    });
    const names = (module: object): string[] => Object.keys(module).sort();
    const node = await import('../../src/node.ts');
    assert.deepEqual(names(node), [...names(neutral), 'nodeDirectory', 'nodePlatform'].sort());
  });
});
