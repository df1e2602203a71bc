/**
 * Global instances. @spec syntax-globalinst
 *
 * The value is in the words (numbers) or references of the instance that defined it, so that its own code reads it
 * without an indirection; other instances and the embedder go through this object.
 */

import { holdOf } from '../../syntax/canonical-types.ts';
import { type GlobalType, isRef } from '../../syntax/types.ts';
import { type RawValue, readValue, writeValue } from './values.ts';

/**
 * A global. @spec syntax-globalinst
 *
 * ```js
 * // (module (global (export "g") i32 (i32.const 7)))
 * const bytes = Uint8Array.from([
 *   0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 6, 6, 1, 0x7f, 0, 0x41, 7, 0x0b, 7, 5, 1, 1, 0x67, 3, 0,
 * ]);
 * const global = instantiate(new Store(), compileModule(bytes), () => undefined).exports.get('g');
 * console.log(global instanceof GlobalInstance, global.value); // → true 7n
 * ```
 */
export class GlobalInstance {
  readonly kind = 'global';
  readonly type: GlobalType;
  /** Keeps the defined types alive: the type names them by number only, and a global may outlive the module. */
  readonly hold: object | null;
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
    this.hold = holdOf(type.type);
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
