/** Finds the fusion of an operation that is written with the preceding one. */
import { firstWordOf, secondSlotOf } from './encoding.ts';
import { LINKED } from './fusing.ts';
import { commuting, firstColdOp, firstFusedOp, type Op, type OpName, opOf, ops } from './isa.ts';

/** A fused operation, by its last part and the parts before it. */
interface Row {
  readonly op: Op;
  readonly first: Op;
  readonly second: Op;
  /** Which operand of the second is the result of the first; -1 for any. */
  readonly takes: number;
  /** Whether nothing else may read that result. */
  readonly isAlone: boolean;
}

const keyOf = (first: Op, second: Op): number => first.code * ops.length + second.code;
const joined = (parts: Op['parts']): string =>
  parts.map(({ name, takes, gives }) => [takes, name, gives].join()).join(';');

/** Rows by the operations that they consist of; largest savings first. */
const rows = new Map<number, Row[]>();
/** A fused operation's parts except for the last. */
const prefixBy = new Map<Op, Op>();
/** A fused operation without its last part. */
export const prefixOf = (op: Op): Op => prefixBy.get(op)!;
const singles = new Map<string, Op>(ops.map((op) => [op.name, op]));
const prefixes = new Map<string, Op>(
  ops.slice(firstFusedOp, firstColdOp).map((op) => [joined(op.parts), op]),
);
for (const op of ops.slice(firstFusedOp, firstColdOp)) {
  const { parts } = op;
  const before = parts.slice(0, -1);
  const { takes, name } = parts[parts.length - 1]!;
  const { gives } = before[before.length - 1]!;
  const rest = before.map((part, i) => (i === before.length - 1 ? { ...part, gives: 'no' as const } : part));
  const first = before.length === 1 ? singles.get(before[0]!.name) : prefixes.get(joined(rest));
  if (first === undefined) throw new Error(`${op.name} does not begin with an operation`);
  const second = opOf[name as OpName] as Op;
  prefixBy.set(op, first);
  const key = keyOf(first, second);
  const row = { op, first, second, takes, isAlone: gives === 'alone' };
  const rank = ({ isAlone, takes }: Row): number => (isAlone ? 0 : takes >= 0 ? 1 : 2);
  rows.set(
    key,
    [...(rows.get(key) ?? []), row].sort((a, b) => rank(a) - rank(b)),
  );
}

/** After these, nothing reads a slot of the frame. */
const returns: ReadonlySet<Op> = new Set<Op>([opOf.return_none, opOf.return32, opOf.return64]);

/** The operands of an operation that was written. */
const operandsAt = ({ operands, packed }: Op, words: Int32Array, at: number): number[] =>
  operands.map(({ holds }, i) => {
    if (i < packed) return i === 0 ? firstWordOf(words[at]!) >> 1 : secondSlotOf(words[at]!);
    const word = words[at + 1 + i - packed]!;
    return holds === undefined ? word : word >> 1;
  });

/** Swaps two operands so that the one in a place is a slot; false if neither is. */
const bring = ({ name }: Op, operands: number[], place: number, slot: number): boolean => {
  if (operands[place] === slot) return true;
  const first = opOf[name as OpName].operands[0]!.role === 'written' ? 1 : 0;
  const other = 2 * first + 1 - place;
  if (!commuting.has(name) || operands[other] !== slot) return false;
  operands[other] = operands[place]!;
  operands[place] = slot;
  return true;
};

/**
 * The fused operation with its operands; null if there is none.
 *
 * @param at position of the first
 * @param operands of the second; changed
 * @param firstDead returns the first slot that nothing reads after the second
 */
export const findFusion = (
  first: Op,
  second: Op,
  words: Int32Array,
  at: number,
  operands: number[],
  firstDead: () => number,
): { readonly op: Op; readonly values: readonly number[] } | null => {
  const found = rows.get(keyOf(first, second));
  if (found === undefined) return null;
  const before = operandsAt(first, words, at);
  const result = first.operands[0]?.role === 'written' ? before[0]! : -1;
  for (const { op, takes, isAlone } of found) {
    if (takes >= 0) {
      if (result < 0 || !bring(second, operands, takes, result)) continue;
      if (isAlone) {
        const isOverwritten = second.operands[0]!.role === 'written' && operands[0] === result;
        if (!isOverwritten && result < firstDead() && !returns.has(second)) continue;
        const isReadAgain = second.operands.some(
          ({ role }, i) => role === 'read' && i !== takes && operands[i] === result,
        );
        if (isReadAgain) continue;
      }
    }
    const values: number[] = [];
    const place = (part: number, of: readonly number[], from: readonly number[]): void =>
      op.parts[part]!.from.forEach((to, i) => {
        if (to !== LINKED && from[i] !== LINKED) values[to] = of[from[i]!]!;
      });
    first.parts.forEach(({ from }, part) => {
      place(part, before, from);
    });
    place(first.parts.length, operands, second.parts[0]!.from);
    return { op, values };
  }
  return null;
};
