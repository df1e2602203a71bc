/**
 * Functions of the host by name, each made when it is first asked for.
 *
 * PERF: a plug-in imports a dozen of the 120 functions that there are; to make them all took half of the time and of
 * the memory that a small plug-in takes to be created.
 */
import type { FuncInstance } from '../interpreter/instances/module-instance.ts';

/** Where functions are looked for by name. */
export interface Functions {
  has(name: string): boolean;
  get(name: string): FuncInstance | undefined;
}

/** Functions of which the names are known, and how one is made. */
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

  /** The same function each time; undefined where there is none of the name. */
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
