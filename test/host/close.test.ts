/** `close` ends everything: calls that wait, compute, are paused or are queued, of plug-ins and of pools. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  compilePlugin,
  createPlugin,
  createPluginOn,
  createPool,
  isQuernError,
  nodePlatform,
  type Plugin,
  type PluginOptions,
} from '../../src/node.ts';
import { compileWat, kernelImports } from '../wat.ts';

const modules = compileWat({
  plugin: `(module ${kernelImports}
    (import "extism:host/env" "http_request" (func $http (param i64 i64) (result i64)))
    (import "extism:host/user" "wait" (func $wait))
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "wait") (call $wait))
    (func (export "spin") (loop $again (br $again)))
    (func (export "ask") (drop (call $http (call $input_offset) (i64.const 0))))
    (func (export "read") (i32.store (i32.const 4) (i32.const 8))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func (export "sleep") (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 1000000000000000))
      (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))
    (func (export "nothing")))`,
  command: `(module (import "extism:host/user" "wait" (func $wait)) (func (export "_start")) (func (export "work") (call $wait)))`,
  caller: `(module (import "command" "work" (func $work)) (func (export "wait") (call $work)))`,
  starting: `(module (import "extism:host/user" "wait" (func $wait)) (func (export "_initialize") (call $wait)) (func (export "nothing")))`,
});
const never = (): Promise<never> => new Promise(() => {});
const optionsWith = (wait: () => unknown, more: PluginOptions = {}): PluginOptions => ({
  functions: { 'extism:host/user': { wait } },
  wasi: { stdin: never },
  allowedHosts: ['*'],
  fetch: never,
  ...more,
});
const create = (wait: () => unknown = never, more: PluginOptions = {}): Promise<Plugin> =>
  createPlugin({ wasm: [{ data: modules.plugin! }] }, optionsWith(wait, more));
const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** The code that each promise rejects with, or `done`; `pending` for what is pending when the event loop has turned. */
const outcomes = async (...promises: readonly Promise<unknown>[]): Promise<unknown[]> => {
  const found: unknown[] = promises.map(() => 'pending');
  promises.forEach((promise, i) => {
    promise.then(
      () => {
        found[i] = 'done';
      },
      (error: unknown) => {
        found[i] = isQuernError(error) ? error.code : error;
      },
    );
  });
  await turns();
  return found;
};

describe('close ends a call that', () => {
  const waits: Readonly<Record<string, (plugin: Plugin) => Promise<unknown>>> = {
    'waits for a host function': (plugin) => plugin.call('wait'),
    'waits for an answer of HTTP': (plugin) => plugin.call('ask', '{"url":"https://a.example/"}'),
    'waits for standard input': (plugin) => plugin.call('read'),
    sleeps: (plugin) => plugin.call('sleep'),
    computes: (plugin) => plugin.call('spin', '', null, { timeSliceMs: 1 }),
    'is made in pieces and waits': async (plugin) => (await plugin.startCall('wait')).run(),
    'is made in pieces and is paused': async (plugin) => {
      const call = await plugin.startCall('spin', '', { fuel: 1000 });
      assert.equal(await call.run(), 'paused');
      await plugin.close();
      return call.run();
    },
  };
  for (const [what, begin] of Object.entries(waits)) {
    test(what, async () => {
      const plugin = await create();
      const call = begin(plugin);
      void call.catch(() => {});
      await turns(3);
      assert.deepEqual(await outcomes(call, plugin.close()), ['interrupted.cancelled', 'done']);
      assert.equal(plugin.isActive(), false);
      await assert.rejects(plugin.call('nothing'), { code: 'usage.state' });
    });
  }

  test('waits in a linked command', async () => {
    const { caller, command } = modules;
    const wasm = [{ name: 'command', data: command! }, { data: caller! }];
    const plugin = await createPlugin({ wasm }, optionsWith(never));
    const call = plugin.call('wait');
    await turns(3);
    assert.deepEqual(await outcomes(call, plugin.close()), ['interrupted.cancelled', 'done']);
  });
});

