/**
 * TABLE: the commands of `quern` and their flags. Parsing, help, completions and the manual derive from it.
 *
 * The flags of `call` are those of the `extism` command line, with the same defaults; flags that `extism` lacks come
 * last.
 *
 * PERF: this file imports no part of the engine, so that `quern --help` does not load it.
 */

import type { LogLevel } from '../host/pdk/logging.ts';
import type { ProfileFormat } from '../profile.ts';
import { featureTable } from '../syntax/features.ts';

const features = Object.keys(featureTable);
const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
const formats = Object.keys({
  table: true,
  cpuprofile: true,
  folded: true,
  svg: true,
  json: true,
} satisfies Record<ProfileFormat, true>);
export const languages = ['assemblyscript', 'rust', 'go', 'c', 'javascript'] as const;

/** One flag. Without `value` it is a switch. */
export interface FlagRow {
  readonly short?: string;
  /** Placeholder of the value in the help text. */
  readonly value?: string;
  /** The possible values. */
  readonly choices?: readonly string[];
  readonly multiple?: boolean;
  readonly help: string;
}

/** One command. */
export interface CommandRow {
  readonly operands: readonly string[];
  /** The possible first operands; without this, it is a file or any text. */
  readonly choices?: readonly string[];
  /** Number of operands that may be omitted, from the right. */
  readonly optional?: number;
  /** Whether the last operand may be given several times. */
  readonly repeats?: boolean;
  /** Everything after the first operand belongs to the program that runs; flags of the command precede it. */
  readonly rest?: string;
  readonly summary: string;
  /** Command lines, as a user would type them. */
  readonly examples?: readonly string[];
  readonly flags: Readonly<Record<string, FlagRow>>;
}

const deterministicFlags = {
  deterministic: {
    help: 'virtual clock, seeded randomness, no traces of the host: the same result everywhere',
  },
  seed: { value: 'N', help: 'seed of the randomness of --deterministic (default 0)' },
  epoch: {
    value: 'TIME',
    help: 'start of the clock of --deterministic: a date, or milliseconds since 1970 (default 2020-01-01)',
  },
} as const satisfies Readonly<Record<string, FlagRow>>;

const compileFlag = {
  compile: { help: 'compile what runs often to JavaScript: faster, with the same results and fuel' },
} as const satisfies Readonly<Record<string, FlagRow>>;

