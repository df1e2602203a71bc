/**
 * The places of parameters and locals in a frame: parameters, scratch slots of large frames, locals, operand stack.
 *
 * A group of 50,000 locals takes four bytes of the file: at most a few locals for each byte of the body are listed,
 * the others are found by their group.
 */
import { type FuncType, isRef, slotsOf, type ValType } from '../../syntax/types.ts';
import { type FuncCode, SCRATCH_SLOTS } from '../code/compiled-module.ts';
import { MAX_PACKED_SLOT } from '../code/encoding.ts';

const LISTED_PER_BYTE = 4;
const ALWAYS_LISTED = 256;

interface Run {
  readonly first: number;
  readonly slot: number;
  readonly type: ValType;
}

// PERF: there is one translation at a time, so the lists are made once.
let types = new Int32Array(ALWAYS_LISTED);
let slots = new Int32Array(ALWAYS_LISTED);

export class FrameLayout {
  readonly paramCount: number;
  /** Parameters and locals. */
  readonly count: number;
  /** First of the scratch slots; -1 in frames that need none. */
  readonly scratch: number;
  readonly zeroStart: number;
  /** After the locals: first slot of the operand stack. */
  readonly stackBase: number;
  readonly hasRefs: boolean;
  private readonly listedCount: number;
  private readonly runs: Run[] = [];

  constructor(code: FuncCode, { params }: FuncType) {
    const { locals, localCount, start, end } = code.unit.module.funcs[code.index]!.body!;
    this.paramCount = params.length;
    this.count = params.length + localCount;
    this.listedCount = Math.min(
      this.count,
      Math.max(ALWAYS_LISTED, params.length, LISTED_PER_BYTE * (end - start)),
    );
    if (types.length < this.listedCount) {
      types = new Int32Array(2 * this.listedCount);
      slots = new Int32Array(2 * this.listedCount);
    }
    let slot = 0;
    let hasRefs = false;
    for (let i = 0; i < params.length; i++) {
      const type = params[i]!;
      types[i] = type;
      slots[i] = slot;
      slot += slotsOf(type);
      hasRefs ||= isRef(type);
    }
    this.scratch = code.frameSlots > MAX_PACKED_SLOT ? slot : -1;
    if (this.scratch >= 0) slot += SCRATCH_SLOTS;
    this.zeroStart = slot;
    let index = params.length;
    for (const { type, count } of locals) {
      const width = slotsOf(type);
      const next = index + count;
      if (next > this.listedCount) this.runs.push({ first: index, slot, type });
      for (let i = index, at = slot; i < next && i < this.listedCount; i++, at += width) {
        types[i] = type;
        slots[i] = at;
      }
      slot += count * width;
      index = next;
      hasRefs ||= isRef(type);
    }
    this.stackBase = slot;
    this.hasRefs = hasRefs;
  }

  typeOf(index: number): ValType {
    return index < this.listedCount ? types[index]! : this.runOf(index).type;
  }

  slotOf(index: number): number {
    if (index < this.listedCount) return slots[index]!;
    const { first, slot, type } = this.runOf(index);
    return slot + (index - first) * slotsOf(type);
  }

  /** The group of a local that is not listed. */
  private runOf(index: number): Run {
    const { runs } = this;
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs[middle]!.first <= index) low = middle + 1;
      else high = middle;
    }
    return runs[low - 1]!;
  }
}