test('the error of a call that was closed says so', async () => {
  const plugin = await create();
  const call = plugin.call('wait');
  await turns(3);
  await Promise.all([
    assert.rejects(call, (error) => {
      assert.ok(isQuernError(error, 'interrupted.cancelled'));
      assert.match(String(error.cause), /plugin is closed/);
      return true;
    }),
    plugin.close(),
  ]);
});

test('close ends calls in line, also the one whose turn it is just then', async () => {
  let answer = (): void => {};
  const plugin = await create(
    () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      }),
    { whenBusy: 'queue' },
  );
  const calls = [plugin.call('wait'), plugin.call('nothing'), plugin.startCall('nothing')];
  assert.deepEqual(await outcomes(...calls, plugin.close()), [
    'interrupted.cancelled',
    'usage.state',
    'usage.state',
    'done',
  ]);
  const other = await create(
    () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      }),
    { whenBusy: 'queue' },
  );
  const first = other.call('wait');
  const second = other.call('wait').catch((error: unknown) => error);
  await turns(3);
  answer();
  await first;
  // The second has its turn, and has not begun or waits.
  const closed = other.close();
  assert.ok(isQuernError(await second));
  await closed;
});

test('a host function can close its own plug-in', async () => {
  const plugins: Plugin[] = [];
  for (const wait of [
    () => void plugins[0]!.close(),
    async () => {
      await plugins[1]!.close();
    },
  ]) {
    const plugin = await create(wait);
    plugins.push(plugin);
    const [call] = await outcomes(plugin.call('wait'));
    assert.notEqual(call, 'pending');
    assert.deepEqual(await outcomes(plugin.close()), ['done']);
    await assert.rejects(plugin.call('nothing'), { code: 'usage.state' });
  }
});

test('closing twice is closing once', async () => {
  const plugin = await create();
  const call = plugin.call('wait');
  await turns(3);
  assert.deepEqual(await outcomes(call, plugin.close(), plugin.close()), [
    'interrupted.cancelled',
    'done',
    'done',
  ]);
  assert.deepEqual(await outcomes(plugin.close()), ['done']);
});

test('close of a pool ends calls that wait for the host, for an instance, and for one in the making', async () => {
  const pool = createPool(await compilePlugin(modules.plugin!, optionsWith(never)), { maxInstances: 2 });
  const calls = Array.from({ length: 4 }, () => pool.call('wait'));
  await turns(3);
  assert.deepEqual(await outcomes(...calls, pool.close()), [
    'interrupted.cancelled',
    'interrupted.cancelled',
    'usage.state',
    'usage.state',
    'done',
  ]);
  assert.equal(pool.size, 0);
  const starting = createPool(await compilePlugin(modules.starting!, optionsWith(never)), {
    maxInstances: 1,
  });
  const waiting = [starting.call('nothing'), starting.call('nothing')];
  await turns(3);
  assert.deepEqual(await outcomes(...waiting, starting.close()), [
    'interrupted.cancelled',
    'usage.state',
    'done',
  ]);
  assert.equal(starting.size, 0);
});

test('a function that fails after its call was stopped is nobody\u2019s failure', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    // The deadline has passed when the function has returned its promise: nobody waits for that any more.
    let now = 0n;
    const clock = { ...nodePlatform.clock, monotonic: () => now };
    const fails = async (): Promise<void> => {
      now += 1_000_000_000n;
      await Promise.resolve();
      throw new Error('late');
    };
    const plugin = await createPluginOn({ ...nodePlatform, clock })(
      modules.plugin!,
      optionsWith(fails, { timeoutMs: 5 }),
    );
    await assert.rejects(plugin.call('wait'), { code: 'interrupted.timeout' });
    const closed = await create(async () => {
      await turns(6);
      throw new Error('late');
    });
    const call = closed.call('wait');
    await turns(3);
    assert.deepEqual(await outcomes(call, closed.close()), ['interrupted.cancelled', 'done']);
    await turns();
  } finally {
    process.off('unhandledRejection', note);
  }
  assert.deepEqual(unhandled, []);
});
