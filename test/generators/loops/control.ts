/**
 * Loops of the instructions of control: blocks, branches, calls, and what ends a function. What is dear about them
 * are the values that they move, frames, and the search for what a type matches.
 */
import type { SpecialMnemonic } from '../../../src/syntax/instructions.ts';
import type { Instruction, Type } from '../../assembler.ts';
import { u32 } from '../../assembler.ts';
import {
  FIRST_FUNC,
  FIRST_TYPE,
  type Forms,
  get,
  i32,
  i64,
  type LoopSpec,
  type NoLoop,
  RUN,
  repeat,
  set,
} from './loop.ts';

/** Values that wide branches move; the most parameters that a type may have. */
const WIDE = 1000;
/** Blocks in each other. */
const DEEP = 200;
const UNROLLED = 16;
/** Most supertypes of a type. */
export const SUBTYPES = 60;

export const block: Instruction = ['block', null];
export const drop: Instruction = 'drop';
const wideTypes: readonly Type[] = repeat<Type>(WIDE, 'i64');
const manyValues = repeat(WIDE, i64(5));

/** A loop with many parameters: each branch back moves them all by one place, for the price of one value. */
export const wide = (last: Type, ...branch: readonly Instruction[]): LoopSpec => ({
  types: [{ params: [...wideTypes.slice(1), last] }],
  loopType: FIRST_TYPE,
  before: [...manyValues.slice(1), ...defaultOf(last)],
  turn: branch,
});
const defaultOf = (type: Type): Instruction[] =>
  type === 'i64' ? [i64(0)] : [['ref.null', type === 'funcref' ? 'func' : 'any']];
const more = i64(7);

/** Blocks in each other around something. */
export const nested = (
  opening: readonly Instruction[],
  inner: readonly Instruction[],
  closing: readonly Instruction[] = ['end'],
  depth = DEEP,
): Instruction[] => [...repeat(depth, ...opening), ...inner, ...repeat(depth, ...closing)];

/** Function types of which each is a subtype of the one before. */
export const functionChain: readonly (readonly number[])[] = Array.from({ length: SUBTYPES }, (_, i) => [
  0x50,
  ...(i === 0 ? [0] : [1, ...u32(FIRST_TYPE + i - 1)]),
  ...[0x60, 0, 0],
]);
const LAST_TYPE = FIRST_TYPE + SUBTYPES - 1;
/** An active element segment with functions. */
export const activeElements = (...funcs: readonly number[]): readonly number[] => [
  ...[0, 0x41, 0, 0x0b],
  ...u32(funcs.length),
  ...funcs.flatMap((func) => u32(func)),
];
/** Functions that `ref.func` may name. */
export const declared = (...funcs: readonly number[]): readonly number[] => [
  ...[3, 0],
  ...u32(funcs.length),
  ...funcs.flatMap((func) => u32(func)),
];

/** Most locals of a function. */
const HUGE_FRAME = 49_000;
const hugeLeaf = { locals: [[HUGE_FRAME, 'externref']] as const };
const leaf = {};
const funcref: Type = 'funcref';

/** A call whose callee has a huge frame, and one deep in the stack. */
const callForms = (
  call: readonly Instruction[],
  spec: Partial<LoopSpec>,
): { cheap: LoopSpec; dear: LoopSpec; 'huge frame': LoopSpec } => ({
  cheap: { turn: call, funcs: [leaf], ...spec },
  dear: { turn: call, times: UNROLLED, funcs: [leaf], ...spec },
  'huge frame': { turn: call, funcs: [hugeLeaf], ...spec },
});
const oneFunction = { tables: [{ min: 1 }], elements: [activeElements(FIRST_FUNC)] };
const byReference = {
  locals: [[1, { heap: 0, nullable: true }]] as const,
  before: [['ref.func', FIRST_FUNC], set(0)] as Instruction[],
  elements: [declared(FIRST_FUNC)],
};
/** A function type of which there is a chain of supertypes, called by the last one's and by the first one's name. */
const bySupertype = (call: 'call_indirect' | 'return_call_indirect'): Partial<LoopSpec> => ({
  types: functionChain,
  tables: [{ min: 1, element: funcref }],
  elements: [activeElements(FIRST_FUNC)],
  turn: [i32(0), [call, FIRST_TYPE, 0]],
});

