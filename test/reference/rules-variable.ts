/** Parametric, variable and reference instructions. */
import type { Mnemonic } from '../../src/syntax/instructions.ts';
import { FUNCREF, I32, refType } from '../../src/syntax/types.ts';
import type { Rule } from './machine.ts';

/** @spec exec-nop */
const nop: Rule = { step() {} };

/** @spec exec-drop */
const drop: Rule = {
  step: (machine) => {
    machine.pop();
  },
};

/** @spec exec-select */
const select: Rule = {
  step(machine) {
    const condition = machine.popBits();
    const second = machine.pop();
    const first = machine.pop();
    machine.push(condition !== 0n ? first : second);
  },
};

/** @spec exec-local.get */
const local_get: Rule = { step: (machine, { index }) => machine.push(machine.frame.locals[index]!) };

/** @spec exec-local.set */
const local_set: Rule = {
  step: (machine, { index }) => {
    machine.frame.locals[index] = machine.pop();
  },
};

/** @spec exec-local.tee */
const local_tee: Rule = {
  step(machine, { index }) {
    const value = machine.pop();
    machine.push(value);
    machine.frame.locals[index] = value;
  },
};

/** @spec exec-global.get */
const global_get: Rule = {
  step: (machine, { index }) => machine.push(machine.frame.module.globals[index]!.value),
};

/** @spec exec-global.set */
const global_set: Rule = {
  step: (machine, { index }) => {
    machine.frame.module.globals[index]!.value = machine.pop();
  },
};

/** @spec exec-ref.null */
const ref_null: Rule = {
  step: (machine, { heapType }) => machine.push({ type: refType(heapType, true), bits: null }),
};

/** @spec exec-ref.is_null */
const ref_is_null: Rule = {
  step: (machine) => machine.push({ type: I32, bits: machine.popRef() === null ? 1n : 0n }),
};

/** @spec exec-ref.func */
const ref_func: Rule = {
  step: (machine, { index }) => machine.push({ type: FUNCREF, bits: machine.frame.module.funcs[index]! }),
};

export const variableRules = {
  nop,
  drop,
  select,
  'select t': select,
  'local.get': local_get,
  'local.set': local_set,
  'local.tee': local_tee,
  'global.get': global_get,
  'global.set': global_set,
  'ref.null': ref_null,
  'ref.is_null': ref_is_null,
  'ref.func': ref_func,
} satisfies Partial<Record<Mnemonic, Rule>>;
