/**
 * Structures and arrays. Operations that cost by size say the size once, with the reason why they would trap
 * instead (`check`), and both the size term and the step ask there.
 */
import { type QuernError, TrapError } from '../../src/errors.ts';
import { bulkTableCost, fieldsCost } from '../../src/interpreter/fuel/schedules.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { MAX_ARRAY_BYTES } from '../../src/syntax/limits.ts';
import { type DefType, I32, isRef, refType } from '../../src/syntax/types.ts';
import {
  ArrayValue,
  defaultBits,
  elementOf,
  fieldsOf,
  pack,
  StructValue,
  storageWidth,
  unpack,
} from './aggregates.ts';
import type { Instruction } from './body.ts';
import type { Machine, Rule } from './machine.ts';
import type { RawValue } from './values.ts';

const typeOf = (machine: Machine, { index }: Instruction): DefType =>
  machine.frame.module.module.types[index]!;

const pushRef = (machine: Machine, value: StructValue | ArrayValue): void =>
  machine.push({ type: refType(value.type.id, false), bits: value });

const popDescriptor = (machine: Machine): StructValue => {
  const descriptor = machine.popRef();
  if (descriptor === null) throw new TrapError('trap.null-descriptor');
  return descriptor as StructValue;
};

/** Size term of a structure: a reference counts as a word, a number as the words that it takes. */
const structSize = (machine: Machine, instruction: Instruction): number => {
  const words = fieldsOf(typeOf(machine, instruction)).map(({ storage }) =>
    isRef(storage) ? 1 : Math.ceil(storageWidth(storage) / 32),
  );
  return fieldsCost(
    machine.options.schedule,
    words.reduce((sum, n) => sum + n, 0),
  );
};

/** @spec exec-struct.new */
const struct_new = (hasDescriptor: boolean): Rule => ({
  size: structSize,
  step(machine, instruction) {
    const type = typeOf(machine, instruction);
    const fields = fieldsOf(type);
    const descriptor = hasDescriptor ? popDescriptor(machine) : null;
    const values = machine.popMany(fields.length);
    const bits = fields.map(({ storage }, i) => pack(storage, values[i]!.bits));
    pushRef(machine, new StructValue(type, bits, descriptor));
  },
});

/** @spec exec-struct.new_default */
const struct_new_default = (hasDescriptor: boolean): Rule => ({
  size: structSize,
  step(machine, instruction) {
    const type = typeOf(machine, instruction);
    const descriptor = hasDescriptor ? popDescriptor(machine) : null;
    const bits = fieldsOf(type).map(({ storage }) => defaultBits(storage));
    pushRef(machine, new StructValue(type, bits, descriptor));
  },
});

const popStruct = (machine: Machine): StructValue => {
  const struct = machine.popRef();
  if (struct === null) throw new TrapError('trap.null-structure');
  return struct as StructValue;
};

/** @spec exec-struct.get */
const struct_get = (isSigned: boolean): Rule => ({
  step(machine, instruction) {
    const { storage } = fieldsOf(typeOf(machine, instruction))[instruction.index2]!;
    machine.push(unpack(storage, popStruct(machine).fields[instruction.index2]!, isSigned));
  },
});

/** @spec exec-struct.set */
const struct_set: Rule = {
  step(machine, instruction) {
    const { storage } = fieldsOf(typeOf(machine, instruction))[instruction.index2]!;
    const { bits } = machine.pop();
    popStruct(machine).fields[instruction.index2] = pack(storage, bits);
  },
};

const popArray = (machine: Machine): ArrayValue => {
  const array = machine.popRef();
  if (array === null) throw new TrapError('trap.null-array');
  return array as ArrayValue;
};
const trapUnlessElement = (array: ArrayValue, index: bigint): void => {
  if (index >= BigInt(array.elements.length)) throw new TrapError('trap.array-bounds');
};

/** @spec exec-array.get */
const array_get = (isSigned: boolean): Rule => ({
  step(machine, instruction) {
    const index = machine.popBits();
    const array = popArray(machine);
    trapUnlessElement(array, index);
    const { storage } = elementOf(typeOf(machine, instruction));
    machine.push(unpack(storage, array.elements[Number(index)]!, isSigned));
  },
});

