/**
 * Which feature a type belongs to. Instructions carry their feature in the instruction table; types do not,
 * because one type constructor (`ref`) came with three proposals.
 */
import type { FeatureKey } from '../syntax/features.ts';
import {
  type DefType,
  EXTERNREF,
  FUNCREF,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_NOEXN,
  heapOf,
  isExactHeap,
  isNullable,
  isRef,
  V128,
  type ValType,
} from '../syntax/types.ts';

/** The feature that brought a value type, or null for number types. */
export const featureOfValType = (type: ValType): FeatureKey | null => {
  if (!isRef(type)) return type === V128 ? 'simd' : null;
  if (type === FUNCREF || type === EXTERNREF) return 'reference-types';
  const heap = heapOf(type);
  if (heap === HEAP_EXN || heap === HEAP_NOEXN) return 'exceptions';
  if (isExactHeap(heap)) return 'custom-descriptors';
  const isOlder = heap >= 0 || (!isNullable(type) && (heap === HEAP_FUNC || heap === HEAP_EXTERN));
  return isOlder ? 'function-references' : 'gc';
};

/**
 * The feature that a defined type needs beyond those of its components. A final function type in a separate group is
 * the only form that existed before GC.
 */
export const featureOfDefType = (type: DefType): FeatureKey | null => {
  const { comp } = type;
  if (type.descriptor !== null || type.describes !== null) return 'custom-descriptors';
  if (comp.kind !== 'func' || !type.isFinal || type.supertype !== null) return 'gc';
  const isConcrete = (t: ValType): boolean => isRef(t) && heapOf(t) >= 0;
  if (comp.params.some(isConcrete) || comp.results.some(isConcrete)) return 'function-references';
  if (type.group.types.length > 1) return 'gc';
  return comp.results.length > 1 ? 'multi-value' : null;
};
