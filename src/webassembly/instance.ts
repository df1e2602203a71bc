/** Reading imports, instantiating, and the class `Instance`. @spec instances, read-the-imports */
import { isObjectOrFunction } from '../errors/checks.ts';
import { UnlinkableError } from '../errors/errors.ts';
import { nameText } from '../errors/texts.ts';
import type { ExternInstance, ModuleInstance } from '../interpreter/instances/module-instance.ts';
import { instantiate } from '../interpreter/instantiate/instantiate.ts';
import type { Import } from '../syntax/module.ts';
import { valTypeName } from '../syntax/type-names.ts';
import { F32, F64, I32, I64, V128 } from '../syntax/types.ts';
import { toNativeError } from './errors.ts';
import { tagObject } from './exception.ts';
import { type Callable, callFunction, hostFunctionOf, plainCode } from './functions.ts';
import { globalObject, makeGlobal } from './global.ts';
import { builtinOf } from './js-string.ts';
import { memoryObject } from './memory.ts';
import { toModule } from './module.ts';
import { suspendingCode } from './promises.ts';
import type { Realm } from './realm.ts';
import { bind, brand, type InstanceSlot, type ModuleSlot, slotOf } from './slots.ts';
import { tableObject } from './table.ts';
import { asInterface } from './web-idl.ts';

const where = ({ module, name }: Import): string => `"${nameText(module)}" "${nameText(name)}"`;

/** The error for an import that is missing, or of another kind than the module declares. */
const notFitting = (
  realm: Realm,
  entry: Import,
  value: unknown,
  wanted: string,
  cause?: unknown,
): unknown => {
  const { module, name } = entry;
  const code = value === undefined ? 'unlinkable.unknown-import' : 'unlinkable.incompatible-import';
  const detail = `${where(entry)}: not ${wanted}`;
  return toNativeError(
    realm.errors,
    new UnlinkableError(code, { module, name, expected: wanted, detail, cause }),
  );
};

/** The value of an import in the import object. */
const lookUp = (entry: Import, importObject: object): unknown => {
  const namespace: unknown = Reflect.get(importObject, entry.module);
  if (!isObjectOrFunction(namespace))
    throw new TypeError(`import ${where(entry)}: the module is not an object`);
  return Reflect.get(namespace, entry.name);
};

/** What a value is as an import. @throws LinkError when it is of another kind */
const toExtern = (realm: Realm, entry: Import, value: unknown, funcIndex: number): ExternInstance => {
  const { desc } = entry;
  if (desc.kind === 'func') {
    const suspending = slotOf(value, 'suspending');
    if (suspending !== undefined)
      return hostFunctionOf(realm, suspending.callable, desc.type, funcIndex, suspendingCode);
    if (typeof value !== 'function') throw notFitting(realm, entry, value, 'a function');
    return slotOf(value, 'func') ?? hostFunctionOf(realm, value as Callable, desc.type, funcIndex, plainCode);
  }
  const found = slotOf(value, desc.kind);
  if (found !== undefined) return found;
  if (desc.kind !== 'global') throw notFitting(realm, entry, value, `a ${desc.kind}`);
  const { type } = desc.type;
  const isWrongNumber =
    (type === I64 && typeof value !== 'bigint') ||
    ((type === I32 || type === F32 || type === F64) && typeof value !== 'number');
  if (isWrongNumber || type === V128) throw notFitting(realm, entry, value, valTypeName(type));
  try {
    return makeGlobal({ type, isMutable: false }, value);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw notFitting(realm, entry, value, valTypeName(type), cause);
  }
};

/**
 * Finds the imports of a module, in order. @spec read-the-imports
 * @throws TypeError, LinkError, or what a getter threw
 */
export const readImports = (realm: Realm, slot: ModuleSlot, importObject: unknown): ExternInstance[] => {
  if (importObject !== undefined && !isObjectOrFunction(importObject))
    throw new TypeError('the imports must be an object');
  const { module } = slot.compiled;
  const isOwn = (entry: Import): boolean =>
    entry.module === slot.stringModule || builtinOf(entry.module, entry.name, slot.builtins) !== null;
  if (importObject === undefined && !module.imports.every(isOwn))
    throw new TypeError('the module has imports, but the import object is missing');
  let funcIndex = 0;
  return module.imports.map((entry) => {
    const builtin = builtinOf(entry.module, entry.name, slot.builtins);
    const index = funcIndex;
    if (entry.desc.kind === 'func') funcIndex++;
    if (entry.module === slot.stringModule)
      return makeGlobal((entry.desc as Import['desc'] & { kind: 'global' }).type, entry.name);
    return builtin?.func ?? toExtern(realm, entry, lookUp(entry, importObject as object), index);
  });
};

/** The object of anything that a module exports. */
const externObject = (realm: Realm, extern: ExternInstance): object => {
  switch (extern.kind) {
    case 'func':
      return realm.functionObject(extern);
    case 'table':
      return tableObject(realm, extern);
    case 'memory':
      return memoryObject(realm, extern);
    case 'global':
      return globalObject(realm, extern);
    default:
      return tagObject(realm, extern);
  }
};

const exportsObject = (realm: Realm, instance: ModuleInstance): object => {
  const object: object = Object.create(null);
  for (const [name, extern] of instance.exports)
    Object.defineProperty(object, name, { value: externObject(realm, extern), enumerable: true });
  return Object.preventExtensions(object);
};

/**
 * Instantiates a module with imports that were read, and runs the start function.
 * @throws LinkError, RuntimeError, RangeError, or what a function of JavaScript threw
 */
export const instantiateCore = (
  realm: Realm,
  { compiled }: ModuleSlot,
  imports: readonly ExternInstance[],
): InstanceSlot => {
  let next = 0;
  let instance: ModuleInstance;
  try {
    instance = instantiate(realm.store, compiled, () => imports[next++], { skipStart: true });
  } catch (error) {
    throw toNativeError(realm.errors, error);
  }
  const { start } = compiled.module;
  if (start !== null) callFunction(realm, instance.funcs[start]!, []);
  return { kind: 'instance', exports: exportsObject(realm, instance) };
};

/** The object of an instance. */
export const instanceObject = (realm: Realm, slot: InstanceSlot): object =>
  bind(Object.create(realm.prototypes.instance) as object, slot);

/** The class `Instance`. */
export const makeInstanceClass = (realm: Realm) =>
  asInterface(
    class Instance {
      constructor(module: unknown, importObject: unknown = undefined) {
        const slot = toModule(realm, module, 'the first argument');
        bind(this, instantiateCore(realm, slot, readImports(realm, slot, importObject)));
      }

      get exports(): object {
        return brand(this, 'instance').exports;
      }
    },
  );
