/**
 * References at run time: which value belongs to which reference type (spec chapter Execution/Values,
 * "Reference Typing").
 *
 * A reference is a function, structure, array or exception instance, an i31 as a JavaScript number, null, or
 * anything else that the embedder passed in. Converting between `extern` and `any` changes nothing, so
 * identity survives it.
 */

import { matchesTypeId } from '../../syntax/matching.ts';
import {
  exactHeap,
  HEAP_ANY,
  HEAP_ARRAY,
  HEAP_EQ,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_I31,
  HEAP_STRUCT,
  heapOf,
  isExactHeap,
  isNullable,
  type ValType,
} from '../../syntax/types.ts';
import { ArrayInstance, StructInstance } from './aggregate.ts';
import { FuncInstance } from './module-instance.ts';
import type { Ref } from './values.ts';

/** The i31 reference of the low 31 bits of a word. @spec exec-ref.i31 */
export const toI31 = (word: number): number => (word << 1) >> 1;

/** Whether a reference is an i31: other numbers of the embedder, including -0, are unchanged. */
export const isI31 = (ref: unknown): ref is number => typeof ref === 'number' && Object.is(toI31(ref), ref);

/** Whether a reference has a type; it is known to be of the type's hierarchy. @spec valid-ref */
export const matchesRef = (ref: Ref, type: ValType): boolean => {
  if (ref === null) return isNullable(type);
  const heap = heapOf(type);
  if (heap >= 0) {
    const isTyped =
      ref instanceof StructInstance || ref instanceof ArrayInstance || ref instanceof FuncInstance;
    if (!isTyped) return false;
    return isExactHeap(heap) ? exactHeap(ref.type.id) === heap : matchesTypeId(ref.type, heap);
  }
  switch (heap) {
    case HEAP_ANY:
    case HEAP_EXTERN:
    case HEAP_FUNC:
    case HEAP_EXN:
      return true;
    case HEAP_EQ:
      return ref instanceof StructInstance || ref instanceof ArrayInstance || isI31(ref);
    case HEAP_I31:
      return isI31(ref);
    case HEAP_STRUCT:
      return ref instanceof StructInstance;
    case HEAP_ARRAY:
      return ref instanceof ArrayInstance;
    default:
      // The bottom types have no values except null.
      return false;
  }
};

/**
 * Whether a reference passes a cast by descriptor: it is described by exactly that value, or is a null that the
 * target type allows.
 */
export const isDescribedBy = (ref: Ref, descriptor: Ref, takesNull: boolean): boolean =>
  ref === null ? takesNull : ref instanceof StructInstance && ref.descriptor === descriptor;
