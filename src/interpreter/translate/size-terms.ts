/**
 * TABLE: what instructions cost by size, beyond the price of their class.
 *
 * A term of `staticTerms` is known from the code: the translator adds it to the price of the instruction. The others
 * are known when the instruction runs: its cold operation pays them, after its checks and before it acts. The
 * documentation derives from this table; a row of a class that can cost by size and is missing here does not compile.
 */
import type { InstructionRow, MnemonicOf } from '../../syntax/instructions.ts';
import type { StructType, ValType } from '../../syntax/types.ts';
import { slotCountOf } from '../code/types-layout.ts';
import { fieldsCost, valuesCost } from '../fuel/schedules.ts';
import { wordsOf } from '../instances/aggregate.ts';
import type { Translation } from './body.ts';
import { blockType, labelTypes, target } from './control.ts';
import { tagParams } from './protection.ts';

/** Words and references in a structure. PERF: a body can name a list of 10,000 fields in every third byte. */
const fieldCounts = new WeakMap<readonly object[], number>();
const fieldWords = ({ fields }: StructType): number => {
  let count = fieldCounts.get(fields);
  if (count === undefined) {
    count = fields.reduce((sum, { storage }) => sum + (wordsOf(storage) || 1), 0);
    fieldCounts.set(fields, count);
  }
  return count;
};

const values = (t: Translation, types: readonly ValType[]): number =>
  valuesCost(t.code.unit.schedule, slotCountOf(types));
const fields = (t: Translation, count: number): number => fieldsCost(t.code.unit.schedule, count);
const composite = (t: Translation): unknown => t.code.unit.module.types[t.reader.index]!.comp;

/** Terms known from the code: their value for the reader's current instruction. */
const staticTerms = {
  label: (t) => values(t, labelTypes(target(t, t.reader.index))),
  labels: (t) => values(t, labelTypes(target(t, t.reader.labels[0]!))),
  tag: (t) => values(t, tagParams(t, t.reader.index)),
  // The handlers of the older form move them at their end.
  results: (t) => values(t, blockType(t).results),
  fields: (t) => fields(t, fieldWords(composite(t) as StructType)),
  operands: (t) => fields(t, t.reader.index2),
} as const satisfies Readonly<Record<string, (t: Translation) => number>>;

/** Terms that are known when the instruction runs; see the cold operations. */
type DynamicTerm = 'bytes' | 'elements' | 'pages' | 'thrown';
/** `tag` and `thrown` count values, and both include the search for a handler. */
export type SizeTerm = keyof typeof staticTerms | DynamicTerm | null;

/** Classes whose instructions can move, make or read any number of things. */
type SizedMnemonic = MnemonicOf<'branch' | 'exception' | 'allocation' | 'bulk'>;

export const sizeTerms: Readonly<Record<SizedMnemonic, SizeTerm>> = {
  if: null,
  br: 'label',
  br_if: 'label',
  br_table: 'labels',
  br_on_null: 'label',
  br_on_non_null: 'label',
  br_on_cast: 'label',
  br_on_cast_fail: 'label',
  br_on_cast_desc_eq: 'label',
  br_on_cast_desc_eq_fail: 'label',
  try: 'results',
  throw: 'tag',
  throw_ref: 'thrown',
  rethrow: 'thrown',
  'struct.new': 'fields',
  'struct.new_default': 'fields',
  'struct.new_desc': 'fields',
  'struct.new_default_desc': 'fields',
  'array.new_fixed': 'operands',
  'array.new': 'elements',
  'array.new_default': 'elements',
  'array.new_data': 'elements',
  'array.new_elem': 'elements',
  'array.fill': 'elements',
  'array.copy': 'elements',
  'array.init_data': 'elements',
  'array.init_elem': 'elements',
  'table.grow': 'elements',
  'table.fill': 'elements',
  'table.copy': 'elements',
  'table.init': 'elements',
  'elem.drop': null,
  'memory.grow': 'pages',
  'memory.fill': 'bytes',
  'memory.copy': 'bytes',
  'memory.init': 'bytes',
  'data.drop': null,
};

type StaticTerm = (t: Translation) => number;
const byName = new Map<string, StaticTerm>(
  Object.entries(sizeTerms).flatMap(([name, term]) =>
    term !== null && Object.hasOwn(staticTerms, term)
      ? [[name, staticTerms[term as keyof typeof staticTerms]] as const]
      : [],
  ),
);

/** The cost by size of the reader's current instruction, as far as it is known from the code. */
export const staticSize = (t: Translation, { name }: InstructionRow): number => byName.get(name)?.(t) ?? 0;
