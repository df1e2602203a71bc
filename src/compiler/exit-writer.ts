/** Writes the table of the exits of a function. */
import { I64 } from '../syntax/types.ts';
import {
  type ExitPoint,
  ExitTable,
  fields,
  HEAD,
  HIGH_IS_CONSTANT,
  LOW_IS_CONSTANT,
  ROW,
  SLOT_SHIFT,
  TYPE_SHIFT,
  types,
} from './exits.ts';
import { isFloat, type Operand } from './operand.ts';

export class ExitWriter {
  private readonly lists: number[] = [];
  private readonly places = new Map<string, number>();
  private readonly rows: number[] = [];
  private readonly count: number;
  private readonly numberOf: (name: string) => number;

  /**
   * @param count of exits
   * @param numberOf the number of a name among those that the function saves
   */
  constructor(count: number, numberOf: (name: string) => number) {
    this.count = count;
    this.numberOf = numberOf;
  }

  /** Adds a list of values in consecutive slots; returns its place. */
  private list(operands: readonly Operand[], slots: (index: number) => number): number {
    const list = [operands.length];
    operands.forEach(({ type, text, high, reads, constant, constantHigh }, i) => {
      const isConstant = reads.length === 0;
      const hasHighName = type === I64 && !isConstant && constantHigh === null;
      const flags = (isConstant ? LOW_IS_CONSTANT : 0) | (hasHighName ? 0 : HIGH_IS_CONSTANT);
      list.push(
        (slots(i) << SLOT_SHIFT) | (types.indexOf(type) << TYPE_SHIFT) | flags,
        isConstant ? constant! : this.numberOf(text),
        hasHighName ? this.numberOf(high) : (constantHigh ?? 0),
      );
    });
    const key = list.join();
    let place = this.places.get(key);
    if (place === undefined) {
      place = HEAD + ROW * this.count + this.lists.length;
      this.places.set(key, place);
      for (const word of list) this.lists.push(word);
    }
    return place;
  }

  add(point: ExitPoint, operands: readonly Operand[], firstSlot: number): void {
    for (const field of fields) this.rows.push(point[field]);
    this.rows.push(this.list(operands, (i) => firstSlot + i));
  }

  /** @param begun values that the function begins with, and their slots */
  finish(
    locals: readonly Operand[],
    begun: readonly { readonly operand: Operand; readonly slot: number }[],
  ): ExitTable {
    const floats = begun.filter(({ operand }) => isFloat(operand.type));
    const operands = floats.map(({ operand }) => operand);
    const localList = this.list(locals, (i) => i);
    const floatList = this.list(operands, (i) => floats[i]!.slot);
    return new ExitTable(Int32Array.from([localList, floatList, ...this.rows, ...this.lists]));
  }
}
