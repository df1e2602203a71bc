/**
 * The process-wide array that holds internal code.
 *
 * One array for all modules, so that the loop sees it as a constant. When it is full, a larger one replaces it (and
 * `machine.ts` makes the loop again); program counters are indices and stay valid.
 *
 * Code is released with its module: when the last instance is closed and no other will follow, or when the host's
 * collector has freed the module. Code without open instances is idle: it is kept for the next instance, unless other
 * idle code needs the room. Nothing here refers to a module, not even weakly: a weak reference that is read keeps its
 * target alive until the end of the JavaScript job.
 */

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

/** The owner of code: the functions of a module under one schedule. */
export interface CodeOwner {
  /** The code's part of the array; null before the first allocation. */
  hold: CodeHold | null;
}

/** Most words of idle code: 4 MB. */
const MAX_RESTING_WORDS = 1 << 20;

/** The words that the code of one unit uses. */
export class CodeHold {
  readonly stretches: Stretch[] = [];
  /** Whether it was released. */
  isGone = false;
  private readonly space: CodeSpace;

  constructor(space: CodeSpace) {
    this.space = space;
  }

  get wordCount(): number {
    return this.stretches.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  giveBack(): void {
    this.space.giveBack(this);
  }

  /** No instance runs the code any more. */
  rest(): void {
    this.space.rest(this);
  }

  /** Instances run the code again, if it is still there. */
  wake(): void {
    this.space.wake(this);
  }
}

/** Index of the first item that starts after `pc`. */
export const firstBehind = (items: readonly Stretch[], pc: number): number => {
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
  /** Sorted by start; neighbours are joined. */
  private readonly free: Stretch[] = [];
  private readonly collected: FinalizationRegistry<CodeHold> | null;
  /** Oldest first, with their sizes. */
  private readonly resting = new Map<CodeHold, number>();
  private restingWords = 0;
  private readonly initialLength: number;

  constructor(wordCount: number) {
    this.words = new Int32Array(wordCount);
    this.initialLength = wordCount;
    // Some engines without a JIT cannot report what was collected: there, such code stays forever.
    this.collected =
      typeof FinalizationRegistry === 'undefined'
        ? null
        : new FinalizationRegistry((hold) => this.giveBack(hold));
  }

  /** Reserves room for future code. Hosts allocate memory when it is written, so unused room costs nothing. */
  reserve(wordCount: number): void {
    const end = this.top + wordCount;
    if (end > this.words.length) this.replace(end);
  }

  /** Start of a free range of `size` words. */
  allocate(size: number): number {
    const index = this.free.findIndex(({ start, end }) => end - start >= size);
    if (index >= 0) {
      const { start, end } = this.free[index]!;
      if (end - start === size) this.free.splice(index, 1);
      else this.free[index] = { start: start + size, end };
      return start;
    }
    const start = this.top;
    const end = start + size;
    if (end > this.words.length) this.replace(Math.max(this.words.length * 2, end));
    this.top = end;
    return start;
  }

  /** Records that code of an owner uses a range. */
  add(owner: CodeOwner, { start, end }: Stretch): void {
    if (owner.hold === null || owner.hold.isGone) {
      owner.hold = new CodeHold(this);
      this.collected?.register(owner, owner.hold, owner.hold);
    }
    owner.hold.stretches.push({ start, end });
  }

  giveBack(hold: CodeHold): void {
    if (hold.isGone) return;
    hold.isGone = true;
    this.wake(hold);
    this.collected?.unregister(hold);
    for (const stretch of hold.stretches.splice(0)) this.release(stretch);
    // The loop is made again for another array, which takes a millisecond: only if at least three quarters of it are
    // unused.
    const { length } = this.words;
    if (length > this.initialLength && this.top <= length / 4)
      this.replace(Math.max(this.initialLength, this.top * 2));
  }

  rest(hold: CodeHold): void {
    if (hold.isGone || this.resting.has(hold)) return;
    this.resting.set(hold, hold.wordCount);
    this.restingWords += hold.wordCount;
    for (const oldest of this.resting.keys()) {
      if (this.restingWords <= MAX_RESTING_WORDS) break;
      this.giveBack(oldest);
    }
  }

  wake(hold: CodeHold): void {
    this.restingWords -= this.resting.get(hold) ?? 0;
    this.resting.delete(hold);
  }

  /** Words in use, and words of the array. For tests. @internal */
  get usage(): { readonly used: number; readonly size: number } {
    const free = this.free.reduce((sum, { start, end }) => sum + end - start, 0);
    return { used: this.top - FIRST_FREE - free, size: this.words.length };
  }

  private replace(length: number): void {
    const words = new Int32Array(length);
    words.set(this.words.subarray(0, this.top));
    this.words = words;
    this.onReplaced(words);
  }

  private release({ start, end }: Stretch): void {
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
    if (joined.end === this.top) this.top = joined.start;
    else this.free.splice(at, 0, joined);
  }
}
