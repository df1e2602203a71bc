/** Snapshots of plug-ins: files, streams, time, randomness, variables and the call itself continue elsewhere. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  createPlugin,
  isQuernError,
  MemoryFiles,
  nodeDirectory,
  type Plugin,
  type PluginOptions,
  restorePlugin,
} from '../../src/node.ts';
import { assemble } from '../assembler.ts';
import { Random } from '../generators/random.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';
import { flip, reseal } from './damage.ts';

/**
 * `open` opens `log` in the first directory, writes two bytes and removes a file of its own that stays open; `step`
 * appends two more through the descriptor it kept, reads two bytes of standard input, and mixes time and randomness
 * into its output.
 */
const { plugin: bytes } = compileWat({
  plugin: `(module ${kernelImports}
    (import "wasi_snapshot_preview1" "path_open"
      (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    ${outputI64}
    (memory (export "memory") 1)
    (data (i32.const 16) "log")
    (data (i32.const 32) "ab")
    (global $fd (mut i32) (i32.const 0))
    (global $gone (mut i32) (i32.const 0))
    (func $must (param i32) (if (local.get 0) (then unreachable)))
    (func $open (param $name i32) (param $length i32) (result i32)
      (call $must (call $path_open (i32.const 3) (i32.const 0) (local.get $name) (local.get $length)
        (i32.const 1) (i64.const 0x66) (i64.const 0) (i32.const 0) (i32.const 64)))
      (i32.load (i32.const 64)))
    (func $write (param $fd i32)
      (i32.store (i32.const 48) (i32.const 32))
      (i32.store (i32.const 52) (i32.const 2))
      (call $must (call $fd_write (local.get $fd) (i32.const 48) (i32.const 1) (i32.const 64))))
    (func $burn (local $i i32)
      (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500)))))
    (func (export "time")
      (call $must (call $clock (i32.const 0) (i64.const 0) (i32.const 88)))
      (call $must (call $random (i32.const 96) (i32.const 8)))
      (call $output_i64 (i64.xor (i64.load (i32.const 88)) (i64.load (i32.const 96)))))
    (func (export "open")
      (global.set $fd (call $open (i32.const 16) (i32.const 3)))
      (call $write (global.get $fd))
      (global.set $gone (call $open (i32.const 17) (i32.const 2)))
      (call $must (call $unlink (i32.const 3) (i32.const 17) (i32.const 2))))
    (func (export "step")
      (call $write (global.get $fd))
      (call $write (global.get $gone))
      (call $burn)
      (i32.store (i32.const 48) (i32.const 80))
      (i32.store (i32.const 52) (i32.const 2))
      (call $must (call $fd_read (i32.const 0) (i32.const 48) (i32.const 1) (i32.const 64)))
      (call $must (call $clock (i32.const 0) (i64.const 0) (i32.const 88)))
      (call $must (call $random (i32.const 96) (i32.const 8)))
      (call $burn)
      (call $output_i64 (i64.add (i64.load16_u (i32.const 80))
        (i64.xor (i64.load (i32.const 88)) (i64.load (i32.const 96)))))))`,
});

const optionsOf = (files: MemoryFiles, more: PluginOptions = {}): PluginOptions => ({
  wasi: { preopens: { '/': files }, stdin: '0123456789' },
  deterministic: { seed: 3 },
  config: { a: '1' },
  ...more,
});

/** What three steps give: outputs, fuel, and the file. */
const expected = await (async () => {
  const files = new MemoryFiles();
  const plugin = await createPlugin(bytes, optionsOf(files));
  await plugin.call('open');
  const steps: [bigint, number][] = [];
  for (let i = 0; i < 3; i++) steps.push(await step(plugin));
  return { steps, file: files.readFile('log') };
})();

async function step(plugin: Plugin): Promise<[bigint, number]> {
  const output = await plugin.call('step');
  return [output!.getBigUint64(0, true), plugin.fuelConsumed];
}

const codeOf = (error: unknown): string => {
  assert.ok(isQuernError(error), String((error as Error).stack));
  return error.code;
};

