/**
 * `onSlice` decides whether a call may continue, whatever the call does: it is called by what was
 * done since it was last asked, not by who asked for fuel. Pausing there changes nothing.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_CALL_PRICE } from '../../src/interpreter/fuel/check-schedule.ts';
import {
  compileModule,
  defineSchedule,
  type Execution,
  type ExecutionOptions,
  type FuelSchedule,
  type FuncInstance,
  type FuncType,
  flat1,
  I32,
  instantiate,
  MemoryInstance,
  type ModuleInstance,
  quern1,
  type RawValue,
  rawHostFunction,
  restoreSnapshot,
  Store,
  startExecution,
  takeSnapshot,
} from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { features } from '../threads/instance.ts';

/** Fuel of a slice, as docs of `onSlice` have it. */
const SLICE = 200_000;
const i32 = (value: number): Instruction => ['i32.const', value];
const nullable = (heap: number) => ({ heap, nullable: true }) as const;

// Types, functions and locals of the module.
const [RUN, NOTHING, ARRAY, COUNT] = [0, 1, 2, 3];
const [BRIEF, LONG, NOP] = [0, 1, 2];
const FIRST = 3;
const LOCAL_ARRAY = 1;

const loop = (body: readonly Instruction[]): Instruction[] =>
  [
    ...[i32(1000), ['array.new_default', ARRAY], ['local.set', LOCAL_ARRAY]],
    ...[['loop', null], ...body, ['br', 0], 'end', 'unreachable'],
  ] as Instruction[];

/** Functions that do one thing without end. */
const loops: Readonly<Record<string, readonly Instruction[]>> = {
  nothing: [],
  'memory.fill': [i32(0), i32(0), i32(60_000), ['memory.fill', 0]],
  'memory.copy': [i32(0), i32(1), i32(60_000), ['memory.copy', 0, 0]],
  'memory.grow by nothing': [i32(0), ['memory.grow', 0], 'drop'],
  'table.fill': [i32(0), ['ref.null', 'func'], i32(900), ['table.fill', 1]],
  'table.copy': [i32(0), i32(1), i32(900), ['table.copy', 1, 1]],
  'table.grow by nothing': [['ref.null', 'func'], i32(0), ['table.grow', 1], 'drop'],
  'array.fill': [['local.get', 1], i32(0), i32(7), i32(1000), ['array.fill', ARRAY]],
  'array.copy': [
    ...[['local.get', 1], i32(0), ['local.get', 1], i32(0), i32(1000), ['array.copy', ARRAY, ARRAY]],
  ] as Instruction[],
  'a brief host function': [['call', BRIEF]],
  call: [['call', NOP]],
  call_indirect: [i32(0), ['call_indirect', NOTHING, 0]],
  'a host function through a table': [i32(1), ['call_indirect', NOTHING, 0]],
};
const names = Object.keys(loops);

const bytes = assemble({
  types: [
    { results: ['i32'] },
    {},
    // An array of i32 that can be changed.
    [0x5e, 0x7f, 1],
    { params: ['i32'], results: ['i32'] },
  ],
  imports: [
    ['env', 'brief', [0, NOTHING]],
    ['env', 'long', [0, NOTHING]],
  ],
  memories: [{ min: 1, max: 400 }],
  tables: [{ min: 4 }, { min: 1000 }],
  funcs: [
    { type: NOTHING, code: [] },
    ...names.map((name) => ({
      type: RUN,
      locals: [
        [1, 'i32'],
        [1, nullable(ARRAY)],
      ] as const,
      code: loop(loops[name]!),
    })),
    // A tail call that leads back to itself, and one of the host in each round.
    { type: RUN, code: [['return_call', FIRST + names.length]] },
    {
      type: RUN,
      code: [['loop', null], ['call', FIRST + names.length + 2], ['br', 0], 'end', 'unreachable'],
    },
    { type: NOTHING, code: [['return_call', BRIEF]] },
    {
      type: RUN,
      code: loop([['call', LONG]]),
      locals: [
        [1, 'i32'],
        [1, nullable(ARRAY)],
      ],
    },
    {
      type: COUNT,
      locals: [
        [1, nullable(ARRAY)],
        [1, 'i32'],
      ],
      code: [
        ...[['loop', null], i32(0), ['local.get', 0], i32(300), ['memory.fill', 0]],
        ...[i32(50), i32(0), i32(200), ['memory.copy', 0, 0], i32(1), ['memory.grow', 0]],
        ...[['local.get', 2], 'i32.add', ['local.set', 2], i32(0), ['call_indirect', NOTHING, 0]],
        ...[i32(100), ['array.new_default', ARRAY], ['local.tee', 1], i32(3), i32(9), i32(50)],
        ...[['array.fill', ARRAY], ['call', LONG], ['call', BRIEF], ['call', NOP], i32(1)],
        ...[['call_indirect', NOTHING, 0], i32(5), ['ref.null', 'func'], i32(90), ['table.fill', 1]],
        ...[['local.get', 1], i32(4), ['array.get', ARRAY], ['local.get', 2], 'i32.add', i32(60)],
        ...[['i32.load8_u', {}], 'i32.add', ['local.set', 2], ['local.get', 0], i32(1), 'i32.sub'],
        ...[['local.tee', 0], ['br_if', 0], 'end', ['local.get', 2]],
      ] as Instruction[],
    },
  ],
  elements: [[0, 0x41, 0, 0x0b, 2, NOP, BRIEF]],
  exports: [
    ...[...names, 'return_call', 'a tail call of the host', '', 'a long host function', 'mix'].flatMap(
      (name, i) => (name === '' ? [] : [[name, 'func', FIRST + i] as const]),
    ),
  ],
});
const compiled = compileModule(bytes);

