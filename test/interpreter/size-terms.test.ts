/** What instructions cost by size: each bill is that of the reference executor, and grows with what is moved. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instructions } from '../../src/inspect.ts';
import { type FuelSchedule, flat1, quern1, valuesCost } from '../../src/interpreter/fuel/schedules.ts';
import { sizeTerms } from '../../src/interpreter/translate/size-terms.ts';
import {
  compileModule,
  defaultFeatures,
  defineSchedule,
  type FeatureKey,
  type FuncInstance,
  funcDefType,
  instantiate,
  makeException,
  rawHostFunction,
  Store,
  startExecution,
  TagInstance,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, type Type, u32 } from '../assembler.ts';
import { runEverywhere } from './everywhere.ts';

const repeat = <T>(count: number, ...items: readonly T[]): T[] =>
  Array.from({ length: count }, () => items).flat();
const i32 = (value: number): Instruction => ['i32.const', value];
const exports: NonNullable<ModuleSource['exports']> = [['run', 'func', 0]];

/** The bill of `run`, the same in every way to run it. */
const bill = (source: ModuleSource, features: readonly FeatureKey[] = []): number =>
  runEverywhere({ main: assemble({ exports, ...source }) }, 'run', [], features).fuel;

/** The bill of `run` on the engine alone: for what is too long to stop at every place. */
const quickBill = (source: ModuleSource, schedule: FuelSchedule = quern1): number => {
  const module = compileModule(assemble({ exports, ...source }), defaultFeatures);
  const instance = instantiate(new Store({ schedule }), module, () => undefined);
  const execution = startExecution(instance.exports.get('run') as FuncInstance, []);
  execution.run();
  return execution.fuelConsumed;
};

/** Catches what `code` throws with the tag 0, in a `try_table` with `count` clauses of the tag 1 before it. */
const caught = (code: readonly Instruction[], count: number): Instruction[] => [
  ['block', null],
  [
    'try_table',
    null,
    [...repeat(count, { tag: 1, withRef: false, label: 0 }), { tag: null, withRef: false, label: 0 }],
  ],
  ...code,
  'end',
  'end',
];
const twoTags = { tags: [0, 0] };
const THROW: Instruction = ['throw', 0];
const clause = { tag: 1, withRef: false, label: 0 };

test('every row of the table is an instruction', () => {
  const names = new Set<string>(instructions.map(({ name }) => name));
  for (const name of Object.keys(sizeTerms)) assert.ok(names.has(name), name);
});

describe('the search for a handler', () => {
  const fixed = bill({ ...twoTags, funcs: [{ code: caught([THROW], 0) }] });
  const search = (count: number): number => Math.ceil(Math.max(0, count - 8) / 8);

  test('pays for clauses', () => {
    for (const count of [6, 7, 15])
      assert.equal(
        bill({ ...twoTags, funcs: [{ code: caught([THROW], count) }] }) - fixed,
        search(2 + count),
        `${count} clauses`,
      );
  });
  test('pays for handlers around it, not for those that are closed', () => {
    const open: Instruction = ['try_table', null, [clause]];
    const nested = [...repeat(10, open), THROW, ...repeat(10, 'end' as const)];
    assert.equal(bill({ ...twoTags, funcs: [{ code: caught(nested, 0) }] }) - fixed, search(22));
    const closed = [
      ...repeat(10, open),
      ...repeat(10, 'end' as const),
      ...repeat<Instruction>(9, open, 'end'),
      THROW,
    ];
    assert.equal(bill({ ...twoTags, funcs: [{ code: caught(closed, 0) }] }), fixed);
  });
  test('pays for what is looked at in the frames that are left', () => {
    const call: Instruction = ['call', 1];
    const protectedThrow: Instruction[] = [['try_table', null, repeat(20, clause)], THROW, 'end'];
    const inner = { code: protectedThrow };
    const few = bill({ ...twoTags, funcs: [{ code: caught([call], 0) }, { code: [THROW] }] });
    assert.equal(bill({ ...twoTags, funcs: [{ code: caught([call], 0) }, inner] }) - few, search(23));
  });
  test('pays for what nobody catches', () => {
    const code: Instruction[] = [['try_table', null, repeat(20, clause)], THROW, 'end'];
    const few = bill({ ...twoTags, funcs: [{ code: [THROW] }] });
    assert.equal(bill({ ...twoTags, funcs: [{ code }] }) - few, search(21));
  });
  test('pays for handlers of the older form, for delegates and for what is thrown again', () => {
    const features: readonly FeatureKey[] = ['legacy-exceptions'];
    const legacy = (code: readonly Instruction[], count: number): Instruction[] => [
      ['try', null],
      ...code,
      ...repeat<Instruction>(count, ['catch', 1]),
      'catch_all',
      'end',
    ];
    const least = bill({ ...twoTags, funcs: [{ code: legacy([THROW], 0) }] }, features);
    const many = bill({ ...twoTags, funcs: [{ code: legacy([THROW], 20) }] }, features);
    assert.equal(many - least, search(22));
    const delegates = [
      ...repeat<Instruction>(20, ['try', null]),
      THROW,
      ...repeat<Instruction>(20, ['delegate', 0]),
    ];
    const tries = 20 * quern1.cost.branch;
    const delegated = bill({ ...twoTags, funcs: [{ code: legacy(delegates, 0) }] }, features);
    assert.equal(delegated - least, tries + search(22));
    const again: Instruction[] = [['try', null], THROW, 'catch_all', ['rethrow', 0], 'end'];
    const once = bill({ ...twoTags, funcs: [{ code: legacy(again, 0) }] }, features);
    const wide = bill({ ...twoTags, funcs: [{ code: legacy(again, 20) }] }, features);
    assert.equal(wide - once, search(22));
  });
  test('is owed when a host function throws', () => {
    const tag = new TagInstance({ type: funcDefType([], []) });
    const boom = rawHostFunction({ kind: 'func', params: [], results: [] }, () => {
      throw makeException(tag, []);
    });
    const used = (count: number): number => {
      const bytes = assemble({
        exports: [['run', 'func', 1]],
        imports: [['host', 'boom', [0, 0]]],
        tags: [0],
        funcs: [
          {
            code: [
              ['block', null],
              ['try_table', null, [...repeat(count, { ...clause, tag: 0 }), { ...clause, tag: null }]],
              ['call', 0],
              'end',
              'end',
            ],
          },
        ],
      });
      const instance = instantiate(new Store(), compileModule(bytes), () => boom);
      const execution = startExecution(instance.exports.get('run') as FuncInstance, []);
      assert.equal(execution.run(), 'done');
      return execution.fuelConsumed;
    };
    assert.equal(used(100) - used(0), search(102));
  });
  test('is free with flat-1', () => {
    const of = (count: number): number =>
      quickBill({ ...twoTags, funcs: [{ code: caught([THROW], count) }] }, flat1);
    assert.equal(of(1000), of(0));
  });
});

