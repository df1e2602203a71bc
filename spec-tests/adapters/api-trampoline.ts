/**
 * Modules through which the JavaScript API's adapter calls functions and reads globals whose values do not cross
 * the border: number `i` of the arguments and results lies at byte `16 * i` of the memory; references are
 * parameters and results of `call`. Of an exnref only whether it is null comes out, and only null goes in.
 */

import { matchesHeapType } from '../../src/syntax/matching.ts';
import {
  F32,
  F64,
  type FuncType,
  type GlobalType,
  HEAP_EXN,
  heapOf,
  I32,
  I64,
  isNullable,
  isRef,
  V128,
  type ValType,
} from '../../src/syntax/types.ts';
import { assemble, type Heap, type Instruction, type Type, u32, valType } from '../../test/assembler.ts';
import { EngineFailure } from '../engine.ts';

/** Bytes of a cell. */
export const CELL_BYTES = 16;

/** Names of number types. */
const names: Readonly<Record<number, 'i32' | 'i64' | 'f32' | 'f64' | 'v128'>> = {
  [I32]: 'i32',
  [I64]: 'i64',
  [F32]: 'f32',
  [F64]: 'f64',
  [V128]: 'v128',
};
/** Names of abstract heap types, from the lowest code (-23) on. */
const heapNames = [
  ...(['exn', 'array', 'struct', 'i31', 'eq', 'any', 'extern', 'func'] as const),
  ...(['none', 'noextern', 'nofunc', 'noexn'] as const),
];
const LOWEST_HEAP = HEAP_EXN;

const isExn = (type: ValType): boolean => isRef(type) && matchesHeapType(heapOf(type), HEAP_EXN);
/** Whether a value goes through a cell, and not as a reference of `call`. */
const isInCell = (type: ValType): boolean => !isRef(type) || isExn(type);

const toType = (type: ValType): Type => {
  if (!isRef(type)) return names[type]!;
  const heap: Heap | undefined = heapNames[heapOf(type) - LOWEST_HEAP];
  if (heap === undefined) {
    const feature = 'values of defined types beside some that do not cross the JavaScript API';
    throw new EngineFailure('unsupported', feature, { feature });
  }
  return { heap, nullable: isNullable(type) };
};

const cell = (at: number): { offset: number } => ({ offset: at * CELL_BYTES });
const zero: Instruction = ['i32.const', 0];

/** Pushes argument `i`, from its cell or from the next parameter. */
const push = (type: ValType, i: number, nextParam: () => number): Instruction[] => {
  if (isExn(type)) return [['ref.null', 'exn']];
  return isRef(type) ? [['local.get', nextParam()]] : [zero, [`${names[type]!}.load` as 'i32.load', cell(i)]];
};

/** Stores the value of a local in cell `i`, if that is where it goes. */
const store = (type: ValType, i: number, local: number): Instruction[] => {
  if (!isInCell(type)) return [];
  if (isExn(type)) return [zero, ['local.get', local], 'ref.is_null', ['i32.store', cell(i)]];
  return [zero, ['local.get', local], [`${names[type]!}.store` as 'i32.store', cell(i)]];
};

const exports = (func: number) =>
  [
    ['memory', 'memory', 0],
    ['call', 'func', func],
  ] as const;

/** The module that calls `host` `func` of a type. */
export const trampolineOf = ({ params, results }: FuncType): Uint8Array => {
  const refs = params.filter((type) => !isInCell(type));
  const outs = results.filter((type) => !isInCell(type));
  let param = 0;
  const locals = results.map((_, i) => refs.length + i);
  const code: Instruction[] = [
    ...params.flatMap((type, i) => push(type, i, () => param++)),
    ['call', 0],
    ...locals.toReversed().map((local): Instruction => ['local.set', local]),
    ...results.flatMap((type, i) => store(type, i, locals[i]!)),
    ...results.flatMap((type, i): Instruction[] => (isInCell(type) ? [] : [['local.get', locals[i]!]])),
  ];
  return assemble({
    types: [
      { params: params.map(toType), results: results.map(toType) },
      { params: refs.map(toType), results: outs.map(toType) },
    ],
    imports: [['host', 'func', [0, ...u32(0)]]],
    memories: [{ min: 1 }],
    funcs: [{ type: 1, locals: results.map((type) => [1, toType(type)] as const), code }],
    exports: exports(1),
  });
};

/** The module that reads the global `host` `global`. */
export const globalReaderOf = ({ type, isMutable }: GlobalType): Uint8Array => {
  const value = toType(type);
  return assemble({
    types: [{}],
    imports: [['host', 'global', [3, ...valType(value), isMutable ? 1 : 0]]],
    memories: [{ min: 1 }],
    funcs: [{ locals: [[1, value]], code: [['global.get', 0], ['local.set', 0], ...store(type, 0, 0)] }],
    exports: exports(0),
  });
};
