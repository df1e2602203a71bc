/**
 * Real threads: the same module in several workers on one SharedArrayBuffer. What is asserted is what the memory
 * model of Wasm promises, and nothing about time.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import {
  compileModule,
  type FuncInstance,
  I32,
  instantiate,
  invoke,
  MemoryInstance,
  openSharedMemory,
  Scheduler,
  type SharedMemoryHandle,
  Store,
  shareMemory,
  startExecution,
} from '../../src/wasm.ts';
import { root } from '../shared.ts';
import { type AgentReport, startAgent } from './agent.ts';
import { features, makeInstance } from './instance.ts';
import { binaries, type Call, LITMUS, makeMemory, ROUND } from './programs.ts';

const forEver = BigInt.asUintN(64, -1n);

interface World {
  readonly memory: MemoryInstance;
  readonly handle: SharedMemoryHandle;
  readonly func: (name: string) => FuncInstance;
  /** Runs each list of calls in a worker of its own. */
  readonly run: (...threads: (readonly Call[])[]) => Promise<readonly AgentReport[]>;
  readonly word: (address: number) => number;
}

const makeWorld = (canBlock = true): World => {
  const store = new Store({ sharing: 'workers' });
  const memory = makeMemory(store);
  const handle = shareMemory(memory);
  const { exports } = makeInstance(store, memory, binaries.programs);
  return {
    memory,
    handle,
    func: (name) => exports.get(name) as FuncInstance,
    run: async (...threads) => {
      // Without meeting first, one might be through before the next has started.
      const meet: Call = ['meet', BigInt(threads.length)];
      const task = { bytes: binaries.programs, handle, canBlock };
      const reports = await Promise.all(
        threads.map((calls) => startAgent({ ...task, calls: [meet, ...calls] })),
      );
      return reports.map((report) => report.slice(1));
    },
    word: (address) => memory.view.getUint32(address, true),
  };
};

for (const canBlock of [true, false]) {
  describe(canBlock ? 'workers that block' : 'workers that pause', () => {
    test('a lock that spins loses no increment', async () => {
      const { run, word } = makeWorld(canBlock);
      await run([['spin', 8000n]], [['spin', 9000n]]);
      assert.equal(word(4), 17_000);
    });

    test('a mutex that sleeps loses none either', async () => {
      const { run, word } = makeWorld(canBlock);
      await run([['mutex', 3000n]], [['mutex', 2000n]], [['mutex', 4000n]]);
      assert.equal(word(4), 9000);
      assert.equal(word(8), 0);
    });

    test('a bounded queue hands each value to one consumer', async () => {
      const { run, word } = makeWorld(canBlock);
      const [first, second] = await run(
        [['consume', 150n]],
        [['consume', 250n]],
        [['produce', 0n, 200n]],
        [['produce', 1000n, 200n]],
      );
      const sum = (199 * 200) / 2 + 200 * 1000 + (199 * 200) / 2;
      assert.equal(word(32), sum);
      assert.equal(Number((first![0] as bigint[])[0]) + Number((second![0] as bigint[])[0]), sum);
    });
  });
}

describe('litmus tests', () => {
  const rounds = 400;
  const results = ({ word }: World): (readonly [number, number])[] =>
    Array.from({ length: rounds }, (_, i) => {
      const at = LITMUS + ROUND * i;
      return [word(at + 8), word(at + 12)] as const;
    });
  const n = BigInt(rounds);

  test('store buffering: atomic stores are seen by one thread at least', async () => {
    const world = makeWorld();
    await world.run([['store_buffering', 0n, n]], [['store_buffering', 1n, n]]);
    for (const [first, second] of results(world)) assert.ok(first + second >= 1, `${first} ${second}`);
  });

  test('message passing: who sees the flag sees the data', async () => {
    const world = makeWorld();
    await world.run([['send', n]], [['receive', n]]);
    results(world).forEach(([flag, data], i) => {
      assert.ok(data === 1000 + i || (flag === 0 && data === 0), `${flag} ${data} in ${i}`);
    });
  });

  test('independent reads of independent writes: all threads see one order', async () => {
    const world = makeWorld();
    await world.run([['write', 0n, n]], [['write', 1n, n]], [['read', 0n, n]], [['read', 1n, n]]);
    // 2: the first write was seen without the second. Both readers cannot say so of different ones.
    for (const pair of results(world)) assert.notDeepEqual(pair, [2, 2]);
  });

  test('read-modify-writes of every width lose nothing and spill nothing', async () => {
    const { run, memory, func } = makeWorld();
    const counts = [30_000n, 20_000n, 10_000n];
    await run(...counts.map((count): Call[] => [['count', count]]));
    const { view } = memory;
    assert.equal(view.getUint8(512), 60_000 & 0xff);
    assert.equal(view.getUint8(513), 0);
    assert.equal(view.getUint16(514, true), 180_000 & 0xffff);
    assert.equal(view.getUint32(516, true), 2 ** 32 - 60_000);
    assert.equal(view.getBigUint64(520, true), 0x1_0000_0001n * 60_000n);
    assert.deepEqual(invoke(func('load64'), [520n]), [0x1_0000_0001n * 60_000n]);
  });
});

