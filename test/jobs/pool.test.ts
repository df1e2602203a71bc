/** Pools of plug-ins on worker threads: the calls of `createPool`, and what becomes of calls whose thread dies. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createPool, type PoolOptions, type ThreadPool, Threads } from '../../packages/threads/src/index.ts';
import { type ErrorCode, isQuernError, type QuernError } from '../../src/errors.ts';
import type { PluginOutput } from '../../src/node.ts';
import { actor } from './pool-actor.ts';

const module = new URL('./pool-host.js', import.meta.url);
const act = (n: number): string => 'x'.repeat(n);
const numberOf = (output: PluginOutput | null): number => Number(output!.getBigInt64(0, true));
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (isQuernError(error) ? error.code : error),
  );
const rejects = (promise: Promise<unknown>, code: ErrorCode, message = /./): Promise<void> =>
  assert.rejects(promise, (error) => isQuernError(error, code) && message.test(error.message));

/** A signal that counts its listeners. */
const countingSignal = () => {
  const { signal } = new AbortController();
  const counted = { signal, listeners: 0 };
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  Object.assign(signal, {
    addEventListener: (...args: Parameters<typeof add>) => {
      counted.listeners++;
      add(...args);
    },
    removeEventListener: (...args: Parameters<typeof remove>) => {
      counted.listeners--;
      remove(...args);
    },
  });
  return counted;
};

