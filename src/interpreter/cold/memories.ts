/** Cold operations on memories: sizes, bulk operations, and accesses to other memories than memory 0. */

import type { memoryOps } from '../code/isa.ts';
import { type LoadKind, loadKinds, type StoreKind, storeKinds } from '../code/memory-kinds.ts';
import { bulkMemoryCost, growMemoryCost } from '../fuel/schedules.ts';
import { type MemoryInstance, unitsOf } from '../instances/memory.ts';
import { CONTINUE, NEED_FUEL, trapStatus } from '../loop/status.ts';
import { type Cold, type ColdTools, narrower } from './tools.ts';

const MEMORY_BOUNDS = trapStatus('trap.memory-bounds');

export const createMemoryOps = (tools: ColdTools): Record<keyof typeof memoryOps, Cold> => {
  const { I, operand, slot, first, second, addressAt, setAddress, pay, next } = tools;
  /** The address of an access to a memory, or -1 if it is out of bounds. */
  const place = (memory: MemoryInstance, address: number, offset: number, size: number): number => {
    const ea = (address >>> 0) + (offset >>> 0);
    return ea + size > memory.byteLength ? -1 : ea;
  };

  const load = (
    memory: MemoryInstance,
    k: number,
    { bytes, is64, isSigned }: LoadKind,
    address: number,
    offset: number,
  ): number => {
    const ea = place(memory, address, offset, bytes);
    if (ea < 0) return MEMORY_BOUNDS;
    const { view } = memory;
    let low: number;
    if (bytes >= 4) low = view.getInt32(ea, true);
    else if (bytes === 1) low = isSigned ? view.getInt8(ea) : view.getUint8(ea);
    else low = isSigned ? view.getInt16(ea, true) : view.getUint16(ea, true);
    I[k] = low;
    if (bytes === 8) I[k + 1] = view.getInt32(ea + 4, true);
    else if (is64) I[k + 1] = isSigned ? low >> 31 : 0;
    return CONTINUE;
  };

  const store = (
    memory: MemoryInstance,
    k: number,
    { bytes }: StoreKind,
    address: number,
    offset: number,
  ): number => {
    const ea = place(memory, address, offset, bytes);
    if (ea < 0) return MEMORY_BOUNDS;
    const { view } = memory;
    if (bytes === 1) view.setInt8(ea, I[k]!);
    else if (bytes === 2) view.setInt16(ea, I[k]!, true);
    else view.setInt32(ea, I[k]!, true);
    if (bytes === 8) view.setInt32(ea + 4, I[k + 1]!, true);
    return CONTINUE;
  };

  return {
    memory_size: (m, at) => {
      const memory = m.instance.memories[operand(at, 1)]!;
      setAddress(first(m, at), memory, memory.pageCount);
      return CONTINUE;
    },
    memory_grow: (m, at) => {
      const k = slot(m, at, 1);
      const memory = m.instance.memories[operand(at, 2)]!;
      const count = addressAt(k, memory);
      const canGrow = memory.canGrow(count);
      if (canGrow && !pay(m, growMemoryCost(m.schedule, unitsOf(count * memory.pageSize)))) return NEED_FUEL;
      setAddress(k, memory, canGrow ? memory.grow(count) : -1);
      return next(m);
    },
    memory_fill: (m, at) => {
      const k = slot(m, at, 1);
      const memory = m.instance.memories[operand(at, 2)]!;
      const to = addressAt(k, memory);
      const count = addressAt(k + 4, memory);
      if (to + count > memory.byteLength) return MEMORY_BOUNDS;
      if (!pay(m, bulkMemoryCost(m.schedule, count))) return NEED_FUEL;
      memory.bytes.fill(I[k + 2]!, to, to + count);
      return next(m);
    },
    memory_copy: (m, at) => {
      const k = slot(m, at, 1);
      const target = m.instance.memories[operand(at, 2)]!;
      const source = m.instance.memories[operand(at, 3)]!;
      const to = addressAt(k, target);
      const from = addressAt(k + 2, source);
      const count = addressAt(k + 4, narrower(target, source));
      if (to + count > target.byteLength || from + count > source.byteLength) return MEMORY_BOUNDS;
      if (!pay(m, bulkMemoryCost(m.schedule, count))) return NEED_FUEL;
      if (target === source) target.bytes.copyWithin(to, from, from + count);
      else target.bytes.set(source.bytes.subarray(from, from + count), to);
      return next(m);
    },
    memory_init: (m, at) => {
      const k = slot(m, at, 1);
      const segment = m.instance.data[operand(at, 2)]!;
      const memory = m.instance.memories[operand(at, 3)]!;
      const to = addressAt(k, memory);
      const from = I[k + 2]! >>> 0;
      const count = I[k + 4]! >>> 0;
      if (to + count > memory.byteLength || from + count > segment.length) return MEMORY_BOUNDS;
      if (!pay(m, bulkMemoryCost(m.schedule, count))) return NEED_FUEL;
      memory.bytes.set(segment.subarray(from, from + count), to);
      return next(m);
    },
    data_drop: (m, at) => {
      m.instance.data[operand(at, 1)] = new Uint8Array(0);
      return CONTINUE;
    },
    load_far: (m, at) =>
      load(
        m.instance.memories[operand(at, 3)]!,
        first(m, at),
        loadKinds[operand(at, 1)]!,
        I[second(m, at)]!,
        operand(at, 2),
      ),
    store_far: (m, at) =>
      store(
        m.instance.memories[operand(at, 3)]!,
        second(m, at),
        storeKinds[operand(at, 1)]!,
        I[first(m, at)]!,
        operand(at, 2),
      ),
  };
};
