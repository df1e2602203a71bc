/** Atomics of the threads proposal; machines that wait are woken by each other. */
import { TrapError } from '../../src/errors.ts';
import { I32, I64, type ValType } from '../../src/wasm.ts';
import type { Instruction } from './body.ts';
import type { MemoryInstance } from './instances.ts';
import type { Machine, Rule } from './machine.ts';
import { i32, widthOf } from './values.ts';

interface Place {
  readonly memory: MemoryInstance;
  readonly ea: number;
}

/** The place that the address on top of the stack names: aligned, and inside. */
const popPlace = (machine: Machine, instruction: Instruction, size: number, mustShare = false): Place => {
  const memory = machine.frame.module.memories[instruction.memory]!;
  const ea = machine.popBits() + instruction.memoryOffset;
  if (ea % BigInt(size) !== 0n) throw new TrapError('trap.unaligned-atomic');
  if (mustShare && !memory.type.isShared) throw new TrapError('trap.expected-shared');
  if (ea + BigInt(size) > BigInt(memory.bytes.length)) throw new TrapError('trap.memory-bounds');
  return { memory, ea: Number(ea) };
};

const read = ({ memory, ea }: Place, size: number): bigint =>
  memory.bytes.slice(ea, ea + size).reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
const write = ({ memory, ea }: Place, size: number, bits: bigint): void => {
  for (let i = 0; i < size; i++) memory.bytes[ea + i] = Number((bits >> BigInt(8 * i)) & 0xffn);
};

/** @spec exec-atomic.load */
const load = (type: ValType, size: number): Rule => ({
  step(machine, instruction) {
    machine.push({ type, bits: read(popPlace(machine, instruction, size), size) });
  },
});

/** @spec exec-atomic.store */
const store = (size: number): Rule => ({
  step(machine, instruction) {
    const bits = machine.popBits();
    write(popPlace(machine, instruction, size), size, bits);
  },
});

type Operator = (old: bigint, operand: bigint) => bigint;

/** @spec exec-atomic.rmw */
const rmw = (type: ValType, size: number, operator: Operator): Rule => ({
  step(machine, instruction) {
    const operand = machine.popBits();
    const place = popPlace(machine, instruction, size);
    const old = read(place, size);
    write(place, size, BigInt.asUintN(8 * size, operator(old, operand)));
    machine.push({ type, bits: old });
  },
});

/** @spec exec-atomic.rmw.cmpxchg */
const cmpxchg = (type: ValType, size: number): Rule => ({
  step(machine, instruction) {
    const replacement = machine.popBits();
    const expected = machine.popBits();
    const place = popPlace(machine, instruction, size);
    const old = read(place, size);
    if (old === BigInt.asUintN(8 * size, expected)) write(place, size, replacement);
    machine.push({ type, bits: old });
  },
});

/** @spec exec-memory.atomic.waitn */
const wait = (size: number): Rule => ({
  step(machine, instruction) {
    const timeout = BigInt.asIntN(64, machine.popBits());
    const expected = machine.popBits();
    const place = popPlace(machine, instruction, size, true);
    if (read(place, size) !== expected) {
      machine.push(i32(1));
      return;
    }
    machine.waiting = { ...place, timeout, answer: null };
    place.memory.waiters.push(machine.waiting);
  },
});

/** @spec exec-memory.atomic.notify */
const notify: Rule = {
  step(machine, instruction) {
    const count = Number(machine.popBits());
    const { memory, ea } = popPlace(machine, instruction, 4);
    const woken = memory.waiters.filter((waiting) => waiting.ea === ea).slice(0, count);
    for (const waiting of woken) {
      memory.waiters.splice(memory.waiters.indexOf(waiting), 1);
      waiting.answer = 0;
    }
    machine.push(i32(woken.length));
  },
};

const operators: Readonly<Record<string, Operator>> = {
  add: (old, operand) => old + operand,
  sub: (old, operand) => old - operand,
  and: (old, operand) => old & operand,
  or: (old, operand) => old | operand,
  xor: (old, operand) => old ^ operand,
  xchg: (_, operand) => operand,
};

/** The rules of one width: `rmw` for whole values, `rmw8` and so on for parts. */
const rulesOf = (prefix: 'i32' | 'i64', type: ValType, size: number): [string, Rule][] => {
  const part = 8 * size === widthOf(type) ? '' : String(8 * size);
  const suffix = part === '' ? '' : '_u';
  return [
    [`${prefix}.atomic.load${part}${suffix}`, load(type, size)],
    [`${prefix}.atomic.store${part}`, store(size)],
    [`${prefix}.atomic.rmw${part}.cmpxchg${suffix}`, cmpxchg(type, size)],
    ...Object.entries(operators).map(([name, operator]): [string, Rule] => [
      `${prefix}.atomic.rmw${part}.${name}${suffix}`,
      rmw(type, size, operator),
    ]),
  ];
};

export const atomicRules: Readonly<Record<string, Rule>> = {
  'memory.atomic.wait32': wait(4),
  'memory.atomic.wait64': wait(8),
  'memory.atomic.notify': notify,
  'atomic.fence': { step() {} },
  ...Object.fromEntries([1, 2, 4].flatMap((size) => rulesOf('i32', I32, size))),
  ...Object.fromEntries([1, 2, 4, 8].flatMap((size) => rulesOf('i64', I64, size))),
};
