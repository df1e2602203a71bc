/**
 * Structures and arrays as JavaScript sees them: opaque objects without a prototype or properties, which can get
 * neither. @spec gc-exotic-objects
 */
import { isObject } from '../errors/checks.ts';
import { ArrayInstance, StructInstance } from '../interpreter/instances/aggregate.ts';

type Aggregate = StructInstance | ArrayInstance;

const objects = new WeakMap<Aggregate, object>();
const aggregates = new WeakMap<object, Aggregate>();

/** All share one target: it is empty, and their identity is that of the proxy. */
const target: object = Object.preventExtensions(Object.create(null) as object);
const refuse = (): never => {
  throw new TypeError('an object of WebAssembly has no properties');
};
const handler: ProxyHandler<object> = {
  setPrototypeOf: () => false,
  preventExtensions: () => false,
  defineProperty: () => false,
  set: refuse,
  deleteProperty: refuse,
};

export const isAggregate = (value: unknown): value is Aggregate =>
  value instanceof StructInstance || value instanceof ArrayInstance;

/** The object of a structure or array; always the same one. */
export const aggregateObject = (aggregate: Aggregate): object => {
  let object = objects.get(aggregate);
  if (object === undefined) {
    object = new Proxy(target, handler);
    objects.set(aggregate, object);
    aggregates.set(object, aggregate);
  }
  return object;
};

/** The structure or array that an object represents; undefined for any other value. */
export const aggregateOf = (value: unknown): Aggregate | undefined =>
  isObject(value) ? aggregates.get(value) : undefined;
