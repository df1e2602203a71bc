/**
 * TABLE: the commands of `quern` and their flags. Parsing and help text derive from it.
 *
 * The flags of `call` are those of the `extism` command line, with the same defaults; the ones that it lacks
 * come last.
 */

import { parseArgs } from 'node:util';
import { isWholeNumber, wholeNumberText } from '../errors/checks.ts';
import { UsageError } from '../errors/errors.ts';
import { type DeterministicOptions, type FeatureKey, type Features, pluginFeatures } from '../node.ts';
import { checkFeatures } from '../syntax/features.ts';

/** One flag. Without `value` it is a switch. */
interface FlagRow {
  readonly short?: string;
  /** Placeholder of the value in the help text. */
  readonly value?: string;
  readonly multiple?: boolean;
  readonly help: string;
}

/** One command. */
interface CommandRow {
  readonly operands: readonly string[];
  /** Number of operands that may be left out, from the right. */
  readonly optional?: number;
  /** Whether the last operand may be given several times. */
  readonly repeats?: boolean;
  /** What follows the operands belongs to the program that runs: flags are those before the first operand. */
  readonly rest?: string;
  readonly summary: string;
  readonly flags: Readonly<Record<string, FlagRow>>;
}

const deterministicFlags = {
  deterministic: {
    help: 'virtual clock, seeded randomness, no traces of the host: the same result everywhere',
  },
  seed: { value: 'N', help: 'seed of the randomness of --deterministic (default 0)' },
  epoch: {
    value: 'TIME',
    help: 'start of its clock: a date, or milliseconds since 1970 (default 2020-01-01)',
  },
} as const satisfies Readonly<Record<string, FlagRow>>;

const compileFlag = {
  compile: { help: 'make JavaScript of what runs often: faster, with the same results and fuel' },
} as const satisfies Readonly<Record<string, FlagRow>>;

