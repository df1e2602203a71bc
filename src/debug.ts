/**
 * A debugger for calls of plug-ins and of the engine, forwards and backwards; and its server side for LLDB, without a
 * network; `quern/debug` on Node has one with a network.
 */
import { ExecutionTarget } from './debug/execution-target.ts';
import { PluginTarget } from './debug/plugin-target.ts';
import { type DebugOptions, DebugSession } from './debug/session.ts';
import type { NamedInstance } from './debug/target.ts';
import type { Plugin } from './host/plugin/plugin.ts';
import type { PluginCall } from './host/plugin/plugin-call.ts';
import type { Execution } from './interpreter/calls/execution.ts';

/**
 * Debugs a call of a plug-in, made by `startCall` or restored from a snapshot. If the plug-in was made with the
 * option `record`, the call can also go back: what came from outside is then replayed, and not requested again.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * const session = debugCall(plugin, await plugin.startCall('greet', 'Ada'));
 * await session.start();
 * const first = session.position;
 * for (let i = 0; i < 3; i++) await session.step();
 * for (let i = 0; i < 3; i++) await session.reverseStep();
 * console.log(session.position.offset === first.offset); // → true
 * console.log((await session.continue()).reason); // → done
 * ```
 *
 * @throws UsageError for a plug-in that is already being debugged, or whose code is compiled
 */
export const debugCall = (plugin: Plugin, call: PluginCall, options: DebugOptions = {}): DebugSession =>
  new DebugSession(new PluginTarget(plugin, call), options);

/**
 * Debugs a call of the engine, new or paused.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const execution = startExecution(instance.exports.get('double'), [21n]);
 * const session = debugExecution(execution, [{ name: 'double', instance }]);
 * await session.start();
 * await session.step();
 * console.log(session.stack.length, (await session.continue()).reason, execution.results); // → 1 done [ 42n ]
 * ```
 *
 * @param instances all instances that its code runs on
 * @throws UsageError for instances that are already being debugged, or whose code is compiled
 */
export const debugExecution = (
  execution: Execution,
  instances: readonly NamedInstance[],
  options: DebugOptions = {},
): DebugSession => {
  const keeps = options.historyBytes !== 0;
  return new DebugSession(new ExecutionTarget(execution, instances, keeps), options);
};

export type { CallFrame, FrameValue, FrameValues, Position } from './debug/call-places.ts';
export type { StopReason } from './debug/driver.ts';
export { DebugConnection, type Parting } from './debug/gdb/connection.ts';
export type { Breakpoint, DebugOptions, Stop } from './debug/session.ts';
export { DebugSession } from './debug/session.ts';
export type { NamedInstance } from './debug/target.ts';
export type { TraceDetail, TraceOptions } from './debug/trace.ts';
export type { WatchedRange } from './debug/watches.ts';
