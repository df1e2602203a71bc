/** Compiling, validating, and the class `Module`. @spec modules */
import { asBytes } from '../errors/bytes.ts';
import { isObjectOrFunction } from '../errors/checks.ts';
import { nameText } from '../errors/texts.ts';
import { compileModule } from '../interpreter/instantiate/instantiate.ts';
import { matchesDefType, matchesValType } from '../syntax/matching.ts';
import type { ExternKind, Import } from '../syntax/module.ts';
import { HEAP_EXTERN, refType } from '../syntax/types.ts';
import { toNativeError } from './errors.ts';
import { builtinOf } from './js-string.ts';
import type { Realm } from './realm.ts';
import { bind, brand, type ModuleSlot, slotOf } from './slots.ts';
import { asInterface, copyBytes, toDictionary, toScalarString, toSequence } from './web-idl.ts';

/** The options of compiling. */
interface CompileOptions {
  readonly builtins: readonly string[];
  readonly stringModule: string | null;
}

/** Reads `WebAssemblyCompileOptions`. */
export const toCompileOptions = (value: unknown): CompileOptions => {
  const { builtins, importedStringConstants } = toDictionary(value, 'the options');
  return {
    builtins:
      builtins === undefined ? [] : toSequence(builtins, 'builtins').map((name) => toScalarString(name)),
    stringModule:
      importedStringConstants === undefined || importedStringConstants === null
        ? null
        : toScalarString(importedStringConstants),
  };
};

const EXTERN = refType(HEAP_EXTERN, false);

/** Whether an import is a string constant or a builtin whose type differs from the one in the module. */
const isMistyped = ({ module, name, desc }: Import, { builtins, stringModule }: CompileOptions): boolean => {
  if (module === stringModule)
    return desc.kind !== 'global' || desc.type.isMutable || !matchesValType(EXTERN, desc.type.type);
  const builtin = builtinOf(module, name, builtins);
  return builtin !== null && (desc.kind !== 'func' || !matchesDefType(builtin.type, desc.type));
};

/**
 * Compiles bytes that nothing else can change.
 * @throws CompileError
 */
export const compileBytes = (realm: Realm, bytes: Uint8Array, options: CompileOptions): ModuleSlot => {
  const { builtins, stringModule } = options;
  const { CompileError } = realm.errors;
  let slot: ModuleSlot;
  try {
    const compiled = compileModule(bytes, realm.features);
    slot = { kind: 'module', compiled, builtins, stringModule };
  } catch (error) {
    throw toNativeError(realm.errors, error, true);
  }
  if (new Set(builtins).size !== builtins.length)
    throw new CompileError('a set of builtins is named more than once');
  for (const entry of slot.compiled.module.imports) {
    if (isMistyped(entry, options))
      throw new CompileError(
        `the import "${nameText(entry.module)}" "${nameText(entry.name)}" is a builtin of another type`,
      );
  }
  return slot;
};

/**
 * Key of the bytes in the clone of a module that was sent to a worker. In the standard, modules can be cloned; a
 * clone of an ordinary object is a copy of its enumerable properties, so this property carries the bytes.
 */
const CLONE_KEY = 'quern:module';
interface Clone {
  readonly bytes: Uint8Array;
  readonly builtins: readonly string[];
  readonly stringModule: string | null;
}

/** Makes an object represent a module, so that it can be sent to a worker. */
const bindModule = <T extends object>(object: T, slot: ModuleSlot): T => {
  const clone = (): Clone => {
    const { compiled, builtins, stringModule } = slot;
    return { bytes: compiled.module.bytes, builtins, stringModule };
  };
  Object.defineProperty(object, CLONE_KEY, { get: clone, enumerable: true, configurable: true });
  return bind(object, slot);
};

/** The module that was sent to this worker as an object; undefined for any other value. */
const received = (realm: Realm, value: unknown): ModuleSlot | undefined => {
  const clone = isObjectOrFunction(value)
    ? Object.getOwnPropertyDescriptor(value, CLONE_KEY)?.value
    : undefined;
  const { bytes, builtins, stringModule } = (clone ?? {}) as Partial<Clone>;
  const own = asBytes(bytes);
  if (own === null) return undefined;
  const options = { builtins, importedStringConstants: stringModule };
  const slot = compileBytes(realm, own.slice(), toCompileOptions(options));
  delete (value as Record<string, unknown>)[CLONE_KEY];
  Object.setPrototypeOf(value, realm.prototypes.module);
  bindModule(value as object, slot);
  return slot;
};

/** The module that a value represents, if any. */
export const moduleOf = (realm: Realm, value: unknown): ModuleSlot | undefined =>
  slotOf(value, 'module') ?? received(realm, value);

/** The same. @throws TypeError if it represents none */
export const toModule = (realm: Realm, value: unknown, what: string): ModuleSlot =>
  moduleOf(realm, value) ?? brand(value, 'module', what);

/** The object of a module. */
export const moduleObject = (realm: Realm, slot: ModuleSlot): object =>
  bindModule(Object.create(realm.prototypes.module) as object, slot);

/** Whether bytes are a module that `compileBytes` accepts. */
export const isValid = (realm: Realm, bytes: Uint8Array, options: CompileOptions): boolean => {
  try {
    compileBytes(realm, bytes, options);
    return true;
  } catch (error) {
    if (error instanceof realm.errors.CompileError) return false;
    throw error;
  }
};

/** Names of the kinds of imports and exports. @spec string-value-of-the-extern-type */
const kindNames: Readonly<Record<ExternKind, string>> = {
  func: 'function',
  table: 'table',
  memory: 'memory',
  global: 'global',
  tag: 'tag',
};

/** The class `Module`. */
export const makeModuleClass = (realm: Realm) =>
  asInterface(
    class Module {
      constructor(bytes: unknown, options: unknown = undefined) {
        const copy = copyBytes(bytes);
        bindModule(this, compileBytes(realm, copy, toCompileOptions(options)));
      }

      static exports(module: unknown): object[] {
        const { compiled } = toModule(realm, module, 'the argument');
        return compiled.module.exports.map(({ name, kind }) => ({ name, kind: kindNames[kind] }));
      }

      static imports(module: unknown): object[] {
        const { compiled, builtins, stringModule } = toModule(realm, module, 'the argument');
        return compiled.module.imports
          .filter(
            (entry) =>
              entry.module !== stringModule && builtinOf(entry.module, entry.name, builtins) === null,
          )
          .map(({ module: from, name, desc }) => ({ module: from, name, kind: kindNames[desc.kind] }));
      }

      static customSections(module: unknown, sectionName: unknown): ArrayBuffer[] {
        const { compiled } = toModule(realm, module, 'the first argument');
        if (sectionName === undefined) throw new TypeError('the name of the sections is missing');
        const wanted = `${sectionName as string}`;
        const { bytes, customs } = compiled.module;
        return customs
          .filter(({ name }) => name === wanted)
          .map(({ start, end }) => bytes.slice(start, end).buffer as ArrayBuffer);
      }
    },
  );
