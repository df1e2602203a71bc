/**
 * Global instances. @spec syntax-globalinst
 *
 * The value lies in the words (numbers) or references of the instance that defined it, so that its own code
 * reads it without an indirection; other instances and the embedder go through this object.
 */
import { type GlobalType, isRef } from '../syntax/types.ts';
import { type RawValue, readValue, writeValue } from './function.ts';

export class GlobalInstance {
  readonly kind = 'global';
  readonly type: GlobalType;
  readonly words: Int32Array;
  /** Index of the low word. */
  readonly offset: number;
  readonly refs: unknown[];
  readonly refIndex: number;

  constructor(
    type: GlobalType,
    value: RawValue,
    words: Int32Array = new Int32Array(4),
    offset = 0,
    refs: unknown[] = [null],
    refIndex = 0,
  ) {
    this.type = type;
    this.words = words;
    this.offset = offset;
    this.refs = refs;
    this.refIndex = refIndex;
    this.value = value;
  }

  get value(): RawValue {
    if (isRef(this.type.type)) return this.refs[this.refIndex] as RawValue;
    return readValue(this.type.type, this.words, this.offset, []);
  }

  set value(value: RawValue) {
    if (isRef(this.type.type)) this.refs[this.refIndex] = value;
    else writeValue(this.type.type, value, this.words, this.offset, []);
  }
}
