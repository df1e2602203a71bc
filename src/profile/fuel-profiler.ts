/** Follows calls through observed code, and counts the fuel that they use. */
import { UsageError } from '../errors/errors.ts';
import type {
  CodeUnit,
  JavaScriptCompiler,
  ObservedCall,
  Observer,
} from '../interpreter/code/compiled-module.ts';
import { EVENT_WORDS, type ObservedEvent, observedEvents } from '../interpreter/code/observer.ts';
import { CallTree, ROOT } from './call-tree.ts';
import { type FuelProfile, makeProfile } from './fuel-profile.ts';
import { clearCounters, type ObservedUnit } from './places.ts';

/**
 * Counts the fuel of functions, exactly: plug-ins, stores and namespaces take it instead of a compiler, and run up to
 * twice as long.
 *
 * ```ts
 * const profiler: FuelProfiler = fuelProfiler();
 * const plugin = await createPlugin('build/examples/greet.wasm', { compiler: profiler });
 * profiler.reset();
 * await plugin.call('greet', 'Ada');
 * const profile: FuelProfile = profiler.profile();
 * console.log(profile.fuel === plugin.fuelConsumed, profile.functions.length > 1); // → true true
 * ```
 */
export interface FuelProfiler extends JavaScriptCompiler {
  /**
   * The profile so far; it has places only while plug-ins and instances are not closed. Calls that have not ended
   * count up to their last call or return.
   */
  profile(): FuelProfile;
  /** Resets all counts, such as those of the initialisation of plug-ins. No call may be active. */
  reset(): void;
}

/**
 * Makes a profiler. It observes modules that are compiled with it: pass it when plug-ins, stores or namespaces are
 * made.
 *
 * ```js
 * const profiler = fuelProfiler();
 * const instance = instantiate(new Store({ compiler: profiler }), compileModule(doubleWasm), () => undefined);
 * invoke(instance.exports.get('double'), [21n]);
 * console.log(profiler.profile().functions[0].calls); // → 1
 * ```
 */
export const fuelProfiler = (): FuelProfiler => new Profiler();

/**
 * An active call: which functions it is in. PERF: arrays that grow by hand; setting `length` took as long as
 * everything else.
 */
class OpenCall {
  /** Words in use on the call stack, and node, of each entered function. */
  depths = new Int32Array(64);
  nodes = new Int32Array(64);
  /** How many there are. The first represents the host. */
  height = 1;
  event: ObservedEvent = observedEvents.back;
  /**
   * Fuel in hand, including what was paid ahead, and fuel not in hand, at the last event of the call; and fuel that
   * it was given.
   */
  private left: number;
  private reserve: number;
  private given: number;

  /** A call that has used nothing so far except what it pays now. */
  constructor({ given }: ObservedCall) {
    this.left = 0;
    this.nodes[0] = ROOT;
    this.reserve = this.given = given;
  }

  /** The node of the current function. */
  get node(): number {
    return this.nodes[this.height - 1]!;
  }

  /** Fuel used since the last event of the call. */
  takeSpent(left: number): number {
    const spent = this.left - left;
    this.left = left;
    return spent;
  }

  /** Accounts for fuel that was given, or came into hand. PERF: what is in hand are small integers. */
  catchUp({ given, reserve }: ObservedCall): void {
    this.left += given - this.given + (this.reserve - reserve);
    this.given = given;
    this.reserve = reserve;
  }

  push(depth: number, node: number): void {
    const { height } = this;
    if (height === this.depths.length) this.grow();
    this.depths[height] = depth;
    this.nodes[height] = node;
    this.height = height + 1;
  }

  /** Drops functions that have ended: those beyond a depth. */
  cut(depth: number): void {
    const { depths } = this;
    let { height } = this;
    while (height > 1 && depths[height - 1]! > depth) height--;
    this.height = height;
  }

  private grow(): void {
    const { depths, nodes } = this;
    this.depths = new Int32Array(2 * depths.length);
    this.nodes = new Int32Array(2 * nodes.length);
    this.depths.set(depths);
    this.nodes.set(nodes);
  }
}

/** Numbers of functions: each module has its own. */
const MODULE_STEP = 2 ** 20;

class Profiler implements FuelProfiler, Observer {
  readonly kind = 'compiler';
  readonly observer: Observer = this;
  private tree = new CallTree();
  private readonly units: ObservedUnit[] = [];
  private readonly open = new Map<ObservedCall, OpenCall>();
  /** The call and the module of the last event. */
  private state: ObservedCall | null = null;
  private call: OpenCall | null = null;
  private observed: ObservedUnit | null = null;

  takeRefusal(): null {
    return null;
  }

  observe(state: ObservedCall, words: Int32Array, from: number, to: number): void {
    const call = state === this.state ? this.call! : this.callOf(state);
    const { unit } = state.instance!;
    const observed = this.observed?.unit === unit ? this.observed : this.observedOf(unit);
    call.catchUp(state);
    const { tree } = this;
    for (let at = from; at < to; at += EVENT_WORDS) {
      const event = words[at] as ObservedEvent;
      const what = words[at + 1]!;
      const spent = call.takeSpent(words[at + 2]!);
      const isHost = event === observedEvents.back && what >= 0 && call.event === observedEvents.before;
      call.event = event;
      // Nothing was entered: the callee was a function of the host.
      const node = isHost ? tree.call(call.node, observed.base + what) : call.node;
      tree.self[node]! += spent;
      if (event === observedEvents.sized) add(observed.byOffset, what, spent);
      else if (event === observedEvents.back) call.cut(words[at + 3]!);
      else if (event === observedEvents.entered) {
        // The function that it replaces by a tail call has also ended.
        call.cut(words[at + 3]! - 1);
        call.push(words[at + 3]!, tree.call(call.node, observed.base + what));
      }
    }
  }

  end(state: ObservedCall, ahead: number): void {
    const call = this.open.get(state);
    if (call === undefined) return;
    call.catchUp(state);
    this.tree.self[call.node]! += call.takeSpent(state.fuel + ahead);
    this.open.delete(state);
    this.state = this.call = null;
  }

  private callOf(state: ObservedCall): OpenCall {
    let call = this.open.get(state);
    if (call === undefined) {
      call = new OpenCall(state);
      this.open.set(state, call);
    }
    this.state = state;
    this.call = call;
    return call;
  }

  private observedOf(unit: CodeUnit): ObservedUnit {
    let observed = this.units.find((item) => item.unit === unit);
    if (observed === undefined) {
      observed = { unit, base: MODULE_STEP * this.units.length, byOffset: new Map() };
      this.units.push(observed);
    }
    this.observed = observed;
    return observed;
  }

  profile(): FuelProfile {
    return makeProfile(this.tree, this.units);
  }

  reset(): void {
    if (this.open.size > 0) throw new UsageError('usage.state', { detail: 'an observed call has not ended' });
    this.tree = new CallTree();
    for (const { unit, byOffset } of this.units) {
      byOffset.clear();
      clearCounters(unit);
    }
  }
}

const add = (sums: Map<number, number>, key: number, value: number): void => {
  if (value !== 0) sums.set(key, (sums.get(key) ?? 0) + value);
};