describe('atomic operations on a memory of workers', () => {
  test('have the results of one thread', () => {
    const both = (steps: readonly Call[]): void => {
      const own = new Store();
      const plain = makeInstance(own, makeMemory(own), binaries.programs).exports;
      const { func, memory } = makeWorld();
      assert.ok(memory.cells !== null);
      for (const [name, ...args] of steps) {
        assert.deepEqual(invoke(func(name), args), invoke(plain.get(name) as FuncInstance, args), name);
      }
    };
    const bits = 0xfedc_ba98_7654_3210n;
    both([
      ['store64', 8n, bits],
      ['load64', 8n],
      ['exchange64', 8n, 1n, 2n],
      ['load64', 8n],
      ['exchange64', 8n, bits, 0x8000_0000_0000_0000n],
      ['load64', 8n],
      ['exchange8', 15n, 0x1180n, 0xffn],
      ['exchange8', 15n, 0n, 1n],
      ['or16', 10n, 0xf_8001n],
      ['or16', 10n, 0n],
      ['load16', 10n],
      ['xor32', 8n, 0xffff_ffff_8000_0001n],
      ['load64', 8n],
      ['get', 12n],
      ['notify', 8n, 1n],
      ['count', 300n],
      ['load64', 512n],
      ['load64', 520n],
    ]);
  });

  test('trap as those of one thread do, alignment before bounds', async () => {
    const { run } = makeWorld();
    const calls: Call[] = [
      ['get', 2n],
      ['exchange64', 4n, 0n, 0n],
      ['load16', 65_535n],
      ['get', 65_536n],
      ['exchange8', 65_536n, 0n, 0n],
      ['wait64', 4n, 0n, 0n],
      ['wait32', 65_536n, 0n, 0n],
      ['notify', 65_538n, 0n],
    ];
    const unaligned = 'trap.unaligned-atomic';
    const outside = 'trap.memory-bounds';
    const expected = [unaligned, unaligned, unaligned, outside, outside, unaligned, outside, unaligned];
    assert.deepEqual(await run(calls), [expected]);
  });
});

describe('wait and notify between workers', () => {
  for (const canBlock of [true, false]) {
    test(`woken, not equal, timed out${canBlock ? '' : ', without blocking'}`, async () => {
      const { run } = makeWorld(canBlock);
      const waits: Call[] = [
        ['wait32', 128n, 5n, forEver],
        ['wait64', 128n, 1n << 32n, forEver],
        ['wait32', 136n, 0n, 1_000_000n],
        ['wait64', 136n, 0n, 0n],
        ['wait64', 128n, 0n, forEver],
        ['wait32', 128n, 0n, forEver],
      ];
      const [answers] = await run(waits, [['wake', 2n]]);
      assert.deepEqual(answers, [[1n], [1n], [2n], [2n], [0n], [0n]]);
    });
  }
});

/** What a script prints in a process of its own. */
const inOtherProcess = (preparation: string): string => {
  const script = `
    ${preparation}
    const { Store, Scheduler } = await import('quern/wasm');
    try { new Store({ sharing: 'workers' }); } catch (error) { console.log(error.name, error.code); }
    console.log(new Store().sharing, new Scheduler().run());`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
};

