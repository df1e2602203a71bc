/**
 * Validity of types (spec chapter Validation/Types): declared subtyping, limits, and which features the types
 * of a module need.
 */
import { catalogue } from '../errors/catalogue.ts';
import { type ErrorPosition, InvalidError, LimitError } from '../errors/errors.ts';
import { MAX_SUBTYPING_DEPTH } from '../syntax/limits.ts';
import { matchesDefType, matchesValType } from '../syntax/matching.ts';
import {
  type CompType,
  type DefType,
  type FieldType,
  FUNCREF,
  I64,
  type Limits,
  type MemoryType,
  type TableType,
  type TagType,
  type ValType,
} from '../syntax/types.ts';
import { type Context, invalid } from './context.ts';
import { featureOfDefType } from './feature-uses.ts';

const matchesField = (sub: FieldType, sup: FieldType): boolean => {
  if (sub.isMutable !== sup.isMutable || !matchesValType(sub.storage, sup.storage)) return false;
  return !sub.isMutable || matchesValType(sup.storage, sub.storage);
};

/** @spec match-comptype */
const matchesCompType = (sub: CompType, sup: CompType): boolean => {
  if (sub.kind === 'func' && sup.kind === 'func') {
    if (sub.params.length !== sup.params.length || sub.results.length !== sup.results.length) return false;
    return (
      sub.params.every((t, i) => matchesValType(sup.params[i]!, t)) &&
      sub.results.every((t, i) => matchesValType(t, sup.results[i]!))
    );
  }
  if (sub.kind === 'struct' && sup.kind === 'struct') {
    return (
      sub.fields.length >= sup.fields.length && sup.fields.every((f, i) => matchesField(sub.fields[i]!, f))
    );
  }
  return sub.kind === 'array' && sup.kind === 'array' && matchesField(sub.element, sup.element);
};

/** Checks the length of a chain of supertypes. */
const checkDepth = (type: DefType, index: number): void => {
  if (type.depth > MAX_SUBTYPING_DEPTH) {
    const detail = `type ${index} has ${type.depth} supertypes`;
    throw new LimitError('limit.module', {
      section: 'type',
      detail,
      limit: MAX_SUBTYPING_DEPTH,
      actual: type.depth,
    });
  }
};

/** Custom descriptors, "Custom Descriptor Definitions": the clauses of a type and of its supertype. */
const checkClauses = (type: DefType, supertype: DefType, types: readonly DefType[]): boolean => {
  const check = (
    code: 'invalid.described' | 'invalid.descriptor',
    sub: DefType | null,
    sup: DefType | null,
  ): void => {
    if (sub === null || sup === null || matchesDefType(sub, sup)) return;
    const message = `${catalogue[code].text} ${types.lastIndexOf(sub)} does not match ${types.lastIndexOf(sup)}`;
    throw new InvalidError(code, { section: 'type' }, message);
  };
  check('invalid.described', type.describes, supertype.describes);
  // A describing type has its own layout; a described one may add a descriptor that its supertype lacks.
  if ((type.describes === null) !== (supertype.describes === null)) return false;
  check('invalid.descriptor', type.descriptor, supertype.descriptor);
  return type.descriptor !== null || supertype.descriptor === null;
};

/** Checks one defined type against its declared supertype. @spec valid-subtype */
const checkSubType = (type: DefType, index: number, types: readonly DefType[]): void => {
  const { supertype } = type;
  if (supertype === null) return;
  const isMatch =
    !supertype.isFinal && checkClauses(type, supertype, types) && matchesCompType(type.comp, supertype.comp);
  if (isMatch) return;
  // Equal types have several indices; the nearest one is most likely meant.
  const superIndex = types.lastIndexOf(supertype, index);
  const message = `sub type ${index} does not match super type ${superIndex}`;
  throw new InvalidError('invalid.sub-type', { section: 'type' }, message);
};

/** The value and storage types of a type's components. */
const componentsOf = (comp: CompType): readonly ValType[] => {
  switch (comp.kind) {
    case 'func':
      return [...comp.params, ...comp.results];
    case 'struct':
      return comp.fields.map(({ storage }) => storage);
    default:
      return [comp.element.storage];
  }
};

/** Checks the type section. */
export const validateTypes = (context: Context): void => {
  const position: ErrorPosition = { section: 'type' };
  // Depth first: matching walks up the supertypes, so their number must be known to be small.
  context.module.types.forEach(checkDepth);
  for (const type of context.module.types) {
    if (type.comp.kind === 'struct') continue;
    if (type.descriptor !== null) invalid('invalid.descriptor-kind', position);
    if (type.describes !== null) invalid('invalid.described-kind', position);
  }
  context.module.types.forEach(checkSubType);
  for (const type of context.module.types) {
    context.use(featureOfDefType(type), position);
    for (const t of componentsOf(type.comp)) context.useType(t, position);
  }
};

/** Whether limits are within a range; if so, their order is checked. @spec valid-limits */
const areWithin = (limits: Limits, range: bigint, position: ErrorPosition): boolean => {
  const { min, max } = limits;
  if (min > range || (max !== null && max > range)) return false;
  if (max !== null && min > max) invalid('invalid.limits', position);
  return true;
};

/** @spec valid-memtype */
export const validateMemoryType = (context: Context, type: MemoryType, position: ErrorPosition): void => {
  const { limits, pageSizeLog2, isShared } = type;
  if (type.namesPageSize) {
    if (pageSizeLog2 !== 0 && pageSizeLog2 !== 16) invalid('invalid.page-size', position);
    context.use('custom-page-sizes', position);
  }
  const is64 = limits.address === I64;
  // Pages of all bytes that the address type reaches; custom pages of one byte may number 2^64 - 1.
  const bytesLog2 = BigInt((is64 ? 64 : 32) - pageSizeLog2);
  const range = pageSizeLog2 === 0 ? (1n << bytesLog2) - 1n : 1n << bytesLog2;
  if (!areWithin(limits, range, position)) {
    const bytes = is64 ? '16EiB' : '4GiB';
    throw new InvalidError(
      'invalid.memory-size',
      position,
      `memory size must be at most ${range} pages (${bytes})`,
    );
  }
  if (isShared && limits.max === null) invalid('invalid.shared-maximum', position);
  if (is64) context.use('memory64', position);
  if (isShared) context.use('threads', position);
};

/** @spec valid-tabletype */
export const validateTableType = (context: Context, type: TableType, position: ErrorPosition): void => {
  const is64 = type.limits.address === I64;
  const range = (1n << (is64 ? 64n : 32n)) - 1n;
  if (!areWithin(type.limits, range, position)) {
    throw new InvalidError('invalid.table-size', position, `table size must be at most ${range} elements`);
  }
  if (is64) context.use('memory64', position);
  if (type.element !== FUNCREF) context.useType(type.element, position);
};

/** @spec valid-tagtype */
export const validateTagType = (context: Context, type: TagType, position: ErrorPosition): void => {
  const { comp } = type.type;
  if (comp.kind !== 'func') invalid('invalid.type', { ...position, detail: 'not a function type' });
  if (comp.results.length > 0) invalid('invalid.tag-result', position);
  context.use('exceptions', position);
};
