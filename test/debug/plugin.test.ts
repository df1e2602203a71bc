/** Sessions on calls of plug-ins: what comes from outside is asked for once, whichever way the call runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { compiler } from '../../src/compile.ts';
import { type DebugSession, debugCall } from '../../src/debug.ts';
import {
  compilePlugin,
  createPlugin,
  type Plugin,
  type PluginCall,
  type PluginOptions,
  restorePlugin,
} from '../../src/node.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { compileWat, kernelImports } from '../wat.ts';

before(buildExamples);

/** Reads clock and randomness, prints, sets variables, asks the host at once and later, and grows its memory. */
const { outside } = compileWat({
  outside: `(module ${kernelImports}
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "extism:host/user" "now" (func $now (param i64) (result i64)))
    (import "extism:host/user" "later" (func $later (param i64) (result i64)))
    (memory (export "memory") 1 10)
    (data (i32.const 0) "\\10\\00\\00\\00\\05\\00\\00\\00")
    (data (i32.const 16) "line\\n")
    (func $note (param i64) (result i64) (local i64)
      (local.set 1 (call $alloc (i64.const 8)))
      (call $store_u64 (local.get 1) (local.get 0))
      (local.get 1))
    (func (export "run") (result i32) (local i32 i64)
      (loop $l
        (drop (call $random (i32.const 64) (i32.const 8)))
        (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 72)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 80)))
        (local.set 1 (i64.add (local.get 1) (call $now (i64.extend_i32_u (local.get 0)))))
        (local.set 1 (i64.add (local.get 1) (call $later (i64.extend_i32_u (local.get 0)))))
        (call $var_set (call $note (i64.const 0x6b)) (call $note (local.get 1)))
        (drop (memory.grow (i32.const 1)))
        (i64.store (i32.const 96) (i64.xor (i64.load (i32.const 96)) (i64.xor (i64.load (i32.const 64)) (i64.load (i32.const 72)))))
        (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 4))))
      (call $output_set (call $note (i64.load (i32.const 96))) (i64.const 8))
      (i32.const 0)))`,
});

/** What the outside was asked. */
interface Outside {
  readonly asked: string[];
  printed: string;
  readonly options: PluginOptions;
}

const surroundings = (isMuted: () => boolean, gate: Promise<void>): Outside => {
  const asked: string[] = [];
  const decoder = new TextDecoder();
  const outsideOf: Outside = {
    asked,
    printed: '',
    options: {
      record: true,
      useWasi: true,
      functions: {
        'extism:host/user': {
          now: (_: unknown, value: bigint) => {
            asked.push(`now ${value}`);
            return value * 3n;
          },
          later: async (_: unknown, value: bigint) => {
            asked.push(`later ${value}`);
            await gate;
            return value * 5n;
          },
        },
      },
      wasi: {
        stdout: (bytes: Uint8Array) => {
          if (!isMuted()) outsideOf.printed += decoder.decode(bytes);
        },
      },
    } as PluginOptions,
  };
  return outsideOf;
};

const open = async (
  gate: Promise<void> = Promise.resolve(),
): Promise<{ plugin: Plugin; call: PluginCall; session: DebugSession; world: Outside }> => {
  let session: DebugSession | null = null;
  const world = surroundings(() => session?.isRepeating === true, gate);
  const plugin = await createPlugin({ wasm: [{ data: outside }] }, world.options);
  const call = await plugin.startCall('run');
  session = debugCall(plugin, call);
  await session.start();
  return { plugin, call, session, world };
};

const memoryOf = (session: DebugSession): unknown => {
  const { memory0 } = session.instances[0]!.instance;
  return [session.position, memory0.pageCount, [...memory0.bytes.subarray(64, 104)]];
};

