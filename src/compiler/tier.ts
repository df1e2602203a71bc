/** Puts generated code in the place of the interpreter's: which functions, and when. */
import { InstructionReader } from '../decoder/instruction-reader.ts';
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import { opOf } from '../interpreter/code/isa.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { RESTART } from '../interpreter/loop/status.ts';
import { getMachine, type Machine, mapFast, type Tier } from '../interpreter/machine/machine.ts';
import { instructions } from '../syntax/instructions.ts';
import { type GeneratedFunction, generateFunction, generateLoop } from './generate.ts';
import { CompiledInstance, REFUSED } from './link.ts';
import type { MakeScope } from './scope.ts';
import type { Target } from './target.ts';

/** The JavaScript of a unit, as far as it was needed. */
class CompiledUnit {
  readonly instances = new WeakMap<ModuleInstance, CompiledInstance>();
  private readonly unit: CodeUnit;
  private readonly target: Target;
  private readonly functions = new Map<number, GeneratedFunction | null>();
  private readonly loops = new Map<number, GeneratedFunction | null>();

  constructor(unit: CodeUnit, target: Target) {
    this.unit = unit;
    this.target = target;
  }

  function(index: number): GeneratedFunction | null {
    let func = this.functions.get(index);
    if (func === undefined) {
      func = generateFunction(this.unit, index, this.target);
      this.functions.set(index, func);
    }
    return func;
  }

  loop(index: number, offset: number): GeneratedFunction | null {
    let func = this.loops.get(offset);
    if (func === undefined) {
      func = generateLoop(this.unit, index, offset, this.unit.funcs.length + this.loops.size, this.target);
      this.loops.set(offset, func);
    }
    return func;
  }
}

/** The loops of a function: their offsets, and those of the instructions behind. */
const loopsOf = ({ unit, index }: FuncCode): { readonly offset: number; readonly behind: number }[] => {
  const { module } = unit;
  const { codeStart, end } = module.funcs[index]!.body!;
  const reader = new InstructionReader(module.bytes, module.types);
  reader.reset(codeStart, end);
  const loops: { offset: number; behind: number }[] = [];
  while (reader.pos < end) {
    reader.read();
    if (instructions[reader.row]!.name === 'loop') loops.push({ offset: reader.offset, behind: reader.pos });
  }
  return loops;
};

/** A place where the interpreter enters generated code: the first operation of a function, or that of a loop. */
interface Patch {
  readonly unit: CompiledUnit;
  readonly func: GeneratedFunction;
  readonly at: number;
  /** What lay there. A call that was lazy may have become another while the patch was lifted. */
  word: number;
  /** What the interpreter pays at the entry. */
  readonly paid: number;
}

/** Compiles functions at their first call. */
export class CompilerTier implements Tier {
  private readonly machine: Machine = getMachine();
  private readonly units = new WeakMap<CodeUnit, CompiledUnit>();
  private readonly patches: Patch[] = [];
  /** Patches taken out for now, since the interpreter had to run the function. */
  private readonly lifted: number[] = [];
  private readonly target: Target;
  private readonly make: MakeScope;
  private readonly wants: (unit: CodeUnit) => boolean;
  private readonly withLoops: boolean;

  constructor(target: Target, make: MakeScope, wants: (unit: CodeUnit) => boolean, withLoops = false) {
    this.withLoops = withLoops;
    this.target = target;
    this.make = make;
    this.wants = wants;
    this.machine.tier = this;
  }

  onTranslated(code: FuncCode): void {
    const { unit } = code;
    if (!this.wants(unit)) return;
    let compiled = this.units.get(unit);
    if (compiled === undefined) this.units.set(unit, (compiled = new CompiledUnit(unit, this.target)));
    this.patch(
      compiled,
      compiled.function(code.index),
      code.entry,
      this.machine.space.words[code.entry - 1]!,
    );
    if (!this.withLoops) return;
    for (const { offset, behind } of loopsOf(code)) {
      const place = mapFast(code).boundaryAt(behind);
      if (place === undefined) continue;
      this.patch(compiled, compiled.loop(code.index, offset), code.entry + place.pc, place.remaining);
    }
  }

  private patch(unit: CompiledUnit, func: GeneratedFunction | null, at: number, paid: number): void {
    const word = this.machine.space.words[at]!;
    if (func === null || (word & 1023) === opOf.enter_compiled.code) return;
    this.patches.push({ unit, func, at, word, paid });
    this.place(this.patches.length - 1);
  }

  private place(index: number): void {
    const { words } = this.machine.space;
    const patch = this.patches[index]!;
    patch.word = words[patch.at]!;
    words[patch.at] = opOf.enter_compiled.code | (index << 10);
  }

  enter(m: MachineState, at: number): number | null {
    const index = this.machine.space.words[at]! >>> 10;
    const { unit, func, paid, word } = this.patches[index]!;
    const { instance } = m;
    let compiled = unit.instances.get(instance);
    if (compiled === undefined) {
      compiled = new CompiledInstance(instance, this.machine, this.make, this.target.chance);
      unit.instances.set(instance, compiled);
    }
    for (const lifted of this.lifted.splice(0)) this.place(lifted);
    const status = compiled.enter(m, func, paid);
    if (status === REFUSED) {
      this.lift(index, at, word);
      m.pc = at;
      return RESTART;
    }
    // An instruction that generated code leaves to the interpreter may lie where it is entered.
    if (status !== null && !compiled.hasPaused) this.liftAt(m.pc);
    return status;
  }

  /** Lets the interpreter go on at a place. */
  private liftAt(at: number): void {
    const word = this.machine.space.words[at]!;
    if ((word & 1023) !== opOf.enter_compiled.code) return;
    const index = word >>> 10;
    this.lift(index, at, this.patches[index]!.word);
  }

  private lift(index: number, at: number, word: number): void {
    this.machine.space.words[at] = word;
    this.lifted.push(index);
  }
}
