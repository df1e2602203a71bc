/**
 * Structures and arrays (spec chapter Execution/Runtime, "Aggregate Instances"): ordinary JavaScript objects,
 * which the host's collector frees.
 *
 * Numbers are kept as the 32-bit words of their bits, so that no NaN payload passes through a JavaScript
 * number: 1 word for i32, f32 and packed fields (sign-extended), 2 for i64 and f64, 4 for v128.
 */
import { MAX_ARRAY_BYTES } from '../../syntax/limits.ts';
import {
  type ArrayType,
  type DefType,
  F64,
  I8,
  I16,
  I64,
  isRef,
  type StructType,
  V128,
  type ValType,
} from '../../syntax/types.ts';
import { moveRefs, REF_BYTES } from './table.ts';
import type { Ref } from './values.ts';

/** Words of a value of a storage type; 0 for references. */
export const wordsOf = (storage: ValType): 0 | 1 | 2 | 4 =>
  isRef(storage) ? 0 : storage === V128 ? 4 : storage === I64 || storage === F64 ? 2 : 1;

/** How far a word is shifted left and back right to sign-extend a packed value; 0 if it is not packed. */
export const packedShift = (storage: ValType): 0 | 16 | 24 =>
  storage === I8 ? 24 : storage === I16 ? 16 : 0;

/** The place of a field in `StructInstance.values`. */
interface FieldPlace {
  readonly start: number;
  readonly width: 0 | 1 | 2 | 4;
  readonly shift: number;
}
interface StructLayout {
  readonly fields: readonly FieldPlace[];
  /** What a structure counts as in the heap budget. */
  readonly byteLength: number;
  /** The values of a structure whose fields all have their defaults. */
  readonly defaults: readonly (0 | null)[];
}

/**
 * What a structure counts as without its contents. These are upper bounds of V8's use with pointers of 8 bytes: 104
 * for a structure of at least one field, 272 for an array of numbers, whose buffer is a separate object.
 */
const STRUCT_BYTES = 112;
const ARRAY_BYTES = 288;

/** The layout of a structure type. That of a subtype begins with that of its supertype. */
export const structLayout = (type: DefType): StructLayout => (type.layout as StructLayout) ?? layOut(type);

const layOut = (type: DefType): StructLayout => {
  const defaults: (0 | null)[] = [];
  const fields = (type.comp as StructType).fields.map(({ storage }): FieldPlace => {
    const start = defaults.length;
    const width = wordsOf(storage);
    if (width === 0) defaults.push(null);
    else for (let i = 0; i < width; i++) defaults.push(0);
    return { start, width, shift: packedShift(storage) };
  });
  const layout = { fields, defaults, byteLength: STRUCT_BYTES + REF_BYTES * defaults.length };
  type.layout = layout;
  return layout;
};

/** @spec syntax-structinst */
export class StructInstance {
  readonly type: DefType;
  /** The last time that it was found reachable; see `settleHeap`. */
  mark = 0;
  /** Words and references, field after field. */
  readonly values: (number | Ref)[];
  /** Null unless the type has a descriptor. */
  readonly descriptor: StructInstance | null;

  /** A structure of default values. */
  constructor(type: DefType, descriptor: StructInstance | null = null) {
    this.type = type;
    this.descriptor = descriptor;
    this.values = structLayout(type).defaults.slice();
  }
}

/** A structure of the values in a frame, from the word `base` on. @spec exec-struct.new */
export const structFrom = (
  type: DefType,
  words: Int32Array,
  base: number,
  refs: readonly unknown[],
  descriptor: StructInstance | null = null,
): StructInstance => {
  const struct = new StructInstance(type, descriptor);
  const { values } = struct;
  let k = base;
  for (const { start, width, shift } of structLayout(type).fields) {
    if (width === 0) values[start] = refs[k >> 1] as Ref;
    else if (width === 1) values[start] = (words[k]! << shift) >> shift;
    else for (let i = 0; i < width; i++) values[start + i] = words[k + i]!;
    k += width === 4 ? 4 : 2;
  }
  return struct;
};

type Elements = Int8Array | Int16Array | Int32Array | Ref[];

