/**
 * Types of the Wasm 3.0 spec, chapter Structure/Types, in the compact form that decoder, validator and
 * interpreter share.
 *
 * A value type is one small integer, so that comparing two of them is comparing two numbers:
 * - number and vector types are negative: their binary encodings read as s7 (-1 … -5);
 * - packed types are -8 and -9, likewise;
 * - reference types are positive: `((heap + 64) << 1) | nullable`, where `heap` is an abstract heap type
 *   (negative, its s33 encoding) or the id of a canonical defined type (zero or more), with one bit more where it
 *   is that type exactly and none of its subtypes (custom descriptors).
 *
 * Defined types are canonical process-wide (`canonicalise`): two structurally equal recursive groups have the
 * same ids, in one module or across modules, so type equality is equality of ids. An id means a type as long as
 * there is something of that type, or a module that declares it; see `type-registry.ts`.
 */
import { groupOf, type RecGroup, type TypeHold, typeOfId } from './type-registry.ts';

/**
 * A type of values, as one small number: `I32`, `FUNCREF` and the like, or what a module declares.
 * `valTypeName` gives it as text.
 *
 * Example: see `FuncType`.
 */
export type ValType = number;
/** Abstract heap type (negative) or canonical type id (zero or more), which may be exact. */
export type HeapType = number;

/**
 * The type of 32-bit integers. @spec syntax-numtype
 *
 * ```js
 * console.log(valTypeName(I32)); // → i32
 * ```
 */
export const I32 = -1;
/**
 * The type of 64-bit integers.
 *
 * ```js
 * console.log(valTypeName(I64)); // → i64
 * ```
 */
export const I64 = -2;
/**
 * The type of 32-bit floats.
 *
 * ```js
 * console.log(valTypeName(F32)); // → f32
 * ```
 */
export const F32 = -3;
/**
 * The type of 64-bit floats.
 *
 * ```js
 * console.log(valTypeName(F64)); // → f64
 * ```
 */
export const F64 = -4;
/**
 * The type of vectors. @spec syntax-vectype
 *
 * ```js
 * console.log(valTypeName(V128)); // → v128
 * ```
 */
export const V128 = -5;
/** Packed storage types of fields. */
export const I8 = -8;
export const I16 = -9;
/** The bottom value type of unreachable code; matches everything. Never decoded. */
export const BOT = -64;

export const HEAP_NOEXN = -12;
export const HEAP_NOFUNC = -13;
export const HEAP_NOEXTERN = -14;
export const HEAP_NONE = -15;
export const HEAP_FUNC = -16;
export const HEAP_EXTERN = -17;
export const HEAP_ANY = -18;
export const HEAP_EQ = -19;
export const HEAP_I31 = -20;
export const HEAP_STRUCT = -21;
export const HEAP_ARRAY = -22;
export const HEAP_EXN = -23;

/** The reference type of a heap type. */
export const refType = (heap: HeapType, nullable: boolean): ValType =>
  ((heap + 64) << 1) | (nullable ? 1 : 0);
export const isRef = (type: ValType): boolean => type > 0;
export const isNullable = (type: ValType): boolean => (type & 1) === 1;
export const heapOf = (type: ValType): HeapType => (type >> 1) - 64;
/** Far above every id: there is no room for that many types. */
const EXACT = 1 << 28;
/** The exact form of a defined heap type. */
export const exactHeap = (heap: HeapType): HeapType => heap | EXACT;
/** Whether a heap type is a defined type without its subtypes. */
export const isExactHeap = (heap: HeapType): boolean => heap >= EXACT;
export const isNumOrVec = (type: ValType): boolean => type < 0 && type >= V128;

/**
 * The type of references to functions, null included. @spec syntax-reftype
 *
 * ```js
 * console.log(valTypeName(FUNCREF)); // → funcref
 * ```
 */
export const FUNCREF: ValType = refType(HEAP_FUNC, true);
/**
 * The type of references to what the embedder has, null included.
 *
 * ```js
 * console.log(valTypeName(EXTERNREF)); // → externref
 * ```
 */
export const EXTERNREF: ValType = refType(HEAP_EXTERN, true);
export const EXNREF: ValType = refType(HEAP_EXN, true);
export const ANYREF: ValType = refType(HEAP_ANY, true);

/**
 * Parameters and results of a function or block.
 *
 * ```ts
 * const params: readonly ValType[] = [I32, F64];
 * const type: FuncType = { kind: 'func', params, results: [I64] };
 * const func = hostFunction(type, () => 5n);
 * console.log(func.signature.params.map(valTypeName)); // → [ 'i32', 'f64' ]
 * ```
 */
