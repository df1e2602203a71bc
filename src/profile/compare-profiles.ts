/** What differs between two profiles. */
import type { FuelProfile } from './fuel-profile.ts';
import { columns } from './profile-table.ts';
import { labelOf } from './ways.ts';

/**
 * A function of two profiles, of which one may not have it.
 *
 * Example: see `ProfileDifference`.
 */
export interface FunctionDifference {
  /** Its name, with that of its module. */
  readonly name: string;
  /** Fuel that it used itself, before and after. */
  readonly before: number;
  readonly after: number;
}

/**
 * What differs between two profiles: all that was used, and the functions that used more or less.
 *
 * ```js
 * const measure = (input) => {
 *   const profiler = fuelProfiler();
 *   const instance = instantiate(new Store({ compiler: profiler }), compileModule(sumWasm), () => undefined);
 *   invoke(instance.exports.get('sum'), [input]);
 *   return profiler.profile();
 * };
 * const { before, after, functions } = compareProfiles(measure(1n), measure(5n));
 * console.log(after > before, functions.length); // → true 1
 * ```
 */
export interface ProfileDifference {
  readonly before: number;
  readonly after: number;
  /** Those that differ most first. */
  readonly functions: readonly FunctionDifference[];
}

/**
 * Compares two profiles. Functions are the same if their names and those of their modules are.
 *
 * Example: see `ProfileDifference`.
 */
export const compareProfiles = (before: FuelProfile, after: FuelProfile): ProfileDifference => {
  const rows = new Map<string, { before: number; after: number }>();
  const sides = { before, after } as const;
  for (const side of ['before', 'after'] as const) {
    for (const func of sides[side].functions) {
      const name = labelOf(func);
      const row = rows.get(name) ?? { before: 0, after: 0 };
      row[side] += func.self;
      rows.set(name, row);
    }
  }
  const functions = Array.from(rows, ([name, row]) => ({ name, ...row }))
    .filter((row) => row.before !== row.after)
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
  return { before: before.fuel, after: after.fuel, functions };
};

const signed = (value: number): string => (value > 0 ? `+${value}` : String(value));
const change = (before: number, after: number): string =>
  before === 0
    ? 'new'
    : after === 0
      ? 'gone'
      : `${signed(Number(((100 * (after - before)) / before).toFixed(2)))} %`;

/** The differences as a table. */
export const differenceTable = ({ before, after, functions }: ProfileDifference): string =>
  columns([
    ['before', 'after', 'difference', '', 'function'],
    [String(before), String(after), signed(after - before), change(before, after), '(all)'],
    ...functions.map((row) => [
      ...[String(row.before), String(row.after), signed(row.after - row.before)],
      ...[change(row.before, row.after), row.name],
    ]),
  ]);
