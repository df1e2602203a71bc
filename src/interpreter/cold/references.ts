/** Cold operations on references: calls through them, tests and casts, branches on them, i31. */

import type { referenceOps } from '../code/isa.ts';
import type { StructInstance } from '../instances/aggregate.ts';
import type { FuncInstance } from '../instances/module-instance.ts';
import { isDescribedBy, matchesRef, toI31 } from '../instances/references.ts';
import type { Ref } from '../instances/values.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { CONTINUE, NO_FUEL, trapStatus } from '../loop/status.ts';
import type { Cold, ColdTools } from './tools.ts';

const NULL_REFERENCE = trapStatus('trap.null-reference');
const NULL_FUNCTION = trapStatus('trap.null-function');
const NULL_I31 = trapStatus('trap.null-i31');
const NULL_DESCRIPTOR = trapStatus('trap.null-descriptor');
const CAST = trapStatus('trap.cast');
const DESCRIPTOR_CAST = trapStatus('trap.descriptor-cast');

export const createReferenceOps = (tools: ColdTools): Record<keyof typeof referenceOps, Cold> => {
  const { I, R, operand, slot, first, second, set, setRef, callFunction, tailCall } = tools;
  const refAt = (m: MachineState, at: number, n: number): Ref => R[slot(m, at, n) >> 1] as Ref;
  const firstRef = (m: MachineState, at: number): Ref => R[first(m, at) >> 1] as Ref;
  const secondRef = (m: MachineState, at: number): Ref => R[second(m, at) >> 1] as Ref;
  /** Takes the branch whose target is the word at `p`. */
  const branchIf = (m: MachineState, isTaken: boolean, p: number): number => {
    if (!isTaken) return CONTINUE;
    m.pc = operand(p, 0);
    m.fuel += operand(p, 1);
    return m.fuel < 0 ? NO_FUEL : CONTINUE;
  };

  return {
    ref_null: (m, at) => setRef(m, at, null),
    ref_is_null: (m, at) => set(m, at, secondRef(m, at) === null ? 1 : 0),
    ref_func: (m, at) => setRef(m, at, m.instance.funcs[operand(at, 1)]!),
    call_ref: (m, at) => {
      const func = refAt(m, at, 1) as FuncInstance | null;
      return func === null ? NULL_FUNCTION : callFunction(m, func, slot(m, at, 2));
    },
    return_call_ref: (m, at) => {
      const func = refAt(m, at, 1) as FuncInstance | null;
      return func === null ? NULL_FUNCTION : tailCall(m, func, slot(m, at, 2));
    },
    ref_as_non_null: (m, at) => {
      const ref = secondRef(m, at);
      return ref === null ? NULL_REFERENCE : setRef(m, at, ref);
    },
    br_on_null: (m, at) => branchIf(m, firstRef(m, at) === null, at + 1),
    br_on_non_null: (m, at) => branchIf(m, firstRef(m, at) !== null, at + 1),
    br_on_cast: (m, at) => branchIf(m, matchesRef(firstRef(m, at), operand(at, 1)), at + 2),
    br_on_cast_fail: (m, at) => branchIf(m, !matchesRef(firstRef(m, at), operand(at, 1)), at + 2),
    ref_eq: (m, at) => set(m, at, secondRef(m, at) === refAt(m, at, 1) ? 1 : 0),
    ref_test: (m, at) => set(m, at, matchesRef(secondRef(m, at), operand(at, 1)) ? 1 : 0),
    ref_cast: (m, at) => {
      const ref = secondRef(m, at);
      return matchesRef(ref, operand(at, 1)) ? setRef(m, at, ref) : CAST;
    },
    ref_get_desc: (m, at) => {
      const ref = secondRef(m, at) as StructInstance | null;
      return ref === null ? NULL_REFERENCE : setRef(m, at, ref.descriptor);
    },
    ref_cast_desc_eq: (m, at) => {
      const ref = secondRef(m, at);
      const descriptor = refAt(m, at, 1);
      if (descriptor === null) return NULL_DESCRIPTOR;
      return isDescribedBy(ref, descriptor, operand(at, 2) !== 0) ? setRef(m, at, ref) : DESCRIPTOR_CAST;
    },
    br_on_cast_desc_eq: (m, at) => {
      const descriptor = secondRef(m, at);
      if (descriptor === null) return NULL_DESCRIPTOR;
      return branchIf(m, isDescribedBy(firstRef(m, at), descriptor, operand(at, 1) !== 0), at + 2);
    },
    br_on_cast_desc_eq_fail: (m, at) => {
      const descriptor = secondRef(m, at);
      if (descriptor === null) return NULL_DESCRIPTOR;
      return branchIf(m, !isDescribedBy(firstRef(m, at), descriptor, operand(at, 1) !== 0), at + 2);
    },
    ref_i31: (m, at) => setRef(m, at, toI31(I[second(m, at)]!)),
    i31_get_s: (m, at) => {
      const ref = secondRef(m, at);
      return ref === null ? NULL_I31 : set(m, at, ref as number);
    },
    i31_get_u: (m, at) => {
      const ref = secondRef(m, at);
      return ref === null ? NULL_I31 : set(m, at, (ref as number) & 0x7fffffff);
    },
  };
};
