/**
 * Cuts huge functions: sequences of statements become separate functions.
 *
 * PERF: V8 never optimises a function of more than 61,440 bytes of bytecode; SQLite and QuickJS spend most of their
 * time in functions that are larger.
 */
import { findLive } from './liveness.ts';
import type { Names } from './names.ts';
import type { Steps } from './steps.ts';
import type { CutSizes } from './target.ts';
import { priceOf } from './tests-of-fuel.ts';
import { bodiesOf, type Piece, type Statement, type Way } from './tree.ts';

/** Most ways out of a piece: each is a case after its call. */
const MAX_WAYS = 5;
/** Repeated cutting may nest pieces. */
const MAX_ROUNDS = 4;
/** The estimated size of a call of a piece: the call itself, and each way out. */
const CALL_SIZE = 50;
const WAY_SIZE = 50;

/**
 * Cuts a function until it is small, as far as possible. Its first statement, the test of the entry, stays. A step is
 * a walk over the statements.
 *
 * @param count of the numbers of variables
 * @returns most words of the JavaScript stack that calls of pieces use; null if loops are nested too deeply
 */
export function* cut(root: Statement[], names: Names, count: number, sizes: CutSizes): Steps<number | null> {
  const pieces: Piece[] = [];
  let words: number | null = 0;
  for (let round = 0; round < MAX_ROUNDS && words !== null; round++) {
    if (!cutOnce(root, pieces, sizes)) break;
    yield 1;
    words = yield* findLive(root, names, count);
    for (const piece of pieces) piece.size = sizeOfCall(piece, names);
  }
  return words;
}

/** Cuts the largest sequences, as many as needed; returns whether there were any. */
const cutOnce = (root: Statement[], pieces: Piece[], { whole, most, least }: CutSizes): boolean => {
  const measures = new Measures();
  let { size } = measures.list(root);
  if (size <= whole) return false;
  const runs: Run[] = [];
  collect(root, 1, measures, most, least, runs);
  runs.sort((a, b) => b.size - a.size);
  const chosen: Run[] = [];
  for (const run of runs) {
    if (size <= whole) break;
    chosen.push(run);
    size -= run.size - callSize(run.ways.length);
  }
  // From the end, so that earlier places stay valid.
  chosen.sort((a, b) => b.from - a.from);
  for (const { list, from, to, ways } of chosen) {
    const number = pieces.length;
    const body = list.slice(from, to);
    const waysOut = ways.map((way) => ({ way, sets: [] }));
    const piece: Piece = {
      kind: 'piece',
      number,
      body,
      waysOut,
      takes: [],
      has: [],
      size: callSize(ways.length),
    };
    list.splice(from, to - from, piece);
    pieces.push(piece);
  }
  return chosen.length > 0;
};

const callSize = (ways: number): number => CALL_SIZE + WAY_SIZE * ways;

const sizeOfCall = ({ takes, waysOut }: Piece, names: Names): number => {
  let size = 16;
  for (const number of takes) size += names.nameOf(number).length + 1;
  for (const { sets } of waysOut) {
    size += 20;
    for (const number of sets) size += names.nameOf(number).length + 7;
  }
  return size;
};

/** Consecutive statements that can be cut out. */
interface Run {
  readonly list: Statement[];
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly ways: readonly Way[];
}

/** Finds the sequences of a list that are as large as allowed, and those inside statements that are too large. */
const collect = (
  list: Statement[],
  first: number,
  measures: Measures,
  most: number,
  least: number,
  runs: Run[],
): void => {
  let from = first;
  while (from < list.length) {
    let size = 0;
    let ways: readonly Way[] = [];
    let to = from;
    for (; to < list.length; to++) {
      const next = measures.of(list[to]!);
      const all = next.ways === null ? null : union(ways, next.ways);
      if (all === null || size + next.size > most) break;
      size += next.size;
      ways = all;
    }
    if (to === from) {
      const node = list[from]!;
      if (node.kind !== 'piece')
        for (const body of bodiesOf(node)) collect(body, 0, measures, most, least, runs);
      from++;
      continue;
    }
    const end = withoutNames(list, from, to);
    if (end > from && reachesEnd(list[end - 1]!)) ways = ['end', ...ways];
    const isPiece = end === from + 1 && list[from]!.kind === 'piece';
    if (size >= least && end > from && !isPiece) runs.push({ list, from, to: end, size, ways });
    from = to;
  }
};