export interface FuncType {
  readonly kind: 'func';
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}
/** Field of a structure, element of an array. */
export interface FieldType {
  readonly storage: ValType;
  readonly isMutable: boolean;
}
export interface StructType {
  readonly kind: 'struct';
  readonly fields: readonly FieldType[];
}
export interface ArrayType {
  readonly kind: 'array';
  readonly element: FieldType;
}
export type CompType = FuncType | StructType | ArrayType;

/**
 * A canonical defined type. One object per id, process-wide; compare by identity or by `id`.
 *
 * ```ts
 * const type: DefType = funcDefType([I32], [I32]);
 * console.log(type === funcDefType([I32], [I32]), type.comp.kind); // → true func
 * ```
 */
export interface DefType {
  readonly id: number;
  readonly isFinal: boolean;
  /** The declared supertype, if any. */
  readonly supertype: DefType | null;
  /** Number of supertypes above this one. */
  readonly depth: number;
  readonly comp: CompType;
  /** The type whose values describe values of this one; of the same recursive group, as `describes` is. */
  readonly descriptor: DefType | null;
  /** The type whose values are described by values of this one. */
  readonly describes: DefType | null;
  /** The recursive group that it is of. */
  readonly group: RecGroup;
  /** How its structures are laid out; null before the first. @internal */
  layout: object | null;
}

/**
 * Bounds of a memory (in pages) or table (in elements); 64-bit values, hence bigint where declared.
 *
 * Example: see `MemoryType`.
 */
export interface Limits {
  readonly min: bigint;
  readonly max: bigint | null;
  /** Address type: `I32` or `I64`. */
  readonly address: ValType;
}
/**
 * The type of a memory. @spec syntax-memtype
 *
 * ```ts
 * const limits: Limits = { min: 1n, max: 4n, address: I32 };
 * const type: MemoryType = { limits, isShared: false, pageSizeLog2: 16 };
 * console.log(new MemoryInstance(type).byteLength); // → 65536
 * ```
 */
export interface MemoryType {
  readonly limits: Limits;
  readonly isShared: boolean;
  /** log2 of the page size in bytes; 16 without the custom page size proposal. */
  readonly pageSizeLog2: number;
  /** Whether the binary names the page size, be it the usual one; belongs to the same proposal. */
  readonly namesPageSize?: boolean;
}
/**
 * The type of a table. @spec syntax-tabletype
 *
 * ```ts
 * const type: TableType = { limits: { min: 2n, max: null, address: I32 }, element: FUNCREF };
 * console.log(new TableInstance(type, null).elements); // → [ null, null ]
 * ```
 */
export interface TableType {
  readonly limits: Limits;
  readonly element: ValType;
}
/**
 * The type of a global. @spec syntax-globaltype
 *
 * ```ts
 * const type: GlobalType = { type: I64, isMutable: true };
 * const global = new GlobalInstance(type, 5n);
 * global.value = 6n;
 * console.log(global.value); // → 6n
 * ```
 */
export interface GlobalType {
  readonly type: ValType;
  readonly isMutable: boolean;
}
/**
 * The type of a tag: a function type without results.
 *
 * ```ts
 * const type: TagType = { type: funcDefType([I32], []) };
 * console.log(makeException(new TagInstance(type), [7n]).values); // → [ 7n ]
 * ```
 */
export interface TagType {
  readonly type: DefType;
}

/** A defined type as decoded, before canonicalisation; heap types ≥ 0 are indices of the module's type space. */
export interface SubType {
  readonly isFinal: boolean;
  /** Type indices of declared supertypes. */
  readonly supertypes: readonly number[];
  readonly comp: CompType;
  /** Type index, inside the recursive group, of the descriptor and of the described type. */
  readonly descriptor?: number | null;
  readonly describes?: number | null;
}

/** The canonical type of an id, or of a defined heap type, exact or not. */
export const defType = (heap: HeapType): DefType => typeOfId(heap & ~EXACT)!;

/** What keeps the id in a type meaning what it does: the group of the defined type that it names, if it does. */
export const holdOf = (type: ValType): RecGroup | null =>
  isRef(type) && heapOf(type) >= 0 ? defType(heapOf(type)).group : null;

/**
 * Canonicalises one recursive group: returns the process-wide defined types, the same objects for every
 * structurally equal group.
 *
 * @param group the decoded types of the group
 * @param base type index of the first one
 * @param earlier the module's types before `base`
 * @param hold of the module that declares the group; without it the types last as long as somebody has one
 */
