/** The debugger of this process: hands what happens in code to the session whose store it is of. */
import { type CodeUnit, regionAt } from '../interpreter/code/compiled-module.ts';
import { ENTRY_COST } from '../interpreter/code/encoding.ts';
import type { Store } from '../interpreter/instances/store.ts';
import type { CallState, MachineState } from '../interpreter/loop/machine-state.ts';
import { CONTINUE, NEED_FUEL, RESTART, STOPPED } from '../interpreter/loop/status.ts';
import { getMachine, setCallDebugger } from '../interpreter/machine/machine.ts';
import { Stops } from './stops.ts';

/** Asked by code that stops. */
interface StopListener {
  /** Whether the call pauses in front of the instruction whose charge lies at a program counter. */
  onStop(m: MachineState, pc: number): boolean;
  /** Whether a call that fails stands still first. */
  onFailure(m: CallState, error: unknown): boolean;
}

/** Those who debug instances of a store. */
const listeners = new Map<Store, StopListener>();
/** What is changed in code, by unit, while somebody debugs it. */
const stopsOf = new WeakMap<CodeUnit, Stops>();

/** Whether somebody debugs the code of a unit. */
export const isDebugged = (unit: CodeUnit): boolean => stopsOf.has(unit);

let isInstalled = false;
const install = (): void => {
  if (isInstalled) return;
  isInstalled = true;
  const machine = getMachine();
  setCallDebugger({
    ops: {
      enter_careful: (m, at) => {
        const { func } = regionAt(m.instance, at)!;
        stopsOf.get(func.unit)?.onEntered(func);
        const { words } = machine.space;
        m.fuel += words[func.entry - ENTRY_COST]!;
        m.pc = func.careful!.entry;
        return RESTART;
      },
      stop: (m, at) => {
        const cost = machine.space.words[at + 1]!;
        if (m.fuel < cost) {
          m.need = cost;
          return NEED_FUEL;
        }
        if (listeners.get(m.instance.store)?.onStop(m, at) === true) {
          m.pc = at;
          return STOPPED;
        }
        m.fuel -= cost;
        return CONTINUE;
      },
    },
    onTranslated: (code) => stopsOf.get(code.unit)?.onTranslated(code),
    onCareful: (code) => stopsOf.get(code.unit)?.onCareful(code),
    holds: (m, error) => m.instance !== null && listeners.get(m.instance.store)?.onFailure(m, error) === true,
  });
};

/** What listens to the code of units, and what it has put there. */
export interface Listening {
  readonly stops: Stops;
  /** Takes everything out of the code again. */
  end(): void;
}

/** Lets somebody listen to the code of a store's instances. Nobody else does. */
export const listen = (store: Store, units: readonly CodeUnit[], listener: StopListener): Listening => {
  install();
  const stops = new Stops();
  listeners.set(store, listener);
  for (const unit of units) stopsOf.set(unit, stops);
  return {
    stops,
    end: () => {
      stops.clear();
      listeners.delete(store);
      for (const unit of units) stopsOf.delete(unit);
    },
  };
};
