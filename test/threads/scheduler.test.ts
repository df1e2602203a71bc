import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { createVirtualClock } from '../../src/host/platform/platform.ts';
import {
  compileModule,
  decodeModule,
  type FuncInstance,
  hostFunction,
  instantiate,
  invoke,
  type MemoryInstance,
  type ScheduledThread,
  Scheduler,
  type SchedulerOptions,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { Random } from '../generators/random.ts';
import type * as reference from '../reference/instances.ts';
import { instantiate as instantiateReference } from '../reference/instantiate.ts';
import { Machine } from '../reference/machine.ts';
import { ReferenceScheduler } from '../reference/scheduler.ts';
import { compileWat } from '../wat.ts';
import { features, makeInstance } from './instance.ts';
import { binaries, type Call, LITMUS, makeMemory, ROUND } from './programs.ts';

/** A memory, and the programs on it. */
const makeWorld = (): { memory: MemoryInstance; func: (name: string) => FuncInstance } => {
  const store = new Store();
  const memory = makeMemory(store);
  const { exports } = makeInstance(store, memory, binaries.programs);
  return { memory, func: (name) => exports.get(name) as FuncInstance };
};

interface Report {
  /** Results, or the code of the error, of each thread. */
  readonly ends: readonly unknown[];
  readonly fuel: readonly number[];
  readonly total: number;
  readonly memory: string;
}

const reportOf = (scheduler: Scheduler, memory: MemoryInstance): Report => ({
  ends: scheduler.threads.map(({ outcome, execution }) =>
    outcome === 'done' ? execution.results : isQuernError(execution.error) && execution.error.code,
  ),
  fuel: scheduler.threads.map(({ execution }) => execution.fuelConsumed),
  total: scheduler.fuelConsumed,
  memory: Buffer.from(memory.bytes).toString('base64'),
});

/** Runs calls as threads of a fresh memory. @param refill fuel added whenever it has run out */
const runThreads = (calls: readonly Call[], options: SchedulerOptions = {}, refill = 1): Report => {
  const { memory, func } = makeWorld();
  const scheduler = new Scheduler(options);
  for (const [name, ...args] of calls) scheduler.spawn(func(name), args);
  while (scheduler.run() === 'paused') {
    assert.equal(scheduler.pause, 'fuel');
    scheduler.addFuel(refill);
  }
  return reportOf(scheduler, memory);
};

/** The same calls on reference machines. */
const runReference = (calls: readonly Call[], slice: number): Report => {
  const memory = instantiateReference(decodeModule(binaries.memory), () => undefined).exports.get(
    'memory',
  ) as reference.MemoryInstance;
  const { exports } = instantiateReference(decodeModule(binaries.programs), () => memory);
  const scheduler = new ReferenceScheduler(slice);
  for (const [name, ...args] of calls) {
    const machine = new Machine(undefined, 0);
    machine.start(exports.get(name) as reference.FunctionInstance, args);
    scheduler.spawn(machine);
  }
  scheduler.run();
  return {
    ends: scheduler.threads.map(({ machine }) => machine.error?.code ?? machine.results),
    fuel: scheduler.threads.map(({ machine }) => machine.fuelConsumed),
    total: scheduler.fuelConsumed,
    memory: Buffer.from(memory.bytes).toString('base64'),
  };
};

const wordOf = (report: Report, address: number): number =>
  Buffer.from(report.memory, 'base64').readUInt32LE(address);

/** Programs that wait in many ways, and end. */
const mixes: Readonly<Record<string, readonly Call[]>> = {
  'spin lock': [
    ['spin', 5n],
    ['spin', 4n],
    ['spin', 3n],
  ],
  mutex: [
    ['mutex', 6n],
    ['mutex', 5n],
    ['mutex', 4n],
  ],
  'bounded queue': [
    ['consume', 9n],
    ['produce', 100n, 10n],
    ['produce', 200n, 6n],
    ['consume', 7n],
  ],
  'timeouts and wakers': [
    ['wait32', 144n, 0n, 300n],
    ['wait64', 136n, 0n, 200n],
    ['wait32', 144n, 1n, BigInt.asUintN(64, -1n)],
    ['queue', 7n],
    ['wake', 1n],
    ['wait32', 1n, 0n, 0n],
    ['grow', 2n],
    ['use_growth', 0x0102_0304n],
  ],
  'store buffering': [
    ['store_buffering', 0n, 6n],
    ['store_buffering', 1n, 6n],
  ],
};

describe('a wait pauses', () => {
  test('and a notify of another call lets it continue', () => {
    const { func } = makeWorld();
    const waiting = startExecution(func('wait32'), [128n, 0n, BigInt.asUintN(64, -1n)]);
    assert.equal(waiting.run(), 'paused');
    assert.equal(waiting.pause, 'wait');
    assert.deepEqual([waiting.waiter!.address, waiting.waiter!.timeout], [128, null]);
    assert.throws(() => waiting.run(), { code: 'usage.state' });
    assert.deepEqual(invoke(func('notify'), [132n, 5n]), [0n]);
    assert.deepEqual(invoke(func('notify'), [128n, 0n]), [0n]);
    assert.deepEqual(invoke(func('notify'), [128n, 5n]), [1n]);
    assert.deepEqual(invoke(func('notify'), [128n, 5n]), [0n]);
    assert.equal(waiting.run(), 'done');
    assert.deepEqual(waiting.results, [0n]);
  });

  test('at an address of 64 bits that a notify of 32 ends, too', () => {
    const { func } = makeWorld();
    const waiting = startExecution(func('wait64'), [128n, 0n, 5n]);
    assert.equal(waiting.run(), 'paused');
    assert.equal(waiting.waiter!.timeout, 5n);
    assert.deepEqual(invoke(func('notify'), [128n, 1n]), [1n]);
    assert.equal(waiting.run(), 'done');
    assert.deepEqual(waiting.results, [0n]);
  });

  test('the first to come are the first to go', () => {
    const { func } = makeWorld();
    const calls = [0, 1, 2, 3].map(() => startExecution(func('wait32'), [128n, 0n, 1000n]));
    for (const call of calls) call.run();
    calls[1]!.waiter!.timeOut();
    assert.deepEqual(invoke(func('notify'), [128n, 2n]), [2n]);
    assert.deepEqual(
      calls.map(({ waiter }) => waiter!.answer),
      [0, 2, 0, null],
    );
    assert.deepEqual(invoke(func('notify'), [128n, 0xffff_ffffn]), [1n]);
    for (const call of calls) assert.equal(call.run(), 'done');
    assert.deepEqual(
      calls.map(({ results }) => results[0]),
      [0n, 2n, 0n, 0n],
    );
  });

  test('with fuel that is exact, and refilled while it waits', () => {
    const { func } = makeWorld();
    const fuelOf = (fuel: number): number => {
      const call = startExecution(func('queue'), [1n], { fuel });
      for (let result = call.run(); result === 'paused'; result = call.run()) {
        if (call.pause === 'wait') {
          const before = call.fuelConsumed;
          assert.equal(call.takeFuel(), fuel - before);
          call.addFuel(fuel - before);
          invoke(func('notify'), [128n, 1n]);
          assert.equal(call.fuelConsumed, before);
        } else call.addFuel(100);
      }
      return call.fuelConsumed;
    };
    const cost = fuelOf(1000);
    for (let fuel = 24; fuel <= cost; fuel++) assert.equal(fuelOf(fuel), cost, `${fuel} units`);
  });

  test('and its backtrace stays its own while others run', () => {
    const { func } = makeWorld();
    const waiting = startExecution(func('consume'), [1n]);
    waiting.run();
    const { backtrace } = waiting;
    assert.equal(backtrace.length, 2);
    invoke(func('spin'), [3n]);
    assert.deepEqual(waiting.backtrace, backtrace);
  });
});

describe('scheduler', () => {
  for (const [name, calls] of Object.entries(mixes)) {
    test(`${name}: turns, fuel and memory equal the reference, for turns of every size`, () => {
      for (const slice of [1, 2, 3, 7, 16, 64, 10_000]) {
        assert.deepEqual(runThreads(calls, { slice }), runReference(calls, slice), `slice ${slice}`);
      }
    });

    test(`${name}: giving out fuel in pieces changes nothing`, () => {
      for (const slice of [1, 13, 500]) {
        const whole = runThreads(calls, { slice });
        for (const refill of [1, 7, 100]) {
          assert.deepEqual(runThreads(calls, { slice, fuel: 0 }, refill), whole, `${slice}, ${refill}`);
        }
        assert.deepEqual(runThreads(calls, { slice, fuel: whole.total }), whole);
      }
    });
  }

  test('a seed makes other interleavings, each reproducible', () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = new Random(seed);
    const calls = mixes['bounded queue']!;
    const totals = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const options = { slice: 1 + random.below(60), seed: random.below(2 ** 31) };
      const once = runThreads(calls, options);
      assert.deepEqual(runThreads(calls, options), once, `seed ${seed}`);
      assert.deepEqual(runThreads(calls, { ...options, fuel: 3 }, 9), once, `seed ${seed}`);
      totals.add(once.fuel.join());
      // Whatever the order: nothing is lost, nothing comes twice.
      assert.equal(wordOf(once, 32), 1045 + 1215, `seed ${seed}`);
    }
    assert.ok(totals.size > 10, `only ${totals.size} different runs, seed ${seed}`);
  });

  test('random threads on the same few words equal the reference', () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = new Random(seed);
    const address = (): bigint => BigInt(512 + 8 * random.below(3));
    const bits = (): bigint => BigInt(random.below(2)) * 0x8000_0001_0000_0001n;
    const narrow = (): bigint => BigInt(random.below(2)) * 0x8000_0001n;
    const makers: readonly (() => Call)[] = [
      () => ['exchange64', address(), bits(), bits()],
      () => ['exchange8', address() + BigInt(random.below(8)), narrow(), narrow()],
      () => ['or16', address() + 2n, bits()],
      () => ['xor32', address() + 4n, bits()],
      () => ['store64', address(), bits()],
      () => ['load64', address() + BigInt(random.below(2))],
      () => ['wait32', address(), narrow(), BigInt(random.below(300))],
      () => ['wait64', address(), 0n, BigInt(random.below(300))],
      () => ['notify', address(), BigInt(random.below(3))],
      () => ['count', BigInt(1 + random.below(3))],
      () => ['mutex', BigInt(1 + random.below(3))],
    ];
    for (let i = 0; i < 80; i++) {
      const calls = Array.from({ length: 2 + random.below(8) }, () => random.pick(makers)());
      const slice = 1 + random.below(30);
      const text = calls.map((call) => call.join(' ')).join(', ');
      assert.deepEqual(
        runThreads(calls, { slice }),
        runReference(calls, slice),
        `seed ${seed}, slice ${slice}: ${text}`,
      );
    }
  });

  test('locks exclude: no increment is lost in any interleaving', () => {
    for (const program of ['spin', 'mutex']) {
      for (let seed = 0; seed < 40; seed++) {
        const calls: Call[] = [5n, 7n, 11n].map((n) => [program, n]);
        assert.equal(wordOf(runThreads(calls, { slice: 40, seed }), 4), 23, `${program}, seed ${seed}`);
      }
    }
  });

  test('atomics have one order: in no interleaving do both threads miss the other', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const report = runThreads(mixes['store buffering']!, { slice: 25, seed });
      for (let round = 0; round < 6; round++) {
        const at = LITMUS + ROUND * round;
        seen.add(`${wordOf(report, at + 8)}${wordOf(report, at + 12)}`);
      }
    }
    assert.deepEqual([...seen].sort(), ['01', '10', '11']);
  });

  test('waiters wake in the order in which they came', () => {
    const calls: Call[] = [4n, 2n, 9n, 1n].map((me) => ['queue', me]);
    const report = runThreads([...calls, ['wake', 4n]], { slice: 50 });
    assert.deepEqual([...Buffer.from(report.memory, 'base64').subarray(256, 260)], [4, 2, 9, 1]);
  });

  test('a wait forever of all threads is an error that names them, and another thread can end it', () => {
    const { func } = makeWorld();
    const scheduler = new Scheduler();
    const thread = scheduler.spawn(func('consume'), [2n]);
    scheduler.spawn(func('wait32'), [128n, 0n, BigInt.asUintN(64, -1n)]);
    assert.throws(
      () => scheduler.run(),
      (error: unknown) => {
        assert.ok(isQuernError(error, 'trap.deadlock'));
        assert.match(error.message, /thread 0 at address 68, thread 1 at address 128/);
        assert.equal(error.details.backtrace!.length, 2);
        return true;
      },
    );
    scheduler.spawn(func('produce'), [20n, 2n]);
    scheduler.spawn(func('wake'), [1n]);
    assert.equal(scheduler.run(), 'done');
    assert.deepEqual(thread.execution.results, [41n]);
  });

  test('a trap ends its thread alone', () => {
    const report = runThreads([
      ['wait32', 2n, 0n, 0n],
      ['mutex', 3n],
    ]);
    assert.deepEqual(report.ends, ['trap.unaligned-atomic', []]);
  });

  test('an instruction may cost more than many turns', () => {
    const report = runThreads(
      [
        ['grow', 3n],
        ['spin', 2n],
      ],
      { slice: 10 },
    );
    assert.deepEqual(report.ends, [[1n], []]);
  });

  test('timeouts pass in fuel, and at once when all threads wait', () => {
    const ends = (calls: readonly Call[]): unknown[] =>
      runThreads(calls).ends.map((end) => (end as bigint[])[0]);
    const hour = 3_600_000_000_000n;
    assert.deepEqual(
      ends([
        ['wait32', 128n, 0n, hour],
        ['wait64', 128n, 0n, 2n * hour],
      ]),
      [2n, 2n],
    );
    // A thread that spins until the waiter is gone: virtual time continues with its fuel.
    const { func } = makeWorld();
    const scheduler = new Scheduler({ slice: 100, fuel: 100_000 });
    const waiter = scheduler.spawn(func('wait32'), [128n, 0n, 5_000n]);
    scheduler.spawn(func('wake'), [1n]);
    scheduler.spawn(func('wait32'), [136n, 0n, hour]);
    scheduler.run();
    assert.deepEqual(waiter.execution.results, [0n]);
    const late = new Scheduler({ slice: 100, fuel: 100_000 });
    const timed = late.spawn(func('wait32'), [128n, 0n, 5_000n]);
    invoke(func('set'), [0n, 1n]);
    late.spawn(func('spin'), [1n]);
    assert.equal(late.run(), 'paused');
    assert.deepEqual(timed.execution.results, [2n]);
    assert.equal(late.pause, 'fuel');
  });

  test('time is that of a clock where one is given', async () => {
    const { func } = makeWorld();
    const virtual = new Scheduler({ clock: createVirtualClock(0) });
    const first = virtual.spawn(func('wait32'), [128n, 0n, 10n ** 15n]);
    assert.equal(virtual.run(), 'done');
    assert.deepEqual(first.execution.results, [2n]);

    let now = 0n;
    const naps: bigint[] = [];
    const clock = {
      monotonic: () => now,
      sleep: (nanoseconds: bigint) => ({
        done: Promise.resolve().then(() => {
          naps.push(nanoseconds);
          now += nanoseconds;
        }),
      }),
    };
    const real = new Scheduler({ clock });
    const threads = [30n, 20n].map((timeout) => real.spawn(func('wait32'), [128n, 0n, timeout]));
    assert.equal(real.run(), 'paused');
    assert.equal(real.pause, 'wait');
    assert.equal(await real.runToEnd(), 'done');
    assert.deepEqual(naps, [20n, 10n]);
    assert.deepEqual(
      threads.map(({ execution }) => execution.results),
      [[2n], [2n]],
    );
  });

  test('threads spawn threads, and a promise of the host stops all', async () => {
    const bytes = compileWat({
      spawner: `(module
        (import "env" "memory" (memory 1 4 shared))
        (import "env" "spawn" (func $spawn (param i32)))
        (import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "main") (result i32) (local $i i32)
          (loop $next
            (call $spawn (local.get $i))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
          (block $all (loop $again
            (br_if $all (i32.eq (local.tee $i (i32.atomic.load (i32.const 0))) (i32.const 4)))
            (drop (memory.atomic.wait32 (i32.const 0) (local.get $i) (i64.const -1)))
            (br $again)))
          (i32.load (i32.const 4)))
        (func (export "thread") (param $me i32)
          (drop (i32.atomic.rmw.add (i32.const 4) (call $ask (local.get $me))))
          (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
          (drop (memory.atomic.notify (i32.const 0) (i32.const -1)))))`,
    }).spawner;
    const run = async (delays: readonly number[]): Promise<readonly unknown[]> => {
      const store = new Store();
      const memory = makeMemory(store);
      const scheduler = new Scheduler({ slice: 9 });
      const order: bigint[] = [];
      const { exports } = instantiate(store, compileModule(bytes, features), (_, name, desc) => {
        if (desc.kind !== 'func') return memory;
        const type = desc.type.comp as Parameters<typeof hostFunction>[0];
        return name === 'spawn'
          ? hostFunction(type, ([id]) => {
              scheduler.spawn(exports.get('thread') as FuncInstance, [id!]);
              return undefined;
            })
          : hostFunction(type, async ([id]) => {
              order.push(id as bigint);
              await new Promise((resolve) => setTimeout(resolve, delays[Number(id)]));
              return 10n ** (id as bigint);
            });
      });
      const main: ScheduledThread = scheduler.spawn(exports.get('main') as FuncInstance);
      assert.equal(await scheduler.runToEnd(), 'done');
      assert.equal(scheduler.threads.length, 5);
      return [main.execution.results, order, scheduler.fuelConsumed];
    };
    const expected = await run([0, 0, 0, 0]);
    assert.deepEqual(expected.slice(0, 2), [[1111n], [0n, 1n, 2n, 3n]]);
    assert.deepEqual(await run([9, 1, 5, 0]), expected);
  });

  test('onSlice is called within long turns, too, and pausing there changes nothing', () => {
    const run = (onSlice?: () => boolean): unknown[] => {
      const { func } = makeWorld();
      const scheduler = new Scheduler({ slice: 1_000_000, ...(onSlice === undefined ? {} : { onSlice }) });
      for (let i = 0; i < 2; i++) scheduler.spawn(func('spin'), [30_000n]);
      while (scheduler.run() === 'paused') assert.equal(scheduler.pause, 'slice');
      return [scheduler.fuelConsumed, ...scheduler.threads.map(({ execution }) => execution.fuelConsumed)];
    };
    const expected = run();
    let asked = 0;
    assert.deepEqual(
      run(() => ++asked > 0),
      expected,
    );
    const slices = (expected[0] as number) / 200_000;
    assert.ok(slices > 3 && asked >= slices, `${asked} times`);
  });

  test('what it is given is checked', () => {
    for (const options of [{ slice: 0 }, { slice: 1.5 }, { seed: -1 }, { fuel: Number.NaN }]) {
      assert.throws(() => new Scheduler(options), { code: 'usage.argument' });
    }
    const { func } = makeWorld();
    assert.throws(() => new Scheduler().spawn(func('spin')), { code: 'usage.argument' });
    const sliced = new Scheduler({ slice: 5, onSlice: () => true });
    sliced.spawn(func('spin'), [9n]);
    let turns = 0;
    for (; sliced.run() === 'paused'; turns++) assert.equal(sliced.pause, 'slice');
    assert.ok(turns > 9);
  });
});
