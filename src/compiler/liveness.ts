/**
 * What the pieces of a function take and set: variables that are live at their beginnings, and at their targets.
 *
 * A variable is live where some path reads it before it is set. The tree is walked from its end; what is live at the
 * head of a loop is taken from the preceding walk, until nothing changes: one walk more than the nesting of loops.
 *
 * An exit itself reads nothing, unless the function is left permanently: the interpreter continues where the code
 * would have continued. (The statement that leaves reads what is repeated from the boundary on: see `reading`.) So a
 * local that nothing reads any more may have an old value when a cut function is left.
 */
import type { Names } from './names.ts';
import type { Steps } from './steps.ts';
import { FRAME_WORDS } from './target.ts';
import { priceOf } from './tests-of-fuel.ts';
import { bodiesOf, type Label, type Pay, type Piece, type Statement } from './tree.ts';

/** Walks that are tried. */
const MAX_WALKS = 24;

/**
 * Fills in what pieces take and set. A step is a walk over the statements.
 *
 * @param count of the numbers of variables
 * @returns most words of the JavaScript stack that calls of pieces use; null if loops are nested too deeply
 */
export function* findLive(root: readonly Statement[], names: Names, count: number): Steps<number | null> {
  const liveness = new Liveness(names, count);
  for (let walk = 0; walk < MAX_WALKS; walk++) {
    const isDone = liveness.run(root);
    yield 1;
    if (!isDone) continue;
    const mentions = new Mentions(names, liveness);
    mentions.list(root);
    return mentions.words;
  }
  return null;
}

/** A set of variables. */
type Bits = Uint32Array;
const add = (bits: Bits, number: number): void => {
  bits[number >> 5]! |= 1 << (number & 31);
};
const has = (bits: Bits, number: number): boolean => ((bits[number >> 5]! >>> (number & 31)) & 1) === 1;
const addAll = (bits: Bits, more: Bits): void => {
  for (let i = 0; i < bits.length; i++) bits[i]! |= more[i]!;
};

/** The variables that are live around a piece. */
interface Around {
  readonly inFront: Bits;
  /** By way out. */
  readonly behind: readonly Bits[];
}

class Liveness {
  readonly around = new Map<Piece, Around>();
  private readonly names: Names;
  private readonly words: number;
  /** After blocks. */
  private readonly behind = new Map<Label, Bits>();
  /** At heads of loops, as far as it is known. */
  private readonly heads = new Map<Label, Bits>();
  private live: Bits;
  private hasChanged = false;

  constructor(names: Names, count: number) {
    this.names = names;
    this.words = (count + 31) >> 5;
    this.live = this.empty();
  }

  empty(): Bits {
    return new Uint32Array(this.words);
  }

  /** Walks once; returns whether nothing has changed. */
  run(root: readonly Statement[]): boolean {
    this.hasChanged = false;
    this.live = this.empty();
    this.list(root);
    return !this.hasChanged;
  }

  private list(list: readonly Statement[]): void {
    for (let i = list.length - 1; i >= 0; i--) this.step(list[i]!);
  }

  private step(node: Statement): void {
    switch (node.kind) {
      case 'text':
      case 'set-float':
        for (const number of node.writes) this.live[number >> 5]! &= ~(1 << (number & 31));
        this.read(node.reads);
        return;
      case 'pay':
        this.pay(node);
        return;
      case 'jump':
        this.live = this.at(node.label).slice();
        return;
      case 'return':
        this.live = this.empty();
        this.read(node.reads);
        add(this.live, this.names.fuel);
        return;
      case 'leave':
        this.live = this.empty();
        this.read(node.reads);
        return;
      case 'block':
        this.behind.set(node.label, this.live.slice());
        this.list(node.body);
        return;
      case 'loop':
        this.list(node.body);
        this.noteHead(node.label);
        return;
      case 'if': {
        const after = this.live;
        if (node.label !== null) this.behind.set(node.label, after.slice());
        this.live = after.slice();
        if (node.otherwise !== null) this.list(node.otherwise);
        const otherwise = this.live;
        this.live = after;
        this.list(node.body);
        addAll(this.live, otherwise);
        this.read(node.reads);
        return;
      }
      case 'switch': {
        const all = this.empty();
        for (const body of bodiesOf(node)) {
          this.live = this.empty();
          this.list(body);
          addAll(all, this.live);
        }
        this.live = all;
        this.read(node.reads);
        return;
      }
      default:
        this.piece(node);
    }
  }

