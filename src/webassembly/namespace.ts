/**
 * The namespace object with its classes and functions. @spec webassembly-namespace
 *
 * Everything that compiles or instantiates does so on this thread; the asynchronous functions do it in a separate
 * microtask, and read their arguments when the standard says.
 */
import { jsTag, makeExceptionClass, makeTagClass, tagObject, thrownValue } from './exception.ts';
import { functionObject } from './functions.ts';
import { makeGlobalClass } from './global.ts';
import { instanceObject, instantiateCore, makeInstanceClass, readImports } from './instance.ts';
import { makeMemoryClass } from './memory.ts';
import {
  compileBytes,
  isValid,
  makeModuleClass,
  moduleObject,
  moduleOf,
  toCompileOptions,
} from './module.ts';
import { makeSuspendingClass, promising } from './promises.ts';
import { type Realm, realmBasics, type WebAssemblyOptions } from './realm.ts';
import type { ModuleSlot } from './slots.ts';
import { bytesOf } from './streaming.ts';
import { makeTableClass } from './table.ts';
import type { WebAssemblyNamespace } from './types.ts';
import { copyBytes, define, NAMESPACE, tag } from './web-idl.ts';

/** What the parts of a namespace share, except for its classes. */
export const makeRealm = (options: WebAssemblyOptions): Realm => {
  const none = {};
  const realm: Realm = {
    ...realmBasics(options),
    prototypes: {
      module: none,
      instance: none,
      memory: none,
      table: none,
      global: none,
      tag: none,
      exception: none,
    },
    functionObject: (func) => functionObject(realm, func),
    thrownValue: (exception) => thrownValue(realm, exception),
  };
  return realm;
};

/** Instantiates in a separate task, with arguments that were read before. */
const instantiateLater = async (
  realm: Realm,
  module: ModuleSlot,
  imports: ReturnType<typeof readImports>,
): Promise<object> => {
  await undefined;
  return instanceObject(realm, instantiateCore(realm, module, imports));
};

/** Compiles and then instantiates; returns both. */
const instantiateBytes = async (
  realm: Realm,
  bytes: Uint8Array,
  importObject: unknown,
  options: unknown,
): Promise<object> => {
  const compileOptions = toCompileOptions(options);
  await undefined;
  const slot = compileBytes(realm, bytes, compileOptions);
  const module = moduleObject(realm, slot);
  const instance = await instantiateLater(realm, slot, readImports(realm, slot, importObject));
  return { module, instance };
};

const makeFunctions = (realm: Realm) => ({
  validate: (bytes: unknown, options: unknown = undefined): boolean =>
    isValid(realm, copyBytes(bytes), toCompileOptions(options)),

  compile: async (bytes: unknown, options: unknown = undefined): Promise<object> => {
    const copy = copyBytes(bytes);
    const compileOptions = toCompileOptions(options);
    await undefined;
    return moduleObject(realm, compileBytes(realm, copy, compileOptions));
  },

  instantiate: async (
    source: unknown,
    importObject: unknown = undefined,
    options: unknown = undefined,
  ): Promise<object> => {
    const module = moduleOf(realm, source);
    if (module !== undefined)
      return instantiateLater(realm, module, readImports(realm, module, importObject));
    return instantiateBytes(realm, copyBytes(source), importObject, options);
  },

  compileStreaming: async (source: unknown, options: unknown = undefined): Promise<object> => {
    const compileOptions = toCompileOptions(options);
    return moduleObject(realm, compileBytes(realm, await bytesOf(source), compileOptions));
  },

  instantiateStreaming: async (
    source: unknown,
    importObject: unknown = undefined,
    options: unknown = undefined,
  ): Promise<object> => instantiateBytes(realm, await bytesOf(source), importObject, options),

  promising: (wasmFunc: unknown): object => promising(realm, wasmFunc),
});

/**
 * Makes a namespace in the standard's form, on this engine.
 *
 * ```js
 * const wasm = createWebAssembly({ fuel: 10_000, maxPages: 1024 });
 * const { instance } = await wasm.instantiate(doubleWasm);
 * console.log(instance.exports.double(21)); // → 42
 * ```
 */
export const createWebAssembly = (options: WebAssemblyOptions = {}): WebAssemblyNamespace => {
  const realm = makeRealm(options);
  const classes = {
    Module: makeModuleClass(realm),
    Instance: makeInstanceClass(realm),
    Memory: makeMemoryClass(realm),
    Table: makeTableClass(realm),
    Global: makeGlobalClass(realm),
    Tag: makeTagClass(),
    Exception: makeExceptionClass(realm),
    Suspending: makeSuspendingClass(),
  };
  const { prototypes } = realm;
  prototypes.module = classes.Module.prototype;
  prototypes.instance = classes.Instance.prototype;
  prototypes.memory = classes.Memory.prototype;
  prototypes.table = classes.Table.prototype;
  prototypes.global = classes.Global.prototype;
  prototypes.tag = classes.Tag.prototype;
  prototypes.exception = classes.Exception.prototype;

  const namespace = makeFunctions(realm);
  for (const [name, value] of Object.entries({ ...classes, ...realm.errors })) define(namespace, name, value);
  Object.defineProperty(namespace, 'JSTag', {
    get: () => tagObject(realm, jsTag),
    enumerable: true,
    configurable: true,
  });
  tag(namespace, NAMESPACE);
  return namespace as unknown as WebAssemblyNamespace;
};
