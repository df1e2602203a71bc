/**
 * The process-wide array that holds internal code.
 *
 * One array for all modules, so that the loop sees it as a constant. When it is full a larger one takes its
 * place (and the loop is made anew by `machine.ts`); program counters are indices and stay valid. The code of a
 * module that the host's collector has taken is given back; nothing here keeps a module alive.
 */
import type { CodeRegion } from './code.ts';

/** Program counter of the stub that ends the outermost call. */
export const HALT_PC = 8;
/** Program counter of the stub that returns to the caller's instance. */
export const LEAVE_PC = 16;
/** Room at the start of the array for the stubs of `machine.ts` and for training. */
export const FIRST_FREE = 128;

interface Stretch {
  readonly start: number;
  readonly end: number;
}
interface Placed extends Stretch {
  readonly region: { deref(): CodeRegion | undefined };
}

/** Index of the first item that starts behind `pc`. */
const firstBehind = (items: readonly Stretch[], pc: number): number => {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.start <= pc) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Allocates regions of the code array and finds them by program counter. */
export class CodeSpace {
  words: Int32Array;
  /** Called with the new array when it was replaced. */
  onReplaced: (words: Int32Array) => void = () => {};
  private top = FIRST_FREE;
  /** Sorted by start. */
  private readonly placed: Placed[] = [];
  /** Sorted by start; neighbours are joined. */
  private readonly free: Stretch[] = [];
  private readonly collected: FinalizationRegistry<Stretch> | null;

  constructor(wordCount: number) {
    this.words = new Int32Array(wordCount);
    // Some engines without a JIT have no weak references: there code stays for good.
    this.collected =
      typeof FinalizationRegistry === 'undefined'
        ? null
        : new FinalizationRegistry((stretch) => this.release(stretch));
  }

  /** Start of a free stretch of `size` words. */
  allocate(size: number): number {
    const index = this.free.findIndex(({ start, end }) => end - start >= size);
    if (index >= 0) {
      const { start, end } = this.free[index]!;
      if (end - start === size) this.free.splice(index, 1);
      else this.free[index] = { start: start + size, end };
      return start;
    }
    const start = this.top;
    if (start + size > this.words.length) {
      const larger = new Int32Array(Math.max(this.words.length * 2, start + size));
      larger.set(this.words);
      this.words = larger;
      this.onReplaced(larger);
    }
    this.top += size;
    return start;
  }

  /** Notes what lies where; the region is held weakly. */
  add(region: CodeRegion): void {
    const { start, end } = region;
    const weak = this.collected === null ? { deref: () => region } : new WeakRef(region);
    this.placed.splice(firstBehind(this.placed, start), 0, { start, end, region: weak });
    this.collected?.register(region, { start, end });
  }

  /** The region that holds a program counter, if any. */
  find(pc: number): CodeRegion | null {
    const item = this.placed[firstBehind(this.placed, pc) - 1];
    return item !== undefined && pc < item.end ? (item.region.deref() ?? null) : null;
  }

  private release({ start, end }: Stretch): void {
    this.placed.splice(firstBehind(this.placed, start) - 1, 1);
    let at = firstBehind(this.free, start);
    let joined: Stretch = { start, end };
    const before = this.free[at - 1];
    if (before?.end === start) {
      joined = { start: before.start, end };
      this.free.splice(--at, 1);
    }
    const behind = this.free[at];
    if (behind?.start === end) {
      joined = { start: joined.start, end: behind.end };
      this.free.splice(at, 1);
    }
    this.free.splice(at, 0, joined);
  }
}
