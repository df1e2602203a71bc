/**
 * An oracle for profiles: a call continues by one unit of fuel at a time, and whatever it uses counts for the function in
 * which it stands, on the way that its stack says.
 */
import { type FuncInstance, type RawValue, startExecution } from '../../src/wasm.ts';

/** Fuel by way: names of functions, the outermost first, joined by `;`. */
export type Ways = ReadonlyMap<string, number>;

export const stepThrough = (func: FuncInstance, args: readonly RawValue[]): Ways => {
  const ways = new Map<string, number>();
  const execution = startExecution(func, args, { fuel: 0 });
  let way = '';
  let used = 0;
  for (;;) {
    const state = execution.run();
    const spent = execution.fuelConsumed - used;
    used = execution.fuelConsumed;
    if (spent > 0) ways.set(way, (ways.get(way) ?? 0) + spent);
    if (state !== 'paused') return ways;
    // Before anything is done it stands nowhere, and pays to enter the first function.
    way = execution.backtrace
      .map(({ funcName }) => funcName)
      .reverse()
      .join(';');
    execution.addFuel(1);
  }
};