const make = (
  schedule: FuelSchedule,
  long: () => undefined | Promise<() => void> = () => undefined,
): ModuleInstance =>
  instantiate(new Store({ schedule }), compiled, (_, name, desc) =>
    desc.kind === 'func'
      ? rawHostFunction(
          desc.type.comp as FuncType,
          name === 'brief' ? () => undefined : long,
          4,
          name === 'brief',
        )
      : undefined,
  );
const start = (
  instance: ModuleInstance,
  name: string,
  options: ExecutionOptions,
  args: readonly RawValue[] = [],
): Execution => startExecution(instance.exports.get(name) as FuncInstance, args, options);

describe('onSlice is asked about every slice of fuel', () => {
  for (const name of [...names, 'return_call', 'a tail call of the host'])
    for (const careful of [false, true])
      test(`${name}${careful ? ', in careful code' : ''}`, () => {
        const slices = 30;
        let asked = 0;
        const onSlice = (): boolean => ++asked < 0;
        const call = start(make(quern1), name, { fuel: slices * SLICE, careful, onSlice });
        assert.equal(call.run(), 'paused', String(call.error));
        assert.equal(call.pause, 'fuel');
        assert.ok(asked >= slices - 1 && asked <= 2 * slices, `${asked} times`);
      });

  test('also between two operations that cost more than a slice each', () => {
    const large = assemble({
      types: [{}],
      memories: [{ min: 1024 }],
      funcs: [{ code: [['loop', null], i32(0), i32(0), i32(1 << 26), ['memory.fill', 0], ['br', 0], 'end'] }],
      exports: [['run', 'func', 0]],
    });
    for (const careful of [false, true]) {
      const instance = instantiate(new Store(), compileModule(large), () => undefined);
      let asked = 0;
      const call = start(instance, 'run', { fuel: 5 * (1 << 20) + 100, careful, onSlice: () => ++asked < 0 });
      assert.equal(call.run(), 'paused');
      assert.ok(asked >= 4 && asked <= 12, `${asked} times`);
    }
  });
});

describe('onSlice is asked after what takes time without fuel', () => {
  const count = (name: string, schedule: FuelSchedule, fuel: number): number => {
    let asked = 0;
    const call = start(make(schedule), name, { fuel, onSlice: () => ++asked < 0 });
    assert.equal(call.run(), 'paused', String(call.error));
    return asked;
  };
  test('host functions, unless what they charge stands for their time', () => {
    assert.ok(count('a long host function', quern1, 10_000) > 200);
    assert.ok(count('a brief host function', quern1, 10_000) < 5);
  });
  test('host functions that answer later', async () => {
    let asked = 0;
    const instance = make(quern1, async () => () => {});
    const call = start(instance, 'a long host function', { onSlice: () => ++asked < 0 });
    for (let i = 0; i < 10; i++) {
      assert.equal(call.run(), 'paused');
      assert.equal(call.pause, 'host');
      call.resolveHost(await call.hostPromise!);
    }
    assert.ok(asked >= 9);
  });
  test('sized operations under a schedule in which sizes are free', () => {
    for (const name of ['memory.fill', 'table.copy', 'array.fill'])
      assert.ok(count(name, flat1, 1000) > 100, name);
    assert.ok(count('nothing', flat1, 1000) < 5);
  });
  test('functions that are called for the first time, in fast and in careful code', () => {
    const total = 40;
    const many = assemble({
      types: [{}],
      funcs: [
        { code: Array.from({ length: total }, (_, i): Instruction => ['call', i + 1]) },
        ...Array.from({ length: total }, () => ({ code: [] })),
      ],
      exports: [['run', 'func', 0]],
    });
    for (const careful of [false, true]) {
      const instance = instantiate(new Store(), compileModule(many), () => undefined);
      for (const least of [total, 0]) {
        let asked = 0;
        const call = start(instance, 'run', { careful, onSlice: () => ++asked < 0 });
        assert.equal(call.run(), 'done');
        assert.ok(least === 0 ? asked === 0 : asked >= least, `${asked} times`);
        assert.equal(instance.unit.funcs[1]!.careful !== null, careful);
      }
    }
  });
  test('waits of a thread that sleeps', () => {
    const sleeping = assemble({
      types: [{}],
      // A shared memory of one page.
      imports: [['env', 'memory', [2, 3, 1, 1]]],
      funcs: [
        {
          code: [
            ...[['loop', null], i32(0), i32(0), ['i64.const', 1n], ['memory.atomic.wait32', {}], 'drop'],
            ...[['br', 0], 'end'],
          ] as Instruction[],
        },
      ],
      exports: [['run', 'func', 0]],
    });
    const store = new Store({ sharing: 'workers', canBlock: true });
    const limits = { min: 1n, max: 1n, address: I32 };
    const memory = new MemoryInstance({ limits, isShared: true, pageSizeLog2: 16 }, store);
    const instance = instantiate(store, compileModule(sleeping, features), () => memory);
    let asked = 0;
    const call = start(instance, 'run', { fuel: 1000, onSlice: () => ++asked < 0 });
    assert.equal(call.run(), 'paused', String(call.error));
    assert.ok(asked >= 20, `${asked} times`);
  });
  test('a call that nobody watches over does not stop for it', () => {
    const call = start(make(quern1), 'a long host function', { fuel: 10_000 });
    assert.equal(call.run(), 'paused');
    assert.equal(call.pause, 'fuel');
  });
});

