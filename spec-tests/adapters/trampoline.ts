/**
 * Modules through which adapters call functions and read globals whose values JavaScript would change: number `i` of
 * the arguments and results is at byte `CELL_BYTES * i` of the memory; references are parameters and results of
 * `call`. For an exnref, only whether it is null is passed out, and only null is passed in.
 */
import { assemble, type Instruction, type Type, u32, valType } from '../../test/assembler.ts';

/** Bytes of a cell. */
export const CELL_BYTES = 16;

const numbers = ['i32', 'i64', 'f32', 'f64', 'v128'] as const;
const isNumber = (type: Type): type is (typeof numbers)[number] =>
  (numbers as readonly Type[]).includes(type);
const isExn = (type: Type): boolean =>
  typeof type === 'object' && (type.heap === 'exn' || type.heap === 'noexn');
/** Whether a value goes through a cell instead of being a reference of `call`. */
const isInCell = (type: Type): boolean => isNumber(type) || isExn(type);

const cell = (at: number): { offset: number } => ({ offset: at * CELL_BYTES });
const zero: Instruction = ['i32.const', 0];

/** Pushes argument `i`, from its cell or from the next parameter. */
const push = (type: Type, i: number, nextParam: () => number): Instruction[] => {
  if (isExn(type)) return [['ref.null', 'exn']];
  return isNumber(type) ? [zero, [`${type}.load`, cell(i)]] : [['local.get', nextParam()]];
};

/** Stores the value of a local in cell `i`, if that is where it goes. */
const store = (type: Type, i: number, local: number): Instruction[] => {
  if (isExn(type)) return [zero, ['local.get', local], 'ref.is_null', ['i32.store', cell(i)]];
  return isNumber(type) ? [zero, ['local.get', local], [`${type}.store`, cell(i)]] : [];
};

const exports = (func: number) =>
  [
    ['memory', 'memory', 0],
    ['call', 'func', func],
  ] as const;

/** The module that calls `host` `func` of a type. */
export const trampolineOf = (params: readonly Type[], results: readonly Type[]): Uint8Array => {
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
      { params, results },
      { params: refs, results: outs },
    ],
    imports: [['host', 'func', [0, ...u32(0)]]],
    memories: [{ min: 1 }],
    funcs: [{ type: 1, locals: results.map((type) => [1, type] as const), code }],
    exports: exports(1),
  });
};

/** The module that reads the global `host` `global`. */
export const globalReaderOf = (type: Type, isMutable: boolean): Uint8Array =>
  assemble({
    types: [{}],
    imports: [['host', 'global', [3, ...valType(type), isMutable ? 1 : 0]]],
    memories: [{ min: 1 }],
    funcs: [{ locals: [[1, type]], code: [['global.get', 0], ['local.set', 0], ...store(type, 0, 0)] }],
    exports: exports(0),
  });
