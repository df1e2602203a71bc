/** `Tag`, `Exception` and the tag of what JavaScript throws. @spec tags, exceptions */
import { ExceptionInstance } from '../interpreter/instances/exception.ts';
import { TagInstance } from '../interpreter/instances/tag.ts';
import { funcDefType } from '../syntax/canonical-types.ts';
import { EXTERNREF, slotsOf } from '../syntax/types.ts';
import type { Realm } from './realm.ts';
import { bind, brand, objectOf, slotOf } from './slots.ts';
import { isHidden, readJsValue, toValueType, writeJsValues } from './values.ts';
import { asInterface, toDictionary, toSequence, toU32 } from './web-idl.ts';

/** Tag of exceptions that carry a value thrown by JavaScript. @spec javascript-exception-tag */
export const jsTag = new TagInstance({ type: funcDefType([EXTERNREF], []) });

const makeException = (tag: TagInstance, values: readonly unknown[]): ExceptionInstance => {
  const words = new Int32Array(2 * tag.slotCount);
  const refs: unknown[] = [];
  writeJsValues(tag.signature.params, values, words, 0, refs);
  return new ExceptionInstance(tag, words, refs);
};

/** The guest's view of a value that a function of JavaScript threw. */
export const asException = (thrown: unknown): ExceptionInstance =>
  slotOf(thrown, 'exn') ?? makeException(jsTag, [thrown]);

/** A value that an exception carries, for JavaScript. */
const payloadAt = (realm: Realm, { tag, words, refs }: ExceptionInstance, index: number): unknown => {
  const { params } = tag.signature;
  const at = params.slice(0, index).reduce((sum, type) => sum + 2 * slotsOf(type), 0);
  return readJsValue(params[index]!, words, at, refs, realm.functionObject);
};

/** What JavaScript catches if nothing in the guest does. */
export const thrownValue = (realm: Realm, exception: ExceptionInstance): unknown =>
  exception.tag === jsTag
    ? payloadAt(realm, exception, 0)
    : objectOf(exception, () => Object.create(realm.prototypes.exception) as object);

export const tagObject = (realm: Realm, tag: TagInstance): object =>
  objectOf(tag, () => Object.create(realm.prototypes.tag) as object);

/** The class `Tag`. */
export const makeTagClass = () =>
  asInterface(
    class Tag {
      constructor(type: unknown) {
        const { parameters } = toDictionary(type, 'the type of a tag');
        const params = toSequence(parameters, 'parameters').map((name) => toValueType(name, 'a parameter'));
        bind(this, new TagInstance({ type: funcDefType(params, []) }));
      }
    },
  );

const stacks = new WeakMap<object, string>();

/** The class `Exception`. */
export const makeExceptionClass = (realm: Realm) =>
  asInterface(
    class Exception {
      constructor(exceptionTag: unknown, payload: unknown, options: unknown = undefined) {
        const tag = brand(exceptionTag, 'tag', 'the first argument');
        const values = toSequence(payload, 'the payload');
        const { traceStack } = toDictionary(options, 'the options');
        const { params } = tag.signature;
        if (tag === jsTag) throw new TypeError('to make an exception of JSTag, throw its value');
        if (values.length !== params.length)
          throw new TypeError(`expected ${params.length} values, got ${values.length}`);
        if (params.some(isHidden)) throw new TypeError('the tag has values that JavaScript cannot see');
        bind(this, makeException(tag, values));
        if (traceStack) stacks.set(this, new Error().stack ?? '');
      }

      is(exceptionTag: unknown): boolean {
        return brand(this, 'exn').tag === brand(exceptionTag, 'tag', 'the argument');
      }

      getArg(exceptionTag: unknown, index: unknown): unknown {
        const exception = brand(this, 'exn');
        const tag = brand(exceptionTag, 'tag', 'the first argument');
        const at = toU32(index, 'the index');
        if (exception.tag !== tag) throw new TypeError('the exception has another tag');
        const { params } = tag.signature;
        if (at >= params.length) throw new RangeError(`the exception has ${params.length} values`);
        if (isHidden(params[at]!)) throw new TypeError('the value is one that JavaScript cannot see');
        return payloadAt(realm, exception, at);
      }

      get stack(): string | undefined {
        brand(this, 'exn');
        return stacks.get(this);
      }
    },
  );
