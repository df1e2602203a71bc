/** Typed function references, casts, and i31. */
import { TrapError } from '../../src/errors.ts';
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { HEAP_ANY, HEAP_EXTERN, HEAP_I31, I32, refType } from '../../src/syntax/types.ts';
import { I31Value, isOfHeapType, isSame, StructValue } from './aggregates.ts';
import type { Instruction } from './body.ts';
import type { FunctionInstance } from './instances.ts';
import type { Machine, Rule } from './machine.ts';
import { hostCost } from './rules-control.ts';

const calleeSize = (machine: Machine): number =>
  hostCost(machine, machine.stack[machine.stack.length - 1]!.bits as FunctionInstance | null);
const popCallee = (machine: Machine): FunctionInstance => {
  const func = machine.popRef();
  if (func === null) throw new TrapError('trap.null-function');
  return func as FunctionInstance;
};

/** @spec exec-call_ref */
const call_ref: Rule = {
  size: calleeSize,
  step: (machine) => machine.enter(popCallee(machine)),
};

/** @spec exec-return_call_ref */
const return_call_ref: Rule = {
  size: calleeSize,
  step: (machine) => machine.tailCall(popCallee(machine)),
};

/** @spec exec-ref.as_non_null */
const ref_as_non_null: Rule = {
  step(machine) {
    const value = machine.pop();
    if (value.bits === null) throw new TrapError('trap.null-reference');
    machine.push(value);
  },
};

/** @spec exec-br_on_null */
const br_on_null: Rule = {
  size: (machine, { index }) => machine.branchSize(index),
  step(machine, { index }) {
    const value = machine.pop();
    if (value.bits === null) machine.branch(index);
    else machine.push(value);
  },
};

/** @spec exec-br_on_non_null */
const br_on_non_null: Rule = {
  size: (machine, { index }) => machine.branchSize(index),
  step(machine, { index }) {
    const value = machine.pop();
    if (value.bits === null) return;
    machine.push(value);
    machine.branch(index);
  },
};

const isOf = (reference: object | null, heap: number, isNullable: boolean): boolean =>
  reference === null ? isNullable : isOfHeapType(reference, heap);

/** Branches when the reference on top is of the target type, or when it is not; it stays where it is. */
const branchOnCast = (when: boolean): Rule => ({
  size: (machine, { index }) => machine.branchSize(index),
  step(machine, { index, heapType2, isNullable2 }) {
    const { bits } = machine.stack[machine.stack.length - 1]!;
    if (isOf(bits as object | null, heapType2, isNullable2) === when) machine.branch(index);
  },
});

/** @spec exec-ref.eq */
const ref_eq: Rule = {
  step(machine) {
    const b = machine.popRef();
    const a = machine.popRef();
    machine.push({ type: I32, bits: isSame(a, b) ? 1n : 0n });
  },
};

/** @spec exec-ref.test */
const ref_test = (isNullable: boolean): Rule => ({
  step(machine, { heapType }) {
    machine.push({ type: I32, bits: isOf(machine.popRef(), heapType, isNullable) ? 1n : 0n });
  },
});

/** @spec exec-ref.cast */
const ref_cast = (isNullable: boolean): Rule => ({
  step(machine, { heapType }: Instruction) {
    const reference = machine.popRef();
    if (!isOf(reference, heapType, isNullable)) throw new TrapError('trap.cast');
    machine.push({ type: refType(heapType, isNullable), bits: reference });
  },
});

/** The descriptor operand of a cast. */
const popDescriptor = (machine: Machine): object => {
  const descriptor = machine.popRef();
  if (descriptor === null) throw new TrapError('trap.null-descriptor');
  return descriptor;
};
const isDescribed = (reference: object | null, descriptor: object, isNullable: boolean): boolean =>
  reference === null ? isNullable : reference instanceof StructValue && reference.descriptor === descriptor;

/** Custom descriptors, "New Instructions". */
const ref_get_desc: Rule = {
  step(machine) {
    const reference = machine.popRef() as StructValue | null;
    if (reference === null) throw new TrapError('trap.null-reference');
    const { descriptor } = reference;
    machine.push({ type: refType(descriptor!.type.id, false), bits: descriptor });
  },
};
const ref_cast_desc_eq = (isNullable: boolean): Rule => ({
  step(machine, { heapType }) {
    const descriptor = popDescriptor(machine);
    const reference = machine.popRef();
    if (!isDescribed(reference, descriptor, isNullable)) throw new TrapError('trap.descriptor-cast');
    machine.push({ type: refType(heapType, isNullable), bits: reference });
  },
});
const branchOnDescriptor = (when: boolean): Rule => ({
  size: (machine, { index }) => machine.branchSize(index),
  step(machine, { index, isNullable2 }) {
    const descriptor = popDescriptor(machine);
    const { bits } = machine.stack[machine.stack.length - 1]!;
    if (isDescribed(bits as object | null, descriptor, isNullable2) === when) machine.branch(index);
  },
});

/** @spec exec-any.convert_extern, exec-extern.convert_any */
const convert = (heap: number): Rule => ({
  step: (machine) => machine.push({ type: refType(heap, true), bits: machine.popRef() }),
});

/** @spec exec-ref.i31 */
const ref_i31: Rule = {
  step: (machine) => machine.push({ type: refType(HEAP_I31, false), bits: new I31Value(machine.popBits()) }),
};

/** @spec exec-i31.get */
const i31_get = (isSigned: boolean): Rule => ({
  step(machine) {
    const reference = machine.popRef() as I31Value | null;
    if (reference === null) throw new TrapError('trap.null-i31');
    const bits = isSigned ? BigInt.asUintN(32, BigInt.asIntN(31, reference.bits)) : reference.bits;
    machine.push({ type: I32, bits });
  },
});

export const referenceRules = {
  call_ref,
  return_call_ref,
  'ref.as_non_null': ref_as_non_null,
  br_on_null,
  br_on_non_null,
  br_on_cast: branchOnCast(true),
  br_on_cast_fail: branchOnCast(false),
  'ref.eq': ref_eq,
  'ref.test': ref_test(false),
  'ref.test null': ref_test(true),
  'ref.cast': ref_cast(false),
  'ref.cast null': ref_cast(true),
  'ref.get_desc': ref_get_desc,
  'ref.cast_desc_eq': ref_cast_desc_eq(false),
  'ref.cast_desc_eq null': ref_cast_desc_eq(true),
  br_on_cast_desc_eq: branchOnDescriptor(true),
  br_on_cast_desc_eq_fail: branchOnDescriptor(false),
  'any.convert_extern': convert(HEAP_ANY),
  'extern.convert_any': convert(HEAP_EXTERN),
  'ref.i31': ref_i31,
  'i31.get_s': i31_get(true),
  'i31.get_u': i31_get(false),
} satisfies Partial<Record<Mnemonic, Rule>>;
