/**
 * What a debugger puts into the code of functions. A function is *armed* when calls of it go to its careful code and
 * stay there; all others run fast. In armed code every instruction begins with a charge, and any charge can be made a
 * `stop`, which asks before the instruction runs.
 */
import { type CodeMap, lastAtMost } from '../interpreter/code/code-map.ts';
import type { CodeRegion, CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import { opcodeOf, withOpcode } from '../interpreter/code/encoding.ts';
import { opOf } from '../interpreter/code/isa.ts';
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import { entryCost } from '../interpreter/fuel/schedules.ts';
import { getMachine, mapCharges } from '../interpreter/machine/machine.ts';
import type { FuncType } from '../syntax/types.ts';

/** More fuel than a call ever has in hand: what costs as much is not gone back to. */
const NEVER = 0x7fff_ffff;

const code = (): Int32Array => getMachine().space.words;

/** Where the charge of entering a function lies, which is not that of an instruction; -1 where that is free. */
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
  /** Program counters of the charges in front of instructions, and offsets of those. */
  readonly pcs: Int32Array;
  readonly offsets: Int32Array;
  /** Ways back to fast code, and what each asks for. */
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

  /** Program counter of the first instruction at or behind an offset; null behind the last. */
  pcAt(offset: number): number | null {
    return this.pcs[lastAtMost(this.offsets, offset - 1) + 1] ?? null;
  }

  /** Offset of the instruction that begins at a program counter. */
  offsetAt(pc: number): number {
    return this.offsets[lastAtMost(this.pcs, pc)] ?? 0;
  }

  /** Lets calls go to the careful code and stay there, or not. */
  arm(isArmed: boolean): void {
    if (this.isArmed === isArmed) return;
    this.isArmed = isArmed;
    const words = code();
    for (const [at, remaining] of this.resumes) words[at] = isArmed ? NEVER : remaining;
  }

  /** Makes every charge a stop, or those of breakpoints alone. */
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

/** Where a breakpoint lies. */
interface CodePlace {
  readonly unit: CodeUnit;
  /** Byte offset in the binary. */
  readonly offset: number;
}

/** All that is changed in the code of the units of one store. */
export class Stops {
  private readonly armed = new Map<FuncCode, ArmedFunc>();
  /** First words of fast code that an `enter_careful` has taken the place of, by function. */
  private readonly entries = new Map<FuncCode, number>();
  /** Functions that have breakpoints, and how many. */
  private readonly held = new Map<FuncCode, number>();
  /** Program counters of all breakpoints. */
  private readonly breakPcs = new Set<number>();
  private readonly stepped = new Map<FuncCode, ArmedFunc>();
  /** Which functions stop at each of their instructions when they are entered; null for none. */
  private catches: ((func: FuncCode) => boolean) | null = null;

  /** The careful code of a function, made when it is first asked for. */
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

  /** Whether a breakpoint lies at a program counter. */
  hasBreak(pc: number): boolean {
    return this.breakPcs.has(pc);
  }

  /** Whether a breakpoint lies at the instruction at an offset. */
  isBreakpoint(func: FuncCode, offset: number): boolean {
    const armed = this.armed.get(func);
    const pc = armed?.pcAt(offset) ?? null;
    return pc !== null && armed!.breaks.has(pc);
  }

  /** The function that holds an offset of a module; null where no code is. */
  static funcAt({ unit, offset }: CodePlace): FuncCode | null {
    for (const func of unit.funcs) {
      if (func === null) continue;
      const { start, end } = unit.module.funcs[func.index]!.body!;
      if (offset >= start && offset < end) return func;
    }
    return null;
  }

  /** Sets or clears a breakpoint. Returns the offset of the instruction that it lies at; null where no code is. */
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
   * Makes functions of the units that are entered from now on stop at each of their instructions, until `release`: all,
   * or those that a test picks.
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

  /** A function is entered by way of `enter_careful`. */
  onEntered(func: FuncCode): void {
    if (this.catches?.(func) === true) this.step(func);
    else this.of(func).arm(true);
  }

  /** A call goes to the careful code of a function for want of fuel in hand. */
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

  /** Takes everything out of the code, for a while. What is returned puts the breakpoints back. */
  withdraw(): () => void {
    this.release();
    const held = [...this.held.keys()];
    for (const func of held) this.restoreEntry(func);
    return () => {
      for (const func of held) this.refresh(func, this.of(func));
    };
  }

  /** Takes everything out of the code for good. */
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
