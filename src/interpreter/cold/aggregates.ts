/**
 * Cold operations on structures and arrays. Sized ones check bounds, then charge, then act, as bulk operations
 * on memories and tables do; an array beyond the limit counts as out of bounds.
 */
import { type DefType, slotsOf } from '../../syntax/types.ts';
import type { aggregateOps } from '../code/isa.ts';
import { bulkTableCost } from '../fuel/schedules.ts';
import {
  type ArrayInstance,
  arrayBytes,
  elementBytes,
  isArrayLength,
  newArray,
  StructInstance,
  setElements,
  structBytes,
  structFrom,
} from '../instances/aggregate.ts';
import type { Ref } from '../instances/values.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { CONTINUE, NEED_FUEL, trapStatus } from '../loop/status.ts';
import type { Cold, ColdTools } from './tools.ts';

const NULL_STRUCTURE = trapStatus('trap.null-structure');
const NULL_DESCRIPTOR = trapStatus('trap.null-descriptor');
const NULL_ARRAY = trapStatus('trap.null-array');
const ARRAY_BOUNDS = trapStatus('trap.array-bounds');
const MEMORY_BOUNDS = trapStatus('trap.memory-bounds');
const TABLE_BOUNDS = trapStatus('trap.table-bounds');
const ALLOCATION_SIZE = trapStatus('trap.allocation-size');
const HEAP_EXHAUSTED = trapStatus('exhaustion.heap');

type AggregateOp = keyof typeof aggregateOps;
type StructOp = Extract<AggregateOp, `struct_${string}`>;
type SizedOp =
  `array_${'new' | 'new_default' | 'new_data' | 'new_elem' | 'fill' | 'copy' | 'init_data' | 'init_elem'}`;
type ElementOp = Exclude<AggregateOp, StructOp | SizedOp>;

export const createAggregateOps = (tools: ColdTools): Record<AggregateOp, Cold> => ({
  ...structOps(tools),
  ...elementOps(tools),
  ...sizedOps(tools),
});

const structOps = ({ I, R, operand, slot, first, second, setRef }: ColdTools): Record<StructOp, Cold> => {
  /** Copies the words of a field into a frame. */
  const getWords = (k: number, ref: unknown, start: number, width: number): number => {
    const struct = ref as StructInstance | null;
    if (struct === null) return NULL_STRUCTURE;
    for (let i = 0; i < width; i++) I[k + i] = struct.values[start + i] as number;
    return CONTINUE;
  };
  const setWords = (ref: unknown, k: number, start: number, width: number): number => {
    const struct = ref as StructInstance | null;
    if (struct === null) return NULL_STRUCTURE;
    for (let i = 0; i < width; i++) struct.values[start + i] = I[k + i]!;
    return CONTINUE;
  };
  const refAt = (m: MachineState, at: number, n: number): unknown => R[slot(m, at, n) >> 1];
  return {
    struct_new: (m, at) => {
      const type = typeAt(m, operand(at, 1));
      if (!m.instance.store.takeHeap(structBytes(type))) return HEAP_EXHAUSTED;
      return setRef(m, at, structFrom(type, I, slot(m, at, 2), R));
    },
    struct_new_default: (m, at) => {
      const type = typeAt(m, operand(at, 1));
      if (!m.instance.store.takeHeap(structBytes(type))) return HEAP_EXHAUSTED;
      return setRef(m, at, new StructInstance(type));
    },
    struct_new_desc: (m, at) => {
      const descriptor = refAt(m, at, 3) as StructInstance | null;
      if (descriptor === null) return NULL_DESCRIPTOR;
      const type = typeAt(m, operand(at, 1));
      if (!m.instance.store.takeHeap(structBytes(type))) return HEAP_EXHAUSTED;
      return setRef(m, at, structFrom(type, I, slot(m, at, 2), R, descriptor));
    },
    struct_new_default_desc: (m, at) => {
      const descriptor = R[second(m, at) >> 1] as StructInstance | null;
      if (descriptor === null) return NULL_DESCRIPTOR;
      const type = typeAt(m, operand(at, 1));
      if (!m.instance.store.takeHeap(structBytes(type))) return HEAP_EXHAUSTED;
      return setRef(m, at, new StructInstance(type, descriptor));
    },
    struct_get32: (m, at) => {
      const struct = R[second(m, at) >> 1] as StructInstance | null;
      if (struct === null) return NULL_STRUCTURE;
      I[first(m, at)] = struct.values[operand(at, 1)] as number;
      return CONTINUE;
    },
    struct_get_u: (m, at) => {
      const struct = R[second(m, at) >> 1] as StructInstance | null;
      if (struct === null) return NULL_STRUCTURE;
      I[first(m, at)] = (struct.values[operand(at, 1)] as number) & operand(at, 2);
      return CONTINUE;
    },
    struct_get64: (m, at) => getWords(first(m, at), R[second(m, at) >> 1], operand(at, 1), 2),
    struct_get128: (m, at) => getWords(slot(m, at, 1), refAt(m, at, 2), operand(at, 3), 4),
    struct_get_ref: (m, at) => {
      const struct = R[second(m, at) >> 1] as StructInstance | null;
      return struct === null ? NULL_STRUCTURE : setRef(m, at, struct.values[operand(at, 1)]!);
    },
    struct_set32: (m, at) => {
      const struct = R[first(m, at) >> 1] as StructInstance | null;
      if (struct === null) return NULL_STRUCTURE;
      const shift = operand(at, 2);
      struct.values[operand(at, 1)] = (I[second(m, at)]! << shift) >> shift;
      return CONTINUE;
    },
    struct_set64: (m, at) => setWords(R[first(m, at) >> 1], second(m, at), operand(at, 1), 2),
    struct_set128: (m, at) => setWords(refAt(m, at, 1), slot(m, at, 2), operand(at, 3), 4),
    struct_set_ref: (m, at) => {
      const struct = R[first(m, at) >> 1] as StructInstance | null;
      if (struct === null) return NULL_STRUCTURE;
      struct.values[operand(at, 1)] = R[second(m, at) >> 1] as Ref;
      return CONTINUE;
    },
  };
};