/** @spec exec-array.set */
const array_set: Rule = {
  step(machine, instruction) {
    const { bits } = machine.pop();
    const index = machine.popBits();
    const array = popArray(machine);
    trapUnlessElement(array, index);
    array.elements[Number(index)] = pack(elementOf(typeOf(machine, instruction)).storage, bits);
  },
};

/** @spec exec-array.len */
const array_len: Rule = {
  step: (machine) => machine.push({ type: I32, bits: BigInt(popArray(machine).elements.length) }),
};

/** @spec exec-array.new_fixed */
const array_new_fixed: Rule = {
  size: (machine, { index2 }) => fieldsCost(machine.options.schedule, index2),
  step(machine, instruction) {
    const type = typeOf(machine, instruction);
    const trap = tooLarge(type, BigInt(instruction.index2));
    if (trap !== null) throw trap;
    const values = machine.popMany(instruction.index2);
    pushRef(
      machine,
      new ArrayValue(
        type,
        values.map(({ bits }) => pack(elementOf(type).storage, bits)),
      ),
    );
  },
};

/** Bytes of an element in a data segment. */
const byteWidth = (type: DefType): number => storageWidth(elementOf(type).storage) / 8;

/** The trap of an array beyond the implementation limit. */
const tooLarge = (type: DefType, count: bigint): QuernError | null => {
  const bytes = isRef(elementOf(type).storage) ? 8 : byteWidth(type);
  return count * BigInt(bytes) > BigInt(MAX_ARRAY_BYTES) ? new TrapError('trap.allocation-size') : null;
};

/** Operands of a sized operation, the topmost last, still on the stack. */
type Operands = readonly RawValue[];

/** A sized operation: how many operands it has, how many elements it moves, why it would trap, what it does. */
interface Sized {
  readonly operandCount: number;
  count(operands: Operands): bigint;
  check(machine: Machine, instruction: Instruction, operands: Operands): QuernError | null;
  act(machine: Machine, instruction: Instruction, operands: Operands): void;
}

const sized = ({ operandCount, count, check, act }: Sized): Rule => {
  const peek = (machine: Machine): Operands =>
    machine.stack.slice(machine.stack.length - operandCount).map(({ bits }) => bits);
  return {
    size(machine, instruction) {
      const operands = peek(machine);
      if (check(machine, instruction, operands) !== null) return 0;
      return bulkTableCost(machine.options.schedule, Number(count(operands)));
    },
    step(machine, instruction) {
      const operands = peek(machine);
      const trap = check(machine, instruction, operands);
      if (trap !== null) throw trap;
      machine.popMany(operandCount);
      act(machine, instruction, operands);
    },
  };
};
const last = (operands: Operands): bigint => operands[operands.length - 1] as bigint;
const fits = (start: RawValue, count: bigint, size: number): boolean =>
  (start as bigint) + count <= BigInt(size);

/** @spec exec-array.new, exec-array.new_default */
const array_new = (hasValue: boolean): Rule =>
  sized({
    operandCount: hasValue ? 2 : 1,
    count: last,
    check: (machine, instruction, operands) => tooLarge(typeOf(machine, instruction), last(operands)),
    act(machine, instruction, operands) {
      const type = typeOf(machine, instruction);
      const { storage } = elementOf(type);
      const bits = hasValue ? pack(storage, operands[0]!) : defaultBits(storage);
      pushRef(
        machine,
        new ArrayValue(
          type,
          Array.from({ length: Number(last(operands)) }, () => bits),
        ),
      );
    },
  });

/** Where the elements of a segment come from. */
interface Source {
  readonly trap: 'trap.memory-bounds' | 'trap.table-bounds';
  fits(machine: Machine, instruction: Instruction, from: bigint, count: bigint): boolean;
  read(machine: Machine, instruction: Instruction, from: number, count: number): RawValue[];
}

const fromData: Source = {
  trap: 'trap.memory-bounds',
  fits(machine, instruction, from, count) {
    const size = BigInt(byteWidth(typeOf(machine, instruction)));
    return fits(from, count * size, machine.frame.module.data[instruction.index2]!.length);
  },
  read(machine, instruction, from, count) {
    const size = byteWidth(typeOf(machine, instruction));
    const bytes = machine.frame.module.data[instruction.index2]!;
    return Array.from({ length: count }, (_, i) =>
      bytes
        .slice(from + i * size, from + (i + 1) * size)
        .reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n),
    );
  },
};
const fromElements: Source = {
  trap: 'trap.table-bounds',
  fits: (machine, { index2 }, from, count) =>
    fits(from, count, machine.frame.module.elements[index2]!.references.length),
  read: (machine, { index2 }, from, count) =>
    machine.frame.module.elements[index2]!.references.slice(from, from + count),
};

