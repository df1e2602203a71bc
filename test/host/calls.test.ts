/** Limits and signals of single calls, detailed results, compiled plug-ins, pools, state from outside, logs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CurrentPlugin,
  compilePlugin,
  createPlugin,
  createPool,
  type Plugin,
  type PluginOptions,
} from '../../src/node.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

const { plugin: bytes } = compileWat({
  plugin: `(module ${kernelImports}
    (import "extism:host/user" "wait" (func $wait (param i64) (result i64))) ${outputI64}
    (global $count (mut i64) (i64.const 0))
    (func $text (param $block i64) (call $output_set (local.get $block) (call $length (local.get $block))))
    (func (export "echo") (call $text (call $input_offset)))
    (func (export "wait") (call $text (call $wait (call $input_offset))))
    (func (export "count") (global.set $count (i64.add (global.get $count) (i64.const 1))) (call $output_i64 (global.get $count)))
    (func (export "spin") (loop $again (br $again)))
    (func (export "trap") unreachable)
    (func (export "fail") (result i32) (call $text (call $input_offset)) (call $error_set (call $input_offset)) (i32.const 7))
    (func (export "code") (result i32) (call $text (call $input_offset)) (i32.const -3))
    (func (export "config") (local $value i64)
      (local.set $value (call $config_get (call $input_offset))) (call $text (local.get $value)))
    (func (export "recall") (call $text (call $var_get (call $input_offset))))
    (func (export "log") (call $log_info (call $input_offset)))
    (func (export "log_often") (local $i i32) (local $at i64)
      (loop $again
        (local.set $at (call $alloc (i64.const 100)))
        (call $log_info (local.get $at))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))))`,
});

type Wait = (context: CurrentPlugin, handle: bigint) => unknown;
const optionsWith = (wait: Wait, options: PluginOptions = {}): PluginOptions => ({
  ...options,
  functions: { 'extism:host/user': { wait } },
});
const create = (options: PluginOptions = {}, wait: Wait = (_, handle) => handle): Promise<Plugin> =>
  createPlugin({ wasm: [{ data: bytes }] }, optionsWith(wait, options));
const later = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
const never = (): Promise<never> => new Promise(() => {});
const text = async (plugin: Plugin, name: string, input?: string): Promise<string | undefined> =>
  (await plugin.call(name, input))?.text();

describe('what stops a call', () => {
  const isUsable = async (plugin: Plugin): Promise<void> => {
    assert.equal(plugin.isActive(), false);
    assert.equal(await text(plugin, 'echo', 'alive'), 'alive');
  };
  test('a promise that never settles is cut off by timeoutMs', async () => {
    const plugin = await create({ timeoutMs: 300 }, never);
    await assert.rejects(plugin.call('wait'), {
      code: 'interrupted.timeout',
      message: /call canceled due to timeout/,
    });
    await isUsable(plugin);
  });
  test('a signal stops a call that waits, and one that computes', async () => {
    const plugin = await create({}, never);
    for (const name of ['wait', 'spin']) {
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error('changed my mind')), 30);
      await assert.rejects(plugin.call(name, '', undefined, { signal: stop.signal }), (error: Error) => {
        assert.equal((error as { code?: string }).code, 'interrupted.cancelled');
        assert.equal((error.cause as Error).message, 'changed my mind');
        return true;
      });
      await isUsable(plugin);
    }
  });
  test('a signal that fired before lets nothing run; one that never fires changes nothing', async () => {
    const plugin = await create();
    await assert.rejects(plugin.call('count', '', undefined, { signal: AbortSignal.abort() }), {
      code: 'interrupted.cancelled',
    });
    const { signal } = new AbortController();
    const output = await plugin.call('count', '', undefined, { signal });
    assert.equal(output?.getBigInt64(0, true), 1n);
    await assert.rejects(
      plugin.call('count', '', undefined, { signal: 5 as never }),
      /signal must be an AbortSignal/,
    );
    await isUsable(plugin);
  });
  test('limits of one call take the place of the plug-in\u2019s', async () => {
    const plugin = await create({ timeoutMs: 30, fuel: 1_000_000_000 }, async (_, handle) => {
      await later(60);
      return handle;
    });
    assert.equal((await plugin.call('wait', 'x', undefined, { timeoutMs: null }))?.text(), 'x');
    await assert.rejects(plugin.call('wait', 'x'), { code: 'interrupted.timeout' });
    await assert.rejects(plugin.call('spin', '', undefined, { fuel: 1000 }), { code: 'exhaustion.fuel' });
    await assert.rejects(plugin.call('echo', '', undefined, { timeoutMs: -1 }), /timeoutMs/);
    await isUsable(plugin);
    // The host function that was cut off still has its timer, which is not the call's: see below.
    await later(60);
  });
  test('a host function that continues after its call was stopped reaches nothing', async () => {
    const late: Promise<unknown>[] = [];
    let open: () => void = () => {};
    const afterwards = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isFirst = true;
    const stop = new AbortController();
    const plugin = await create({}, (context, handle) => {
      if (!isFirst) return handle;
      isFirst = false;
      setImmediate(() => stop.abort());
      const work = afterwards.then(() => {
        context.setError('from the past');
        return handle;
      });
      late.push(work);
      return work;
    });
    const { signal } = stop;
    await assert.rejects(plugin.call('wait', '', null, { signal }), { code: 'interrupted.cancelled' });
    const next = plugin.call('wait', 'fresh');
    open();
    await assert.rejects(late[0]!, /the call of this host function was stopped/);
    assert.equal((await next)?.text(), 'fresh');
  });
  test('no timer outlasts its call', async () => {
    const plugin = await create({ timeoutMs: 600_000 }, async (_, handle) => handle);
    await plugin.call('wait', 'x');
    assert.equal(process.getActiveResourcesInfo().includes('Timeout'), false);
  });
});

describe('results in detail', () => {
  test('return codes and messages are data, not errors', async () => {
    const plugin = await create();
    const failed = await plugin.callDetailed('fail', 'why');
    assert.deepEqual(
      { ...failed, output: failed.output?.text() },
      {
        output: 'why',
        returnCode: 7,
        error: 'why',
        fuelConsumed: plugin.fuelConsumed,
      },
    );
    const coded = await plugin.callDetailed('code', 'x');
    assert.deepEqual([coded.returnCode, coded.error, coded.output?.text()], [-3, null, 'x']);
    await assert.rejects(plugin.callDetailed('trap'), { code: 'trap.unreachable' });
    await assert.rejects(plugin.call('code'), { code: 'plugin.return-code' });
  });
  test('host context and limits are options', async () => {
    const plugin = await create({}, (context, handle) => {
      assert.equal(context.hostContext(), 'mine');
      return handle;
    });
    await plugin.callDetailed('wait', 'x', { hostContext: 'mine', fuel: 100_000 });
  });
});

describe('state from outside', () => {
  test('variables can be set before a call and read after it', async () => {
    const plugin = await create({ memory: { maxVarBytes: 10 } });
    plugin.setVariable('k', 'value');
    assert.equal(await text(plugin, 'recall', 'k'), 'value');
    assert.equal(plugin.getVariable('k')?.text(), 'value');
    plugin.setVariable('a', '');
    assert.deepEqual(plugin.variableNames, ['a', 'k']);
    plugin.deleteVariable('k');
    assert.deepEqual(plugin.variableNames, ['a']);
    assert.equal(plugin.getVariable('k'), null);
    assert.throws(() => plugin.setVariable('k', 'far too long'), /var memory limit exceeded/);
  });
  test('configuration can change between calls', async () => {
    const config = { k: 'old' };
    const plugin = await create({ config });
    plugin.setConfig('k', 'new');
    assert.equal(await text(plugin, 'config', 'k'), 'new');
    plugin.setConfig('k', null);
    assert.equal(plugin.getConfig('k'), null);
    assert.equal(await text(plugin, 'config', 'k'), '');
    assert.deepEqual(config, { k: 'old' });
    assert.throws(() => plugin.setConfig('k', {} as never), { name: 'UsageError' });
  });
});

describe('logs', () => {
  test('a listener gets level and message, from info on', async () => {
    const lines: string[] = [];
    const plugin = await create({ onLog: (level, message) => lines.push(`${level} ${message}`) });
    await plugin.call('log', 'hello');
    assert.deepEqual(lines, ['info hello']);
    await assert.rejects(create({ onLog: () => {}, logger: console }), /exclude each other/);
    await assert.rejects(create({ onLog: 5 as never }), /onLog is not a function/);
  });
  test('one call writes no more than maxLogBytes; the next has a budget of its own', async () => {
    const lines: string[] = [];
    const plugin = await create({
      onLog: (level, message) => lines.push(`${level} ${message.length}`),
      memory: { maxLogBytes: 450 },
    });
    await plugin.call('log_often');
    assert.deepEqual(lines, ['info 100', 'info 100', 'info 100', 'info 100', 'error 67']);
    lines.length = 0;
    await plugin.call('log', 'again');
    assert.deepEqual(lines, ['info 5']);
  });
});

describe('compiled plug-ins', () => {
  test('instances share code and nothing else', async () => {
    const compiled = await compilePlugin(
      { wasm: [{ data: bytes }] },
      optionsWith((_, handle) => handle),
    );
    const [one, two] = [await compiled.instantiate(), await compiled.instantiate({ config: { k: 'v' } })];
    await one.call('count');
    one.setVariable('k', 'mine');
    assert.equal((await two.call('count'))?.getBigInt64(0, true), 1n);
    assert.equal(two.getVariable('k'), null);
    assert.equal(await text(one, 'config', 'k'), '');
    assert.equal(await text(two, 'config', 'k'), 'v');
  });
  test('what cannot be linked is told at instantiation', async () => {
    const compiled = await compilePlugin({ wasm: [{ data: bytes }] });
    await assert.rejects(compiled.instantiate(), { name: 'UnlinkableError' });
  });
});

describe('pools', () => {
  const compile = (wait: Wait): ReturnType<typeof compilePlugin> =>
    compilePlugin({ wasm: [{ data: bytes }] }, optionsWith(wait));
  test('calls that wait for the host run at the same time, up to the number of instances', async () => {
    let busy = 0;
    let most = 0;
    const compiled = await compile(async (_, handle) => {
      most = Math.max(most, ++busy);
      await later(5);
      busy--;
      return handle;
    });
    const pool = createPool(compiled, { maxInstances: 3 });
    const outputs = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => (await pool.call('wait', `${i}`))?.text()),
    );
    assert.deepEqual(
      outputs,
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    assert.equal(most, 3);
    assert.equal(pool.size, 3);
    assert.equal(pool.waiting, 0);
    await pool.close();
    assert.equal(pool.size, 0);
    await assert.rejects(pool.call('echo'), /the pool is closed/);
  });
  test('a full line refuses at once; a signal gives up the place in it', async () => {
    let open: (value?: unknown) => void = () => {};
    const gate = new Promise((resolve) => {
      open = resolve;
    });
    const pool = createPool(await compile((_, handle) => gate.then(() => handle)), {
      maxInstances: 1,
      maxWaiting: 1,
    });
    const first = pool.call('wait', '1');
    const stop = new AbortController();
    const second = pool.call('wait', '2', undefined, { signal: stop.signal });
    await assert.rejects(pool.call('wait', '3'), { code: 'exhaustion.pool' });
    stop.abort();
    await assert.rejects(second, { code: 'interrupted.cancelled' });
    const fourth = pool.call('wait', '4');
    open();
    assert.equal((await first)?.text(), '1');
    assert.equal((await fourth)?.text(), '4');
  });
  test('an instance that trapped is replaced; one whose plug-in reported an error is kept', async () => {
    const pool = createPool(await compile((_, handle) => handle), { maxInstances: 1 });
    const count = async (): Promise<bigint | undefined> => (await pool.call('count'))?.getBigInt64(0, true);
    assert.equal(await count(), 1n);
    await assert.rejects(pool.call('fail', 'x'), { code: 'plugin.error' });
    assert.equal(await count(), 2n);
    const [trapped, behind] = [pool.call('trap'), count()];
    await assert.rejects(trapped, { code: 'trap.unreachable' });
    assert.equal(await behind, 1n);
  });
  test('who gives up while an instance is made leaves it to the others', async () => {
    const pool = createPool(await compile((_, handle) => handle), { maxInstances: 1 });
    const stop = new AbortController();
    const trapped = pool.call('trap');
    const behind = pool.call('echo', '1', undefined, { signal: stop.signal });
    await assert.rejects(trapped, { code: 'trap.unreachable' });
    assert.equal(pool.waiting, 0);
    stop.abort();
    await assert.rejects(behind, { code: 'interrupted.cancelled' });
    const next = pool.call('echo', '2', undefined, { signal: AbortSignal.timeout(5000) });
    assert.equal((await next)?.text(), '2');
    assert.equal(pool.size, 1);
  });
  test('several calls to one instance', async () => {
    const pool = createPool(await compile((_, handle) => handle));
    const value = await pool.use(async (plugin) => {
      plugin.setVariable('k', 'v');
      return text(plugin, 'recall', 'k');
    });
    assert.equal(value, 'v');
  });
  test('an instance that cannot be made rejects the call, and those in line', async () => {
    const compiled = await compilePlugin({ wasm: [{ data: bytes }] });
    const pool = createPool(compiled, { maxInstances: 1 });
    const calls = await Promise.allSettled([pool.call('echo'), pool.call('echo'), pool.call('echo')]);
    assert.deepEqual(
      calls.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    assert.throws(() => createPool(compiled, { maxInstances: 0 }), /maxInstances must be a whole number/);
  });
});
