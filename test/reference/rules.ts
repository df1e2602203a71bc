/** All rules by mnemonic. Those of vectors and atomics are made by shape; a test compares them with the table. */
import type { Mnemonic, MnemonicOf } from '../../src/syntax/instructions.ts';
import type { Rule } from './machine.ts';
import { aggregateRules } from './rules-aggregate.ts';
import { atomicRules } from './rules-atomics.ts';
import { bulkRules } from './rules-bulk.ts';
import { controlRules } from './rules-control.ts';
import { exceptionRules } from './rules-exceptions.ts';
import { memoryRules } from './rules-memory.ts';
import { numericRules } from './rules-numeric.ts';
import { referenceRules } from './rules-reference.ts';
import { tableRules } from './rules-table.ts';
import { variableRules } from './rules-variable.ts';
import { vectorRules } from './rules-vector.ts';
import { wideRules } from './rules-wide.ts';

type ByShape =
  | MnemonicOf<'atomic'>
  | MnemonicOf<'wait'>
  | Extract<Mnemonic, `${'v128' | `${'i' | 'f'}${number}x${number}`}.${string}`>;

const total: Readonly<Record<Mnemonic, Rule>> = {
  ...controlRules,
  ...exceptionRules,
  ...wideRules,
  ...variableRules,
  ...referenceRules,
  ...aggregateRules,
  ...tableRules,
  ...memoryRules,
  ...bulkRules,
  ...numericRules,
  ...({ ...atomicRules, ...vectorRules } as Readonly<Record<ByShape, Rule>>),
};
export const rules: Readonly<Record<string, Rule>> = total;
