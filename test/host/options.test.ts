/** Options as people write them: values of configuration, slips in names, closing by `await using`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  compilePlugin,
  createPlugin,
  createPool,
  isQuernError,
  type Logger,
  type PluginConfigLike,
  type PluginOptions,
  replayRecording,
  restorePlugin,
} from '../../src/node.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

const { plugin: bytes } = compileWat({
  plugin: `(module ${kernelImports}
    (import "extism:host/user" "i32" (func $i32 (result i32)))
    (import "extism:host/user" "i64" (func $i64 (result i64)))
    (import "extism:host/user" "f32" (func $f32 (result f32)))
    (import "extism:host/user" "f64" (func $f64 (result f64))) ${outputI64}
    (func $text (param $block i64) (call $output_set (local.get $block) (call $length (local.get $block))))
    (func (export "config") (call $text (call $config_get (call $input_offset))))
    (func (export "i32") (call $output_i64 (i64.extend_i32_s (call $i32))))
    (func (export "i64") (call $output_i64 (call $i64)))
    (func (export "f32") (call $output_i64 (i64.reinterpret_f64 (f64.promote_f32 (call $f32)))))
    (func (export "f64") (call $output_i64 (i64.reinterpret_f64 (call $f64)))))`,
});
const names = ['i32', 'i64', 'f32', 'f64'] as const;
const functionsOf = (value: () => unknown): PluginOptions['functions'] => ({
  'extism:host/user': Object.fromEntries(names.map((name) => [name, value])),
});
const functions = functionsOf(() => 0);

describe('configuration', () => {
  const config: PluginConfigLike = { text: 'a', number: 1.5, zero: -0, big: 1e21, yes: true, no: false };
  const wanted = { text: 'a', number: '1.5', zero: '0', big: '1e+21', yes: 'true', no: 'false' };
  test('takes numbers and booleans, as an option, in manifests and in JSON', async () => {
    const data = Buffer.from(bytes).toString('base64');
    for (const plugin of [
      await createPlugin(bytes, { functions, config }),
      await createPlugin({ wasm: [{ data: bytes }], config }, { functions }),
      await createPlugin(JSON.stringify({ wasm: [{ data }], config }), { functions }),
    ]) {
      for (const [key, text] of Object.entries(wanted)) {
        assert.equal((await plugin.call('config', key))?.text(), text);
        assert.equal(plugin.getConfig(key), text);
      }
      plugin.setConfig('number', 7);
      plugin.setConfig('yes', false);
      assert.deepEqual([plugin.getConfig('number'), plugin.getConfig('yes')], ['7', 'false']);
    }
  });
  test('takes nothing else', async () => {
    for (const value of [null, undefined, {}, ['a'], 1n, () => 'a']) {
      const given = { functions, config: { k: value as never } };
      await assert.rejects(createPlugin(bytes, given), (error) => isQuernError(error, 'manifest.shape'));
    }
    const plugin = await createPlugin(bytes, { functions });
    assert.throws(() => plugin.setConfig('k', [] as never), /string, number, boolean or null/);
  });
});

describe('what host functions return', () => {
  const NAN = 0x7ff8_0000_0000_0000n;
  const ONE = 0x3ff0_0000_0000_0000n;
  const rows: readonly [unknown, Readonly<Record<(typeof names)[number], bigint | null>>][] = [
    [true, { i32: 1n, i64: 1n, f32: ONE, f64: ONE }],
    [false, { i32: 0n, i64: 0n, f32: 0n, f64: 0n }],
    [undefined, { i32: 0n, i64: null, f32: NAN, f64: NAN }],
    [null, { i32: null, i64: null, f32: null, f64: null }],
    ['1', { i32: null, i64: null, f32: null, f64: null }],
  ];
  for (const [value, results] of rows) {
    test(`${typeof value} ${String(value)}: as the JavaScript API converts it, or refused; also in a replay`, async () => {
      for (const name of names) {
        for (const fn of [() => value, async () => value]) {
          const plugin = await createPlugin(bytes, { functions: functionsOf(fn), record: true });
          const output = await plugin.call(name).catch((error: unknown) => {
            assert.ok(isQuernError(error, 'host.value'), String(error));
            return null;
          });
          assert.equal(output?.getBigUint64(0, true) ?? null, results[name], name);
          const [call] = await replayRecording(bytes, plugin.recording);
          assert.equal(call?.result?.output?.getBigUint64(0, true) ?? null, results[name], name);
        }
      }
    });
  }
});

describe('options of no known name', () => {
  const listener = (): { readonly logger: Logger; readonly lines: string[] } => {
    const lines: string[] = [];
    const other = (): void => {};
    const warn = (message: string): void => void lines.push(message);
    return { logger: { trace: other, debug: other, info: other, warn, error: other }, lines };
  };
  test('are named in the log once, with what was meant', async () => {
    const { logger, lines } = listener();
    const given = {
      functions,
      logger,
      timeout: 5,
      allowedhosts: ['a'],
      use_wasi: true,
      quux: 1,
    } as PluginOptions;
    for (let i = 0; i < 3; i++) await createPlugin(bytes, given);
    assert.deepEqual(lines, [
      'unknown option "timeout"; did you mean "timeoutMs"?',
      'unknown option "allowedhosts"; did you mean "allowedHosts"?',
      'unknown option "use_wasi"; did you mean "useWasi"?',
      'unknown option "quux"',
    ]);
  });
  test('are named wherever options are taken', async () => {
    const { logger, lines } = listener();
    const compiled = await compilePlugin(bytes, { functions, logger, feul: 1 } as PluginOptions);
    const plugin = await compiled.instantiate({ onFailur: null } as PluginOptions);
    const pool = createPool(compiled, { maxInstance: 1 } as object);
    await plugin.call('i32', '', null, { timeoutMS: 1, timoutMs: 1 } as object);
    await (
      await restorePlugin(bytes, plugin.snapshot(), { functions, logger, activeCalls: {} } as object)
    ).close();
    await pool.close();
    assert.deepEqual(lines, [
      'unknown option "feul"; did you mean "fuel"?',
      'unknown option "onFailur"; did you mean "onFailure"?',
      'unknown option of a pool "maxInstance"; did you mean "maxInstances"?',
      'unknown option of a call "timeoutMS"; did you mean "timeoutMs"?',
      'unknown option of a call "timoutMs"; did you mean "timeoutMs"?',
      'unknown option "activeCalls"; did you mean "activeCall"?',
    ]);
  });
  test('known ones are not, and what listens by onLog hears of others', async () => {
    const { logger, lines } = listener();
    await createPlugin(bytes, {
      functions,
      logger,
      runInWorker: true,
      sharedArrayBufferSize: 1,
      nodeWorkerArgs: {},
    });
    const heard: string[] = [];
    await createPlugin(bytes, {
      functions,
      onLog: (level, text) => heard.push(`${level} ${text}`),
      a: 1,
    } as PluginOptions);
    assert.deepEqual([lines, heard], [[], ['warn unknown option "a"']]);
  });
});

test('plug-ins and pools close at the end of await using', async () => {
  const compiled = await compilePlugin(bytes, { functions });
  const plugin = await compiled.instantiate();
  const pool = createPool(compiled);
  await pool.call('i32');
  // `await using` does this; not every Node that runs the tests has the syntax.
  await plugin[Symbol.asyncDispose]();
  await pool[Symbol.asyncDispose]();
  await assert.rejects(plugin.call('i32'), { code: 'usage.state' });
  await assert.rejects(pool.call('i32'), { code: 'usage.state' });
});

test('a restored plug-in that is to be recorded or replayed is refused', async () => {
  const plugin = await createPlugin(bytes, { functions, record: true });
  await plugin.call('i32');
  for (const options of [{ record: true }, { record: () => {} }, { replay: plugin.recording }])
    await assert.rejects(restorePlugin(bytes, plugin.snapshot(), { functions, ...options }), (error) =>
      isQuernError(error, 'usage.argument'),
    );
});
