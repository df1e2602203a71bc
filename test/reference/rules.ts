/** All rules by mnemonic. A test compares the keys with the instruction table. */
import type { Rule } from './machine.ts';
import { bulkRules } from './rules-bulk.ts';
import { controlRules } from './rules-control.ts';
import { memoryRules } from './rules-memory.ts';
import { numericRules } from './rules-numeric.ts';
import { tableRules } from './rules-table.ts';
import { variableRules } from './rules-variable.ts';

export const rules: Readonly<Record<string, Rule>> = {
  ...controlRules,
  ...variableRules,
  ...tableRules,
  ...memoryRules,
  ...bulkRules,
  ...numericRules,
};
