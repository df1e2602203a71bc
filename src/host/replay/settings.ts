/**
 * The observable settings of a plug-in, as in the header of a recording; and from a header, the options of a plug-in
 * that needs nothing from its environment.
 */

import { badArgument } from '../../errors/arguments.ts';
import { ReplayError, UsageError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { moduleSha256 } from '../../interpreter/code/precompiled-module.ts';
import { type FuelSchedule, schedules } from '../../interpreter/fuel/schedules.ts';
import type { HttpSettings } from '../http/http.ts';
import type { CheckedMemoryOptions } from '../manifest/manifest.ts';
import type { LoadedModule } from '../manifest/wasm-source.ts';
import { checkLogLevel, type LogLevel } from '../pdk/logging.ts';
import { checkTextOrBytes } from '../platform/given.ts';
import type { Clock, RandomSource } from '../platform/platform.ts';
import type { Json } from '../state/operation.ts';
import { checkedReader, type StreamReader } from '../wasi/descriptors.ts';
import type { WasiOptions } from '../wasi/program.ts';
import { bytes, count, dictionary, fields, list, optional, text, truth, tuple, wide } from './forms.ts';
import { LOG_VERSION, LogWriter, type ParsedLog } from './log.ts';
import { type Form, Tape } from './tape.ts';
import { tapedTrees } from './taped-files.ts';
import { type FunctionTable, replayedFunctions, tapedFunctions } from './taped-functions.ts';
import { tapedClock, tapedExchange, tapedRandom, tapedReader } from './taped-sources.ts';

/**
 * Receives a recording line by line, without line feeds.
 *
 * ```ts
 * const lines: string[] = [];
 * const record: RecordSink = (line) => lines.push(line);
 * const plugin = await createPlugin('build/examples/greet.wasm', { record });
 * await plugin.call('greet', 'Ada');
 * console.log(plugin.recording === lines.map((line) => `${line}\n`).join('')); // → true
 * ```
 */
export type RecordSink = (line: string) => void;

/** Observable settings of a plug-in, and its sources of outside data. Recordings contain them or replace them. */
export interface NoticedSettings {
  readonly usesWasi: boolean;
  readonly wasi: WasiOptions;
  readonly logLevel: LogLevel;
  readonly functions: FunctionTable;
  readonly config: ReadonlyMap<string, string>;
  readonly memory: CheckedMemoryOptions;
  readonly http: HttpSettings;
  readonly renewAfterFailure: boolean;
  readonly schedule: FuelSchedule;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly isDeterministic: boolean;
  /** The recorder or player; null for neither. */
  readonly tape: Tape | null;
}

/** The header's data about WASI; null if it is disabled. */
interface WasiSettings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** All of standard input in base64; null if it was a reader, whose answers are events. */
  readonly stdin: string | null;
  readonly preopens: readonly string[];
}
/** The request of the event `recording`. */
interface Header {
  readonly version: number;
  /** Name and SHA-256 of each module, in the order of the manifest. */
  readonly modules: readonly (readonly [name: string, hash: string])[];
  readonly schedule: string;
  readonly config: readonly (readonly [key: string, value: string])[];
  readonly memory: CheckedMemoryOptions;
  readonly logLevel: string;
  readonly isDeterministic: boolean;
  readonly renewAfterFailure: boolean;
  readonly functions: readonly (readonly [module: string, names: readonly string[]])[];
  readonly http: {
    readonly allowedHosts: readonly string[];
    readonly maxBytes: number;
    readonly allowsHeaders: boolean;
  };
  readonly clock: { readonly resolution: string; readonly canSleep: boolean };
  readonly wasi: WasiSettings | null;
}

