/**
 * What a debugger puts into the code of functions. A function is *armed* when calls of it run its careful code and
 * stay there; all others run fast. In armed code every instruction begins with a charge, and any charge can be made a
 * `stop`, which asks the debugger before the instruction runs.
 */
import { type CodeMap, lastAtMost } from '../interpreter/code/code-map.ts';
import type { CodeRegion, CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import { opcodeOf, withOpcode } from '../interpreter/code/encoding.ts';
import { opOf } from '../interpreter/code/isa.ts';
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import { entryCost } from '../interpreter/fuel/schedules.ts';
import { getMachine, mapCharges } from '../interpreter/machine/machine.ts';
import type { FuncType } from '../syntax/types.ts';

/** More fuel than a call ever has in hand: a charge of this size is never undone. */
const NEVER = 0x7fff_ffff;

const code = (): Int32Array => getMachine().space.words;

/** The place of the charge for entering a function, which is not that of an instruction; -1 if entering is free. */
const entryChargeOf = ({ unit, index }: FuncCode, map: CodeMap): number => {
  const { type, body } = unit.module.funcs[index]!;
  const results = slotCountOf((type.comp as FuncType).results);
  const hasCharge = entryCost(unit.schedule, body!.localCount, results) > 0;
  return hasCharge ? map.boundaryAt(body!.start)!.pc : -1;
};

/** The careful code of one function, with the places where it can stop. */
class ArmedFunc {
  readonly func: FuncCode;
  readonly region: CodeRegion;
  /** Program counters of the charges before instructions, and the offsets of the instructions. */
  readonly pcs: Int32Array;
  readonly offsets: Int32Array;
  /** Places that return to fast code, and what each checks. */
  private readonly resumes: readonly (readonly [at: number, remaining: number])[];
  private isArmed = false;
  private stopsAll = false;
  /** Places of breakpoints, as program counters. */
  readonly breaks = new Set<number>();

  constructor(func: FuncCode) {
    const map = mapCharges(func);
    this.func = func;
    this.region = func.careful!;
    const { entry } = this.region;
    const words = code();
    const pcs: number[] = [];
    const offsets: number[] = [];
    const resumes: [number, number][] = [];
    const entryCharge = entryChargeOf(func, map);
    map.sites.pcs.forEach((at, i) => {
      const opcode = opcodeOf(words[entry + at]!);
      if (opcode === opOf.resume_fast.code) resumes.push([entry + at + 2, words[entry + at + 2]!]);
      if (opcode !== opOf.charge.code || at === entryCharge) return;
      pcs.push(entry + at);
      offsets.push(map.sites.offsets[i]!);
    });
    this.pcs = Int32Array.from(pcs);
    this.offsets = Int32Array.from(offsets);
    this.resumes = resumes;
  }

  /** Program counter of the first instruction at or after an offset; null after the last. */
  pcAt(offset: number): number | null {
    return this.pcs[lastAtMost(this.offsets, offset - 1) + 1] ?? null;
  }

  /** Offset of the instruction that begins at a program counter. */
  offsetAt(pc: number): number {
    return this.offsets[lastAtMost(this.pcs, pc)] ?? 0;
  }

  /** Makes calls run the careful code and stay there, or not. */
  arm(isArmed: boolean): void {
    if (this.isArmed === isArmed) return;
    this.isArmed = isArmed;
    const words = code();
    for (const [at, remaining] of this.resumes) words[at] = isArmed ? NEVER : remaining;
  }

  /** Makes every charge a stop, or only those of breakpoints. */
  stopAll(isOn: boolean): void {
    if (this.stopsAll === isOn) return;
    this.stopsAll = isOn;
    for (const pc of this.pcs) this.write(pc, isOn || this.breaks.has(pc));
  }

  setBreak(pc: number, isOn: boolean): void {
    if (isOn) this.breaks.add(pc);
    else this.breaks.delete(pc);
    if (!this.stopsAll) this.write(pc, isOn);
  }

  private write(pc: number, isStop: boolean): void {
    const words = code();
    words[pc] = withOpcode(words[pc]!, isStop ? opOf.stop.code : opOf.charge.code);
  }
}

/** The place of a breakpoint. */
interface CodePlace {
  readonly unit: CodeUnit;
  /** Byte offset in the binary. */
  readonly offset: number;
}

/** All changes in the code of the units of one store. */
export class Stops {
  private readonly armed = new Map<FuncCode, ArmedFunc>();
  /** First words of fast code that an `enter_careful` has replaced, by function. */
  private readonly entries = new Map<FuncCode, number>();
  /** Functions that have breakpoints, and how many. */
  private readonly held = new Map<FuncCode, number>();
  /** Program counters of all breakpoints. */
  private readonly breakPcs = new Set<number>();
  private readonly stepped = new Map<FuncCode, ArmedFunc>();
  /** Which functions stop at each of their instructions when they are entered; null for none. */
  private catches: ((func: FuncCode) => boolean) | null = null;

  /** The careful code of a function, made on first use. */
  of(func: FuncCode): ArmedFunc {
    let armed = this.armed.get(func);
    if (armed === undefined || armed.region !== func.careful) {
      armed = new ArmedFunc(func);
      this.armed.set(func, armed);
    }
    return armed;
  }

  /** Whether calls of a function are to be in its careful code. */
  isArmed(func: FuncCode): boolean {
    return this.held.has(func) || this.stepped.has(func);
  }

  /** Whether there is a breakpoint at a program counter. */
  hasBreak(pc: number): boolean {
    return this.breakPcs.has(pc);
  }

  /** Whether there is a breakpoint at the instruction at an offset. */
  isBreakpoint(func: FuncCode, offset: number): boolean {
    const armed = this.armed.get(func);
    const pc = armed?.pcAt(offset) ?? null;
    return pc !== null && armed!.breaks.has(pc);
  }

  /** The function that contains an offset of a module; null if there is no code. */
  static funcAt({ unit, offset }: CodePlace): FuncCode | null {
    for (const func of unit.funcs) {
      if (func === null) continue;
      const { start, end } = unit.module.funcs[func.index]!.body!;
      if (offset >= start && offset < end) return func;
    }
    return null;
  }

  /** Sets or clears a breakpoint. Returns the offset of its instruction; null if there is no code. */
  setBreak(place: CodePlace, isOn: boolean): number | null {
    const func = Stops.funcAt(place);
    if (func === null) return null;
    const armed = this.of(func);
    const pc = armed.pcAt(place.offset);
    if (pc === null) return null;
    if (armed.breaks.has(pc) !== isOn) {
      armed.setBreak(pc, isOn);
      if (isOn) this.breakPcs.add(pc);
      else this.breakPcs.delete(pc);
      const count = (this.held.get(func) ?? 0) + (isOn ? 1 : -1);
      if (count > 0) this.held.set(func, count);
      else this.held.delete(func);
      this.refresh(func, armed);
    }
    return armed.offsetAt(pc);
  }

  /** Makes a function stop at each of its instructions, until `release`. */
  step(func: FuncCode): void {
    const armed = this.of(func);
    this.stepped.set(func, armed);
    armed.stopAll(true);
    this.refresh(func, armed);
  }

  /**
   * Makes functions of the units that are entered from now on stop at each of their instructions, until `release`:
   * all, or those that a predicate selects.
   */
  catchAll(units: readonly CodeUnit[], picks: (func: FuncCode) => boolean = () => true): void {
    this.catches = (func) => units.includes(func.unit) && picks(func);
    for (const { funcs } of units)
      for (const func of funcs) if (func !== null && func.entry !== 0 && picks(func)) this.patchEntry(func);
  }

  /** A function was translated. */
  onTranslated(func: FuncCode): void {
    if (this.catches?.(func) === true) this.patchEntry(func);
  }

  /** A function is entered through `enter_careful`. */
  onEntered(func: FuncCode): void {
    if (this.catches?.(func) === true) this.step(func);
    else this.of(func).arm(true);
  }

  /** A call switches to the careful code of a function because it lacks fuel in hand. */
  onCareful(func: FuncCode): void {
    if (this.catches?.(func) === true) this.step(func);
  }

  /** Ends `step` and `catchAll`; breakpoints stay. */
  release(): void {
    this.catches = null;
    const stepped = [...this.stepped.values()];
    this.stepped.clear();
    for (const armed of stepped) {
      armed.stopAll(false);
      this.refresh(armed.func, armed);
    }
    for (const func of [...this.entries.keys()]) if (!this.held.has(func)) this.restoreEntry(func);
  }

  /** Removes everything from the code temporarily. The returned function restores the breakpoints. */
  withdraw(): () => void {
    this.release();
    const held = [...this.held.keys()];
    for (const func of held) this.restoreEntry(func);
    return () => {
      for (const func of held) this.refresh(func, this.of(func));
    };
  }

  /** Removes everything from the code permanently. */
  clear(): void {
    this.release();
    for (const func of this.held.keys()) {
      const armed = this.of(func);
      for (const pc of [...armed.breaks]) armed.setBreak(pc, false);
      armed.arm(false);
      this.restoreEntry(func);
    }
    this.held.clear();
    this.breakPcs.clear();
  }

  private refresh(func: FuncCode, armed: ArmedFunc): void {
    const isArmed = this.isArmed(func);
    armed.arm(isArmed);
    if (isArmed) this.patchEntry(func);
    else this.restoreEntry(func);
  }

  private patchEntry(func: FuncCode): void {
    if (this.entries.has(func) || func.entry === 0) return;
    const words = code();
    this.entries.set(func, words[func.entry]!);
    words[func.entry] = opOf.enter_careful.code;
  }

  private restoreEntry(func: FuncCode): void {
    const word = this.entries.get(func);
    if (word === undefined) return;
    this.entries.delete(func);
    code()[func.entry] = word;
  }
}
