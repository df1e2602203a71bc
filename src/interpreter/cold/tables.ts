/** Cold operations on tables and element segments. */

import type { tableOps } from '../code/isa.ts';
import { bulkTableCost, growTableCost } from '../fuel/schedules.ts';
import { moveRefs } from '../instances/table.ts';
import type { Ref } from '../instances/values.ts';
import { CONTINUE, NEED_FUEL, trapStatus } from '../loop/status.ts';
import { type Cold, type ColdTools, narrower } from './tools.ts';

const TABLE_BOUNDS = trapStatus('trap.table-bounds');

export const createTableOps = (tools: ColdTools): Record<keyof typeof tableOps, Cold> => {
  const { I, R, operand, slot, first, second, setRef, addressAt, setAddress, pay, next } = tools;
  return {
    table_get: (m, at) => {
      const target = m.instance.tables[operand(at, 1)]!;
      const { elements } = target;
      const index = addressAt(second(m, at), target);
      if (index >= elements.length) return TABLE_BOUNDS;
      return setRef(m, at, elements[index]!);
    },
    table_set: (m, at) => {
      const target = m.instance.tables[operand(at, 1)]!;
      const { elements } = target;
      const index = addressAt(first(m, at), target);
      if (index >= elements.length) return TABLE_BOUNDS;
      elements[index] = R[second(m, at) >> 1] as Ref;
      return CONTINUE;
    },
    table_size: (m, at) => {
      const target = m.instance.tables[operand(at, 1)]!;
      setAddress(first(m, at), target, target.elements.length);
      return CONTINUE;
    },
    table_grow: (m, at) => {
      const k = slot(m, at, 1);
      const target = m.instance.tables[operand(at, 2)]!;
      const count = addressAt(k + 2, target);
      const canGrow = target.canGrow(count);
      if (canGrow && !pay(m, growTableCost(m.schedule, count))) return NEED_FUEL;
      setAddress(k, target, canGrow ? target.grow(count, R[k >> 1] as Ref) : -1);
      return next(m);
    },
    table_fill: (m, at) => {
      const k = slot(m, at, 1);
      const target = m.instance.tables[operand(at, 2)]!;
      const { elements } = target;
      const to = addressAt(k, target);
      const count = addressAt(k + 4, target);
      if (to + count > elements.length) return TABLE_BOUNDS;
      if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
      elements.fill(R[(k >> 1) + 1] as Ref, to, to + count);
      return next(m);
    },
    table_copy: (m, at) => {
      const k = slot(m, at, 1);
      const into = m.instance.tables[operand(at, 2)]!;
      const outOf = m.instance.tables[operand(at, 3)]!;
      const target = into.elements;
      const source = outOf.elements;
      const to = addressAt(k, into);
      const from = addressAt(k + 2, outOf);
      const count = addressAt(k + 4, narrower(into, outOf));
      if (to + count > target.length || from + count > source.length) return TABLE_BOUNDS;
      if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
      moveRefs(target, to, source, from, count);
      return next(m);
    },
    table_init: (m, at) => {
      const k = slot(m, at, 1);
      const segment = m.instance.elements[operand(at, 2)]!;
      const target = m.instance.tables[operand(at, 3)]!;
      const { elements } = target;
      const to = addressAt(k, target);
      const from = I[k + 2]! >>> 0;
      const count = I[k + 4]! >>> 0;
      if (to + count > elements.length || from + count > segment.length) return TABLE_BOUNDS;
      if (!pay(m, bulkTableCost(m.schedule, count))) return NEED_FUEL;
      moveRefs(elements, to, segment, from, count);
      return next(m);
    },
    elem_drop: (m, at) => {
      m.instance.elements[operand(at, 1)] = [];
      return CONTINUE;
    },
  };
};
