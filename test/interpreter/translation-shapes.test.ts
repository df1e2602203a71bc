/**
 * Bodies that a translator could take too long for: many operands that wait, and instructions of two bytes that move
 * hundreds of values. Code is in proportion to the body, careful code too, and made in a moment.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { mapCareful } from '../../src/interpreter/machine/machine.ts';
import { MAX_CODE_WORDS } from '../../src/syntax/limits.ts';
import {
  compileModule,
  type FuncInstance,
  instantiate,
  invoke,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, type Type } from '../assembler.ts';

const WIDE = 200;
const wide = (type: Type): Type[] => Array<Type>(WIDE).fill(type);
const times = (count: number, ...code: Instruction[]): Instruction[] =>
  Array.from({ length: count }, () => code).flat();
const i32 = (value: number): Instruction => ['i32.const', value];
const get = (index: number): Instruction => ['local.get', index];
const add: Instruction = 'i32.add';

const NONE = 0;
const INT = 1;
const INTS = 2;
const INTS_TO_INTS = 3;
const REFS = 4;
const REFS_TO_REFS = 5;
const TAKES_INTS = 6;
const types: ModuleSource['types'] = [
  {},
  { results: ['i32'] },
  { results: wide('i32') },
  { params: wide('i32'), results: wide('i32') },
  { results: wide('externref') },
  { params: wide('externref'), results: wide('externref') },
  { params: wide('i32') },
];
/** Functions 1 to 4: nothing, many numbers, many references, and what is given. */
const EMPTY = 1;
const NUMBERS = 2;
const REFERENCES = 3;
const others: ModuleSource['funcs'] = [
  { type: NONE },
  { type: INTS, code: times(WIDE, i32(1)) },
  { type: REFS, code: times(WIDE, ['ref.null', 'extern']) },
];
const sum = times(WIDE - 1, add);

/** A module whose function 0 has the code. */
const moduleOf = (code: Instruction[], more: Partial<ModuleSource> = {}): Uint8Array =>
  assemble({
    types,
    funcs: [{ type: INT, locals: [[3, 'i32']], code }, ...others!],
    exports: [['run', 'func', 0]],
    ...more,
  });

