/**
 * What is done with a module that somebody else made: every function that JavaScript can call is called with some
 * arguments, and after each call everything that can be seen is looked at.
 *
 * A scenario is plain data, made from the module's types and a seed, so that an executor in another process does
 * exactly the same. Values are texts: `i32:5`, `f64:7ff8000000000000` (bits), `null`, `i31:-1`, `host:0`, `func:3`.
 */
import {
  EXTERNREF,
  F32,
  F64,
  FUNCREF,
  type FuncType,
  HEAP_ANY,
  HEAP_EQ,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_I31,
  HEAP_NOEXN,
  heapOf,
  I32,
  I64,
  isNullable,
  isRef,
  V128,
  type ValType,
} from '../../src/syntax/types.ts';
import { decodeModule, type ImportType, type Module } from '../../src/wasm.ts';
import type { Random } from '../generators/random.ts';
import { exportAll } from './export-all.ts';

/** How values of a type cross the border of JavaScript; v128 and exceptions do not. */
export type Kind = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'exn' | 'ref';

export interface Param {
  readonly kind: Kind;
  /** The value used where nothing better is known; null where JavaScript has none. */
  readonly fallback: string | null;
}
export interface Signature {
  readonly params: readonly Param[];
  readonly results: readonly Param[];
}

/** A memory or a table that the embedder makes, as its JavaScript API takes it. */
export interface Limited {
  readonly min: number;
  readonly max: number | null;
  /** Of tables. */
  readonly element: 'anyfunc' | 'externref' | null;
  readonly isShared: boolean;
}

export interface Imported {
  readonly module: string;
  readonly name: string;
  readonly kind: ImportType['kind'];
  /** Of functions and tags. */
  readonly signature: Signature | null;
  /** Of globals. */
  readonly value: string | null;
  readonly isMutable: boolean;
  /** Of memories and tables; null for those that an embedder of this age cannot make. */
  readonly limited: Limited | null;
}

export interface Call {
  readonly func: number;
  readonly args: readonly string[];
}

export interface Scenario {
  /** The module with everything exported, by the names that `exportAll` gives. */
  readonly bytes: Uint8Array;
  readonly imports: readonly Imported[];
  /** Signatures by function index. */
  readonly funcs: readonly Signature[];
  /** Functions that the module itself exports and that JavaScript can call. */
  readonly exported: readonly number[];
  /** The table that the host functions work on. */
  readonly hostTable: number | null;
  readonly memoryCount: number;
  /** Kinds of the elements, by table index. */
  readonly tables: readonly Kind[];
  readonly globals: readonly Kind[];
  readonly calls: readonly Call[];
}

const numberKinds: Readonly<Record<number, Kind>> = {
  [I32]: 'i32',
  [I64]: 'i64',
  [F32]: 'f32',
  [F64]: 'f64',
  [V128]: 'v128',
};

export const kindOf = (type: ValType): Kind => {
  if (!isRef(type)) return numberKinds[type]!;
  const heap = heapOf(type);
  return heap === HEAP_EXN || heap === HEAP_NOEXN ? 'exn' : 'ref';
};

/** Texts of values that JavaScript can pass as a type; none for most types that exclude null. */
const candidates = (type: ValType, random: Random, funcCount: number): string[] => {
  switch (type) {
    case I32:
      return [`i32:${random.i32() >>> 0}`];
    case I64:
      return [`i64:${BigInt.asUintN(64, random.i64())}`];
    case F32:
      return [`f32:${canonical32(random.f32()).toString(16).padStart(8, '0')}`];
    case F64:
      return [`f64:${canonical64(BigInt.asUintN(64, random.f64())).toString(16).padStart(16, '0')}`];
    case V128:
      return [];
    default: {
      const heap = heapOf(type);
      if (kindOf(type) === 'exn') return [];
      const some =
        heap === HEAP_EXTERN || heap === HEAP_ANY
          ? ['host:0', 'host:1', 'i31:5']
          : heap === HEAP_EQ || heap === HEAP_I31
            ? ['i31:7', 'i31:-1', 'i31:1073741823', 'i31:-1073741824']
            : heap === HEAP_FUNC
              ? [`func:${random.below(funcCount)}`]
              : [];
      return isNullable(type) ? ['null', ...some] : some;
    }
  }
};