describe('values that move', () => {
  const types = (count: number, type: Type): Type[] => repeat(count, type);
  const zero: Readonly<Record<'i32' | 'v128', Instruction>> = {
    i32: i32(0),
    v128: ['v128.const', repeat(16, 0)],
  };
  for (const type of ['i32', 'v128'] as const) {
    const slots = type === 'v128' ? 2 : 1;
    const cost = (count: number): number => valuesCost(quern1, count * slots);
    const values = (count: number): Instruction[] => repeat(count, zero[type]);
    const drops = (count: number): Instruction[] => repeat<Instruction>(count, 'drop');
    const constant = type === 'v128' ? quern1.cost.vector : quern1.cost.simple;
    /** What `run` costs beyond its constants. */
    const beyond = (count: number, code: (n: number) => Instruction[], more: object = {}): number =>
      bill({
        types: [{}, { results: types(count, type) }, { params: types(count, type) }],
        funcs: [{ code: code(count) }],
        ...more,
      }) -
      count * constant;

    test(`${type}: a branch pays for those of its label`, () => {
      const branches: readonly ((n: number) => Instruction[])[] = [
        (n) => [['block', 1], ...values(n), ['br', 0], 'end', ...drops(n)],
        (n) => [['block', 1], ...values(n), i32(0), ['br_if', 0], 'end', ...drops(n)],
        (n) => [
          ['block', 1],
          i32(7),
          ...values(n),
          i32(1),
          ['br_if', 0],
          ...repeat<Instruction>(n + 1, 'drop'),
          ...values(n),
          'end',
          ...drops(n),
        ],
        (n) => [['block', 1], ...values(n), i32(0), ['br_table', [0, 0]], 'end', ...drops(n)],
        (n) => [
          ['block', 1],
          ...values(n),
          ['ref.null', 'func'],
          ['br_on_null', 0],
          'drop',
          'end',
          ...drops(n),
        ],
      ];
      for (const code of branches) {
        const least = beyond(1, code);
        for (const count of [8, 9, 17]) assert.equal(beyond(count, code) - least, cost(count));
      }
    });
    test(`${type}: a loop pays for those that it takes again`, () => {
      const code = (n: number): Instruction[] => [
        ...values(n),
        ['loop', 2],
        i32(0),
        ['br_if', 0],
        ...drops(n),
        'end',
      ];
      const least = beyond(1, code);
      for (const count of [9, 17]) assert.equal(beyond(count, code) - least, cost(count));
    });
    test(`${type}: entering a function pays for its results`, () => {
      const more = (n: number): object => ({
        funcs: [{ code: [['call', 1], ...drops(n)] }, { type: 1, code: values(n) }],
      });
      const least = beyond(1, () => [], more(1));
      for (const count of [9, 17]) assert.equal(beyond(count, () => [], more(count)) - least, cost(count));
    });
    test(`${type}: an exception pays for its own, each time that it is thrown`, () => {
      const of = (n: number, code: readonly Instruction[]): number =>
        bill({
          types: [{}, { params: types(n, type) }, { results: [...types(n, type), 'exnref'] }],
          tags: [1],
          funcs: [
            {
              locals: [[1, 'exnref']],
              code: [
                ['block', 2],
                ['try_table', null, [{ tag: 0, withRef: true, label: 0 }]],
                ...values(n),
                ['throw', 0],
                'end',
                'unreachable',
                'end',
                ['local.set', 0],
                ...drops(n),
                ...code,
              ],
            },
          ],
        }) -
        n * constant;
      const again = caught([['local.get', 0], 'throw_ref'], 0);
      for (const count of [9, 17]) {
        assert.equal(of(count, []) - of(1, []), cost(count));
        assert.equal(of(count, again) - of(1, again), 2 * cost(count));
      }
    });
  }
  test('the end of a handler of the older form moves what its try pays for', () => {
    const of = (n: number): number =>
      bill(
        {
          types: [{}, { results: types(n, 'i32') }],
          tags: [0],
          funcs: [
            {
              code: [
                ['try', 1],
                ['throw', 0],
                'catch_all',
                ...repeat(n, i32(1)),
                'end',
                ...repeat<Instruction>(n, 'drop'),
              ],
            },
          ],
        },
        ['legacy-exceptions'],
      ) - n;
    assert.equal(of(17) - of(1), valuesCost(quern1, 17));
  });
});