/** Bodies that grow with n. */
const shapes: Record<string, (n: number) => Uint8Array> = {
  'operands that wait, and calls': (n) =>
    moduleOf([...times(n, get(0)), ...times(n, ['call', EMPTY]), ...times(n - 1, add)]),
  'operands that wait, and blocks': (n) =>
    moduleOf([...times(n, get(0)), ...times(n, ['loop', null], 'end'), ...times(n - 1, add)]),
  'operands that wait, and sized operations': (n) =>
    moduleOf([...times(n, get(0)), ...times(n, i32(0), ['memory.grow', 0], 'drop'), ...times(n - 1, add)], {
      memories: [{ min: 0 }],
    }),
  'reads of one local that wait, and writes to others': (n) =>
    moduleOf([...times(n, get(0)), ...times(n, i32(1), ['local.set', 1]), ...times(n - 1, add)]),
  'reads of a local before each write to it': (n) =>
    moduleOf([...times(n, get(0), i32(1), ['local.set', 0]), ...times(n - 1, add)]),
  'br_if with many values': (n) =>
    moduleOf([
      ...[['block', INTS], i32(9), ['call', NUMBERS]],
      ...times(n, get(0), ['br_if', 0]),
      ...[['br', 0], 'end', ...sum],
    ] as Instruction[]),
  'br_if with many values, above an operand that waits': (n) =>
    moduleOf([
      ...[['block', INTS], get(0), ...times(WIDE, i32(1))],
      ...times(n, get(0), ['br_if', 0]),
      ...[['br', 0], 'end', ...sum],
    ] as Instruction[]),
  'br_if with many values, each from another height': (n) =>
    moduleOf([
      ...[
        ['block', INTS],
        ['call', NUMBERS],
      ],
      ...times(n, i32(7), get(0), ['br_if', 0]),
      ...[['br', 0], 'end', ...sum],
    ] as Instruction[]),
  'br_on_null with many values': (n) =>
    moduleOf([
      ...[['block', INTS], i32(9), ['call', NUMBERS]],
      ...times(n, ['ref.null', 'extern'], ['br_on_null', 0], 'drop'),
      ...[['br', 0], 'end', ...sum],
    ] as Instruction[]),
  'br and return with many values': (n) =>
    moduleOf([i32(1)], {
      funcs: [
        { type: INT, code: [['call', 4], ...sum] },
        ...others!,
        {
          type: INTS,
          locals: [[1, 'i32']],
          code: [
            ...[['block', INTS], i32(9), ['call', NUMBERS]],
            ...times(n >> 1, get(0), ['if', INTS_TO_INTS], ['br', 1], 'end'),
            ...times(n >> 1, get(0), ['if', INTS_TO_INTS], 'return', 'end'),
            ...[['br', 0], 'end'],
          ] as Instruction[],
        },
      ],
      exports: [['run', 'func', 4]],
    }),
  'br_table with many labels': (n) => {
    const depth = 100;
    const labels = Array.from({ length: depth }, (_, i) => i + 1);
    const one: Instruction[] = [
      ['block', 'i32'],
      i32(7),
      i32(8),
      get(0),
      ['br_table', labels],
      'end',
      'drop',
    ];
    return moduleOf([
      ...times(depth, i32(1), ['block', 'i32']),
      ...times(n / 50, ...one),
      i32(1),
      ...times(depth, 'end', add),
    ]);
  },
  'blocks of many parameters and results': (n) =>
    moduleOf([['call', NUMBERS], ...times(n, ['block', INTS_TO_INTS], 'end'), ...sum]),
  'blocks of many references': (n) =>
    moduleOf([
      ['call', REFERENCES],
      ...times(n, ['block', REFS_TO_REFS], 'end'),
      ...times(WIDE, 'drop'),
      i32(1),
    ]),
  'if and else of many parameters': (n) =>
    moduleOf([['call', NUMBERS], ...times(n, get(0), ['if', INTS_TO_INTS], 'else', 'end'), ...sum]),
  'loops of many parameters': (n) =>
    moduleOf([['call', NUMBERS], ...times(n, ['loop', INTS_TO_INTS], get(0), ['br_if', 0], 'end'), ...sum]),
  'throw with many values': (n) =>
    moduleOf([['call', NUMBERS], ...times(n, get(0), ['if', INTS_TO_INTS], ['throw', 0], 'end'), ...sum], {
      tags: [TAKES_INTS],
    }),
  'clauses of many values': (n) =>
    moduleOf(
      [
        ['block', INTS],
        ['try_table', null, times(n, 'nop').map(() => ({ tag: 0, withRef: false, label: 0 }))],
        ...['end', i32(1), 'return', 'end', ...sum],
      ] as Instruction[],
      { tags: [TAKES_INTS] },
    ),
  'nested try_tables': (n) =>
    moduleOf([
      ['block', null],
      ...times(n, ['try_table', null, [{ tag: null, withRef: false, label: 0 }]]),
      ...times(n, 'end'),
      'end',
      i32(1),
    ]),
};

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Words of fast and careful code of function 0, and milliseconds of CPU for its first call. */
const firstCall = (bytes: Uint8Array): { words: [number, number]; time: number } => {
  const instance = instantiate(new Store(), compileModule(bytes), () => undefined);
  const run = instance.exports.get('run') as FuncInstance;
  const start = cpu();
  startExecution(run, [], { fuel: 1 }).run();
  mapCareful(run.code!);
  const time = cpu() - start;
  const { fast, careful } = run.code!;
  return { words: [fast!.end - fast!.start, careful!.end - careful!.start], time };
};

for (const [name, shape] of Object.entries(shapes)) {
  test(`${name}: code in proportion, at once`, () => {
    const small = firstCall(shape(5000));
    const bytes = shape(30_000);
    const large = firstCall(bytes);
    for (const tier of [0, 1] as const) {
      const words = large.words[tier];
      assert.ok(words < 8.5 * small.words[tier], `${small.words[tier]} words, then ${words}`);
      assert.ok(words < 20_000 + 12 * bytes.length, `${words} words from ${bytes.length} bytes`);
    }
    // Most take 0.1 s; with a walk over all operands at each instruction they took ten.
    assert.ok(large.time < 2000, `${large.time} ms`);
  });
}

test('locals cost what their declarations take', () => {
  const many: [number, Type][] = [[40_000, 'i32']];
  const count = 2000;
  const bytes = assemble({
    types,
    funcs: [
      { type: INT, code: [...Array.from({ length: count }, (_, i): Instruction => ['call', i + 1]), i32(1)] },
      ...Array.from({ length: count }, () => ({ type: NONE, locals: many })),
    ],
    exports: [['run', 'func', 0]],
  });
  const { exports } = instantiate(new Store(), compileModule(bytes), () => undefined);
  const { unit } = (exports.get('run') as FuncInstance).code!;
  const start = cpu();
  for (const code of unit.funcs) mapCareful(code!);
  assert.ok(cpu() - start < 1000, `${cpu() - start} ms`);
});

