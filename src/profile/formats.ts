/** A profile as text, in the formats that people and tools read. */
import { UsageError } from '../errors/errors.ts';
import { cpuProfile } from './cpu-profile.ts';
import { flameGraph } from './flame-graph.ts';
import type { FuelProfile } from './fuel-profile.ts';
import { profileTable } from './profile-table.ts';
import { labelOf } from './ways.ts';

/** Call paths and their fuel, one per line, as most tools for flame graphs read them: `caller;callee 120`. */
const folded = ({ calls, functions }: FuelProfile): string => {
  const ways: string[] = [];
  const lines: string[] = [];
  for (const { caller, function: position, self } of calls) {
    const name = labelOf(functions[position]!).replace(/[;\n]/g, ' ');
    const way = caller < 0 ? name : `${ways[caller]};${name}`;
    ways.push(way);
    if (self > 0) lines.push(`${way} ${self}`);
  }
  return lines.map((line) => `${line}\n`).join('');
};

/**
 * A format of a profile: a table to read; a file for Chrome and VS Code (`.cpuprofile`, where a microsecond is a unit
 * of fuel); folded stacks; a self-contained flame graph; JSON.
 *
 * Example: see `formatProfile`.
 */
export type ProfileFormat = 'table' | 'cpuprofile' | 'folded' | 'svg' | 'json';

const writers: Readonly<Record<ProfileFormat, (profile: FuelProfile) => string>> = {
  table: profileTable,
  cpuprofile: (profile) => `${JSON.stringify(cpuProfile(profile))}\n`,
  folded,
  svg: flameGraph,
  json: (profile) => `${JSON.stringify(profile, null, 1)}\n`,
};

/**
 * All formats of a profile.
 *
 * ```js
 * console.log(profileFormats.includes('svg')); // → true
 * ```
 */
export const profileFormats: readonly ProfileFormat[] = Object.keys(writers) as ProfileFormat[];

/**
 * A profile as text.
 *
 * ```ts
 * const profiler = fuelProfiler();
 * const plugin = await createPlugin('build/examples/greet.wasm', { compiler: profiler });
 * await plugin.call('greet', 'Ada');
 * const format: ProfileFormat = 'svg';
 * console.log(formatProfile(profiler.profile(), format).startsWith('<svg ')); // → true
 * ```
 *
 * @throws UsageError for an unknown format
 */
export const formatProfile = (profile: FuelProfile, format: ProfileFormat): string => {
  if (!profileFormats.includes(format))
    throw new UsageError('usage.argument', {
      detail: `the format of a profile must be one of ${profileFormats.join(', ')}, not ${String(format)}`,
    });
  return writers[format](profile);
};
