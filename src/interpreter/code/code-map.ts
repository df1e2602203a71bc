/**
 * What translating a function with recording on yields about its code: boundaries, where fast and careful code have
 * the same state, and sites, the origin of each operation. Program counters are relative to the entry.
 */

/** A place in internal code. */
interface Place {
  /** Relative to the entry. */
  readonly pc: number;
  /** Byte offset in the module: of the next instruction at a boundary, of its own at a site. */
  readonly offset: number;
  /** What remains of the stretch from here; at a site, after its instruction. */
  readonly remaining: number;
}

/**
 * Places in the order of the code, which is also the order of the body.
 *
 * PERF: columns of numbers. A careful body has a place for every byte or two.
 */
export class Places {
  readonly pcs: Int32Array;
  readonly offsets: Int32Array;
  /** Null in careful code, where nothing is paid in advance. */
  private readonly remaining: Int32Array | null;

  constructor(pcs: Int32Array, offsets: Int32Array, remaining: Int32Array | null) {
    this.pcs = pcs;
    this.offsets = offsets;
    this.remaining = remaining;
  }

  at(index: number): Place | undefined {
    const pc = this.pcs[index];
    if (pc === undefined) return undefined;
    return { pc, offset: this.offsets[index]!, remaining: this.remaining?.[index] ?? 0 };
  }
}

export class CodeMap {
  readonly boundaries: Places;
  readonly sites: Places;

  constructor(boundaries: Places, sites: Places) {
    this.boundaries = boundaries;
    this.sites = sites;
  }

  /**
   * The last boundary before the instruction at a byte offset. Of several, the last counts: it is after the switch
   * back to fast code.
   */
  boundaryAt(offset: number): Place | undefined {
    const { boundaries } = this;
    const index = lastAtMost(boundaries.offsets, offset);
    return boundaries.offsets[index] === offset ? boundaries.at(index) : undefined;
  }

  /** The first of the boundaries before the instruction at a byte offset: the return point of a call before it. */
  firstBoundaryAt(offset: number): Place | undefined {
    const { boundaries } = this;
    const index = lastAtMost(boundaries.offsets, offset - 1) + 1;
    return boundaries.offsets[index] === offset ? boundaries.at(index) : undefined;
  }

  /** The last boundary at a program counter. */
  boundaryOf(pc: number): Place | undefined {
    const { boundaries } = this;
    const index = lastAtMost(boundaries.pcs, pc);
    return boundaries.pcs[index] === pc ? boundaries.at(index) : undefined;
  }

  /** Index of the last site at or before a program counter; -1 if there is none. */
  siteIndex(pc: number): number {
    return lastAtMost(this.sites.pcs, pc);
  }

  /** Index of the first site at or after a byte offset. */
  firstSite(offset: number): number {
    return lastAtMost(this.sites.offsets, offset - 1) + 1;
  }
}

/** Index of the last of the ascending numbers that is at most `limit`; -1 if there is none. */
export const lastAtMost = (numbers: Int32Array, limit: number): number => {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

const none = new Places(new Int32Array(0), new Int32Array(0), null);
/** Of no code. */
export const noPlaces: CodeMap = new CodeMap(none, none);
