/**
 * What a guest allocates outside memories: structures, arrays, exceptions, elements of tables. The host's collector
 * frees them without notice, so they count against the budget of the store from the time they are made.
 *
 * DETERMINISM: an object counts by a formula, and stops counting when an outermost call begins and first finds it
 * unreachable. Between calls no frame holds anything, so what is reachable depends only on the program; in the middle
 * of a call it would depend on which slots the compiled code happened to leave filled.
 */
import { isObject } from '../../errors/checks.ts';
import { isRef } from '../../syntax/types.ts';
import { ArrayInstance, arrayBytes, StructInstance, structBytes } from './aggregate.ts';
import { ExceptionInstance, exceptionBytes } from './exception.ts';
import { FuncInstance, type ModuleInstance } from './module-instance.ts';
import type { TableInstance } from './table.ts';

/**
 * The share of the budget that must have been used since the last check: a check costs as much as there are objects.
 */
const SHARE = 1 / 16;

export type HeapObject = StructInstance | ArrayInstance | ExceptionInstance;

/** Bytes that an object counts as. */
export const bytesOf = (object: HeapObject): number =>
  object instanceof StructInstance
    ? structBytes(object.type)
    : object instanceof ArrayInstance
      ? arrayBytes(object.type, object.length)
      : exceptionBytes(object.tag);

/** The references of an object, among other values. */
const contentsOf = (object: HeapObject): Iterable<unknown> =>
  object instanceof StructInstance
    ? object.descriptor === null
      ? object.values
      : [object.descriptor, ...object.values]
    : object instanceof ExceptionInstance
      ? object.refs
      : object.width === 0
        ? (object.elements as readonly unknown[])
        : [];

let lastMark = 0;

/** A walk over everything that is reachable from an instance; it counts bytes. */
class Walk {
  bytes = 0;
  private readonly mark = ++lastMark;
  /** Marked and counted, but not visited yet. */
  private readonly pending: HeapObject[] = [];
  private readonly instances = new Set<ModuleInstance>();
  private readonly tables = new Set<TableInstance>();

  visitAll(values: Iterable<unknown>): void {
    for (const value of values) if (isObject(value)) this.visit(value);
  }

  private visit(value: object): void {
    if (
      value instanceof StructInstance ||
      value instanceof ArrayInstance ||
      value instanceof ExceptionInstance
    ) {
      if (value.mark === this.mark) return;
      value.mark = this.mark;
      this.bytes += bytesOf(value);
      this.pending.push(value);
    } else if (value instanceof FuncInstance && value.instance !== null) {
      this.instances.add(value.instance);
    }
  }

  /** Instances are few, and a set that grows during iteration is iterated to its end. */
  run(first: ModuleInstance): void {
    this.instances.add(first);
    for (const instance of this.instances) {
      this.visitAll(instance.funcs);
      for (const segment of instance.elements) this.visitAll(segment);
      for (const { type, refs, refIndex } of instance.globals) {
        if (isRef(type.type)) this.visitAll([refs[refIndex]]);
      }
      for (const table of instance.tables) {
        if (this.tables.has(table)) continue;
        this.tables.add(table);
        this.bytes += table.heapBytes;
        this.visitAll(table.elements);
      }
      for (let object = this.pending.pop(); object !== undefined; object = this.pending.pop())
        this.visitAll(contentsOf(object));
    }
  }
}

/**
 * Stops counting what is no longer reachable, if that may be worth it. Call it before an outermost call; a call that
 * has not ended may hold objects in its frames, and then nothing is done.
 *
 * @param args references that the call gets
 */
export const settleHeap = (instance: ModuleInstance, args: readonly unknown[]): void => {
  const { store } = instance;
  if (
    store.openCalls > 0 ||
    store.heapBytes < store.settleFrom ||
    store.maxHeapBytes === Number.POSITIVE_INFINITY
  )
    return;
  const walk = new Walk();
  walk.visitAll(args);
  walk.run(instance);
  store.heapBytes = walk.bytes;
  const most = store.maxHeapBytes;
  // If the budget is almost used up, every call checks: it may be garbage of the last one.
  store.settleFrom = Math.min(walk.bytes + most * SHARE, most - most * SHARE);
};
