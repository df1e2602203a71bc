/**
 * Calls that stop and continue: many at once, one inside another, beside calls that trapped; and what they held is let
 * go when they have ended.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TrapError } from '../../src/errors.ts';
import {
  compileModule,
  type Execution,
  type FuncInstance,
  type FuncType,
  type HostResult,
  hostFunction,
  instantiate,
  type ModuleInstance,
  type RawValue,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { EngineWorld, runOnEngine } from '../differential/engine.ts';
import type { Step } from '../differential/report.ts';
import { countReachable } from '../garbage.ts';
import { Random } from '../generators/random.ts';
import { generateWorld } from '../generators/world.ts';

const i32 = (value: number): Instruction => ['i32.const', value];
const get = (index: number): Instruction => ['local.get', index];

/**
 * `fib`; `keep`, which carries a reference over calls in a local, in an operand and in a parameter; `count`, a loop;
 * `ask`, which adds what the host answers to a sum; `spin` without end; `fail`, which stores and traps.
 */
const bytes = assemble({
  types: [
    { params: ['i32'], results: ['i32'] },
    { params: ['externref', 'i32'], results: ['externref'] },
    {},
  ],
  imports: [['env', 'ask', [0, 0]]],
  memories: [{ min: 1 }],
  funcs: [
    {
      code: [
        ...[
          get(0),
          i32(2),
          'i32.lt_s',
          ['if', 'i32'],
          get(0),
          'else',
          get(0),
          i32(1),
          'i32.sub',
          ['call', 1],
        ],
        ...[get(0), i32(2), 'i32.sub', ['call', 1], 'i32.add', 'end'],
      ] as Instruction[],
    },
    {
      type: 1,
      locals: [[1, 'externref']],
      code: [
        ...[get(0), ['local.set', 2], get(2), get(1), ['call', 1], 'drop', get(0), get(1), i32(1), 'i32.and'],
        ...[['select t', ['externref']], get(1), 'i32.eqz', ['if', null], get(2), 'return', 'end'],
        ...[get(1), i32(1), 'i32.sub', ['call', 2]],
      ] as Instruction[],
    },
    {
      locals: [[1, 'i32']],
      code: [
        ['loop', null],
        get(1),
        get(0),
        'i32.add',
        ['local.set', 1],
        get(0),
        i32(1),
        'i32.sub',
        ['local.tee', 0],
        ['br_if', 0],
        'end',
        get(1),
      ],
    },
    { code: [get(0), get(0), ['call', 0], 'i32.add', get(0), i32(1), 'i32.add', ['call', 0], 'i32.add'] },
    { type: 2, code: [['loop', null], ['br', 0], 'end'] },
    { code: [i32(0), get(0), ['i32.store', {}], get(0), ['call', 1], i32(0), 'i32.div_s'] },
  ],
  exports: ['fib', 'keep', 'count', 'ask', 'spin', 'fail'].map((name, i) => [name, 'func', i + 1] as const),
});

type Ask = (args: RawValue[]) => HostResult | Promise<HostResult>;
const noAnswer: Ask = () => 0n;

const makeInstance = (ask: Ask = noAnswer): ModuleInstance =>
  instantiate(new Store(), compileModule(bytes), (_module, _name, desc) =>
    desc.kind === 'func' ? hostFunction(desc.type.comp as FuncType, (args) => ask(args)) : undefined,
  );
const funcOf = (instance: ModuleInstance, name: string): FuncInstance =>
  instance.exports.get(name) as FuncInstance;
const start = (instance: ModuleInstance, name: string, args: readonly RawValue[], fuel?: number): Execution =>
  startExecution(funcOf(instance, name), args, fuel === undefined ? {} : { fuel });

/** Gives a call fuel, a little at a time, until it has ended. */
const finish = (call: Execution, step = 7): Execution => {
  while (call.run() === 'paused') call.addFuel(step);
  return call;
};

const fib = (n: number): bigint => (n < 2 ? BigInt(n) : fib(n - 1) + fib(n - 2));