test('a local far after those that are listed has its place', () => {
  const code: Instruction[] = [i32(5), ['local.set', 39_000], i32(6), ['local.set', 41_500], get(39_000)];
  const locals: [number, Type][] = [
    [40_000, 'i32'],
    [1000, 'v128'],
    [1000, 'i32'],
  ];
  const main = moduleOf([...code, get(41_500), i32(10), 'i32.mul', add], {
    funcs: [{ type: INT, locals, code: [...code, get(41_500), i32(10), 'i32.mul', add] }, ...others!],
  });
  for (const careful of [false, true]) {
    const { exports } = instantiate(new Store(), compileModule(main), () => undefined);
    assert.deepEqual(invoke(exports.get('run') as FuncInstance, [], { careful }), [65n]);
  }
});

test('entering a function with references costs what its locals take, not what its operands could', () => {
  const lines = 900_000 / WIDE;
  const main = assemble({
    types,
    funcs: [
      { type: NONE, code: [['loop', null], ['call', 4], ['br', 0], 'end'] },
      ...others!,
      {
        type: NONE,
        locals: [[1, 'externref']],
        code: [['block', null], i32(1), ['br_if', 0], ...times(lines, ['call', NUMBERS]), 'return', 'end'],
      },
    ],
    exports: [['run', 'func', 0]],
  });
  const { exports } = instantiate(new Store(), compileModule(main), () => undefined);
  const execution = startExecution(exports.get('run') as FuncInstance, [], { fuel: 100 });
  execution.run();
  execution.addFuel(50_000);
  const start = cpu();
  execution.run();
  // A few milliseconds; clearing the whole frame took four seconds.
  assert.ok(cpu() - start < 500, `${cpu() - start} ms`);
});

/** Function 4 has eight words of code for each byte: sums of what a call gives, in a frame of many slots. */
const absurd = (more: Partial<ModuleSource> = {}): Uint8Array => {
  const count = Math.ceil(MAX_CODE_WORDS / 8 / WIDE) + 1;
  const code = [i32(0), ...times(count, ['call', NUMBERS], ...times(WIDE, add))];
  return assemble({
    types,
    funcs: [
      { type: INT, code: [i32(3), ['call', 4], add] },
      ...others!,
      { type: INT, locals: [[3000, 'i32']], code },
      { type: NONE, code: [['call', 4], 'drop'] },
    ],
    exports: [
      ['run', 'func', 0],
      ['other', 'func', EMPTY],
    ],
    ...more,
  });
};

test('a function of too much code ends its first call, in fast and in careful code alike', () => {
  const bytes = absurd();
  const outcomes = [false, true].map((careful) => {
    const { exports } = instantiate(new Store(), compileModule(bytes), () => undefined);
    const call = (name: string): unknown[] => {
      const execution = startExecution(exports.get(name) as FuncInstance, [], { careful });
      execution.run();
      const { error, fuelConsumed } = execution;
      if (error === undefined) return ['done', fuelConsumed];
      assert.ok(isQuernError(error, 'exhaustion.code'), String(error));
      const { backtrace = [] } = error.details;
      return [backtrace.map(({ funcIndex, offset }) => [funcIndex, offset]), fuelConsumed];
    };
    return [call('run'), call('other'), call('run')];
  });
  assert.deepEqual(outcomes[0], outcomes[1]);
  const [first, other, again] = outcomes[0]!;
  assert.deepEqual(first, again);
  assert.equal((first![0] as unknown[]).length, 1);
  assert.equal(other![0], 'done');
});

test('a start function of too much code ends the instantiation', () => {
  assert.throws(
    () => instantiate(new Store(), compileModule(absurd({ start: 5 })), () => undefined),
    (error) => isQuernError(error, 'exhaustion.code'),
  );
});

test('a function whose frame is beyond the budget is not translated', () => {
  const store = new Store({ maxStackSlots: 1000 });
  const { exports } = instantiate(store, compileModule(absurd()), () => undefined);
  const run = exports.get('run') as FuncInstance;
  assert.throws(
    () => invoke(run, []),
    (error) => isQuernError(error, 'exhaustion.call-stack'),
  );
  assert.equal(run.code!.unit.funcs[4]!.isTooLarge, false);
});
