/** `quern profile`: which functions used the fuel of a call. */
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { isRecord } from '../errors/checks.ts';
import {
  compareProfiles,
  differenceTable,
  type FuelProfile,
  formatProfile,
  fuelProfiler,
  type ProfileFormat,
  profileFormats,
} from '../profile.ts';
import { access } from './files.ts';
import type { Parsed } from './flags.ts';
import { readInput } from './input.ts';
import { usageError } from './parse.ts';
import { compileFromFlags } from './plugin-flags.ts';

type Flags = Parsed<'profile'>['flags'];

/** The format that a flag names, or the extension of the file; a table if neither does. */
const formatOf = ({ format, output }: Flags): ProfileFormat => {
  const wanted = format ?? (output === undefined ? '' : extname(output).slice(1));
  return profileFormats.find((name) => name === wanted) ?? 'table';
};

/** A profile that `--format json` wrote. */
const readProfile = (path: string): FuelProfile => {
  const text = access('read the profile', () => readFileSync(path, 'utf8'));
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // What is not JSON is not a profile either.
  }
  if (!isRecord(value) || value['version'] !== 1 || !Array.isArray(value['functions']))
    throw usageError(`${path} is not a profile of this version; quern profile --format json writes one`);
  return value as unknown as FuelProfile;
};

/** How much more is allowed, as a share: `1%` or `0.01`. */
const toleranceOf = ({ tolerance = '0' }: Flags): number => {
  const number = /^(\d+(?:\.\d+)?)(%?)$/.exec(tolerance);
  if (number === null) throw usageError('--tolerance must be a share, such as 1% or 0.01');
  return Number(number[1]) / (number[2] === '%' ? 100 : 1);
};

/** Compares with the allowed fuel. */
const check = (baseline: FuelProfile, profile: FuelProfile, flags: Flags): void => {
  const limit = Math.floor(baseline.fuel * (1 + toleranceOf(flags)));
  const isWithin = profile.fuel <= limit;
  const sign = isWithin ? 'at most' : 'more than';
  process.stderr.write(`${profile.fuel} units of fuel, ${sign} ${limit} (${flags.check})\n`);
  if (isWithin) return;
  process.stderr.write(differenceTable(compareProfiles(baseline, profile)));
  process.exitCode = 1;
};

/** Runs `quern profile`. */
export const runProfile = async ({ operands, flags, isQuiet }: Parsed<'profile'>): Promise<void> => {
  const [source, functionName] = operands as readonly [string, string];
  if (flags.compile)
    throw usageError('profiles are made by the interpreter, which uses the same fuel; omit --compile');
  const before = flags.diff === undefined ? null : readProfile(flags.diff);
  const baseline = flags.check === undefined ? null : readProfile(flags.check);
  toleranceOf(flags);
  const input = await readInput(source, flags);
  const profiler = fuelProfiler();
  const compiled = await compileFromFlags(source, flags, isQuiet);
  const plugin = await compiled.instantiate({ compiler: profiler });
  profiler.reset();
  let failure: unknown = null;
  try {
    // A failed call also has a profile.
    await plugin.call(functionName, input).catch((error: unknown) => {
      failure = error;
    });
    const profile = profiler.profile();
    const text =
      before === null
        ? formatProfile(profile, formatOf(flags))
        : differenceTable(compareProfiles(before, profile));
    const { output } = flags;
    if (output === undefined) process.stdout.write(text);
    else access('write the profile', () => writeFileSync(output, text));
    if (baseline !== null) check(baseline, profile, flags);
  } finally {
    await plugin.close();
  }
  if (failure !== null) throw failure;
};
