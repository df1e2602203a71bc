/**
 * The columns of the tables of instructions: prefix byte (0 = none) and opcode; mnemonic; immediates; type; feature;
 * fuel class; group; flow, which is omitted for classes that do one thing and fall through; and, where they apply,
 * the bytes that a memory access touches and whether constant expressions may contain it.
 *
 * `type` is `parameters -> results`, or `special` where it depends on context (those rows have a rule in the
 * validator). `addr` is the address type of the memory that the instruction names.
 */
import type { FeatureKey } from './features.ts';
import type { ImmediateKind } from './immediates.ts';

/**
 * What an instruction is charged as; `FuelSchedule` gives the prices. `structure` is free in every schedule.
 *
 * Example: see `FuelSchedule`.
 */
export type FuelClass =
  | 'structure'
  | 'simple'
  | 'branch'
  | 'call'
  | 'div'
  | 'float'
  | 'memory'
  | 'global'
  | 'bulk'
  | 'table'
  | 'reference'
  | 'allocation'
  | 'vector'
  | 'atomic'
  | 'wait'
  | 'exception'
  | 'unreachable'
  | 'return';

/** Whether a constant expression may contain an instruction: never, always, or since extended constants. */
type Constness = 'never' | 'always' | 'extended';

/**
 * What an instruction does to the flow of control, apart from branching. `opens`, `divides` and `closes` apply to
 * blocks. An instruction that `stops` may pause in the middle, to wait for fuel beyond its own cost or for the host:
 * sized operations, searches for handlers, calls of unknown functions, waits. `stops-if-imported` applies to calls of
 * a function by its index.
 */
type Flow = 'plain' | 'opens' | 'divides' | 'closes' | 'stops' | 'stops-if-imported';

/** Fuel classes of instructions that are `plain`. All others say what they do to the flow of control. */
type PlainClass = 'simple' | 'div' | 'float' | 'memory' | 'global' | 'reference' | 'vector' | 'atomic';
type OtherColumns = readonly [access?: number, constant?: Constness];
type LastColumns<F extends FuelClass> = F extends PlainClass
  ? OtherColumns
  : readonly [flow: Flow, ...OtherColumns];

/** One row of a table of instructions. */
export interface Row<N extends string, T extends string, F extends FuelClass = FuelClass> {
  readonly prefix: number;
  readonly code: number;
  readonly name: N;
  readonly immediates: readonly ImmediateKind[];
  readonly type: T;
  readonly since: FeatureKey;
  readonly fuel: F;
  readonly group: string;
  readonly flow: Flow;
  /** Bytes touched by a memory access, else 0. */
  readonly access: number;
  readonly constant: Constness;
}

/** Makes a row from its columns. */
export const row = <const N extends string, const T extends string, const F extends FuelClass>(
  prefix: number,
  code: number,
  name: N,
  immediates: readonly ImmediateKind[],
  type: T,
  since: FeatureKey,
  fuel: F,
  group: string,
  ...last: LastColumns<F>
): Row<N, T, F> => {
  const columns: readonly unknown[] = last;
  const [flow, ...others] = (typeof last[0] === 'string' ? columns : ['plain', ...columns]) as [
    Flow,
    ...OtherColumns,
  ];
  const [access = 0, constant = 'never'] = others;
  return { prefix, code, name, immediates, type, since, fuel, group, flow, access, constant };
};
