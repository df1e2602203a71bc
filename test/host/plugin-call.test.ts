/**
 * Calls in pieces: paused for lack of fuel or on request, resumed, cancelled; queues; time slices; and what state a
 * plug-in is in afterwards.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CurrentPlugin,
  createPlugin,
  type Plugin,
  type PluginCall,
  type PluginOptions,
} from '../../src/node.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

const modules = compileWat({
  plugin: `(module $guest ${kernelImports}
    (import "extism:host/user" "wait" (func $wait (param i64) (result i64))) ${outputI64}
    (memory 1)
    (global $count (mut i64) (i64.const 0))
    (func $text (param $block i64) (call $output_set (local.get $block) (call $length (local.get $block))))
    (func (export "echo") (call $text (call $input_offset)))
    (func (export "wait") (call $text (call $wait (call $input_offset))))
    (func (export "count") (global.set $count (i64.add (global.get $count) (i64.const 1))) (call $output_i64 (global.get $count)))
    (func $turn (param $n i32) (result i32) (i32.mul (local.get $n) (i32.const 7)))
    (func (export "work") (local $i i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (call $turn (local.get $i))))
        (i32.store (i32.const 0) (local.get $i))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
      (call $output_i64 (i64.extend_i32_u (local.get $sum))))
    (func $spin (loop $again (br $again)))
    (func (export "spin") (global.set $count (i64.const 100)) (call $spin))
    (func (export "trap") (global.set $count (i64.const 100)) unreachable)
    (func (export "code") (result i32) (call $text (call $input_offset)) (i32.const 7)))`,
  command: `(module $program
    (memory (export "memory") 1)
    (func (export "_start"))
    (func (export "work") (param $n i32) (result i32)
      (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.const 42)))`,
  caller: `(module ${kernelImports}
    (import "program" "work" (func $work (param i32) (result i32))) ${outputI64}
    (func (export "run") (call $output_i64 (i64.extend_i32_u (call $work (i32.const 500))))))`,
});

type Wait = (context: CurrentPlugin, handle: bigint) => unknown;
const create = (options: PluginOptions = {}, wait: Wait = (_, handle) => handle): Promise<Plugin> =>
  createPlugin(
    { wasm: [{ data: modules.plugin }] },
    { ...options, functions: { 'extism:host/user': { wait } } },
  );
const later = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
const number = (output: { getBigInt64(at: number, little: boolean): bigint } | null): bigint | undefined =>
  output?.getBigInt64(0, true);

/** Runs a call with `step` more units at each pause; returns the number of pauses. */
const finish = async (call: PluginCall, step: number): Promise<number> => {
  for (let pauses = 0; ; pauses++) {
    const consumed = call.fuelConsumed;
    if ((await call.run()) === 'done') return pauses;
    assert.ok(call.fuelConsumed >= consumed);
    call.addFuel(step);
  }
};
const isFree = async (plugin: Plugin): Promise<void> => {
  assert.equal(plugin.isActive(), false);
  assert.equal((await plugin.call('echo', 'alive'))?.text(), 'alive');
};

