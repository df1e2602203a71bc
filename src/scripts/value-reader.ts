/** Constants and patterns of results in scripts. */

import { ByteWriter } from '../syntax/byte-writer.ts';
import { heapTypeName } from '../syntax/type-names.ts';
import type { Cursor } from '../text/cursor.ts';
import { F32_FORMAT, F64_FORMAT, type FloatFormat, floatBits } from '../text/floats.ts';
import { copyLane, isNumber, laneBitsOf, takeShape } from '../text/immediates.ts';
import { heapTypeOfKeyword, KEY } from '../text/keywords.ts';
import { KEYWORD, RIGHT } from '../text/tokens.ts';
import type { ScriptValue } from './script.ts';

type NumberType = 'i32' | 'i64' | 'f32' | 'f64';

const numberTypes: readonly (readonly [keyword: number, type: NumberType])[] = [
  [KEY['i32.const'], 'i32'],
  [KEY['i64.const'], 'i64'],
  [KEY['f32.const'], 'f32'],
  [KEY['f64.const'], 'f64'],
];
const formats: Readonly<Record<'f32' | 'f64', FloatFormat>> = { f32: F32_FORMAT, f64: F64_FORMAT };

/** Patterns that match any reference of a kind. */
const kinds: readonly (readonly [keyword: number, of: string])[] = [
  [KEY.ref, 'anyref'],
  [KEY['ref.eq'], 'eqref'],
  [KEY['ref.i31'], 'i31ref'],
  [KEY['ref.struct'], 'structref'],
  [KEY['ref.array'], 'arrayref'],
  [KEY['ref.func'], 'funcref'],
  [KEY['ref.exn'], 'exnref'],
];

/** Reads one constant or pattern, including its parentheses. */
export const readScriptValue = (cursor: Cursor): ScriptValue => {
  const value = readInside(cursor);
  cursor.leave();
  return value;
};

const readInside = (cursor: Cursor): ScriptValue => {
  const number = numberTypes.find(([keyword]) => cursor.enter(keyword));
  if (number !== undefined) return readNumber(cursor, number[1]);
  if (cursor.enter(KEY['v128.const'])) return readVector(cursor);
  if (cursor.enter(KEY['ref.null'])) return { type: 'null', of: nullName(cursor) };
  if (cursor.enter(KEY['ref.extern'])) {
    return cursor.kind === RIGHT
      ? { type: 'some', of: 'externref' }
      : { type: 'host', of: 'externref', id: cursor.nat32() };
  }
  if (cursor.enter(KEY['ref.host'])) return { type: 'host', of: 'anyref', id: cursor.nat32() };
  const kind = kinds.find(([keyword]) => cursor.enter(keyword));
  if (kind !== undefined) return { type: 'some', of: kind[1] };
  if (!cursor.enter(KEY.either)) {
    cursor.pos++;
    return cursor.fail('a constant or a pattern of results');
  }
  const values: ScriptValue[] = [];
  while (cursor.kind !== RIGHT) values.push(readScriptValue(cursor));
  return { type: 'either', values };
};

/** The type of a null, if it is given. */
const nullName = (cursor: Cursor): string => {
  if (cursor.kind !== KEYWORD) {
    cursor.takeId();
    return 'refnull';
  }
  const heap = heapTypeOfKeyword[cursor.value]!;
  if (heap === 0) cursor.fail('a heap type');
  cursor.pos++;
  return `${heapTypeName(heap)}ref`;
};

/** A pattern of NaNs, if there is one here. */
const takeNan = (cursor: Cursor, type: 'f32' | 'f64'): ScriptValue | null => {
  if (cursor.take(KEY['nan:canonical'])) return { type, nan: 'canonical' };
  return cursor.take(KEY['nan:arithmetic']) ? { type, nan: 'arithmetic' } : null;
};

const readNumber = (cursor: Cursor, type: NumberType): ScriptValue => {
  if (type === 'f32' || type === 'f64') {
    const nan = takeNan(cursor, type);
    if (nan !== null) return nan;
    if (!isNumber(cursor.kind)) cursor.fail('a number');
    const bits = floatBits(cursor.tokens.bytes, cursor.start, cursor.end, formats[type]);
    if (bits === null) return cursor.failAt(cursor.pos, 'constant out of range');
    cursor.pos++;
    return { type, bits };
  }
  const out = new ByteWriter();
  copyLane(cursor, out, type === 'i32' ? 'i32x4' : 'i64x2');
  return { type, bits: wordsOf(out) };
};

/** The number that bytes in memory represent. */
const wordsOf = ({ bytes, length }: ByteWriter): bigint => {
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
};

const readVector = (cursor: Cursor): ScriptValue => {
  const shape = takeShape(cursor);
  const laneBits = laneBitsOf(shape);
  const type = shape === 'f32x4' ? 'f32' : shape === 'f64x2' ? 'f64' : laneBits === 64 ? 'i64' : 'i32';
  const lanes: ScriptValue[] = [];
  while (cursor.kind !== RIGHT) {
    const nan = type === 'f32' || type === 'f64' ? takeNan(cursor, type) : null;
    if (nan !== null) lanes.push(nan);
    else {
      const out = new ByteWriter();
      copyLane(cursor, out, shape);
      lanes.push({ type, bits: wordsOf(out) } as ScriptValue);
    }
  }
  if (lanes.length * laneBits !== 128) cursor.fail('another number of lanes');
  return { type: 'v128', laneBits, lanes };
};
