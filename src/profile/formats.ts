/** A profile as text, in the forms that people and tools read. */
import { UsageError } from '../errors/errors.ts';
import { cpuProfile } from './cpu-profile.ts';
import { flameGraph } from './flame-graph.ts';
import type { FuelProfile } from './fuel-profile.ts';
import { profileTable } from './profile-table.ts';
import { labelOf } from './ways.ts';

/** Ways and their fuel, one a line, as most tools for flame graphs take them: `caller;callee 120`. */
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

const writers = {
  table: profileTable,
  cpuprofile: (profile) => `${JSON.stringify(cpuProfile(profile))}\n`,
  folded,
  svg: flameGraph,
  json: (profile) => `${JSON.stringify(profile, null, 1)}\n`,
} as const satisfies Readonly<Record<string, (profile: FuelProfile) => string>>;

/**
 * A form of a profile: a table to read; what Chrome and VS Code open (`.cpuprofile`, where a microsecond is a unit of
 * fuel); folded stacks; a flame graph that stands by itself; JSON.
 *
 * Example: see `formatProfile`.
 */
export type ProfileFormat = keyof typeof writers;
/** All of them. */
export const profileFormats = Object.keys(writers) as readonly ProfileFormat[];

/**
 * A profile as text.
 *
 * ```js
 * const profiler = fuelProfiler();
 * const instance = instantiate(new Store({ compiler: profiler }), compileModule(doubleWasm), () => undefined);
 * invoke(instance.exports.get('double'), [21n]);
 * console.log(formatProfile(profiler.profile(), 'folded')); // → func[0] 5
 * ```
 *
 * @throws UsageError for a format that there is not
 */
export const formatProfile = (profile: FuelProfile, format: ProfileFormat): string => {
  if (!profileFormats.includes(format))
    throw new UsageError('usage.argument', {
      detail: `a format of profiles is one of ${profileFormats.join(', ')}, not ${String(format)}`,
    });
  return writers[format](profile);
};
