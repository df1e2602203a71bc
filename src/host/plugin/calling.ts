/**
 * The calling convention: the input of a call of a plug-in's function, and the evaluation of its result.
 */
import { reading, readOptions } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { ExhaustionError, isQuernError, PluginError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { FuncInstance, type ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import type { RawValue } from '../../interpreter/instances/values.ts';
import { takeWorkCost } from '../../kernel/imports.ts';
import { funcTypeName } from '../../syntax/type-names.ts';
import { I32 } from '../../syntax/types.ts';
import { decodeUtf8Lossy } from '../../syntax/utf8.ts';
import { type AbortSignalLike, checkSignal } from '../calls/call-watch.ts';
import type { RunOutcome } from '../calls/run.ts';
import { checkWhenBusy, type WhenBusy } from '../calls/turns.ts';
import { checkLimit } from '../manifest/manifest.ts';
import { checkTextOrBytes } from '../platform/given.ts';
import type { Logger } from '../platform/platform.ts';
import { PluginOutput } from '../state/output.ts';
import type { PluginState } from '../state/plugin-state.ts';
import { type NamesOf, warnOfUnknown } from './known-options.ts';
import { checkFuel } from './options.ts';

/**
 * The input of a call: text (as UTF-8) or bytes, such as the output of another call; undefined and null are empty
 * input.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const inputs: readonly PluginInput[] = ['Ada', new TextEncoder().encode('Grace'), null];
 * for (const input of inputs) console.log((await plugin.call('greet', input))?.text());
 * // → Hello, Ada!
 * // → Hello, Grace!
 * // → Hello, world!
 * ```
 */
export type PluginInput = string | BytesLike | null | undefined;

/** PERF: a new empty array makes the collector process its buffer. */
export const NO_INPUT = new Uint8Array(0);

/** Input as bytes. @throws UsageError */
const inputBytes = (input: PluginInput): Uint8Array =>
  input === undefined || input === null ? NO_INPUT : checkTextOrBytes(input, 'input');

/**
 * Options of one call.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const options: CallOptions = { timeoutMs: 1000, fuel: 1_000_000, whenBusy: 'queue' };
 * console.log((await plugin.call('greet', 'Ada', null, options))?.text()); // → Hello, Ada!
 * ```
 */
export interface CallOptions {
  /** Stops the call, at any time: `AbortController`, `AbortSignal.timeout`. */
  readonly signal?: AbortSignalLike | null | undefined;
  /** Instead of the plug-in's `timeoutMs`; null for no limit. */
  readonly timeoutMs?: number | null | undefined;
  /** Instead of the plug-in's `fuel`; null for no limit. */
  readonly fuel?: number | null | undefined;
  /** Instead of the plug-in's `timeSliceMs`; null for none. */
  readonly timeSliceMs?: number | null | undefined;
  /** Instead of the plug-in's `whenBusy`. */
  readonly whenBusy?: WhenBusy | undefined;
}
/** Limits of one call, checked. */
export interface CallLimits {
  readonly signal: AbortSignalLike | null;
  readonly timeoutMs: number | null;
  readonly timeSliceMs: number | null;
  readonly fuel: number | null;
  readonly whenBusy: WhenBusy;
}
/** The limits of a call: its own, or those of the plug-in. @throws UsageError */
export const checkCallLimits = (
  { signal, timeoutMs, timeSliceMs, fuel, whenBusy }: CallOptions,
  plugin: Omit<CallLimits, 'signal'>,
): CallLimits => ({
  signal: checkSignal(signal),
  timeoutMs: timeoutMs === undefined ? plugin.timeoutMs : checkLimit(timeoutMs, 'timeoutMs'),
  timeSliceMs: timeSliceMs === undefined ? plugin.timeSliceMs : checkLimit(timeSliceMs, 'timeSliceMs'),
  fuel: fuel === undefined ? plugin.fuel : checkFuel(fuel),
  whenBusy: whenBusy === undefined ? plugin.whenBusy : checkWhenBusy(whenBusy),
});

/**
 * Options of `callDetailed` and `startCall`.
 *
 * Example: see `CallResult`.
 */
export interface DetailedCallOptions extends CallOptions {
  /** What host functions get from `CurrentPlugin.hostContext`. */
  readonly hostContext?: unknown;
}
/** TABLE: their names. */
const callOptionNames: NamesOf<DetailedCallOptions> = {
  signal: true,
  timeoutMs: true,
  fuel: true,
  timeSliceMs: true,
  whenBusy: true,
  hostContext: true,
};

/** The arguments of a call, checked. */
export interface GivenCall {
  /** Empty once the kernel has it: the encoded text can be as large as the plug-in itself. */
  input: Uint8Array;
  readonly hostContext: unknown;
  readonly limits: CallLimits;
}
/** Checks the arguments of a call, with the limits of the plug-in as defaults. @throws UsageError */
export const readCall = (
  input: PluginInput,
  options: DetailedCallOptions | null | undefined,
  plugin: CallLimits,
  logger: Logger,
): GivenCall => {
  if (options === undefined || options === null)
    return { input: inputBytes(input), hostContext: undefined, limits: plugin };
  const own = readOptions(options);
  warnOfUnknown(own, callOptionNames, logger, 'option of a call');
  return reading('the arguments of a call', () => ({
    input: inputBytes(input),
    hostContext: own.hostContext,
    limits: checkCallLimits(own, plugin),
  }));
};
/**
 * The complete result of a call.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const options: DetailedCallOptions = { hostContext: { user: 'ada' }, fuel: 1_000_000 };
 * const { output, returnCode, error }: CallResult = await plugin.callDetailed('greet', 'Ada', options);
 * console.log(output?.text(), returnCode, error); // → Hello, Ada! 0 null
 * ```
 */
export interface CallResult {
  /** Null if the plug-in set none. */
  readonly output: PluginOutput | null;
  /** What the function returned; 0 for functions without a result. */
  readonly returnCode: number;
  /** The message with which the plug-in reported failure, or null. */
  readonly error: string | null;
  readonly fuelConsumed: number;
}

/** Whether a guest ended itself with status 0, which is a success. */
export const isCleanExit = (error: unknown): boolean =>
  isQuernError(error, 'exit.code') && error.details.exitCode === 0;

/** The function of a call. @throws PluginError */
export const findFunction = (main: ModuleInstance, name: string): FuncInstance => {
  const refuse = (detail: string): Error => new PluginError('plugin.function', { name, detail });
  const item = main.exports.get(name);
  if (item === undefined) throw refuse(`function "${nameText(name)}" does not exist`);
  if (!(item instanceof FuncInstance)) throw refuse(`export "${nameText(name)}" is not a function`);
  if (item.signature.params.length === 0) return item;
  throw refuse(
    `function "${nameText(name)}" has parameters, ${funcTypeName(item.signature)}; plug-in functions have none`,
  );
};

/** Clears what the last call left in the kernel, and passes the input. */
export const begin = (state: PluginState, input: Uint8Array, hostContext: unknown): void => {
  const { kernel } = state;
  kernel.reset();
  state.logger.beginCall();
  if (!kernel.setInput(input)) {
    throw new ExhaustionError('exhaustion.memory', { detail: 'not enough memory for the input' });
  }
  // Preparing the call is work of the host, not of the guest.
  takeWorkCost(kernel, state.schedule);
  state.hostContext = hostContext;
};

/** The result of a call that has ended. @throws the error of the call */
export const finish = (
  { kernel }: PluginState,
  func: FuncInstance,
  outcome: RunOutcome,
  fuelConsumed: number,
): CallResult => {
  if (outcome.hasFailed && !isCleanExit(outcome.error)) throw outcome.error;
  const message = kernel.errorMessage();
  const output = kernel.output();
  return {
    output: output === null ? null : new PluginOutput(output),
    returnCode: outcome.hasFailed ? 0 : returnCodeOf(func, outcome.results),
    error: message === null ? null : decodeUtf8Lossy(message),
    fuelConsumed,
  };
};

/** Only a single i32 is a return code; results of other types mean nothing in this calling convention. */
const returnCodeOf = (func: FuncInstance, [value]: readonly RawValue[]): number => {
  const { results } = func.signature;
  return results.length === 1 && results[0] === I32 ? Number(BigInt.asIntN(32, value as bigint)) : 0;
};

/** Turns a message or a return code of the plug-in into a failure. @throws PluginError */
export const judge = ({ output, returnCode, error }: CallResult): PluginOutput | null => {
  if (error !== null) throw new PluginError('plugin.error', { returnCode, detail: error });
  if (returnCode !== 0)
    throw new PluginError('plugin.return-code', { returnCode, detail: String(returnCode) });
  return output;
};
