/** What the classes and functions of one namespace share. */

import type { ExceptionInstance } from '../interpreter/instances/exception.ts';
import type { FuncInstance } from '../interpreter/instances/module-instance.ts';
import { Store, type StoreOptions } from '../interpreter/instances/store.ts';
import { checkFeatures, type FeatureKey, type Features, pluginFeatures } from '../syntax/features.ts';
import { Budget, type FuelTank } from './budget.ts';
import { makeNativeErrors, type NativeErrors } from './errors.ts';

/**
 * Options beyond the standard API.
 *
 * ```ts
 * const options: WebAssemblyOptions = { fuel: 1000, maxPages: 64 };
 * const wasm = createWebAssembly(options);
 * console.log(new wasm.Instance(new wasm.Module(doubleWasm)).exports['double'](21)); // → 42
 * ```
 */
export interface WebAssemblyOptions {
  /** Features that modules may use. Default: those of the spec, legacy exceptions and threads. */
  readonly features?: Iterable<FeatureKey>;
  /**
   * Fuel for each call from JavaScript, including the calls that it makes in turn; or a `FuelTank` that calls share.
   * A call that needs more throws a `RuntimeError` with the code `exhaustion.fuel`. Default: no limit.
   */
  readonly fuel?: number | FuelTank;
  /** What instructions cost. Default: `quern-1`. */
  readonly schedule?: NonNullable<StoreOptions['schedule']>;
  /** Most pages (64 KiB) of all memories together, including those of `new Memory`. Default: no limit. */
  readonly maxPages?: number;
  /** Most bytes of structures, arrays, exceptions and elements of tables. Default: 512 MiB. */
  readonly maxHeapBytes?: number;
  /** Most nested Wasm frames of one call. Default and most: 65,536. */
  readonly maxCallDepth?: number;
  /** Most value slots (8 bytes) of all frames of one call. Default and most: 1,000,000. */
  readonly maxStackSlots?: number;
  /** Compiles what runs often to JavaScript: `compiler()` of `quern/compile`. Default: none. */
  readonly compiler?: StoreOptions['compiler'];
  /** Code that `quern compile` made from modules. Default: none. */
  readonly precompiled?: StoreOptions['precompiled'];
}

/** Prototypes of the objects that are made without a call of a constructor. */
interface Prototypes {
  module: object;
  instance: object;
  memory: object;
  table: object;
  global: object;
  tag: object;
  exception: object;
}

export interface Realm {
  readonly store: Store;
  readonly features: Features;
  readonly errors: NativeErrors;
  /** Null without a limit. */
  readonly budget: Budget | null;
  readonly prototypes: Prototypes;
  /** The function object of a function; always the same one. */
  readonly functionObject: (func: FuncInstance) => object;
  /** What JavaScript catches when a call ends with an exception. */
  readonly thrownValue: (exception: ExceptionInstance) => unknown;
}

/** What modules may use by default: the spec, and the extensions that hosts have and toolchains emit. */
const usualFeatures: Features = new Set([...pluginFeatures, 'threads' as const]);

/** The parts that need no class. */
export const realmBasics = (
  options: WebAssemblyOptions,
): Pick<Realm, 'store' | 'features' | 'errors' | 'budget'> => {
  const { schedule, maxPages, maxHeapBytes, maxCallDepth, maxStackSlots, compiler, precompiled } = options;
  return {
    store: new Store({
      ...(schedule && { schedule }),
      ...(maxPages !== undefined && { maxMemoryPages: maxPages }),
      ...(maxHeapBytes !== undefined && { maxHeapBytes }),
      ...(maxCallDepth !== undefined && { maxCallDepth }),
      ...(maxStackSlots !== undefined && { maxStackSlots }),
      compiler,
      precompiled,
    }),
    features: checkFeatures(options.features, usualFeatures),
    errors: makeNativeErrors(),
    budget: options.fuel === undefined ? null : new Budget(options.fuel),
  };
};
