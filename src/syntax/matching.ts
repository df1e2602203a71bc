/** Which types match which: the chapter Validation/Matching, on canonical types. @spec match-valtype */
import { defType } from './canonical-types.ts';
import {
  BOT,
  type CompType,
  type DefType,
  HEAP_ANY,
  HEAP_ARRAY,
  HEAP_EQ,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_I31,
  HEAP_NOEXN,
  HEAP_NOEXTERN,
  HEAP_NOFUNC,
  HEAP_NONE,
  HEAP_STRUCT,
  type HeapType,
  heapOf,
  isExactHeap,
  isNullable,
  type ValType,
} from './types.ts';

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
