/**
 * Functions of the host by name, each made on first use.
 *
 * PERF: a plug-in imports about a dozen of the 120 functions; making all of them took half of the time and of the
 * memory of creating a small plug-in.
 */
import type { FuncInstance } from '../interpreter/instances/module-instance.ts';

/** A source of functions by name. */
export interface Functions {
  has(name: string): boolean;
  get(name: string): FuncInstance | undefined;
}

/** Functions with known names, and how to make one. */
export class FunctionsOnDemand<Name extends string> implements Functions {
  readonly #names: readonly Name[];
  readonly #make: (name: Name) => FuncInstance;
  readonly #made = new Map<string, FuncInstance>();

  constructor(names: readonly Name[], make: (name: Name) => FuncInstance) {
    this.#names = names;
    this.#make = make;
  }

  has(name: string): boolean {
    return this.#names.includes(name as Name);
  }

  /** The same function each time; undefined for an unknown name. */
  get(name: string): FuncInstance | undefined {
    const made = this.#made.get(name);
    if (made !== undefined || !this.has(name)) return made;
    const func = this.#make(name as Name);
    this.#made.set(name, func);
    return func;
  }

  /** All of them. */
  [Symbol.iterator](): IterableIterator<[Name, FuncInstance]> {
    return this.#names.map((name): [Name, FuncInstance] => [name, this.get(name)!]).values();
  }
}