describe('a call in pieces', () => {
  test('out of fuel it pauses, with the stack of the guest, and continues with more', async () => {
    const plugin = await create();
    const whole = await plugin.call('work');
    const total = plugin.fuelConsumed;
    const call = await plugin.startCall('work', '', { fuel: 5_000 });
    assert.deepEqual(
      [call.status, call.pause, call.fuelLeft, plugin.isActive()],
      ['ready', null, 5_000, true],
    );
    assert.equal(await call.run(), 'paused');
    assert.deepEqual([call.status, call.pause], ['paused', 'fuel']);
    assert.ok(call.fuelConsumed <= 5_000 && call.fuelConsumed > 4_900);
    assert.equal(call.fuelLeft, 5_000 - call.fuelConsumed);
    assert.equal(plugin.fuelConsumed, call.fuelConsumed);
    assert.match(call.backtrace.map(({ funcName }) => funcName).join(), /^(turn,)?work$/);
    assert.equal(await call.run(), 'paused', 'without more fuel it stays where it is');
    const pauses = await finish(call, 777);
    assert.ok(pauses > 10);
    assert.deepEqual([call.status, call.fuelConsumed, plugin.fuelConsumed], ['done', total, total]);
    assert.deepEqual([number(call.output), call.result?.returnCode], [number(whole), 0]);
    assert.deepEqual(call.backtrace, []);
    assert.equal(await call.run(), 'done');
    await isFree(plugin);
  });
  test('a limit that is the true cost suffices, one unit less does not', async () => {
    const plugin = await create();
    await plugin.call('work');
    const total = plugin.fuelConsumed;
    await plugin.call('work', '', undefined, { fuel: total });
    await assert.rejects(plugin.call('work', '', undefined, { fuel: total - 1 }), (error: Error) => {
      const { code, details } = error as unknown as {
        code: string;
        details: { fuelConsumed: number; backtrace: { funcName: string }[] };
      };
      assert.equal(code, 'exhaustion.fuel');
      assert.ok(details.fuelConsumed < total);
      assert.equal(details.backtrace.at(-1)?.funcName, 'work');
      return true;
    });
    assert.ok(plugin.fuelConsumed < total);
    const call = await plugin.startCall('work', '', { fuel: total });
    assert.equal(await call.run(), 'done');
    await isFree(plugin);
  });
  test('others are refused in the meantime, and can be called at the same time elsewhere', async () => {
    const [one, two] = [await create(), await create()];
    const call = await one.startCall('work', '', { fuel: 3_000 });
    assert.equal(await call.run(), 'paused');
    await assert.rejects(one.call('echo', 'x'), /plugin is not reentrant/);
    await assert.rejects(one.startCall('echo', 'x'), /plugin is not reentrant/);
    assert.equal(await one.reset(), false);
    const before = call.backtrace;
    const other = await two.startCall('spin', '', { fuel: 9_000 });
    assert.equal(await other.run(), 'paused');
    assert.deepEqual(
      other.backtrace.map(({ funcName }) => funcName),
      ['spin', 'spin'],
    );
    assert.deepEqual(call.backtrace, before, 'the stack of one that waits while another runs');
    call.addFuel(1_000_000);
    assert.equal(await call.run(), 'done');
    await other.cancel();
    await isFree(two);
  });
  test('it can be cancelled before it begins and while it is paused', async () => {
    const plugin = await create();
    for (const fuel of [null, 3_000]) {
      const call = await plugin.startCall('work', '', { fuel });
      if (fuel !== null) assert.equal(await call.run(), 'paused');
      await call.cancel(new Error('enough'));
      assert.equal(call.status, 'failed');
      await assert.rejects(call.run(), (error: Error) => {
        assert.equal((error as { code?: string }).code, 'interrupted.cancelled');
        assert.equal((error.cause as Error).message, 'enough');
        return true;
      });
      assert.ok(call.fuelConsumed <= (fuel ?? 0));
      await call.cancel();
      await isFree(plugin);
    }
  });
  test('a signal ends it while it is paused', async () => {
    const plugin = await create();
    const stop = new AbortController();
    const call = await plugin.startCall('work', '', { fuel: 3_000, signal: stop.signal });
    assert.equal(await call.run(), 'paused');
    stop.abort('because');
    await assert.rejects(call.run(), { code: 'interrupted.cancelled', cause: 'because' });
    await isFree(plugin);
  });
  test('what the plug-in reports rejects, and is there in detail', async () => {
    const plugin = await create();
    const call = await plugin.startCall('code', 'x');
    await assert.rejects(call.run(), { code: 'plugin.return-code' });
    assert.deepEqual([call.status, call.result?.returnCode, call.result?.output?.text()], ['failed', 7, 'x']);
    const trap = await plugin.startCall('trap');
    await assert.rejects(trap.run(), { code: 'trap.unreachable' });
    assert.equal(trap.result, null);
    await isFree(plugin);
  });
  test('wrong use is told', async () => {
    const plugin = await create();
    await assert.rejects(plugin.startCall('nothing'), { code: 'plugin.function' });
    assert.equal(plugin.isActive(), false);
    const call = await plugin.startCall('wait', 'x');
    assert.throws(() => call.addFuel(-1), { code: 'usage.argument' });
    const first = call.run();
    await assert.rejects(call.run(), { code: 'usage.state' });
    assert.equal(await first, 'done');
  });
  test('the input is that of the beginning', async () => {
    const plugin = await create();
    const input = new TextEncoder().encode('before');
    const call = await plugin.startCall('echo', input);
    input.fill(63);
    await call.run();
    assert.equal(call.output?.text(), 'before');
  });
});

describe('a pause that is asked for', () => {
  test('while the call waits for the host: at once, and the host function continues', async () => {
    let open: (handle: bigint) => void = () => {};
    const plugin = await create(
      {},
      (_, handle) =>
        new Promise((resolve) => {
          open = () => resolve(handle);
        }),
    );
    const call = await plugin.startCall('wait', 'x', { fuel: 100_000 });
    const running = call.run();
    await later(1);
    assert.equal(call.status, 'running');
    call.requestPause();
    assert.equal(await running, 'paused');
    assert.equal(call.pause, 'host');
    open(0n);
    await later(1);
    assert.equal(call.status, 'paused', 'an answer does not wake it');
    assert.equal(await call.run(), 'done');
    assert.equal(call.output?.text(), 'x');
    await isFree(plugin);
  });
  test('by the host function itself, before it answers', async () => {
    let ask: () => void = () => {};
    const plugin = await create({}, async (_, handle) => {
      ask();
      return handle;
    });
    const call = await plugin.startCall('wait', 'x', { fuel: 100_000 });
    ask = () => call.requestPause();
    assert.equal(await call.run(), 'paused');
    assert.equal(call.pause, 'host');
    assert.equal(await call.run(), 'done');
    assert.equal(call.output?.text(), 'x');
    await isFree(plugin);
  });
  test('while it computes: at the end of a time slice', async () => {
    const plugin = await create({ timeSliceMs: 1 });
    const call = await plugin.startCall('spin');
    for (let i = 0; i < 3; i++) {
      setTimeout(() => call.requestPause(), 2);
      assert.equal(await call.run(), 'paused');
      assert.equal(call.pause, 'slice');
      assert.deepEqual(
        call.backtrace.map(({ funcName }) => funcName),
        ['spin', 'spin'],
      );
    }
    await call.cancel();
    await isFree(plugin);
  });
  test('time that it is paused does not count against timeoutMs', async () => {
    const plugin = await create({ timeoutMs: 200 });
    const call = await plugin.startCall('work', '', { fuel: 3_000 });
    assert.equal(await call.run(), 'paused');
    await later(250);
    call.addFuel(1_000_000);
    assert.equal(await call.run(), 'done');
    const spin = await plugin.startCall('spin', '', { timeoutMs: 5 });
    await assert.rejects(spin.run(), { code: 'interrupted.timeout' });
    await isFree(plugin);
  });
});

