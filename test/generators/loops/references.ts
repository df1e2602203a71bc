/**
 * Loops of references, structures and arrays. What is dear about them is size: fields and elements of structures and
 * arrays, and how far down a type is below another.
 */
import type { SpecialMnemonic } from '../../../src/syntax/instructions.ts';
import type { Cast, Instruction, Ref, Type } from '../../assembler.ts';
import { u32 } from '../../assembler.ts';
import { declared, drop, SUBTYPES } from './control.ts';
import { FIRST_TYPE, type Forms, get, i32, type LoopSpec, RUN, repeat, set } from './loop.ts';

const UNROLLED = 16;
/** Most fields of a structure. */
const FIELDS = 10_000;
/** Fields of a structure that is made of operands. */
const OPERANDS = 2000;
/** Elements of the arrays that dear forms move. */
const ELEMENTS = 1_000_000;
/** Elements of the arrays that dear forms make: many are made before the host collects them. */
const MADE = 100_000;
const SEGMENT = 60_000;

const nullable = (heap: Ref['heap']): Ref => ({ heap, nullable: true });
const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;
const I8 = 0x78;
const I16 = 0x77;
const ANYREF = 0x6e;
const FUNCREF = 0x70;
const structType = (count: number, field: number): readonly number[] => [
  0x5f,
  ...u32(count),
  ...repeat(count, field, 1),
];
const arrayType = (element: number): readonly number[] => [0x5e, element, 1];
/** Structures of which each is a subtype of the one before; and one beside the last. */
const structChain: readonly (readonly number[])[] = [
  ...Array.from({ length: SUBTYPES }, (_, i) => [
    0x50,
    ...(i === 0 ? [0] : [1, ...u32(FIRST_TYPE + i - 1)]),
    ...structType(0, I32),
  ]),
  [0x50, 1, ...u32(FIRST_TYPE + SUBTYPES - 2), ...structType(0, I32)],
];
const LAST = FIRST_TYPE + SUBTYPES - 1;
const BESIDE = LAST + 1;

const i31: readonly Instruction[] = [i32(5), 'ref.i31'];
const anyref: Type = 'anyref';
/** A value of a type in local 0, made once. */
const holding = (
  types: LoopSpec['types'],
  type: Type,
  ...make: readonly Instruction[]
): Pick<LoopSpec, 'types' | 'locals' | 'before'> => ({
  types,
  locals: [[1, type]],
  before: [...make, set(0)],
});
const one = nullable(FIRST_TYPE);
const structOf = (count: number, field: number) =>
  holding([structType(count, field)], one, ['struct.new_default', FIRST_TYPE]);
const arrayOf = (length: number, element: number) =>
  holding([arrayType(element)], one, i32(length), ['array.new_default', FIRST_TYPE]);
const deepest = holding(structChain, 'anyref', ['struct.new_default', LAST]);
const v128: Instruction = ['v128.const', repeat(16, 1)];
const passiveData = (length: number): readonly number[] => [1, ...u32(length), ...repeat(length, 1)];
const passiveElements = (count: number): readonly number[] => [
  ...[1, 0],
  ...u32(count),
  ...repeat(count, ...u32(RUN)),
];

const structGet = (name: 'struct.get_s' | 'struct.get_u'): Forms => ({
  cheap: { ...structOf(1, I8), turn: [get(0), [name, FIRST_TYPE, 0], drop] },
  dear: {
    ...structOf(FIELDS, I16),
    turn: [get(0), [name, FIRST_TYPE, FIELDS - 1], drop],
    times: UNROLLED,
  },
});
const arrayGet = (
  name: 'array.get' | 'array.get_s' | 'array.get_u',
  small: number,
  large: number,
): Forms => ({
  cheap: { ...arrayOf(1, small), turn: [get(0), i32(0), [name, FIRST_TYPE], drop] },
  dear: {
    ...arrayOf(ELEMENTS, large),
    turn: [get(0), i32(ELEMENTS - 1), [name, FIRST_TYPE], drop],
    times: UNROLLED,
  },
});
const testForms = (name: 'ref.test' | 'ref.test null'): Forms => ({
  cheap: { turn: [...i31, [name, 'i31'], drop] },
  dear: { ...deepest, turn: [get(0), [name, LAST - 1], drop], times: UNROLLED },
  fails: { ...deepest, turn: [get(0), [name, BESIDE], drop], times: UNROLLED },
});
const castForms = (name: 'ref.cast' | 'ref.cast null'): Forms => ({
  cheap: { turn: [...i31, [name, 'i31'], drop] },
  dear: { ...deepest, turn: [get(0), [name, LAST - 1], drop], times: UNROLLED },
});

