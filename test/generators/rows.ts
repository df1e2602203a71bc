/**
 * The rows of the instruction table that generated code draws from: those with a fixed type. A row that is added
 * to the table is generated at once.
 */
import { type InstructionRow, instructions, type Mnemonic } from '../../src/syntax/instructions.ts';
import { signatureNames } from '../../src/syntax/signatures.ts';
import type { FeatureKey } from '../../src/wasm.ts';
import type { Profile, Value } from './plan.ts';

/** An instruction with its type; `addr` stands for the address type of its memory. */
export interface TypedRow {
  readonly name: Mnemonic;
  readonly params: readonly (Value | 'addr')[];
  readonly result: Value | null;
  readonly immediates: InstructionRow['immediates'];
  /** Whether it may produce a NaN whose bits the spec leaves open. */
  readonly producesNaN: boolean;
  readonly access: number;
}

const features: ReadonlySet<FeatureKey> = new Set<FeatureKey>([
  'mvp',
  'sign-extension',
  'saturating-float-to-int',
  'simd',
]);

const keepsBits = /\.(abs|neg|copysign|reinterpret|const|load|convert)/;

const typedRows: readonly TypedRow[] = instructions
  .filter((row) => row.type !== 'special' && features.has(row.since))
  .filter((row) => !row.group.endsWith('.const') && row.name !== 'nop')
  .map((row) => {
    const { params, results } = signatureNames(row)!;
    return {
      name: row.name,
      params,
      result: (results[0] as Value | undefined) ?? null,
      immediates: row.immediates,
      producesNaN:
        /^f(32|64)\./.test(row.name) && results[0]?.startsWith('f') === true && !keepsBits.test(row.name),
      access: row.access,
    };
  });

const isAllowed = (row: TypedRow, { floats, hasVectors }: Profile): boolean => {
  const types = [...row.params, row.result];
  if (!hasVectors && (types.includes('v128') || row.name.startsWith('v128'))) return false;
  if (floats === 'none' && types.some((type) => type === 'f32' || type === 'f64')) return false;
  // Lanes have no cheap canonical form, and integer code reads their bits.
  return floats === 'plain' || !/^f(32x4|64x2)/.test(row.name);
};

/** The rows that a profile allows, by result; null for stores. */
export const rowsFor = (profile: Profile): ReadonlyMap<Value | null, readonly TypedRow[]> => {
  const map = new Map<Value | null, TypedRow[]>();
  for (const row of typedRows) {
    if (!isAllowed(row, profile)) continue;
    const rows = map.get(row.result) ?? [];
    rows.push(row);
    map.set(row.result, rows);
  }
  return map;
};
