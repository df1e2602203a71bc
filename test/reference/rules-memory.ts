/** Loads, stores, and the size of memories. */
import { TrapError } from '../../src/errors.ts';
import { growMemoryCost } from '../../src/interpreter/fuel/schedules.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { F32, F64, I32, I64, type ValType } from '../../src/wasm.ts';
import type { Instruction } from './body.ts';
import type { MemoryInstance } from './instances.ts';
import { signed } from './integers.ts';
import type { Machine, Rule } from './machine.ts';
import { widthOf } from './values.ts';

/** The start of the accessed bytes; traps when one of them is outside. */
const effectiveAddress = (
  memory: MemoryInstance,
  base: bigint,
  offset: bigint,
  byteCount: number,
): number => {
  const ea = base + offset;
  if (ea + BigInt(byteCount) > BigInt(memory.bytes.length)) throw new TrapError('trap.memory-bounds');
  return Number(ea);
};

const memoryOf = (machine: Machine, { memory }: Instruction): MemoryInstance =>
  machine.frame.module.memories[memory]!;

/** @spec exec-load-val, exec-load-pack */
const load = (type: ValType, byteCount: number, isSigned = false): Rule => ({
  step(machine, instruction) {
    const memory = memoryOf(machine, instruction);
    const ea = effectiveAddress(memory, machine.popBits(), instruction.memoryOffset, byteCount);
    let bits = 0n;
    for (let i = byteCount - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(memory.bytes[ea + i]!);
    if (isSigned) bits = BigInt.asUintN(widthOf(type), signed(byteCount * 8, bits));
    machine.push({ type, bits });
  },
});

/** @spec exec-store-val, exec-store-pack */
const store = (byteCount: number): Rule => ({
  step(machine, instruction) {
    const memory = memoryOf(machine, instruction);
    let bits = machine.popBits();
    const ea = effectiveAddress(memory, machine.popBits(), instruction.memoryOffset, byteCount);
    for (let i = 0; i < byteCount; i++, bits >>= 8n) memory.bytes[ea + i] = Number(bits & 0xffn);
  },
});

const indexedMemory = (machine: Machine, { index }: Instruction): MemoryInstance =>
  machine.frame.module.memories[index]!;

/** @spec exec-memory.size */
const memory_size: Rule = {
  step(machine, instruction) {
    const memory = indexedMemory(machine, instruction);
    machine.push({ type: memory.type.limits.address, bits: BigInt(memory.pageCount) });
  },
};

const canGrow = (machine: Machine, memory: MemoryInstance, delta: bigint): boolean => {
  const { max } = memory.type.limits;
  const pageCount = BigInt(memory.pageCount) + delta;
  const byteCount = pageCount << BigInt(memory.type.pageSizeLog2);
  return byteCount <= BigInt(machine.options.maxMemoryPages) << 16n && (max === null || pageCount <= max);
};

/** @spec exec-memory.grow */
const memory_grow: Rule = {
  size(machine, instruction) {
    const delta = machine.peekBits(0);
    if (!canGrow(machine, indexedMemory(machine, instruction), delta)) return 0;
    const byteCount = delta << BigInt(indexedMemory(machine, instruction).type.pageSizeLog2);
    return growMemoryCost(machine.options.schedule, Math.ceil(Number(byteCount) / 65_536));
  },
  step(machine, instruction) {
    const memory = indexedMemory(machine, instruction);
    const type = memory.type.limits.address;
    const delta = machine.popBits();
    if (!canGrow(machine, memory, delta)) {
      machine.push({ type, bits: BigInt.asUintN(widthOf(type), -1n) });
      return;
    }
    machine.push({ type, bits: BigInt(memory.pageCount) });
    const bytes = new Uint8Array(memory.bytes.length + Number(delta << BigInt(memory.type.pageSizeLog2)));
    bytes.set(memory.bytes);
    memory.bytes = bytes;
  },
};

export const memoryRules = {
  'i32.load': load(I32, 4),
  'i64.load': load(I64, 8),
  'f32.load': load(F32, 4),
  'f64.load': load(F64, 8),
  'i32.load8_s': load(I32, 1, true),
  'i32.load8_u': load(I32, 1),
  'i32.load16_s': load(I32, 2, true),
  'i32.load16_u': load(I32, 2),
  'i64.load8_s': load(I64, 1, true),
  'i64.load8_u': load(I64, 1),
  'i64.load16_s': load(I64, 2, true),
  'i64.load16_u': load(I64, 2),
  'i64.load32_s': load(I64, 4, true),
  'i64.load32_u': load(I64, 4),
  'i32.store': store(4),
  'i64.store': store(8),
  'f32.store': store(4),
  'f64.store': store(8),
  'i32.store8': store(1),
  'i32.store16': store(2),
  'i64.store8': store(1),
  'i64.store16': store(2),
  'i64.store32': store(4),
  'memory.size': memory_size,
  'memory.grow': memory_grow,
} satisfies Partial<Record<Mnemonic, Rule>>;