const featureFlag = {
  feature: { value: 'NAME', choices: features, multiple: true, help: 'enable a feature, such as threads' },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Flags that say how a plug-in is made; `extism call` has all but the last of them. */
const pluginFlags = {
  wasi: { help: 'let the plug-in import WASI, and show its output' },
  config: { value: 'KEY=VALUE', multiple: true, help: 'set a configuration value' },
  'set-config': { value: 'JSON', help: 'set configuration values from an object' },
  'memory-max': { value: 'PAGES', help: 'most pages of memory (64 KiB each)' },
  'var-max': { value: 'BYTES', help: 'most bytes of all variables' },
  'http-response-max': { value: 'BYTES', help: 'most bytes of one HTTP response' },
  timeout: { value: 'MS', help: 'most milliseconds of one call' },
  'allow-path': { value: '[ro:]HOST[:GUEST]', multiple: true, help: 'let the plug-in use a directory' },
  'file-max': {
    value: 'BYTES',
    help: 'most bytes that the plug-in may add to these directories',
  },
  'allow-host': { value: 'GLOB', multiple: true, help: 'let the plug-in send requests to hosts' },
  'enable-http-response-headers': { help: 'let the plug-in read the headers of HTTP responses' },
  'log-level': {
    value: 'LEVEL',
    choices: logLevels,
    help: 'trace, debug, info, warn, error (default) or silent',
  },
  link: { value: '[NAME=]FILE', multiple: true, help: 'link another module' },
  manifest: { short: 'm', help: 'PLUGIN is a manifest in JSON' },
  fuel: { value: 'N', help: 'stop a call that needs more fuel than this' },
  schedule: {
    value: 'NAME|FILE.json',
    help: 'fuel schedule: quern-1 (default), flat-1, wasmtime-46, or a JSON file',
  },
  ...featureFlag,
  ...deterministicFlags,
  ...compileFlag,
  coredump: { value: 'FILE', help: 'write stack, memory and globals of a call that fails, for debuggers' },
  memdump: { value: 'FILE', help: "write the kernel's memory of a call that fails" },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Debugged calls are interpreted. */
const { compile: _, ...debuggedPluginFlags } = pluginFlags;

/** Reports that programs read. */
const reportFlags = {
  junit: { value: 'FILE', help: "write JUnit's XML" },
  tap: { value: 'FILE', help: 'write TAP' },
  json: { value: 'FILE', help: 'write JSON' },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Flags of the input. */
const inputFlags = {
  input: { short: 'i', value: 'TEXT', help: 'input of the call' },
  'input-file': { value: 'FILE', help: 'read the input from a file; - is standard input' },
  stdin: { help: 'read the input from standard input' },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Which call is debugged or traced. */
const debuggedFlags = {
  ...inputFlags,
  resume: { value: 'FILE', help: 'resume the call in a snapshot that quern call has written' },
  replay: {
    value: 'FILE',
    help: 'repeat the last call of a recording, with all its input from outside',
  },
  ...debuggedPluginFlags,
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Every command. Key = name. */
export const commands = {
  call: {
    operands: ['PLUGIN', 'FUNCTION'],
    optional: 1,
    summary: 'Call a function of a plug-in (a file or a URL) and print its output.',
    examples: [
      'quern call plugin.wasm greet --input Ada',
      'quern call plugin.wasm resize --input-file photo.png --output small.png',
      'quern call -m manifest.json greet --stdin --fuel 1_000_000 --show-fuel',
    ],
    flags: {
      ...inputFlags,
      output: { short: 'o', value: 'FILE', help: 'write the output to a file, exactly' },
      raw: { help: 'add no newline to the output, not even on a terminal or between those of --loop' },
      newline: { help: 'end the output with a newline, even if it is not a terminal' },
      json: { help: 'print a line of JSON for each call: output, error, fuel' },
      loop: { value: 'N', help: 'call N times; the plug-in keeps its state (default 1)' },
      ...pluginFlags,
      'show-fuel': { help: 'print the fuel of each call on standard error' },
      snapshot: { value: 'FILE', help: 'write the plug-in to a file when the call ends or runs out of fuel' },
      resume: { value: 'FILE', help: 'continue from such a file, with --fuel more units' },
      record: { value: 'FILE', help: 'record everything that comes from outside, for --replay' },
      replay: { value: 'FILE', help: 'take everything that comes from outside from a recording' },
      receipt: {
        value: 'FILE',
        help: 'write the receipt of the last call, for quern verify (with --record)',
      },
    },
  },
  debug: {
    operands: ['PLUGIN', 'FUNCTION'],
    optional: 1,
    summary: 'Call a function of a plug-in under LLDB, forwards and backwards.',
    flags: {
      port: { value: 'N', help: 'port that LLDB connects to (default: any free port)' },
      listen: {
        value: 'ADDRESS',
        help: 'listen on this address: anyone who can connect controls the plug-in (default: this machine only)',
      },
      history: {
        value: 'BYTES',
        help: 'most bytes of states for stepping backwards (default 64 MiB, 0 for none)',
      },
      ...debuggedFlags,
    },
  },
  trace: {
    operands: ['PLUGIN', 'FUNCTION'],
    optional: 1,
    summary: 'Print what a call does: each instruction, or each function, with its values.',
    examples: [
      'quern trace plugin.wasm greet --input Ada --calls',
      "quern trace plugin.wasm greet --input Ada --function 'parse*' --diff before.trace",
    ],
    flags: {
      calls: { help: 'print a line for each entry and exit of a function, instead of each instruction' },
      function: {
        value: 'NAME',
        multiple: true,
        help: 'only functions of this name; * matches any characters',
      },
      output: { short: 'o', value: 'FILE', help: 'write to a file' },
      diff: { value: 'FILE', help: 'print where the call first differs from a trace' },
      ...debuggedFlags,
    },
  },
  run: {
    operands: ['FILE'],
    rest: 'ARGS',
    summary: 'Run a WASI command (a file) and exit with its code.',
    examples: ['quern run --dir .::/ program.wasm --a-flag-of-the-program file.txt'],
    flags: {
      env: { value: 'NAME=VALUE', multiple: true, help: 'set an environment variable' },
      dir: { value: 'HOST::GUEST[::ro]', multiple: true, help: 'let the program use a directory' },
      'file-max': {
        value: 'BYTES',
        help: 'most bytes that the program may add to these directories',
      },
      fuel: { value: 'N', help: 'stop a program that needs more fuel than this' },
      schedule: {
        value: 'NAME|FILE.json',
        help: 'fuel schedule: quern-1 (default), flat-1, wasmtime-46, or a JSON file',
      },
      'show-fuel': { help: 'print the fuel on standard error' },
      ...featureFlag,
      ...deterministicFlags,
      ...compileFlag,
    },
  },
  compile: {
    operands: ['PLUGIN'],
    summary: 'Compile a module to JavaScript at build time, for hosts that refuse code from text.',
    examples: ['quern compile plugin.wasm --output plugin.js'],
    flags: {
      output: {
        short: 'o',
        value: 'FILE',
        help: 'the file to write: an ES module (default: standard output)',
      },
      target: {
        value: 'TARGET',
        choices: ['jit', 'nojit'],
        help: 'jit (default), or nojit for hosts that interpret JavaScript',
      },
      schedule: {
        value: 'NAME|FILE.json',
        help: 'fuel schedule that plug-ins will use: quern-1 (default), flat-1, wasmtime-46, or a JSON file',
      },
      profile: { value: 'FILE', help: 'a profile that quern bench --profile has written, for --only' },
      ...featureFlag,
      only: {
        value: 'hot',
        choices: ['hot'],
        help: 'compile only the functions that the profile names',
      },
    },
  },
  bench: {
    operands: ['PLUGIN', 'FUNCTION'],
    summary: 'Measure a function of a plug-in: calls per second, latency, fuel.',
    examples: ['quern bench plugin.wasm greet --input Ada --calls 1000 --json'],
    flags: {
      ...inputFlags,
      json: { help: 'print the numbers as JSON; times are milliseconds' },
      seconds: { value: 'N', help: 'how long to measure (default 3)' },
      calls: { value: 'N', help: 'how many calls to measure, instead of a time' },
      profile: {
        value: 'FILE',
        help: 'write which functions the calls run, for quern compile; measure no times',
      },
      ...pluginFlags,
    },
  },
  profile: {
    operands: ['PLUGIN', 'FUNCTION'],
    summary: 'Show exactly which functions, callers and lines used the fuel of a call.',
    examples: [
      'quern profile plugin.wasm greet --input Ada',
      'quern profile plugin.wasm greet --input Ada --output greet.svg',
      'quern profile plugin.wasm greet --input Ada --check greet.json --tolerance 1%',
    ],
    flags: {
      ...inputFlags,
      format: {
        value: 'NAME',
        choices: formats,
        help: 'table, cpuprofile, folded, svg or json (default: by the extension of --output, or table)',
      },
      output: { short: 'o', value: 'FILE', help: 'write to a file' },
      diff: { value: 'FILE', help: 'print what differs from a profile in JSON' },
      check: { value: 'FILE', help: 'fail if more fuel was used than in a profile in JSON' },
      tolerance: { value: 'SHARE', help: 'how much more --check allows, such as 1% (default 0)' },
      ...pluginFlags,
    },
  },
  verify: {
    operands: ['PLUGIN', 'RECORDING', 'RECEIPT'],
    optional: 1,
    summary: 'Run a recording or a job again, and check it and its receipts.',
    examples: [
      'quern verify plugin.wasm run.jsonl receipt.json',
      'quern verify plugin.wasm job.json --job --key d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    ],
    flags: {
      job: { help: 'RECORDING is a job that writeJob of quern/job has written' },
      key: {
        value: 'HEX',
        multiple: true,
        help: 'a public key; each slice of the job must be signed with one of these keys',
      },
      link: { value: '[NAME=]FILE', multiple: true, help: 'link another module' },
      manifest: { short: 'm', help: 'PLUGIN is a manifest in JSON' },
      output: { help: 'print the output of the call' },
      fuel: { value: 'N', help: 'most fuel in total (default: what the recording names)' },
      timeout: { value: 'MS', help: 'most milliseconds in total' },
      'memory-max': { value: 'PAGES', help: 'refuse a recording that was allowed more pages of memory' },
      ...featureFlag,
      ...compileFlag,
    },
  },
  inspect: {
    operands: ['PLUGIN', 'FUNCTION'],
    optional: 1,
    summary:
      'Show what a module or a manifest needs and how to call it, its instructions, or a function as JavaScript.',
    examples: [
      'quern inspect plugin.wasm',
      'quern inspect plugin.wasm --disassemble greet',
      'curl https://example.com/plugin.wasm | quern inspect -',
    ],
    flags: {
      disassemble: { short: 'd', help: 'print the instructions of FUNCTION (name or index), or of all' },
      javascript: {
        help: 'print the JavaScript that FUNCTION is compiled to, with the offsets of instructions',
      },
      json: { help: 'print the summary as JSON' },
    },
  },
  wat: {
    operands: ['MODULE'],
    summary: 'Print a module in the text format; quern wasm turns it back into the same module.',
    flags: {
      output: { short: 'o', value: 'FILE', help: 'the file to write (default: standard output)' },
      folded: { help: 'fold operands into the parentheses of their instruction' },
    },
  },
  wasm: {
    operands: ['FILE'],
    summary: 'Turn the text of a module into bytes.',
    flags: {
      output: { short: 'o', value: 'FILE', help: 'the file to write (default: standard output)' },
      'no-names': { help: 'omit the name section' },
    },
  },
  wast: {
    operands: ['FILE'],
    repeats: true,
    summary: 'Run scripts of the official suite, or your own in that form, and write reports.',
    flags: {
      feature: {
        value: 'NAME',
        choices: [...features, 'all'],
        multiple: true,
        help: 'enable a feature beyond those of the standard, or all',
      },
      ...reportFlags,
    },
  },
  conformance: {
    operands: [],
    summary: 'Test what plug-ins can rely on, on any Extism host, and write reports.',
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
      keep: { value: 'FOLDER', help: 'keep the modules, their text and the steps of the cases' },
    },
  },
  new: {
    operands: ['KIND', 'FOLDER'],
    choices: ['plugin', 'host'],
    optional: 2,
    summary: 'Make a new project in a folder: KIND is plugin, or host for a program that calls plug-ins.',
    examples: ['quern new plugin hello --language rust', 'quern new host my-host'],
    flags: {
      language: {
        short: 'l',
        value: 'LANGUAGE',
        choices: languages,
        help: 'language of the plug-in: assemblyscript (default), rust, go, c or javascript',
      },
      install: { help: 'run npm install in the new folder' },
    },
  },
  completions: {
    operands: ['SHELL'],
    choices: ['bash', 'zsh', 'fish'],
    summary: 'Print a script that completes commands and flags in a shell: bash, zsh or fish.',
    examples: ['source <(quern completions bash)', 'quern completions fish | source'],
    flags: {},
  },
  help: {
    operands: ['COMMAND'],
    optional: 1,
    summary: 'Show the commands, or the flags of a command.',
    flags: {},
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

/** Flags that say how a plug-in is made, after parsing. */
export type PluginFlags = Pick<Flags<'call'>, keyof typeof pluginFlags>;

/** A command line after parsing. */
export interface Parsed<C extends CommandName> {
  readonly operands: readonly string[];
  readonly flags: Flags<C>;
  readonly isVerbose: boolean;
  /** Neither progress nor advice. */
  readonly isQuiet: boolean;
  readonly wantsHelp: boolean;
}

/** Flags of every command, which may precede its name. */
export const globalFlags = {
  verbose: { short: 'v', help: 'show causes and stacks of errors' },
  quiet: { short: 'q', help: 'show neither progress nor advice' },
  help: { short: 'h', help: 'show this text' },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Flags instead of a command. */
export const programFlags = {
  ...globalFlags,
  version: { help: 'show the version' },
} as const satisfies Readonly<Record<string, FlagRow>>;
