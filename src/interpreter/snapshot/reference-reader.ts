/**
 * Restores the objects of a snapshot, and reads references to them.
 *
 * First all objects are made empty, then each is filled; so cycles need no special handling. No more is allocated
 * than the remaining bytes can fill, and every reference is checked against the type of its place.
 */

import { valTypeName } from '../../syntax/type-names.ts';
import {
  F32,
  HEAP_EXN,
  HEAP_FUNC,
  heapOf,
  I32,
  isNullable,
  isRef,
  refType,
  slotsOf,
  V128,
  type ValType,
} from '../../syntax/types.ts';
import {
  ArrayInstance,
  elementBytes,
  newArray,
  packedShift,
  StructInstance,
  structLayout,
} from '../instances/aggregate.ts';
import { ExceptionInstance } from '../instances/exception.ts';
import { bytesOf, type HeapObject } from '../instances/heap.ts';
import { FuncInstance } from '../instances/module-instance.ts';
import { matchesRef, toI31 } from '../instances/references.ts';
import type { Ref } from '../instances/values.ts';
import type { Inventory } from './inventory.ts';
import * as tag from './reference-writer.ts';
import { corrupt, foreign, type SnapshotReader } from './snapshot-reader.ts';

/**
 * Finds a value of the embedder by its name; see `NameHostValue`.
 *
 * Example: see `SnapshotSource`.
 */
export type FindHostValue = (name: string) => unknown;

/** Whether a reference may be in a place of the type. */
const fits = (ref: Ref, type: ValType): boolean => {
  if (ref === null) return isNullable(type);
  const heap = heapOf(type);
  if (heap === HEAP_FUNC) return ref instanceof FuncInstance;
  if (heap === HEAP_EXN) return ref instanceof ExceptionInstance;
  return matchesRef(ref, type);
};

export class ReferenceReader {
  private readonly inventory: Inventory;
  private readonly find: FindHostValue;
  private readonly objects: unknown[] = [];
  /** Bytes that the objects count as; the budget of the store has room for them. */
  heapBytes = 0;

  constructor(inventory: Inventory, find: FindHostValue) {
    this.inventory = inventory;
    this.find = find;
  }

  /** Reads a reference for a place of a type; a place that need not be set yet may be null. */
  ref(reader: SnapshotReader, type: ValType, mayBeUnset = false): Ref {
    const ref = this.any(reader);
    if (!fits(ref, type) && !(mayBeUnset && ref === null))
      throw corrupt(`a reference is not of type ${valTypeName(type)}`);
    return ref;
  }

  private any(reader: SnapshotReader): Ref {
    switch (reader.u8()) {
      case tag.NULL:
        return null;
      case tag.I31_REF: {
        const value = reader.i32();
        if (toI31(value) !== value) throw corrupt('an i31 does not fit 31 bits');
        return value;
      }
      case tag.FUNC_REF: {
        const { items } = this.inventory.funcs;
        return items[reader.index(items.length, 'function')]!;
      }
      case tag.OBJECT_REF:
        return this.objects[reader.index(this.objects.length, 'object')] as Ref;
      default:
        throw corrupt('unknown kind of reference');
    }
  }

  /** Reads a value into a frame at the word `at`. */
  value(
    reader: SnapshotReader,
    type: ValType,
    words: Int32Array,
    at: number,
    refs: unknown[],
    mayBeUnset = false,
  ): void {
    if (isRef(type)) {
      refs[at >> 1] = this.ref(reader, type, mayBeUnset);
      return;
    }
    const count = type === I32 || type === F32 ? 1 : type === V128 ? 4 : 2;
    for (let i = 0; i < count; i++) words[at + i] = reader.i32();
  }

  readObjects(reader: SnapshotReader): void {
    // Contents follow after all heads, and each field or element takes at least a byte there.
    let budget = reader.left;
    const spend = (byteCount: number): void => {
      budget -= byteCount;
      if (budget < 0) throw corrupt('more objects than its bytes can hold');
    };
    const made: HeapObject[] = [];
    const objects = reader.list(() => this.head(reader, spend, made));
    // References are resolved only now: any object may refer to any other.
    for (const object of objects) this.objects.push(object);
    for (const object of made) this.fill(reader, object);
  }

