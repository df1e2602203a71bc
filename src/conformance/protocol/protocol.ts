/**
 * How the kit talks to a host: one JSON object per line, requests on the adapter's standard input, answers on its
 * standard output. `docs/conformance-kit.md` is for those who write an adapter.
 *
 * Host functions are not called back over the wire, since most SDKs call them synchronously: an adapter provides the
 * few in `hostFunctions`, and reports their arguments.
 */

/** Version of the protocol. An adapter answers `hello` with the one that it speaks. */
export const PROTOCOL = 1;

/** TABLE: host functions that adapters provide, in the namespace `extism:host/user`. */
export const hostFunctions = {
  increment: { type: '(i64) → i64', does: 'answers its argument plus 1, wrapping' },
  add: { type: '(i32, i32) → i32', does: 'answers the sum, wrapping' },
  double: { type: '(f32) → f32', does: 'answers its argument times 2' },
  halve: { type: '(f64) → f64', does: 'answers its argument divided by 2' },
  mix: { type: '(i32, i64, f32, f64) → f64', does: 'answers the sum of its arguments' },
  upper: {
    type: '(i64) → i64',
    does: 'reads a block and answers a new one with the text in capital letters',
  },
  note: { type: '(i64) → ()', does: 'reads a block and adds its text to `calls` of the answer' },
  fail: { type: '(i64) → ()', does: 'reads a block and fails with its text as the message' },
  later: {
    type: '(i64) → i64',
    does: 'as `upper`, asynchronously',
  },
} as const;
export type HostFunctionName = keyof typeof hostFunctions;

/** Settings of `load`, as they are sent. */
export interface WireSettings {
  readonly wasi: boolean;
  readonly config: Readonly<Record<string, string>>;
  readonly memory: Readonly<Record<'maxPages' | 'maxVarBytes' | 'maxHttpResponseBytes', number | null>>;
  readonly timeoutMs: number | null;
  readonly allowedHosts: readonly string[];
  /** Guest path → host path. The host path may begin with `ro:`. */
  readonly allowedPaths: Readonly<Record<string, string>>;
  readonly httpResponseHeaders: boolean;
  readonly logLevel: string;
  readonly functions: readonly string[];
}

/** Requests of the runner. */
export type Request =
  /** The first request: identifies the host. */
  | { readonly method: 'hello'; readonly protocol: number }
  /** Make a plug-in. One is loaded at a time; the last module is main. `data` is base64. */
  | {
      readonly method: 'load';
      readonly modules: readonly { readonly name: string; readonly data: string; readonly path: string }[];
      /** A manifest in JSON, to be used unchanged, instead of `modules` and most settings. */
      readonly manifest: string | null;
      readonly settings: WireSettings;
    }
  /** Call a function of the plug-in. `input` is base64. */
  | { readonly method: 'call'; readonly function: string; readonly input: string }
  /** Free the plug-in. */
  | { readonly method: 'close' };

/** What an adapter answers: exactly one line for each request. */
export type Answer =
  /** To `hello`. */
  | {
      readonly host: string;
      readonly version: string;
      readonly protocol: number;
      /** Levels and host functions that the host lacks; their cases are skipped. */
      readonly lacks?: readonly string[];
    }
  /** To the others, if they succeeded. `output` is base64, or null for none. */
  | {
      readonly output?: string | null;
      readonly logs?: readonly WireLog[];
      readonly calls?: readonly string[];
    }
  /** The host refuses. Its message, unchanged. */
  | { readonly error: string; readonly logs?: readonly WireLog[]; readonly calls?: readonly string[] };

/** A log message in the protocol. */
export interface WireLog {
  readonly level: string;
  readonly message: string;
}

/** A host under test, with any kind of connection. */
export interface HostConnection {
  /** @throws HostGone when the adapter ended, or did not answer in time */
  ask(request: Request): Promise<Answer>;
  /** Ends the host; afterwards, a new connection is needed. */
  end(): Promise<void>;
}