describe('an idle plug-in', () => {
  test('that is recorded gives the snapshots of one that is not: virtual time and randomness are in them', async () => {
    const options: PluginOptions = { deterministic: { seed: 3 } };
    const plain = await createPlugin(bytes, { ...options, useWasi: true });
    const recorded = await createPlugin(bytes, { ...options, useWasi: true, record: true });
    await plain.call('time');
    await recorded.call('time');
    assert.deepEqual(recorded.snapshot(), plain.snapshot());
    const restored = await restorePlugin(bytes, recorded.snapshot(), { ...options, useWasi: true });
    assert.deepEqual((await restored.call('time'))?.bytes(), (await plain.call('time'))?.bytes());
  });

  test('continues elsewhere: open files, removed ones too, standard input, time, randomness, variables', async () => {
    const first = await createPlugin(bytes, optionsOf(new MemoryFiles()));
    await first.call('open');
    first.setVariable('v', 'value');
    first.setConfig('b', '2');
    assert.deepEqual(await step(first), expected.steps[0]);
    const taken = first.snapshot();
    const files = new MemoryFiles({ 'to-be-replaced': 'x' });
    const second = await restorePlugin(bytes, taken, optionsOf(files));
    assert.deepEqual(second.snapshot(), taken);
    assert.deepEqual(await step(second), expected.steps[1]);
    assert.deepEqual(await step(second), expected.steps[2]);
    assert.deepEqual(files.readFile('log'), expected.file);
    assert.deepEqual(files.paths(), ['log']);
    assert.equal(second.getVariable('v')?.text(), 'value');
    assert.equal(second.getConfig('b'), '2');
    // The first one is as it was.
    assert.deepEqual(await step(first), expected.steps[1]);
  });

  test('opens files of real directories again, where they are still there', async () => {
    const path = mkdtempSync(join(tmpdir(), 'quern-snapshot-'));
    try {
      const options = {
        ...optionsOf(new MemoryFiles()),
        wasi: { stdin: '0123' },
        allowedPaths: { '/': path },
      };
      const first = await createPlugin(bytes, options);
      await first.call('open');
      // One of its files has no name any more.
      const taken = first.snapshot();
      await assert.rejects(restorePlugin(bytes, taken, options), { code: 'snapshot.foreign' });
      assert.equal(readFileSync(join(path, 'log'), 'latin1'), 'ab');
      await first.close();
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });
});

describe('a call that is paused', () => {
  test('continues elsewhere, from any amount of fuel', async () => {
    const [output, fuel] = expected.steps[0]!;
    const random = new Random(8);
    for (let i = 0; i < 12; i++) {
      const first = await createPlugin(bytes, optionsOf(new MemoryFiles()));
      await first.call('open');
      const call = await first.startCall('step', 'input', { fuel: random.below(fuel) });
      assert.equal(await call.run(), 'paused');
      const files = new MemoryFiles();
      const second = await restorePlugin(bytes, first.snapshot(), optionsOf(files));
      const { activeCall } = second;
      assert.equal(activeCall!.status, 'paused');
      assert.equal(activeCall!.pause, 'fuel');
      assert.equal(activeCall!.fuelConsumed, call.fuelConsumed);
      assert.deepEqual(activeCall!.backtrace, call.backtrace);
      await assert.rejects(second.call('step'), { code: 'usage.state' });
      activeCall!.addFuel(1_000_000);
      assert.equal(await activeCall!.run(), 'done');
      assert.equal(activeCall!.output!.getBigUint64(0, true), output);
      assert.equal(activeCall!.fuelConsumed, fuel);
      assert.equal(second.activeCall, null);
      assert.deepEqual(await step(second), expected.steps[1]);
      await call.cancel();
    }
  });

  test('that has not begun keeps its input', async () => {
    const first = await createPlugin(bytes, optionsOf(new MemoryFiles()));
    await first.call('open');
    await first.startCall('step', 'input');
    const second = await restorePlugin(bytes, first.snapshot(), optionsOf(new MemoryFiles()));
    assert.equal(second.activeCall!.status, 'ready');
    assert.equal(await second.activeCall!.run(), 'done');
  });

  test('can be abandoned', async () => {
    const first = await createPlugin(bytes, optionsOf(new MemoryFiles()));
    await first.call('open');
    await (await first.startCall('step', '', { fuel: 100 })).run();
    const second = await restorePlugin(bytes, first.snapshot(), optionsOf(new MemoryFiles()));
    await second.activeCall!.cancel();
    assert.equal(second.isActive(), false);
    assert.equal(typeof (await step(second))[0], 'bigint');
  });
});

test('a file tree of the embedder that claims to be in memory, and is not, is opened again', async () => {
  const path = mkdtempSync(join(tmpdir(), 'quern-snapshot-'));
  try {
    const tree = {
      openRoot: nodeDirectory(path).openRoot,
      memory: { root: {}, openNode: () => null },
    };
    const options: PluginOptions = { wasi: { preopens: { '/': tree } } };
    const first = await createPlugin(bytes, options);
    const second = await restorePlugin(bytes, first.snapshot(), options);
    await second.call('open');
    assert.equal(readFileSync(join(path, 'log'), 'latin1'), 'ab');
    await first.close();
    await second.close();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});

describe('what is refused', () => {
  const taken = async (): Promise<Uint8Array> => {
    const plugin = await createPlugin(bytes, optionsOf(new MemoryFiles()));
    await plugin.call('open');
    return plugin.snapshot();
  };

  test('other options than it needs', async () => {
    const snapshot = await taken();
    const refused: readonly PluginOptions[] = [
      optionsOf(new MemoryFiles(), { deterministic: false }),
      optionsOf(new MemoryFiles(), { schedule: 'flat-1' }),
      { ...optionsOf(new MemoryFiles()), wasi: {} },
      { ...optionsOf(new MemoryFiles()), wasi: { preopens: { '/other': new MemoryFiles() } } },
      optionsOf(new MemoryFiles({}, { maxBytes: 600 })),
    ];
    for (const options of refused)
      await assert.rejects(restorePlugin(bytes, snapshot, options), { code: 'snapshot.foreign' });
  });

  test('a snapshot while a call runs', async () => {
    const plugin = await createPlugin(bytes, optionsOf(new MemoryFiles()));
    const running = plugin.call('open');
    assert.throws(() => plugin.snapshot(), { code: 'usage.state' });
    await running;
  });

  test('damaged snapshots, also those whose checksum was made right, with errors of their own', async () => {
    const seed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);
    const random = new Random(seed);
    const snapshot = await taken();
    for (let i = 0; i < 300; i++) {
      const damaged = flip(random, snapshot, 700);
      if (damaged.every((byte, at) => byte === snapshot[at])) continue;
      const options = optionsOf(new MemoryFiles());
      await assert.rejects(restorePlugin(bytes, damaged, options), (error) =>
        codeOf(error).startsWith('snapshot.'),
      );
      try {
        const plugin = await restorePlugin(bytes, reseal(damaged), options);
        await plugin.call('step', '', undefined, { fuel: 100_000 }).catch(codeOf);
        plugin.snapshot();
        await plugin.close();
      } catch (error) {
        assert.match(codeOf(error), /^snapshot\./, `FC_SEED=${seed}, ${i}: ${(error as Error).stack}`);
      }
    }
  });
});

describe('limits of the restoring code', () => {
  const spin = assemble({
    funcs: [{ code: [['loop', null], ['br', 0], 'end'] }, {}, { type: 1, code: [['i64.const', 5n]] }],
    types: [{}, { results: ['i64'] }],
    exports: [
      ['f', 'func', 0],
      ['g', 'func', 1],
      ['h', 'func', 2],
    ],
  });
  /** Of a call without limit, begun (and stopped after a while) or not. */
  const unlimited = async (hasBegun: boolean): Promise<Uint8Array> => {
    const plugin = await createPlugin(spin);
    const call = await plugin.startCall('f', '', { timeSliceMs: 1 });
    if (hasBegun) {
      const run = call.run();
      setTimeout(() => call.requestPause(), 10);
      assert.equal(await run, 'paused');
    }
    const taken = plugin.snapshot();
    await call.cancel();
    return taken;
  };

  for (const hasBegun of [true, false]) {
    test(`hold for a call ${hasBegun ? 'in the middle' : 'that has not begun'} whose snapshot has none`, async () => {
      const taken = await unlimited(hasBegun);
      for (const options of [{ fuel: 0 }, { fuel: 500 }, { activeCall: { fuel: 500 } }]) {
        const plugin = await restorePlugin(spin, taken, options);
        const call = plugin.activeCall!;
        const before = call.fuelConsumed;
        assert.equal(await call.run(), 'paused');
        assert.equal(call.pause, 'fuel');
        assert.ok(call.fuelConsumed <= Math.max(before, 500));
        call.addFuel(1000);
        assert.equal(await call.run(), 'paused');
        assert.ok(call.fuelConsumed <= Math.max(before, 500) + 1000);
        await call.cancel();
      }
      const plugin = await restorePlugin(spin, taken, { timeoutMs: 50 });
      await assert.rejects(plugin.activeCall!.run(), { code: 'interrupted.timeout' });
    });
  }

  test('a call is of the function that it is named after', async () => {
    const taken = await unlimited(true);
    // The name of the function is the last text of its section: one letter.
    for (const name of ['g', 'h', 'x']) {
      const forged = taken.slice();
      const at = forged.findLastIndex((byte, i) => byte === 0x66 && forged[i - 1] === 1);
      forged[at] = name.charCodeAt(0);
      await assert.rejects(restorePlugin(spin, reseal(forged)), { code: 'snapshot.corrupt' });
    }
  });
});
