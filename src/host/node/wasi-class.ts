/**
 * A class in the form of the one in `node:wasi`, for modules of `quern/webassembly`.
 *
 * Node's own class requires a memory of the native engine, which programs without one cannot have. This one has the
 * same constructor and methods on the WASI of `../wasi`. Its functions are functions of the engine: a module that
 * imports them is linked with them directly, and they work on the memory of the calling module.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isQuernError, UsageError } from '../../errors/errors.ts';
import { quern1 } from '../../interpreter/fuel/schedules.ts';
import { functionObject } from '../../webassembly/functions.ts';
import { makeRealm } from '../../webassembly/namespace.ts';
import { slotOf } from '../../webassembly/slots.ts';
import { WASI_NAMESPACE, WASI_UNSTABLE_NAMESPACE } from '../wasi/abi.ts';
import { createWasiImports } from '../wasi/preview1.ts';
import { Preview1 } from '../wasi/program.ts';
import { nodeDirectory } from './files.ts';
import { nodePlatform } from './platform.ts';
import { readerOf, sleepHere, writerOf } from './streams.ts';

/**
 * Options of the class, as in `node:wasi`.
 *
 * ```ts
 * const options: NodeWasiOptions = { version: 'preview1', env: { HOME: '/home' }, returnOnExit: true };
 * console.log(Object.keys(new WASI(options).wasiImport).length); // → 46
 * ```
 */
export interface NodeWasiOptions {
  /** The snapshot whose layouts the functions have. */
  readonly version: 'preview1' | 'unstable';
  /** Arguments; by convention the first is the program's name. Default: none. */
  readonly args?: readonly string[];
  /** Environment variables. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Directories of the host by the paths that the program uses. Default: none. */
  readonly preopens?: Readonly<Record<string, string>>;
  /** Whether `proc_exit` ends the call instead of the process. Default: true. */
  readonly returnOnExit?: boolean;
  /** File descriptor of the process for standard input. Default: 0. */
  readonly stdin?: number;
  /** File descriptor for standard output. Default: 1. */
  readonly stdout?: number;
  /** File descriptor for standard error. Default: 2. */
  readonly stderr?: number;
}

/**
 * What `start` and `initialize` need from an instance.
 *
 * ```ts
 * const memory = new WebAssembly.Memory({ initial: 1 });
 * const instance: WasiInstance = { exports: { memory, _start: () => console.log('runs') } };
 * console.log(new WASI({ version: 'preview1' }).start(instance));
 * // → runs
 * // → 0
 * ```
 */
export interface WasiInstance {
  // biome-ignore lint/suspicious/noExplicitAny: only the module knows what it exports
  readonly exports: Readonly<Record<string, any>>;
}

/** Namespaces by version. */
const namespaces = { preview1: WASI_NAMESPACE, unstable: WASI_UNSTABLE_NAMESPACE } as const;

const mistake = (detail: string): Error => new UsageError('usage.argument', { detail });

/** Calls of the namespace do not pause, so sleeping blocks the thread, as in Node's own class. */
const clock = {
  ...nodePlatform.clock,
  sleep: (nanoseconds: bigint) => {
    sleepHere(Number(nanoseconds) / 1e6);
    return undefined;
  },
};

/** The status of a program that ended itself; null for any other error. */
const exitCodeOf = (error: unknown): number | null => {
  const cause = error instanceof Error ? error.cause : undefined;
  return isQuernError(cause, 'exit.code') ? (cause.details.exitCode ?? 0) : null;
};

const stateOf = (options: NodeWasiOptions): Preview1 => {
  const { args = [], env = {}, preopens = {}, stdin = 0, stdout = 1, stderr = 2 } = options;
  return new Preview1(
    {
      args: args.map(String),
      env: Object.fromEntries(
        Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
      ),
      preopens: Object.fromEntries(
        Object.entries(preopens).map(([guest, host]) => [guest, nodeDirectory(host)]),
      ),
      stdin: readerOf(stdin),
      stdout: writerOf(stdout),
      stderr: writerOf(stderr),
    },
    clock,
    nodePlatform.random,
  );
};

