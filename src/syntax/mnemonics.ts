/**
 * Keywords of the text format for instructions. They are the names of the table, except if one keyword has two
 * encodings: the table has a separate name for each.
 */
import { type InstructionRow, instructions, type Mnemonic, rowOf } from './instructions.ts';

/** The second encoding of a keyword, by the name of the first. */
const variants: Partial<Record<Mnemonic, Mnemonic>> = {
  select: 'select t',
  'ref.test': 'ref.test null',
  'ref.cast': 'ref.cast null',
  'ref.cast_desc_eq': 'ref.cast_desc_eq null',
};

/** By row: the keyword. */
export const keywords: readonly string[] = instructions.map(({ name }) => keywordOf(name));
function keywordOf(name: Mnemonic): string {
  const [first] = Object.entries(variants).find(([, second]) => second === name) ?? [name];
  return first;
}

/** By row: the row of the second encoding, -1 if there is none. */
export const variantRows: Int16Array = Int16Array.from(
  instructions as readonly InstructionRow[],
  ({ name }) => {
    const second = variants[name];
    return second === undefined ? -1 : rowOf[second];
  },
);

/** By row: whether it is the second encoding of a keyword. */
export const isVariant: Uint8Array = new Uint8Array(instructions.length);
for (const row of variantRows) if (row >= 0) isVariant[row] = 1;
