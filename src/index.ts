/**
 * Entry point for plug-in users on any JavaScript host: the surface of `@extism/extism`, and more. Nothing of a
 * particular host is imported; on Node, `node.ts` replaces it.
 */
import { type Capabilities, capabilitiesOf } from './host/platform/capabilities.ts';
import { portablePlatform } from './host/platform/portable-platform.ts';
import {
  type CompilePlugin,
  type CreatePlugin,
  compilePluginOn,
  createPluginOn,
  type RestorePlugin,
  restorePluginOn,
} from './host/plugin/compiled-plugin.ts';
import type { PluginOptions } from './host/plugin/options.ts';
import {
  type ReplayRecording,
  replayRecordingOn,
  type VerifyReceipt,
  verifyReceiptOn,
} from './host/plugin/replay-recording.ts';
import type { CurrentPlugin } from './host/state/current-plugin.ts';

/**
 * Creates a plug-in from a manifest, bytes, a compiled module or a URL.
 *
 * ```js
 * import { readFileSync } from 'node:fs';
 * const plugin = await createPlugin(readFileSync('build/examples/greet.wasm'));
 * console.log((await plugin.call('greet', 'Ada')).text()); // → Hello, Ada!
 * ```
 */
export const createPlugin: CreatePlugin = createPluginOn(portablePlatform);
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
 * import { readFileSync } from 'node:fs';
 * const compiled = await compilePlugin({ wasm: [{ data: readFileSync('build/examples/greet.wasm') }] });
 * const plugin = await compiled.instantiate({ config: { greeting: 'Hallo' } });
 * console.log((await plugin.call('greet', 'Ada')).text()); // → Hallo, Ada!
 * ```
 */
export const compilePlugin: CompilePlugin = compilePluginOn(portablePlatform);
/**
 * Restores a plug-in from a snapshot that `Plugin.snapshot` returned, with the same manifest and the same options.
 *
 * ```js
 * import { readFileSync } from 'node:fs';
 * const bytes = readFileSync('build/examples/greet.wasm');
 * const plugin = await createPlugin(bytes);
 * const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
 * console.log(await call.run()); // → paused
 * const other = await restorePlugin(bytes, plugin.snapshot());
 * const rest = other.activeCall;
 * rest.addFuel(1_000_000);
 * console.log(await rest.run(), rest.output.text()); // → done Hello, Ada!
 * ```
 *
 * @throws SnapshotError, or what `createPlugin` throws before anything runs
 */
export const restorePlugin: RestorePlugin = restorePluginOn(portablePlatform);
/**
 * Runs a recording from its beginning to its end; see docs/replay.md.
 *
 * ```js
 * import { readFileSync } from 'node:fs';
 * const bytes = readFileSync('build/examples/greet.wasm');
 * const plugin = await createPlugin(bytes, { record: true });
 * await plugin.call('greet', 'Ada');
 * const [call] = await replayRecording(bytes, plugin.recording);
 * console.log(call.functionName, call.result.output.text()); // → greet Hello, Ada!
 * ```
 */
export const replayRecording: ReplayRecording = replayRecordingOn(portablePlatform);
/**
 * Verifies the receipt of a call by running the recording again.
 *
 * ```js
 * import { readFileSync } from 'node:fs';
 * const bytes = readFileSync('build/examples/greet.wasm');
 * const plugin = await createPlugin(bytes, { record: true });
 * await plugin.call('greet', 'Ada');
 * const { receipt, recording } = plugin;
 * const call = await verifyReceipt(receipt, bytes, recording);
 * console.log(call.result.output.text()); // → Hello, Ada!
 * const forged = { ...receipt, fuel: receipt.fuel - 1 };
 * const error = await verifyReceipt(forged, bytes, recording).catch((caught) => caught);
 * console.log(error.code, error.details.name); // → replay.receipt fuel
 * ```
 */
export const verifyReceipt: VerifyReceipt = verifyReceiptOn(portablePlatform);
/**
 * What plug-ins can do on this host.
 *
 * ```js
 * console.log(CAPABILITIES.fsAccess, CAPABILITIES.supportsWasiPreview1); // → false true
 * ```
 */
export const CAPABILITIES: Capabilities = capabilitiesOf(portablePlatform);

/**
 * What `@extism/extism` calls `CurrentPlugin`.
 *
 * ```ts
 * const remark = (context: CallContext, total: bigint): bigint => context.store(`${total} so far`);
 * const plugin = await createPlugin('build/examples/counter.wasm', {
 *   functions: { 'extism:host/user': { remark } },
 * });
 * console.log((await plugin.call('count', 'Hello'))?.json().remark); // → 2 so far
 * ```
 */
export type CallContext = CurrentPlugin;
/**
 * What `@extism/extism` calls `PluginOptions`.
 *
 * ```ts
 * const options: ExtismPluginOptions = { useWasi: true, config: { greeting: 'Salut' } };
 * const plugin = await createPlugin('build/examples/greet.wasm', options);
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Salut, Ada!
 * ```
 */
export type ExtismPluginOptions = PluginOptions;

export type { BytesLike } from './errors/bytes.ts';
export type { ErrorCode } from './errors/catalogue.ts';
export {
  type BacktraceFrame,
  type ErrorDetails,
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
export type { AbortSignalLike } from './host/calls/call-watch.ts';
export type { WhenBusy } from './host/calls/turns.ts';
export type { HostFunction, HostFunctions } from './host/linking/host-function.ts';
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
  PluginConfigLike,
  ResponseLike,
  UrlLike,
} from './host/manifest/manifest.ts';
export type { LogLevel, LogListener, MessageLevel } from './host/pdk/logging.ts';
export type { Capabilities } from './host/platform/capabilities.ts';
export type { FetchLike, FetchResponse } from './host/platform/fetch-transport.ts';
export type { FileTree } from './host/platform/files.ts';
export type {
  Clock,
  DeterministicOptions,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  HttpTransport,
  Logger,
  Platform,
  PluginFailure,
  RandomSource,
  Sleep,
} from './host/platform/platform.ts';
export type {
  CallOptions,
  CallResult,
  DetailedCallOptions,
  PluginInput,
} from './host/plugin/calling.ts';
export {
  type CompiledPlugin,
  type CompilePlugin,
  type CreatePlugin,
  compilePluginOn,
  createPluginOn,
  type RestoreOptions,
  type RestorePlugin,
  restorePluginOn,
} from './host/plugin/compiled-plugin.ts';
export type { DescriptorKind, ExportDescriptor, ImportDescriptor } from './host/plugin/descriptors.ts';
export type { PluginOptions } from './host/plugin/options.ts';
export type { Plugin } from './host/plugin/plugin.ts';
export type { PluginCall, PluginCallStatus } from './host/plugin/plugin-call.ts';
export { createPool, type PluginPool, type PoolOptions } from './host/plugin/pool.ts';
export type {
  ReplayedCall,
  ReplayOptions,
  ReplayRecording,
  VerifyReceipt,
} from './host/plugin/replay-recording.ts';
export {
  type Codec,
  codecs,
  type FunctionShape,
  type HostSignature,
  type TypedPlugin,
  typedHostFunction,
  typedPlugin,
  type ValueKind,
} from './host/plugin/typed.ts';
export type { Receipt } from './host/replay/receipt.ts';
export type { RecordSink } from './host/replay/settings.ts';
export type { CurrentPlugin } from './host/state/current-plugin.ts';
export { PluginOutput } from './host/state/output.ts';
export type { StreamReader } from './host/wasi/descriptors.ts';
export { MemoryFiles, type MemoryFilesOptions } from './host/wasi/memory-files.ts';
export type { WasiOptions } from './host/wasi/program.ts';
export { readOnlyFiles } from './host/wasi/read-only-files.ts';
export type { PauseReason } from './interpreter/calls/outcome.ts';
export { defineSchedule } from './interpreter/fuel/check-schedule.ts';
export { type FuelSchedule, flat1, quern1, wasmtime46 } from './interpreter/fuel/schedules.ts';
export { compileModule } from './interpreter/instantiate/instantiate.ts';
export { type FeatureKey, type Features, pluginFeatures } from './syntax/features.ts';
export type { FuelClass } from './syntax/instruction-row.ts';
