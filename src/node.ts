/**
 * Entry point for plug-in users on Node.js: as `index.ts`, with files, secure random, nanosecond clocks, and HTTP
 * that works without the global `fetch`.
 */
import { type Capabilities, capabilitiesOf } from './host/capabilities.ts';
import {
  type CompilePlugin,
  type CreatePlugin,
  compilePluginOn,
  createPluginOn,
  type RestorePlugin,
  restorePluginOn,
} from './host/compiled-plugin.ts';
import { nodePlatform } from './host/node/platform.ts';
import {
  type ReplayRecording,
  replayRecordingOn,
  type VerifyReceipt,
  verifyReceiptOn,
} from './host/replay/replay-recording.ts';

/**
 * Creates a plug-in from a manifest, a path, bytes, a compiled module or a URL.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { config: { greeting: 'Salut' } });
 * console.log((await plugin.call('greet', 'Ada')).text()); // → Salut, Ada!
 * ```
 */
export const createPlugin: CreatePlugin = createPluginOn(nodePlatform);
/**
 * The same as `createPlugin`.
 *
 * ```js
 * console.log(newPlugin === createPlugin); // → true
 * ```
 */
export const newPlugin: CreatePlugin = createPlugin;
export default createPlugin;
/**
 * Reads, checks and compiles a plug-in once, to make many instances of it.
 *
 * ```js
 * const compiled = await compilePlugin('build/examples/greet.wasm');
 * const [french, german] = [
 *   await compiled.instantiate({ config: { greeting: 'Salut' } }),
 *   await compiled.instantiate({ config: { greeting: 'Hallo' } }),
 * ];
 * console.log((await french.call('greet', 'Ada')).text()); // → Salut, Ada!
 * console.log((await german.call('greet', 'Ada')).text()); // → Hallo, Ada!
 * ```
 */
export const compilePlugin: CompilePlugin = compilePluginOn(nodePlatform);
/**
 * Makes a plug-in of a snapshot that `Plugin.snapshot` gave, from the same manifest and with the same options.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
 * console.log(await call.run()); // → paused
 * const other = await restorePlugin('build/examples/greet.wasm', plugin.snapshot());
 * const rest = other.activeCall;
 * rest.addFuel(1_000_000);
 * console.log(await rest.run(), rest.output.text()); // → done Hello, Ada!
 * ```
 *
 * @throws SnapshotError, or what `createPlugin` throws before anything runs
 */
export const restorePlugin: RestorePlugin = restorePluginOn(nodePlatform);
/**
 * Runs a recording from its beginning to its end; see docs/replay.md.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * await plugin.call('greet', 'Ada');
 * const [call] = await replayRecording('build/examples/greet.wasm', plugin.recording);
 * console.log(call.functionName, call.result.output.text()); // → greet Hello, Ada!
 * ```
 */
export const replayRecording: ReplayRecording = replayRecordingOn(nodePlatform);
/**
 * Verifies the receipt of a call by running the recording again.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * await plugin.call('greet', 'Ada');
 * const { receipt, recording } = plugin;
 * const call = await verifyReceipt(receipt, 'build/examples/greet.wasm', recording);
 * console.log(call.result.output.text()); // → Hello, Ada!
 * const forged = { ...receipt, fuel: receipt.fuel - 1 };
 * const error = await verifyReceipt(forged, 'build/examples/greet.wasm', recording).catch((caught) => caught);
 * console.log(error.code, error.details.name); // → replay.receipt fuel
 * ```
 */
export const verifyReceipt: VerifyReceipt = verifyReceiptOn(nodePlatform);
/**
 * What plug-ins can do on this host.
 *
 * ```js
 * console.log(CAPABILITIES.supportsTimeouts, CAPABILITIES.hasWorkerCapability); // → true false
 * ```
 */
export const CAPABILITIES: Capabilities = capabilitiesOf(nodePlatform);

export type { ErrorCode } from './errors/catalogue.ts';
export {
  ExhaustionError,
  ExitError,
  HostError,
  InterruptedError,
  isQuernError,
  ManifestError,
  PluginError,
  QuernError,
  ReplayError,
  SnapshotError,
  TrapError,
  UnlinkableError,
  UsageError,
} from './errors/errors.ts';
export type { AbortSignalLike } from './host/call-watch.ts';
export type {
  CallOptions,
  CallResult,
  DetailedCallOptions,
  PluginInput,
} from './host/calling.ts';
export type { Capabilities } from './host/capabilities.ts';
export {
  type CompiledPlugin,
  type CompilePlugin,
  type CreatePlugin,
  compilePluginOn,
  createPluginOn,
  type RestoreOptions,
  type RestorePlugin,
  restorePluginOn,
} from './host/compiled-plugin.ts';
export type { CurrentPlugin, CurrentPlugin as CallContext } from './host/current-plugin.ts';
export type { PluginFailure } from './host/failure.ts';
export type { FetchLike, FetchResponse } from './host/fetch-transport.ts';
export type { HostFunction, HostFunctions } from './host/host-function.ts';
export type { LogLevel, LogListener, MessageLevel } from './host/logging.ts';
export type {
  Manifest,
  ManifestLike,
  ManifestWasm,
  ManifestWasmData,
  ManifestWasmModule,
  ManifestWasmPath,
  ManifestWasmResponse,
  ManifestWasmUrl,
  MemoryOptions,
  PluginConfig,
  ResponseLike,
  UrlLike,
} from './host/manifest.ts';
export { nodeDirectory } from './host/node/files.ts';
export type { PluginOptions, PluginOptions as ExtismPluginOptions } from './host/options.ts';
export type { PluginOutput } from './host/output.ts';
export type { DescriptorKind, ExportDescriptor, ImportDescriptor, Plugin } from './host/plugin.ts';
export type { PluginCall, PluginCallStatus } from './host/plugin-call.ts';
export { createPool, type PluginPool, type PoolOptions } from './host/pool.ts';
export type { Receipt } from './host/replay/receipt.ts';
export type { ReplayedCall, ReplayOptions } from './host/replay/replay-recording.ts';
export type { RecordSink } from './host/replay/settings.ts';
export type {
  Clock,
  DeterministicOptions,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  HttpTransport,
  Logger,
  Platform,
  RandomSource,
  Sleep,
} from './host/sources.ts';
export type { WhenBusy } from './host/turns.ts';
export {
  type Codec,
  codecs,
  type FunctionShape,
  type TypedPlugin,
  typedHostFunction,
  typedPlugin,
  type ValueKind,
} from './host/typed.ts';
export type { FileTree } from './host/wasi/files.ts';
export { MemoryFiles, type MemoryFilesOptions } from './host/wasi/memory-files.ts';
export type { WasiOptions } from './host/wasi/preview1.ts';
export { readOnlyFiles } from './host/wasi/read-only-files.ts';
export type { PauseReason } from './interpreter/execution.ts';
export { type FuelSchedule, flat1, quern1 } from './interpreter/fuel.ts';
export { defineSchedule } from './interpreter/fuel-schedule.ts';
export { compileModule } from './interpreter/instantiate.ts';
/** The platform of Node.js, to derive others from. */
export { nodePlatform };
