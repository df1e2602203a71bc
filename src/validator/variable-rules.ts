/**
 * Typing of variable, table, memory and reference instructions (spec chapter Validation/Instructions). Loads,
 * stores and arithmetic are not here: their types come from the instruction table, see `rules.ts`.
 */
import { InvalidError, MalformedError } from '../errors/errors.ts';
import { defType } from '../syntax/canonical-types.ts';
import { heapTypeName } from '../syntax/type-names.ts';
import {
  ANYREF,
  EXNREF,
  EXTERNREF,
  exactHeap,
  FUNCREF,
  HEAP_ANY,
  HEAP_EQ,
  HEAP_EXTERN,
  type HeapType,
  heapOf,
  I32,
  I64,
  isExactHeap,
  isNullable,
  refType,
  type TableType,
  type ValType,
} from '../syntax/types.ts';
import { unknownIndex } from './context.ts';
import type { BodyState } from './stacks.ts';

const checkLocal = (s: BodyState): number => {
  const { index } = s.reader;
  if (index >= s.locals.count) unknownIndex('invalid.unknown-local', index, s.position());
  return index;
};
/** @spec valid-local.get */
export const local_get = (s: BodyState): void => {
  const index = checkLocal(s);
  if (s.locals.tracksInit && !s.locals.isInitialised(index))
    s.fail('invalid.local-uninitialised', `local ${index}`);
  s.push(s.locals.typeOf(index));
};
/** @spec valid-local.set */
export const local_set = (s: BodyState): void => {
  const index = checkLocal(s);
  s.pop(s.locals.typeOf(index));
  if (s.locals.tracksInit) s.locals.markSet(index);
};
/** @spec valid-local.tee */
export const local_tee = (s: BodyState): void => {
  local_set(s);
  s.push(s.locals.typeOf(s.reader.index));
};

/** @spec valid-global.get */
export const global_get = (s: BodyState): void => {
  const { index } = s.reader;
  const { globals } = s.context.module;
  // In a constant expression only earlier globals are visible, and they must not change.
  const count = s.isConstant ? s.context.visibleGlobals : globals.length;
  if (index >= count) unknownIndex('invalid.unknown-global', index, s.position());
  const { type, isMutable } = globals[index]!.type;
  if (s.isConstant) {
    if (isMutable) s.fail('invalid.constant', 'mutable global');
    if (index >= s.context.module.importedGlobalCount) s.use('extended-const');
  }
  s.push(type);
};
/** @spec valid-global.set */
export const global_set = (s: BodyState): void => {
  const { index } = s.reader;
  const global = s.context.module.globals[index];
  if (global === undefined) unknownIndex('invalid.unknown-global', index, s.position());
  if (!global.type.isMutable) s.fail('invalid.immutable-global');
  s.pop(global.type.type);
};

const tableAt = (s: BodyState, index: number): TableType => {
  const table = s.context.module.tables[index];
  if (table === undefined) unknownIndex('invalid.unknown-table', index, s.position());
  return table.type;
};
/** The address type of a length for two memories or tables. */
const narrower = (a: ValType, b: ValType): ValType => (a === I64 && b === I64 ? I64 : I32);

