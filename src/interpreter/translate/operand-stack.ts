/**
 * The abstract operand stack of a translation: where each operand is, by height.
 *
 * An operand is in its canonical slot, or pending: a read of a local, or a constant. All pending operands, or the
 * pending reads of a local, are found without a walk over the others: below a watermark nothing is pending, and the
 * reads of a local are linked from the newest to the oldest.
 */
import { slotsOf, type ValType } from '../../syntax/types.ts';
import { layoutOf } from '../code/types-layout.ts';

/** Where an operand of the abstract stack is. */
export const IN_SLOT = 0;
export const IN_LOCAL = 1;
export const CONSTANT = 2;

/** Up to this many values are handled one by one; more in bulk. */
export const FEW = 4;

/** Heights, and locals, for which room is kept between translations. */
const KEPT = 1 << 14;

// PERF: there is one translation at a time, so the arrays are made once.
class Arrays {
  where = new Uint8Array(256);
  valueA = new Int32Array(256);
  valueB = new Int32Array(256);
  types = new Int32Array(256);
  slots = new Int32Array(256);
  /** For a pending read: height of the next one of the same local below it; -1 if there is none. */
  below = new Int32Array(256);
  /** By local: height of the newest pending read; -1 if there is none. */
  newest = new Int32Array(256).fill(-1);
}

/** Null while a translation uses them. */
let arrays: Arrays | null = null;

const larger = <T extends Int32Array | Uint8Array>(array: T, length: number): T => {
  const made = new (array.constructor as new (length: number) => T)(length);
  made.set(array);
  return made;
};

export abstract class OperandStack {
  height = 0;
  /** First slot. */
  stackBase = 0;
  where: Uint8Array;
  valueA: Int32Array;
  valueB: Int32Array;
  /** The type of an operand, whichever path led here; sometimes more precise than the validator's. */
  types: Int32Array;
  slots: Int32Array;
  private readonly shared: Arrays;
  /**
   * Position of the operation that wrote the top operand to its slot; -1 if there is none, or if something may rely
   * on the operand being there. Pushing and popping reset it.
   */
  protected producer = -1;
  /** Below this height nothing is pending. */
  private settled = 0;

  constructor() {
    this.shared = arrays ?? new Arrays();
    arrays = null;
    const { where, valueA, valueB, types, slots } = this.shared;
    this.where = where;
    this.valueA = valueA;
    this.valueB = valueB;
    this.types = types;
    this.slots = slots;
  }

  /** Moves a pending operand into its canonical slot. */
  protected abstract bring(h: number): void;

  /** The arrays are free for the next translation. */
  release(): void {
    this.truncate(0);
    if (this.where.length <= KEPT && this.shared.newest.length <= KEPT) arrays = this.shared;
  }

  private grow(height: number): void {
    const { shared } = this;
    const length = Math.max(height, 2 * this.where.length);
    this.where = shared.where = larger(shared.where, length);
    this.valueA = shared.valueA = larger(shared.valueA, length);
    this.valueB = shared.valueB = larger(shared.valueB, length);
    this.types = shared.types = larger(shared.types, length);
    this.slots = shared.slots = larger(shared.slots, length);
    shared.below = larger(shared.below, length);
  }

  /** The canonical slot of the operand at a height. */
  slotAt(h: number): number {
    return h === 0 ? this.stackBase : this.slots[h - 1]! + slotsOf(this.types[h - 1]!);
  }

  nextSlot(): number {
    return this.slotAt(this.height);
  }

  push(type: ValType, place: number, a: number, b: number): void {
    const h = this.height;
    this.producer = -1;
    if (h === this.where.length) this.grow(h + 1);
    this.slots[h] = this.nextSlot();
    this.types[h] = type;
    this.where[h] = place;
    this.valueA[h] = a;
    this.valueB[h] = b;
    this.height = h + 1;
    if (place !== IN_SLOT && h < this.settled) this.settled = h;
  }

  /** Pushes a pending read of a local. */
  protected pushRead(type: ValType, index: number): void {
    const h = this.height;
    this.push(type, IN_LOCAL, index, 0);
    const { shared } = this;
    if (index >= shared.newest.length) {
      const { length } = shared.newest;
      shared.newest = larger(shared.newest, Math.max(index + 1, 2 * length)).fill(-1, length);
    }
    shared.below[h] = shared.newest[index]!;
    shared.newest[index] = h;
  }

  /** Pushes many operands in their canonical slots. */
  protected pushLayout(types: readonly ValType[]): void {
    const layout = layoutOf(types);
    this.producer = -1;
    const h = this.height;
    const end = h + types.length;
    if (end > this.where.length) this.grow(end);
    const first = this.nextSlot();
    this.where.fill(IN_SLOT, h, end);
    this.types.set(layout.types, h);
    const { slots } = this;
    if (layout.slotCount === types.length)
      for (let i = h, slot = first; i < end; i++, slot++) slots[i] = slot;
    else for (let i = h; i < end; i++) slots[i] = first + layout.slots[i - h]!;
    this.height = end;
  }

  /** Pops an operand; its height. */
  pop(): number {
    const h = --this.height;
    this.producer = -1;
    if (this.where[h] === IN_LOCAL) this.unlink(h);
    return h;
  }

  /** The newest read of a local is no longer pending. */
  private unlink(h: number): void {
    const { newest, below } = this.shared;
    newest[this.valueA[h]!] = below[h]!;
  }

  /** Drops everything above a height. */
  truncate(height: number): void {
    for (let h = this.height - 1; h >= height && h >= this.settled; h--) {
      if (this.where[h] === IN_LOCAL) this.unlink(h);
    }
    this.height = height;
  }

  /** Moves all operands into their canonical slots. */
  protected bringAll(): void {
    const { newest } = this.shared;
    for (let h = this.settled; h < this.height; h++) {
      if (this.where[h] === IN_SLOT) continue;
      if (this.where[h] === IN_LOCAL) newest[this.valueA[h]!] = -1;
      this.bring(h);
      this.where[h] = IN_SLOT;
    }
    this.settled = this.height;
  }

  /** Moves the operands on top into their canonical slots. */
  settleTop(count: number): void {
    if (count > FEW) {
      this.bringAll();
      return;
    }
    for (let h = this.height - 1; h >= this.height - count; h--) {
      if (this.where[h] === IN_SLOT) continue;
      if (this.where[h] === IN_LOCAL) this.unlink(h);
      this.bring(h);
      this.where[h] = IN_SLOT;
    }
  }

  /** Moves pending reads of a local that is about to change into their slots. */
  settleLocal(index: number): void {
    const { newest, below } = this.shared;
    if (index >= newest.length) return;
    for (let h = newest[index]!; h >= 0; h = below[h]!) {
      this.bring(h);
      this.where[h] = IN_SLOT;
    }
    newest[index] = -1;
  }
}
