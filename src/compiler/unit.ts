/** The JavaScript of a unit, as far as it was needed, and how much fuel its functions and loops were seen to use. */
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import { functionSteps, type GeneratedFunction, loopSteps } from './generate.ts';
import type { CompiledInstance } from './link.ts';
import { FunctionRecord, type Part } from './part.ts';
import { Patches } from './patches.ts';
import { type Allowance, advance, type Steps } from './steps.ts';
import type { Target } from './target.ts';

export class CompiledUnit {
  /** Characters of text that were generated. */
  textLength = 0;
  readonly patches = new Patches();
  readonly instances = new WeakMap<ModuleInstance, CompiledInstance>();
  private readonly unit: CodeUnit;
  private readonly target: Target;
  private readonly functions = new Map<FuncCode, FunctionRecord>();
  private loopCount = 0;

  constructor(unit: CodeUnit, target: Target) {
    this.unit = unit;
    this.target = target;
  }

  recordOf(code: FuncCode): FunctionRecord {
    let record = this.functions.get(code);
    if (record === undefined) this.functions.set(code, (record = new FunctionRecord(code)));
    return record;
  }

  /**
   * Goes on with the JavaScript of a function or a loop.
   *
   * @returns null for one that stays with the interpreter; undefined where it is not complete
   */
  generate(part: Part, allowance: Allowance): GeneratedFunction | null | undefined {
    if (part.generated !== undefined) return part.generated;
    part.steps ??= this.stepsOf(part);
    const generated = advance(part.steps, allowance);
    if (generated === undefined) return undefined;
    part.generated = generated;
    part.steps = null;
    this.textLength += generated?.text.length ?? 0;
    return generated;
  }

  private stepsOf({ code, loop }: Part): Steps<GeneratedFunction | null> {
    const { target, unit } = this;
    if (loop === null) return functionSteps(unit, code.index, target);
    return loopSteps(unit, code.index, loop, unit.funcs.length + this.loopCount++, target);
  }
}
