/** What differs between two profiles. */
import type { FuelProfile } from './fuel-profile.ts';
import { columns } from './profile-table.ts';
import { labelOf } from './ways.ts';

/**
 * A function of two profiles; one of them may lack it.
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
 * What differs between two profiles: the total fuel, and the functions that used more or less.
 *
 * ```ts
 * const profiler = fuelProfiler();
 * const plugin = await createPlugin('build/examples/greet.wasm', { compiler: profiler });
 * await plugin.call('greet', 'Ada');
 * const first = profiler.profile();
 * await plugin.call('greet', 'Grace');
 * const difference: ProfileDifference = compareProfiles(first, profiler.profile());
 * const most: FunctionDifference | undefined = difference.functions[0];
 * console.log(difference.after > difference.before, most !== undefined && most.after > most.before); // → true true
 * ```
 */
export interface ProfileDifference {
  readonly before: number;
  readonly after: number;
  /** Largest differences first. */
  readonly functions: readonly FunctionDifference[];
}

/**
 * Compares two profiles. Functions are the same if their names and those of their modules are.
 *
 * ```js
 * const profile = fuelProfiler().profile();
 * console.log(compareProfiles(profile, profile).functions); // → []
 * ```
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

/**
 * The differences as a table.
 *
 * ```js
 * const profile = fuelProfiler().profile();
 * console.log(differenceTable(compareProfiles(profile, profile)).includes('(all)')); // → true
 * ```
 */
export const differenceTable = ({ before, after, functions }: ProfileDifference): string =>
  columns([
    ['before', 'after', 'difference', '', 'function'],
    [String(before), String(after), signed(after - before), change(before, after), '(all)'],
    ...functions.map((row) => [
      ...[String(row.before), String(row.after), signed(row.after - row.before)],
      ...[change(row.before, row.after), row.name],
    ]),
  ]);
