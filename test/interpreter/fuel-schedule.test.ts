/** Schedules of an embedder's own: what is refused, that what is accepted bills right, and that nothing spins for free. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { instructions } from '../../src/inspect.ts';
import { circularClasses, MAX_PRICE } from '../../src/interpreter/fuel/check-schedule.ts';
import { createPlugin } from '../../src/node.ts';
import { parseModule } from '../../src/text.ts';
import {
  compileModule,
  defineSchedule,
  type Execution,
  type ExecutionOptions,
  type FuelClass,
  type FuelSchedule,
  type FuncInstance,
  flat1,
  instantiate,
  quern1,
  Store,
  schedules,
  startExecution,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource } from '../assembler.ts';

const classes = Object.keys(quern1.cost) as FuelClass[];
const mine = (changes: object, costs: object = {}): object => ({
  ...quern1,
  name: 'mine-1',
  cost: { ...quern1.cost, ...costs },
  ...changes,
});
/** The cheapest table there can be. */
const cheapest: FuelSchedule = defineSchedule({
  name: 'cheapest-1',
  cost: Object.fromEntries(classes.map((name) => [name, circularClasses.includes(name) ? 1 : 0])),
  entry: 0,
  localsPerUnit: 0,
  valuesPerUnit: 0,
  clausesPerUnit: 0,
  hostCall: 0,
  hostBytesPerUnit: 0,
  bulkBytesPerUnit: 0,
  bulkElementsPerUnit: 0,
  growPage: 0,
});

describe('a schedule of one\u2019s own', () => {
  const refused: Readonly<Record<string, readonly [unknown, RegExp]>> = {
    'no object': [5, /a schedule must be an object/],
    null: [null, /a schedule must be an object/],
    'no name': [mine({ name: undefined }), /name must be/],
    'a name of Quern': [mine({ name: 'quern-1' }), /the name "quern-1" belongs to a schedule of Quern/],
    'no prices': [mine({ cost: null }), /cost must be an object/],
    'a class that is missing': [mine({}, { vector: undefined }), /cost\.vector must be .* not undefined/],
    'a class that is unknown': [mine({}, { quantum: 1 }), /cost\.quantum is unknown/],
    'a fraction': [mine({}, { div: 1.5 }), /cost\.div must be a whole number from 0 to 255, not 1\.5/],
    'a negative price': [mine({}, { div: -1 }), /cost\.div must be a whole number/],
    'no number': [mine({}, { div: Number.NaN }), /cost\.div must be a whole number/],
    'a text': [mine({}, { div: '1' }), /cost\.div must be .* not "1"/],
    'a price that sums could overflow with': [mine({}, { simple: 256 }), /cost\.simple must be/],
    'a price for structure': [
      mine({}, { structure: 1 }),
      /cost\.structure must be a whole number from 0 to 0/,
    ],
    'branches for nothing': [mine({}, { branch: 0 }), /cost\.branch must be a whole number from 1/],
    'calls for nothing': [mine({}, { call: 0 }), /cost\.call must be a whole number from 1/],
    'exceptions for nothing': [mine({}, { exception: 0 }), /cost\.exception must be a whole number from 1/],
    'a unit that is missing': [mine({ growPage: undefined }), /growPage must be/],
    'a unit that is negative': [mine({ bulkBytesPerUnit: -1 }), /bulkBytesPerUnit must be/],
    'a field that is unknown': [mine({ hostcall: 1 }), /hostcall is unknown/],
    'a function without a namespace': [mine({ functions: { send: 1 } }), /"send" is not a namespace/],
    'a bad price of a function': [mine({ functions: { 'a b': -1 } }), /functions\["a b"\] must be/],
  };
  for (const [name, [value, message]] of Object.entries(refused)) {
    test(`is refused: ${name}`, async () => {
      const expected = { code: 'usage.schedule', message };
      assert.throws(() => defineSchedule(value as FuelSchedule), expected);
      assert.throws(() => new Store({ schedule: value as FuelSchedule }), expected);
      await assert.rejects(
        createPlugin({ wasm: [{ data: assemble({}) }] }, { schedule: value as FuelSchedule }),
        expected,
      );
    });
  }
  test('is copied, so that nobody changes it later, and the same table is the same schedule', () => {
    const table = mine({}, { div: 20 }) as { cost: { div: number } };
    const schedule = defineSchedule(table);
    assert.equal(defineSchedule(table), schedule);
    assert.equal(defineSchedule(schedule), schedule);
    assert.ok(Object.isFrozen(schedule) && Object.isFrozen(schedule.cost));
    table.cost.div = 30;
    assert.equal(schedule.cost.div, 20);
    assert.equal(defineSchedule(table).cost.div, 30);
    for (const own of schedules.values()) assert.equal(defineSchedule(own), own);
    assert.throws(() => new Store({ schedule: 'quern-9' }), /expected one of quern-1, flat-1, wasmtime-46/);
    assert.equal(new Store({ schedule: 'flat-1' }).schedule, flat1);
  });
  test('has a price for fields, which is that of elements where it is left out', () => {
    const bill = (schedule: FuelSchedule): number => {
      const bytes = parseModule(`
        (type $t (struct (field i32 i32 i64)))
        (func (export "f") (drop (struct.new_default $t)))`);
      const run = startExecution(
        instantiate(new Store({ schedule }), compileModule(bytes), () => undefined).exports.get(
          'f',
        ) as FuncInstance,
        [],
      );
      run.run();
      return run.fuelConsumed;
    };
    const elements = { ...flat1, bulkElementsPerUnit: 1 };
    assert.equal(bill(defineSchedule({ ...elements, name: 'a-1' })), 2 + 3);
    assert.equal(bill(defineSchedule({ ...elements, name: 'b-1', fieldsPerUnit: 0 })), 2);
    assert.equal(bill(defineSchedule({ ...elements, name: 'c-1', fieldsPerUnit: 2 })), 2 + 1);
    assert.throws(
      () => defineSchedule({ ...elements, name: 'd-1', fieldsPerUnit: -1 }),
      /fieldsPerUnit must be/,
    );
  });
  test('survives JSON', () => {
    const schedule = defineSchedule(mine({ functions: { 'extism:host/user send': 9 } }));
    assert.deepEqual(defineSchedule(JSON.parse(JSON.stringify(schedule)) as object), schedule);
  });
});