describe('a pool on threads', () => {
  const pools: ThreadPool[] = [];
  const poolOf = (options: PoolOptions = {}): ThreadPool => {
    const pool = createPool(actor, { maxInstances: 2, module, killAfterMs: 60_000, ...options });
    pools.push(pool);
    return pool;
  };
  after(async () => {
    for (const pool of pools) await pool.close();
  });

  test('gives each call its own result, on as many threads as it may have', async () => {
    const pool = poolOf();
    assert.equal(pool.size, 0);
    const calls = Array.from({ length: 40 }, (_, i) => pool.call('act', act(10 + i)));
    assert.equal(pool.waiting, 38);
    assert.deepEqual(
      (await Promise.all(calls)).map(numberOf),
      Array.from({ length: 40 }, (_, i) => (10 + i) * 10),
    );
    assert.deepEqual([pool.size, pool.waiting], [2, 0]);
    assert.equal(numberOf(await pool.call('act', act(12), 'mark')), -12);
  });

  test('compiles a plug-in once for each thread, and keeps its instance', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quern-pool-'));
    const path = join(folder, 'actor.wasm');
    writeFileSync(path, actor);
    const pool = createPool(path, { maxInstances: 1, module });
    pools.push(pool);
    await pool.compile();
    rmSync(folder, { recursive: true });
    assert.equal(numberOf(await pool.call('count')), 1);
    assert.equal(numberOf(await pool.call('count')), 2);
    await rejects(pool.call('complain', 'no'), 'plugin.error', /no/);
    assert.equal(numberOf(await pool.call('count')), 3);
    await rejects(pool.call('trap'), 'trap.unreachable');
    assert.equal(numberOf(await pool.call('count')), 1, 'another instance after a trap');
  });

  test('refuses calls beyond its line, those with a signal too', async () => {
    const pool = poolOf({ maxInstances: 1, maxWaiting: 2 });
    const { signal } = new AbortController();
    const calls = Array.from({ length: 6 }, (_, i) =>
      codeOf(pool.call('count', '', null, i > 0 ? { signal } : {})),
    );
    const refused = 'exhaustion.pool';
    assert.deepEqual(await Promise.all(calls), [...Array(3).fill('no error'), refused, refused, refused]);
  });

  test('keeps the limits of the plug-in and of the call', async () => {
    const pool = poolOf({ memory: { maxPages: 10 }, fuel: 1_000_000_000, timeoutMs: 60_000 });
    await rejects(pool.call('spin', '', null, { fuel: 1000 }), 'exhaustion.fuel');
    await rejects(pool.call('spin', '', null, { timeoutMs: 20 }), 'interrupted.timeout');
    await rejects(pool.call('grow'), 'plugin.return-code');
    const { fuelConsumed, returnCode, output } = await pool.callDetailed('grow');
    assert.deepEqual([returnCode, output], [1, null]);
    assert.ok(fuelConsumed > 0);
    assert.equal(pool.size, 1, 'no thread was lost');
  });

  test('a signal stops calls that run and calls that wait, and keeps no listeners', async () => {
    const pool = poolOf({ maxInstances: 1 });
    const controller = new AbortController();
    const running = pool.call('spin', '', null, { signal: controller.signal });
    const waiting = pool.call('spin', '', null, { signal: controller.signal });
    const other = pool.call('count');
    setTimeout(() => controller.abort('enough'), 50);
    for (const result of await Promise.allSettled([running, waiting])) {
      assert.equal(result.status, 'rejected');
      assert.equal(result.reason.code, 'interrupted.cancelled');
      assert.equal(result.reason.cause, 'enough');
    }
    assert.equal(numberOf(await other), 1);
    await rejects(pool.call('count', '', null, { signal: AbortSignal.abort() }), 'interrupted.cancelled');
    const counted = countingSignal();
    await Promise.all([1, 2, 3].map(() => pool.call('count', '', null, { signal: counted.signal })));
    await codeOf(pool.call('trap', '', null, { signal: counted.signal }));
    assert.equal(counted.listeners, 0);
    assert.equal(pool.size, 1, 'no thread was lost');
  });

  const deaths: readonly (readonly [string, number, PoolOptions, RegExp])[] = [
    ['ends the process', 1, {}, /exited with code: 7/],
    ['throws later', 2, {}, /thrown later/],
    ['takes all memory', 6, { resourceLimits: { maxOldGenerationSizeMb: 32 } }, /memory/],
  ];
  for (const [name, n, options, message] of deaths)
    test(`a call whose host function ${name} fails, and the thread is replaced`, async () => {
      const pool = poolOf({ maxInstances: 1, ...options });
      const dying = pool.call('act', act(n));
      const next = pool.call('count');
      await rejects(dying, 'host.thread', message);
      assert.equal(numberOf(await next), 1);
    });

  test('a thread that dies between two calls costs no call', async () => {
    const pool = poolOf({ maxInstances: 1 });
    for (let i = 0; i < 3; i++) {
      assert.equal(numberOf(await pool.call('act', act(7))), 7);
      while (pool.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(numberOf(await pool.call('count')), 1);
    }
  });

  test('a host function that blocks its thread is ended by the limits', async () => {
    const pool = poolOf({ maxInstances: 1, killAfterMs: 100 });
    await rejects(pool.call('act', act(3), null, { timeoutMs: 20 }), 'interrupted.timeout');
    const { signal } = new AbortController();
    const controller = new AbortController();
    const blocked = pool.call('act', act(3), null, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await rejects(blocked, 'interrupted.cancelled');
    await rejects(pool.call('act', act(5), null, { timeoutMs: 20, signal }), 'interrupted.timeout');
    assert.equal(numberOf(await pool.call('count')), 1);
  });

  test('threads that cannot begin fail the call', async () => {
    const pool = poolOf({
      maxInstances: 1,
      resourceLimits: { maxOldGenerationSizeMb: 1, maxYoungGenerationSizeMb: 1 },
    });
    await rejects(pool.call('count'), 'host.thread');
  });

  test('errors come as they were thrown', async () => {
    const pool = poolOf();
    const trap = (await pool.call('trap').catch((error: unknown) => error)) as QuernError;
    assert.equal(trap.name, 'TrapError');
    assert.equal(trap.details.backtrace?.[0]?.funcName, 'trap');
    await assert.rejects(pool.call('act', act(4)), { name: 'RangeError', message: 'thrown at once' });
    await rejects(pool.call('none'), 'plugin.function', /"none" does not exist/);
    await rejects(createPool(actor, { maxInstances: 1 }).call('count'), 'unlinkable.unknown-import');
    await rejects(createPool(actor.subarray(0, 40), { maxInstances: 1 }).compile(), 'malformed.length');
    const lost = createPool(actor, { maxInstances: 1, module: new URL('./none.js', import.meta.url) });
    await rejects(lost.call('count'), 'usage.argument', /none\.js/);
  });

  test('what is no data is refused', async () => {
    const pool = poolOf();
    assert.throws(() => createPool(actor, { fuel: (() => 1) as never }), { code: 'usage.argument' });
    assert.throws(() => createPool(actor, { maxInstances: 0 }), { code: 'usage.argument' });
    assert.throws(() => createPool(actor, { threads: new Threads(), maxWaiting: 3 }), {
      code: 'usage.argument',
    });
    await rejects(
      pool.call('count', '', () => 1),
      'usage.argument',
      /cannot go to a thread/,
    );
    await rejects(pool.call('count', '', null, { signal: 7 as never }), 'usage.argument');
    await rejects(pool.call('count', '', null, { fuel: -1 }), 'usage.argument');
    assert.equal(numberOf(await pool.call('count')), 1);
  });

  test('pools share threads, and know nothing of each other', async () => {
    await using threads = new Threads({ maxThreads: 1, module });
    const [one, two] = [createPool(actor, { threads }), createPool(actor, { threads, fuel: 500 })];
    assert.equal(numberOf(await one.call('count')), 1);
    assert.equal(numberOf(await two.call('count')), 1);
    assert.equal(numberOf(await one.call('count')), 2);
    await rejects(two.call('spin'), 'exhaustion.fuel');
    await two.close();
    await rejects(two.call('count'), 'usage.state');
    assert.equal(numberOf(await one.call('count')), 3);
    assert.equal(threads.size, 1);
  });

  test('a thread keeps so many plug-ins, and makes the others again', async () => {
    await using threads = new Threads({ maxThreads: 1, module });
    const many = Array.from({ length: 40 }, () => createPool(actor, { threads }));
    for (const pool of many) assert.equal(numberOf(await pool.call('count')), 1);
    assert.equal(numberOf(await many[39]!.call('count')), 2);
    assert.equal(numberOf(await many[0]!.call('count')), 1);
  });

  test('close ends the calls that run, and refuses those that wait', async () => {
    const pool = poolOf({ maxInstances: 1 });
    await pool.call('count');
    const [running, waiting] = [pool.call('spin'), pool.call('count')];
    const codes = Promise.all([codeOf(running), codeOf(waiting)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pool.close();
    assert.deepEqual(await codes, ['interrupted.cancelled', 'usage.state']);
    await rejects(pool.call('count'), 'usage.state');
    assert.equal(pool.size, 0);
  });
});
