/**
 * The error classes: one per phase, so that the class shows which promise was broken.
 *
 * Data lives in fields, not only in the sentence. A `Symbol.for` brand lets `isQuernError` work across two
 * copies of the package.
 */

import { type CodeOf, catalogue, type ErrorClass, type ErrorCode } from './catalogue.ts';
import { isObject } from './checks.ts';
import { shortMessage } from './texts.ts';

const brand: unique symbol = Symbol.for('quern.error') as never;

/**
 * Where in a module something is. All fields are optional; only what is known is set.
 *
 * ```ts
 * const bytes = doubleWasm.slice();
 * bytes[bytes.indexOf(0x74)] = 0x7c; // i64.add instead of i32.shl
 * try {
 *   compileModule(bytes);
 * } catch (error) {
 *   const { instruction, offset }: ErrorPosition = isQuernError(error) ? error.details : {};
 *   console.log(instruction, offset === bytes.indexOf(0x7c)); // → i64.add true
 * }
 * ```
 */
export interface ErrorPosition {
  /** Byte offset in the binary. */
  readonly offset?: number;
  /** Line of a text, from 1. */
  readonly line?: number;
  /** Column in the line, from 1. */
  readonly column?: number;
  /** The line itself, or the part around the position. */
  readonly text?: string;
  /** Name of the section, e.g. `code`. */
  readonly section?: string;
  /** Index in the function index space. */
  readonly funcIndex?: number;
  /** Name of the function, from the name section or an export. */
  readonly funcName?: string;
  /** Mnemonic of the instruction. */
  readonly instruction?: string;
}

/**
 * One line of a guest backtrace, innermost first.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * const error: unknown = await plugin.call('ratio', '0').catch((caught: unknown) => caught);
 * const frames: readonly BacktraceFrame[] = (isQuernError(error) && error.details.backtrace) || [];
 * console.log(frames.at(-1)?.funcName, frames.every(({ offset }) => offset > 0)); // → examples/counter/assembly/index/ratio true
 * ```
 */
export interface BacktraceFrame {
  readonly moduleName: string;
  readonly funcIndex: number;
  /** Name from the name section, an export or an import; names of Rust and C++ are demangled. */
  readonly funcName: string;
  /** Byte offset in the binary of the instruction that was executing or calling. */
  readonly offset: number;
  /** Path of the source file, as the compiler wrote it; absent where the module carries no DWARF lines for the place. */
  readonly file?: string;
  /** Line in `file`, from 1. */
  readonly line?: number;
  /** Column in `line`, from 1; absent where the compiler did not say. */
  readonly column?: number;
}

/**
 * Fields beyond code and message; each class documents which ones it sets.
 *
 * ```ts
 * const details: ErrorDetails = { limit: 32_767, actual: 65_535, detail: '65535 pages' };
 * const error = new LimitError('limit.memory', details);
 * console.log(error.message.endsWith(': 65535 pages'), error.details.limit); // → true 32767
 * ```
 */
export interface ErrorDetails extends ErrorPosition {
  /** What exactly was wrong, appended to the text of the catalogue after a colon. */
  readonly detail?: string;
  readonly cause?: unknown;
  readonly backtrace?: readonly BacktraceFrame[];
  readonly feature?: string;
  readonly limit?: number;
  readonly actual?: number | string;
  readonly expected?: string;
  readonly module?: string;
  readonly name?: string;
  readonly fuelConsumed?: number;
  readonly returnCode?: number;
  readonly exitCode?: number;
  readonly path?: string;
  /** Number of an event of a recording; its header is event 0. */
  readonly event?: number;
  /** The exception instance that nothing caught. */
  readonly exception?: object;
}

/**
 * Base of every error that Quern throws on purpose.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * const error = await plugin.call('ratio', '0').catch((caught) => caught);
 * console.log(error instanceof QuernError, error.code); // → true trap.divide-by-zero
 * console.log(error.details.backtrace[1].funcName.endsWith('ratio')); // → true
 * ```
 */
export abstract class QuernError extends Error {
  readonly [brand] = true;
  abstract readonly code: ErrorCode;
  /** What a person can do about it; from the catalogue. */
  readonly advice: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails, message?: string) {
    const text =
      message ?? (details.detail ? `${catalogue[code].text}: ${details.detail}` : catalogue[code].text);
    // A message of the plug-in may be long; a text of Quern that is too long has repeated something.
    super(
      code === 'plugin.error' ? text : shortMessage(text),
      'cause' in details ? { cause: details.cause } : undefined,
    );
    this.advice = catalogue[code].advice;
    this.details = details;
  }
}

