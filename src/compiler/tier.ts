/**
 * Replaces the interpreter's code by generated code: which functions and loops, and when.
 *
 * The slices of fuel that the interpreter uses up are a free profile of what runs often: the function in which a
 * slice ends has used that fuel. Its callers, and the places for which generated code is left, are also counted. A
 * place of entry is marked first; code is made when the interpreter reaches it.
 */

import {
  type CodeRegion,
  type CodeUnit,
  type FuncCode,
  regionAt,
} from '../interpreter/code/compiled-module.ts';
import { ENTRY_COST } from '../interpreter/code/encoding.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { RESTART } from '../interpreter/loop/status.ts';
import { getMachine, getTier, mapFast, setTier, type Tier } from '../interpreter/machine/machine.ts';
import { CompiledInstance, REFUSED } from './link.ts';
import { bodyBytes, type Part, SAMPLE } from './part.ts';
import type { Patches } from './patches.ts';
import { CodeProvider, type UnitCode } from './provider.ts';
import type { CompiledFunction } from './scope.ts';
import { type Allowance, CHARACTERS, countWork, SHARE } from './steps.ts';

/** After this many entries from the interpreter, the caller is counted. */
const ENTRIES = 64;
/** Fuel that takes as long as entering generated code this often. */
const PER_ENTRIES = 10_000;
/** After this many entries, their benefit is checked; later if everything is to be compiled. */
const MANY_ENTRIES = 1000;
/** Fuel that the interpreter uses in the time of entering generated code, and of leaving it. */
const ENTERING = 250;
const LEAVING = 1500;
/** Bytes of a body whose loops are found in the time in which one instruction is generated. */
const BYTES = 4;
const everything: Allowance = { left: Number.POSITIVE_INFINITY };

class CompilerTier implements Tier {
  onTranslated(code: FuncCode): void {
    const { compiler } = code.unit;
    if (!(compiler instanceof CodeProvider)) return;
    if (this.isChosen(compiler, code)) this.mark(compiler, compiler.unitOf(code.unit).recordOf(code).whole);
  }

  onSlice(m: MachineState): void {
    const { unit } = m.instance;
    const { compiler } = unit;
    if (!(compiler instanceof CodeProvider)) return;
    const code = compiler.unitOf(unit);
    code.patches.placeLifted();
    const region = regionAt(m.instance, m.pc);
    if (region !== null) {
      if (!region.isCareful && this.isChosen(compiler, region.func)) this.countLoops(m, compiler, region);
      this.count(compiler, region.func, SAMPLE);
    }
    for (const part of code.batch.sample(compiler, unit, (func) => code.recordOf(func))) {
      part.isChosen = true;
      this.mark(compiler, part);
    }
  }

  private isChosen(compiler: CodeProvider, code: FuncCode): boolean {
    const compiled = compiler.unitOf(code.unit);
    return compiler.threshold === 0 || compiled.batch.isWhole || compiled.recordOf(code).whole.isChosen;
  }

  /** Counts fuel that a function has used. */
  private count(compiler: CodeProvider, code: FuncCode, fuel: number): void {
    const compiled = compiler.unitOf(code.unit);
    const { whole } = compiled.recordOf(code);
    const need = needOf(compiler, whole);
    const isWorthIt = whole.used >= need;
    whole.used += fuel;
    if (!isWorthIt && whole.used >= need) compiled.batch.add(whole);
  }

  /** Counts a sample for the loops around a place, in a function that continues although its entry is marked. */
  private countLoops(m: MachineState, compiler: CodeProvider, { func, entry }: CodeRegion): void {
    const loops = this.loopsOf(m, compiler, func);
    if (loops.length === 0) return;
    const map = mapFast(func);
    const offset = map.sites.offsets[map.siteIndex(m.pc - entry)] ?? 0;
    let isIn = false;
    for (const part of loops) {
      const { end, offset: start } = part.loop!;
      if (start > offset || end <= offset) continue;
      part.used += SAMPLE;
      // The outermost first: inner ones are compiled with it.
      if (isIn || part.generated === null || part.used < needOf(compiler, part)) continue;
      isIn = true;
      this.mark(compiler, part);
    }
  }

  private loopsOf(m: MachineState, compiler: CodeProvider, code: FuncCode): readonly Part[] {
    const record = compiler.unitOf(code.unit).recordOf(code);
    if (!record.knowsLoops) countWork(m, bodyBytes(code) / BYTES);
    return record.loops;
  }

  /** Makes the interpreter request generated code at the beginning of a function or a loop. */
  private mark(compiler: CodeProvider, part: Part): void {
    const { code, loop } = part;
    const { fast } = code;
    if (fast === null || !compiler.mayCompile(code)) return;
    const { patches } = compiler.unitOf(code.unit);
    if (loop === null) {
      const paid = getMachine().space.words[code.entry - ENTRY_COST]!;
      patches.add({ part, region: fast, at: code.entry, paid });
      return;
    }
    const place = mapFast(code).boundaryAt(loop.head);
    if (place !== undefined)
      patches.add({ part, region: fast, at: fast.entry + place.pc, paid: place.remaining });
  }

