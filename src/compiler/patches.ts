/**
 * The places of a unit where the interpreter enters generated code: the first operation of a function or of a loop is
 * replaced by `enter_compiled`. They belong to the unit, so that nothing refers to a module that is no longer used.
 */
import type { CodeRegion } from '../interpreter/code/compiled-module.ts';
import { opcodeOf, packVector, vectorNumberOf } from '../interpreter/code/encoding.ts';
import { opOf } from '../interpreter/code/isa.ts';
import { getMachine } from '../interpreter/machine/machine.ts';
import type { Part } from './part.ts';

interface Patch {
  readonly part: Part;
  /** The code that contains it. */
  readonly region: CodeRegion;
  readonly at: number;
  /** The replaced word. A lazy call may have become another one while the patch was removed. */
  word: number;
  /** The fuel that the interpreter pays ahead there. */
  readonly paid: number;
  entries: number;
  /** What the last entries have saved, in fuel, and their number. */
  saved: number;
  weighed: number;
}

export class Patches {
  private list: Patch[] = [];
  /** Patches that are removed for now, since the interpreter had to continue itself. */
  private lifted: number[] = [];

  private get words(): Int32Array {
    return getMachine().space.words;
  }

  /** The number of the patch at a place; -1 if there is none. */
  at(pc: number): number {
    const word = this.words[pc]!;
    return opcodeOf(word) === opOf.enter_compiled.code ? vectorNumberOf(word) : -1;
  }

  /** The word at a place without patches. */
  wordAt(pc: number): number {
    return this.list[this.at(pc)]?.word ?? this.words[pc]!;
  }

  get(index: number): Patch {
    return this.list[index]!;
  }

  add({ part, region, at, paid }: Pick<Patch, 'part' | 'region' | 'at' | 'paid'>): void {
    if (part.markedIn === region || this.at(at) >= 0) return;
    part.markedIn = region;
    // Code is released as a whole.
    const [first] = this.list;
    if (first !== undefined && first.region.func.fast !== first.region) {
      this.list = [];
      this.lifted = [];
    }
    this.list.push({ part, region, at, word: 0, paid, entries: 0, saved: 0, weighed: 0 });
    this.place(this.list.length - 1);
  }

  private place(index: number): void {
    const { words } = this;
    const patch = this.list[index]!;
    // Released code may have been replaced by other code.
    if (patch.region.func.fast !== patch.region) return;
    patch.word = words[patch.at]!;
    words[patch.at] = packVector(opOf.enter_compiled.code, index);
  }

  /** Restores the removed ones. */
  placeLifted(): void {
    for (const index of this.lifted.splice(0)) this.place(index);
  }

  /** Lets the interpreter continue at a place. */
  lift(index: number): void {
    const { at, word } = this.list[index]!;
    this.words[at] = word;
    this.lifted.push(index);
  }

  /** Code that is left about as often as it is run costs more than it saves: the interpreter keeps it. */
  giveUp(index: number): void {
    const { at, word } = this.list[index]!;
    if (this.at(at) === index) this.words[at] = word;
    const lifted = this.lifted.indexOf(index);
    if (lifted >= 0) this.lifted.splice(lifted, 1);
  }
}
