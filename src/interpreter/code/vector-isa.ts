/**
 * The vector operations of the internal code: names, numbers, and the instructions that they implement.
 *
 * All are one operation of the main loop, `vector`; their own number is in the bits above its code, so that they need
 * no numbers among its operations. Two loops run them, since one would be too large for V8's optimiser; a function
 * without a loop runs the rare ones. The words after it are the destination, the sources (word offsets from the
 * frame: 2 × slot, never packed, so that large frames need no moves) and immediates. Bodies are in
 * `scripts/dispatch/bodies/vector.ts`; the loops are in `vector.generated.ts`.
 */
import { instructions, type Mnemonic } from '../../syntax/instructions.ts';
import { type Shape, shapeOf } from '../../syntax/shapes.ts';
import { packVector } from './encoding.ts';
import { type Op, opOf } from './isa.ts';

const globalNames = ['global_get', 'global_set', 'global_get_far', 'global_set_far'] as const;
/** Two instructions in one: a load from a sum with a constant, a product that is added. */
const fusedNames = ['load_at', 'f32x4_mul_add'] as const;
/** Operations without an instruction of that name; `shuffle32` and `shuffle16` move whole words and halves. */
export const ownNames = [
  'mov',
  'const',
  'select',
  ...globalNames,
  'shuffle32',
  'shuffle16',
  ...fusedNames,
] as const;

/** Extractions of 64 bits are moves. */
const moves = ['i64x2.extract_lane', 'f64x2.extract_lane'] as const;

/**
 * Instructions that do the same as another one. These are the deterministic choices for relaxed instructions, of
 * which others have their own operation, and instructions that move lanes unchanged, regardless of their type.
 * @spec relaxed-ops
 */
const sameAs = {
  'i8x16.relaxed_swizzle': 'i8x16.swizzle',
  'i32x4.relaxed_trunc_f32x4_s': 'i32x4.trunc_sat_f32x4_s',
  'i32x4.relaxed_trunc_f32x4_u': 'i32x4.trunc_sat_f32x4_u',
  'i32x4.relaxed_trunc_f64x2_s_zero': 'i32x4.trunc_sat_f64x2_s_zero',
  'i32x4.relaxed_trunc_f64x2_u_zero': 'i32x4.trunc_sat_f64x2_u_zero',
  'i8x16.relaxed_laneselect': 'v128.bitselect',
  'i16x8.relaxed_laneselect': 'v128.bitselect',
  'i32x4.relaxed_laneselect': 'v128.bitselect',
  'i64x2.relaxed_laneselect': 'v128.bitselect',
  'f32x4.relaxed_min': 'f32x4.min',
  'f32x4.relaxed_max': 'f32x4.max',
  'f64x2.relaxed_min': 'f64x2.min',
  'f64x2.relaxed_max': 'f64x2.max',
  'i16x8.relaxed_q15mulr_s': 'i16x8.q15mulr_sat_s',
  'f32x4.splat': 'i32x4.splat',
  'f32x4.extract_lane': 'i32x4.extract_lane',
  'f32x4.replace_lane': 'i32x4.replace_lane',
  'f64x2.splat': 'i64x2.splat',
  'f64x2.replace_lane': 'i64x2.replace_lane',
} as const satisfies Partial<Record<Mnemonic, Mnemonic>>;

/** Relations without an operation: the relation with swapped operands. */
const exchanged = {
  'i8x16.gt_s': 'i8x16.lt_s',
  'i8x16.gt_u': 'i8x16.lt_u',
  'i8x16.ge_s': 'i8x16.le_s',
  'i8x16.ge_u': 'i8x16.le_u',
  'i16x8.gt_s': 'i16x8.lt_s',
  'i16x8.gt_u': 'i16x8.lt_u',
  'i16x8.ge_s': 'i16x8.le_s',
  'i16x8.ge_u': 'i16x8.le_u',
  'i32x4.gt_s': 'i32x4.lt_s',
  'i32x4.gt_u': 'i32x4.lt_u',
  'i32x4.ge_s': 'i32x4.le_s',
  'i32x4.ge_u': 'i32x4.le_u',
  'i64x2.gt_s': 'i64x2.lt_s',
  'i64x2.ge_s': 'i64x2.le_s',
  'f32x4.gt': 'f32x4.lt',
  'f32x4.ge': 'f32x4.le',
  'f64x2.gt': 'f64x2.lt',
  'f64x2.ge': 'f64x2.le',
} as const satisfies Partial<Record<Mnemonic, Mnemonic>>;