const pairs: Form<readonly (readonly [string, string])[]> = list(
  tuple<readonly [string, string]>(text, text),
);
const limit = optional(count);
const headerForm = fields<Header>({
  version: count,
  modules: pairs,
  schedule: text,
  config: pairs,
  memory: fields<CheckedMemoryOptions>({
    maxPages: limit,
    maxHeapBytes: limit,
    maxHttpResponseBytes: limit,
    maxVarBytes: limit,
    maxLogBytes: limit,
  }),
  logLevel: text,
  isDeterministic: truth,
  renewAfterFailure: truth,
  functions: list(tuple<readonly [string, readonly string[]]>(text, list(text))),
  http: fields<Header['http']>({ allowedHosts: list(text), maxBytes: count, allowsHeaders: truth }),
  clock: fields<Header['clock']>({ resolution: text, canSleep: truth }),
  wasi: optional(
    fields<WasiSettings>({
      args: list(text),
      env: dictionary(text),
      stdin: optional(text),
      preopens: list(text),
    }),
  ),
});

/** The header of a recording. @throws ReplayError */
const readHeader = (json: Json): Header => {
  try {
    return headerForm.read(json);
  } catch (cause) {
    throw notHeader(cause);
  }
};

const notHeader = (cause: unknown): Error =>
  new ReplayError('replay.log', { event: 0, cause, detail: 'event 0: not a header' });

/** The recorded limits on memory, unless a replay is allowed less. @throws UsageError */
const allowedMemory = (recorded: CheckedMemoryOptions, given: CheckedMemoryOptions): CheckedMemoryOptions => {
  for (const key of Object.keys(given) as (keyof typeof given)[]) {
    const [most, wanted] = [given[key], recorded[key]];
    if (most === null || (wanted !== null && wanted <= most)) continue;
    const what = wanted === null ? 'no limit' : String(wanted);
    throw new UsageError('usage.argument', {
      detail: `recorded with ${what} as memory.${key}, and this replay is allowed ${most}`,
    });
  }
  return recorded;
};

/** Modules by name. */
export type Modules = ReadonlyMap<string, LoadedModule>;

/** Name and SHA-256 of modules, in order. */
export const hashesOf = (modules: Modules): [name: string, hash: string][] =>
  Array.from(modules, ([name, { compiled }]) => [name, moduleSha256(compiled.module)]);

const stdinOf = (stdin: WasiOptions['stdin']): string | null => {
  if (typeof stdin === 'function') return null;
  return bytes.write(checkTextOrBytes(stdin ?? '', 'wasi.stdin')) as string;
};

const headerOf = (options: NoticedSettings, modules: Modules): Header => {
  const { schedule, config, memory, logLevel, isDeterministic, renewAfterFailure } = options;
  const { functions, http, clock } = options;
  const { allowedHosts, maxBytes, allowsHeaders } = http;
  const { args = [], env = {}, stdin, preopens = {} } = options.wasi;
  const wasi = { args, env, stdin: stdinOf(stdin), preopens: Object.keys(preopens) };
  return {
    version: LOG_VERSION,
    modules: hashesOf(modules),
    schedule: schedule.name,
    config: [...config],
    memory,
    logLevel,
    isDeterministic,
    renewAfterFailure,
    functions: Array.from(functions, ([module, members]) => [module, [...members.keys()]]),
    http: { allowedHosts, maxBytes, allowsHeaders },
    clock: { resolution: wide.write(clock.resolution) as string, canSleep: clock.sleep !== undefined },
    wasi: options.usesWasi ? wasi : null,
  };
};

/** What the host keeps open between requests, files and readers, does not exist for a recording that is continued. */
const continued = (log: ParsedLog, { wasi }: NoticedSettings, onLine: RecordSink | null): Tape => {
  if (typeof wasi.stdin === 'function' || Object.keys(wasi.preopens ?? {}).length > 0)
    throw badArgument(
      'a recording can be continued only without directories, and with standard input that is text or bytes',
    );
  return Tape.journal(new LogWriter(onLine, log.hashes[log.hashes.length - 1]), log, 0);
};

/**
 * Options under which everything that comes from outside is recorded.
 *
 * @param log a recording that this one continues: its answers come first; null for a new one
 * @throws ReplayError for a recording of other modules or settings
 */