/** @spec valid-table.get */
export const table_get = (s: BodyState): void => {
  const { element, limits } = tableAt(s, s.reader.index);
  s.pop(limits.address);
  s.push(element);
};
/** @spec valid-table.set */
export const table_set = (s: BodyState): void => {
  const { element, limits } = tableAt(s, s.reader.index);
  s.pop(element);
  s.pop(limits.address);
};
/** @spec valid-table.size */
export const table_size = (s: BodyState): void => s.push(tableAt(s, s.reader.index).limits.address);
/** @spec valid-table.grow */
export const table_grow = (s: BodyState): void => {
  const { element, limits } = tableAt(s, s.reader.index);
  s.pop(limits.address);
  s.pop(element);
  s.push(limits.address);
};
/** @spec valid-table.fill */
export const table_fill = (s: BodyState): void => {
  const { element, limits } = tableAt(s, s.reader.index);
  s.pop(limits.address);
  s.pop(element);
  s.pop(limits.address);
};
/** @spec valid-table.copy */
export const table_copy = (s: BodyState): void => {
  const to = tableAt(s, s.reader.index);
  const from = tableAt(s, s.reader.index2);
  if (!s.matches(from.element, to.element)) s.fail('invalid.type', 'tables of different element types');
  s.pop(narrower(to.limits.address, from.limits.address));
  s.pop(from.limits.address);
  s.pop(to.limits.address);
};
/** The type of the element segment at an index. */
export const elementAt = (s: BodyState, index: number): ValType => {
  const segment = s.context.module.elements[index];
  if (segment === undefined) unknownIndex('invalid.unknown-element', index, s.position());
  return segment.type;
};
/** @spec valid-table.init */
export const table_init = (s: BodyState): void => {
  const { index, index2 } = s.reader;
  const table = tableAt(s, index2);
  if (!s.matches(elementAt(s, index), table.element))
    s.fail('invalid.type', 'type of the segment does not match the table');
  s.pop(I32);
  s.pop(I32);
  s.pop(table.limits.address);
};
/** @spec valid-elem.drop */
export const elem_drop = (s: BodyState): void => {
  elementAt(s, s.reader.index);
};

/** Address type of the memory at an index. */
export const memoryAt = (s: BodyState, index: number): ValType => {
  const address = s.context.memoryAddress[index];
  if (address === undefined) unknownIndex('invalid.unknown-memory', index, s.position());
  if (index > 0) s.use('multi-memory');
  return address;
};
/** Checks the index of a data segment; bodies may name one only after a data count section. */
export const checkData = (s: BodyState, index: number): void => {
  const count = s.context.module.dataCount;
  if (count === null) throw new MalformedError('malformed.data-count-required', s.position());
  if (index >= count) unknownIndex('invalid.unknown-data', index, s.position());
};
/** @spec valid-memory.size */
export const memory_size = (s: BodyState): void => s.push(memoryAt(s, s.reader.index));
/** @spec valid-memory.grow */
export const memory_grow = (s: BodyState): void => {
  const address = memoryAt(s, s.reader.index);
  s.pop(address);
  s.push(address);
};
/** @spec valid-memory.fill */
export const memory_fill = (s: BodyState): void => {
  const address = memoryAt(s, s.reader.index);
  s.pop(address);
  s.pop(I32);
  s.pop(address);
};
/** @spec valid-memory.copy */
export const memory_copy = (s: BodyState): void => {
  const to = memoryAt(s, s.reader.index);
  const from = memoryAt(s, s.reader.index2);
  s.pop(narrower(to, from));
  s.pop(from);
  s.pop(to);
};
/** @spec valid-memory.init */
export const memory_init = (s: BodyState): void => {
  const address = memoryAt(s, s.reader.index2);
  checkData(s, s.reader.index);
  s.pop(I32);
  s.pop(I32);
  s.pop(address);
};
/** @spec valid-data.drop */
export const data_drop = (s: BodyState): void => checkData(s, s.reader.index);