describe('many calls at once', () => {
  test('each has its own stacks, in any order', () => {
    const instances = [makeInstance(), makeInstance()];
    const random = new Random(1);
    const calls = Array.from({ length: 30 }, (_, i) => {
      const instance = random.pick(instances);
      if (i % 2 === 0) return { call: start(instance, 'fib', [BigInt(i % 9)], 0), expected: fib(i % 9) };
      const reference = { i };
      return { call: start(instance, 'keep', [reference, BigInt(i % 5)], 0), expected: reference };
    });
    const open = new Set(calls);
    while (open.size > 0) {
      const entry = random.pick([...open]);
      entry.call.addFuel(random.below(30));
      if (entry.call.run() !== 'paused') open.delete(entry);
    }
    for (const { call, expected } of calls) {
      assert.equal(call.error, undefined);
      assert.deepEqual(call.results, [expected]);
    }
  });

  test('random programs side by side do what they do alone', () => {
    const firstSeed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);
    const random = new Random(firstSeed);
    const worlds = Array.from({ length: 40 }, (_, i) => generateWorld(firstSeed + i));
    const alone = worlds.map((world) => runOnEngine(world, {}, {}));
    const running = worlds.map((world) => ({
      world,
      engine: new EngineWorld(world, {}),
      steps: [] as Step[],
      call: null as Execution | null,
    }));
    const open = new Set(running);
    while (open.size > 0) {
      const item = random.pick([...open]);
      const { world, engine, steps } = item;
      const entry = world.entries[steps.length];
      if (entry === undefined) {
        open.delete(item);
        continue;
      }
      item.call ??= engine.start(entry.module, entry.name, { fuel: 0, careful: random.chance(20) });
      item.call.addFuel(random.below(400));
      const status = item.call.run();
      if (status === 'paused') continue;
      steps.push({ outcome: engine.outcome(entry.name, item.call, status), fuel: item.call.fuelConsumed });
      item.call = null;
    }
    running.forEach(({ engine, steps }, i) => {
      assert.deepEqual(
        [...steps, { outcome: engine.tables, fuel: 0 }],
        alone[i],
        `FC_SEED=${firstSeed}, program ${i}`,
      );
    });
  });
});

describe('calls inside calls', () => {
  test('a host function calls back, and the outer call finds its stacks as they were', () => {
    // The host answers n with ask(n + 1), as far as 5.
    const answers = new Map<bigint, bigint>();
    const instance: ModuleInstance = makeInstance(([n]) => {
      const depth = n as bigint;
      if (depth >= 5n) return 1n;
      const known = answers.get(depth);
      if (known !== undefined) return known;
      const result = finish(start(instance, 'ask', [depth + 1n], 3)).results[0] as bigint;
      answers.set(depth, result);
      return result;
    });
    const ask = (n: bigint): bigint => n + host(n) + host(n + 1n);
    const host = (n: bigint): bigint => (n >= 5n ? 1n : ask(n + 1n));
    assert.deepEqual(finish(start(instance, 'ask', [0n], 0)).results, [ask(0n)]);
  });

  test('a call begun inside another continues after it, and during its next visit to the host', () => {
    let inner: Execution | null = null;
    const visits: string[] = [];
    const instance: ModuleInstance = makeInstance(() => {
      inner ??= start(instance, 'fib', [8n], 40);
      visits.push(inner.run());
      inner.addFuel(50);
      return 5n;
    });
    const outer = finish(start(instance, 'ask', [1n], 0), 1);
    assert.deepEqual(outer.results, [11n]);
    assert.deepEqual(visits, ['paused', 'paused']);
    assert.deepEqual(finish(inner!).results, [fib(8)]);
  });

  test('an inner trap is the host function’s to handle', () => {
    const instance: ModuleInstance = makeInstance(() => {
      const call = start(instance, 'fail', [6n]);
      assert.equal(call.run(), 'trap');
      return 2n;
    });
    assert.deepEqual(finish(start(instance, 'ask', [3n], 0)).results, [7n]);
  });

  test('endless nesting ends with an error, not with the JavaScript stack', () => {
    let error: unknown = null as unknown;
    const instance: ModuleInstance = makeInstance(() => {
      // Every level asks twice: once the end was seen, no more.
      if (error !== null) return 0n;
      const call = start(instance, 'ask', [1n]);
      if (call.run() === 'trap') error = call.error;
      return 0n;
    });
    assert.equal(start(instance, 'ask', [1n]).run(), 'done');
    assert.equal((error as { code?: string } | null)?.code, 'exhaustion.call-stack');
  });

  test('a running call cannot be run again', () => {
    let call: Execution | null = null;
    const instance = makeInstance(() => {
      assert.throws(() => call!.run(), { code: 'usage.state' });
      return 1n;
    });
    call = start(instance, 'ask', [1n]);
    assert.equal(call.run(), 'done');
  });
});

