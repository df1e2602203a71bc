/**
 * Endless recursion, in every way: it must end at the counted depth and not where the engine's own stack ends,
 * regardless of how much of that the embedder has used before.
 */
import { isQuernError } from '../../src/errors/errors.ts';
import { startExecution } from '../../src/interpreter/calls/invoke.ts';
import { hostFunction } from '../../src/interpreter/instances/host-function.ts';
import type { FuncInstance, ModuleInstance } from '../../src/interpreter/instances/module-instance.ts';
import { compileModule, instantiate, Store } from '../../src/wasm.ts';
import type { DeepCallsProgram } from '../program.ts';
import { bytesOf } from './plugins.ts';

/**
 * What the embedder has used of its stack. Not more: an engine may have compiled `descend` by the time that the depth is
 * measured, and its frames are larger before.
 */
const parts = [0, 0.3];

/** Nothing may be a tail call: some engines then reuse the frame. */
const descend = (left: number, onBottom: () => void, count: (depth: number) => void, depth = 0): number => {
  count(depth);
  if (left === 0) onBottom();
  else return descend(left - 1, onBottom, count, depth + 1) + 1;
  return 0;
};

/** The depth that the embedder could reach. */
const measureDepth = (): number => {
  let most = 0;
  try {
    descend(
      Number.POSITIVE_INFINITY,
      () => {},
      (depth) => {
        most = depth;
      },
    );
  } catch {
    // No room is left.
  }
  return most;
};

const FUEL = 3_000_000;

const endOf = (func: FuncInstance): string => {
  const execution = startExecution(func, [1n], { fuel: FUEL }).hideStack();
  try {
    const status = execution.run();
    const { error } = execution;
    const backtrace = isQuernError(error) ? error.details.backtrace : undefined;
    const end = status !== 'trap' ? status : isQuernError(error) ? error.code : String(error);
    return `${end} [${execution.results.join()}] | fuel ${execution.fuelConsumed} | ${backtrace?.length} frames`;
  } catch (error) {
    return `threw ${String(error)}`;
  }
};

/** One line for each way and each use of the stack. */
export const transcribeDeepCalls = (
  { wasm, names }: DeepCallsProgram,
  print: (line: string) => void,
): void => {
  const compiled = compileModule(bytesOf(wasm));
  const most = measureDepth();
  for (const part of parts) {
    for (const name of names) {
      // A call by a function of the host.
      const again = hostFunction({ kind: 'func', params: [], results: [] }, () => {
        endOf(made.exports.get('bounded') as FuncInstance);
        return [];
      });
      const made: ModuleInstance = instantiate(new Store(), compiled, () => again);
      let line = '';
      descend(
        Math.floor(part * most),
        () => {
          line = endOf(made.exports.get(name) as FuncInstance);
        },
        () => {},
      );
      print(`deep ${name} | embedder at ${part} | ${line}`);
    }
  }
};
