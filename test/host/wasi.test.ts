/** WASI preview 1 without files (those are in test/wasi): what programs see, what is refused and with which errno, exit and determinism. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSeededRandom, createVirtualClock } from '../../src/host/platform/platform.ts';
import { type WasiFunctionName, wasiAbi } from '../../src/host/wasi/abi.ts';
import { createPlugin, ExitError, type Plugin, type PluginOptions } from '../../src/node.ts';
import { I64 } from '../../src/wasm.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

const names = Object.keys(wasiAbi) as WasiFunctionName[];
const typeText = (name: WasiFunctionName): string => {
  const params = wasiAbi[name].params.map((type) => (type === I64 ? 'i64' : 'i32')).join(' ');
  return `(param ${params}) ${wasiAbi[name].results.length > 0 ? '(result i32)' : ''}`;
};

/**
 * A plug-in that passes its input on: the first 80 bytes are ten operands (u64 each), put into a call of the
 * function that is named by the export; the rest is copied to address 1024. The output is the result and memory.
 */
const callAny = (name: WasiFunctionName): string => {
  const operands = wasiAbi[name].params.map(
    (type, i) => `(${type === I64 ? 'i64' : 'i32'}.load (i32.const ${8 * i}))`,
  );
  const call = `(call $${name} ${operands.join(' ')})`;
  return `(func (export "${name}") (call $take) (call $give ${wasiAbi[name].results.length > 0 ? call : `${call} (i32.const 0)`}))`;
};

