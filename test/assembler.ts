/**
 * A small assembler for tests: modules from plain objects, instructions from the instruction table, so that a
 * row that is added there can be assembled at once. It checks nothing; bad modules are wanted too.
 */
import type { ImmediateKind } from '../src/syntax/immediates.ts';
import { instructions, type Mnemonic, rowOf } from '../src/syntax/instructions.ts';
import { encodeUtf8 } from '../src/syntax/utf8.ts';

/** Unsigned LEB128. */
export const u32 = (value: number | bigint): number[] => {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
};
/** Signed LEB128. */
export const sleb = (value: number | bigint): number[] => {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest >= -0x40n && rest < 0x40n) return [...bytes, Number(rest & 0x7fn)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
};

const heapCodes = {
  noexn: 0x74,
  nofunc: 0x73,
  noextern: 0x72,
  none: 0x71,
  func: 0x70,
  extern: 0x6f,
  any: 0x6e,
  eq: 0x6d,
  i31: 0x6c,
  struct: 0x6b,
  array: 0x6a,
  exn: 0x69,
} as const;
const valCodes = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  i8: 0x78,
  i16: 0x77,
  funcref: 0x70,
  externref: 0x6f,
  anyref: 0x6e,
  exnref: 0x69,
} as const;

/** An abstract heap type by name, a defined one by index, which may be exact. */
export type Heap = keyof typeof heapCodes | number | { readonly exact: number };
export interface Ref {
  readonly heap: Heap;
  readonly nullable: boolean;
}
export type Type = keyof typeof valCodes | Ref;

export const heapType = (heap: Heap): number[] => {
  if (typeof heap === 'string') return [heapCodes[heap]];
  return typeof heap === 'number' ? sleb(heap) : [0x62, ...u32(heap.exact)];
};
export const valType = (type: Type): number[] =>
  typeof type === 'string' ? [valCodes[type]] : [type.nullable ? 0x63 : 0x64, ...heapType(type.heap)];

/** A list: length and entries. */
export const list = (entries: readonly (readonly number[])[]): number[] => [
  ...u32(entries.length),
  ...entries.flat(),
];
export const text = (value: string): number[] => {
  const bytes = encodeUtf8(value);
  return [...u32(bytes.length), ...bytes];
};

export interface MemArg {
  /** Exponent; natural where it is left out. */
  readonly align?: number;
  readonly offset?: number | bigint;
  readonly memory?: number;
}
export interface CatchClause {
  readonly tag: number | null;
  readonly withRef: boolean;
  readonly label: number;
}
export interface Cast {
  readonly label: number;
  readonly from: Ref;
  readonly to: Ref;
}

/** What an immediate of each kind is given as. Floats may be bits, as bigint. */
export interface Operands {
  blocktype: Type | number | null;
  labelidx: number;
  /** The default label last. */
  labels: readonly number[];
  funcidx: number;
  typeidx: number;
  tableidx: number;
  memidx: number;
  localidx: number;
  globalidx: number;
  tagidx: number;
  elemidx: number;
  dataidx: number;
  fieldidx: number;
  count: number;
  memarg: MemArg;
  laneidx: number;
  lanes16: readonly number[];
  i32: number;
  i64: bigint;
  f32: number | bigint;
  f64: number | bigint;
  v128: readonly number[];
  heaptype: Heap;
  valtypes: readonly Type[];
  catches: readonly CatchClause[];
  cast: Cast;
  zero: null;
}
export type Operand = Operands[ImmediateKind];

