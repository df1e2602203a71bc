/**
 * Loops of the instructions with a fixed type, derived from the type column of the table: numbers, vectors, loads,
 * stores, atomics. A row that is added to the table gets its loops at once.
 */
import type { InstructionRow } from '../../../src/inspect.ts';
import { signatureNames, type TypeName } from '../../../src/syntax/signatures.ts';
import type { Instruction, LimitsSource, MemArg, Operand } from '../../assembler.ts';
import { type Forms, get, i32, i64, type LoopSpec, repeat, set } from './loop.ts';

/** How often the dear forms have the instruction in the loop, so that the branch back does not count. */
const UNROLLED = 16;
/** Locals before the operands of far forms: more than the operands of internal code can name. */
const FAR = 5000;

type Value = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
const values: readonly string[] = ['i32', 'i64', 'f32', 'f64', 'v128'] satisfies Value[];

/** An operand that costs little, and two that cost much: what is wide, and what processors take slow paths for. */
const cheapValue: Readonly<Record<Value, Instruction>> = {
  i32: i32(1),
  i64: i64(1),
  f32: ['f32.const', 1],
  f64: ['f64.const', 1],
  v128: ['v128.const', repeat(16, 1)],
};
/** Lanes of denormal numbers, as f32x4 and as f64x2; and of plain ones. */
const DENORMAL = repeat(4, 1, 2, 3, 0);
const PLAIN = repeat(4, 0x33, 0x33, 0x33, 0x3f);
const dearValues: Readonly<Record<Value, readonly [Instruction, Instruction]>> = {
  i32: [i32(-0x7654_3211), i32(0x1357_9bdf)],
  i64: [i64(-0x7654_3210_fedc_ba98n), i64(0x0123_4567_89ab_cdefn)],
  f32: [
    ['f32.const', 1e-40],
    ['f32.const', 0.7],
  ],
  f64: [
    ['f64.const', 1e-310],
    ['f64.const', 0.7],
  ],
  v128: [
    ['v128.const', DENORMAL],
    ['v128.const', PLAIN],
  ],
};
/** Where truncation traps: what fits into the result, but hardly. */
const largest: Readonly<Record<string, number>> = {
  'i32.trunc_s': -2147483520,
  'i32.trunc_u': 4294967040,
  'i64.trunc_s': -(2 ** 63 - 2 ** 39),
  'i64.trunc_u': 2 ** 64 - 2 ** 40,
};

/** Parameters and results of a row. @throws for a type that there is no operand of */
const typeOf = (row: InstructionRow): readonly [readonly TypeName[], readonly Value[]] => {
  const { params, results } = signatureNames(row)!;
  for (const word of [...params, ...results])
    if (!values.includes(word) && word !== 'addr') throw new Error(`${row.name}: no loop with a ${word}`);
  return [params, results as readonly Value[]];
};

const bytes = repeat(16, 7);
/** Immediates of a row. @throws for a kind that there is none of */
const immediatesOf = (row: InstructionRow, memory: MemArg): Operand[] =>
  row.immediates.map((kind) => {
    switch (kind) {
      case 'memarg':
        return memory;
      case 'laneidx':
        // The last lane of f64x2, which all shapes have.
        return 1;
      case 'lanes16':
        return [31, 0, 17, 3, 5, 30, 2, 9, 8, 7, 16, 15, 14, 1, 0, 31];
      case 'v128':
        return bytes;
      case 'i32':
      case 'f32':
      case 'f64':
        return -1;
      case 'i64':
        return -1n;
      case 'zero':
        return null;
      default:
        throw new Error(`${row.name}: no loop with an immediate ${kind}`);
    }
  });

/**
 * One instruction on the locals from `first` on; its results go to the locals after them, since dropped values may
 * not be computed.
 */
const turnOf = (row: InstructionRow, memory: MemArg, first: number): Instruction[] => {
  const [params, results] = typeOf(row);
  const instruction = [row.name, ...immediatesOf(row, memory)] as unknown as Instruction;
  return [
    ...params.map((_, i) => get(first + i)),
    instruction,
    ...results.map((_, i) => set(first + params.length + i)),
  ];
};
/** Locals of operands and results. */
const localsOf = (types: readonly Value[], results: readonly Value[]): NonNullable<LoopSpec['locals']> =>
  [...types, ...results].map((type) => [1, type]);

const isAtomic = (row: InstructionRow): boolean => row.group === 'atomic';

/** Memories of the forms: a small one; a small one, and one with 64-bit addresses. */
const near: readonly LimitsSource[] = [{ min: 1, max: 1 }];
const far: readonly LimitsSource[] = [
  { min: 1, max: 1 },
  { min: 32, max: 32, is64: true },
];

const cheap = (row: InstructionRow): LoopSpec => {
  const [params, results] = typeOf(row);
  const types = params.map((word) => (word === 'addr' ? 'i32' : word) as Value);
  return {
    locals: localsOf(types, results),
    before: types.flatMap((type, i) => [params[i] === 'addr' ? i32(8) : cheapValue[type], set(i)]),
    turn: turnOf(row, {}, 0),
    ...(row.access > 0 && { memories: near }),
  };
};

/** @param order which of the two dear values the first operand is @param distance locals before the operands */
const dear = (row: InstructionRow, order: 0 | 1, distance = 0): LoopSpec => {
  const [params, results] = typeOf(row);
  const types = params.map((word) => (word === 'addr' ? 'i64' : word) as Value);
  const truncation = /^(i\d\d)\.trunc_f\d\d_([su])$/.exec(row.name);
  const operand = (type: Value, i: number): Instruction => {
    if (truncation !== null && type.startsWith('f'))
      return [
        type === 'f32' ? 'f32.const' : 'f64.const',
        largest[`${truncation[1]}.trunc_${truncation[2]}`]!,
      ];
    return dearValues[type][((i + order) % 2) as 0 | 1];
  };
  // Atomics must be aligned; everything else reads across words and pages.
  const address = isAtomic(row) ? 0xffff8 : 0xffff;
  const [first, offset] = [distance, isAtomic(row) ? 8 : 0xfffe];
  return {
    locals: [[distance, 'v128'], ...localsOf(types, results)],
    before: types.flatMap((type, i) => [
      params[i] === 'addr' ? i64(address) : operand(type, i),
      set(first + i),
    ]),
    turn: turnOf(row, { memory: 1, offset, ...(isAtomic(row) ? {} : { align: 0 }) }, first),
    times: UNROLLED,
    ...(row.access > 0 && { memories: far }),
  };
};

/** Dividing what is large by what is small is another path than by what is large. */
const smallDivisor = (row: InstructionRow): LoopSpec => {
  const spec = dear(row, 0);
  const [params] = typeOf(row);
  return {
    ...spec,
    before: [...spec.before!, params[1] === 'i64' ? i64(3) : i32(3), set(1)],
  };
};

/** The loops of a row with a fixed type. */
export const plainForms = (row: InstructionRow): Forms => ({
  cheap: cheap(row),
  dear: dear(row, 0),
  far: dear(row, 0, FAR),
  ...(row.fuel === 'div' && { 'small divisor': smallDivisor(row), swapped: dear(row, 1) }),
});
