/**
 * Writes references, and the objects that they lead to: each object once.
 *
 * Objects are numbered in the order in which they are met; what they hold is met in turn, one after the other
 * and not by recursion, so that no depth of nesting is too much.
 */
import { SnapshotError } from '../../errors/errors.ts';
import { F32, I32, isRef, slotsOf, V128, type ValType } from '../../syntax/types.ts';
import { ArrayInstance, elementBytes, StructInstance, structLayout } from '../instances/aggregate.ts';
import { ExceptionInstance } from '../instances/exception.ts';
import { FuncInstance } from '../instances/module-instance.ts';
import { isI31 } from '../instances/references.ts';
import { CANONICAL_NAN_64_HIGH } from '../numerics/floats.ts';
import type { Inventory } from './inventory.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Leading byte of a reference. */
export const NULL = 0;
export const I31_REF = 1;
export const FUNC_REF = 2;
export const OBJECT_REF = 3;

/** Leading byte of an object. */
export const STRUCT = 0;
export const ARRAY = 1;
export const EXCEPTION = 2;
/** A value of the embedder, by its name. */
export const HOST_NAMED = 3;
export const HOST_FALSE = 4;
export const HOST_TRUE = 5;
export const HOST_NUMBER = 6;
export const HOST_STRING = 7;

/**
 * Returns the name of a value of the embedder that a plug-in holds; undefined if it has no name.
 *
 * Example: see `SnapshotSource`.
 */
export type NameHostValue = (value: unknown) => string | undefined;

export class ReferenceWriter {
  private readonly out: SnapshotWriter;
  private readonly inventory: Inventory;
  private readonly nameOf: NameHostValue;
  private objects: unknown[] = [];
  private numbers = new Map<unknown, number>();

  constructor(out: SnapshotWriter, inventory: Inventory, nameOf: NameHostValue = () => undefined) {
    this.out = out;
    this.inventory = inventory;
    this.nameOf = nameOf;
  }

  /** Writes references to another writer, with the same numbers. */
  into(out: SnapshotWriter): ReferenceWriter {
    const other = new ReferenceWriter(out, this.inventory, this.nameOf);
    other.objects = this.objects;
    other.numbers = this.numbers;
    return other;
  }

  /** Numbers the object that a reference leads to, so that `writeObjects` writes it. */
  meet(ref: unknown): void {
    if (ref === null || ref === undefined || ref instanceof FuncInstance) return;
    if (isI31(ref)) return;
    this.numberOf(ref);
  }

  private numberOf(object: unknown): number {
    let number = this.numbers.get(object);
    if (number === undefined) {
      number = this.objects.length;
      this.numbers.set(object, number);
      this.objects.push(object);
    }
    return number;
  }

  ref(ref: unknown): void {
    const { out } = this;
    if (ref === null || ref === undefined) {
      out.u8(NULL);
    } else if (ref instanceof FuncInstance) {
      const number = this.inventory.funcs.numberOf(ref, 'a function');
      out.u8(FUNC_REF);
      out.uint(number);
    } else if (isI31(ref)) {
      out.u8(I31_REF);
      out.u32(ref);
    } else {
      out.u8(OBJECT_REF);
      out.uint(this.numberOf(ref));
    }
  }

  /** A value in a frame at the word `at`. */
  value(type: ValType, words: Int32Array, at: number, refs: readonly unknown[]): void {
    if (isRef(type)) {
      this.ref(refs[at >> 1]);
      return;
    }
    const count = type === I32 || type === F32 ? 1 : type === V128 ? 4 : 2;
    for (let i = 0; i < count; i++) this.out.u32(words[at + i]!);
  }

  /** Follows references until all objects are known. */
  private meetAll(): void {
    for (let i = 0; i < this.objects.length; i++) {
      const object = this.objects[i];
      if (object instanceof StructInstance) {
        const { fields } = structLayout(object.type);
        this.meet(object.descriptor);
        for (const { start, width } of fields) if (width === 0) this.meet(object.values[start]);
      } else if (object instanceof ArrayInstance) {
        if (object.width === 0) for (const ref of object.elements) this.meet(ref);
      } else if (object instanceof ExceptionInstance) {
        for (const ref of object.refs) this.meet(ref);
      }
    }
  }

  /** Writes all objects that were found. */
  writeObjects(): void {
    this.meetAll();
    const { out, objects } = this;
    out.list(objects, (object) => this.head(object));
    for (const object of objects) this.contents(object);
  }

  private head(object: unknown): void {
    const { out, inventory } = this;
    if (object instanceof StructInstance || object instanceof ArrayInstance) {
      const { module, index } = inventory.placeOfType(object.type);
      out.u8(object instanceof StructInstance ? STRUCT : ARRAY);
      out.uint(module);
      out.uint(index);
      if (object instanceof ArrayInstance) out.uint(object.length);
    } else if (object instanceof ExceptionInstance) {
      out.u8(EXCEPTION);
      out.uint(inventory.tags.numberOf(object.tag, 'an exception of a tag'));
    } else this.hostValue(object);
  }

  private hostValue(value: unknown): void {
    const { out } = this;
    switch (typeof value) {
      case 'boolean':
        out.u8(value ? HOST_TRUE : HOST_FALSE);
        return;
      case 'number': {
        const bits = new DataView(new ArrayBuffer(8));
        bits.setFloat64(0, value, true);
        out.u8(HOST_NUMBER);
        // DETERMINISM: the bits of a NaN are the JavaScript engine's choice.
        out.u32(Number.isNaN(value) ? 0 : bits.getInt32(0, true));
        out.u32(Number.isNaN(value) ? CANONICAL_NAN_64_HIGH : bits.getInt32(4, true));
        return;
      }
      case 'string':
        out.u8(HOST_STRING);
        // Code units: a JavaScript string need not be well-formed.
        out.uint(value.length);
        for (let i = 0; i < value.length; i++) out.uint(value.charCodeAt(i));
        return;
      default: {
        const name = this.nameOf(value);
        if (typeof name !== 'string') {
          throw new SnapshotError('snapshot.unsupported', {
            detail: `the plug-in holds a value of the host, ${describe(value)}, that has no name`,
          });
        }
        out.u8(HOST_NAMED);
        out.text(name);
      }
    }
  }

  private contents(object: unknown): void {
    const { out } = this;
    if (object instanceof StructInstance) {
      if (object.type.descriptor !== null) this.ref(object.descriptor);
      for (const { start, width } of structLayout(object.type).fields) {
        if (width === 0) this.ref(object.values[start]);
        else for (let i = 0; i < width; i++) out.u32(object.values[start + i] as number);
      }
    } else if (object instanceof ArrayInstance) {
      const { elements, width } = object;
      if (width === 0) for (const ref of elements) this.ref(ref);
      else this.packed(elements as Int32Array, elementBytes(object.type) / width);
    } else if (object instanceof ExceptionInstance) {
      let at = 0;
      for (const type of object.tag.signature.params) {
        this.value(type, object.words, at, object.refs);
        at += 2 * slotsOf(type);
      }
    }
  }

  /** Numbers of 1, 2 or 4 bytes, little-endian. */
  private packed(elements: Int32Array, byteCount: number): void {
    const { out } = this;
    for (const element of elements) {
      if (byteCount === 4) out.u32(element);
      else {
        out.u8(element & 255);
        if (byteCount === 2) out.u8((element >> 8) & 255);
      }
    }
  }
}

const describe = (value: unknown): string => {
  const name = typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value;
  return name === 'Object' ? 'an object' : `a ${name}`;
};
