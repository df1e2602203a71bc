/** Generated code of one instance, and how the interpreter enters it. */
import type { FuncCode } from '../interpreter/code/compiled-module.ts';
import { isSubtype } from '../interpreter/cold/calls.ts';
import type { FuncInstance, ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import type { Machine } from '../interpreter/machine/machine.ts';
import type { FuncType } from '../syntax/types.ts';
import { activation, PORTION } from './activation.ts';
import { createAccesses, createArithmetic, viewsOf } from './helpers.ts';
import { HostCalls, type MakeHostCall } from './host-calls.ts';
import { InterpretedCalls, type MakeInterpretedCall } from './interpreted-calls.ts';
import { behind, Leaving } from './leaving.ts';
import {
  type CompiledFunction,
  type commonNames,
  type Edition,
  type Entry,
  entryKey,
  LOOP_KEY,
  type Run,
  type Scope,
  type ViewName,
  viewNames,
} from './scope.ts';
import { CHARACTERS, countWork } from './steps.ts';
import { FRAME_WORDS, SHARED_FLOATS, SHARED_WORDS, STACK_WORDS } from './target.ts';

let keys = 0;
/** A number for each type of each instance, by which indirect calls recognise functions that they may call directly. */
const keysOf = new WeakMap<ModuleInstance, Map<number, number>>();
const runKeyOf = (instance: ModuleInstance, typeId: number): number => {
  let map = keysOf.get(instance);
  if (map === undefined) keysOf.set(instance, (map = new Map()));
  let key = map.get(typeId);
  if (key === undefined) map.set(typeId, (key = ++keys));
  return key;
};

/** Instead of a status: the interpreter must run the function itself. */
export const REFUSED = -1;

/**
 * PERF: a long-running loop is left at intervals and entered again: V8 replaces code in a running loop, but such code
 * is slower than code entered at the start (collatz 40 %, sieve 30 %). First after every second slice of fuel, then
 * after this many.
 */
const COLD_PAUSES = 16;
const MOST_REFILLS = 64;

/**
 * PERF: new code fetches fuel in this many small portions: then V8 has seen every place that fetches fuel by the time
 * it optimises. A place that it has not seen makes it discard the code (i64hash 35 %).
 */
const TRAINING = 10_000;

/** A function that is installed. */
interface Placed {
  readonly func: CompiledFunction;
  readonly run: Run;
  readonly entry: Entry;
  /** Whether its views of memory are constants. */
  readonly isBound: boolean;
  /** How often it was left for lack of fuel. */
  pauses: number;
  /** Slices of fuel that were used before it was made. */
  readonly since: number;
}

/** The source of an instance's code. */
export interface CodeSource {
  /** Whether a long-running loop can be left and entered again. */
  readonly leavesLoops: boolean;
  /** The initial functions of one more instance. */
  edition(): Edition;
  /** Another edition, with a function that the current one lacks, if it is worthwhile; null otherwise. */
  editionWith(func: CompiledFunction): Edition | null;
  /**
   * The text that installs a function, evaluated in the scope.
   *
   * @param generation of the views of memory; 0 for a function that takes them from the scope
   * @param isLinked whether the variable of a function, by its index, refers to it or to the interpreter
   */
  placedText(func: CompiledFunction, generation: number, isLinked: (index: number) => boolean): string;
  /** The text that makes the interpreter run a function, by its index, when it is called. */
  interpretedText(index: number): string;
}

/**
 * A function that was made this often, because its memory grew, takes views that may change. If it was warm, it
 * counts for several. PERF: V8 starts cold each time, and warming up costs more than such views (esbuild); but most
 * programs grow before they are warm (SQLite).
 */
const MOST_TIMES = 8;
const WARM_TIMES = 4;
/** Slices of fuel after which code may be warm. */
const WARM_SLICES = 50;

/**
 * An instance that began with an edition makes a function separately after this many entries: most instances are
 * short-lived, and later ones have the function in their edition.
 */
const MANY_CALLS = 100;
const MANY_LOOPS = 4;

/** The generated code of an instance. */
export class CompiledInstance {
  private readonly instance: ModuleInstance;
  private readonly stacks: Machine;
  private readonly source: CodeSource;
  private readonly leaving: Leaving;
  private readonly environment: Readonly<Record<string, unknown>>;
  private scope: Scope;
  private readonly placed = new Map<number, Placed>();
  /** Functions that may be on the stack: those that are or were installed. */
  private readonly known = new Map<number, CompiledFunction>();
  private views: Readonly<Record<ViewName, unknown>> | null = null;
  /** The memory of the views. */
  private buffer: ArrayBufferLike | null = null;
  private byteLength = -1;
  private generation = 0;
  /** Portions that remain to be fetched while the code is new. */
  private training = TRAINING;
  /** Of the current edition. */
  characters = 0;
  /** Slices of fuel that generated code has used up. */
  private slices = 0;
  /** How often functions were made separately. */
  private readonly times = new Map<number, number>();
  private readonly host: HostCalls;
  private readonly interpreted: InterpretedCalls;
  /** Functions of tables that the interpreter runs, as indirect calls find them. */
  private readonly elements = new WeakMap<FuncInstance, { readonly run: Run }>();
  /** Functions, by index, whose variables refer to the interpreter. */
  private readonly linked = new Set<number>();
  /** Functions, by index, that are no longer installed since the memory grew. */
  private readonly gone = new Map<number, CompiledFunction>();
  /** How often functions were entered that the edition lacks. */
  private readonly asked = new Map<number, number>();
  /** Whether the instance began with functions that it shares with others. */
  private isLate = false;

  /**
   * @param chance for tests: called at each boundary; whether to leave
   * @param onCall called with each function that generated code let the interpreter run
   */
  constructor(
    instance: ModuleInstance,
    stacks: Machine,
    source: CodeSource,
    chance: (() => boolean) | null,
    onCall: (code: FuncCode) => void,
  ) {
    this.instance = instance;
    this.stacks = stacks;
    this.source = source;
    this.leaving = new Leaving((index) => this.known.get(index)!);
    this.host = new HostCalls(instance, stacks, this.leaving);
    this.interpreted = new InterpretedCalls(instance, stacks, this.leaving, (code) => {
      this.placeAgain(code);
      onCall(code);
    });
    this.environment = this.environmentOf(chance);
    const edition = source.edition();
    this.isLate = edition.functions.size > 0;
    this.scope = this.enterEdition(edition);
  }

  private environmentOf(chance: (() => boolean) | null): Readonly<Record<string, unknown>> {
    const { instance, leaving, stacks } = this;
    const { globalWords, unit } = instance;
    const { module } = unit;
    // High word of a helper's result, and words of pieces. PERF: with a separate buffer, its address is a constant
    // for V8.
    const Q = new Int32Array(new ArrayBuffer(4 * SHARED_WORDS));
    const common: Record<(typeof commonNames)[number], unknown> = {
      Q,
      // Results beyond the first, and floats of pieces.
      R: new Float64Array(new ArrayBuffer(8 * SHARED_FLOATS)),
      I: stacks.words,
      F: stacks.floats,
      D: stacks.doubles,
      X: leaving.leave,
      XC: leaving.leaveCall,
      XI: this.callIndirect,
      V: behind,
      LH: this.linkImported,
      LI: this.linkInterpreted,
      // PERF: V8 does not inline what it calls through a proxy.
      more: new Proxy(this.more, {}),
      chance,
      G: globalWords,
      GF: new Float32Array(globalWords.buffer),
      GD: new Float64Array(globalWords.buffer),
    };
    const values: Record<string, unknown> = { ...common, ...createArithmetic(Q, leaving.leave) };
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
    return values;
  }

  /** Installs all functions of an edition. Functions of another one may still be on the stack. */
  private enterEdition({ characters, functions, makeScope }: Edition): Scope {
    this.characters = characters;
    const scope = makeScope(this.environment);
    const { module } = this.instance.unit;
    if (this.views !== null) scope.setViews(this.views);
    for (const func of functions.values()) {
      const { comp } = module.funcs[func.index]!.type;
      const entry = scope.entries[func.isLoop ? LOOP_KEY : entryKey(comp as FuncType)]!;
      this.put({ func, run: scope.functions[func.id]!, entry, isBound: false, pauses: 0, since: 0 });
    }
    return scope;
  }

  /** Requests more fuel in the middle of a call; leaves if there is none. */
  private readonly more = (fuel: number, need: number, exit: number, w: number): number => {
    const m = activation.m!;
    m.fuel = fuel;
    if (w >= 0 && activation.fetch(m, need)) {
      this.training--;
      return m.fuel;
    }
    const isLong = this.source.leavesLoops && w === activation.outermost && --activation.refills < 0;
    if (w < 0 || isLong || !activation.refill(need, this.instance.memory0)) return this.leaving.pause(exit);
    this.slices++;
    if (this.training > 0) activation.hold(m, Math.min(m.fuel, Math.max(PORTION, need)));
    return m.fuel;
  };

  /** An element of a table without code here, for an indirect call; leaves if it may not be called. */
  private readonly callIndirect = (
    element: FuncInstance | null | undefined,
    exit: number,
    typeIndex: number,
    make: MakeInterpretedCall,
  ): { readonly run: Run } => {
    const { id } = this.instance.unit.module.types[typeIndex]!;
    if (!element || (element.typeId !== id && !isSubtype(element, id))) return this.leaving.leave(exit);
    let callee = this.elements.get(element);
    if (callee === undefined)
      this.elements.set(element, (callee = { run: this.interpreted.link(element, make) }));
    return callee;
  };

  private readonly linkImported = (
    index: number,
    makeHostCall: MakeHostCall,
    make: MakeInterpretedCall,
  ): Run => {
    const func = this.instance.funcs[index]!;
    return func.host === null ? this.interpreted.link(func, make) : this.host.link(func, makeHostCall);
  };

  private readonly linkInterpreted = (index: number, make: MakeInterpretedCall): Run => {
    this.linked.add(index);
    return this.interpreted.link(this.instance.funcs[index]!, make);
  };

  /** Whether the views are those of the current memory. */
  private get isCurrent(): boolean {
    const { memory0 } = this.instance;
    return memory0.view.buffer === this.buffer && memory0.byteLength === this.byteLength;
  }

  /** Makes views of the current memory; functions with the old ones are no longer installed. */
  private renewViews(): void {
    const { memory0, unit, funcs } = this.instance;
    this.buffer = memory0.view.buffer;
    this.byteLength = memory0.byteLength;
    this.generation++;
    const views = viewsOf(this.buffer as ArrayBuffer, this.byteLength);
    this.views = { ...views, ...createAccesses(views, unit.schedule, this.leaving.leave) };
    this.scope.setViews(this.views);
    const gone: string[] = [];
    for (const { func, isBound, since } of [...this.placed.values()]) {
      if (!isBound) continue;
      const { id, index } = func;
      if (this.slices - since >= WARM_SLICES) this.times.set(id, this.times.get(id)! + WARM_TIMES - 1);
      this.placed.delete(id);
      if (func.isLoop) continue;
      this.gone.set(index, func);
      gone.push(this.source.interpretedText(index));
      const own = funcs[index]!;
      own.run = null;
      own.runKey = 0;
    }
    if (gone.length > 0) this.scope.evaluate!(gone.join(''));
  }

  /** A function that generated code calls may never be entered by the interpreter again. */
  private placeAgain({ index, unit }: FuncCode): void {
    const func = this.gone.get(index);
    if (func === undefined || unit !== this.instance.unit || !this.isCurrent) return;
    this.place(activation.m!, func);
  }

  /** Makes a function that the scope lacks; null if that is not worthwhile yet. */
  private place(m: MachineState, func: CompiledFunction): Placed | null {
    const { scope, source, views } = this;
    if (this.isLate) {
      const asked = (this.asked.get(func.id) ?? 0) + 1;
      this.asked.set(func.id, asked);
      if (asked < (func.isLoop ? MANY_LOOPS : MANY_CALLS)) return null;
    }
    if (scope.evaluate === undefined) {
      const edition = source.editionWith(func);
      if (edition === null) return null;
      this.placed.clear();
      this.linked.clear();
      this.scope = this.enterEdition(edition);
      countWork(m, this.characters / CHARACTERS);
      return this.placed.get(func.id)!;
    }
    if (!func.isLoop) this.gone.delete(func.index);
    const times = (this.times.get(func.id) ?? 0) + 1;
    this.times.set(func.id, times);
    const isBound = times <= MOST_TIMES;
    const text = source.placedText(
      func,
      isBound ? this.generation : 0,
      (index) => this.linked.has(index) || this.placed.has(index),
    );
    countWork(m, text.length / CHARACTERS);
    const make = scope.evaluate(text);
    const [run, entry] = (make as (...views: readonly unknown[]) => [Run, Entry])(
      ...viewNames.map((name) => views![name]),
    );
    return this.put({ func, run, entry, isBound, pauses: 0, since: this.slices });
  }

  private put(placed: Placed): Placed {
    const { func, run } = placed;
    this.placed.set(func.id, placed);
    this.known.set(func.id, func);
    if (func.isLoop) return placed;
    const { instance } = this;
    const own = instance.funcs[func.index]!;
    own.run = run;
    own.runKey = runKeyOf(instance, own.typeId);
    return placed;
  }

  /**
   * Enters a function whose frame exists and whose first stretch is paid.
   *
   * @param paid what the interpreter paid at the entry
   * @returns null when the call has returned, `REFUSED` if the interpreter must run it, or a status
   */
  enter(m: MachineState, func: CompiledFunction, paid: number): number | null {
    const { fp, sp } = m;
    const slots = (m.stackLimit - fp) >> 1;
    const depth = (m.callLimit - sp) >> 1;
    const room = activation.leftFor(m);
    const proved = m.isInside ? m.provedWords - STACK_WORDS + room : room;
    const w = Math.min(slots, FRAME_WORDS * depth, proved);
    if (m.isArmed === 1 || w < func.frameWords || !func.exits.hasCanonicalFloats(this.stacks, fp))
      return REFUSED;
    const need = func.entryNeed + func.exits.entryRemaining;
    m.fuel += paid;
    if (m.fuel < need && !m.refill(need)) {
      m.fuel -= paid;
      return REFUSED;
    }
    if (!this.isCurrent) this.renewViews();
    const placed = this.placed.get(func.id) ?? this.place(m, func);
    if (placed === null) {
      m.fuel -= paid;
      return REFUSED;
    }
    const outer = activation.save();
    activation.m = m;
    activation.fp = fp;
    activation.ceiling = fp + 2 * w;
    activation.room = room;
    activation.outermost = w - func.frameWords;
    activation.refills = placed.pauses < COLD_PAUSES ? 1 : MOST_REFILLS;
    activation.held = 0;
    // The test of the entry also fetches.
    if (this.training > 0) activation.hold(m, func.exits.entryRemaining);
    this.leaving.begin();
    const { scope } = this;
    scope.setFuel(m.fuel);
    try {
      placed.entry(placed.run, fp, w);
      m.fuel = scope.getFuel() + activation.takeHeld(m);
      return null;
    } catch (error) {
      const held = activation.takeHeld(m);
      const isOurs = this.leaving.collect(error);
      if (this.hasPaused) placed.pauses++;
      const status = this.leaving.lay(m, this.stacks, held);
      if (status === null) m.fuel -= paid;
      if (!isOurs) throw error;
      const { failure } = activation;
      if (failure !== null) {
        activation.failure = null;
        throw failure.error;
      }
      return status ?? REFUSED;
    } finally {
      activation.restore(outer);
    }
  }

  /** Whether code was last left for lack of fuel or room, and may be entered again at that place. */
  get hasPaused(): boolean {
    return this.leaving.isPause;
  }

  /** Whether code was last left inside a call of something else. */
  get isInCall(): boolean {
    return this.leaving.wasInCall;
  }
}