describe('a call that asks the outside', () => {
  const all = [0, 1, 2, 3].flatMap((i) => [`now ${i}`, `later ${i}`]);

  test('asks once, and prints once, though it runs back and forth', async () => {
    const { plugin, call, session, world } = await open();
    const seen = [memoryOf(session)];
    for (let i = 0; i < 130; i++) {
      assert.equal((await session.step()).reason, 'step');
      seen.push(memoryOf(session));
    }
    const { asked, printed } = world;
    const count = asked.length;
    assert.ok(count >= 4);
    for (let i = seen.length - 2; i >= 0; i--) {
      assert.equal((await session.reverseStep()).reason, 'step');
      assert.deepEqual(memoryOf(session), seen[i]);
    }
    assert.equal(asked.length, count);
    assert.equal((await session.continue()).reason, 'done');
    assert.deepEqual(asked, all);
    assert.equal(world.printed, 'line\n'.repeat(4));
    assert.ok(world.printed.startsWith(printed));
    assert.equal(plugin.activeCall, null);
    session.detach();
    // The recording is that of a call that went straight on.
    const again = await createPlugin(
      { wasm: [{ data: outside }] },
      { replay: plugin.recording, useWasi: true },
    );
    const output = await again.call('run');
    assert.deepEqual(output?.bytes(), call.output?.bytes());
    assert.equal(again.fuelConsumed, plugin.fuelConsumed);
    await again.close();
    await plugin.close();
  });

  test('shows a host function that it waits for, and does not go back in the meantime', async () => {
    let release: () => void = () => {};
    const { plugin, session, world } = await open(
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    const stopped = session.continue();
    while (!world.asked.includes('later 0')) await new Promise((resolve) => setImmediate(resolve));
    session.interrupt();
    assert.equal((await stopped).reason, 'interrupt');
    assert.equal(session.hostFunction, 'extism:host/user.later');
    assert.equal(session.noHistory, 'the call waits for a host function');
    release();
    assert.equal((await session.continue()).reason, 'done');
    assert.deepEqual(world.asked, all);
    await plugin.close();
  });

  test('hears again what it heard last', async () => {
    const { plugin, session } = await open();
    const { memory0 } = session.instances[0]!.instance;
    const random = (): bigint => memory0.view.getBigUint64(64, true);
    while (random() === 0n) await session.step();
    const value = random();
    assert.equal((await session.reverseStep()).reason, 'step');
    assert.equal(random(), 0n);
    await session.step();
    assert.equal(random(), value);
    await plugin.close();
  });

  test('of a deterministic plug-in has the time and randomness of where it went back to, in snapshots too', async () => {
    const { options } = surroundings(() => false, Promise.resolve());
    const unrecorded: PluginOptions = { ...options, record: false, deterministic: true };
    const wasm = [{ data: outside }];
    const straight = await createPlugin({ wasm }, unrecorded);
    const output = await straight.call('run');
    const plugin = await createPlugin({ wasm }, { ...options, deterministic: true });
    const session = debugCall(plugin, await plugin.startCall('run'));
    await session.start();
    for (let i = 0; i < 60; i++) await session.step();
    for (let i = 0; i < 60; i++) {
      if (i % 7 === 0) {
        const other = await restorePlugin({ wasm }, plugin.snapshot(), unrecorded);
        const call = other.activeCall!;
        await call.run();
        assert.deepEqual(call.output?.bytes(), output?.bytes(), `${i} steps back`);
        assert.deepEqual(other.snapshot(), straight.snapshot());
        await other.close();
      }
      await session.reverseStep();
    }
    for (let i = 0; i < 40; i++) await session.step();
    assert.equal((await session.continue()).reason, 'done');
    assert.deepEqual(plugin.snapshot(), straight.snapshot());
    session.detach();
    await straight.close();
    await plugin.close();
  });

  test('goes back without a recording nowhere', async () => {
    const plugin = await createPlugin(example('greet'));
    const session = debugCall(plugin, await plugin.startCall('greet', 'Ada'));
    await session.start();
    await session.step();
    assert.match(session.noHistory!, /option `record`/);
    await assert.rejects(session.reverseStep(), { code: 'usage.state' });
    assert.equal((await session.continue()).reason, 'done');
    await plugin.close();
  });
});

test('a plug-in continues as ever when its session has ended', async () => {
  const compiled = await compilePlugin(example('greet'), { record: true });
  const plain = await compiled.instantiate();
  await plain.call('greet', 'Ada');
  const plugin = await compiled.instantiate();
  const call = await plugin.startCall('greet', 'Ada');
  const session = debugCall(plugin, call);
  await session.start();
  for (let i = 0; i < 20; i++) await session.step();
  for (let i = 0; i < 10; i++) await session.reverseStep();
  session.detach();
  assert.equal(await call.run(), 'done');
  assert.equal(call.output?.text(), 'Hello, Ada!');
  assert.equal(plugin.fuelConsumed, plain.fuelConsumed);
  assert.equal((await plugin.call('greet', 'Bob'))?.text(), 'Hello, Bob!');
});

test('code that a compiler makes is refused', async () => {
  const plugin = await createPlugin(example('greet'), { compiler: compiler() });
  const call = await plugin.startCall('greet', 'Ada');
  assert.throws(() => debugCall(plugin, call), { code: 'usage.argument' });
  await plugin.close();
});

/** Copies a file piece by piece, opening it again each time, and keeps the copy open. */
const { copier } = compileWat({
  copier: `(module
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00")
    (data (i32.const 32) "from") (data (i32.const 40) "to")
    (func $must (param i32) (if (local.get 0) (then unreachable)))
    (func (export "run") (result i32) (local i32)
      (call $must (call $open (i32.const 3) (i32.const 0) (i32.const 40) (i32.const 2) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 100)))
      (loop $l
        (call $must (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4) (i32.const 0) (i64.const 6) (i64.const 0) (i32.const 0) (i32.const 104)))
        (call $must (call $seek (i32.load (i32.const 104)) (i64.extend_i32_u (i32.mul (local.get 0) (i32.const 3))) (i32.const 0) (i32.const 112)))
        (call $must (call $read (i32.load (i32.const 104)) (i32.const 0) (i32.const 1) (i32.const 120)))
        (call $must (call $close (i32.load (i32.const 104))))
        (call $must (call $write (i32.load (i32.const 100)) (i32.const 0) (i32.const 1) (i32.const 120)))
        (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 4))))
      (call $must (call $close (i32.load (i32.const 100))))
      (i32.const 0)))`,
});

test('files are read and written once, and stay open where the call goes back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-debug-files-'));
  try {
    writeFileSync(join(folder, 'from'), 'abcdefghijkl');
    const manifest = { wasm: [{ data: copier }], allowedPaths: { '/': folder } };
    const plugin = await createPlugin(manifest, { useWasi: true, record: true });
    const session = debugCall(plugin, await plugin.startCall('run'));
    await session.start();
    const { memory0 } = session.instances[0]!.instance;
    const state = (): unknown => [session.position, [...memory0.bytes.subarray(16, 19)]];
    const seen = [state()];
    // Further on each time, and a part of the way back.
    for (let forth = 40, at = 0; !session.isOver; forth += 1) {
      for (let i = 0; i < forth && (await session.step()).reason !== 'done'; i++) {
        at++;
        if (at < seen.length) assert.deepEqual(state(), seen[at]);
        else seen.push(state());
      }
      if (session.isOver) break;
      for (let i = 0; i < 25; i++) {
        await session.reverseStep();
        at--;
        assert.deepEqual(state(), seen[at]);
      }
    }
    assert.equal(session.target.hasFailed, false);
    assert.equal(readFileSync(join(folder, 'to'), 'utf8'), 'abcdefghijkl');
    await plugin.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
