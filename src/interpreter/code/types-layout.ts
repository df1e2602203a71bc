/**
 * The consecutive layout of the values of a list of types, computed once for each list.
 *
 * A call or a block of two bytes may have a thousand parameters and results: the translator must not process them
 * value by value.
 */
import { isRef, slotsOf, type ValType } from '../../syntax/types.ts';

interface TypesLayout {
  readonly types: Int32Array;
  /** Slot of each value, from the first one on. */
  readonly slots: Int32Array;
  readonly slotCount: number;
  readonly hasRefs: boolean;
}

const layouts = new WeakMap<readonly ValType[], TypesLayout>();

export const layoutOf = (types: readonly ValType[]): TypesLayout => {
  let layout = layouts.get(types);
  if (layout === undefined) {
    const slots = new Int32Array(types.length);
    let slotCount = 0;
    types.forEach((type, i) => {
      slots[i] = slotCount;
      slotCount += slotsOf(type);
    });
    layout = { types: Int32Array.from(types), slots, slotCount, hasRefs: types.some(isRef) };
    layouts.set(types, layout);
  }
  return layout;
};

/** Slots of values of these types. */
export const slotCountOf = (types: readonly ValType[]): number => {
  if (types.length > 8) return layoutOf(types).slotCount;
  let count = 0;
  for (const type of types) count += slotsOf(type);
  return count;
};