describe('memories of workers', () => {
  test('grow for all: other workers see the size and use the pages', async () => {
    const { run, memory, word } = makeWorld();
    const [sizes, grown] = await run([['use_growth', 0x0403_0201n]], [['grow', 2n]]);
    assert.deepEqual(grown, [[1n]]);
    assert.deepEqual(sizes, [[3n]]);
    assert.equal(memory.pageCount, 3);
    assert.equal(memory.bytes.length, 3 * 65_536);
    assert.equal(word(65_536), 0x0403_0201);
    assert.equal(word(65_536 + 8), 0x0707_0707);
    assert.equal(word(65_536 + 20), 0x0707_0707);
    assert.equal(memory.grow(2), -1);
    assert.equal(memory.grow(1), 3);
    assert.equal(memory.grow(1), -1);
  });

  test('grow to the maximum, no further, for every caller', async () => {
    const { run, memory } = makeWorld();
    const one: Call[] = [
      ['grow', 1n],
      ['grow', 1n],
    ];
    const olds = (await run(one, one, one)).flat().map(([old]) => BigInt.asIntN(32, old as bigint));
    assert.deepEqual(
      olds.sort((a, b) => Number(a - b)),
      [-1n, -1n, -1n, 1n, 2n, 3n],
    );
    assert.equal(memory.pageCount, 4);
  });

  test('reserve their maximum, which costs nothing before it is used', () => {
    const limits = { min: 1n, max: 32_767n, address: I32 };
    const before = process.memoryUsage().rss;
    const memory = new MemoryInstance(
      { limits, isShared: true, pageSizeLog2: 16 },
      new Store({ sharing: 'workers' }),
    );
    assert.equal(memory.view.byteLength, 32_767 * 65_536);
    assert.equal(memory.byteLength, 65_536);
    assert.ok(process.memoryUsage().rss - before < 2 ** 28);
  });

  test('keep to the budget of the store that grows them', () => {
    const store = new Store({ sharing: 'workers', maxMemoryPages: 2 });
    const memory = makeMemory(store);
    assert.equal(memory.grow(2), -1);
    assert.equal(memory.grow(1), 1);
    const other = new Store({ sharing: 'workers', maxMemoryPages: 1 });
    assert.throws(() => openSharedMemory(other, shareMemory(memory)), { code: 'limit.memory' });
  });

  test('are initialised by the module that has them, once grown too', () => {
    const store = new Store({ sharing: 'workers' });
    const memory = makeMemory(store);
    const other = openSharedMemory(store, shareMemory(memory));
    assert.equal(memory.grow(1), 1);
    assert.equal(other.byteLength, 65_536);
    makeInstance(store, other, binaries.programs);
    assert.equal(other.bytes.length, 131_072);
    other.bytes[70_000] = 5;
    assert.equal(memory.bytes[70_000], 5);
  });

  test('are refused with reasons where they cannot be', () => {
    assert.throws(() => shareMemory(makeMemory(new Store())), { code: 'usage.argument' });
    const { handle } = makeWorld();
    assert.throws(() => openSharedMemory(new Store(), handle), { code: 'usage.argument' });
    const store = new Store({ sharing: 'workers' });
    for (const bad of [
      {},
      { ...handle, buffer: new ArrayBuffer(65_536) },
      { ...handle, control: new SharedArrayBuffer(4) },
      { ...handle, buffer: new SharedArrayBuffer(8) },
      { ...handle, max: 4 },
    ]) {
      assert.throws(() => openSharedMemory(store, bad as SharedMemoryHandle), { code: 'usage.argument' });
    }
  });

  test('a host without SharedArrayBuffer says so, and can let threads take turns', () => {
    assert.equal(inOtherProcess(''), 'thread done\n');
    const refusal = 'UnsupportedError unsupported.agents\nthread done\n';
    assert.equal(inOtherProcess('delete globalThis.SharedArrayBuffer;'), refusal);
  });
});

describe('a thread that must not block', () => {
  test('pauses, and continues when another worker notifies', async () => {
    const { run, func } = makeWorld();
    const waiting = startExecution(func('wait32'), [128n, 0n, forEver]);
    assert.equal(waiting.run(), 'paused');
    assert.equal(waiting.pause, 'wait');
    assert.ok(waiting.waiter!.promise instanceof Promise);
    // Nobody but a notify ends it.
    waiting.waiter!.timeOut();
    assert.equal(waiting.waiter!.answer, null);
    assert.throws(() => waiting.run(), { code: 'usage.state' });
    const [woken] = await run([['notify', 128n, 3n]]);
    assert.deepEqual(woken, [[1n]]);
    await waiting.waiter!.promise;
    assert.equal(waiting.run(), 'done');
    assert.deepEqual(waiting.results, [0n]);
  });

  test('not even in a plain call', () => {
    const { func } = makeWorld();
    assert.throws(() => invoke(func('wait32'), [132n, 0n, forEver]), { code: 'usage.state' });
    assert.deepEqual(invoke(func('notify'), [132n, 9n]), [1n]);
  });

  test('runs threads that take turns beside workers', async () => {
    const { run, func, word } = makeWorld();
    const scheduler = new Scheduler({ slice: 100 });
    scheduler.spawn(func('consume'), [30n]);
    scheduler.spawn(func('consume'), [30n]);
    // A pending waitAsync does not keep the event loop alive; the worker does.
    await Promise.all([scheduler.runToEnd(), run([['produce', 0n, 60n]])]);
    assert.equal(word(32), (59 * 60) / 2);
  });
});

test('unshared memories of such a store are as everywhere', () => {
  const store = new Store({ sharing: 'workers' });
  const limits = { min: 1n, max: null, address: I32 };
  const memory = new MemoryInstance({ limits, isShared: false, pageSizeLog2: 16 }, store);
  assert.equal(memory.cells, null);
  assert.ok(memory.view.buffer instanceof ArrayBuffer);
  assert.equal(
    instantiate(store, compileModule(binaries.memory, features), () => undefined).memories[0]!.cells !== null,
    true,
  );
});