describe('commands among the modules', () => {
  test('fuel that runs out in one pauses the whole call', async () => {
    const manifest = {
      wasm: [
        { data: modules.command, name: 'program' },
        { data: modules.caller, name: 'main' },
      ],
    };
    const plugin = await createPlugin(manifest);
    const whole = await plugin.call('run');
    const total = plugin.fuelConsumed;
    // An instance of the command with its page of memory, and some of its loop.
    const call = await plugin.startCall('run', '', { fuel: 4_372 });
    assert.equal(await call.run(), 'paused');
    assert.deepEqual(
      call.backtrace.map(({ funcName }) => funcName),
      ['work', 'run'],
    );
    assert.ok(call.fuelConsumed <= 4_372 && call.fuelConsumed > 4_322);
    await finish(call, 50);
    assert.deepEqual([call.fuelConsumed, number(call.output)], [total, number(whole)]);
    await plugin.call('run', '', undefined, { fuel: total });
    await assert.rejects(plugin.call('run', '', undefined, { fuel: total - 1 }), { code: 'exhaustion.fuel' });
    const given = await plugin.startCall('run', '', { fuel: 4_472 });
    await given.run();
    const consumed = given.fuelConsumed;
    await given.cancel();
    assert.deepEqual([given.fuelConsumed, plugin.fuelConsumed], [consumed, consumed]);
  });
});

describe('a busy plug-in', () => {
  test('lets calls wait for their turn, if asked to', async () => {
    const order: string[] = [];
    const plugin = await create({ whenBusy: 'queue' }, async (context, handle) => {
      order.push(context.read(handle)?.text() ?? '');
      await later(1);
      return handle;
    });
    const names = ['a', 'b', 'c', 'd'];
    const outputs = await Promise.all(names.map(async (name) => (await plugin.call('wait', name))?.text()));
    assert.deepEqual(outputs, names);
    assert.deepEqual(order, names);
    const call = await plugin.startCall('work', '', { fuel: 1_000 });
    const behind = plugin.call('echo', 'later');
    await assert.rejects(plugin.call('echo', '', undefined, { whenBusy: 'refuse' }), /not reentrant/);
    const stop = new AbortController();
    const leaving = plugin.call('echo', '', undefined, { signal: stop.signal });
    stop.abort();
    await assert.rejects(leaving, { code: 'interrupted.cancelled' });
    await call.cancel();
    assert.equal((await behind)?.text(), 'later');
    await assert.rejects(create({ whenBusy: 'wait' as never }), /whenBusy must be 'refuse' or 'queue'/);
  });
  test('refuses when too many wait; closing refuses all', async () => {
    const plugin = await create({ whenBusy: 'queue' });
    const call = await plugin.startCall('work');
    const waiting = Array.from({ length: 1000 }, () => plugin.call('echo'));
    await assert.rejects(plugin.call('echo'), { code: 'exhaustion.queue' });
    const ends = Promise.allSettled(waiting);
    await plugin.close();
    assert.ok((await ends).every(({ status }) => status === 'rejected'));
    await assert.rejects(call.run(), { code: 'interrupted.cancelled' });
    await assert.rejects(plugin.call('echo'), /plugin is closed/);
  });
});

describe('the state after a failure', () => {
  test('is what the call left; or new, if asked for', async () => {
    for (const renewAfterFailure of [false, true]) {
      const plugin = await create({ renewAfterFailure, fuel: 100_000 });
      await plugin.call('count');
      plugin.setVariable('k', 'v');
      for (const name of ['trap', 'spin']) {
        await assert.rejects(plugin.call(name));
        assert.equal(number(await plugin.call('count')), renewAfterFailure ? 1n : 101n);
      }
      await assert.rejects(plugin.call('code'), { code: 'plugin.return-code' });
      assert.equal(number(await plugin.call('count')), renewAfterFailure ? 2n : 102n);
      assert.equal(plugin.getVariable('k')?.text(), 'v');
    }
  });
});
