/** Generated code of one instance, and how the interpreter enters it. */
import type { FuncCode } from '../interpreter/code/compiled-module.ts';
import type { FuncInstance, ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { CONTINUE } from '../interpreter/loop/status.ts';
import type { Machine } from '../interpreter/machine/machine.ts';
import { FRAME_WORDS } from './calls.ts';
import type { GeneratedFunction } from './generate.ts';
import { createAccesses, createArithmetic, viewsOf } from './helpers.ts';
import { activation, HostCalls } from './host-calls.ts';
import { LEFT, Leaving } from './leaving.ts';
import { type Entry, type MakeScope, placedText, type Scope, scopeText, viewNames } from './scope.ts';
import { SHARED_FLOATS, SHARED_WORDS } from './target.ts';

let keys = 0;
/** A number for each type of each instance, by which indirect calls know functions that they may call directly. */
const keysOf = new WeakMap<ModuleInstance, Map<number, number>>();
const runKeyOf = (instance: ModuleInstance, typeId: number): number => {
  let map = keysOf.get(instance);
  if (map === undefined) keysOf.set(instance, (map = new Map()));
  let key = map.get(typeId);
  if (key === undefined) map.set(typeId, (key = ++keys));
  return key;
};

/** In place of a status: the interpreter has to run the function itself. */
export const REFUSED = -1;

/** A function that is in its place. */
interface Placed {
  readonly func: GeneratedFunction;
  readonly entry: Entry;
}

/** The generated code of an instance. */
export class CompiledInstance {
  private readonly instance: ModuleInstance;
  private readonly stacks: Machine;
  private readonly leaving: Leaving;
  private readonly scope: Scope;
  /** High word of what a helper returns, and words of pieces. PERF: with a buffer of its own, its place is a constant for V8. */
  private readonly Q = new Int32Array(new ArrayBuffer(4 * SHARED_WORDS));
  /** Results beyond the first, and floats of pieces. */
  private readonly R = new Float64Array(new ArrayBuffer(8 * SHARED_FLOATS));
  private readonly placed = new Map<number, Placed>();
  /** Functions that may be on the stack: those that are or were in their places. */
  private readonly known = new Map<number, GeneratedFunction>();
  private views: readonly unknown[] = [];
  /** Of the memory that the views are of. */
  private buffer: ArrayBufferLike | null = null;
  private byteLength = -1;
  private generation = 0;
  private readonly host: HostCalls;

  /** @param chance for tests: asked at each boundary whether to leave */
  constructor(instance: ModuleInstance, stacks: Machine, make: MakeScope, chance: (() => boolean) | null) {
    this.instance = instance;
    this.stacks = stacks;
    this.leaving = new Leaving((index) => this.known.get(index)!);
    this.host = new HostCalls(stacks, this.leaving);
    const { Q, R, leaving } = this;
    const { globalWords, unit } = instance;
    const { module } = unit;
    const values: Record<string, unknown> = {
      ...createArithmetic(Q, leaving.leave),
      Q,
      R,
      I: stacks.words,
      F: stacks.floats,
      D: stacks.doubles,
      X: leaving.leave,
      XC: leaving.leaveCall,
      XI: this.leaveIndirect,
      Z: leaving.record,
      ZP: leaving.recordPiece,
      more: this.more,
      chance,
      G: globalWords,
      GF: new Float32Array(globalWords.buffer),
      GD: new Float64Array(globalWords.buffer),
    };
    instance.tables.forEach(({ elements }, index) => {
      values[`T${index}`] = elements;
    });
    module.types.forEach(({ id, comp }, index) => {
      if (comp.kind === 'func') values[`k${index}`] = runKeyOf(instance, id);
    });
    module.globals.forEach(({ init }, index) => {
      if (init !== null) return;
      const { words, offset } = instance.globals[index]!;
      values[`G${index}`] = words.subarray(offset, offset + 4);
      const at = words.byteOffset + 4 * offset;
      values[`GF${index}`] = new Float32Array(words.buffer, at, 1);
      values[`GD${index}`] = new Float64Array(words.buffer, at, 1);
    });
    this.scope = make(Object.keys(values), scopeText(unit))(...Object.values(values));
    this.host.link(instance, this.scope);
  }

  /** Asks for more fuel in the middle of a call; leaves where there is none. */
  private readonly more = (fuel: number, need: number, exit: number, w: number): number => {
    const m = activation.m!;
    m.fuel = fuel;
    if (w < 0 || !activation.refill(need, this.instance.memory0)) return this.leaving.pause(exit);
    return m.fuel;
  };

  /** Leaves in front of an indirect call of what has no code here: a function of Wasm that could have, or anything. */
  private readonly leaveIndirect = (element: FuncInstance | null | undefined, exit: number): never => {
    if (element?.instance === this.instance) this.leaving.callee = element.code.index;
    return this.leaving.leave(exit);
  };

  /** Whether the views are those of the memory as it is now. */
  private get isCurrent(): boolean {
    const { memory0 } = this.instance;
    return memory0.view.buffer === this.buffer && memory0.byteLength === this.byteLength;
  }

  /** Makes views of the memory as it is; functions that know the old ones are no longer in place. */
  private renewViews(): void {
    const { memory0, unit, funcs } = this.instance;
    this.buffer = memory0.view.buffer;
    this.byteLength = memory0.byteLength;
    this.generation++;
    const views = viewsOf(this.buffer as ArrayBuffer, this.byteLength);
    const all: Record<string, unknown> = {
      ...views,
      ...createAccesses(views, unit.schedule, this.leaving.leave),
    };
    this.views = viewNames.map((name) => all[name]);
    for (const { func } of this.placed.values()) {
      const { index } = func;
      if (func.isLoop) continue;
      this.scope.evaluate(`f${index}=XC`);
      (funcs[index] as FuncInstance).run = this.leaving.leaveCall;
    }
    this.placed.clear();
  }

  /** Puts a function in its place. */
  private place(func: GeneratedFunction): Placed {
    const { instance, scope } = this;
    const make = scope.evaluate(placedText(instance.unit, func, this.generation));
    const [run, entry] = (make as (...views: readonly unknown[]) => [FuncInstance['run'], Entry])(
      ...this.views,
    );
    const placed = { func, entry };
    this.placed.set(func.id, placed);
    this.known.set(func.id, func);
    if (func.isLoop) return placed;
    const own = instance.funcs[func.index]!;
    own.run = run;
    own.runKey = runKeyOf(instance, own.typeId);
    return placed;
  }

  /**
   * Enters a function, whose frame is there and whose first stretch is paid.
   *
   * @param paid what the interpreter paid at the entry
   * @returns null when the call has returned, `REFUSED` when the interpreter has to do it, or a status
   */
  enter(m: MachineState, func: GeneratedFunction, paid: number): number | null {
    const { fp, sp } = m;
    const slots = (m.stackLimit - fp) >> 1;
    const depth = (m.callLimit - sp) >> 1;
    const room = activation.left;
    const w = Math.min(slots, FRAME_WORDS * depth, room);
    if (m.isArmed === 1 || w < func.frameWords || !func.exits.hasCanonicalFloats(this.stacks, fp))
      return REFUSED;
    const need = func.entryNeed + func.exits.entryRemaining;
    m.fuel += paid;
    if (m.fuel < need && !m.refill(need)) {
      m.fuel -= paid;
      return REFUSED;
    }
    if (!this.isCurrent) this.renewViews();
    const { entry } = this.placed.get(func.id) ?? this.place(func);
    const { m: outer, fp: outerFp, ceiling: outerCeiling, room: outerRoom } = activation;
    activation.set(m, fp, fp + 2 * w, room);
    this.leaving.isPause = false;
    this.leaving.callee = -1;
    this.scope.setFuel(m.fuel);
    try {
      entry(fp, w);
      m.fuel = this.scope.getFuel();
      return null;
    } catch (error) {
      if (error !== LEFT) throw error;
      const status = this.leaving.lay(m, this.stacks);
      if (status === CONTINUE) return this.host.settle(m);
      if (status !== null) return status;
      m.fuel -= paid;
      return REFUSED;
    } finally {
      activation.set(outer, outerFp, outerCeiling, outerRoom);
    }
  }

  /** Whether code was left last for want of fuel or room, and may be entered again where it was left. */
  get hasPaused(): boolean {
    return this.leaving.isPause;
  }

  /** The function without code that it was left for last; null if it was not. */
  get missing(): FuncCode | null {
    return this.instance.unit.funcs[this.leaving.callee] ?? null;
  }
}