const elementOps = ({ I, R, operand, slot, first, second }: ColdTools): Record<ElementOp, Cold> => {
  /** The array of a read, or the trap if it is null or the index is out of bounds. */
  const arrayOf = (ref: unknown, index: number): ArrayInstance | number => {
    const array = ref as ArrayInstance | null;
    if (array === null) return NULL_ARRAY;
    return index < array.length ? array : ARRAY_BOUNDS;
  };
  const get =
    (read: (array: ArrayInstance, index: number, k: number, at: number) => void): Cold =>
    (m, at) => {
      const index = I[slot(m, at, 1)]! >>> 0;
      const array = arrayOf(R[second(m, at) >> 1], index);
      if (typeof array === 'number') return array;
      read(array, index, first(m, at), at);
      return CONTINUE;
    };
  const set =
    (write: (array: ArrayInstance, index: number, k: number) => void): Cold =>
    (m, at) => {
      const index = I[second(m, at)]! >>> 0;
      const array = arrayOf(R[first(m, at) >> 1], index);
      if (typeof array === 'number') return array;
      write(array, index, slot(m, at, 1));
      return CONTINUE;
    };
  const getWords = (array: ArrayInstance, index: number, k: number): void => {
    const { elements, width } = array;
    for (let i = 0; i < width; i++) I[k + i] = elements[index * width + i] as number;
  };
  const setWords = (array: ArrayInstance, index: number, k: number): void => {
    const { elements, width } = array;
    for (let i = 0; i < width; i++) elements[index * width + i] = I[k + i]!;
  };
  return {
    array_new_fixed: (m, at) => {
      const type = typeAt(m, operand(at, 1));
      const count = operand(at, 3);
      if (!m.instance.store.takeHeap(arrayBytes(type, count))) return HEAP_EXHAUSTED;
      const array = newArray(type, count);
      if (array === null) return ALLOCATION_SIZE;
      setElements(array, I, slot(m, at, 2), R);
      R[first(m, at) >> 1] = array;
      return CONTINUE;
    },
    array_len: (m, at) => {
      const array = R[second(m, at) >> 1] as ArrayInstance | null;
      if (array === null) return NULL_ARRAY;
      I[first(m, at)] = array.length;
      return CONTINUE;
    },
    array_get32: get((array, index, k) => {
      I[k] = array.elements[index] as number;
    }),
    array_get_u: get((array, index, k, at) => {
      I[k] = (array.elements[index] as number) & operand(at, 2);
    }),
    array_get64: get(getWords),
    array_get128: (m, at) => {
      const index = I[slot(m, at, 3)]! >>> 0;
      const array = arrayOf(R[slot(m, at, 2) >> 1], index);
      if (typeof array === 'number') return array;
      getWords(array, index, slot(m, at, 1));
      return CONTINUE;
    },
    array_get_ref: get((array, index, k) => {
      R[k >> 1] = array.elements[index];
    }),
    array_set32: set((array, index, k) => {
      array.elements[index] = I[k]!;
    }),
    array_set64: set(setWords),
    array_set128: (m, at) => {
      const index = I[slot(m, at, 2)]! >>> 0;
      const array = arrayOf(R[slot(m, at, 1) >> 1], index);
      if (typeof array === 'number') return array;
      setWords(array, index, slot(m, at, 3));
      return CONTINUE;
    },
    array_set_ref: set((array, index, k) => {
      (array.elements as Ref[])[index] = R[k >> 1] as Ref;
    }),
  };
};

