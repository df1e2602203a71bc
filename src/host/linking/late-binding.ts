/**
 * Imports from a module that is not instantiated yet, because modules import from each other in a cycle.
 *
 * Such an import gets a stand-in of the right type. No code runs before everything is linked, so afterwards the
 * function itself replaces the stand-in wherever it was stored: calls, tables, globals and exports are then as if it
 * had been there from the beginning, and cost the same.
 */
import { UnlinkableError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import {
  allocateHostFunc,
  type ExternInstance,
  FuncInstance,
  type ModuleInstance,
} from '../../interpreter/instances/module-instance.ts';
import { matchesDefType } from '../../syntax/matching.ts';
import { funcTypeName } from '../../syntax/type-names.ts';
import type { DefType, FuncType } from '../../syntax/types.ts';

/** The stand-ins of one linking. */
export class LateBindings {
  readonly #wanted = new Map<FuncInstance, { readonly module: string; readonly name: string }>();
  readonly #found = new Map<unknown, FuncInstance>();

  /** A stand-in for a function of a module that is being linked. */
  add(module: string, name: string, type: DefType): FuncInstance {
    const standIn = allocateHostFunc(type, () => {
      throw unlinkable(module, name, 'called before it was linked');
    });
    this.#wanted.set(standIn, { module, name });
    return standIn;
  }

  /**
   * Replaces stand-ins by their functions.
   *
   * @throws UnlinkableError if a module does not export the function, or exports one of another type
   */
  bind(byName: ReadonlyMap<string, ModuleInstance>): void {
    for (const standIn of this.#wanted.keys()) this.#found.set(standIn, this.#find(standIn, byName));
    for (const instance of byName.values()) this.bindIn(instance);
  }

  /** Does the same in an instance that was made after all others were linked. */
  bindIn(instance: ModuleInstance): void {
    if (this.#found.size > 0) replaceAll(instance, this.#found);
  }

  /** The function of a stand-in, through modules that only re-export it. All of them export it: `checkImports`. */
  #find(standIn: FuncInstance, byName: ReadonlyMap<string, ModuleInstance>): FuncInstance {
    let item: ExternInstance | undefined = standIn;
    for (let hops = 0; item instanceof FuncInstance; hops++) {
      const wanted = this.#wanted.get(item);
      if (wanted === undefined) return item;
      const { module, name } = wanted;
      if (hops > this.#wanted.size) throw unlinkable(module, name, 'is re-exported in a cycle');
      const next: ExternInstance = byName.get(module)!.exports.get(name)!;
      if (!(next instanceof FuncInstance) || !matchesDefType(next.type, item.type))
        throw mismatch(module, name, item);
      item = next;
    }
    return standIn;
  }
}

const replaceAll = (instance: ModuleInstance, found: ReadonlyMap<unknown, FuncInstance>): void => {
  const replace = (list: unknown[]): void => {
    list.forEach((item, i) => {
      const target = found.get(item);
      if (target !== undefined) list[i] = target;
    });
  };
  replace(instance.funcs);
  replace(instance.globalRefs);
  for (const { elements } of instance.tables) replace(elements);
  for (const segment of instance.elements) replace(segment as unknown[]);
  for (const [name, item] of instance.exports) {
    const target = found.get(item);
    // The map is read-only elsewhere: an instance's exports are fixed once it is linked.
    if (target !== undefined) (instance.exports as Map<string, ExternInstance>).set(name, target);
  }
};

const unlinkable = (module: string, name: string, reason: string): Error =>
  new UnlinkableError('unlinkable.unknown-import', {
    module,
    name,
    detail: `cannot resolve import "${nameText(module)}" "${nameText(name)}": ${reason}`,
  });

const mismatch = (module: string, name: string, { type }: FuncInstance): Error => {
  const expected = `func ${funcTypeName(type.comp as FuncType)}`;
  return new UnlinkableError('unlinkable.incompatible-import', {
    module,
    name,
    expected,
    detail: `"${nameText(module)}" "${nameText(name)}": expected ${expected}`,
  });
};
