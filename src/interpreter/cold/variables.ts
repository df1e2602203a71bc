/** Cold operations on locals and globals: references, what packed operands cannot name, imported globals. */

import type { variableOps } from '../code/isa.ts';
import type { Ref } from '../instances/values.ts';
import { CONTINUE } from '../loop/status.ts';
import type { Cold, ColdTools } from './tools.ts';

export const createVariableOps = ({
  I,
  R,
  operand,
  slot,
  first,
  second,
  set,
  setRef,
}: ColdTools): Record<keyof typeof variableOps, Cold> => ({
  stash: (m) => {
    if (m.isArmed === 1) {
      m.reserve += m.fuel;
      m.fuel = 0;
    }
    return CONTINUE;
  },
  zero_refs: (m, at) => {
    const base = m.fp >> 1;
    const end = base + operand(at, 3);
    while (R.length < end) R.push(null);
    // Operands are written before they are read: only locals have an initial value, and only they are paid for.
    R.fill(null, base + operand(at, 1), base + operand(at, 2));
    return CONTINUE;
  },
  mov64_far: (m, at) => {
    const to = slot(m, at, 1);
    const from = slot(m, at, 2);
    I[to] = I[from]!;
    I[to + 1] = I[from + 1]!;
    return CONTINUE;
  },
  mov_any_far: (m, at) => {
    const to = slot(m, at, 1);
    const from = slot(m, at, 2);
    I[to] = I[from]!;
    I[to + 1] = I[from + 1]!;
    if (from >> 1 < R.length) R[to >> 1] = R[from >> 1];
    return CONTINUE;
  },
  mov_block: (m, at) => {
    const from = slot(m, at, 2);
    I.copyWithin(slot(m, at, 1), from, from + operand(at, 3));
    return CONTINUE;
  },
  mov_any_block: (m, at) => {
    const to = slot(m, at, 1);
    const from = slot(m, at, 2);
    const count = operand(at, 3);
    I.copyWithin(to, from, from + count);
    // Downwards, or in place: a slot is read before it is overwritten.
    const end = Math.min((from + count) >> 1, R.length);
    for (let k = from >> 1, t = to >> 1; k < end; k++, t++) R[t] = R[k];
    return CONTINUE;
  },
  mov_ref: (m, at) => {
    R[first(m, at) >> 1] = R[second(m, at) >> 1];
    return CONTINUE;
  },
  select_ref: (m, at) => {
    const from = I[slot(m, at, 2)]! !== 0 ? second(m, at) : slot(m, at, 1);
    R[first(m, at) >> 1] = R[from >> 1];
    return CONTINUE;
  },
  global_get_far32: (m, at) => {
    const { words, offset } = m.instance.globals[operand(at, 1)]!;
    return set(m, at, words[offset]!);
  },
  global_get_far64: (m, at) => {
    const { words, offset } = m.instance.globals[operand(at, 1)]!;
    I[first(m, at) + 1] = words[offset + 1]!;
    return set(m, at, words[offset]!);
  },
  global_set_far32: (m, at) => {
    const { words, offset } = m.instance.globals[operand(at, 1)]!;
    words[offset] = I[first(m, at)]!;
    return CONTINUE;
  },
  global_set_far64: (m, at) => {
    const { words, offset } = m.instance.globals[operand(at, 1)]!;
    words[offset] = I[first(m, at)]!;
    words[offset + 1] = I[first(m, at) + 1]!;
    return CONTINUE;
  },
  global_get_ref: (m, at) => {
    const { refs, refIndex } = m.instance.globals[operand(at, 1)]!;
    return setRef(m, at, refs[refIndex] as Ref);
  },
  global_set_ref: (m, at) => {
    const { refs, refIndex } = m.instance.globals[operand(at, 1)]!;
    refs[refIndex] = R[first(m, at) >> 1];
    return CONTINUE;
  },
});