  /** Reads the kind of an object; `made` gets those that have contents. */
  private head(reader: SnapshotReader, spend: (byteCount: number) => void, made: HeapObject[]): unknown {
    const make = (object: HeapObject): HeapObject => {
      this.heapBytes += bytesOf(object);
      if (this.heapBytes > this.inventory.store.maxHeapBytes)
        throw foreign('it holds more than maxHeapBytes');
      made.push(object);
      return object;
    };
    switch (reader.u8()) {
      case tag.STRUCT: {
        const type = this.type(reader);
        if (type.comp.kind !== 'struct') throw corrupt('a structure whose type is not a structure type');
        spend(structLayout(type).defaults.length);
        return make(new StructInstance(type));
      }
      case tag.ARRAY: {
        const type = this.type(reader);
        if (type.comp.kind !== 'array') throw corrupt('an array whose type is not an array type');
        const length = reader.count();
        spend(length * (isRef(type.comp.element.storage) ? 1 : elementBytes(type)));
        const array = newArray(type, length);
        if (array === null) throw corrupt(`an array of ${length} elements is too large`);
        return make(array);
      }
      case tag.EXCEPTION: {
        const { items } = this.inventory.tags;
        const instance = items[reader.index(items.length, 'tag')]!;
        spend(instance.slotCount);
        const refs = instance.hasRefs ? new Array<Ref>(instance.slotCount).fill(null) : [];
        return make(new ExceptionInstance(instance, new Int32Array(2 * instance.slotCount), refs));
      }
      case tag.HOST_NAMED:
        return this.find(reader.text());
      case tag.HOST_FALSE:
        return false;
      case tag.HOST_TRUE:
        return true;
      case tag.HOST_NUMBER: {
        const bits = new DataView(new ArrayBuffer(8));
        bits.setInt32(0, reader.i32(), true);
        bits.setInt32(4, reader.i32(), true);
        return bits.getFloat64(0, true);
      }
      case tag.HOST_STRING: {
        let text = '';
        for (let count = reader.count(); count > 0; count--) text += String.fromCharCode(reader.uint(0xffff));
        return text;
      }
      default:
        throw corrupt('unknown kind of object');
    }
  }

  private type(reader: SnapshotReader): ArrayInstance['type'] {
    const { modules } = this.inventory;
    const { types } = modules[reader.index(modules.length, 'module')]!.module;
    return types[reader.index(types.length, 'type')]!;
  }

  private fill(reader: SnapshotReader, object: HeapObject): void {
    if (object instanceof StructInstance) this.fillStruct(reader, object);
    else if (object instanceof ArrayInstance) this.fillArray(reader, object);
    else {
      let at = 0;
      for (const type of object.tag.signature.params) {
        this.value(reader, type, object.words, at, object.refs as unknown[]);
        at += 2 * slotsOf(type);
      }
    }
  }

  private fillStruct(reader: SnapshotReader, struct: StructInstance): void {
    const { type, values } = struct;
    if (type.comp.kind !== 'struct') return;
    if (type.descriptor !== null) {
      const descriptor = this.ref(reader, refType(type.descriptor.id, false));
      // Only here does an object exist before its contents.
      (struct as { descriptor: StructInstance | null }).descriptor = descriptor as StructInstance;
    }
    const { fields } = structLayout(type);
    type.comp.fields.forEach(({ storage }, i) => {
      const { start, width, shift } = fields[i]!;
      if (width === 0) values[start] = this.ref(reader, storage);
      else for (let k = 0; k < width; k++) values[start + k] = (reader.i32() << shift) >> shift;
    });
  }

  private fillArray(reader: SnapshotReader, { type, elements, width }: ArrayInstance): void {
    if (type.comp.kind !== 'array') return;
    const { storage } = type.comp.element;
    const isNarrow = packedShift(storage) !== 0;
    for (let i = 0; i < elements.length; i++) {
      if (width === 0) elements[i] = this.ref(reader, storage);
      else if (!isNarrow) elements[i] = reader.i32();
      else elements[i] = elementBytes(type) === 1 ? reader.u8() : reader.u8() | (reader.u8() << 8);
    }
  }
}