describe('what makes a call pause', () => {
  test('a promise of the host: other calls run in the meantime', async () => {
    let resolve = (_value: bigint): void => {};
    const instance = makeInstance(() => new Promise<bigint>((done) => (resolve = done)));
    const call = start(instance, 'ask', [10n]);
    const other = start(instance, 'fib', [9n], 0);
    let sum = 10n;
    for (const answer of [100n, 1000n]) {
      assert.equal(call.run(), 'paused');
      assert.equal(call.pause, 'host');
      other.addFuel(60);
      assert.equal(other.run(), 'paused');
      resolve(answer);
      call.resolveHost(await call.hostPromise!);
      sum += answer;
    }
    assert.equal(call.run(), 'done');
    assert.deepEqual(call.results, [sum]);
    assert.deepEqual(finish(other).results, [fib(9)]);
  });

  test('the end of a slice', () => {
    let slices = 0;
    const call = startExecution(funcOf(makeInstance(), 'spin'), [], { onSlice: () => ++slices % 2 === 0 });
    for (let pauses = 1; pauses <= 3; pauses++) {
      assert.equal(call.run(), 'paused');
      assert.equal(call.pause, 'slice');
      assert.equal(slices, 2 * pauses);
    }
    assert.ok(call.fuelConsumed > 0);
  });

  test('fuel, of which later calls know nothing', () => {
    const instance = makeInstance();
    const call = start(instance, 'count', [1000n], 500);
    assert.equal(call.run(), 'paused');
    assert.deepEqual(start(instance, 'count', [3n]).run(), 'done');
    call.addFuel(1_000_000);
    assert.equal(call.run(), 'done');
    assert.deepEqual(call.results, [500_500n]);
  });
});

describe('after a trap', () => {
  test('memory keeps what was stored, and the instance continues', () => {
    const instance = makeInstance();
    const paused = start(instance, 'fib', [10n], 100);
    assert.equal(paused.run(), 'paused');
    const call = start(instance, 'fail', [5n]);
    assert.equal(call.run(), 'trap');
    assert.ok(call.error instanceof TrapError);
    const { fuelConsumed } = call;
    assert.equal(call.run(), 'trap', 'it stays over');
    assert.equal(call.fuelConsumed, fuelConsumed);
    assert.equal(instance.memories[0]!.bytes[0], 5);
    assert.deepEqual(finish(paused).results, [fib(10)]);
    assert.deepEqual(finish(start(instance, 'fib', [7n], 0)).results, [fib(7)]);
  });
});

/** Whether the object that `use` gives to a call is let go. */
const isLetGo = async (use: (instance: ModuleInstance, reference: object) => void): Promise<boolean> => {
  const instance = makeInstance();
  const weak = ((): WeakRef<object> => {
    const reference = { large: new Uint8Array(100) };
    use(instance, reference);
    return new WeakRef(reference);
  })();
  return (await countReachable([weak])) === 0;
};

describe('references', () => {
  test('are let go when the call is done', async () => {
    const isGone = await isLetGo((instance, reference) => {
      assert.equal(finish(start(instance, 'keep', [reference, 4n], 0)).results[0], reference);
    });
    assert.ok(isGone);
  });

  test('are let go when the call trapped', async () => {
    const isGone = await isLetGo((instance, reference) => {
      // Too deep for the call stack.
      assert.equal(start(instance, 'keep', [reference, 0x7fff_ffffn]).run(), 'trap');
    });
    assert.ok(isGone);
  });

  test('of a paused call that is abandoned are released with the next call', async () => {
    const isGone = await isLetGo((instance, reference) => {
      assert.equal(start(instance, 'keep', [reference, 4n], 60).run(), 'paused');
      assert.equal(start(instance, 'count', [3n]).run(), 'done');
    });
    assert.ok(isGone);
  });
});
