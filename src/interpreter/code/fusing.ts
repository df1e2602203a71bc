/** The structure of a row of fused operations: its layout, and the operands of each part. */
import type { Link } from './fusions.ts';

/** An operation as part of a fused one. */
export interface Part<Name extends string = string> {
  readonly name: Name;
  /** By operand: its position among those of the fused operation; `LINKED` for a result that goes to no slot. */
  readonly from: readonly number[];
  /** Which of its operands is the result of the preceding part; -1 if none is known to be. */
  readonly takes: number;
  /** The use of its own result: nothing special, or the next part takes it, and it goes to its slot or not. */
  readonly gives: 'no' | 'alone' | 'too';
}
/** Represents a result that goes from one part to the next. */
export const LINKED = -1;

interface Named<Name extends string> {
  readonly name: Name;
  readonly layout: string;
}

const isWritten = (letter: string | undefined): boolean => letter !== undefined && 'dDe'.includes(letter);

/** The operand that a link refers to. */
const takenBy = (link: Link, layout: string): number =>
  link === 'and' ? -1 : (isWritten(layout[0]) ? 0 : -1) + Number(link.slice(-1));

/**
 * Fuses layouts. The destination of the last part comes first, so that it can be changed like that of any operation;
 * then the operands in the order of the parts.
 */
export const fuseLayouts = <Name extends string>(
  list: readonly Named<Name>[],
  links: readonly Link[],
): { readonly layout: string; readonly parts: readonly Part<Name>[] } => {
  const last = list[list.length - 1]!.layout;
  let layout = isWritten(last[0]) ? last[0]! : '';
  const parts = list.map((op, n): Part<Name> => {
    const next = links[n] ?? 'and';
    const gives = next === 'and' ? 'no' : next.startsWith('into') ? 'alone' : 'too';
    const takes = n === 0 ? -1 : takenBy(links[n - 1]!, op.layout);
    const from = [...op.layout].map((letter, i) => {
      if (i === takes || (i === 0 && gives === 'alone')) return LINKED;
      if (i === 0 && n === list.length - 1 && isWritten(letter)) return 0;
      layout += letter;
      return layout.length - 1;
    });
    return { name: op.name, from, takes, gives };
  });
  return { layout, parts };
};