const sizedOps = ({ I, R, operand, slot, pay, next }: ColdTools): Record<SizedOp, Cold> => {
  /** Makes an array, lets it be filled, and writes it over the first operand. */
  const make = (
    m: MachineState,
    at: number,
    count: number,
    fill: (array: ArrayInstance, k: number) => void,
  ): number => {
    const k = slot(m, at, 1);
    const type = typeAt(m, operand(at, 2));
    if (!isArrayLength(type, count)) return ALLOCATION_SIZE;
    if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
    if (!m.instance.store.takeHeap(arrayBytes(type, count))) return HEAP_EXHAUSTED;
    const array = newArray(type, count);
    if (array === null) return ALLOCATION_SIZE;
    fill(array, k);
    R[k >> 1] = array;
    return next(m);
  };
  const act = (m: MachineState, count: number, step: () => void): number => {
    if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
    step();
    return next(m);
  };
  return {
    array_new: (m, at) => {
      const width = elementSlots(typeAt(m, operand(at, 2))) * 2;
      const count = I[slot(m, at, 1) + width]! >>> 0;
      return make(m, at, count, (array, k) => array.fill(0, count, I, k, R));
    },
    array_new_default: (m, at) => make(m, at, I[slot(m, at, 1)]! >>> 0, () => {}),
    array_new_data: (m, at) => {
      const k = slot(m, at, 1);
      const bytes = m.instance.data[operand(at, 3)]!;
      const from = I[k]! >>> 0;
      const count = I[k + 2]! >>> 0;
      if (from + count * elementBytes(typeAt(m, operand(at, 2))) > bytes.length) return MEMORY_BOUNDS;
      return make(m, at, count, (array) => array.setBytes(0, bytes, from, count));
    },
    array_new_elem: (m, at) => {
      const k = slot(m, at, 1);
      const refs = m.instance.elements[operand(at, 3)]!;
      const from = I[k]! >>> 0;
      const count = I[k + 2]! >>> 0;
      if (from + count > refs.length) return TABLE_BOUNDS;
      return make(m, at, count, (array) => array.setRefs(0, refs, from, count));
    },
    array_fill: (m, at) => {
      const k = slot(m, at, 1);
      const array = R[k >> 1] as ArrayInstance | null;
      if (array === null) return NULL_ARRAY;
      const to = I[k + 2]! >>> 0;
      const count = I[k + 4 + 2 * elementSlots(typeAt(m, operand(at, 2)))]! >>> 0;
      if (!array.has(to, count)) return ARRAY_BOUNDS;
      return act(m, count, () => array.fill(to, count, I, k + 4, R));
    },
    array_copy: (m, at) => {
      const k = slot(m, at, 1);
      const target = R[k >> 1] as ArrayInstance | null;
      const source = R[(k >> 1) + 2] as ArrayInstance | null;
      if (target === null || source === null) return NULL_ARRAY;
      const to = I[k + 2]! >>> 0;
      const from = I[k + 6]! >>> 0;
      const count = I[k + 8]! >>> 0;
      if (!target.has(to, count) || !source.has(from, count)) return ARRAY_BOUNDS;
      return act(m, count, () => target.copy(to, source, from, count));
    },
    array_init_data: (m, at) => {
      const k = slot(m, at, 1);
      const array = R[k >> 1] as ArrayInstance | null;
      if (array === null) return NULL_ARRAY;
      const bytes = m.instance.data[operand(at, 3)]!;
      const to = I[k + 2]! >>> 0;
      const from = I[k + 4]! >>> 0;
      const count = I[k + 6]! >>> 0;
      if (!array.has(to, count)) return ARRAY_BOUNDS;
      if (from + count * elementBytes(array.type) > bytes.length) return MEMORY_BOUNDS;
      return act(m, count, () => array.setBytes(to, bytes, from, count));
    },
    array_init_elem: (m, at) => {
      const k = slot(m, at, 1);
      const array = R[k >> 1] as ArrayInstance | null;
      if (array === null) return NULL_ARRAY;
      const refs = m.instance.elements[operand(at, 3)]!;
      const to = I[k + 2]! >>> 0;
      const from = I[k + 4]! >>> 0;
      const count = I[k + 6]! >>> 0;
      if (!array.has(to, count)) return ARRAY_BOUNDS;
      if (from + count > refs.length) return TABLE_BOUNDS;
      return act(m, count, () => array.setRefs(to, refs, from, count));
    },
  };
};

/** Slots of an element of an array type on the operand stack. */
const elementSlots = ({ comp }: DefType): number =>
  comp.kind === 'array' ? slotsOf(comp.element.storage) : 1;

/** PERF: code names types by the module's index: ids would need a lookup in the tables of the process. */
const typeAt = (m: MachineState, index: number): DefType => m.instance.compiled.module.types[index]!;