  enter(m: MachineState, at: number): number | null {
    const { unit } = m.instance;
    const compiler = unit.compiler as unknown as CodeProvider;
    const compiledUnit = compiler.unitOf(unit);
    const { patches } = compiledUnit;
    const index = patches.at(at);
    const patch = patches.get(index);
    patches.placeLifted();
    const func = this.codeOf(m, compiler, patch.part);
    if (!func) {
      if (func === null) patches.giveUp(index);
      else patches.lift(index);
      if (func === null && compiler.threshold === 0) this.markLoops(m, compiler, patch.part.code);
      m.pc = at;
      return RESTART;
    }
    patch.entries++;
    if (patch.entries % ENTRIES === 0) this.countCaller(m);
    const compiled = this.instanceOf(compiler, compiledUnit, m);
    const { sp } = m;
    const before = m.fuel + m.reserve;
    m.pc = at;
    const status = compiled === null ? REFUSED : compiled.enter(m, func, patch.paid);
    if (compiled === null || status === REFUSED) {
      patches.lift(index);
      if (compiler.threshold === 0) this.markLoops(m, compiler, patch.part.code);
      return RESTART;
    }
    const used = before - m.fuel - m.reserve;
    if (status === null) {
      if (compiler.threshold > 0) this.weigh(compiler, patches, index, used - ENTERING);
      return null;
    }
    // Code that was left before a call, because the callee lacked fuel, may be at its own entry: do not enter it
    // again then.
    const hasMoved = m.pc !== at || used !== 0;
    if (compiled.isInCall) return status;
    if (compiled.hasPaused && hasMoved) {
      // A long-running loop is entered again, and so are the loops around it.
      const region = regionAt(m.instance, m.pc);
      if (region !== null) this.markLoops(m, compiler, region.func);
      return status;
    }
    if (compiler.threshold === 0) this.markLoopsOfFrames(m, compiler, sp);
    // An instruction that generated code leaves to the interpreter may be at its entry.
    const next = patches.at(m.pc);
    if (next >= 0) patches.lift(next);
    this.weigh(compiler, patches, index, used - ENTERING - LEAVING);
    return status;
  }

  /** Counts what an entry has saved, in fuel; entries that save nothing return to the interpreter. */
  private weigh({ threshold }: CodeProvider, patches: Patches, index: number, saved: number): void {
    const patch = patches.get(index);
    patch.saved += saved;
    if (++patch.weighed < (threshold === 0 ? MANY_ENTRIES : ENTRIES)) return;
    if (patch.saved < 0) patches.giveUp(index);
    patch.saved = 0;
    patch.weighed = 0;
  }

  /** The code for a place of entry: null if there is none, undefined if it is not made yet. */
  private codeOf(m: MachineState, compiler: CodeProvider, part: Part): CompiledFunction | null | undefined {
    if (part.generated !== undefined) return part.generated;
    if (!compiler.mayCompile(part.code)) return null;
    const unit = compiler.unitOf(part.code.unit);
    if (!m.isWatched) return unit.generate(part, everything);
    const allowance = { left: SHARE };
    const generated = unit.generate(part, allowance);
    // Evaluating its text is also work: it waits for the next turn.
    const isDue = countWork(m, SHARE - allowance.left);
    return isDue && generated !== null ? undefined : generated;
  }

  wordAt(unit: CodeUnit, pc: number): number {
    const { compiler } = unit;
    if (compiler instanceof CodeProvider) return compiler.unitOf(unit).patches.wordAt(pc);
    return getMachine().space.words[pc]!;
  }

  /** The generated code of the current instance; null if the host does not allow any. */
  private instanceOf(compiler: CodeProvider, unit: UnitCode, m: MachineState): CompiledInstance | null {
    let compiled = unit.instances.get(m.instance);
    if (compiled === undefined) {
      if (!compiler.isAllowed || unit.source === null) return null;
      let calls = 0;
      compiled = new CompiledInstance(m.instance, getMachine(), unit.source, compiler.chance, (code) => {
        if (++calls % ENTRIES === 0) this.countCode(code);
      });
      countWork(m, compiled.characters / CHARACTERS);
      unit.instances.set(m.instance, compiled);
    }
    return compiled;
  }

  /** Counts the caller of the function that is entered. */
  private countCaller(m: MachineState): void {
    if (m.sp < 2) return;
    const region = regionAt(m.instance, getMachine().callStack[m.sp - 2]!);
    if (region !== null) this.countCode(region.func);
  }

  /** Counts a function that calls generated code, or is called by it, at intervals. */
  private countCode(code: FuncCode): void {
    const { compiler } = code.unit;
    if (compiler instanceof CodeProvider) this.count(compiler, code, PER_ENTRIES);
  }

  /** Marks the loops of all frames that the interpreter now runs. */
  private markLoopsOfFrames(m: MachineState, compiler: CodeProvider, sp: number): void {
    const { callStack } = getMachine();
    for (let row = sp; row <= m.sp; row += 2) {
      const region = regionAt(m.instance, row === m.sp ? m.pc : callStack[row]!);
      if (region !== null) this.markLoops(m, compiler, region.func);
    }
  }

  private markLoops(m: MachineState, compiler: CodeProvider, code: FuncCode): void {
    const record = compiler.unitOf(code.unit).recordOf(code);
    if (record.markedIn === code.fast) return;
    record.markedIn = code.fast;
    for (const part of this.loopsOf(m, compiler, code)) this.mark(compiler, part);
  }
}

/** Fuel that a function or a loop must have used before it is compiled. */
const needOf = ({ threshold, pace }: CodeProvider, { code, loop }: Part): number => {
  const size = loop === null ? bodyBytes(code) : loop.end - loop.offset;
  return threshold * SAMPLE * (1 + size / pace.bytesPerSample);
};

/** Lets the interpreter enter generated code. */
export const useTier = (): void => {
  if (getTier() === null) setTier(new CompilerTier());
};