describe('new objects', () => {
  const fields = (count: number): number => Math.ceil(Math.max(0, count - 8) / 8);
  test('structures pay for their words', () => {
    for (const [code, words] of [
      [0x78, 1],
      [0x7e, 2],
      [0x7b, 4],
      [0x70, 1],
    ] as const) {
      const of = (count: number): number =>
        bill({
          types: [{}, [0x5f, ...u32(count), ...repeat(count, code, 1)]],
          funcs: [{ code: [['struct.new_default', 1], 'drop'] }],
        });
      for (const count of [1, 8, 9, 100]) assert.equal(of(count) - of(0), fields(count * words), `${count}`);
    }
    const listed = (count: number): number =>
      bill({
        types: [{}, [0x5f, ...u32(count), ...repeat(count, 0x7f, 1)]],
        funcs: [{ code: [...repeat(count, i32(1)), ['struct.new', 1], 'drop'] }],
      }) - count;
    assert.equal(listed(40) - listed(0), fields(40));
  });
  test('arrays of listed elements pay for them', () => {
    const of = (count: number): number =>
      bill({
        types: [{}, [0x5e, 0x7f, 1]],
        funcs: [{ code: [...repeat(count, i32(1)), ['array.new_fixed', 1, count], 'drop'] }],
      }) - count;
    assert.equal(of(40) - of(0), fields(40));
  });
});

test('prices of a long function do not leave 32 bits', () => {
  // 150,000 structures in one run of code, of 40,000 units each.
  const schedule = defineSchedule({ ...quern1, name: 'dear-1', bulkElementsPerUnit: 1 });
  const bytes = assemble({
    exports,
    types: [{}, [0x5f, ...u32(10_000), ...repeat(10_000, 0x7b, 1)]],
    funcs: [{ bytes: [...repeat(150_000, 0xfb, 1, 1, 0x1a), 0x0b] }],
  });
  const price = quern1.cost.allocation + 40_000 - 1;
  const instance = instantiate(new Store({ schedule }), compileModule(bytes), () => undefined);
  const execution = startExecution(instance.exports.get('run') as FuncInstance, [], { fuel: 3 * price });
  assert.equal(execution.run(), 'paused');
  assert.equal(execution.fuelConsumed, quern1.entry + 2 * price);
});

test('a call does not clear what lies above its locals', () => {
  const deep: Instruction[] = [
    i32(0),
    ['if', null],
    ...repeat(300_000, i32(1)),
    ...repeat<Instruction>(300_000, 'drop'),
    'end',
  ];
  const count: Instruction[] = [
    ['local.get', 0],
    i32(1),
    'i32.add',
    ['local.tee', 0],
    i32(20_000),
    'i32.lt_u',
  ];
  const source: ModuleSource = {
    exports,
    funcs: [
      { locals: [[1, 'i32']], code: [['loop', null], ['call', 1], ...count, ['br_if', 0], 'end'] },
      { locals: [[1, 'funcref']], code: deep },
    ],
  };
  const instance = instantiate(new Store(), compileModule(assemble(source)), () => undefined);
  const execution = startExecution(instance.exports.get('run') as FuncInstance, [], { fuel: 100 });
  execution.run();
  execution.addFuel(1_000_000);
  const before = process.cpuUsage();
  assert.equal(execution.run(), 'done');
  const { user, system } = process.cpuUsage(before);
  // 0.02 s; 2.5 s when every call cleared all of its frame.
  assert.ok(user + system < 1_000_000, `${user + system} µs`);
});
