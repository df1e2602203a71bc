/** The class `Global`. @spec globals */
import { GlobalInstance } from '../interpreter/instances/global.ts';
import { type GlobalType, isRef, type ValType } from '../syntax/types.ts';
import type { Realm } from './realm.ts';
import { bind, brand, objectOf } from './slots.ts';
import { defaultRef, fromRef, isHidden, readJsValue, toRef, toValueType, writeJsValue } from './values.ts';
import { asInterface, toDictionary } from './web-idl.ts';

export const globalObject = (realm: Realm, global: GlobalInstance): object =>
  objectOf(global, () => Object.create(realm.prototypes.global) as object);

/** A global with a value of JavaScript. @throws TypeError, or what converting the value threw */
export const makeGlobal = (type: GlobalType, value: unknown): GlobalInstance => {
  if (isRef(type.type)) return new GlobalInstance(type, toRef(value, type.type));
  const words = new Int32Array(4);
  writeJsValue(type.type, value, words, 0, []);
  const global = new GlobalInstance(type, 0n, new Int32Array(4));
  global.words.set(words);
  return global;
};

const readGlobal = (realm: Realm, { type, words, offset, refs, refIndex }: GlobalInstance): unknown => {
  if (isHidden(type.type)) throw new TypeError('the value is one that JavaScript cannot see');
  return isRef(type.type)
    ? fromRef(refs[refIndex], realm.functionObject)
    : readJsValue(type.type, words, offset, [], realm.functionObject);
};

const missing = (type: GlobalType): GlobalInstance =>
  new GlobalInstance(type, isRef(type.type) ? defaultRef(type.type) : 0n);

const toType = (descriptor: unknown): GlobalType => {
  const { mutable, value } = toDictionary(descriptor, 'the descriptor');
  const type: ValType = toValueType(value, 'value');
  return { type, isMutable: Boolean(mutable) };
};

/** The class `Global`. */
export const makeGlobalClass = (realm: Realm) =>
  asInterface(
    class Global {
      constructor(descriptor: unknown, value: unknown = undefined) {
        const type = toType(descriptor);
        if (isHidden(type.type)) throw new TypeError('JavaScript cannot make a global of this type');
        bind(this, value === undefined ? missing(type) : makeGlobal(type, value));
      }

      valueOf(): unknown {
        return readGlobal(realm, brand(this, 'global'));
      }

      get value(): unknown {
        return readGlobal(realm, brand(this, 'global'));
      }

      set value(value: unknown) {
        const global = brand(this, 'global');
        const { type, words, offset, refs, refIndex } = global;
        if (isHidden(type.type)) throw new TypeError('the value is one that JavaScript cannot see');
        if (!type.isMutable) throw new TypeError('the global is immutable');
        if (isRef(type.type)) refs[refIndex] = toRef(value, type.type);
        else writeJsValue(type.type, value, words, offset, []);
      }
    },
  );