/** Type A is described by type B. */
const A = FIRST_TYPE;
const B = FIRST_TYPE + 1;
const described = (count: number): readonly number[] => [
  ...[0x4e, 2],
  ...[0x4d, B, ...structType(count, I32)],
  ...[0x4c, A, ...structType(1, I32)],
];
/** Locals: a descriptor, another one, and a value that the first describes. */
const describing = (count: number): Pick<LoopSpec, 'types' | 'locals' | 'before'> => ({
  types: [described(count)],
  locals: [
    [2, nullable({ exact: B })],
    [1, nullable('eq')],
    [1, nullable(A)],
  ],
  before: [
    ...[['struct.new_default', B] as const, set(0)],
    ...[['struct.new_default', B] as const, set(1)],
    ...[get(0), ['struct.new_default_desc', A] as const, ['local.tee', 3] as const, set(2)],
  ],
});
const MANY_FIELDS = 100;
const byDescriptor = (name: 'ref.cast_desc_eq' | 'ref.cast_desc_eq null'): Forms => {
  const turn: Instruction[] = [get(2), get(0), [name, { exact: A }], drop];
  return { cheap: { ...describing(1), turn }, dear: { ...describing(FIELDS), turn, times: UNROLLED } };
};
const branchByDescriptor = (name: 'br_on_cast_desc_eq' | 'br_on_cast_desc_eq_fail'): Forms => {
  const cast: Cast = { label: 0, from: nullable('eq'), to: nullable({ exact: A }) };
  const turn = (descriptor: number): Instruction[] => [
    ['block', nullable('eq')],
    ...[get(2), get(descriptor), [name, cast] as const],
    ...['end' as const, drop],
  ];
  return {
    cheap: { ...describing(1), turn: turn(0) },
    dear: { ...describing(FIELDS), turn: turn(1), times: UNROLLED },
  };
};

type ReferenceMnemonic =
  | Extract<SpecialMnemonic, `ref.${string}` | `struct.${string}` | `array.${string}` | `i31.${string}`>
  | Extract<SpecialMnemonic, `${string}convert${string}` | `br_on_cast_desc${string}`>;