const spins: Readonly<Record<string, Partial<ModuleSource> & { readonly code: readonly Instruction[] }>> = {
  'a branch': { code: [['loop', null], ['br', 0], 'end'] },
  'a conditional branch': { code: [['loop', null], ['i32.const', 1], ['br_if', 0], 'end'] },
  'a table of branches': {
    code: [['loop', null], ['i32.const', 1], ['br_table', [0, 0]], 'end', 'unreachable'],
  },
  'a branch on null': { code: [['loop', null], ['ref.null', 'func'], ['br_on_null', 0], 'drop', 'end'] },
  'a tail call': { code: [['return_call', 0]] },
  'calls that branch out': {
    code: [
      ['call', 1],
      ['call', 1],
    ],
  },
  'a tail call through a table': {
    tables: [{ min: 1 }],
    elements: [[0, 0x41, 0, 0x0b, 1, 0]],
    code: [
      ['i32.const', 0],
      ['return_call_indirect', 0, 0],
    ],
  },
};

test('nothing runs forever without paying, however cheap the table is', () => {
  for (const [name, { code, ...rest }] of Object.entries(spins)) {
    // Function 1 calls itself twice, 40 deep: 2^40 calls.
    const twice: readonly Instruction[] = [
      ['global.get', 0],
      ['i32.const', 40],
      'i32.lt_u',
      ['if', null],
      ['global.get', 0],
      ['i32.const', 1],
      'i32.add',
      ['global.set', 0],
      ['call', 1],
      ['call', 1],
      ['global.get', 0],
      ['i32.const', 1],
      'i32.sub',
      ['global.set', 0],
      'end',
    ];
    const bytes = assemble({
      types: [{}],
      globals: [{ type: 'i32', isMutable: true, init: [['i32.const', 0]] }],
      funcs: [{ code }, { code: twice }],
      exports: [['run', 'func', 0]],
      ...rest,
    });
    const compiled = compileModule(bytes);
    const start = (options: ExecutionOptions): Execution => {
      const { exports } = instantiate(new Store({ schedule: cheapest }), compiled, () => undefined);
      return startExecution(exports.get('run') as FuncInstance, [], options);
    };
    const execution = start({ fuel: 100_000 });
    assert.equal(execution.run(), 'paused', name);
    assert.equal(execution.pause, 'fuel', name);
    assert.ok(execution.fuelConsumed <= 100_000 && execution.fuelLeft >= 0, name);
    let slices = 0;
    const watched = start({ onSlice: () => ++slices === 2 });
    assert.equal(watched.run(), 'paused', name);
    assert.equal(watched.pause, 'slice', name);
  }
});