/** Calls in each other, each of which returns many values. */
const wideReturns = (end: readonly Instruction[]): LoopSpec => ({
  types: [{ params: ['i32'], results: wideTypes }],
  turn: [i32(DEEP), ['call', FIRST_FUNC], ...repeat(WIDE, drop)],
  funcs: [
    {
      type: FIRST_TYPE,
      code: [
        get(0),
        'i32.eqz',
        ['if', null],
        ...manyValues,
        'return',
        'end',
        // Below the values, so that they must be moved.
        more,
        get(0),
        i32(1),
        'i32.sub',
        ['call', FIRST_FUNC],
        ...end,
      ],
    },
  ],
});

/** A function that calls itself instead of returning. */
const tailForms = (call: readonly Instruction[], spec: Partial<LoopSpec>): Forms => {
  const chain = { turn: [['call', FIRST_FUNC]] as Instruction[], isWhole: true };
  const leafTo = (locals: LoopSpec['locals'], type = 0) => [{ type, locals: locals ?? [], code: call }];
  return {
    cheap: { ...chain, ...spec, funcs: leafTo([]) },
    dear: { ...chain, ...spec, funcs: leafTo([[HUGE_FRAME, 'externref']]) },
  };
};
/** The same with many parameters. */
const wideTail = (call: readonly Instruction[], spec: Partial<LoopSpec>): LoopSpec => ({
  types: [{ params: wideTypes }],
  turn: [...manyValues, ['call', FIRST_FUNC]],
  isWhole: true,
  funcs: [
    {
      type: FIRST_TYPE,
      code: [...Array.from({ length: WIDE }, (_, i) => get((i + 1) % WIDE)), ...call],
    },
  ],
  ...spec,
});
const selfReference = { elements: [declared(FIRST_FUNC)] };

/** Blocks without effect: alone, in each other, and with values above them. */
const blockForms = (...opening: readonly Instruction[]): Forms => ({
  cheap: { turn: [...opening, 'end'] },
  dear: { turn: nested(opening, []) },
  'with values': {
    types: [{ params: wideTypes, results: wideTypes }, { params: wideTypes }],
    before: manyValues,
    loopType: FIRST_TYPE + 1,
    turn: [
      ...opening.slice(0, -1),
      [(opening[opening.length - 1] as Instruction)[0], FIRST_TYPE] as unknown as Instruction,
      'end',
    ],
  },
});

const chosen = (other: readonly Instruction[]): Instruction[] => [
  get(0),
  ['if', null],
  'nop',
  ...other,
  'end',
];
/** Both ways, with values that both leave. */
const chosenValues = (count: number, condition: number): LoopSpec => ({
  types: [{ results: repeat<Type>(count, 'v128') }],
  locals: [[1, 'v128']],
  turn: [
    i32(condition),
    ['if', FIRST_TYPE],
    ...repeat(count, get(0)),
    'else',
    ...repeat(count, get(0)),
    'end',
    ...repeat(count, drop),
  ],
});

type ControlMnemonic = Extract<
  SpecialMnemonic,
  | ('unreachable' | 'block' | 'loop' | 'if' | 'else' | 'end' | 'br' | 'br_if' | 'br_table' | 'return')
  | ('call' | 'call_indirect' | 'return_call' | 'return_call_indirect' | 'call_ref' | 'return_call_ref')
  | ('br_on_null' | 'br_on_non_null' | 'br_on_cast' | 'br_on_cast_fail')
>;

const anyref = { heap: 'any', nullable: true } as const;
const i31 = { heap: 'i31', nullable: false } as const;
const struct = { heap: 'struct', nullable: false } as const;
const castFrom = (to: typeof i31 | typeof struct) => ({ label: 0, from: anyref, to });
const withFuncs = { elements: [declared(RUN)] };

