/** The debugger of this process: passes events in code to the session of the store. */
import { type CodeUnit, regionAt } from '../interpreter/code/compiled-module.ts';
import { ENTRY_COST } from '../interpreter/code/encoding.ts';
import type { Store } from '../interpreter/instances/store.ts';
import type { CallState, MachineState } from '../interpreter/loop/machine-state.ts';
import { CONTINUE, NEED_FUEL, RESTART, STOPPED } from '../interpreter/loop/status.ts';
import { getMachine, setCallDebugger } from '../interpreter/machine/machine.ts';
import { Stops } from './stops.ts';

/** Called by code that stops. */
interface StopListener {
  /** Whether the call pauses before the instruction whose charge is at a program counter. */
  onStop(m: MachineState, pc: number): boolean;
  /** Whether a call that fails stops first. */
  onFailure(m: CallState, error: unknown): boolean;
}

/** The debugger of the instances of a store. */
const listeners = new Map<Store, StopListener>();
/** The changes in code, by unit, while it is debugged. */
const stopsOf = new WeakMap<CodeUnit, Stops>();

/** Whether the code of a unit is being debugged. */
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

/** The listener to the code of units, and what it has put there. */
export interface Listening {
  readonly stops: Stops;
  /** Removes everything from the code. */
  end(): void;
}

/** Adds the only listener to the code of a store's instances. */
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
