/** The instructions of constant expressions that make structures, arrays and i31 references. */
import type { InstructionReader } from '../../decoder/instruction-reader.ts';
import { ExhaustionError, TrapError } from '../../errors/errors.ts';
import type { Mnemonic } from '../../syntax/instructions.ts';
import { MAX_ARRAY_BYTES } from '../../syntax/limits.ts';
import {
  type ArrayType,
  type DefType,
  type StructType,
  slotsOf,
  unpack,
  type ValType,
} from '../../syntax/types.ts';
import {
  type ArrayInstance,
  arrayBytes,
  newArray,
  StructInstance,
  setElements,
  structBytes,
  structFrom,
} from '../instances/aggregate.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import { toI31 } from '../instances/references.ts';
import { type RawValue, writeValues } from '../instances/values.ts';

/** Values in the layout of a frame. */
const layOut = (
  types: readonly ValType[],
  values: readonly RawValue[],
): { readonly words: Int32Array; readonly refs: unknown[] } => {
  const words = new Int32Array(2 * types.reduce((sum, type) => sum + slotsOf(type), 0));
  const refs: unknown[] = [];
  writeValues(types, values, words, 0, refs);
  return { words, refs };
};

/** SAFETY: a few bytes of a module can use up a whole limit, so all expressions share one. */
const take = (instance: ModuleInstance, byteLength: number): void => {
  const taken = instance.constantBytes + byteLength;
  if (taken > MAX_ARRAY_BYTES)
    throw new TrapError('trap.allocation-size', { detail: 'constant expressions' });
  instance.constantBytes = taken;
  if (!instance.store.takeHeap(byteLength))
    throw new ExhaustionError('exhaustion.heap', { detail: 'constant expressions' });
};
const allocate = (instance: ModuleInstance, type: DefType, length: number): ArrayInstance => {
  take(instance, arrayBytes(type, length));
  const array = newArray(type, length);
  if (array === null) throw new TrapError('trap.allocation-size', { detail: `${length} elements` });
  return array;
};
const takeStruct = (instance: ModuleInstance, type: DefType): void => take(instance, structBytes(type));

const popMany = (stack: RawValue[], count: number): RawValue[] => stack.splice(stack.length - count, count);
const popDescriptor = (stack: RawValue[]): StructInstance => {
  const descriptor = stack.pop() as StructInstance | null;
  if (descriptor === null) throw new TrapError('trap.null-descriptor');
  return descriptor;
};
const popI32 = (stack: RawValue[]): number => Number(stack.pop() as bigint);

/**
 * Performs an instruction on the stack of a constant expression; false if it is not one of these.
 *
 * @throws TrapError for more than the limit of arrays and structures, and for a descriptor that is null
 */
export const evaluateAggregate = (
  instance: ModuleInstance,
  reader: InstructionReader,
  name: Mnemonic,
  stack: RawValue[],
): boolean => {
  const type = instance.compiled.module.types[reader.index]!;
  switch (name) {
    case 'struct.new':
    case 'struct.new_desc': {
      const descriptor = name === 'struct.new_desc' ? popDescriptor(stack) : null;
      takeStruct(instance, type);
      const types = (type.comp as StructType).fields.map(({ storage }) => unpack(storage));
      const { words, refs } = layOut(types, popMany(stack, types.length));
      stack.push(structFrom(type, words, 0, refs, descriptor));
      return true;
    }
    case 'struct.new_default':
      takeStruct(instance, type);
      stack.push(new StructInstance(type));
      return true;
    case 'struct.new_default_desc': {
      const descriptor = popDescriptor(stack);
      takeStruct(instance, type);
      stack.push(new StructInstance(type, descriptor));
      return true;
    }
    case 'array.new': {
      const length = popI32(stack);
      const { words, refs } = layOut([unpack((type.comp as ArrayType).element.storage)], popMany(stack, 1));
      const array = allocate(instance, type, length);
      array.fill(0, length, words, 0, refs);
      stack.push(array);
      return true;
    }
    case 'array.new_default':
      stack.push(allocate(instance, type, popI32(stack)));
      return true;
    case 'array.new_fixed': {
      const length = reader.index2;
      const element = unpack((type.comp as ArrayType).element.storage);
      const values = popMany(stack, length);
      const { words, refs } = layOut(
        values.map(() => element),
        values,
      );
      const array = allocate(instance, type, length);
      setElements(array, words, 0, refs);
      stack.push(array);
      return true;
    }
    case 'ref.i31':
      stack.push(toI31(Number(BigInt.asIntN(32, stack.pop() as bigint))));
      return true;
    case 'any.convert_extern':
    case 'extern.convert_any':
      return true;
    default:
      return false;
  }
};
