/**
 * Every operator on numbers, compiled: operands from memory, locals, parameters and constants of either side, results
 * that go to memory and into whatever else takes one. Edge values, among them NaNs of many payloads. All is as on the
 * interpreter, in hosts with a JIT and without, whether the code is left on the way or not.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instructions, type Mnemonic } from '../../src/syntax/instructions.ts';
import { signatureNames } from '../../src/syntax/signatures.ts';
import { assemble, type FuncSource, type Instruction } from '../assembler.ts';
import { edges32, edges64, edgesF32, edgesF64 } from '../generators/random.ts';
import { type Call, play } from './beside.ts';
import { type Forced, forcedCompiler } from './forced-compiler.ts';

type Num = 'i32' | 'i64' | 'f32' | 'f64';
const isNum = (type: string | undefined): type is Num => /^[if](32|64)$/.test(type ?? '');

interface Operator {
  readonly name: Mnemonic;
  readonly params: readonly Num[];
  readonly result: Num;
}
const operators = instructions.flatMap(({ name, type, group }): Operator[] => {
  if (type === 'special' || group.endsWith('.const')) return [];
  const { params, results } = signatureNames(instructions.find((row) => row.name === name)!)!;
  const [result] = results;
  return results.length === 1 && isNum(result) && params.length > 0 && params.every(isNum)
    ? [{ name, params: params as Num[], result }]
    : [];
});
/** Operators that trap for some operands: these are called from outside for each pair. */
const mayTrap = ({ name }: Operator): boolean => /\.(div|rem)_[su]$|\.trunc_f/.test(name);

/** Unsigned bits of edge values. */
const edges: Readonly<Record<Num, readonly bigint[]>> = {
  i32: edges32.map((value) => BigInt.asUintN(32, BigInt(value))),
  i64: edges64.map((value) => BigInt.asUintN(64, value)),
  f32: edgesF32.map(BigInt),
  f64: edgesF64,
};
const constant = (type: Num, bits: bigint): Instruction => {
  if (type === 'i32') return ['i32.const', Number(BigInt.asIntN(32, bits))];
  return type === 'i64' ? ['i64.const', BigInt.asIntN(64, bits)] : [`${type}.const`, bits];
};

/** Where the operands lie in memory, and where results go. */
const FIRST = 0;
const SECOND = 1024;
const RESULTS = 4096;
const [I, J, OUT, A, B] = [0, 1, 2, 3, 4];
const get = (index: number): Instruction => ['local.get', index];
const set = (index: number): Instruction => ['local.set', index];
const i32 = (value: number): Instruction => ['i32.const', value];

/** Uses of a value on the stack: each makes a value that can be stored. `x` is a local that holds one, too. */
const usesOf: Readonly<Record<Num, readonly (readonly [Num, ...Instruction[]])[]>> = {
  i32: [
    ['i32'],
    ['i32', i32(5), 'i32.add', i32(-1), 'i32.sub'],
    ['i32', 'i32.eqz', 'i32.eqz'],
    ['i32', ['if', 'i32'], i32(3), 'else', i32(4), 'end'],
    ['i32', i32(0x3f8), 'i32.and', ['i32.load8_s', { offset: 1 }]],
    ['i64', 'i64.extend_i32_s'],
    ['i64', 'i64.extend_i32_u'],
    ['i32', i32(3), 'i32.shr_u', i32(7), 'i32.lt_u'],
    ['f64', 'f64.convert_i32_u'],
    ['f32', 'f32.convert_i32_s'],
  ],
  i64: [
    ['i64'],
    ['i32', 'i32.wrap_i64'],
    ['i64', ['i64.const', 1n], 'i64.add'],
    ['i32', 'i64.eqz'],
    ['i32', ['i64.const', 0n], 'i64.lt_s'],
    ['i64', ['i64.const', 33n], 'i64.shr_u'],
    ['f64', 'f64.convert_i64_u'],
    ['f32', 'f32.convert_i64_s'],
  ],
  f32: [
    ['f32'],
    ['i32', 'i32.reinterpret_f32'],
    ['i32', 'f32.neg', 'i32.reinterpret_f32'],
    ['f32', ['f32.const', 0.5], 'f32.add'],
    ['f64', 'f64.promote_f32'],
    ['i64', 'i64.trunc_sat_f32_s'],
  ],
  f64: [
    ['f64'],
    ['i64', 'i64.reinterpret_f64'],
    ['i64', 'f64.abs', 'i64.reinterpret_f64'],
    ['f64', ['f64.const', 0.5], 'f64.add'],
    ['f32', 'f32.demote_f64'],
    ['i32', 'i32.trunc_sat_f64_u'],
  ],
};

/** Stores what some code leaves at `OUT`, which then moves on. */
const keep = (type: Num, code: readonly Instruction[]): Instruction[] =>
  [
    get(OUT),
    ...code,
    [`${type}.store`, {}] as Instruction,
    ...[get(OUT), i32(8), 'i32.add', set(OUT)],
  ] as Instruction[];