describe('a pause by onSlice', () => {
  const ROUNDS = 5n;
  const price = fc.integer({ min: 0, max: MAX_CALL_PRICE });
  const unit = fc.constantFrom(1, 2, 7, 64);
  // So dear that there are looks everywhere, and not always in the same places.
  const dear = fc
    .record({
      entry: price,
      hostCall: price,
      growPage: price,
      bulkBytesPerUnit: unit,
      bulkElementsPerUnit: unit,
      most: fc.integer({ min: 1, max: 255 }),
    })
    .map(({ most, ...prices }) =>
      defineSchedule({
        ...quern1,
        ...prices,
        name: 'dear-1',
        cost: { ...quern1.cost, simple: most, branch: most, call: most, bulk: most },
      }),
    );
  const answers = fc.infiniteStream(fc.boolean());
  const portion = fc.infiniteStream(fc.integer({ min: 1, max: 1_000_000 }));

  const whole = (schedule: FuelSchedule): { results: RawValue[]; fuel: number } => {
    const call = start(make(schedule), 'mix', {}, [ROUNDS]);
    assert.equal(call.run(), 'done', String(call.error));
    return { results: call.results, fuel: call.fuelConsumed };
  };

  test('changes neither results nor bill, in fast and careful code, with fuel in portions and restored elsewhere', () => {
    let pauses = 0;
    fc.assert(
      fc.property(
        dear,
        fc.boolean(),
        answers,
        fc.boolean(),
        portion,
        (schedule, careful, stops, isPortioned, more) => {
          const expected = whole(schedule);
          const onSlice = (): boolean => stops.next().value as boolean;
          let instance = make(schedule);
          const fuel = isPortioned ? { fuel: 0 } : {};
          let call = start(instance, 'mix', { careful, onSlice, ...fuel }, [ROUNDS]);
          let before = 0;
          while (call.run() === 'paused') {
            const { pause, fuelConsumed } = call;
            assert.ok(fuelConsumed >= before);
            before = fuelConsumed;
            if (stops.next().value) {
              const snapshot = takeSnapshot({ instances: [instance], executions: [call] });
              instance = make(schedule);
              call = restoreSnapshot(snapshot, { instances: [instance], options: { onSlice } })[0]!;
              assert.equal(call.fuelConsumed, before);
            }
            if (pause === 'fuel') call.addFuel(more.next().value as number);
            else {
              assert.equal(pause, 'slice');
              pauses++;
            }
          }
          assert.deepEqual(
            [call.results, call.fuelConsumed],
            [expected.results, expected.fuel],
            String(call.error),
          );
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(pauses > 50, `${pauses} pauses`);
  });

  test('comes before an instruction, and the bill is that of what was done before', () => {
    fc.assert(
      fc.property(dear, fc.boolean(), (schedule, careful) => {
        const call = start(make(schedule), 'mix', { careful, onSlice: () => true }, [ROUNDS]);
        for (let i = 0; call.run() === 'paused'; i++) {
          assert.equal(call.pause, 'slice');
          const { fuelConsumed } = call;
          if (i % 3 > 0) continue;
          const other = start(make(schedule), 'mix', { fuel: fuelConsumed }, [ROUNDS]);
          assert.equal(other.run(), 'paused');
          assert.equal(other.fuelConsumed, fuelConsumed);
        }
      }),
      { numRuns: 20 },
    );
  });
});