/** The end of a sequence without statements that only name the exit of what follows. */
const withoutNames = (list: readonly Statement[], from: number, to: number): number => {
  let end = to;
  while (end > from && isName(list[end - 1]!)) end--;
  return end;
};
const isName = (node: Statement): boolean => node.kind === 'text' && node.text.startsWith('$=');

/** Null for too many. */
const union = (a: readonly Way[], b: readonly Way[]): readonly Way[] | null => {
  const added = b.filter((way) => !a.includes(way));
  if (added.length === 0) return a;
  return a.length + added.length > MAX_WAYS ? null : [...a, ...added];
};

/** Whether control may reach the end of a statement. */
const reachesEnd = (node: Statement): boolean => {
  switch (node.kind) {
    case 'jump':
    case 'return':
    case 'leave':
    case 'switch':
      return false;
    case 'block':
      return node.label.uses > 0 || listReachesEnd(node.body);
    case 'loop':
      return node.falls;
    case 'if':
      return (
        node.otherwise === null ||
        (node.label !== null && node.label.uses > 0) ||
        listReachesEnd(node.body) ||
        listReachesEnd(node.otherwise)
      );
    case 'piece':
      return node.waysOut.some(({ way }) => way === 'end');
    default:
      return true;
  }
};
const listReachesEnd = (list: readonly Statement[]): boolean =>
  list.length === 0 || reachesEnd(list[list.length - 1]!);

/** The text size of a statement, and the ways out of it except its end: null for many. */
interface Measure {
  readonly size: number;
  readonly ways: readonly Way[] | null;
}
/** The same during the computation: the set passes to the enclosing statement. */
interface Sum {
  size: number;
  ways: Set<Way>;
}

const none: readonly Way[] = [];
const returns: readonly Way[] = ['return'];

/** Sizes and ways out of the statements of a function, in one walk. */
class Measures {
  private readonly compound = new Map<Statement, Measure>();

  of(node: Statement): Measure {
    switch (node.kind) {
      case 'text':
      case 'set-float':
        return { size: node.text.length + 2, ways: none };
      case 'pay':
        return { size: node.at === 'edge' ? (priceOf(node) === 0 ? 0 : 8) : 40, ways: none };
      case 'jump':
        return { size: 12, ways: [node.label] };
      case 'return':
        return { size: node.before.length + node.text.length + 14, ways: returns };
      case 'leave':
        return { size: 8, ways: none };
      case 'piece': {
        const ways = node.waysOut.flatMap(({ way }) => (way === 'end' ? [] : [way]));
        return { size: node.size, ways };
      }
      default:
        return this.compound.get(node)!;
    }
  }

  list(list: readonly Statement[]): Sum {
    const sum: Sum = { size: 0, ways: new Set() };
    for (const node of list) this.add(sum, node);
    return sum;
  }

  private add(sum: Sum, node: Statement): void {
    const isCompound =
      node.kind === 'block' || node.kind === 'loop' || node.kind === 'if' || node.kind === 'switch';
    if (!isCompound) {
      const { size, ways } = this.of(node);
      sum.size += size;
      for (const way of ways!) sum.ways.add(way);
      return;
    }
    const inner: Sum = { size: ownSize(node), ways: new Set() };
    for (const body of bodiesOf(node)) join(inner, this.list(body));
    if (node.kind !== 'switch' && node.label !== null) inner.ways.delete(node.label);
    const ways = inner.ways.size <= MAX_WAYS ? [...inner.ways] : null;
    this.compound.set(node, { size: inner.size, ways });
    join(sum, inner);
  }
}

/** PERF: the smaller set is merged into the larger one, so that deep nesting has no quadratic cost. */
const join = (sum: Sum, { size, ways }: Sum): void => {
  const [large, small] = sum.ways.size < ways.size ? [ways, sum.ways] : [sum.ways, ways];
  for (const way of small) large.add(way);
  sum.ways = large;
  sum.size += size;
};

const ownSize = (node: Statement): number => {
  if (node.kind === 'if') return node.condition.length + 12;
  if (node.kind === 'switch') return node.text.length + 12 + 9 * node.cases.length;
  return 16;
};