/** Counts a local up to a number of edge values. */
const loop = (counter: number, count: number, body: readonly Instruction[]): Instruction[] =>
  [
    ...[i32(0), set(counter), ['loop', null], ...body],
    ...[get(counter), i32(1), 'i32.add', ['local.tee', counter], i32(count), 'i32.lt_u', ['br_if', 0], 'end'],
  ] as Instruction[];
const load = (type: Num, counter: number, at: number): Instruction[] =>
  [get(counter), i32(3), 'i32.shl', [`${type}.load`, { offset: at }]] as Instruction[];

const dataOf = (values: readonly bigint[], at: number): number[] => {
  const bytes = values.flatMap((value) =>
    Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)),
  );
  const count = [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  const address = [(at & 0x7f) | 0x80, at >> 7];
  return [0, 0x41, ...address, 0x0b, ...count, ...bytes];
};

/** A module that tries an operator on edge values; each export is a way to hand it operands. */
const moduleOf = (operator: Operator, thin: number): { bytes: Uint8Array; calls: Call[] } => {
  const { name, params, result } = operator;
  const [first, second = null] = params as [Num, Num?];
  const some = (type: Num): readonly bigint[] => edges[type].filter((_, i) => i % thin === 0);
  const [as, bs] = [some(first), second === null ? [] : some(second)];
  const apply = (a: readonly Instruction[], b: readonly Instruction[]): Instruction[] => [
    ...a,
    ...(second === null ? [] : b),
    name as Instruction,
  ];
  const pairs = (body: readonly Instruction[]): Instruction[] =>
    loop(I, as.length, second === null ? body : loop(J, bs.length, body));
  const operandLocals: [number, Num][] = [
    [1, first],
    ...(second === null ? [] : [[1, second] as [number, Num]]),
  ];
  const locals: FuncSource['locals'] = [[3, 'i32'], ...operandLocals];
  const begin: Instruction[] = [i32(RESULTS), set(OUT)];
  const [a, b] = [load(first, I, FIRST), load(second ?? first, J, SECOND)];
  const toLocals: Instruction[] = [...a, set(A), ...(second === null ? [] : [...b, set(B)])];
  const inLoops: Record<string, Instruction[]> = {
    fromMemory: [...begin, ...pairs(keep(result, apply(a, b)))],
    fromLocals: [
      ...begin,
      ...pairs([
        ...toLocals,
        ...usesOf[result].flatMap(([type, ...use]) => keep(type, [...apply([get(A)], [get(B)]), ...use])),
      ]),
    ],
    withConstants: [
      ...begin,
      ...loop(I, as.length, [
        ...a,
        set(A),
        ...bs.flatMap((bits) => keep(result, apply([get(A)], [constant(second!, bits)]))),
      ]),
      ...(second === null
        ? []
        : loop(J, bs.length, [
            ...b,
            set(B),
            ...as.flatMap((bits) => keep(result, apply([constant(first, bits)], [get(B)]))),
          ])),
    ],
  };
  const called: FuncSource[] = [
    { type: 1, code: apply([get(0)], [get(1)]) },
    ...bs.map((bits): FuncSource => ({ type: 2, code: apply([get(0)], [constant(second!, bits)]) })),
  ];
  const loops = mayTrap(operator) ? {} : inLoops;
  const loopFuncs = Object.values(loops).map((code): FuncSource => ({ locals, code }));
  const names = [...Object.keys(loops), ...called.map((_, i) => `called${i}`)];
  const bytes = assemble({
    types: [{}, { params, results: [result] }, { params: [first], results: [result] }],
    funcs: [...loopFuncs, ...called],
    memories: [{ min: 4 }],
    exports: names.map((export_, i) => [export_, 'func', i] as const),
    data: [dataOf(as, FIRST), ...(second === null ? [] : [dataOf(bs, SECOND)])],
  });
  // What cannot trap is called with a few values only: NaNs as parameters are what matters.
  const isSparse = !mayTrap(operator);
  const few = (list: readonly bigint[]): readonly bigint[] => (isSparse ? list.slice(-6) : list);
  const calls: Call[] = [
    ...Object.keys(loops).map((export_): Call => [export_]),
    ...few(as).flatMap((x): Call[] =>
      second === null ? [['called0', x]] : few(bs).map((y): Call => ['called0', x, y]),
    ),
    ...bs.flatMap((_, i) => few(as).map((x): Call => [`called${i + 1}`, x])),
  ];
  return { bytes, calls };
};

const ways: readonly (readonly [thin: number, ...ways: Forced[]])[] = [
  [1, { target: 'jit', exits: 0, seed: 0 }, { target: 'nojit', exits: 0, seed: 0 }],
  [5, { target: 'jit', exits: 0.5, seed: 1 }, { target: 'nojit', exits: 0.5, seed: 2 }],
];

describe('operators on numbers', () => {
  test('are all of them', () => assert.ok(operators.length > 130, `${operators.length}`));

  for (const operator of operators)
    test(operator.name, () => {
      for (const [thin, ...forced] of ways) {
        const program = moduleOf(operator, thin);
        const expected = play(program, null, null);
        for (const way of forced)
          assert.deepEqual(play(program, forcedCompiler(way), null), expected, JSON.stringify(way));
      }
    });
});
