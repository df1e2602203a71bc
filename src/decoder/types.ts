/** The grammar of types. @spec binary-type */
import type { CodeOf } from '../errors/catalogue.ts';
import { InvalidError } from '../errors/errors.ts';
import { canonicalise } from '../syntax/canonical-types.ts';
import { MAX_PARAMS, MAX_RESULTS, MAX_STRUCT_FIELDS, MAX_TYPES } from '../syntax/limits.ts';
import type { TypeHold } from '../syntax/type-registry.ts';
import {
  type CompType,
  type DefType,
  exactHeap,
  type FieldType,
  type GlobalType,
  HEAP_ARRAY,
  HEAP_EXN,
  HEAP_NOEXN,
  type HeapType,
  I8,
  I16,
  I32,
  I64,
  isNumOrVec,
  type Limits,
  type MemoryType,
  refType,
  type SubType,
  type TableType,
  type TagType,
  type ValType,
} from '../syntax/types.ts';
import type { ByteReader } from './byte-reader.ts';

const REF = -28;
const REF_NULL = -29;
const EXACT = -30;
/** The same as a byte. */
const EXACT_BYTE = 0x62;

const isAbstractHeap = (code: number): boolean =>
  (code <= HEAP_NOEXN && code >= HEAP_ARRAY) || code === HEAP_EXN;

/** Converts a type index in a type to a heap type. */
export type TypeResolver = (index: number, offset: number) => HeapType;

/** Resolves indices to the ids of a module's types. */
export const resolverOf =
  (types: readonly DefType[]): TypeResolver =>
  (index, offset) => {
    const type = types[index];
    if (type === undefined) throw new InvalidError('invalid.unknown-type', { offset, detail: `${index}` });
    return type.id;
  };

/** @spec binary-heaptype */
export const readHeapType = (r: ByteReader, resolve: TypeResolver): HeapType => {
  const offset = r.pos;
  const code = r.s33();
  if (code >= 0) return resolve(code, offset);
  if (code === EXACT) {
    const indexOffset = r.pos;
    return exactHeap(resolve(r.u32(), indexOffset));
  }
  if (!isAbstractHeap(code)) r.fail('malformed.reference-type', offset);
  return code;
};

/** The reference type that begins with the s7 code just read, or null. @spec binary-reftype */
const refTypeOf = (r: ByteReader, code: number, resolve: TypeResolver): ValType | null => {
  if (code === REF || code === REF_NULL) return refType(readHeapType(r, resolve), code === REF_NULL);
  return isAbstractHeap(code) ? refType(code, true) : null;
};

const s7 = (byte: number): number => (byte < 0x40 ? byte : byte - 0x80);

/** @param malformed the error for a code that is not a type. @spec binary-valtype */
export const readValType = (
  r: ByteReader,
  resolve: TypeResolver,
  malformed: 'malformed.type' | 'malformed.storage-type' = 'malformed.type',
): ValType => {
  const offset = r.pos;
  const code = s7(r.byte());
  if (isNumOrVec(code)) return code;
  return refTypeOf(r, code, resolve) ?? r.fail(malformed, offset);
};

/** @spec binary-reftype */
export const readRefType = (r: ByteReader, resolve: TypeResolver): ValType => {
  const offset = r.pos;
  return refTypeOf(r, s7(r.byte()), resolve) ?? r.fail('malformed.reference-type', offset);
};

const readMutability = (r: ByteReader): boolean => {
  const flag = r.byte();
  if (flag > 1) r.fail('malformed.mutability', r.pos - 1);
  return flag === 1;
};

/** @spec binary-fieldtype */
const readField = (r: ByteReader, resolve: TypeResolver): FieldType => {
  const code = s7(r.bytes[r.pos] ?? 0);
  let storage: ValType;
  if (code === I8 || code === I16) {
    r.byte();
    storage = code;
  } else storage = readValType(r, resolve, 'malformed.storage-type');
  return { storage, isMutable: readMutability(r) };
};

/** @spec binary-comptype */
const readCompType = (r: ByteReader, form: number, resolve: TypeResolver): CompType => {
  switch (form) {
    case 0x60:
      return {
        kind: 'func',
        params: r.list(() => readValType(r, resolve), MAX_PARAMS, 'parameters'),
        results: r.list(() => readValType(r, resolve), MAX_RESULTS, 'results'),
      };
    case 0x5f:
      return { kind: 'struct', fields: r.list(() => readField(r, resolve), MAX_STRUCT_FIELDS, 'fields') };
    case 0x5e:
      return { kind: 'array', element: readField(r, resolve) };
    default:
      return r.fail('malformed.type-form', r.pos - 1);
  }
};

const OPEN_SUB = 0x50;
const FINAL_SUB = 0x4f;
const REC = 0x4e;
const DESCRIPTOR = 0x4d;
const DESCRIBES = 0x4c;

/** @spec binary-subtype */
const readSubType = (r: ByteReader, own: number, resolve: TypeResolver): SubType => {
  const form = r.byte();
  // The form is a signed LEB of one byte.
  if (form >= 0x80) r.fail('malformed.integer-long', r.pos - 1);
  if (form !== OPEN_SUB && form !== FINAL_SUB) {
    return { isFinal: true, supertypes: [], ...readDescribedType(r, form, resolve) };
  }
  const offset = r.pos;
  const supertypes = r.list(() => r.u32());
  if (supertypes.length > 1) throw new InvalidError('invalid.sub-type', { offset });
  for (const index of supertypes) {
    if (index >= own) throw new InvalidError('invalid.unknown-type', { offset, detail: `${index}` });
  }
  return { isFinal: form === FINAL_SUB, supertypes, ...readDescribedType(r, r.byte(), resolve) };
};