/** The loops, by instruction. */
export const controlLoops: Readonly<Record<ControlMnemonic, Forms | NoLoop>> = {
  unreachable: 'it traps',
  block: blockForms(block),
  loop: blockForms(['loop', null]),
  end: blockForms(block),
  if: {
    cheap: { locals: [[1, 'i32']], turn: chosen([]) },
    dear: chosenValues(100, 1),
    nested: { locals: [[1, 'i32']], before: [i32(1), set(0)], turn: nested([get(0), ['if', null]], []) },
  },
  else: {
    cheap: { locals: [[1, 'i32']], turn: chosen(['else', 'nop']) },
    dear: chosenValues(100, 0),
  },
  br: {
    cheap: { turn: [block, ['br', 0], 'end'] },
    dear: wide('i64', more, ['br', 0]),
    far: { turn: nested([block], [['br', DEEP - 1]]) },
  },
  br_if: {
    cheap: { locals: [[1, 'i32']], turn: [block, get(0), ['br_if', 0], 'end'] },
    dear: wide('i64', more, i32(1), ['br_if', 0]),
    'not taken': wide('i64', more, i32(0), ['br_if', 0], more, i32(0), ['br_if', 0]),
  },
  br_table: {
    cheap: { locals: [[1, 'i32']], turn: [block, get(0), ['br_table', [0, 0]], 'end'] },
    dear: wide('i64', more, i32(2), ['br_table', [0, 0, 0]]),
    'many labels': { turn: [block, i32(64_999), ['br_table', repeat(65_000, 0)], 'end'] },
  },
  br_on_null: {
    cheap: {
      turn: [block, ['ref.null', 'func'], ['br_on_null', 0], drop, 'end'],
    },
    dear: wide('i64', more, ['ref.null', 'func'], ['br_on_null', 0], drop),
  },
  br_on_non_null: {
    cheap: {
      ...withFuncs,
      turn: [
        ['block', { heap: 'func', nullable: false }],
        ['ref.func', RUN],
        ['br_on_non_null', 0],
        'unreachable',
        'end',
        drop,
      ],
    },
    dear: {
      ...withFuncs,
      ...wide(funcref, drop, more, ['ref.func', RUN], ['br_on_non_null', 0], 'unreachable'),
    },
  },
  br_on_cast: {
    cheap: {
      turn: [['block', i31], i32(1), 'ref.i31', ['br_on_cast', castFrom(i31)], 'unreachable', 'end', drop],
    },
    dear: wide('anyref', drop, more, i32(1), 'ref.i31', ['br_on_cast', castFrom(i31)], 'unreachable'),
  },
  br_on_cast_fail: {
    cheap: {
      turn: [
        ['block', 'anyref'],
        i32(1),
        'ref.i31',
        ['br_on_cast_fail', castFrom(struct)],
        'unreachable',
        'end',
        drop,
      ],
    },
    dear: wide('anyref', drop, more, i32(1), 'ref.i31', ['br_on_cast_fail', castFrom(struct)], 'unreachable'),
  },
  return: {
    cheap: { turn: [['call', FIRST_FUNC]], funcs: [{ code: ['return'] }] },
    dear: wideReturns(['return']),
    'by a branch': wideReturns([['br', 0]]),
  },
  call: {
    ...callForms([['call', FIRST_FUNC]], {}),
    deep: {
      types: [{ params: ['i32'] }],
      turn: [i32(10_000), ['call', FIRST_FUNC]],
      funcs: [
        {
          type: FIRST_TYPE,
          code: [get(0), 'i32.eqz', ['br_if', 0], get(0), i32(1), 'i32.sub', ['call', FIRST_FUNC]],
        },
      ],
    },
    wide: {
      types: [{ params: wideTypes, results: wideTypes }],
      turn: [...manyValues, ['call', FIRST_FUNC], ...repeat(WIDE, drop)],
      funcs: [{ type: FIRST_TYPE, code: Array.from({ length: WIDE }, (_, i) => get(WIDE - 1 - i)) }],
    },
  },
  call_indirect: {
    ...callForms([i32(0), ['call_indirect', 0, 0]], oneFunction),
    supertype: {
      turn: [],
      ...bySupertype('call_indirect'),
      times: UNROLLED,
      funcs: [{ type: LAST_TYPE }],
    },
  },
  call_ref: callForms([get(0), ['call_ref', 0]], byReference),
  return_call: {
    ...tailForms([['return_call', FIRST_FUNC]], {}),
    wide: wideTail([['return_call', FIRST_FUNC]], {}),
  },
  return_call_indirect: {
    ...tailForms([i32(0), ['return_call_indirect', 0, 0]], oneFunction),
    wide: wideTail([i32(0), ['return_call_indirect', FIRST_TYPE, 0]], oneFunction),
    supertype: {
      ...bySupertype('return_call_indirect'),
      turn: [['call', FIRST_FUNC]],
      isWhole: true,
      funcs: [{ type: LAST_TYPE, code: [i32(0), ['return_call_indirect', FIRST_TYPE, 0]] }],
    },
  },
  return_call_ref: {
    ...tailForms(
      [
        ['ref.func', FIRST_FUNC],
        ['return_call_ref', 0],
      ],
      selfReference,
    ),
    wide: wideTail(
      [
        ['ref.func', FIRST_FUNC],
        ['return_call_ref', FIRST_TYPE],
      ],
      selfReference,
    ),
  },
};
