/**
 * The vector operations of the internal code: names, numbers, and which instructions they stand for.
 *
 * All are one operation of the main loop, `vector`; their own number lies above its code, so that they take no
 * room among its operations. Two loops run them, since one would be too large for V8's optimiser. The words after it
 * are the destination, the sources (word offsets from the frame: 2 × slot, never packed, so that large frames need no
 * moves) and immediates. Bodies are in `scripts/dispatch/bodies/vector.ts`; the loops are in `vector.generated.ts`.
 */
import { instructions, type Mnemonic } from '../../syntax/instructions.ts';
import { type Op, opOf } from './isa.ts';

/** Operations that no instruction names. */
const ownNames = [
  'mov',
  'const',
  'select',
  'global_get',
  'global_set',
  'global_get_far',
  'global_set_far',
  // A shuffle that moves whole words.
  'shuffle32',
] as const;

/** Instructions that are done by other means: a constant, and moves of 64 bits. */
const withoutOp = ['v128.const', 'i64x2.extract_lane', 'f64x2.extract_lane'] as const;

/**
 * The deterministic choice for relaxed instructions: the instruction that each is the same as; those that
 * are not named have an operation of their own. @spec relaxed-ops
 */
const relaxed = {
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
} as const;

type Shape = 'v128' | 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2' | 'f32x4' | 'f64x2';
type Sign = '' | '_s' | '_u';
/** Instructions that another's operation does, in types: what `operationOf` says of names. */
type Other =
  | (typeof withoutOp)[number]
  | keyof typeof relaxed
  | `${string}x${number}.g${'t' | 'e'}${Sign}`
  | `f${'32x4' | '64x2'}.${'splat' | 'extract_lane' | 'replace_lane'}`;
/** Names of vector operations. */
export type VectorOperation =
  | (typeof ownNames)[number]
  | Exclude<Extract<Mnemonic, `${Shape}.${string}`>, Other>;

/** Relations without an operation: the relation with operands exchanged. */
const isExchanged = (name: string): boolean => /x\d+\.g[te](_[su])?$/.test(name);

/** The operation that an instruction is done by; null where it needs none. */
const operationOf = (name: string): VectorOperation | null => {
  if ((withoutOp as readonly string[]).includes(name)) return null;
  if (name in relaxed) return relaxed[name as keyof typeof relaxed];
  // Relations exchange their operands; these move lanes as they are, whatever their type.
  const other = isExchanged(name)
    ? name.replace('.g', '.l')
    : name.replace(/^f(32x4|64x2)\.(splat|extract_lane|replace_lane)$/, 'i$1.$2');
  return other as VectorOperation;
};

const rows = instructions.filter((row) => row.prefix === 0xfd);

/** What the second loop is for: float lanes, and the 64-bit lanes that seldom meet others. */
const isWide = (name: string): boolean => /^(f32x4|f64x2|i64x2)\.|_f(32x4|64x2)_/.test(name);

const allNames: readonly VectorOperation[] = [
  ...new Set<VectorOperation>([
    ...ownNames,
    ...rows.map((row) => operationOf(row.name)).filter((name) => name !== null),
  ]),
];

/** Names of all vector operations, by number: those of the first loop, then those of the second. */
export const vectorNames: readonly VectorOperation[] = [
  ...allNames.filter((name) => !isWide(name)),
  ...allNames.filter(isWide),
];
/** Number of the first operation of the second loop. */
export const firstWide: number = vectorNames.findIndex(isWide);

const makeOp = (name: VectorOperation): Op => {
  const { vector } = opOf;
  return { ...vector, code: vector.code | (vectorNames.indexOf(name) << 10) };
};

/** Operations that no instruction names, by name. */
export const vectorOps: Readonly<Record<(typeof ownNames)[number], Op>> = Object.fromEntries(
  ownNames.map((name) => [name, makeOp(name)]),
) as Record<(typeof ownNames)[number], Op>;

/** How a vector instruction is translated. */
export interface VectorLowering {
  readonly kind: 'vector';
  /** Null for the extraction of a 64-bit lane, which is a move. */
  readonly op: Op | null;
  /** Whether the operands change places. */
  readonly swaps: boolean;
}

/** The lowering of a vector instruction; null for all others, and for constants. */
export const lowerVector = (name: Mnemonic, prefix: number): VectorLowering | null => {
  if (prefix !== 0xfd || name === 'v128.const') return null;
  const operation = operationOf(name);
  return { kind: 'vector', op: operation === null ? null : makeOp(operation), swaps: isExchanged(name) };
};
