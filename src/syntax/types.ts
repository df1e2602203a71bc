/**
 * Types of the Wasm 3.0 spec, chapter Structure/Types, in the compact form that decoder, validator and
 * interpreter share.
 *
 * A value type is one small integer, so that comparing two of them is comparing two numbers:
 * - number and vector types are negative: their binary encodings read as s7 (-1 … -5);
 * - packed types are -8 and -9, likewise;
 * - reference types are positive: `((heap + 64) << 1) | nullable`, where `heap` is an abstract heap type
 *   (negative, its s33 encoding) or the id of a canonical defined type (zero or more), with one more bit if it is
 *   exactly that type and not a subtype (custom descriptors).
 *
 * Defined types are canonical process-wide (`canonical-types.ts`): two structurally equal recursive groups have the
 * same ids, in one module or across modules, so type equality is equality of ids. An id is valid as long as something
 * of that type, or a module that declares it, exists; see `type-registry.ts`.
 */

/**
 * A type of values, as one small number: `I32`, `FUNCREF` and so on, or a type that a module declares. `valTypeName`
 * returns it as text.
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
/** All of them. */
export const abstractHeapTypes: readonly HeapType[] = [
  HEAP_NOEXN,
  HEAP_NOFUNC,
  HEAP_NOEXTERN,
  HEAP_NONE,
  HEAP_FUNC,
  HEAP_EXTERN,
  HEAP_ANY,
  HEAP_EQ,
  HEAP_I31,
  HEAP_STRUCT,
  HEAP_ARRAY,
  HEAP_EXN,
];

/** The reference type of a heap type. */
export const refType = (heap: HeapType, nullable: boolean): ValType =>
  ((heap + 64) << 1) | (nullable ? 1 : 0);
export const isRef = (type: ValType): boolean => type > 0;
export const isNullable = (type: ValType): boolean => (type & 1) === 1;
export const heapOf = (type: ValType): HeapType => (type >> 1) - 64;
/** Far above every id: there is no room for so many types. */
const EXACT = 1 << 28;
/** The exact form of a defined heap type. */
export const exactHeap = (heap: HeapType): HeapType => heap | EXACT;
/** The defined heap type that an exact one is the exact form of; any other heap type unchanged. */
export const inexactHeap = (heap: HeapType): HeapType => heap & ~EXACT;
/** Whether a heap type is a defined type without its subtypes. */
export const isExactHeap = (heap: HeapType): boolean => heap >= EXACT;
export const isNumOrVec = (type: ValType): boolean => type < 0 && type >= V128;

/**
 * The type of references to functions, including null. @spec syntax-reftype
 *
 * ```js
 * console.log(valTypeName(FUNCREF)); // → funcref
 * ```
 */
export const FUNCREF: ValType = refType(HEAP_FUNC, true);
/**
 * The type of references to values of the embedder, including null.
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

/** A recursive group; each of its types has it, and it has the groups that its types name. */
export interface RecGroup {
  readonly types: readonly DefType[];
  /** Earlier groups that are part of the types: they must keep their ids. */
  readonly uses: readonly RecGroup[];
}

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
  /** Its recursive group. */
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
  /** Whether the binary names the page size, even the usual one; belongs to the same proposal. */
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

/** Whether values of a storage type need less than a word. */
export const isPacked = (storage: ValType): boolean => storage === I8 || storage === I16;
/** Type on the operand stack of a value of a storage type. @spec aux-unpack */
export const unpack = (storage: ValType): ValType => (isPacked(storage) ? I32 : storage);

/** Number of 8-byte slots of a value in a frame. */
export const slotsOf = (type: ValType): number => (type === V128 ? 2 : 1);
