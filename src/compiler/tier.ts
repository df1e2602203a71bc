/**
 * Puts generated code in the place of the interpreter's: which functions and loops, and when.
 *
 * What runs often is found by the slices of fuel that the interpreter uses up, which are a profile for free: the
 * function that a slice ends in, and the callers of generated code, are counted.
 */
import { type CodeRegion, type FuncCode, regionAt } from '../interpreter/code/compiled-module.ts';
import { opcodeOf, packVector, vectorNumberOf } from '../interpreter/code/encoding.ts';
import { opOf } from '../interpreter/code/isa.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { RESTART } from '../interpreter/loop/status.ts';
import { getMachine, mapFast, type Tier } from '../interpreter/machine/machine.ts';
import { Compiler } from './function-compiler.ts';
import type { GeneratedFunction } from './generate.ts';
import { CompiledInstance, REFUSED } from './link.ts';
import type { CompiledUnit } from './unit.ts';

/** Every so many entries from the interpreter, the caller is counted. */
const ENTRIES_PER_SAMPLE = 64;
/** So often must code have been left before it is asked whether it is worth entering. */
const MANY_LEAVINGS = 1000;

/** A place where the interpreter enters generated code: the first operation of a function, or that of a loop. */
interface Patch {
  readonly compiler: Compiler;
  readonly unit: CompiledUnit;
  readonly func: GeneratedFunction;
  /** The code that it lies in. */
  readonly region: CodeRegion;
  readonly at: number;
  /** What lay there. A call that was lazy may have become another while the patch was lifted. */
  word: number;
  /** What the interpreter pays ahead there. */
  readonly paid: number;
  entries: number;
  leavings: number;
}

export class CompilerTier implements Tier {
  private readonly patches: Patch[] = [];
  /** Patches taken out for now, since the interpreter had to go on by itself. */
  private readonly lifted: number[] = [];

  private get words(): Int32Array {
    return getMachine().space.words;
  }

  onTranslated(code: FuncCode): void {
    const { compiler } = code.unit;
    if (!(compiler instanceof Compiler)) return;
    if (compiler.threshold > 0) return;
    this.compileFunction(compiler, code);
    for (const { offset } of compiler.unitOf(code.unit).recordOf(code).loops)
      this.compileLoop(compiler, code, offset);
  }

  onSlice(m: MachineState): void {
    this.placeLifted();
    const { compiler } = m.instance.unit;
    if (!(compiler instanceof Compiler)) return;
    const region = regionAt(m.instance, m.pc);
    if (region === null) return;
    this.count(compiler, region.func);
    if (!region.isCareful) this.countLoops(compiler, region, m.pc);
  }

  /** Counts that a function was seen running. */
  private count(compiler: Compiler, code: FuncCode): void {
    const record = compiler.unitOf(code.unit).recordOf(code);
    if (++record.samples === compiler.threshold) this.compileFunction(compiler, code);
  }

  /** Counts the loops around a place, of a function that goes on though its entry is compiled. */
  private countLoops(compiler: Compiler, { func, entry }: CodeRegion, pc: number): void {
    const record = compiler.unitOf(func.unit).recordOf(func);
    if (record.samples <= compiler.threshold) return;
    const { sites } = mapFast(func);
    const offset = sites.offsets[mapFast(func).siteIndex(pc - entry)] ?? 0;
    for (const loop of record.loops) {
      if (loop.offset > offset || loop.end <= offset) continue;
      if (++loop.samples < compiler.threshold) continue;
      // The outermost first: those in it are compiled with it.
      if (loop.samples === compiler.threshold) this.compileLoop(compiler, func, loop.offset);
      return;
    }
  }

  private compileFunction(compiler: Compiler, code: FuncCode): void {
    const { fast } = code;
    if (fast === null || !compiler.mayCompile(code)) return;
    const func = compiler.unitOf(code.unit).generate(code);
    if (func !== null)
      this.patch(compiler, func, { region: fast, at: code.entry, paid: this.words[code.entry - 1]! });
  }

