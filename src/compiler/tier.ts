/**
 * Puts generated code in the place of the interpreter's: which functions and loops, and when.
 *
 * What runs often is found by the slices of fuel that the interpreter uses up, which are a profile for free: the
 * function that a slice ends in, and the callers of generated code, are counted.
 */
import { type CodeRegion, type FuncCode, regionAt } from '../interpreter/code/compiled-module.ts';
import { ENTRY_COST } from '../interpreter/code/encoding.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { RESTART } from '../interpreter/loop/status.ts';
import { getMachine, getTier, mapFast, setTier, type Tier } from '../interpreter/machine/machine.ts';
import { CompiledInstance, REFUSED } from './link.ts';
import { CodeProvider, type LoopPlace, type UnitCode } from './provider.ts';

/** Every so many entries from the interpreter, the caller is counted. */
const ENTRIES_PER_SAMPLE = 64;
/** So often must code have been left before it is asked whether it is worth entering. */
const MANY_LEAVINGS = 1000;
/** Fuel that an entry must have used by the time that it is left: what entering and leaving cost otherwise. */
const WORTHWHILE = 300;

class CompilerTier implements Tier {
  onTranslated(code: FuncCode): void {
    const { compiler } = code.unit;
    if (!(compiler instanceof CodeProvider)) return;
    const unit = compiler.unitOf(code.unit);
    if (compiler.threshold > 0) return;
    this.compileFunction(compiler, code);
    for (const loop of unit.recordOf(code).loops) this.compileLoop(compiler, code, loop);
  }

  onSlice(m: MachineState): void {
    const { unit } = m.instance;
    const { compiler } = unit;
    if (!(compiler instanceof CodeProvider)) return;
    compiler.unitOf(unit).patches.placeLifted();
    const region = regionAt(m.instance, m.pc);
    if (region === null) return;
    this.count(compiler, region.func);
    if (!region.isCareful) this.countLoops(compiler, region, m.pc);
  }

  /** Counts that a function was seen running. */
  private count(compiler: CodeProvider, code: FuncCode): void {
    const record = compiler.unitOf(code.unit).recordOf(code);
    if (++record.samples === compiler.threshold) this.compileFunction(compiler, code);
  }

  /** Counts the loops around a place, of a function that goes on though its entry is compiled. */
  private countLoops(compiler: CodeProvider, { func, entry }: CodeRegion, pc: number): void {
    const record = compiler.unitOf(func.unit).recordOf(func);
    if (record.samples <= compiler.threshold) return;
    const map = mapFast(func);
    const offset = map.sites.offsets[map.siteIndex(pc - entry)] ?? 0;
    for (const loop of record.loops) {
      if (loop.offset > offset || loop.end <= offset) continue;
      if (++loop.samples < compiler.threshold) continue;
      // The outermost first: those in it are compiled with it.
      if (loop.samples === compiler.threshold) this.compileLoop(compiler, func, loop);
      return;
    }
  }

  private compileFunction(compiler: CodeProvider, code: FuncCode): void {
    const { fast } = code;
    if (fast === null || !compiler.mayCompile(code)) return;
    const unit = compiler.unitOf(code.unit);
    const func = unit.generate(code);
    if (func !== null)
      unit.patches.add(func, {
        region: fast,
        at: code.entry,
        paid: getMachine().space.words[code.entry - ENTRY_COST]!,
      });
  }

  private compileLoop(compiler: CodeProvider, code: FuncCode, loop: LoopPlace): void {
    const { fast } = code;
    if (fast === null || !compiler.mayCompile(code)) return;
    const unit = compiler.unitOf(code.unit);
    const place = mapFast(code).boundaryAt(loop.head);
    if (place === undefined) return;
    const func = unit.generateLoop(code, loop);
    if (func !== null)
      unit.patches.add(func, { region: fast, at: fast.entry + place.pc, paid: place.remaining });
  }

  enter(m: MachineState, at: number): number | null {
    const { unit } = m.instance;
    const compiler = unit.compiler as unknown as CodeProvider;
    const compiledUnit = compiler.unitOf(unit);
    const { patches } = compiledUnit;
    const index = patches.at(at);
    const patch = patches.get(index);
    patches.placeLifted();
    patch.entries++;
    if (patch.entries % ENTRIES_PER_SAMPLE === 0) this.countCaller(m);
    const compiled = this.instanceOf(compiler, compiledUnit, m);
    const before = m.fuel + m.reserve;
    const status = compiled === null ? REFUSED : compiled.enter(m, patch.func, patch.paid);
    if (compiled === null || status === REFUSED) {
      patches.lift(index);
      m.pc = at;
      return RESTART;
    }
    if (status === null || compiled.hasPaused) return status;
    if (compiled.missing !== null) this.countMissing(compiler, compiled.missing);
    // An instruction that generated code leaves to the interpreter may lie where it is entered.
    const next = patches.at(m.pc);
    if (next >= 0) patches.lift(next);
    if (before - m.fuel - m.reserve >= WORTHWHILE) return status;
    if (++patch.leavings > MANY_LEAVINGS && 2 * patch.leavings > patch.entries) patches.giveUp(index);
    return status;
  }

  /** The generated code of the instance that runs; null where the host does not allow any. */
  private instanceOf(
    compiler: CodeProvider,
    unit: UnitCode,
    { instance }: MachineState,
  ): CompiledInstance | null {
    let compiled = unit.instances.get(instance);
    if (compiled === undefined) {
      if (!compiler.isAllowed || unit.source === null) return null;
      compiled = new CompiledInstance(instance, getMachine(), unit.source, compiler.chance);
      unit.instances.set(instance, compiled);
    }
    return compiled;
  }

  /** Counts the function that called the one which is entered. */
  private countCaller(m: MachineState): void {
    if (m.sp < 2) return;
    const region = regionAt(m.instance, getMachine().callStack[m.sp - 2]!);
    const compiler = region?.func.unit.compiler;
    if (region && compiler instanceof CodeProvider) this.count(compiler, region.func);
  }

  /** Counts a function that generated code was left for, since it has no code there. */
  private countMissing(compiler: CodeProvider, code: FuncCode): void {
    const record = compiler.unitOf(code.unit).recordOf(code);
    if (++record.missed % ENTRIES_PER_SAMPLE === 0) this.count(compiler, code);
  }
}

/** Lets the interpreter enter generated code. */
export const useTier = (): void => {
  if (getTier() === null) setTier(new CompilerTier());
};
