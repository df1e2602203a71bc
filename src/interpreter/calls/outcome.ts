/** The outcome of a run of a call, and why calls pause. */

/**
 * The outcome of `Execution.run`.
 *
 * ```ts
 * const { exports } = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const options: ExecutionOptions = { fuel: 1000, onSlice: () => false };
 * const execution = startExecution(exports.get('double') as FuncInstance, [21n], options);
 * const result: RunResult = execution.run();
 * console.log(result, execution.results, execution.fuelLeft); // → done [ 42n ] 995
 * ```
 */
export type RunResult = 'done' | 'trap' | 'paused';
/**
 * Why a call is paused: out of fuel, by `onSlice`, waiting for a host function, or for a notify.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm');
 * const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
 * await call.run();
 * const reason: PauseReason | null = call.pause;
 * console.log(reason); // → fuel
 * ```
 */
export type PauseReason = 'fuel' | 'slice' | 'host' | 'wait';