/**
 * The constructor of one error class: `new TrapError(code, details?, message?)`.
 *
 * ```ts
 * const nameOf = <C extends ErrorClass>(cls: QuernErrorClass<C>, code: CodeOf<C>): C => new cls(code).name;
 * console.log(nameOf(TrapError, 'trap.unreachable')); // → TrapError
 * ```
 */
export interface QuernErrorClass<C extends ErrorClass> {
  new (
    code: CodeOf<C>,
    details?: ErrorDetails,
    message?: string,
  ): QuernError & { readonly code: CodeOf<C>; readonly name: C };
  readonly prototype: QuernError;
}

/** Makes every subclass, so that none is written by hand. */
const errorClass = <C extends ErrorClass>(name: C): QuernErrorClass<C> => {
  const cls = class extends QuernError {
    readonly code: ErrorCode;
    constructor(code: ErrorCode, details: ErrorDetails = {}, message?: string) {
      super(code, details, message);
      this.code = code;
    }
  };
  Object.defineProperty(cls, 'name', { value: name });
  Object.defineProperty(cls.prototype, 'name', { value: name });
  return cls as never;
};

/**
 * The bytes are not a module. Sets `offset`, `section`. Script form: assert_malformed.
 *
 * ```js
 * try {
 *   decodeModule(new Uint8Array([0, 0x61, 0x73, 0x6d]));
 * } catch (error) {
 *   console.log(error instanceof MalformedError, error.message); // → true unexpected end
 * }
 * ```
 */
export const MalformedError: QuernErrorClass<'MalformedError'> = errorClass('MalformedError');
/**
 * The module breaks a validation rule. Sets `offset`, `funcIndex`, `instruction`. Script form: assert_invalid.
 *
 * ```js
 * const bytes = doubleWasm.slice();
 * bytes[bytes.indexOf(0x74)] = 0x7c; // i64.add instead of i32.shl
 * try {
 *   compileModule(bytes);
 * } catch (error) {
 *   console.log(error instanceof InvalidError, error.details.instruction); // → true i64.add
 * }
 * ```
 */
export const InvalidError: QuernErrorClass<'InvalidError'> = errorClass('InvalidError');
/**
 * The module needs a feature that this engine lacks or that is switched off. Sets `feature`.
 *
 * ```js
 * try {
 *   compileModule(doubleWasm, new Set());
 * } catch (error) {
 *   console.log(error instanceof UnsupportedError); // → true
 * }
 * ```
 */
export const UnsupportedError: QuernErrorClass<'UnsupportedError'> = errorClass('UnsupportedError');
/**
 * Legal, but over an implementation limit. Sets `limit`, `actual`.
 *
 * ```js
 * // (module (memory 65535))
 * const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 1, 0, 0xff, 0xff, 3]);
 * try {
 *   instantiate(new Store(), compileModule(bytes), () => undefined);
 * } catch (error) {
 *   console.log(error instanceof LimitError, error.details.limit); // → true 32767
 * }
 * ```
 */
export const LimitError: QuernErrorClass<'LimitError'> = errorClass('LimitError');
/**
 * An import is missing or of another type. Sets `module`, `name`, `expected`, `actual`. Script form: assert_unlinkable.
 *
 * ```js
 * const error = await createPlugin('build/examples/counter.wasm').catch((caught) => caught);
 * console.log(error instanceof UnlinkableError, error.details.name); // → true remark
 * ```
 */
export const UnlinkableError: QuernErrorClass<'UnlinkableError'> = errorClass('UnlinkableError');
/**
 * Execution trapped. Sets `backtrace`, `fuelConsumed`. Script form: assert_trap.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * const error = await plugin.call('ratio', '0').catch((caught) => caught);
 * console.log(error instanceof TrapError, error.message); // → true integer divide by zero
 * ```
 */
export const TrapError: QuernErrorClass<'TrapError'> = errorClass('TrapError');
/**
 * A budget ran out. Sets `backtrace`, `fuelConsumed`. Script form: assert_exhaustion.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const error = await plugin.call('greet', 'Ada', null, { fuel: 100 }).catch((caught) => caught);
 * console.log(error instanceof ExhaustionError, error.code, error.details.fuelConsumed <= 100); // → true exhaustion.fuel true
 * ```
 */
export const ExhaustionError: QuernErrorClass<'ExhaustionError'> = errorClass('ExhaustionError');
/**
 * A Wasm exception that nothing caught. Sets `exception`, `backtrace`, `fuelConsumed`. Script form: assert_exception.
 *
 * ```js
 * const tag = new TagInstance({ type: funcDefType([I32], []) });
 * const thrower = hostFunction({ kind: 'func', params: [], results: [] }, () => {
 *   throw makeException(tag, [7n]);
 * });
 * const execution = startExecution(thrower, []);
 * console.log(execution.run(), execution.error instanceof ThrownException); // → trap true
 * console.log(execution.error.details.exception.values); // → [ 7n ]
 * ```
 */
