/** All rules by mnemonic. A test compares the keys with the instruction table. */
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

export const rules: Readonly<Record<string, Rule>> = {
  ...controlRules,
  ...exceptionRules,
  ...wideRules,
  ...atomicRules,
  ...variableRules,
  ...referenceRules,
  ...aggregateRules,
  ...tableRules,
  ...memoryRules,
  ...bulkRules,
  ...numericRules,
  ...vectorRules,
};