const featureFlag = {
  feature: { value: 'NAME', multiple: true, help: 'switch a feature on, such as threads' },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Flags that say how a plug-in is made; `extism call` has all but the last ones. */
const pluginFlags = {
  wasi: { help: 'let the plug-in import WASI and show what it prints' },
  config: { value: 'KEY=VALUE', multiple: true, help: 'set a configuration value' },
  'set-config': { value: 'JSON', help: 'set configuration values from an object' },
  'memory-max': { value: 'PAGES', help: 'most pages of memory (64 KiB each)' },
  'var-max': { value: 'BYTES', help: 'most bytes of all variables' },
  'http-response-max': { value: 'BYTES', help: 'most bytes of one HTTP response' },
  timeout: { value: 'MS', help: 'most milliseconds of one call' },
  'allow-path': { value: '[ro:]HOST[:GUEST]', multiple: true, help: 'let the plug-in use a directory' },
  'file-max': {
    value: 'BYTES',
    help: 'most bytes that the plug-in may make these directories grow by',
  },
  'allow-host': { value: 'GLOB', multiple: true, help: 'let the plug-in send requests to hosts' },
  'enable-http-response-headers': { help: 'let the plug-in read the headers of HTTP responses' },
  'log-level': { value: 'LEVEL', help: 'trace, debug, info, warn or error (default error)' },
  link: { value: '[NAME=]FILE', multiple: true, help: 'link another module' },
  manifest: { short: 'm', help: 'PLUGIN is a manifest in JSON' },
  fuel: { value: 'N', help: 'stop a call that would use more fuel' },
  schedule: {
    value: 'NAME|FILE.json',
    help: 'what everything costs: quern-1 (default), flat-1, wasmtime-46, or a table of your own',
  },
  ...featureFlag,
  ...deterministicFlags,
  ...compileFlag,
  coredump: { value: 'FILE', help: 'write stack, memory and globals of a call that fails, for debuggers' },
  memdump: { value: 'FILE', help: "write the kernel's memory of a call that fails" },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Reports that programs read. */
const reportFlags = {
  junit: { value: 'FILE', help: "write JUnit's XML" },
  tap: { value: 'FILE', help: 'write TAP' },
  json: { value: 'FILE', help: 'write JSON' },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Flags that say what the input is. */
const inputFlags = {
  input: { short: 'i', value: 'TEXT', help: 'input of the call' },
  stdin: { help: 'read the input from standard input' },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Every command. Key = name. */
export const commands = {
  call: {
    operands: ['PLUGIN', 'FUNCTION'],
    optional: 1,
    summary: 'Call a function of a plug-in (a file or a URL) and print its output.',
    flags: {
      ...inputFlags,
      loop: { value: 'N', help: 'call so many times; the plug-in keeps its state (default 1)' },
      ...pluginFlags,
      'show-fuel': { help: 'print the fuel of each call on standard error' },
      snapshot: { value: 'FILE', help: 'write the plug-in to a file when the call ends or is out of fuel' },
      resume: { value: 'FILE', help: 'go on from such a file, with --fuel more' },
      record: { value: 'FILE', help: 'write down everything that comes from outside, to be replayed' },
      replay: { value: 'FILE', help: 'take everything that comes from outside from a recording' },
      receipt: { value: 'FILE', help: 'write what the last call came to, for quern verify (with --record)' },
    },
  },
  run: {
    operands: ['FILE'],
    rest: 'ARGS',
    summary: 'Run a WASI command (a file) and exit as it does.',
    flags: {
      env: { value: 'NAME=VALUE', multiple: true, help: 'set an environment variable' },
      dir: { value: 'HOST::GUEST[::ro]', multiple: true, help: 'let the program use a directory' },
      'file-max': {
        value: 'BYTES',
        help: 'most bytes that the program may make these directories grow by',
      },
      fuel: { value: 'N', help: 'stop a program that would use more fuel' },
      schedule: {
        value: 'NAME|FILE.json',
        help: 'what everything costs: quern-1 (default), flat-1, wasmtime-46, or a table of your own',
      },
      'show-fuel': { help: 'print the fuel on standard error' },
      ...featureFlag,
      ...deterministicFlags,
      ...compileFlag,
    },
  },
  compile: {
    operands: ['PLUGIN'],
    summary: 'Make JavaScript of a module at build time, for hosts that refuse code from text.',
    flags: {
      output: {
        short: 'o',
        value: 'FILE',
        help: 'the file to write: an ES module (default: standard output)',
      },
      target: { value: 'TARGET', help: 'jit (default), or nojit for hosts that interpret JavaScript' },
      schedule: {
        value: 'NAME|FILE.json',
        help: 'the schedule that plug-ins will use: quern-1 (default), flat-1, wasmtime-46, or a table of your own',
      },
      profile: { value: 'FILE', help: 'what quern bench --profile has written, for --only' },
      ...featureFlag,
      only: { value: 'hot', help: 'compile what the profile was seen to call, and nothing else' },
    },
  },
  bench: {
    operands: ['PLUGIN', 'FUNCTION'],
    summary: 'Measure a function of a plug-in: calls per second, latency, fuel.',
    flags: {
      ...inputFlags,
      seconds: { value: 'N', help: 'how long to measure (default 3)' },
      calls: { value: 'N', help: 'how many calls to measure, in place of a time' },
      profile: {
        value: 'FILE',
        help: 'write which functions the calls run, for quern compile; times are not measured',
      },
      ...pluginFlags,
    },
  },
  verify: {
    operands: ['PLUGIN', 'RECORDING', 'RECEIPT'],
    optional: 1,
    summary: 'Run a recording again and say whether it, and a receipt, holds.',
    flags: {
      link: { value: '[NAME=]FILE', multiple: true, help: 'link another module' },
      manifest: { short: 'm', help: 'PLUGIN is a manifest in JSON' },
      output: { help: 'print the output of the call' },
      fuel: { value: 'N', help: 'stop when more fuel is used in all (default: what the recording names)' },
      timeout: { value: 'MS', help: 'most milliseconds in all' },
      'memory-max': { value: 'PAGES', help: 'refuse a recording that was allowed more pages of memory' },
      ...featureFlag,
      ...compileFlag,
    },
  },
  inspect: {
    operands: ['PLUGIN', 'FUNCTION'],
    optional: 1,
    summary: 'Show what a module imports, exports and needs, its instructions, or a function as JavaScript.',
    flags: {
      disassemble: { short: 'd', help: 'print the instructions of FUNCTION (name or index), or of all' },
      javascript: { help: 'print the JavaScript that FUNCTION is compiled to, with offsets of instructions' },
      json: { help: 'print the summary as JSON' },
    },
  },
  wat: {
    operands: ['MODULE'],
    summary: 'Print a module in the text format; what is printed reads back to the same module.',
    flags: {
      output: { short: 'o', value: 'FILE', help: 'the file to write (default: standard output)' },
      folded: { help: 'put operands into the parentheses of their instruction' },
    },
  },
  wasm: {
    operands: ['FILE'],
    summary: 'Make a module of its text.',
    flags: {
      output: { short: 'o', value: 'FILE', help: 'the file to write (default: standard output)' },
      'no-names': { help: 'leave out the section of names' },
    },
  },
  wast: {
    operands: ['FILE'],
    repeats: true,
    summary: 'Run scripts of the official suite, or of your own in that form, and write reports.',
    flags: {
      feature: {
        value: 'KEY',
        multiple: true,
        help: 'switch a feature on beyond those of the standard, or all',
      },
      ...reportFlags,
    },
  },
  conformance: {
    operands: [],
    summary: 'Try what plug-ins can rely on, on any Extism host, and write reports.',
    flags: {
      host: {
        value: '[NAME=]HOST',
        multiple: true,
        help: 'quern (default), npm:PACKAGE, or the command of an adapter',
      },
      level: { value: 'LEVEL', multiple: true, help: 'only cases of this level' },
      case: { value: 'ID', multiple: true, help: 'only this case' },
      list: { help: 'list the cases and run none' },
      expected: { value: 'FILE', help: 'cases that may fail, one a line' },
      html: { value: 'FILE', help: 'write the matrix as a page' },
      ...reportFlags,
      keep: { value: 'FOLDER', help: 'keep modules, their text and the steps of the cases' },
    },
  },
} as const satisfies Readonly<Record<string, CommandRow>>;

export type CommandName = keyof typeof commands;
/** The flags of a command after parsing: present when given. */
export type Flags<C extends CommandName> = {
  readonly [K in keyof (typeof commands)[C]['flags']]?: (typeof commands)[C]['flags'][K] extends {
    readonly multiple: true;
  }
    ? readonly string[]
    : (typeof commands)[C]['flags'][K] extends { readonly value: string }
      ? string
      : boolean;
};

/** Flags of how a plug-in is made, after parsing. */
export type PluginFlags = Pick<Flags<'call'>, keyof typeof pluginFlags>;

/** A command line after parsing. */
export interface Parsed<C extends CommandName> {
  readonly operands: readonly string[];
  readonly flags: Flags<C>;
  readonly isVerbose: boolean;
  readonly wantsHelp: boolean;
}

const globalFlags: Readonly<Record<string, FlagRow>> = {
  verbose: { short: 'v', help: 'show causes and stacks of errors' },
  help: { short: 'h', help: 'show this text' },
};

/** A mistake in the command line. */
export const usageError = (detail: string): Error => new UsageError('usage.argument', { detail }, detail);

type ParseOption = { type: 'string' | 'boolean'; short?: string; multiple?: boolean };

const parseOptions = (rows: Readonly<Record<string, FlagRow>>): Record<string, ParseOption> =>
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

/** Names of the flags that have one value, as text. */
export type NumberFlag<F> = {
  [K in keyof F & string]-?: F[K] extends string | undefined ? K : never;
}[keyof F & string];

const parseWholeNumber = (flag: string, text: string): number => {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && isWholeNumber(value, Number.MIN_SAFE_INTEGER)) return value;
  throw usageError(`--${flag} must be ${wholeNumberText(Number.MIN_SAFE_INTEGER)}, not "${text}"`);
};

/** The whole number that a flag has as its value; undefined without the flag. @throws UsageError */
export const numberOf = <F extends object>(flags: F, name: NumberFlag<F>): number | undefined => {
  const text = flags[name] as string | undefined;
  return text === undefined ? undefined : parseWholeNumber(name, text);
};

/** How many arguments belong to the command itself where the rest is for a program: all before the first operand. */
const ownArgumentCount = (args: readonly string[], options: Record<string, ParseOption>): number => {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  return tokens.find(({ kind }) => kind === 'positional')?.index ?? args.length;
};

/** Parses what follows the name of a command. @throws UsageError */
export const parseCommand = <C extends CommandName>(name: C, args: readonly string[]): Parsed<C> => {
  const row: CommandRow = commands[name];
  const options = parseOptions({ ...row.flags, ...globalFlags });
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    const count = row.rest === undefined ? args.length : ownArgumentCount(args, options);
    parsed = parseArgs({ args: args.slice(0, count), options, allowPositionals: true });
    parsed.positionals.push(...args.slice(count));
  } catch (error) {
    // Node explains at length how to pass such operands; the first sentence is what went wrong.
    throw usageError((error as Error).message.split('. ')[0]!);
  }
  const { verbose = false, help = false, ...flags } = parsed.values;
  const operands = parsed.positionals;
  const least = row.operands.length - (row.optional ?? 0);
  if (!help && operands.length < least) throw usageError(`${row.operands[operands.length]} is missing`);
  if (row.rest === undefined && !row.repeats && operands.length > row.operands.length) {
    throw usageError(`unexpected operand "${operands[row.operands.length]}"`);
  }
  return { operands, flags: flags as Flags<C>, isVerbose: verbose === true, wantsHelp: help === true };
};

const flagLine = ([name, { short, value, help }]: [string, FlagRow]): string => {
  const left = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
  return left.length < 32 ? `  ${left.padEnd(32)}${help}` : `  ${left}\n${' '.repeat(34)}${help}`;
};

/** How a command is called, in one line. */
export const commandUsage = (name: CommandName): string => {
  const { operands, optional = 0, repeats, rest }: CommandRow = commands[name];
  const least = operands.length - optional;
  const others = rest === undefined ? (repeats ? '...' : '') : ` [${rest}...]`;
  return `quern ${name} [flags] ${operands.map((operand, i) => (i < least ? operand : `[${operand}]`)).join(' ')}${others}`;
};

/** Help text of a command. */
export const commandHelp = (name: CommandName): string => {
  const flags = Object.entries({ ...commands[name].flags, ...globalFlags });
  return [commands[name].summary, '', `Usage: ${commandUsage(name)}`, '', ...flags.map(flagLine), ''].join(
    '\n',
  );
};

/** Help text of the program. */
export const programHelp = (): string => {
  const names = Object.keys(commands) as CommandName[];
  return [
    'Quern runs Extism plug-ins on its own WebAssembly engine.',
    '',
    'Usage:',
    ...names.map((name) => `  ${commandUsage(name)}\n      ${commands[name].summary}`),
    '  quern --version',
    '',
    'quern COMMAND --help lists the flags of a command.',
    '',
  ].join('\n');
};

/** The usual features, and those that are switched on. @throws UsageError */
export const featuresOf = ({ feature }: { readonly feature?: readonly string[] }): Features =>
  checkFeatures([...pluginFeatures, ...((feature ?? []) as FeatureKey[])], pluginFeatures);

/** What `--deterministic`, `--seed` and `--epoch` ask for. @throws UsageError */
export const deterministicOf = (flags: {
  readonly deterministic?: boolean;
  readonly seed?: string;
  readonly epoch?: string;
}): DeterministicOptions | false => {
  const { deterministic = false, seed, epoch } = flags;
  for (const [name, value] of Object.entries({ seed, epoch })) {
    if (value !== undefined && !deterministic) throw usageError(`--${name} needs --deterministic`);
  }
  if (!deterministic) return false;
  return {
    ...(seed === undefined ? {} : { seed: parseWholeNumber('seed', seed) }),
    ...(epoch === undefined ? {} : { epoch: parseTime(epoch) }),
  };
};

/** Milliseconds since 1970. A date without a time zone is in UTC: the local one would be a trace of the host. */
const parseTime = (text: string): number => {
  if (/^-?\d+$/.test(text)) return parseWholeNumber('epoch', text);
  const isPlain = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const time = isPlain === null ? Number.NaN : Date.parse(isPlain[1] && !isPlain[4] ? `${text}Z` : text);
  if (!Number.isNaN(time)) return time;
  throw usageError(`--epoch must be a date like 2026-01-31T12:00:00Z or milliseconds, not "${text}"`);
};
