/**
 * Entry point for plug-in users on Node.js: as `index.ts`, with files, secure random, nanosecond clocks, and HTTP
 * that works without the global `fetch`.
 */

import { nodePlatform } from './host/node/platform.ts';
import { type Capabilities, capabilitiesOf } from './host/platform/capabilities.ts';
import {
  type CompilePlugin,
  type CreatePlugin,
  compilePluginOn,
  createPluginOn,
  type RestorePlugin,
  restorePluginOn,
} from './host/plugin/compiled-plugin.ts';
import {
  type ReplayRecording,
  replayRecordingOn,
  type VerifyReceipt,
  verifyReceiptOn,
} from './host/plugin/replay-recording.ts';

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
 * Restores a plug-in from a snapshot that `Plugin.snapshot` returned, with the same manifest and the same options.
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

export { nodeDirectory } from './host/node/files.ts';
// A declaration here replaces the one of the same name there.
export * from './index.ts';
/** The platform of Node.js, to derive others from. */
export { nodePlatform };