/** The loops, by instruction. */
export const referenceLoops: Readonly<Record<ReferenceMnemonic, Forms>> = {
  'ref.null': {
    cheap: { turn: [['ref.null', 'func'], drop] },
    dear: { types: structChain, turn: [['ref.null', LAST], drop], times: UNROLLED },
  },
  'ref.is_null': {
    cheap: { turn: [['ref.null', 'func'], 'ref.is_null', drop] },
    dear: { ...deepest, turn: [get(0), 'ref.is_null', drop], times: UNROLLED },
  },
  'ref.func': {
    cheap: { elements: [declared(RUN)], turn: [['ref.func', RUN], drop] },
    dear: { elements: [declared(RUN)], turn: [['ref.func', RUN], drop], times: UNROLLED },
  },
  'ref.eq': {
    cheap: { turn: [...i31, ...i31, 'ref.eq', drop] },
    dear: {
      ...holding(structChain, nullable('eq'), ['struct.new_default', LAST]),
      turn: [get(0), get(0), 'ref.eq', drop],
      times: UNROLLED,
    },
  },
  'ref.as_non_null': {
    cheap: { turn: [...i31, 'ref.as_non_null', drop] },
    dear: { ...deepest, turn: [get(0), 'ref.as_non_null', drop], times: UNROLLED },
  },
  'ref.test': testForms('ref.test'),
  'ref.test null': testForms('ref.test null'),
  'ref.cast': castForms('ref.cast'),
  'ref.cast null': castForms('ref.cast null'),
  'ref.i31': {
    cheap: { turn: [...i31, drop] },
    dear: { turn: [i32(-1), 'ref.i31', drop], times: UNROLLED },
  },
  'i31.get_s': {
    cheap: { turn: [...i31, 'i31.get_s', drop] },
    dear: { ...holding([], nullable('i31'), ...i31), turn: [get(0), 'i31.get_s', drop], times: UNROLLED },
  },
  'i31.get_u': {
    cheap: { turn: [...i31, 'i31.get_u', drop] },
    dear: { ...holding([], nullable('i31'), ...i31), turn: [get(0), 'i31.get_u', drop], times: UNROLLED },
  },
  'any.convert_extern': {
    cheap: { turn: [['ref.null', 'extern'], 'any.convert_extern', drop] },
    dear: {
      ...holding(structChain, 'externref', ['struct.new_default', LAST], 'extern.convert_any'),
      turn: [get(0), 'any.convert_extern', drop],
      times: UNROLLED,
    },
  },
  'extern.convert_any': {
    cheap: { turn: [...i31, 'extern.convert_any', drop] },
    dear: { ...deepest, turn: [get(0), 'extern.convert_any', drop], times: UNROLLED },
  },
  'struct.new': {
    cheap: { types: [structType(1, I32)], turn: [i32(1), ['struct.new', FIRST_TYPE], drop] },
    dear: {
      types: [structType(OPERANDS, V128)],
      locals: [[1, 'v128']],
      turn: [...repeat(OPERANDS, get(0)), ['struct.new', FIRST_TYPE], drop],
    },
    packed: {
      types: [structType(OPERANDS, I8)],
      turn: [...repeat(OPERANDS, i32(1)), ['struct.new', FIRST_TYPE], drop],
    },
    references: {
      types: [structType(OPERANDS, ANYREF)],
      locals: [[1, anyref]],
      turn: [...repeat(OPERANDS, get(0)), ['struct.new', FIRST_TYPE], drop],
    },
  },
  'struct.new_default': {
    cheap: { types: [structType(1, I32)], turn: [['struct.new_default', FIRST_TYPE], drop] },
    dear: { types: [structType(FIELDS, V128)], turn: [['struct.new_default', FIRST_TYPE], drop] },
    references: { types: [structType(FIELDS, ANYREF)], turn: [['struct.new_default', FIRST_TYPE], drop] },
    empty: { types: [structType(0, I32)], turn: [['struct.new_default', FIRST_TYPE], drop], times: UNROLLED },
  },
  'struct.get': {
    cheap: { ...structOf(1, I32), turn: [get(0), ['struct.get', FIRST_TYPE, 0], drop] },
    dear: {
      ...structOf(FIELDS, V128),
      turn: [get(0), ['struct.get', FIRST_TYPE, FIELDS - 1], drop],
      times: UNROLLED,
    },
    reference: {
      ...structOf(FIELDS, ANYREF),
      turn: [get(0), ['struct.get', FIRST_TYPE, FIELDS - 1], drop],
      times: UNROLLED,
    },
  },
  'struct.get_s': structGet('struct.get_s'),
  'struct.get_u': structGet('struct.get_u'),
  'struct.set': {
    cheap: { ...structOf(1, I32), turn: [get(0), i32(1), ['struct.set', FIRST_TYPE, 0]] },
    dear: {
      ...structOf(FIELDS, V128),
      turn: [get(0), v128, ['struct.set', FIRST_TYPE, FIELDS - 1]],
      times: UNROLLED,
    },
    reference: {
      ...structOf(FIELDS, ANYREF),
      turn: [get(0), ...i31, ['struct.set', FIRST_TYPE, FIELDS - 1]],
      times: UNROLLED,
    },
  },
  'struct.new_desc': {
    cheap: { ...describing(1), turn: [i32(1), get(0), ['struct.new_desc', A], drop] },
    dear: {
      ...describing(OPERANDS),
      turn: [...repeat(OPERANDS, i32(1)), get(0), ['struct.new_desc', A], drop],
    },
  },
  'struct.new_default_desc': {
    cheap: { ...describing(1), turn: [get(0), ['struct.new_default_desc', A], drop] },
    dear: { ...describing(FIELDS), turn: [get(0), ['struct.new_default_desc', A], drop] },
  },
  'ref.get_desc': {
    cheap: { ...describing(1), turn: [get(3), ['ref.get_desc', A], drop] },
    dear: { ...describing(MANY_FIELDS), turn: [get(3), ['ref.get_desc', A], drop], times: UNROLLED },
  },
  'ref.cast_desc_eq': byDescriptor('ref.cast_desc_eq'),
  'ref.cast_desc_eq null': byDescriptor('ref.cast_desc_eq null'),
  br_on_cast_desc_eq: branchByDescriptor('br_on_cast_desc_eq'),
  br_on_cast_desc_eq_fail: branchByDescriptor('br_on_cast_desc_eq_fail'),
  'array.new': {
    cheap: { types: [arrayType(I32)], turn: [i32(1), i32(1), ['array.new', FIRST_TYPE], drop] },
    dear: { types: [arrayType(ANYREF)], turn: [...i31, i32(MADE), ['array.new', FIRST_TYPE], drop] },
    vectors: { types: [arrayType(V128)], turn: [v128, i32(MADE), ['array.new', FIRST_TYPE], drop] },
    bytes: { types: [arrayType(I8)], turn: [i32(1), i32(MADE), ['array.new', FIRST_TYPE], drop] },
  },
  'array.new_default': {
    cheap: { types: [arrayType(I32)], turn: [i32(1), ['array.new_default', FIRST_TYPE], drop] },
    dear: { types: [arrayType(ANYREF)], turn: [i32(MADE), ['array.new_default', FIRST_TYPE], drop] },
    vectors: { types: [arrayType(V128)], turn: [i32(MADE), ['array.new_default', FIRST_TYPE], drop] },
    'a few': {
      types: [arrayType(V128)],
      turn: [i32(8), ['array.new_default', FIRST_TYPE], drop],
      times: UNROLLED,
    },
  },
  'array.new_fixed': {
    cheap: { types: [arrayType(I32)], turn: [i32(1), ['array.new_fixed', FIRST_TYPE, 1], drop] },
    dear: {
      types: [arrayType(ANYREF)],
      locals: [[1, anyref]],
      turn: [...repeat(FIELDS, get(0)), ['array.new_fixed', FIRST_TYPE, FIELDS], drop],
    },
    empty: { types: [arrayType(I64)], turn: [['array.new_fixed', FIRST_TYPE, 0], drop], times: UNROLLED },
  },
  'array.new_data': {
    cheap: {
      types: [arrayType(I8)],
      data: [passiveData(1)],
      turn: [i32(0), i32(1), ['array.new_data', FIRST_TYPE, 0], drop],
    },
    dear: {
      types: [arrayType(I64)],
      data: [passiveData(SEGMENT)],
      turn: [i32(1), i32((SEGMENT >> 3) - 1), ['array.new_data', FIRST_TYPE, 0], drop],
    },
    bytes: {
      types: [arrayType(I8)],
      data: [passiveData(SEGMENT)],
      turn: [i32(0), i32(SEGMENT), ['array.new_data', FIRST_TYPE, 0], drop],
    },
  },
  'array.new_elem': {
    cheap: {
      types: [arrayType(FUNCREF)],
      elements: [passiveElements(1)],
      turn: [i32(0), i32(1), ['array.new_elem', FIRST_TYPE, 0], drop],
    },
    dear: {
      types: [arrayType(FUNCREF)],
      elements: [passiveElements(SEGMENT)],
      turn: [i32(0), i32(SEGMENT), ['array.new_elem', FIRST_TYPE, 0], drop],
    },
  },
  'array.get': arrayGet('array.get', I32, ANYREF),
  'array.get_s': arrayGet('array.get_s', I8, I16),
  'array.get_u': arrayGet('array.get_u', I8, I16),
  'array.set': {
    cheap: { ...arrayOf(1, I32), turn: [get(0), i32(0), i32(1), ['array.set', FIRST_TYPE]] },
    dear: {
      ...arrayOf(ELEMENTS, ANYREF),
      turn: [get(0), i32(ELEMENTS - 1), ...i31, ['array.set', FIRST_TYPE]],
      times: UNROLLED,
    },
    vector: {
      ...arrayOf(ELEMENTS, V128),
      turn: [get(0), i32(ELEMENTS - 1), v128, ['array.set', FIRST_TYPE]],
      times: UNROLLED,
    },
  },
  'array.len': {
    cheap: { ...arrayOf(1, I32), turn: [get(0), 'array.len', drop] },
    dear: { ...arrayOf(ELEMENTS, ANYREF), turn: [get(0), 'array.len', drop], times: UNROLLED },
  },
  'array.fill': {
    cheap: { ...arrayOf(1, I32), turn: [get(0), i32(0), i32(1), i32(1), ['array.fill', FIRST_TYPE]] },
    dear: {
      ...arrayOf(ELEMENTS, ANYREF),
      turn: [get(0), i32(0), ...i31, i32(ELEMENTS), ['array.fill', FIRST_TYPE]],
    },
    vectors: {
      ...arrayOf(ELEMENTS, V128),
      turn: [get(0), i32(0), v128, i32(ELEMENTS), ['array.fill', FIRST_TYPE]],
    },
  },
  'array.copy': {
    cheap: {
      ...arrayOf(2, I32),
      turn: [get(0), i32(1), get(0), i32(0), i32(1), ['array.copy', FIRST_TYPE, FIRST_TYPE]],
    },
    dear: {
      ...arrayOf(ELEMENTS, ANYREF),
      turn: [get(0), i32(1), get(0), i32(0), i32(ELEMENTS - 1), ['array.copy', FIRST_TYPE, FIRST_TYPE]],
    },
    downwards: {
      ...arrayOf(ELEMENTS, ANYREF),
      turn: [get(0), i32(0), get(0), i32(1), i32(ELEMENTS - 1), ['array.copy', FIRST_TYPE, FIRST_TYPE]],
    },
    vectors: {
      ...arrayOf(ELEMENTS, V128),
      turn: [get(0), i32(1), get(0), i32(0), i32(ELEMENTS - 1), ['array.copy', FIRST_TYPE, FIRST_TYPE]],
    },
  },
  'array.init_data': {
    cheap: {
      ...arrayOf(1, I8),
      data: [passiveData(1)],
      turn: [get(0), i32(0), i32(0), i32(1), ['array.init_data', FIRST_TYPE, 0]],
    },
    dear: {
      ...arrayOf(SEGMENT, V128),
      data: [passiveData(SEGMENT)],
      turn: [get(0), i32(0), i32(1), i32((SEGMENT >> 4) - 1), ['array.init_data', FIRST_TYPE, 0]],
    },
  },
  'array.init_elem': {
    cheap: {
      ...arrayOf(1, FUNCREF),
      elements: [passiveElements(1)],
      turn: [get(0), i32(0), i32(0), i32(1), ['array.init_elem', FIRST_TYPE, 0]],
    },
    dear: {
      ...arrayOf(SEGMENT, FUNCREF),
      elements: [passiveElements(SEGMENT)],
      turn: [get(0), i32(0), i32(0), i32(SEGMENT), ['array.init_elem', FIRST_TYPE, 0]],
    },
  },
};
