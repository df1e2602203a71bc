/** Cold operations of wide arithmetic: operands and results in canonical slots. */

import type { ColdOp } from '../code/isa.ts';
import { CONTINUE } from '../loop/status.ts';
import { add128, mulWide, sub128 } from '../numerics/wide.ts';
import type { Cold, ColdTools } from './tools.ts';

type WideOp = Extract<ColdOp, `i64_${'add128' | 'sub128' | 'mul_wide_s' | 'mul_wide_u'}`>;

export const createWideOps = ({ I, slot }: ColdTools): Record<WideOp, Cold> => {
  const on =
    (apply: (I: Int32Array, k: number) => void): Cold =>
    (m, at) => {
      apply(I, slot(m, at, 1));
      return CONTINUE;
    };
  return {
    i64_add128: on(add128),
    i64_sub128: on(sub128),
    i64_mul_wide_s: on((words, k) => mulWide(words, k, true)),
    i64_mul_wide_u: on((words, k) => mulWide(words, k, false)),
  };
};