/**
 * WASI for modules of `quern/webassembly`, in the form of the class in `node:wasi`.
 *
 * ```js
 * const wasi = new WASI({ version: 'preview1', args: ['program'] });
 * console.log(wasi.getImportObject().wasi_snapshot_preview1.sched_yield()); // → 0
 * ```
 */
export class WASI {
  /** The functions, by name. */
  // biome-ignore lint/suspicious/noExplicitAny: functions of many signatures, as in `node:wasi`
  readonly wasiImport: Record<string, any>;
  readonly #namespace: string;
  readonly #state: Preview1;
  #hasStarted = false;

  /** @throws UsageError for invalid options, and if a directory cannot be opened */
  constructor(options: NodeWasiOptions) {
    const namespace = namespaces[options?.version];
    if (namespace === undefined) throw mistake('options.version must be "preview1" or "unstable"');
    this.#namespace = namespace;
    this.#state = stateOf(options);
    const realm = makeRealm({});
    this.wasiImport = Object.fromEntries(
      [...createWasiImports(this.#state, quern1, namespace)].map(([name, func]) => [
        name,
        functionObject(realm, func),
      ]),
    );
    if (options.returnOnExit === false)
      this.wasiImport['proc_exit'] = (exitCode: number) => process.exit(exitCode & 0xff);
  }

  /** The functions under the name of their namespace. */
  getImportObject(): Record<string, Record<string, unknown>> {
    return { [this.#namespace]: this.wasiImport };
  }

  /**
   * Sets the memory for functions that JavaScript calls itself.
   *
   * @throws UsageError if it was already set, or the memory is not one of `quern/webassembly`
   */
  finalizeBindings(instance: WasiInstance, options: { readonly memory?: unknown } = {}): void {
    if (this.#hasStarted) throw new UsageError('usage.state', { detail: 'the WASI instance has started' });
    const memory = slotOf(options.memory ?? instance?.exports?.['memory'], 'memory');
    if (memory === undefined) throw mistake('instance.exports.memory must be a memory of quern/webassembly');
    this.#hasStarted = true;
    this.#state.memory = memory;
  }

  /**
   * Runs the program of a command.
   *
   * @returns its exit code
   * @throws UsageError for an instance that is not a command; what the program throws
   */
  start(instance: WasiInstance): number {
    this.finalizeBindings(instance);
    const { _start: run, _initialize: initialize } = instance.exports;
    if (typeof run !== 'function') throw mistake('a command must export _start');
    if (initialize !== undefined) throw mistake('a command must not export _initialize');
    try {
      run();
      return 0;
    } catch (error) {
      const exitCode = exitCodeOf(error);
      if (exitCode === null) throw error;
      return exitCode;
    }
  }

  /**
   * Initialises a reactor, a module whose functions are called later.
   *
   * @throws UsageError for an instance that is not a reactor; what its initialiser throws
   */
  initialize(instance: WasiInstance): void {
    this.finalizeBindings(instance);
    const { _start: run, _initialize: initialize } = instance.exports;
    if (run !== undefined) throw mistake('a reactor must not export _start');
    if (initialize === undefined) return;
    if (typeof initialize !== 'function') throw mistake('_initialize is not a function');
    initialize();
  }
}

/** Loads Node's module without its warning that it is experimental: the experimental part is not used. */
const loadQuietly = (): { WASI: unknown } => {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return createRequire(import.meta.url)('node:wasi') as { WASI: unknown };
  } finally {
    process.emitWarning = emitWarning;
  }
};

/**
 * Replaces Node's class: from then on, `import { WASI } from 'node:wasi'` imports this one, in programs of this
 * thread. For processes whose global namespace is `quern/webassembly`.
 *
 * ```js
 * replaceNodeWasi();
 * console.log((await import('node:wasi')).WASI === WASI); // → true
 * ```
 */
export const replaceNodeWasi = (): void => {
  loadQuietly().WASI = WASI;
  syncBuiltinESMExports();
};