export const ThrownException: QuernErrorClass<'ThrownException'> = errorClass('ThrownException');
/**
 * A host function broke its side of the contract, HTTP included. What a host function throws itself reaches the
 * caller unchanged.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/counter.wasm', {
 *   functions: { 'extism:host/user': { remark: () => 'not a handle' } },
 * });
 * const error = await plugin.call('count', 'a').catch((caught) => caught);
 * console.log(error instanceof HostError, error.code); // → true host.value
 * ```
 */
export const HostError: QuernErrorClass<'HostError'> = errorClass('HostError');
/**
 * The guest called `proc_exit`. Sets `exitCode`.
 *
 * ```js
 * const error = new ExitError('exit.code', { exitCode: 3 });
 * console.log(error.details.exitCode); // → 3
 * ```
 */
export const ExitError: QuernErrorClass<'ExitError'> = errorClass('ExitError');
/**
 * The plug-in reported a failure, or was called wrongly. Sets `returnCode`.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const error = await plugin.call('wave').catch((caught) => caught);
 * console.log(error instanceof PluginError, error.message); // → true Plugin error: function "wave" does not exist
 * ```
 */
export const PluginError: QuernErrorClass<'PluginError'> = errorClass('PluginError');
/**
 * The manifest, or what it points to, cannot be used. Sets `path`.
 *
 * ```js
 * const error = await createPlugin({ wasm: [] }).catch((caught) => caught);
 * console.log(error instanceof ManifestError); // → true
 * ```
 */
export const ManifestError: QuernErrorClass<'ManifestError'> = errorClass('ManifestError');
/**
 * The embedder used the API wrongly.
 *
 * ```js
 * const error = await createPlugin('build/examples/greet.wasm', { fuel: -1 }).catch((caught) => caught);
 * console.log(error instanceof UsageError, error.code); // → true usage.argument
 * ```
 */
export const UsageError: QuernErrorClass<'UsageError'> = errorClass('UsageError');
/**
 * The call was stopped from outside.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const signal = AbortSignal.abort();
 * const error = await plugin.call('greet', 'Ada', null, { signal }).catch((caught) => caught);
 * console.log(error instanceof InterruptedError, error.code); // → true interrupted.cancelled
 * ```
 */
export const InterruptedError: QuernErrorClass<'InterruptedError'> = errorClass('InterruptedError');
/**
 * A snapshot cannot be taken, or cannot be restored.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const bytes = plugin.snapshot().subarray(0, 100);
 * const error = await restorePlugin('build/examples/greet.wasm', bytes).catch((caught) => caught);
 * console.log(error instanceof SnapshotError, error.code); // → true snapshot.truncated
 * ```
 */
export const SnapshotError: QuernErrorClass<'SnapshotError'> = errorClass('SnapshotError');
/**
 * A recording or a receipt is invalid. Sets `event`, `expected`, `actual`.
 *
 * ```js
 * const replay = 'no recording';
 * const error = await createPlugin('build/examples/greet.wasm', { replay }).catch((caught) => caught);
 * console.log(error instanceof ReplayError, error.code, error.details.event); // → true replay.log 0
 * ```
 */
export const ReplayError: QuernErrorClass<'ReplayError'> = errorClass('ReplayError');
/**
 * A job cannot continue in its state, or its receipts are wrong. The job itself is unchanged.
 *
 * ```js
 * const job = createJob({ id: 'lost', modules: { main: '0'.repeat(64) }, function: 'greet' });
 * const error = await advance(job, { modules: [] }).catch((caught) => caught);
 * console.log(error instanceof JobError, error.code); // → true job.module
 * ```
 */
export const JobError: QuernErrorClass<'JobError'> = errorClass('JobError');
/**
 * A bug in Quern itself.
 *
 * ```js
 * console.log(new InternalError('internal.bug', { detail: 'what was wrong' }).advice !== ''); // → true
 * ```
 */
export const InternalError: QuernErrorClass<'InternalError'> = errorClass('InternalError');

/**
 * Whether a caught value is an error of Quern, from any copy of the package; optionally with one code.
 *
 * ```js
 * const error = await createPlugin('no-such-file.wasm').catch((caught) => caught);
 * console.log(isQuernError(error), isQuernError(error, 'manifest.source')); // → true true
 * ```
 */
export const isQuernError = (value: unknown, code?: ErrorCode): value is QuernError => {
  if (!isObject(value)) return false;
  try {
    return (
      (value as { [brand]?: boolean })[brand] === true &&
      (code === undefined || (value as QuernError).code === code)
    );
  } catch {
    // A proxy whose handler throws is not an error of Quern.
    return false;
  }
};
