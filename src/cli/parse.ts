/** Reads command lines by the table of flags, and the values of flags. */

import { parseArgs } from 'node:util';
import { isWholeNumber, wholeNumberText } from '../errors/checks.ts';
import { UsageError } from '../errors/errors.ts';
import { didYouMean } from '../errors/suggestion.ts';
import {
  type CommandName,
  type CommandRow,
  commands,
  type FlagRow,
  type Flags,
  globalFlags,
  type Parsed,
} from './flags.ts';

/** A mistake in the command line. */
export const usageError = (detail: string): Error => new UsageError('usage.argument', { detail }, detail);

type ParseOption = { type: 'string' | 'boolean'; short?: string; multiple?: boolean };
type FlagRows = Readonly<Record<string, FlagRow>>;

const parseOptions = (rows: FlagRows): Record<string, ParseOption> =>
  Object.fromEntries(
    Object.entries(rows).map(([name, { short, value, multiple }]) => [
      name,
      {
        type: value === undefined ? 'boolean' : 'string',
        ...(short === undefined ? {} : { short }),
        multiple: multiple ?? false,
      },
    ]),
  );

/** The parts of a command line, whether or not its flags are known. */
const tokensOf = (args: readonly string[], rows: FlagRows) =>
  parseArgs({
    args: [...args],
    options: parseOptions(rows),
    allowPositionals: true,
    strict: false,
    tokens: true,
  }).tokens;

/** How many arguments precede the first operand: flags, and their values. */
export const countBeforeOperand = (args: readonly string[], rows: FlagRows): number =>
  tokensOf(args, rows).find(({ kind }) => kind === 'positional')?.index ?? args.length;

/** Names of flags as they are typed. */
const flagNames = (rows: FlagRows): string[] => Object.keys(rows).map((name) => `--${name}`);

/** `a`, `a or b`, `a, b or c`. */
const eitherOf = (choices: readonly string[]): string =>
  [choices.slice(0, -1).join(', '), choices.at(-1)].filter(Boolean).join(' or ');

const checkChoice = (
  what: string,
  value: string | undefined,
  choices: readonly string[] | undefined,
): void => {
  if (value === undefined || choices === undefined || choices.includes(value)) return;
  throw usageError(`${what} must be ${eitherOf(choices)}, not "${value}"${didYouMean(value, choices)}`);
};

type Token = ReturnType<typeof tokensOf>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

/** The value of a flag. @throws UsageError */
const flagValue = ({ name, rawName, value, inlineValue }: OptionToken, rows: FlagRows): string | true => {
  if (!Object.hasOwn(rows, name))
    throw usageError(`unknown flag ${rawName}${didYouMean(rawName, flagNames(rows))}`);
  const { value: placeholder, choices } = rows[name]!;
  if (placeholder === undefined) {
    if (value !== undefined) throw usageError(`${rawName} takes no value`);
    return true;
  }
  if (value === undefined) throw usageError(`${rawName} needs a value: ${placeholder}`);
  // An argument that looks like a flag is one: the value before it was forgotten. A number, or - alone, is a value.
  if (!inlineValue && /^-\D/.test(value))
    throw usageError(
      `${rawName} needs a value; write a value that begins with a hyphen as --${name}=${value}`,
    );
  checkChoice(`--${name}`, value, choices);
  return value;
};

/** Flags and operands. @throws UsageError */
export const parseFlags = (
  args: readonly string[],
  rows: FlagRows,
): {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
} => {
  const values: Record<string, unknown> = {};
  const positionals: string[] = [];
  for (const token of tokensOf(args, rows)) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const value = flagValue(token, rows);
    const isList = rows[token.name]!.multiple ?? false;
    values[token.name] = isList ? [...((values[token.name] ?? []) as string[]), value] : value;
  }
  return { values, positionals };
};

/** The flags that a command has. */
export const flagRowsOf = (name: CommandName): FlagRows => ({ ...commands[name].flags, ...globalFlags });

/** Parses what follows the name of a command. @throws UsageError */
export const parseCommand = <C extends CommandName>(name: C, args: readonly string[]): Parsed<C> => {
  const row: CommandRow = commands[name];
  const rows = flagRowsOf(name);
  const count = row.rest === undefined ? args.length : countBeforeOperand(args, rows);
  const { values, positionals } = parseFlags(args.slice(0, count), rows);
  const { verbose = false, quiet = false, help = false, ...flags } = values;
  const operands = [...positionals, ...args.slice(count)];
  const least = row.operands.length - (row.optional ?? 0);
  if (!help && operands.length < least) throw usageError(`${row.operands[operands.length]} is missing`);
  if (row.rest === undefined && !row.repeats && operands.length > row.operands.length) {
    throw usageError(`unexpected operand "${operands[row.operands.length]}"`);
  }
  checkChoice(row.operands[0] ?? '', operands[0], row.choices);
  return {
    ...{ operands, flags: flags as Flags<C> },
    ...{ isVerbose: verbose === true, isQuiet: quiet === true, wantsHelp: help === true },
  };
};

/** Names of the flags that have one value, as text. */
type NumberFlag<F> = {
  [K in keyof F & string]-?: F[K] extends string | undefined ? K : never;
}[keyof F & string];

/** A number in digits, which underscores may separate, with an optional exponent: `1_000_000`, `1e6`, `2.5e3`. */
const amountOf = (text: string): number =>
  /^-?\d+(_\d+)*(\.\d+)?(e\+?\d+)?$/i.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;

/** A whole number that a flag has as its value. @throws UsageError */
export const parseWholeNumber = (flag: string, text: string): number => {
  const value = amountOf(text);
  if (isWholeNumber(value, Number.MIN_SAFE_INTEGER)) return value;
  throw usageError(`--${flag} must be ${wholeNumberText(Number.MIN_SAFE_INTEGER)}, not "${text}"`);
};

/** TABLE: units of bytes. Case does not count. */
const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  ...{ kb: 1e3, mb: 1e6, gb: 1e9 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 },
};

/** The whole number that a flag has as its value; undefined without the flag. @throws UsageError */
export const numberOf = <F extends object>(flags: F, name: NumberFlag<F>): number | undefined => {
  const text = flags[name] as string | undefined;
  return text === undefined ? undefined : parseWholeNumber(name, text);
};

/** Bytes that a flag has as its value, with an optional unit: `64KiB`, `1.5MB`. @throws UsageError */
export const bytesOf = <F extends object>(flags: F, name: NumberFlag<F>): number | undefined => {
  const text = flags[name] as string | undefined;
  if (text === undefined) return undefined;
  const [, amount = '', unit = ''] = /^(.*?) ?([a-z]*)$/i.exec(text) ?? [];
  const size = byteUnits[unit.toLowerCase()];
  // Without a unit, this would read an exponent as a unit.
  const value = size === undefined ? amountOf(text) : amountOf(amount) * size;
  if (isWholeNumber(value, Number.MIN_SAFE_INTEGER)) return value;
  throw usageError(
    `--${name} must be a whole number of bytes, or a size such as 64KiB or 1.5MB, not "${text}"`,
  );
};