/** A composite type after its clauses, `describes` before `descriptor`; custom descriptors, "Binary Format". */
const readDescribedType = (
  r: ByteReader,
  first: number,
  resolve: TypeResolver,
): Pick<SubType, 'describes' | 'descriptor' | 'comp'> => {
  let form = first;
  const clause = (code: number): number | null => {
    if (form !== code) return null;
    const index = r.u32();
    form = r.byte();
    return index;
  };
  const describes = clause(DESCRIBES);
  const descriptor = clause(DESCRIPTOR);
  return { describes, descriptor, comp: readCompType(r, form, resolve) };
};

/**
 * Checks that the clauses of a group name each other. This is validation, but canonical types cannot represent a
 * descriptor in another group.
 */
const checkDescriptors = (group: readonly SubType[], base: number, offset: number): void => {
  for (const [i, { describes = null, descriptor = null }] of group.entries()) {
    const own = base + i;
    const fail = (code: CodeOf<'InvalidError'>): never => {
      throw new InvalidError(code, { section: 'type', offset, detail: `type ${own}` });
    };
    if (describes !== null) {
      const described = group[describes - base] ?? fail('invalid.described-group');
      if (described.descriptor !== own) fail('invalid.not-descriptor');
      if (describes >= own) fail('invalid.described-order');
    }
    if (descriptor !== null) {
      const described = group[descriptor - base] ?? fail('invalid.descriptor-group');
      if (described.describes !== own) fail('invalid.not-described');
    }
  }
};

/** Types of one recursive group as written, and whether they are written as a group. */
export interface RecText {
  readonly types: readonly SubType[];
  readonly isGroup: boolean;
}

/** Reads one recursive group; `base` is the index of its first type. @spec binary-rectype */
export const readSubTypes = (r: ByteReader, base: number, resolve: TypeResolver): RecText => {
  const types: SubType[] = [];
  const isGroup = r.bytes[r.pos] === REC;
  if (isGroup) {
    r.byte();
    r.list(() => types.push(readSubType(r, base + types.length, resolve)), MAX_TYPES, 'types');
  } else types.push(readSubType(r, base, resolve));
  return { types, isGroup };
};

/** Reads one recursive group after `earlier` types and canonicalises it. */
export const readRecType = (
  r: ByteReader,
  earlier: readonly DefType[],
  hold: TypeHold,
): readonly DefType[] => {
  const base = earlier.length;
  const start = r.pos;
  let highest = -1;
  let highestOffset = 0;
  const resolve: TypeResolver = (index, offset) => {
    if (index > highest) [highest, highestOffset] = [index, offset];
    return index;
  };
  const { types: group } = readSubTypes(r, base, resolve);
  if (highest >= base + group.length) {
    // SPEC: the byte is type 98 by the grammar, and the prefix repeated by the reference interpreter, which
    // reads the index as signed. It is the former if there are that many types, since compilers write it.
    if (r.bytes[highestOffset] === EXACT_BYTE) r.fail('malformed.storage-type', highestOffset);
    throw new InvalidError('invalid.unknown-type', { offset: highestOffset, detail: `${highest}` });
  }
  checkDescriptors(group, base, start);
  return canonicalise(group, base, earlier, hold);
};

const HAS_MAX = 1;
const IS_SHARED = 2;
const IS_64 = 4;
const HAS_PAGE_SIZE = 8;

const readLimits = (r: ByteReader, flags: number): Limits => ({
  min: r.u64(),
  max: flags & HAS_MAX ? r.u64() : null,
  address: flags & IS_64 ? I64 : I32,
});

/** @spec binary-memtype */
export const readMemoryType = (r: ByteReader): MemoryType => {
  const flags = r.byte();
  if (flags > 0x0f || (flags & HAS_PAGE_SIZE && r.pos === r.end)) r.fail('malformed.limits', r.pos - 1);
  const limits = readLimits(r, flags);
  const isShared = (flags & IS_SHARED) !== 0;
  if ((flags & HAS_PAGE_SIZE) === 0) return { limits, isShared, pageSizeLog2: 16 };
  const pageSizeLog2 = r.u32();
  if (pageSizeLog2 > 64) r.fail('malformed.page-size', r.pos - 1);
  return { limits, isShared, pageSizeLog2, namesPageSize: true };
};

/** @spec binary-tabletype */
export const readTableType = (r: ByteReader, resolve: TypeResolver): TableType => {
  const element = readRefType(r, resolve);
  const flags = r.byte();
  if ((flags & ~(HAS_MAX | IS_64)) !== 0) r.fail('malformed.limits', r.pos - 1);
  return { element, limits: readLimits(r, flags) };
};

/** @spec binary-globaltype */
export const readGlobalType = (r: ByteReader, resolve: TypeResolver): GlobalType => ({
  type: readValType(r, resolve),
  isMutable: readMutability(r),
});

/** @spec binary-tagtype */
export const readTagType = (r: ByteReader, types: readonly DefType[]): TagType => {
  if (r.byte() !== 0) r.fail('malformed.tag-attribute', r.pos - 1);
  const offset = r.pos;
  const index = r.u32();
  const type = types[index];
  if (type === undefined) throw new InvalidError('invalid.unknown-type', { offset, detail: `${index}` });
  return { type };
};
