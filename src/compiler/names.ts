/** Variables of a generated function by number: what operands read, and what statements read and write. */
import { F64, I64, type ValType } from '../syntax/types.ts';
import { isFloat } from './operand.ts';

/** Numbers that belong to one height of the operand stack: of a word, of its high word, of a float. */
const PER_HEIGHT = 3;
const heightNames = ['t', 'u', 'd'] as const;
const placeOf = (type: ValType): number => (isFloat(type) ? 2 : 0);

export class Names {
  private readonly locals: readonly ValType[];
  readonly allLocals: readonly number[];
  /** Fuel in hand. */
  readonly fuel: number;
  /** The named exit. */
  readonly exit: number;
  /** Room for frames of callees. */
  readonly room: number;
  private readonly base: number;

  constructor(locals: readonly ValType[]) {
    this.locals = locals;
    this.allLocals = locals.flatMap((_, index) => this.ofLocal(index));
    this.fuel = 2 * locals.length;
    this.exit = this.fuel + 1;
    this.room = this.fuel + 2;
    this.base = this.fuel + 3;
  }

  /** Numbers of a local; for an i64, the number of its low word, then of its high one. */
  ofLocal(index: number): readonly number[] {
    return this.locals[index] === I64 ? [2 * index, 2 * index + 1] : [2 * index];
  }

  isLocal(number: number): boolean {
    return number < this.fuel;
  }

  /** Numbers of the variable for operands of a type at some height. */
  ofOperand(type: ValType, height: number): readonly number[] {
    const first = this.base + PER_HEIGHT * height + placeOf(type);
    return type === I64 ? [first, first + 1] : [first];
  }

  nameOf(number: number): string {
    if (number < this.fuel) return `${number % 2 === 0 ? 'l' : 'h'}${number >> 1}`;
    if (number < this.base) return number === this.fuel ? 'f' : number === this.exit ? '$' : 'w';
    const place = number - this.base;
    return `${heightNames[place % PER_HEIGHT]}${Math.floor(place / PER_HEIGHT)}`;
  }

  /** Whether the variable holds a float. */
  isFloat(number: number): boolean {
    if (number < this.fuel) return isFloat(this.locals[number >> 1]!);
    return number >= this.base && (number - this.base) % PER_HEIGHT === placeOf(F64);
  }
}
