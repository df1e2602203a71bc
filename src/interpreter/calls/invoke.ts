/** Calls of functions by the embedder: prepared, or run to their ends immediately. */
import { checkInstance, readOptions } from '../../errors/arguments.ts';
import { ExhaustionError, UsageError } from '../../errors/errors.ts';
import { FuncInstance, type HostWrite } from '../instances/module-instance.ts';
import type { RawValue } from '../instances/values.ts';
import { Execution } from './execution.ts';
import type { ExecutionOptions } from './options.ts';

/**
 * Prepares a call; `run` starts it. Arguments are raw values, or a function that writes them to a frame.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * const execution = startExecution(instance.exports.get('double'), [4n]);
 * console.log(execution.run(), execution.results, execution.fuelConsumed); // → done [ 8n ] 5
 * ```
 */
export const startExecution = (
  func: FuncInstance,
  args: readonly RawValue[] | HostWrite,
  options?: ExecutionOptions,
): Execution =>
  Execution.start(checkInstance(func, FuncInstance, 'the function to call'), args, readOptions(options));

/**
 * Calls a function and runs it to its end. @spec embed-func-invoke
 *
 * Nothing else runs in the meantime: a wait for a notify times out immediately, or traps if it is endless.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * console.log(invoke(instance.exports.get('double'), [1n])); // → [ 2n ]
 * ```
 *
 * @throws TrapError, ExhaustionError (including fuel), or what a host function threw
 */
export const invoke = (
  func: FuncInstance,
  args: readonly RawValue[],
  options?: ExecutionOptions,
): RawValue[] => {
  const execution = startExecution(func, args, options).hideStack();
  let result = execution.run();
  // Workers that share the memory can notify, but not while this thread waits in a plain call.
  while (execution.pause === 'wait' && result === 'paused' && execution.waiter?.promise === null) {
    execution.endWait();
    result = execution.run();
  }
  switch (result) {
    case 'done':
      return execution.results;
    case 'trap':
      throw execution.error;
    default:
      if (execution.pause === 'fuel') {
        throw new ExhaustionError('exhaustion.fuel', execution.standing);
      }
      throw new UsageError('usage.state', {
        detail: 'the call paused; use startExecution for calls that may pause',
      });
  }
};
