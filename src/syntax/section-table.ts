/** TABLE: the sections of a binary, in the order in which they must appear. @spec binary-section */

interface SectionRow {
  readonly id: number;
  /** Name in messages and listings. */
  readonly name: string;
  /** Name in the text format, for the places of custom sections. */
  readonly keyword: string;
}
const row = <const K extends string>(
  id: number,
  name: string,
  keyword: K,
): SectionRow & { readonly keyword: K } => ({ id, name, keyword });

export const CUSTOM_SECTION = 0;
export const sectionTable = [
  row(1, 'type', 'type'),
  row(2, 'import', 'import'),
  row(3, 'function', 'func'),
  row(4, 'table', 'table'),
  row(5, 'memory', 'memory'),
  row(13, 'tag', 'tag'),
  row(6, 'global', 'global'),
  row(7, 'export', 'export'),
  row(8, 'start', 'start'),
  row(9, 'element', 'elem'),
  row(12, 'data count', 'datacount'),
  row(10, 'code', 'code'),
  row(11, 'data', 'data'),
] as const;
export type SectionKeyword = (typeof sectionTable)[number]['keyword'];
