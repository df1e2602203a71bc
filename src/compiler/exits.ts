/**
 * The places where a function can be left, and the places of its values, as a table of words: a module has millions
 * of exits.
 *
 * The table begins with the places of two lists, of the locals and of the floats that the function begins with. Then
 * a row for each exit. Then the lists of values, three words each; equal lists are written once.
 */
import type { Stacks } from '../interpreter/cold/tools.ts';
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../interpreter/numerics/floats.ts';
import { F32, F64, I32, I64, type ValType } from '../syntax/types.ts';

/** A place where a function can be left. Exits are numbered from 1; the first is that of the entry. */
export interface ExitPoint {
  /** Offset of the instruction to continue at; -1 at the entry. */
  readonly offset: number;
  /** The fuel that was paid ahead. */
  readonly remaining: number;
  /** At a call: the exit before it; otherwise 0. */
  readonly front: number;
  /** At a call: slots between the frame and the callee's. */
  readonly distance: number;
}

export const fields = [
  'offset',
  'remaining',
  'front',
  'distance',
] as const satisfies readonly (keyof ExitPoint)[];
export const HEAD = 2;
/** Fields, and the place of the list of operands. */
export const ROW = fields.length + 1;
const LIST = fields.length;
/** Words of a value. */
const VALUE = 3;

/** By number. */
export const types: readonly ValType[] = [I32, I64, F32, F64];
// The first word of a value: its slot, its type, and which of the other two are constants and not numbers of names.
export const SLOT_SHIFT = 4;
export const TYPE_SHIFT = 2;
export const HIGH_IS_CONSTANT = 2;
export const LOW_IS_CONSTANT = 1;

/** The exits of a function. */
export class ExitTable {
  private readonly words: Int32Array;

  constructor(words: Int32Array) {
    this.words = words;
  }

  /** The table as mostly small numbers: those of a row as differences to the preceding row. */
  toNumbers(): Int32Array {
    const { words } = this;
    // The lists begin with that of the first exit.
    const lists = words[HEAD + LIST]!;
    return words.map((word, i) => (i < HEAD + ROW || i >= lists ? word : word - words[i - ROW]!));
  }

  static fromNumbers(numbers: readonly number[]): ExitTable {
    const words = Int32Array.from(numbers);
    const lists = words[HEAD + LIST]!;
    for (let i = HEAD + ROW; i < lists; i++) words[i] = words[i]! + words[i - ROW]!;
    return new ExitTable(words);
  }

  at(exit: number): ExitPoint {
    const { words } = this;
    const row = HEAD + ROW * (exit - 1);
    return {
      offset: words[row]!,
      remaining: words[row + 1]!,
      front: words[row + 2]!,
      distance: words[row + 3]!,
    };
  }

  /** The fuel paid ahead at the entry. */
  get entryRemaining(): number {
    return this.words[HEAD + 1]!;
  }

  /** Writes the values of an exit into a frame. @param names what the function saved */
  write(exit: number, names: readonly number[], stacks: Stacks, base: number): void {
    this.writeList(this.words[0]!, names, stacks, base);
    this.writeList(this.words[HEAD + ROW * (exit - 1) + LIST]!, names, stacks, base);
  }

  private writeList(place: number, names: readonly number[], stacks: Stacks, base: number): void {
    const { words: table } = this;
    const { words, floats, doubles } = stacks;
    const end = place + 1 + VALUE * table[place]!;
    for (let at = place + 1; at < end; at += VALUE) {
      const head = table[at]!;
      const slot = base + (head >> SLOT_SHIFT);
      const k = 2 * slot;
      const type = types[(head >> TYPE_SHIFT) & 3];
      const low = table[at + 1]!;
      const high = table[at + 2]!;
      if ((head & LOW_IS_CONSTANT) !== 0) {
        words[k] = low;
        if (type !== I32 && type !== F32) words[k + 1] = high;
        continue;
      }
      const value = names[low]!;
      if (type === I32) words[k] = value;
      else if (type === I64) {
        words[k] = value;
        words[k + 1] = (head & HIGH_IS_CONSTANT) !== 0 ? high : names[high]!;
      } else if (type === F32) {
        floats[k] = value;
        if (Number.isNaN(value)) words[k] = CANONICAL_NAN_32;
      } else {
        doubles[slot] = value;
        if (Number.isNaN(value)) {
          words[k] = 0;
          words[k + 1] = CANONICAL_NAN_64_HIGH;
        }
      }
    }
  }

  /**
   * Whether the initial floats of the function contain no NaN except the canonical one: generated code supports no
   * other.
   */
  hasCanonicalFloats({ words, floats, doubles }: Stacks, fp: number): boolean {
    const { words: table } = this;
    const place = table[1]!;
    const end = place + 1 + VALUE * table[place]!;
    for (let at = place + 1; at < end; at += VALUE) {
      const k = fp + 2 * (table[at]! >> SLOT_SHIFT);
      const type = types[(table[at]! >> TYPE_SHIFT) & 3]!;
      const value = type === F32 ? floats[k]! : doubles[k >> 1]!;
      if (Number.isNaN(value) && !isCanonical(type, words[k]!, type === F64 ? words[k + 1]! : 0))
        return false;
    }
    return true;
  }
}

/** Whether the bits of a NaN are those of the positive canonical one. */
export const isCanonical = (type: ValType, low: number, high: number): boolean =>
  type === F32 ? low === CANONICAL_NAN_32 : low === 0 && high === CANONICAL_NAN_64_HIGH;