const floatBytes = (value: number | bigint, width: 4 | 8): number[] => {
  const view = new DataView(new ArrayBuffer(8));
  if (typeof value === 'bigint') view.setBigUint64(0, value, true);
  else if (width === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return [...new Uint8Array(view.buffer, 0, width)];
};

const memarg = ({ align = 0, offset = 0, memory = 0 }: MemArg): number[] => [
  ...(memory === 0 ? u32(align) : [...u32(align | 0x40), ...u32(memory)]),
  ...u32(offset),
];

const encoders: { readonly [K in ImmediateKind]: (operand: Operands[K]) => number[] } = {
  blocktype: (type) => (type === null ? [0x40] : typeof type === 'number' ? sleb(type) : valType(type)),
  labelidx: u32,
  labels: (labels) => [...u32(labels.length - 1), ...labels.flatMap(u32)],
  funcidx: u32,
  typeidx: u32,
  tableidx: u32,
  memidx: u32,
  localidx: u32,
  globalidx: u32,
  tagidx: u32,
  elemidx: u32,
  dataidx: u32,
  fieldidx: u32,
  count: u32,
  memarg,
  laneidx: (lane) => [lane],
  lanes16: (lanes) => [...lanes],
  i32: sleb,
  i64: sleb,
  f32: (value) => floatBytes(value, 4),
  f64: (value) => floatBytes(value, 8),
  v128: (bytes) => [...bytes],
  heaptype: heapType,
  valtypes: (types) => list(types.map(valType)),
  catches: (clauses) =>
    list(
      clauses.map(({ tag, withRef, label }) => [
        (tag === null ? 2 : 0) + (withRef ? 1 : 0),
        ...(tag === null ? [] : u32(tag)),
        ...u32(label),
      ]),
    ),
  cast: ({ label, from, to }) => [
    (from.nullable ? 1 : 0) + (to.nullable ? 2 : 0),
    ...u32(label),
    ...heapType(from.heap),
    ...heapType(to.heap),
  ],
  zero: () => [0],
};

/** The bytes of one instruction; its immediates in the order of the table. */
export const encode = (name: Mnemonic, ...operands: readonly Operand[]): number[] => {
  const { prefix, code, immediates, access } = instructions[rowOf[name]];
  const opcode = prefix === 0 ? [code] : [prefix, ...u32(code)];
  const encoded = immediates.flatMap((kind, at) => {
    let operand = operands[at] ?? null;
    if (kind === 'memarg') operand = { align: 31 - Math.clz32(access), ...(operand as MemArg | null) };
    if (operand === null && kind !== 'blocktype' && kind !== 'zero')
      throw new Error(`${name} wants a ${kind}`);
    return (encoders[kind] as (operand: Operand) => number[])(operand);
  });
  return [...opcode, ...encoded];
};

/** An instruction: a mnemonic, or a mnemonic with its immediates. */
export type Instruction = Mnemonic | readonly [Mnemonic, ...Operand[]];
/** Instructions one after the other; no `end` is added. */
export const encodeAll = (code: readonly Instruction[]): number[] =>
  code.flatMap((entry) => (typeof entry === 'string' ? encode(entry) : encode(...entry)));

export interface FuncSource {
  readonly type?: number;
  readonly locals?: readonly (readonly [count: number, type: Type])[];
  /** The final `end` is added. */
  readonly code?: readonly Instruction[];
  /** Instead of `code`: bytes as they are. */
  readonly bytes?: readonly number[];
}
export interface LimitsSource {
  readonly min: number | bigint;
  readonly max?: number | bigint;
  readonly is64?: boolean;
  /** Of memories. */
  readonly isShared?: boolean;
}
export interface TypeSource {
  readonly params?: readonly Type[];
  readonly results?: readonly Type[];
}
type ExternKind = 'func' | 'table' | 'memory' | 'global' | 'tag';

/** A module, by section. Entries that are lists of numbers are bytes as they are. */
export interface ModuleSource {
  readonly types?: readonly (TypeSource | readonly number[])[];
  readonly imports?: readonly (readonly [module: string, name: string, description: readonly number[]])[];
  readonly funcs?: readonly FuncSource[];
  readonly tables?: readonly (LimitsSource & { readonly element?: Type })[];
  readonly memories?: readonly LimitsSource[];
  readonly tags?: readonly number[];
  readonly globals?: readonly {
    readonly type: Type;
    readonly isMutable?: boolean;
    readonly init: readonly Instruction[];
  }[];
  readonly exports?: readonly (readonly [name: string, kind: ExternKind, index: number])[];
  readonly start?: number;
  readonly elements?: readonly (readonly number[])[];
  readonly dataCount?: number;
  readonly data?: readonly (readonly number[])[];
  readonly customs?: readonly (readonly [name: string, contents: readonly number[]])[];
}

export const header: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
export const section = (id: number, contents: readonly number[]): number[] => [
  id,
  ...u32(contents.length),
  ...contents,
];

const isBytes = (source: object): source is readonly number[] => Array.isArray(source);
const type = (source: TypeSource | readonly number[]): readonly number[] =>
  isBytes(source)
    ? source
    : [0x60, ...list((source.params ?? []).map(valType)), ...list((source.results ?? []).map(valType))];

export const limits = ({ min, max, is64 = false, isShared = false }: LimitsSource): number[] => [
  (max === undefined ? 0 : 1) | (isShared ? 2 : 0) | (is64 ? 4 : 0),
  ...u32(min),
  ...(max === undefined ? [] : u32(max)),
];

const body = ({ locals = [], code = [], bytes }: FuncSource): number[] => {
  const contents = [
    ...list(locals.map(([count, local]) => [...u32(count), ...valType(local)])),
    ...(bytes ?? [...encodeAll(code), ...encode('end')]),
  ];
  return [...u32(contents.length), ...contents];
};

const kinds: readonly ExternKind[] = ['func', 'table', 'memory', 'global', 'tag'];

/** The bytes of a module; without `types`, type 0 is `[] -> []`. */
export const assemble = (source: ModuleSource): Uint8Array => {
  const { funcs, start, dataCount } = source;
  const lists = (id: number, entries: readonly (readonly number[])[] | undefined): number[] =>
    entries === undefined ? [] : section(id, list(entries));
  return Uint8Array.from(
    [
      header,
      lists(1, (source.types ?? [{}]).map(type)),
      lists(
        2,
        source.imports?.map(([module, name, description]) => [
          ...text(module),
          ...text(name),
          ...description,
        ]),
      ),
      lists(
        3,
        funcs?.map((f) => u32(f.type ?? 0)),
      ),
      lists(
        4,
        source.tables?.map((t) => [...valType(t.element ?? 'funcref'), ...limits(t)]),
      ),
      lists(5, source.memories?.map(limits)),
      lists(
        13,
        source.tags?.map((index) => [0, ...u32(index)]),
      ),
      lists(
        6,
        source.globals?.map((g) => [
          ...valType(g.type),
          g.isMutable ? 1 : 0,
          ...encodeAll(g.init),
          ...encode('end'),
        ]),
      ),
      lists(
        7,
        source.exports?.map(([name, kind, index]) => [...text(name), kinds.indexOf(kind), ...u32(index)]),
      ),
      start === undefined ? [] : section(8, u32(start)),
      lists(9, source.elements),
      dataCount === undefined ? [] : section(12, u32(dataCount)),
      lists(10, funcs?.map(body)),
      lists(11, source.data),
      (source.customs ?? []).flatMap(([name, contents]) => section(0, [...text(name), ...contents])),
    ].flat(),
  );
};