  private read(numbers: readonly number[]): void {
    for (const number of numbers) add(this.live, number);
  }

  private pay(node: Pay): void {
    const { fuel } = this.names;
    if (node.at === 'call') this.live[fuel >> 5]! &= ~(1 << (fuel & 31));
    else add(this.live, fuel);
  }

  private at(label: Label): Bits {
    return (label.isLoop ? this.heads : this.behind).get(label) ?? this.empty();
  }

  private noteHead(label: Label): void {
    if (label.uses === 0) return;
    const old = this.heads.get(label);
    if (old !== undefined && this.live.every((word, i) => word === old[i])) return;
    this.heads.set(label, this.live.slice());
    this.hasChanged = true;
  }

  private piece(node: Piece): void {
    const behind = node.waysOut.map(({ way }) =>
      way === 'end' ? this.live.slice() : way === 'return' ? this.empty() : this.at(way),
    );
    this.list(node.body);
    this.around.set(node, { inFront: this.live.slice(), behind });
  }
}

/** Variables that statements read, and that they set. */
class Mentions {
  /** Most words that calls of pieces use on the JavaScript stack. */
  words = 0;
  private readonly names: Names;
  private readonly liveness: Liveness;
  private all: Bits;
  private set: Bits;

  constructor(names: Names, liveness: Liveness) {
    this.names = names;
    this.liveness = liveness;
    this.all = liveness.empty();
    this.set = liveness.empty();
  }

  list(list: readonly Statement[]): void {
    for (const node of list) this.step(node);
  }

  private step(node: Statement): void {
    switch (node.kind) {
      case 'text':
      case 'set-float':
        this.note(node.reads, node.writes);
        return;
      case 'pay':
        if (node.at !== 'edge') this.note([this.names.exit], [this.names.fuel]);
        else if (priceOf(node) !== 0) this.note([], [this.names.fuel]);
        return;
      case 'return':
        this.note([...node.reads, this.names.fuel], []);
        return;
      case 'if':
      case 'switch':
        this.note(node.reads, []);
        break;
      case 'piece':
        this.piece(node);
        return;
      default:
    }
    for (const body of bodiesOf(node)) this.list(body);
  }

  private note(reads: readonly number[], writes: readonly number[]): void {
    for (const number of reads) add(this.all, number);
    for (const number of writes) {
      add(this.all, number);
      add(this.set, number);
    }
  }

  private piece(node: Piece): void {
    const { all, set, words } = this;
    this.words = 0;
    const inner = (this.all = this.liveness.empty());
    const changed = (this.set = this.liveness.empty());
    this.list(node.body);
    this.all = all;
    this.set = set;
    const { inFront, behind } = this.liveness.around.get(node)!;
    const mentioned = numbersOf(inner);
    node.takes = mentioned.filter((number) => has(inFront, number));
    node.has = mentioned.filter((number) => !has(inFront, number));
    const changes = numbersOf(changed);
    node.waysOut.forEach((out, i) => {
      out.sets = changes.filter((number) => has(behind[i]!, number));
      this.note([], out.sets);
    });
    this.note(node.takes, []);
    this.words = Math.max(words, this.words + mentioned.length + FRAME_WORDS);
  }
}

const numbersOf = (bits: Bits): readonly number[] => {
  const numbers: number[] = [];
  bits.forEach((word, i) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) numbers.push(32 * i + 31 - Math.clz32(rest & -rest));
  });
  return numbers;
};
