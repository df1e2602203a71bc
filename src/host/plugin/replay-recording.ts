/** Runs a recording from its beginning to its end, and verifies receipts with it. */

import { badArgument, reading, readOptions } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { isObject } from '../../errors/checks.ts';
import { ExhaustionError, InterruptedError, ReplayError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import { type AbortSignalLike, checkSignal } from '../calls/call-watch.ts';
import { decodeBase64 } from '../manifest/base64.ts';
import { checkLimit, type ManifestLike } from '../manifest/manifest.ts';
import type { Platform } from '../platform/platform.ts';
import { compareReceipts, type Receipt } from '../replay/receipt.ts';
import type { Json } from '../state/operation.ts';
import type { CallLimits, CallResult } from './calling.ts';
import { compilePluginOn } from './compiled-plugin.ts';
import { checkFuel, type PluginOptions } from './options.ts';
import type { Plugin } from './plugin.ts';

/**
 * One replayed call of a recording.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * await plugin.call('greet', 'Ada');
 * const calls: readonly ReplayedCall[] = await replayRecording('build/examples/greet.wasm', plugin.recording);
 * const lineOf = ({ functionName, result }: ReplayedCall): string => `${functionName}: ${result?.output?.text()}`;
 * console.log(calls.map(lineOf)); // → [ 'greet: Hello, Ada!' ]
 * ```
 */
export interface ReplayedCall {
  readonly functionName: string;
  /** Null if the call failed. */
  readonly result: CallResult | null;
  /** The error of the call, as `Plugin.call` rejects; null if it returned. */
  readonly error: unknown;
  readonly receipt: Receipt;
}

/**
 * Options of a replay: where log messages and standard output go, a custom schedule, a compiler or precompiled code;
 * and limits, since a recording can come from anyone. By default a replay uses at most the fuel that the recording
 * names.
 *
 * ```ts
 * const plugin = await createPlugin(logWasm, { record: true, onLog: () => {} });
 * await plugin.call('log', 'disk nearly full');
 * const options: ReplayOptions = { onLog: (level, message) => console.log(level, message) };
 * await replayRecording(logWasm, plugin.recording, options); // → warn disk nearly full
 * ```
 */
export interface ReplayOptions
  extends Pick<
    PluginOptions,
    'logger' | 'onLog' | 'wasi' | 'schedule' | 'features' | 'compiler' | 'precompiled'
  > {
  /** Most fuel of the whole replay. Default: the fuel that the recording names. */
  readonly fuel?: number | undefined;
  /** Most milliseconds of the whole replay. Default: no limit. */
  readonly timeoutMs?: number | null | undefined;
  /** Stops the replay. */
  readonly signal?: AbortSignalLike | null | undefined;
  /** The highest recorded limits on memory that are accepted; a recording with higher ones is refused. */
  readonly memory?: PluginOptions['memory'];
}

const textOf = (json: Json | undefined): string => (typeof json === 'string' ? json : '');
const bytesOf = (json: Json | undefined): Uint8Array => decodeBase64(textOf(json)) ?? new Uint8Array(0);

/** The data of an event `call`. */
export const recordedCall = (ask: Json): { readonly functionName: string; readonly input: Uint8Array } => {
  const call = ask as { readonly function?: Json; readonly input?: Json } | null;
  return { functionName: textOf(call?.function), input: bytesOf(call?.input) };
};

/** Repeats what the owner of the plug-in did. */
export const changeAgain = async (plugin: Plugin, [name, key, value]: readonly Json[]): Promise<void> => {
  if (name === 'setVariable') plugin.setVariable(textOf(key), bytesOf(value));
  else if (name === 'deleteVariable') plugin.deleteVariable(textOf(key));
  else if (name === 'setConfig') plugin.setConfig(textOf(key), value === null ? null : textOf(value));
  else await plugin.reset();
};

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** Limits of a whole replay. */
class ReplayLimits {
  readonly signal: AbortSignalLike | null;
  readonly #now: () => bigint;
  readonly #deadline: bigint | null;
  #fuel: number | null;

  /** @throws UsageError */
  constructor({ clock }: Platform, { fuel, timeoutMs, signal }: ReplayOptions) {
    const most = checkLimit(timeoutMs, 'timeoutMs');
    this.signal = checkSignal(signal);
    this.#fuel = checkFuel(fuel);
    this.#now = () => clock.monotonic();
    this.#deadline = most === null ? null : this.#now() + BigInt(most) * NANOSECONDS_PER_MILLISECOND;
  }

  /** What is left for the next call. @throws InterruptedError if there is no time */
  get left(): Pick<CallLimits, 'fuel' | 'timeoutMs' | 'signal'> {
    const { signal } = this;
    if (signal?.aborted) throw new InterruptedError('interrupted.cancelled', { cause: signal.reason });
    let timeoutMs: number | null = null;
    if (this.#deadline !== null) {
      timeoutMs = Math.ceil(Number(this.#deadline - this.#now()) / Number(NANOSECONDS_PER_MILLISECOND));
      if (timeoutMs <= 0) throw new InterruptedError('interrupted.timeout');
    }
    return { fuel: this.#fuel, timeoutMs, signal };
  }

  /** @throws ExhaustionError if more was used than allowed */
  use(fuel: number): void {
    if (this.#fuel === null) return;
    this.#fuel -= fuel;
    if (this.#fuel < 0) throw new ExhaustionError('exhaustion.fuel');
  }
}

const makeCall = async (plugin: Plugin, ask: Json, limits: ReplayLimits): Promise<ReplayedCall> => {
  const { functionName, input } = recordedCall(ask);
  let result: CallResult | null = null;
  let error: unknown = null;
  // A call without time does not begin, so nothing is known about it.
  const { left } = limits;
  try {
    result = await plugin.callDetailed(functionName, input, left);
  } catch (thrown) {
    if (plugin.tape?.failure) throw plugin.tape.failure;
    error = thrown;
  }
  limits.use(plugin.fuelConsumed);
  return { functionName, result, error, receipt: plugin.receipt };
};

/** Makes the calls of a recording, until `isEnough` returns true. */
const replayCalls = async (
  platform: Platform,
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  recording: string | BytesLike,
  options: ReplayOptions,
  isEnough: (call: ReplayedCall) => boolean,
): Promise<ReplayedCall[]> => {
  const limits = reading('options', () => new ReplayLimits(platform, options));
  const { fuel, timeoutMs, signal } = limits.left;
  const { signal: _, ...rest } = options;
  const own = { ...rest, replay: recording, timeoutMs, ...(fuel === null ? {} : { fuel }) };
  const plugin = await (await compilePluginOn(platform)(manifest, own)).instantiateUnder(signal);
  limits.use(plugin.fuelConsumed);
  const calls: ReplayedCall[] = [];
  const tape = plugin.tape!;
  try {
    for (let next = tape.upcoming; next !== null; next = tape.upcoming) {
      if (next.event === 'call') calls.push(await makeCall(plugin, next.ask, limits));
      else if (next.event === 'owner' && Array.isArray(next.ask)) await changeAgain(plugin, next.ask);
      // SAFETY: an event that no call consumes would be found again, forever.
      if (tape.upcoming === next) throw tape.diverge({ event: 'call', ask: null });
      const last = calls[calls.length - 1];
      if (last !== undefined && isEnough(last)) break;
    }
  } finally {
    await plugin.close();
  }
  return calls;
};

/**
 * Runs a recording from its beginning to its end: the same calls with the same inputs, and everything from outside
 * taken from the recording. It needs no host functions, files or network.
 *
 * ```ts
 * const replayQuietly: ReplayRecording = (manifest, recording, options) =>
 *   replayRecording(manifest, recording, { ...options, onLog: () => {} });
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * await plugin.call('greet', 'Ada');
 * console.log((await replayQuietly('build/examples/greet.wasm', plugin.recording)).length); // → 1
 * ```
 *
 * @param manifest the modules of the recording, in any form that `createPlugin` takes; its settings are ignored
 * @throws ReplayError `replay.diverged` with the first event that differs, `replay.log`, `replay.module`
 */
export type ReplayRecording = (
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  recording: string | BytesLike,
  options?: ReplayOptions,
) => Promise<readonly ReplayedCall[]>;

/**
 * Verifies a receipt: makes the calls of the recording up to the one of the receipt, and compares.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * await plugin.call('greet', 'Ada');
 * const verify: VerifyReceipt = verifyReceipt;
 * const call = await verify(plugin.receipt, 'build/examples/greet.wasm', plugin.recording);
 * console.log(call.result?.output?.text()); // → Hello, Ada!
 * ```
 *
 * @returns the call, whose output can be trusted
 * @throws ReplayError `replay.receipt` with the first field that differs, or what `replayRecording` throws
 */
export type VerifyReceipt = (
  receipt: Receipt,
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  recording: string | BytesLike,
  options?: ReplayOptions,
) => Promise<ReplayedCall>;

/** `replayRecording` for a platform. */
export const replayRecordingOn =
  (platform: Platform): ReplayRecording =>
  async (manifest, recording, options) =>
    replayCalls(platform, manifest, recording, readOptions(options), () => false);

/** `verifyReceipt` for a platform. */
export const verifyReceiptOn =
  (platform: Platform): VerifyReceipt =>
  async (given, manifest, recording, options) => {
    if (!isObject(given)) throw badArgument(`a receipt must be an object, not ${valueText(given)}`);
    const receipt = readOptions(given, 'the receipt');
    const isMeant = ({ receipt: { transcriptHash } }: ReplayedCall): boolean =>
      transcriptHash === receipt.transcriptHash;
    const calls = await replayCalls(platform, manifest, recording, readOptions(options), isMeant);
    // A receipt that matches no call is compared with the most likely one.
    const found =
      calls.find(isMeant) ??
      calls.find(
        (call) => call.receipt.inputHash === receipt.inputHash && call.functionName === receipt.function,
      ) ??
      calls[calls.length - 1];
    if (found === undefined) {
      throw new ReplayError('replay.receipt', { detail: 'the recording contains no call' });
    }
    reading('the receipt', () => compareReceipts(receipt, found.receipt));
    return found;
  };