  private compileLoop(compiler: Compiler, code: FuncCode, offset: number): void {
    const { fast } = code;
    if (fast === null || !compiler.mayCompile(code)) return;
    const unit = compiler.unitOf(code.unit);
    const loop = unit.recordOf(code).loops.find((item) => item.offset === offset)!;
    const place = mapFast(code).boundaryAt(loop.head);
    if (place === undefined) return;
    const func = unit.generateLoop(code, loop);
    if (func !== null)
      this.patch(compiler, func, { region: fast, at: fast.entry + place.pc, paid: place.remaining });
  }

  private patch(
    compiler: Compiler,
    func: GeneratedFunction,
    { region, at, paid }: Pick<Patch, 'region' | 'at' | 'paid'>,
  ): void {
    if (opcodeOf(this.words[at]!) === opOf.enter_compiled.code) return;
    const unit = compiler.unitOf(region.func.unit);
    this.patches.push({ compiler, unit, func, region, at, word: 0, paid, entries: 0, leavings: 0 });
    this.place(this.patches.length - 1);
  }

  private place(index: number): void {
    const { words } = this;
    const patch = this.patches[index]!;
    // Code that was given back has made room for other code.
    if (patch.region.func.fast !== patch.region) return;
    patch.word = words[patch.at]!;
    words[patch.at] = packVector(opOf.enter_compiled.code, index);
  }

  private placeLifted(): void {
    for (const index of this.lifted.splice(0)) this.place(index);
  }

  private lift(index: number): void {
    const { at, word } = this.patches[index]!;
    this.words[at] = word;
    this.lifted.push(index);
  }

  enter(m: MachineState, at: number): number | null {
    const index = vectorNumberOf(this.words[at]!);
    const patch = this.patches[index]!;
    this.placeLifted();
    patch.entries++;
    if (patch.entries % ENTRIES_PER_SAMPLE === 0) this.countCaller(m);
    const compiled = this.instanceOf(patch, m);
    const status = compiled === null ? REFUSED : compiled.enter(m, patch.func, patch.paid);
    if (status === null) return null;
    if (status === REFUSED) {
      this.lift(index);
      m.pc = at;
      return RESTART;
    }
    if (compiled!.hasPaused) return status;
    if (compiled!.missing !== null) this.countMissing(patch.compiler, compiled!.missing);
    // An instruction that generated code leaves to the interpreter may lie where it is entered.
    const word = this.words[m.pc]!;
    if (opcodeOf(word) === opOf.enter_compiled.code) this.lift(vectorNumberOf(word));
    if (++patch.leavings > MANY_LEAVINGS && 2 * patch.leavings > patch.entries) this.giveUp(index);
    return status;
  }

  /** The generated code of the instance that runs; null where the host does not allow any. */
  private instanceOf({ compiler, unit }: Patch, { instance }: MachineState): CompiledInstance | null {
    let compiled = unit.instances.get(instance);
    if (compiled === undefined) {
      const make = compiler.makeScope();
      if (make === null) return null;
      compiled = new CompiledInstance(instance, getMachine(), make, compiler.chance);
      unit.instances.set(instance, compiled);
    }
    return compiled;
  }

  /** Counts the function that called the one which is entered. */
  private countCaller(m: MachineState): void {
    if (m.sp < 2) return;
    const region = regionAt(m.instance, getMachine().callStack[m.sp - 2]!);
    const compiler = region?.func.unit.compiler;
    if (region && compiler instanceof Compiler) this.count(compiler, region.func);
  }

  /** Counts a function that generated code was left for, since it has no code there. */
  private countMissing(compiler: Compiler, code: FuncCode): void {
    const record = compiler.unitOf(code.unit).recordOf(code);
    if (++record.missed % ENTRIES_PER_SAMPLE === 0) this.count(compiler, code);
  }

  /** Code that is left as often as not costs more than it saves: the interpreter keeps it. */
  private giveUp(index: number): void {
    const patch = this.patches[index]!;
    const { words } = this;
    const isPlaced = opcodeOf(words[patch.at]!) === opOf.enter_compiled.code;
    if (isPlaced) words[patch.at] = patch.word;
    const at = this.lifted.indexOf(index);
    if (at >= 0) this.lifted.splice(at, 1);
  }
}