/** @spec valid-ref.null */
export const ref_null = (s: BodyState): void => {
  const type = refType(s.reader.heapType, true);
  s.useType(type);
  s.push(type);
};
/** @spec valid-ref.is_null */
export const ref_is_null = (s: BodyState): void => {
  s.popRef();
  s.push(I32);
};
/** @spec valid-ref.func */
export const ref_func = (s: BodyState): void => {
  const { index } = s.reader;
  const func = s.context.module.funcs[index];
  if (func === undefined) unknownIndex('invalid.unknown-function', index, s.position());
  // Outside bodies the instruction itself is the declaration.
  if (s.isConstant) s.context.isDeclared[index] = 1;
  else if (s.context.isDeclared[index] !== 1) s.fail('invalid.declaration', `function ${index}`);
  s.push(refType(func.isExact ? exactHeap(func.type.id) : func.type.id, false));
};
/** @spec valid-ref.as_non_null */
export const ref_as_non_null = (s: BodyState): void => s.push(refType(heapOf(s.popRef()), false));
/** @spec valid-ref.eq */
export const ref_eq = (s: BodyState): void => {
  const type = refType(HEAP_EQ, true);
  s.pop(type);
  s.pop(type);
  s.push(I32);
};
/** The nullable top types of the four hierarchies. */
const hierarchies: readonly ValType[] = [ANYREF, FUNCREF, EXTERNREF, EXNREF];

/** The nullable top type above a reference type. */
export const hierarchyOf = (s: BodyState, type: ValType): ValType =>
  hierarchies.find((top) => s.matches(type, top))!;

const cast = (s: BodyState, nullable: boolean, result: ValType | null): void => {
  const target = refType(s.reader.heapType, nullable);
  s.useType(target);
  s.pop(hierarchyOf(s, target));
  s.push(result ?? target);
};
/** @spec valid-ref.test */
export const ref_test = (s: BodyState): void => cast(s, false, I32);
export const ref_test_null = (s: BodyState): void => cast(s, true, I32);
/** @spec valid-ref.cast */
export const ref_cast = (s: BodyState): void => cast(s, false, null);
export const ref_cast_null = (s: BodyState): void => cast(s, true, null);
/** The type of descriptors of values of a heap type, exact if that is exact. */
export const descriptorOf = (s: BodyState, heap: HeapType): ValType => {
  const { types } = s.context.module;
  const { descriptor = null } = heap < 0 ? {} : defType(heap);
  if (descriptor !== null) {
    return refType(isExactHeap(heap) ? exactHeap(descriptor.id) : descriptor.id, true);
  }
  const index = heap < 0 ? heapTypeName(heap) : `${types.indexOf(defType(heap))}`;
  const name = isExactHeap(heap) ? `(exact ${index})` : index;
  throw new InvalidError('invalid.no-descriptor', s.position(), `type ${name} does not have a descriptor`);
};
const castByDescriptor = (s: BodyState, nullable: boolean): void => {
  const { heapType } = s.reader;
  const target = refType(heapType, nullable);
  s.pop(descriptorOf(s, heapType));
  s.pop(hierarchyOf(s, target));
  s.push(target);
};
/** Custom descriptors, "New Instructions". */
export const ref_cast_desc_eq = (s: BodyState): void => castByDescriptor(s, false);
export const ref_cast_desc_eq_null = (s: BodyState): void => castByDescriptor(s, true);
export const ref_get_desc = (s: BodyState): void => {
  const { index } = s.reader;
  const type = s.context.module.types[index];
  if (type === undefined) unknownIndex('invalid.unknown-type', index, s.position());
  const { descriptor } = type;
  if (descriptor === null) unknownIndex('invalid.no-descriptor', index, s.position());
  const actual = s.pop(refType(type.id, true));
  // The descriptor is known exactly only for a value of exactly this type.
  const isExact = s.matches(actual, refType(exactHeap(type.id), true));
  s.push(refType(isExact ? exactHeap(descriptor.id) : descriptor.id, false));
};
const convert = (s: BodyState, from: number, to: number): void => {
  const actual = s.pop(refType(from, true));
  // In unreachable code the operand may be taken as non-null, the strongest result.
  s.push(refType(to, actual > 0 && isNullable(actual)));
};
/** @spec valid-any.convert_extern */
export const any_convert_extern = (s: BodyState): void => convert(s, HEAP_EXTERN, HEAP_ANY);
/** @spec valid-extern.convert_any */
export const extern_convert_any = (s: BodyState): void => convert(s, HEAP_ANY, HEAP_EXTERN);