/** @spec syntax-arrayinst */
export class ArrayInstance {
  readonly type: DefType;
  /** The last time that it was found reachable; see `settleHeap`. */
  mark = 0;
  readonly length: number;
  /** Words of an element; 0 for references. Packed elements have arrays of the same width. */
  readonly width: 0 | 1 | 2 | 4;
  readonly elements: Elements;

  /** An array of default values; use `newArray`, which knows the limits. */
  constructor(type: DefType, length: number) {
    const { storage } = (type.comp as ArrayType).element;
    this.type = type;
    this.length = length;
    this.width = wordsOf(storage);
    this.elements =
      this.width === 0
        ? new Array<Ref>(length).fill(null)
        : storage === I8
          ? new Int8Array(length)
          : storage === I16
            ? new Int16Array(length)
            : new Int32Array(length * this.width);
  }

  /** Whether `count` elements from `start` on exist. */
  has(start: number, count: number): boolean {
    return start + count <= this.length;
  }

  /** Sets elements to the value in a frame at the word `k`. @spec exec-array.fill */
  fill(start: number, count: number, words: Int32Array, k: number, refs: readonly unknown[]): void {
    const { width, elements } = this;
    const end = start + count;
    if (width === 0) (elements as Ref[]).fill(refs[k >> 1] as Ref, start, end);
    else if (width === 1) (elements as Int32Array).fill(words[k]!, start, end);
    else for (let i = start * width; i < end * width; i++) elements[i] = words[k + (i % width)]!;
  }

  /** Moves elements of an array of the same storage type; the ranges may overlap. @spec exec-array.copy */
  copy(to: number, source: ArrayInstance, from: number, count: number): void {
    const { width, elements } = this;
    if (width === 0) this.setRefs(to, source.elements as Ref[], from, count);
    else if (source === this) elements.copyWithin(to * width, from * width, (from + count) * width);
    else {
      const words = (source.elements as Int32Array).subarray(from * width, (from + count) * width);
      (elements as Int32Array).set(words, to * width);
    }
  }

  /** Sets elements to references of a list. @spec exec-array.init_elem */
  setRefs(to: number, refs: readonly Ref[], from: number, count: number): void {
    moveRefs(this.elements as Ref[], to, refs, from, count);
  }

  /** Sets elements to the numbers in bytes. @spec exec-array.init_data */
  setBytes(to: number, bytes: Uint8Array, from: number, count: number): void {
    const { buffer } = this.elements as Int32Array;
    const size = elementBytes(this.type);
    new Uint8Array(buffer, to * size).set(bytes.subarray(from, from + count * size));
  }
}

/** Bytes of an element, in a data segment and against the limit; a reference counts as 8. */
export const elementBytes = (type: DefType): number => {
  const { storage } = (type.comp as ArrayType).element;
  return storage === I8 ? 1 : storage === I16 ? 2 : 4 * wordsOf(storage) || REF_BYTES;
};

/** What a structure counts as in the heap budget. */
export const structBytes = (type: DefType): number => structLayout(type).byteLength;
/** What an array counts as in the heap budget. */
export const arrayBytes = (type: DefType, length: number): number =>
  ARRAY_BYTES + length * elementBytes(type);

/** Whether an array of that length is within the implementation limit. */
export const isArrayLength = (type: DefType, length: number): boolean =>
  length * elementBytes(type) <= MAX_ARRAY_BYTES;

/** An array of default values; null if it is too large for the limit or for the host. */
export const newArray = (type: DefType, length: number): ArrayInstance | null => {
  if (!isArrayLength(type, length)) return null;
  try {
    return new ArrayInstance(type, length);
  } catch {
    // The host has no memory for it.
    return null;
  }
};

/** Sets all elements to consecutive values in a frame. @spec exec-array.new_fixed */
export const setElements = (
  array: ArrayInstance,
  words: Int32Array,
  base: number,
  refs: readonly unknown[],
): void => {
  const step = array.width === 4 ? 4 : 2;
  for (let i = 0; i < array.length; i++) array.fill(i, 1, words, base + i * step, refs);
};