test('the highest prices do not overflow in the longest code', () => {
  const schedule = defineSchedule({
    ...mine(
      { entry: 65_535 },
      Object.fromEntries(classes.map((c) => [c, c === 'structure' ? 0 : MAX_PRICE])),
    ),
  });
  // One run of very many instructions, far more than a slice pays for.
  const pairs = 50_000;
  const code = new Array<Instruction>(2 * pairs);
  for (let i = 0; i < pairs; i++) {
    code[2 * i] = ['local.get', 0];
    code[2 * i + 1] = 'drop';
  }
  const bytes = assemble({
    types: [{ params: ['i32'], results: [] }],
    funcs: [{ code }],
    exports: [['run', 'func', 0]],
  });
  const instance = instantiate(new Store({ schedule }), compileModule(bytes), () => undefined);
  const run = instance.exports.get('run') as FuncInstance;
  const total = 65_535 + pairs * MAX_PRICE;
  const execution = startExecution(run, [0n], { fuel: total });
  assert.equal(execution.run(), 'done');
  assert.equal(execution.fuelConsumed, total);
  const short = startExecution(run, [0n], { fuel: total - 1 });
  assert.equal(short.run(), 'paused');
  assert.equal(short.fuelLeft, MAX_PRICE - 1);
});

test('prices of any table are what is billed', () => {
  const table = fc.record({
    simple: fc.integer({ min: 0, max: MAX_PRICE }),
    branch: fc.integer({ min: 1, max: MAX_PRICE }),
    div: fc.integer({ min: 0, max: MAX_PRICE }),
    entry: fc.integer({ min: 0, max: 1000 }),
  });
  const bytes = assemble({
    types: [{ params: [], results: ['i32'] }],
    funcs: [
      {
        locals: [[1, 'i32']],
        code: [
          ['i32.const', 5],
          ['local.set', 0],
          ['loop', null],
          ['i32.const', 7],
          ['i32.const', 2],
          'i32.div_u',
          'drop',
          ['local.get', 0],
          ['i32.const', 1],
          'i32.sub',
          ['local.tee', 0],
          ['br_if', 0],
          'end',
          ['local.get', 0],
        ],
      },
    ],
    exports: [['run', 'func', 0]],
  });
  const compiled = compileModule(bytes);
  fc.assert(
    fc.property(table, ({ entry, ...costs }) => {
      const schedule = defineSchedule(mine({ entry, localsPerUnit: 0 }, costs));
      const instance = instantiate(new Store({ schedule }), compiled, () => undefined);
      const execution = startExecution(instance.exports.get('run') as FuncInstance, []);
      assert.equal(execution.run(), 'done');
      const expected = entry + 3 * costs.simple + 5 * (6 * costs.simple + costs.div + costs.branch);
      assert.equal(execution.fuelConsumed, expected);
    }),
    { numRuns: 50 },
  );
});

test('no instruction that leads back is outside of the classes that must cost something', () => {
  const leadsBack = /^(br|call|return_call|throw|rethrow)/;
  const outside = instructions.filter(
    ({ name, fuel }) => leadsBack.test(name) && !circularClasses.includes(fuel),
  );
  assert.deepEqual(outside, []);
  for (const used of circularClasses) assert.ok(instructions.some(({ fuel }) => fuel === used));
});