// A NaN that goes through a JavaScript number may lose its payload.
const canonical32 = (bits: bigint): bigint => ((bits & 0x7fff_ffffn) > 0x7f80_0000n ? 0x7fc0_0000n : bits);
const canonical64 = (bits: bigint): bigint =>
  (bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n ? 0x7ff8_0000_0000_0000n : bits;

const fallbacks: Readonly<Record<Kind, string | null>> = {
  i32: 'i32:0',
  i64: 'i64:0',
  f32: 'f32:00000000',
  f64: 'f64:0000000000000000',
  v128: null,
  exn: null,
  ref: 'null',
};
const paramOf = (type: ValType): Param => {
  const kind = kindOf(type);
  if (kind !== 'ref' || isNullable(type)) return { kind, fallback: fallbacks[kind] };
  const heap = heapOf(type);
  const some =
    heap === HEAP_EXTERN ? 'host:0' : [HEAP_ANY, HEAP_EQ, HEAP_I31].includes(heap) ? 'i31:0' : null;
  return { kind, fallback: some };
};
const signatureOf = ({ params, results }: FuncType): Signature => ({
  params: params.map(paramOf),
  results: results.map(paramOf),
});

/** Whether all values of a signature can cross the border. */
export const canCross = ({ params, results }: Signature): boolean =>
  [...params, ...results].every(({ kind }) => kind !== 'v128' && kind !== 'exn');
/** Whether JavaScript has arguments for a function. */
export const canCall = (signature: Signature): boolean =>
  canCross(signature) && signature.params.every(({ fallback }) => fallback !== null);

/** Pages and elements that the embedder is ready to give. */
const MOST_PAGES = 16;
const MOST_GIVEN_ELEMENTS = 1000;
const PAGE_SIZE_LOG2 = 16;
const limitedOf = (desc: ImportType): Limited | null => {
  if (desc.kind !== 'memory' && desc.kind !== 'table') return null;
  const { min, max, address } = desc.type.limits;
  const most = desc.kind === 'memory' ? MOST_PAGES : MOST_GIVEN_ELEMENTS;
  if (address !== I32 || min > BigInt(most)) return null;
  const numbers = { min: Number(min), max: max === null ? null : Number(max) };
  if (desc.kind === 'memory') {
    const { isShared, pageSizeLog2 } = desc.type;
    return pageSizeLog2 === PAGE_SIZE_LOG2 ? { ...numbers, element: null, isShared } : null;
  }
  const { element } = desc.type;
  const name = element === FUNCREF ? 'anyfunc' : element === EXTERNREF ? 'externref' : null;
  return name === null ? null : { ...numbers, element: name, isShared: false };
};

const importedOf = (module: Module): Imported[] =>
  module.imports.map(({ module: from, name, desc }) => ({
    module: from,
    name,
    kind: desc.kind,
    signature:
      desc.kind === 'func'
        ? signatureOf(desc.type.comp as FuncType)
        : desc.kind === 'tag'
          ? signatureOf(desc.type.type.comp as FuncType)
          : null,
    value: desc.kind === 'global' ? paramOf(desc.type.type).fallback : null,
    isMutable: desc.kind === 'global' && desc.type.isMutable,
    limited: limitedOf(desc),
  }));

/** The calls of a scenario: each function some times, in order, and a few of them again at the end. */
const callsOf = (module: Module, callable: readonly number[], random: Random, rounds: number): Call[] => {
  const calls: Call[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const func of callable) {
      const { params } = module.funcs[func]!.type.comp as FuncType;
      calls.push({
        func,
        args: params.map((type) => random.pick(candidates(type, random, module.funcs.length))),
      });
    }
  }
  return calls;
};

/** Makes the scenario of a module. @param rounds how often each function is called */
export const makeScenario = (original: Uint8Array, random: Random, rounds = 3): Scenario => {
  const module = decodeModule(original);
  const funcs = module.funcs.map(({ type }) => signatureOf(type.comp as FuncType));
  const exported = module.exports
    .filter(({ kind, index }) => kind === 'func' && canCall(funcs[index]!))
    .map(({ index }) => index);
  return {
    bytes: exportAll(original, module),
    imports: importedOf(module),
    funcs,
    exported,
    hostTable: module.exports.find(({ kind }) => kind === 'table')?.index ?? null,
    memoryCount: module.memories.length,
    tables: module.tables.map(({ type }) => kindOf(type.element)),
    globals: module.globals.map(({ type }) => kindOf(type.type)),
    calls: callsOf(module, exported, random, rounds),
  };
};