export const canonicalise = (
  group: readonly SubType[],
  base: number,
  earlier: readonly DefType[],
  hold: TypeHold | null = null,
): readonly DefType[] => {
  const uses = new Set<RecGroup>();
  // In the key, indices into the group are relative ("r0"), earlier ones are canonical ids ("c7").
  const typeKey = (index: number): string => {
    if (index >= base) return `r${index - base}`;
    uses.add(earlier[index]!.group);
    return `c${earlier[index]!.id}`;
  };
  const heapKey = (heap: HeapType): string =>
    isExactHeap(heap) ? `x${typeKey(heap & ~EXACT)}` : typeKey(heap);
  const valKey = (t: ValType): string =>
    isRef(t) && heapOf(t) >= 0 ? `${isNullable(t) ? '?' : '!'}${heapKey(heapOf(t))}` : `${t}`;
  const clauseKey = (name: string, index: number | null | undefined): string =>
    index === null || index === undefined ? '' : `${name}${typeKey(index)}`;
  const fieldKey = (f: FieldType): string => `${f.isMutable ? 'm' : ''}${valKey(f.storage)}`;
  const compKey = (c: CompType): string => {
    switch (c.kind) {
      case 'func':
        return `f${c.params.map(valKey).join()}>${c.results.map(valKey).join()}`;
      case 'struct':
        return `s${c.fields.map(fieldKey).join()}`;
      default:
        return `a${fieldKey(c.element)}`;
    }
  };
  const key = group
    .map((t) => {
      const clauses = clauseKey('e', t.describes) + clauseKey('d', t.descriptor);
      return `${t.isFinal ? '' : 'o'}${t.supertypes.map(typeKey).join()}${clauses}:${compKey(t.comp)}`;
    })
    .join(';');
  const make = (firstId: number): RecGroup => makeGroup(group, base, earlier, firstId, [...uses]);
  return groupOf(key, group.length, hold, make).types;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const makeGroup = (
  group: readonly SubType[],
  base: number,
  earlier: readonly DefType[],
  firstId: number,
  uses: readonly RecGroup[],
): RecGroup => {
  const toId = (index: number): number => (index < base ? earlier[index]!.id : firstId + index - base);
  const toHeap = (heap: HeapType): HeapType =>
    isExactHeap(heap) ? exactHeap(toId(heap & ~EXACT)) : toId(heap);
  const valType = (t: ValType): ValType =>
    isRef(t) && heapOf(t) >= 0 ? refType(toHeap(heapOf(t)), isNullable(t)) : t;
  const field = (f: FieldType): FieldType => ({ storage: valType(f.storage), isMutable: f.isMutable });
  const types: Mutable<DefType>[] = [];
  const made: RecGroup = { types, uses };
  for (const [i, t] of group.entries()) {
    const superIndex = t.supertypes[0];
    const supertype =
      superIndex === undefined
        ? null
        : superIndex < base
          ? earlier[superIndex]!
          : (types[superIndex - base] ?? null);
    const comp: CompType =
      t.comp.kind === 'func'
        ? { kind: 'func', params: t.comp.params.map(valType), results: t.comp.results.map(valType) }
        : t.comp.kind === 'struct'
          ? { kind: 'struct', fields: t.comp.fields.map(field) }
          : { kind: 'array', element: field(t.comp.element) };
    types.push({
      id: firstId + i,
      isFinal: t.isFinal,
      supertype,
      depth: supertype ? supertype.depth + 1 : 0,
      comp,
      descriptor: null,
      describes: null,
      group: made,
      layout: null,
    });
  }
  // A descriptor stands behind the type that it describes.
  for (const [i, { descriptor, describes }] of group.entries()) {
    types[i]!.descriptor = types[(descriptor ?? -1) - base] ?? null;
    types[i]!.describes = types[(describes ?? -1) - base] ?? null;
  }
  return made;
};

/**
 * The canonical type of a plain function type (final, no supertype, a group of its own).
 *
 * ```js
 * console.log(funcDefType([I32], [I64]) === funcDefType([I32], [I64])); // → true
 * ```
 */
export const funcDefType = (params: readonly ValType[], results: readonly ValType[]): DefType =>
  canonicalise([{ isFinal: true, supertypes: [], comp: { kind: 'func', params, results } }], 0, [])[0]!;

/** Whether `sub` is the type with the id or one of its declared subtypes. @spec match-deftype */
export const matchesTypeId = (sub: DefType, id: number): boolean => {
  let t: DefType | null = sub;
  while (t !== null && t.id !== id) t = t.supertype;
  return t !== null;
};
/** Whether `sub` is `sup` or one of its declared subtypes. @spec match-deftype */
export const matchesDefType = (sub: DefType, sup: DefType): boolean => matchesTypeId(sub, sup.id);

/** The abstract heap type directly above every type of a composite kind. */
const abstractOf = (comp: CompType): HeapType =>
  comp.kind === 'func' ? HEAP_FUNC : comp.kind === 'struct' ? HEAP_STRUCT : HEAP_ARRAY;

/** @spec match-heaptype */
export const matchesHeapType = (sub: HeapType, sup: HeapType): boolean => {
  if (sub === sup) return true;
  if (sub >= 0) {
    if (isExactHeap(sup)) return false;
    if (sup >= 0) return matchesTypeId(defType(sub), sup);
    return matchesHeapType(abstractOf(defType(sub).comp), sup);
  }
  switch (sub) {
    case HEAP_EQ:
      return sup === HEAP_ANY;
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY:
      return sup === HEAP_EQ || sup === HEAP_ANY;
    case HEAP_NONE:
      return sup >= 0 ? defType(sup).comp.kind !== 'func' : sup <= HEAP_ANY && sup >= HEAP_ARRAY;
    case HEAP_NOFUNC:
      return sup >= 0 ? defType(sup).comp.kind === 'func' : sup === HEAP_FUNC;
    case HEAP_NOEXTERN:
      return sup === HEAP_EXTERN;
    case HEAP_NOEXN:
      return sup === HEAP_EXN;
    default:
      return false;
  }
};

/** Whether a value of type `sub` can be used where `sup` is expected. @spec match-valtype */
export const matchesValType = (sub: ValType, sup: ValType): boolean => {
  if (sub === sup || sub === BOT) return true;
  if (sub < 0 || sup < 0) return false;
  return (isNullable(sup) || !isNullable(sub)) && matchesHeapType(heapOf(sub), heapOf(sup));
};

/** Whether values of a storage type take less than a word. */
export const isPacked = (storage: ValType): boolean => storage === I8 || storage === I16;
/** Type on the operand stack of a value of a storage type. @spec aux-unpack */
export const unpack = (storage: ValType): ValType => (isPacked(storage) ? I32 : storage);

/** Number of 8-byte slots that a value takes in a frame. */
export const slotsOf = (type: ValType): number => (type === V128 ? 2 : 1);

const heapNames: Readonly<Record<number, string>> = {
  [HEAP_NOEXN]: 'noexn',
  [HEAP_NOFUNC]: 'nofunc',
  [HEAP_NOEXTERN]: 'noextern',
  [HEAP_NONE]: 'none',
  [HEAP_FUNC]: 'func',
  [HEAP_EXTERN]: 'extern',
  [HEAP_ANY]: 'any',
  [HEAP_EQ]: 'eq',
  [HEAP_I31]: 'i31',
  [HEAP_STRUCT]: 'struct',
  [HEAP_ARRAY]: 'array',
  [HEAP_EXN]: 'exn',
};
const numNames: Readonly<Record<number, string>> = {
  [I32]: 'i32',
  [I64]: 'i64',
  [F32]: 'f32',
  [F64]: 'f64',
  [V128]: 'v128',
  [I8]: 'i8',
  [I16]: 'i16',
  [BOT]: 'bot',
};

/** Text form of a heap type. */
export const heapTypeName = (heap: HeapType): string =>
  heapNames[heap] ?? (isExactHeap(heap) ? `(exact $${heap & ~EXACT})` : `$${heap}`);

const shortRefNames: Readonly<Record<string, string>> = {
  none: 'nullref',
  nofunc: 'nullfuncref',
  noextern: 'nullexternref',
  noexn: 'nullexnref',
};
/**
 * Text form of a value type, e.g. `i32`, `funcref`, `(ref null 3)`.
 *
 * ```js
 * console.log(valTypeName(V128)); // → v128
 * ```
 */
export const valTypeName = (type: ValType): string => {
  if (type < 0) return numNames[type] ?? `?${type}`;
  const heap = heapTypeName(heapOf(type));
  if (heapOf(type) < 0 && isNullable(type)) return shortRefNames[heap] ?? `${heap}ref`;
  return `(ref ${isNullable(type) ? 'null ' : ''}${heap})`;
};
/** Text form of a function type, e.g. `(i64, i32) -> i64`; no result prints as `()`. */
export const funcTypeName = (type: FuncType): string => {
  const list = (ts: readonly ValType[]): string => ts.map(valTypeName).join(', ');
  return `(${list(type.params)}) -> ${type.results.length === 1 ? list(type.results) : `(${list(type.results)})`}`;
};