const {
  wasi: bytes,
  command,
  noMemory,
} = compileWat({
  wasi: `(module ${kernelImports}
    (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
    ${names.map((name) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${typeText(name)}))`).join('\n')}
    (memory (export "memory") 1)
    (func $take (local $i i32)
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
      (block $done (loop $next
        (br_if $done (i64.ge_u (i64.extend_i32_u (local.get $i)) (call $input_length)))
        (i32.store8 (select (local.get $i) (i32.add (local.get $i) (i32.const 944)) (i32.lt_u (local.get $i) (i32.const 80)))
          (call $input_load_u8 (i64.extend_i32_u (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next))))
    (func $give (param $result i32) (local $at i64) (local $i i32)
      (local.set $at (call $alloc (i64.const 4100)))
      (call $store_u64 (local.get $at) (i64.extend_i32_u (local.get $result)))
      (loop $next
        (call $store_u64 (i64.add (i64.add (local.get $at) (i64.const 4)) (i64.extend_i32_u (local.get $i)))
          (i64.load (local.get $i)))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 4096))))
      (call $output_set (local.get $at) (i64.const 4100)))
    ${names.map(callAny).join('\n')})`,
  command: `(module ${kernelImports} (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32))) ${outputI64}
    (memory (export "memory") 1) (global $runs (mut i64) (i64.const 0))
    (func (export "_start") (global.set $runs (i64.add (global.get $runs) (i64.const 1))) (call $output_i64 (global.get $runs))
      (call $proc_exit (i32.wrap_i64 (call $input_length))))
    (func (export "runs") (call $output_i64 (global.get $runs))))`,
  noMemory: `(module (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (func (export "run") (result i32) (call $random_get (i32.const 0) (i32.const 1))))`,
});

interface Answer {
  readonly errno: number;
  readonly memory: DataView;
  readonly bytes: Uint8Array;
}
type Operand = number | bigint;

const create = (options: PluginOptions = {}): Promise<Plugin> =>
  createPlugin({ wasm: [{ data: bytes }] }, { useWasi: true, ...options });
const call = async (
  plugin: Plugin,
  name: WasiFunctionName,
  operands: readonly Operand[],
  data: Uint8Array = new Uint8Array(0),
): Promise<Answer> => {
  const input = new Uint8Array(80 + data.length);
  const view = new DataView(input.buffer);
  operands.forEach((operand, i) => {
    view.setBigUint64(8 * i, BigInt.asUintN(64, BigInt(operand)), true);
  });
  input.set(data, 80);
  const output = await plugin.call(name, input);
  assert.ok(output !== null);
  const memory = output.bytes().subarray(4);
  return { errno: output.getUint32(0, true), memory: new DataView(memory.buffer, 4), bytes: memory };
};
const u32s = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const text = (answer: Answer, from: number, length: number): string =>
  Buffer.from(answer.bytes.subarray(from, from + length)).toString();

describe('arguments and environment', () => {
  test('are what the options say', async () => {
    const plugin = await create({ wasi: { args: ['prog', 'caf\u00e9'], env: { A: '1', B: '' } } });
    const sizes = await call(plugin, 'args_sizes_get', [512, 516]);
    assert.deepEqual([sizes.memory.getUint32(512, true), sizes.memory.getUint32(516, true)], [2, 11]);
    const args = await call(plugin, 'args_get', [512, 600]);
    assert.equal(args.memory.getUint32(516, true), 605);
    assert.equal(text(args, 600, 11), 'prog\0caf\u00e9\0');
    const environ = await call(plugin, 'environ_get', [512, 600]);
    assert.equal(text(environ, 600, 7), 'A=1\0B=\0');
  });
  test('are empty by default, and cannot hold zero characters', async () => {
    const sizes = await call(await create(), 'environ_sizes_get', [512, 516]);
    assert.deepEqual(
      [sizes.errno, sizes.memory.getUint32(512, true), sizes.memory.getUint32(516, true)],
      [0, 0, 0],
    );
    await assert.rejects(create({ wasi: { args: ['a\0b'] } }), { name: 'UsageError' });
  });
});

describe('standard streams', () => {
  test('output goes to the callbacks, input comes from the option', async () => {
    const chunks: string[] = [];
    const note = (name: string) => (chunk: Uint8Array) => void chunks.push(`${name}:${Buffer.from(chunk)}`);
    const plugin = await create({ wasi: { stdin: 'input', stdout: note('out'), stderr: note('err') } });
    const data = Buffer.concat([u32s(1040, 3, 0, 0), Buffer.from('abcdef')]);
    assert.equal((await call(plugin, 'fd_write', [1, 1024, 2, 512], data)).memory.getUint32(512, true), 3);
    await call(plugin, 'fd_write', [2, 1024, 1, 512], data);
    assert.deepEqual(chunks, ['out:abc', 'err:abc']);
    const read = async (): Promise<[number, string]> => {
      const answer = await call(plugin, 'fd_read', [0, 1024, 2, 512], u32s(1200, 2, 1300, 2));
      return [answer.memory.getUint32(512, true), text(answer, 1200, 2) + text(answer, 1300, 2)];
    };
    assert.deepEqual(await read(), [4, 'inpu']);
    assert.deepEqual(await read(), [1, 't\0\0\0']);
    assert.deepEqual(await read(), [0, '\0\0\0\0']);
  });
  test('the wrong direction, closed and unknown descriptors are badf', async () => {
    const plugin = await create();
    assert.equal((await call(plugin, 'fd_write', [0, 1024, 0, 512])).errno, 8);
    assert.equal((await call(plugin, 'fd_read', [1, 1024, 0, 512])).errno, 8);
    assert.equal((await call(plugin, 'fd_write', [3, 1024, 0, 512])).errno, 8);
    assert.equal((await call(plugin, 'fd_close', [1])).errno, 0);
    assert.equal((await call(plugin, 'fd_close', [1])).errno, 8);
    assert.equal((await call(plugin, 'fd_write', [1, 1024, 0, 512])).errno, 8);
    assert.equal((await call(plugin, 'fd_renumber', [2, 1])).errno, 8);
    assert.equal((await call(plugin, 'fd_renumber', [2, 0])).errno, 0);
    assert.equal((await call(plugin, 'fd_write', [0, 1024, 0, 512])).errno, 0);
  });
  test('are character devices with flags and rights', async () => {
    const plugin = await create();
    const stat = await call(plugin, 'fd_fdstat_get', [1, 512]);
    assert.deepEqual([stat.errno, stat.memory.getUint8(512), stat.memory.getUint16(514, true)], [0, 2, 0]);
    const rights = stat.memory.getBigUint64(520, true);
    assert.equal(rights & (1n << 6n), 1n << 6n);
    assert.equal((await call(plugin, 'fd_fdstat_set_flags', [1, 4])).errno, 0);
    assert.equal((await call(plugin, 'fd_fdstat_set_flags', [1, 32])).errno, 28);
    assert.equal((await call(plugin, 'fd_fdstat_get', [1, 512])).memory.getUint16(514, true), 4);
    assert.equal((await call(plugin, 'fd_fdstat_set_rights', [1, rights | 1n, 0])).errno, 76);
    assert.equal((await call(plugin, 'fd_filestat_get', [1, 512])).memory.getUint8(528), 2);
    assert.equal((await call(plugin, 'fd_fdstat_set_rights', [1, 0, 0])).errno, 0);
    assert.equal((await call(plugin, 'fd_filestat_get', [1, 512])).errno, 76);
  });
});

describe('functions without files', () => {
  const onStreams: Partial<Record<WasiFunctionName, number>> = {
    fd_seek: 70,
    fd_tell: 70,
    fd_pread: 70,
    fd_prestat_get: 8,
    fd_readdir: 54,
    fd_sync: 28,
    path_open: 54,
    path_filestat_get: 54,
    sock_accept: 57,
  };
  for (const [name, errno] of Object.entries(onStreams) as [WasiFunctionName, number][]) {
    test(`${name}: ${errno} on a stream, badf elsewhere`, async () => {
      const plugin = await create();
      assert.equal((await call(plugin, name, [1])).errno, errno);
      assert.equal((await call(plugin, name, [3])).errno, 8);
    });
  }
  test('path_symlink looks at its third parameter', async () => {
    const plugin = await create();
    assert.equal((await call(plugin, 'path_symlink', [9, 9, 1])).errno, 54);
    assert.equal((await call(plugin, 'path_symlink', [1, 1, 9])).errno, 8);
  });
  test('signals are not supported, yielding is', async () => {
    const plugin = await create();
    assert.equal((await call(plugin, 'proc_raise', [6])).errno, 52);
    assert.equal((await call(plugin, 'sched_yield', [])).errno, 0);
  });
});

describe('hostile operands', () => {
  test('wild addresses and counts give an errno from every function, never an error', async () => {
    const plugin = await create({ deterministic: true, wasi: { args: ['a'], env: { a: 'b' }, stdin: 'x' } });
    const wild: readonly Operand[] = [0xffff_ffff, 65_535, 0xffff_fff8, 0x8000_0000];
    for (const name of names) {
      if (name === 'proc_exit') continue;
      for (const value of wild) {
        for (const first of [0, 1, value]) {
          const operands = wasiAbi[name].params.map((_, i) => (i === 0 ? first : value));
          const { errno } = await call(plugin, name, operands);
          assert.ok(errno < 77, `${name}(${operands.join()}) gave ${errno}`);
        }
      }
    }
  });
  test('addresses outside are fault, absurd counts inval', async () => {
    const plugin = await create();
    assert.equal((await call(plugin, 'random_get', [65_530, 7])).errno, 21);
    assert.equal((await call(plugin, 'random_get', [0, 0x7fff_ffff])).errno, 28);
    assert.equal((await call(plugin, 'clock_time_get', [0, 0, 65_529])).errno, 21);
    assert.equal((await call(plugin, 'clock_time_get', [9, 0, 512])).errno, 28);
    assert.equal((await call(plugin, 'fd_write', [1, 1024, 1025, 512])).errno, 28);
    assert.equal((await call(plugin, 'fd_write', [1, 1024, 1, 512], u32s(65_000, 1000))).errno, 21);
    assert.equal((await call(plugin, 'poll_oneoff', [0, 0, 0, 0])).errno, 28);
    assert.equal((await call(plugin, 'poll_oneoff', [0, 0, 1_000_000, 0])).errno, 28);
  });
  test('a module without a memory faults', async () => {
    const plugin = await createPlugin({ wasm: [{ data: noMemory }] }, { useWasi: true });
    await assert.rejects(plugin.call('run'), { code: 'plugin.return-code', message: /21/ });
  });
});

describe('time and randomness', () => {
  const time = async (plugin: Plugin, id: number): Promise<bigint> =>
    (await call(plugin, 'clock_time_get', [id, 0, 512])).memory.getBigUint64(512, true);

  test('are real by default', async () => {
    const plugin = await create();
    const now = BigInt(Date.now()) * 1_000_000n;
    assert.ok((await time(plugin, 0)) - now < 5_000_000_000n);
    const [a, b] = [await time(plugin, 1), await time(plugin, 1)];
    assert.ok(b > a);
    const random = (await call(plugin, 'random_get', [512, 32])).bytes.slice(512, 544);
    assert.ok(new Set(random).size > 8);
    assert.ok((await call(plugin, 'clock_res_get', [0, 512])).memory.getBigUint64(512, true) > 0n);
  });
  test('are the same everywhere with the deterministic option', async () => {
    const epoch = new Date('2021-02-03T04:05:06Z');
    const transcript = async (seed: number | bigint): Promise<string> => {
      const plugin = await create({ deterministic: { seed, epoch } });
      const random = (await call(plugin, 'random_get', [512, 20])).bytes.slice(512, 532);
      return [
        await time(plugin, 0),
        await time(plugin, 1),
        await time(plugin, 0),
        Buffer.from(random).toString('hex'),
      ].join();
    };
    const start = BigInt(epoch.getTime()) * 1_000_000n;
    const first = await transcript(7);
    assert.ok(first.startsWith(`${start},1000000,${start + 2_000_000n},`), first);
    assert.equal(await transcript(7), first);
    assert.equal(await transcript(7n), first);
    assert.notEqual(await transcript(8), first);
    assert.notEqual(await transcript(7n + (1n << 40n)), first);
    await assert.rejects(create({ deterministic: { seed: 0.5 } }), { name: 'UsageError' });
    await assert.rejects(create({ deterministic: { epoch: Number.NaN } }), { name: 'UsageError' });
  });
  test('the virtual sources have fixed values', () => {
    const bytes8 = new Uint8Array(8);
    createSeededRandom(0).fill(bytes8);
    assert.equal(Buffer.from(bytes8).toString('hex'), '58dc08e3e4d09243');
    const clock = createVirtualClock(0);
    assert.deepEqual([clock.realtime(), clock.monotonic(), clock.realtime()], [0n, 1_000_000n, 2_000_000n]);
  });

  /** One clock subscription of `nanoseconds`, user data 5. */
  const subscription = (nanoseconds: bigint, isAbsolute = false): Uint8Array => {
    const view = new DataView(new ArrayBuffer(48));
    view.setBigUint64(0, 5n, true);
    view.setUint32(16, 1, true);
    view.setBigUint64(24, nanoseconds, true);
    view.setUint16(40, isAbsolute ? 1 : 0, true);
    return new Uint8Array(view.buffer);
  };
  test('sleeping pauses the call in real time, and takes none in virtual time', async () => {
    const real = await create();
    const began = Date.now();
    const pending = call(real, 'poll_oneoff', [1024, 2048, 1, 512], subscription(100_000_000n));
    let isFree = false;
    setTimeout(() => {
      isFree = true;
    }, 1);
    const answer = await pending;
    assert.ok(isFree && Date.now() - began >= 99);
    assert.equal(answer.memory.getUint32(512, true), 1);
    assert.equal(answer.memory.getBigUint64(2048, true), 5n);
    const virtual = await create({ deterministic: true });
    await call(virtual, 'poll_oneoff', [1024, 2048, 1, 512], subscription(3_600_000_000_000n));
    assert.equal(await time(virtual, 1), 3_600_000_000_000n);
    await call(virtual, 'poll_oneoff', [1024, 2048, 1, 512], subscription(4_000_000_000_000n, true));
    // Reading the clock to find out how long to wait took a millisecond.
    assert.equal(await time(virtual, 1), 4_000_001_000_000n);
  });
  test('a sleep that is cut off leaves no timer behind', async () => {
    // Others than ours are not counted: the runner of the tests has some.
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const plugin = await create({ timeoutMs: 100 });
    const before = timers();
    const hour = subscription(3_600_000_000_000n);
    await assert.rejects(call(plugin, 'poll_oneoff', [1024, 2048, 1, 512], hour), {
      code: 'interrupted.timeout',
    });
    assert.equal(timers(), before);
    const controller = new AbortController();
    const input = new Uint8Array(80 + hour.length);
    [1024, 2048, 1, 512].forEach((operand, i) => {
      new DataView(input.buffer).setUint32(8 * i, operand, true);
    });
    input.set(hour, 80);
    const cancelled = plugin.call('poll_oneoff', input, undefined, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await assert.rejects(cancelled, { code: 'interrupted.cancelled' });
    assert.equal(timers(), before);
  });
  test('streams are ready at once', async () => {
    const plugin = await create({ wasi: { stdin: 'abc' } });
    const onInput = subscription(0n);
    onInput[8] = 1;
    onInput[16] = 0;
    const onUnknown = onInput.slice();
    onUnknown[16] = 9;
    const data = Buffer.concat([subscription(60_000_000_000n), onInput, onUnknown]);
    const { memory } = await call(plugin, 'poll_oneoff', [1024, 2048, 3, 512], data);
    assert.equal(memory.getUint32(512, true), 2);
    assert.deepEqual(
      [memory.getUint16(2056, true), memory.getUint8(2058), memory.getBigUint64(2064, true)],
      [0, 1, 3n],
    );
    assert.equal(memory.getUint16(2088, true), 8);
  });
});

describe('programs', () => {
  test('exit 0 is a success with its output; another code is an ExitError', async () => {
    const plugin = await createPlugin({ wasm: [{ data: command }] }, { useWasi: true });
    assert.equal((await plugin.call('_start'))?.getBigUint64(0, true), 1n);
    const error = await plugin.call('_start', 'xyz').catch((reason: unknown) => reason);
    assert.ok(error instanceof ExitError && error.details.exitCode === 3, String(error));
  });
  test('each run of _start has a fresh instance; other calls share one', async () => {
    const plugin = await createPlugin({ wasm: [{ data: command }] }, { useWasi: true });
    for (let i = 0; i < 3; i++) assert.equal((await plugin.call('_start'))?.getBigUint64(0, true), 1n);
    assert.equal((await plugin.call('runs'))?.getBigUint64(0, true), 0n);
  });
});
