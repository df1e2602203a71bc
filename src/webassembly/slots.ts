/**
 * Internal slots: which instance of the engine an object of the JavaScript API represents, and vice versa. One map
 * for the whole process, as the API's object caches belong to the agent: an instance has at most one object, and
 * objects of one namespace can be imported by modules of another. @spec object-caches
 */
import { isObjectOrFunction } from '../errors/checks.ts';
import type { CompiledModule } from '../interpreter/code/compiled-module.ts';
import type { ExceptionInstance } from '../interpreter/instances/exception.ts';
import type { GlobalInstance } from '../interpreter/instances/global.ts';
import type { MemoryInstance } from '../interpreter/instances/memory.ts';
import type { FuncInstance } from '../interpreter/instances/module-instance.ts';
import type { TableInstance } from '../interpreter/instances/table.ts';
import type { TagInstance } from '../interpreter/instances/tag.ts';

/** What a `Module` object represents. */
export interface ModuleSlot {
  readonly kind: 'module';
  readonly compiled: CompiledModule;
  /** Names of the enabled sets of builtins, without `wasm:`. */
  readonly builtins: readonly string[];
  /** The module name whose imports are string constants; null for none. */
  readonly stringModule: string | null;
}
/** What an `Instance` object represents. */
export interface InstanceSlot {
  readonly kind: 'instance';
  readonly exports: object;
}

/** What a `Suspending` object represents. */
interface SuspendingSlot {
  readonly kind: 'suspending';
  readonly callable: (...args: unknown[]) => unknown;
}

/** Everything that has an object, by kind. */
interface Slots {
  readonly module: ModuleSlot;
  readonly instance: InstanceSlot;
  readonly memory: MemoryInstance;
  readonly table: TableInstance;
  readonly global: GlobalInstance;
  readonly tag: TagInstance;
  readonly exn: ExceptionInstance;
  readonly func: FuncInstance;
  readonly suspending: SuspendingSlot;
}
type Slot = Slots[keyof Slots];

const slots = new WeakMap<object, Slot>();
const objects = new WeakMap<Slot, object>();

/** What a value represents, if it is an object of that kind. */
export const slotOf = <K extends keyof Slots>(value: unknown, kind: K): Slots[K] | undefined => {
  const slot = isObjectOrFunction(value) ? slots.get(value) : undefined;
  return slot?.kind === kind ? (slot as Slots[K]) : undefined;
};

const article = (kind: string): string => (/^[aeiou]/.test(kind) ? 'an' : 'a');
const interfaceNames: Readonly<Partial<Record<keyof Slots, string>>> = { exn: 'exception', func: 'function' };

/**
 * What a value represents.
 *
 * @throws TypeError when it is not an object of that kind
 */
export const brand = <K extends keyof Slots>(value: unknown, kind: K, what = 'this'): Slots[K] => {
  const slot = slotOf(value, kind);
  const name = interfaceNames[kind] ?? kind;
  if (slot === undefined) throw new TypeError(`${what} is not ${article(name)} ${name} object`);
  return slot;
};

/** Makes an object represent an instance. */
export const bind = <T extends object>(object: T, slot: Slot): T => {
  slots.set(object, slot);
  objects.set(slot, object);
  return object;
};

/** The object of an instance; `make` makes the first one. */
export const objectOf = (slot: Slot, make: () => object): object => objects.get(slot) ?? bind(make(), slot);
