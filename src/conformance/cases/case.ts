/**
 * A case of the kit: plug-ins, calls, and what every conforming host answers.
 *
 * A case is data. Its modules are text (`wat.ts` explains the shorthand) and are assembled when the kit is built,
 * so that a host author can read what a plug-in does, and so that nothing here depends on the host under test.
 */
import type { HostFunctionName } from '../protocol/protocol.ts';

/** The levels of the kit, lowest first. Each depends on those before it. */
export const levels = {
  core: 'Calling convention: input, output, calls that follow one another',
  memory: 'Kernel memory: blocks, handles, bounds',
  host: 'Host functions: types, values, errors',
  variables: 'Variables',
  config: 'Configuration',
  logs: 'Log messages',
  errors: 'Failures: messages, return codes, traps, exits',
  linking: 'Several modules',
  init: 'Initialisation of guest runtimes',
  manifest: 'Manifests in JSON',
  limits: 'Limits on memory, variables and time',
  http: 'HTTP requests',
  wasi: 'WASI preview 1',
} as const;
export type Level = keyof typeof levels;

/** Bytes, as text or as hexadecimal digits. */
export type Bytes = string | { readonly hex: string };

/** The result of a step, or the expected one. */
export type Expectation =
  /** The call succeeds with this output; null for none, `any` for any output. */
  | {
      readonly output: Bytes | null | 'any';
      readonly logs?: readonly LogExpectation[];
      readonly calls?: readonly string[];
    }
  /** The step fails. A text must be part of the message. */
  | { readonly error: true | string };

/** One log message. */
export interface LogExpectation {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** One call of an export of the main module. */
interface CallStep {
  /** Default: `run`. */
  readonly function?: string;
  readonly input?: Bytes;
  /** How many times the call is made, each with the same outcome. Default: once. */
  readonly repeat?: number;
  /** Omitted for the last call of a case with `variants`. */
  readonly expect?: Expectation;
}

/** How a plug-in is made. Keys are those of manifests and of most SDKs' options. */
interface LoadSettings {
  readonly wasi?: boolean;
  readonly config?: Readonly<Record<string, string>>;
  readonly memory?: {
    readonly maxPages?: number;
    readonly maxVarBytes?: number;
    readonly maxHttpResponseBytes?: number;
  };
  readonly timeoutMs?: number;
  readonly allowedHosts?: readonly string[];
  /** Guest path → a name for a directory that the runner makes. The prefix `ro:` makes it read-only. */
  readonly allowedPaths?: Readonly<Record<string, string>>;
  readonly httpResponseHeaders?: boolean;
  readonly logLevel?: LogExpectation['level'];
  readonly functions?: readonly HostFunctionName[];
}

/** One case. */
export interface Case {
  /** `level/name`. */
  readonly id: string;
  /** A sentence that is true of a conforming host. */
  readonly title: string;
  /** The reason: the text, or the SDK, that it follows from. */
  readonly source: string;
  /** Text of the modules by name; `main` is called. */
  readonly modules: Readonly<Record<string, string>>;
  readonly load?: LoadSettings;
  /**
   * A manifest in JSON to pass as text, instead of `load`'s settings. `@data(NAME)` stands for a module in base64,
   * `@sha256(NAME)` for its hash, `@directory(NAME)` for the path of an empty directory.
   */
  readonly manifest?: string;
  /** Set if loading itself must fail; some hosts fail at the first call, which also counts. */
  readonly loadFails?: true | string;
  readonly calls: readonly CallStep[];
  /**
   * Set if hosts differ and none is wrong: the result of the last call must be one of these, and the report names it.
   * Key = name of the behaviour; the first match counts.
   */
  readonly variants?: Readonly<Record<string, Expectation>>;
}

/** The level that a case belongs to. */
export const levelOf = ({ id }: Case): Level => id.slice(0, id.indexOf('/')) as Level;