/** @spec exec-array.new_data, exec-array.new_elem */
const array_new_from = (source: Source): Rule =>
  sized({
    operandCount: 2,
    count: last,
    check(machine, instruction, operands) {
      const count = last(operands);
      if (!source.fits(machine, instruction, operands[0] as bigint, count)) return new TrapError(source.trap);
      return tooLarge(typeOf(machine, instruction), count);
    },
    act(machine, instruction, operands) {
      const elements = source.read(machine, instruction, Number(operands[0]), Number(last(operands)));
      pushRef(machine, new ArrayValue(typeOf(machine, instruction), elements));
    },
  });

/** Why a range of an array cannot be had. */
const rangeTrap = (array: RawValue, start: RawValue, count: bigint): QuernError | null => {
  if (array === null) return new TrapError('trap.null-array');
  const { elements } = array as ArrayValue;
  return fits(start, count, elements.length) ? null : new TrapError('trap.array-bounds');
};
const write = (array: RawValue, start: RawValue, values: readonly RawValue[]): void => {
  for (const [i, bits] of values.entries()) (array as ArrayValue).elements[Number(start) + i] = bits;
};

/** @spec exec-array.fill */
const array_fill = sized({
  operandCount: 4,
  count: last,
  check: (_machine, _instruction, operands) => rangeTrap(operands[0]!, operands[1]!, last(operands)),
  act(machine, instruction, operands) {
    const bits = pack(elementOf(typeOf(machine, instruction)).storage, operands[2]!);
    write(
      operands[0]!,
      operands[1]!,
      Array.from({ length: Number(last(operands)) }, () => bits),
    );
  },
});

/** @spec exec-array.copy */
const array_copy = sized({
  operandCount: 5,
  count: last,
  check(_machine, _instruction, [target, to, source, from, count]) {
    if (target === null || source === null) return new TrapError('trap.null-array');
    return rangeTrap(target!, to!, count as bigint) ?? rangeTrap(source!, from!, count as bigint);
  },
  act(_machine, _instruction, [target, to, source, from, count]) {
    const { elements } = source as ArrayValue;
    write(target!, to!, elements.slice(Number(from), Number(from) + Number(count)));
  },
});

/** @spec exec-array.init_data, exec-array.init_elem */
const array_init_from = (source: Source): Rule =>
  sized({
    operandCount: 4,
    count: last,
    check(machine, instruction, operands) {
      const count = last(operands);
      const trap = rangeTrap(operands[0]!, operands[1]!, count);
      if (trap !== null) return trap;
      const isInside = source.fits(machine, instruction, operands[2] as bigint, count);
      return isInside ? null : new TrapError(source.trap);
    },
    act(machine, instruction, operands) {
      const values = source.read(machine, instruction, Number(operands[2]), Number(last(operands)));
      write(operands[0]!, operands[1]!, values);
    },
  });

export const aggregateRules = {
  'struct.new': struct_new(false),
  'struct.new_default': struct_new_default(false),
  'struct.new_desc': struct_new(true),
  'struct.new_default_desc': struct_new_default(true),
  'struct.get': struct_get(false),
  'struct.get_s': struct_get(true),
  'struct.get_u': struct_get(false),
  'struct.set': struct_set,
  'array.new': array_new(true),
  'array.new_default': array_new(false),
  'array.new_fixed': array_new_fixed,
  'array.new_data': array_new_from(fromData),
  'array.new_elem': array_new_from(fromElements),
  'array.get': array_get(false),
  'array.get_s': array_get(true),
  'array.get_u': array_get(false),
  'array.set': array_set,
  'array.len': array_len,
  'array.fill': array_fill,
  'array.copy': array_copy,
  'array.init_data': array_init_from(fromData),
  'array.init_elem': array_init_from(fromElements),
} satisfies Partial<Record<Mnemonic, Rule>>;
