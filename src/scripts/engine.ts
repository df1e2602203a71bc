/**
 * What the conformance runner needs from an engine. The runner uses only this interface, so that the same script code
 * tests Quern, the reference executor and native Wasm.
 *
 * Values cross as raw bits: a payload of a NaN must not pass through a JavaScript number.
 */
import type { Features } from '../syntax/features.ts';

/** Unsigned bits of a number (32, 64 or 128), a reference, or null. */
export type RawValue = bigint | object | null;

/** A value or a promise of it: in-process engines answer at once, the native one through a pipe. */
export type Awaitable<T> = T | Promise<T>;

/** The host reference `(ref.extern n)` of scripts; the runner makes one object per number and script. */
export class HostReference {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

/** How an engine refused or stopped. `crash` is everything else: a bug of the engine. */
export type FailureKind =
  | 'malformed'
  | 'invalid'
  | 'rejected'
  | 'unsupported'
  | 'limit'
  | 'unlinkable'
  | 'trap'
  | 'exhaustion'
  | 'exception'
  | 'crash';

/** Thrown by adapters instead of the engine's own errors. */
export class EngineFailure extends Error {
  readonly kind: FailureKind;
  /** For `unsupported`: the feature's key. */
  readonly feature: string | null;
  /** Fuel that the call consumed, if the engine counts it. */
  readonly fuel: number | null;
  /** Where the call paused, if fuel came one unit at a time: see `Invocation`. */
  readonly trace: number | null;

  constructor(
    kind: FailureKind,
    text: string,
    options: { feature?: string; fuel?: number | null; trace?: number | null; cause?: unknown } = {},
  ) {
    super(text, 'cause' in options ? { cause: options.cause } : undefined);
    this.kind = kind;
    this.feature = options.feature ?? null;
    this.fuel = options.fuel ?? null;
    this.trace = options.trace ?? null;
  }
}

/** Results of a call, with the fuel it used if the engine counts fuel. */
export interface Invocation {
  readonly values: readonly RawValue[];
  readonly fuel: number | null;
  /**
   * With fuel given one unit at a time: a hash of the fuel consumed at each pause. Equal traces mean that the engines
   * stop before the same instructions for every amount of fuel.
   */
  readonly trace: number | null;
}

/** How a call is metered. */
export interface Metering {
  /** Give fuel one unit at a time. */
  readonly unitFuel: boolean;
}

/**
 * Budgets when fuel comes one unit at a time: each pause saves the stack, so that the default ones would make
 * runaway recursion quadratic. The suite's programs need less than 256 frames.
 */
export const unitFuelBudgets = { maxCallDepth: 1000, maxStackSlots: 20_000 } as const;

/** Folds one pause into a trace. */
export const traceStep = (trace: number, fuelConsumed: number): number =>
  (Math.imul(trace, 31) + fuelConsumed) | 0;

/**
 * Fuel of a turn when calls of threads take turns: small, so that short programs interleave, and not a divisor of
 * anything.
 */
export const threadSlice = 7;

/** A compiled module; only its engine reads it. */
export type EngineModule = object;
/** An instance; only its engine reads it. */
export type EngineInstance = object;

/** Kinds of non-null references that a script can expect. */
export type ReferenceKind = 'func' | 'extern' | 'i31' | 'struct' | 'array' | 'exn';

interface EngineTraits {
  /** Whether failure texts are those of the suite, so that they can be compared. */
  readonly suiteTexts: boolean;
  /** Whether malformed and invalid are distinguished; if not, failures are `rejected`. */
  readonly phases: boolean;
  /** Whether it has every feature: then reporting a module as unsupported is a failure. */
  readonly everyFeature: boolean;
}

/** One engine, for one script at a time. Failures are thrown as `EngineFailure`. */
export interface Engine {
  readonly name: string;
  readonly traits: EngineTraits;
  /** Forgets the last script, sets the features, and makes a fresh `spectest`. */
  startScript(features: Features): Awaitable<EngineInstance>;
  /** Decodes and validates. */
  compile(bytes: Uint8Array): Awaitable<EngineModule>;
  /** Checks the custom sections of a module, for engines that check them. */
  checkCustoms?(module: EngineModule): Awaitable<void>;
  /** Names of the modules it imports from. */
  importedModules(module: EngineModule): readonly string[];
  instantiate(
    module: EngineModule,
    registered: ReadonlyMap<string, EngineInstance>,
  ): Awaitable<EngineInstance>;
  invoke(instance: EngineInstance, name: string, args: readonly RawValue[]): Awaitable<Invocation>;
  /** Reads an exported global. */
  get(instance: EngineInstance, name: string): Awaitable<RawValue>;
  /** Kind of a non-null reference that is not a `HostReference`. */
  kindOf(reference: object): ReferenceKind | null;
  /** Contents of all memories of an instance, if the engine can read them. */
  memories?(instance: EngineInstance): readonly Uint8Array[];
  /**
   * The engine as a thread of a script sees it: `invoke` resolves when the threads have taken the turns it needs.
   * Engines without it run threads one after the other.
   */
  forThread?(): Engine;
  /** Lets one call of a thread take its turn; false if none is running. */
  turn?(): boolean;
  /** What another worker needs to have the shared memories that an instance exports; can be sent to it. */
  share?(instance: EngineInstance): object;
  /** An instance that exports what another worker shares. */
  adopt?(shared: object): EngineInstance;
  /** Ends child processes. */
  close?(): Awaitable<void>;
}
