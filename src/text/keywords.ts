/** The keywords of the text format: the instructions of the table, and the words of modules, types and scripts. */
import { isVariant, keywords as mnemonics } from '../syntax/mnemonics.ts';
import { heapTypeName, valTypeName } from '../syntax/type-names.ts';
import {
  abstractHeapTypes,
  F32,
  F64,
  type HeapType,
  I8,
  I16,
  I32,
  I64,
  refType,
  V128,
  type ValType,
} from '../syntax/types.ts';
import { ByteStrings } from './byte-strings.ts';

/** Words that are not instructions; those that are instructions are here because readers name them. */
const words = [
  // Modules
  'module',
  'type',
  'rec',
  'sub',
  'final',
  'func',
  'param',
  'result',
  'local',
  'struct',
  'field',
  'mut',
  'array',
  'import',
  'export',
  'start',
  'table',
  'memory',
  'global',
  'tag',
  'elem',
  'data',
  'offset',
  'item',
  'declare',
  'ref',
  'null',
  'exact',
  'descriptor',
  'describes',
  'shared',
  'pagesize',
  'binary',
  'quote',
  // Instructions
  'then',
  'do',
  'else',
  'end',
  'catch',
  'catch_ref',
  'catch_all',
  'catch_all_ref',
  'delegate',
  'try',
  'if',
  'i8x16',
  'i16x8',
  'i32x4',
  'i64x2',
  'f32x4',
  'f64x2',
  // Scripts
  'definition',
  'instance',
  'register',
  'invoke',
  'get',
  'script',
  'input',
  'output',
  'thread',
  'wait',
  'either',
  'assert_return',
  'assert_trap',
  'assert_exhaustion',
  'assert_exception',
  'assert_malformed',
  'assert_invalid',
  'assert_unlinkable',
  'assert_malformed_custom',
  'assert_invalid_custom',
  'assert_suspension',
  'nan:canonical',
  'nan:arithmetic',
  'ref.extern',
  'ref.host',
  'ref.struct',
  'ref.array',
  'ref.exn',
  'i32.const',
  'i64.const',
  'f32.const',
  'f64.const',
  'v128.const',
  'ref.null',
  'ref.func',
  'ref.eq',
  'ref.i31',
] as const;
type Word = (typeof words)[number];

const table = new ByteStrings();
const internWord = (word: string): number => {
  const bytes = Uint8Array.from(word, (char) => char.charCodeAt(0));
  return table.intern(bytes, 0, bytes.length);
};

const rows: number[] = [];
for (const [row, keyword] of mnemonics.entries()) if (isVariant[row] === 0) rows[internWord(keyword)] = row;
/** Each word's number as a keyword. */
export const KEY = Object.fromEntries(words.map((word) => [word, internWord(word)])) as Readonly<
  Record<Word, number>
>;

const valTypes: ValType[] = [];
for (const type of [I32, I64, F32, F64, V128]) valTypes[internWord(valTypeName(type))] = type;
const packedTypes: ValType[] = [];
for (const type of [I8, I16]) packedTypes[internWord(valTypeName(type))] = type;
const heapTypes: HeapType[] = [];
for (const heap of abstractHeapTypes) {
  heapTypes[internWord(heapTypeName(heap))] = heap;
  const short = refType(heap, true);
  valTypes[internWord(valTypeName(short))] = short;
}

const byKeyword = (values: readonly number[], absent: number): Int32Array =>
  Int32Array.from({ length: table.count }, (_, keyword) => values[keyword] ?? absent);
/** By keyword: the row of the first encoding of an instruction, or -1. */
export const rowOfKeyword: Int32Array = byKeyword(rows, -1);
/** By keyword: its value type, or 0. */
export const valTypeOfKeyword: Int32Array = byKeyword(valTypes, 0);
/** By keyword: its packed type, or 0. */
export const packedTypeOfKeyword: Int32Array = byKeyword(packedTypes, 0);
/** By keyword: its abstract heap type, or 0. */
export const heapTypeOfKeyword: Int32Array = byKeyword(heapTypes, 0);

/** The number of a keyword, or -1. */
export const findKeyword = (bytes: Uint8Array, start: number, end: number): number =>
  table.find(bytes, start, end);
/** Its text. */
export const keywordText = (keyword: number): string => table.text(keyword);