export const recordingOptions = <T extends NoticedSettings>(
  options: T,
  modules: Modules,
  onLine: RecordSink | null,
  log: ParsedLog | null,
): T => {
  const { clock, random, functions, http, wasi } = options;
  const tape = log === null ? Tape.recorder(onLine) : continued(log, options, onLine);
  tape.note('recording', headerOf(options, modules) as unknown as Json);
  const { stdin } = wasi;
  return {
    ...options,
    tape,
    clock: tapedClock(tape, clock, {
      resolution: clock.resolution,
      canSleep: clock.sleep !== undefined,
    }),
    random: tapedRandom(tape, random),
    functions: tapedFunctions(tape, functions),
    http: { ...http, exchange: tapedExchange(tape) },
    wasi: {
      ...wasi,
      ...(typeof stdin === 'function' ? { stdin: tapedReader(tape, checkedReader(stdin)) } : {}),
      preopens: tapedTrees(tape, wasi.preopens ?? {}, () => clock.realtime()),
    },
  };
};

/**
 * Options under which host functions and requests are answered from a journal as far as it goes, and then written to
 * it.
 */
export const journalOptions = <T extends NoticedSettings>(options: T, tape: Tape): T => ({
  ...options,
  functions: tapedFunctions(tape, options.functions),
  http: { ...options.http, exchange: tapedExchange(tape) },
});

const checkModules = (header: Header, modules: Modules): void => {
  const actual = hashesOf(modules);
  const list = (entries: readonly (readonly [string, string])[]): string =>
    entries.map(([name, hash]) => `${nameText(name)} ${nameText(hash)}`).join(', ');
  if (list(actual) === list(header.modules)) return;
  const [expected, found] = [list(header.modules), list(actual)];
  throw new ReplayError('replay.module', {
    expected,
    actual: found,
    detail: `expected ${expected}; got ${found}`,
  });
};

const scheduleOf = (name: string, given: FuelSchedule): FuelSchedule => {
  if (given.name === name) return given;
  const known = schedules.get(name);
  if (known !== undefined) return known;
  throw new UsageError('usage.argument', {
    detail: `recorded under the fuel schedule "${nameText(name)}"; pass it as an option`,
  });
};

const replayedWasi = (tape: Tape, settings: WasiSettings, given: WasiOptions): WasiOptions => {
  const { args, env, stdin, preopens } = settings;
  const reader: StreamReader = tapedReader(tape, null);
  return {
    // Output of the plug-in is not input, and may be shown.
    ...(given.stdout && { stdout: given.stdout }),
    ...(given.stderr && { stderr: given.stderr }),
    args,
    env,
    stdin: stdin === null ? reader : bytes.read(stdin),
    preopens: tapedTrees(tape, Object.fromEntries(preopens.map((path) => [path, null])), () => 0n),
  };
};

const bodyless = async (): Promise<never> => {
  throw new Error('a replay sends no requests');
};

/**
 * Options under which everything that comes from outside comes from a recording.
 *
 * @param given those of the replay: where log messages and standard output go, limits, a custom fuel schedule
 * @throws ReplayError for other modules, or an invalid header
 */
export const replayOptions = <T extends NoticedSettings>(given: T, modules: Modules, log: ParsedLog): T => {
  const { ask } = log.events[0]!;
  const header = readHeader(ask);
  checkModules(header, modules);
  const tape = Tape.player(log);
  tape.expect('recording', ask);
  try {
    const { config, memory, isDeterministic, renewAfterFailure, http, clock, wasi } = header;
    return {
      ...given,
      tape,
      usesWasi: wasi !== null,
      wasi: wasi === null ? {} : replayedWasi(tape, wasi, given.wasi),
      logLevel: checkLogLevel(header.logLevel),
      functions: replayedFunctions(tape, header.functions),
      config: new Map(config),
      memory: allowedMemory(memory, given.memory),
      http: { ...http, transport: bodyless, exchange: tapedExchange(tape) },
      schedule: scheduleOf(header.schedule, given.schedule),
      clock: tapedClock(tape, null, { resolution: wide.read(clock.resolution), canSleep: clock.canSleep }),
      random: tapedRandom(tape, null),
      isDeterministic,
      renewAfterFailure,
    };
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw notHeader(cause);
  }
};