/** Vector instructions, except constants. */
type VectorMnemonic = Exclude<Extract<Mnemonic, `${Shape | 'v128'}.${string}`>, 'v128.const'>;
/** Names of vector operations. */
export type VectorOperation =
  | (typeof ownNames)[number]
  | Exclude<VectorMnemonic, (typeof moves)[number] | keyof typeof sameAs | keyof typeof exchanged>;

/** Operations that access memory. */
export type VectorAccess = Extract<VectorOperation, `v128.${'load' | 'store'}${string}`>;

const others: Partial<Record<VectorMnemonic, VectorOperation>> = { ...sameAs, ...exchanged };
/** The operation of an instruction; null for a move. */
const operationOf = (name: VectorMnemonic): VectorOperation | null =>
  moves.includes(name as never) ? null : (others[name] ?? (name as VectorOperation));

const names = instructions
  .filter((row) => row.prefix === 0xfd && row.name !== 'v128.const')
  .map((row) => row.name as VectorMnemonic);

// The operations of the second loop: float lanes, and 64-bit lanes, which rarely occur with others.
const wideShapes: readonly (Shape | null)[] = ['f32x4', 'f64x2', 'i64x2'];
const wideConversions: readonly VectorOperation[] = [
  'i32x4.trunc_sat_f32x4_s',
  'i32x4.trunc_sat_f32x4_u',
  'i32x4.trunc_sat_f64x2_s_zero',
  'i32x4.trunc_sat_f64x2_u_zero',
];
const isWide = (name: VectorOperation): boolean =>
  wideShapes.includes(shapeOf(name)) || wideConversions.includes(name) || name === 'f32x4_mul_add';

/** Rare operations: executed one at a time, without a loop. */
const isSeldom = (name: VectorOperation): boolean => seldom.includes(name);
const seldom: readonly VectorOperation[] = [
  'i16x8.extmul_low_i8x16_s',
  'i16x8.extmul_high_i8x16_s',
  'i16x8.extmul_low_i8x16_u',
  'i16x8.extmul_high_i8x16_u',
  'i64x2.extmul_low_i32x4_s',
  'i64x2.extmul_high_i32x4_s',
  'i64x2.extmul_low_i32x4_u',
  'i64x2.extmul_high_i32x4_u',
  'i16x8.relaxed_dot_i8x16_i7x16_s',
  'i32x4.relaxed_dot_i8x16_i7x16_add_s',
  'f32x4.relaxed_nmadd',
  'f64x2.relaxed_nmadd',
];

const allNames: readonly VectorOperation[] = [
  ...new Set<VectorOperation>([...ownNames, ...names.map(operationOf).filter((name) => name !== null)]),
];

/** Names of all vector operations, by number: those of the first loop, those of the second, and the others. */
export const vectorNames: readonly VectorOperation[] = [
  ...allNames.filter((name) => !isWide(name) && !isSeldom(name)),
  ...allNames.filter((name) => isWide(name) && !isSeldom(name)),
  ...allNames.filter(isSeldom),
];
/** Number of the first operation of the second loop, and of the first that no loop has. */
export const firstWide: number = vectorNames.findIndex(isWide);
export const firstSeldom: number = vectorNames.findIndex(isSeldom);

const makeOp = (name: VectorOperation, op: Op = opOf.vector): Op => ({
  ...op,
  code: packVector(op.code, vectorNames.indexOf(name)),
});

/** Whether an operation takes an index of a global. */
export const namesGlobal = (name: VectorOperation): boolean => globalNames.includes(name as never);
/** Whether an operation accesses memory. */
export const accessesMemory = (name: VectorOperation): name is VectorAccess =>
  name === 'load_at' || instructions.some((row) => row.name === name && row.access > 0);
/** An access to another memory than memory 0, or at an offset of 2^31 and more. */
export const farAccess = (name: Mnemonic): Op => makeOp(name as VectorAccess, opOf.vector_far);

/** Operations without an instruction of that name, by name. */
export const vectorOps: Readonly<Record<(typeof ownNames)[number], Op>> = Object.fromEntries(
  ownNames.map((name) => [name, makeOp(name)]),
) as Record<(typeof ownNames)[number], Op>;

/** How a vector instruction is translated. */
export interface VectorLowering {
  readonly kind: 'vector';
  /** Null for the extraction of a 64-bit lane, which is a move. */
  readonly op: Op | null;
  /** Whether the operands are swapped. */
  readonly swaps: boolean;
}

/** The lowering of each vector instruction. */
export const vectorLowerings = Object.fromEntries(
  names.map((name): [string, VectorLowering] => {
    const operation = operationOf(name);
    return [
      name,
      { kind: 'vector', op: operation === null ? null : makeOp(operation), swaps: name in exchanged },
    ];
  }),
) as Record<VectorMnemonic, VectorLowering>;
