/** Cold conversions: rare ones between floats and integers. */

import { secondSlotOf } from '../code/encoding.ts';
import type { conversionOps } from '../code/isa.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { CONTINUE, trapStatus } from '../loop/status.ts';
import { f32_convert_i64, storeTruncated, truncSat32S, truncSat32U } from '../numerics/floats.ts';
import type { Cold, ColdTools, Stacks } from './tools.ts';

const OVERFLOW = trapStatus('trap.integer-overflow');
const NOT_A_NUMBER = trapStatus('trap.invalid-conversion');

const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

export const createConversionOps = (
  { C, I, first, second, set }: ColdTools,
  { doubles: D, floats: F }: Stacks,
): Record<keyof typeof conversionOps, Cold> => {
  const truncate = (m: MachineState, at: number, value: number, isSigned: boolean): number => {
    const inRange = isSigned ? value >= -TWO_63 && value < TWO_63 : value > -1 && value < TWO_64;
    if (!inRange) return Number.isNaN(value) ? NOT_A_NUMBER : OVERFLOW;
    storeTruncated(I, first(m, at), value);
    return CONTINUE;
  };
  const saturate = (m: MachineState, at: number, value: number, isSigned: boolean): number => {
    const k = first(m, at);
    const min = isSigned ? -TWO_63 : 0;
    const max = isSigned ? TWO_63 : TWO_64;
    if (Number.isNaN(value)) I.fill(0, k, k + 2);
    else if (value >= max) {
      I[k] = -1;
      I[k + 1] = isSigned ? 0x7fffffff : -1;
    } else storeTruncated(I, k, Math.max(value, min));
    return CONTINUE;
  };
  const truncate32 = (m: MachineState, at: number, isSigned: boolean): number => {
    const value = F[second(m, at)]!;
    const inRange = isSigned ? value > -2147483649 && value < 2147483648 : value > -1 && value < 4294967296;
    if (!inRange) return Number.isNaN(value) ? NOT_A_NUMBER : OVERFLOW;
    return set(m, at, Math.trunc(value));
  };
  /** f64 operand: its index counts slots. */
  const double = (m: MachineState, at: number): number => D[(m.fp >> 1) + secondSlotOf(C[at]!)]!;
  const convert = (m: MachineState, at: number, isSigned: boolean): number => {
    const k = second(m, at);
    F[first(m, at)] = f32_convert_i64(I[k]!, I[k + 1]!, isSigned);
    return CONTINUE;
  };

  return {
    f32_convert_i64_s: (m, at) => convert(m, at, true),
    f32_convert_i64_u: (m, at) => convert(m, at, false),
    i32_trunc_f32_s: (m, at) => truncate32(m, at, true),
    i32_trunc_f32_u: (m, at) => truncate32(m, at, false),
    i32_trunc_sat_f32_s: (m, at) => set(m, at, truncSat32S(F[second(m, at)]!)),
    i32_trunc_sat_f32_u: (m, at) => set(m, at, truncSat32U(F[second(m, at)]!)),
    i64_trunc_f32_s: (m, at) => truncate(m, at, F[second(m, at)]!, true),
    i64_trunc_f32_u: (m, at) => truncate(m, at, F[second(m, at)]!, false),
    i64_trunc_sat_f32_s: (m, at) => saturate(m, at, F[second(m, at)]!, true),
    i64_trunc_sat_f32_u: (m, at) => saturate(m, at, F[second(m, at)]!, false),
    i64_trunc_f64_s: (m, at) => truncate(m, at, double(m, at), true),
    i64_trunc_f64_u: (m, at) => truncate(m, at, double(m, at), false),
    i64_trunc_sat_f64_s: (m, at) => saturate(m, at, double(m, at), true),
    i64_trunc_sat_f64_u: (m, at) => saturate(m, at, double(m, at), false),
  };
};
