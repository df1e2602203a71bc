/** The JavaScript of a unit, as far as it was needed, and the sampled fuel of its functions and loops. */
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import { Batch } from './batch.ts';
import { Editions } from './editions.ts';
import { functionSteps, type GeneratedFunction, type LoopPlace, loopSteps, loopsOf } from './generate.ts';
import type { CompiledInstance } from './link.ts';
import { FunctionRecord, type Part } from './part.ts';
import { Patches } from './patches.ts';
import type { UnitCode } from './provider.ts';
import { type Allowance, advance, type Steps } from './steps.ts';
import type { Target } from './target.ts';

export class CompiledUnit implements UnitCode {
  /** Characters of text that were generated. */
  textLength = 0;
  readonly patches = new Patches();
  readonly batch = new Batch();
  readonly instances = new WeakMap<ModuleInstance, CompiledInstance>();
  readonly source: Editions;
  private readonly unit: CodeUnit;
  private readonly target: Target;
  private readonly functions = new Map<FuncCode, FunctionRecord>();
  /** Work that was begun and is not complete. One at a time: it keeps the tree of a whole function. */
  private begun: { readonly part: Part; readonly steps: Steps<GeneratedFunction | null> } | null = null;
  private loopCount = 0;

  constructor(unit: CodeUnit, target: Target) {
    this.unit = unit;
    this.target = target;
    this.source = new Editions(unit);
  }

  recordOf(code: FuncCode): FunctionRecord {
    let record = this.functions.get(code);
    if (record === undefined) this.functions.set(code, (record = new FunctionRecord(code, loopsOf)));
    return record;
  }

  generate(part: Part, allowance: Allowance): GeneratedFunction | null | undefined {
    while (part.generated === undefined) {
      const begun = (this.begun ??= { part, steps: this.stepsOf(part) });
      const generated = advance(begun.steps, allowance);
      if (generated === undefined) return undefined;
      this.begun = null;
      begun.part.generated = generated;
      if (generated === null) continue;
      this.textLength += generated.text.length;
      this.source.add(generated);
    }
    return part.generated as GeneratedFunction | null;
  }

  private stepsOf({ code, loop }: Part): Steps<GeneratedFunction | null> {
    const { target, unit } = this;
    if (loop === null) return functionSteps(unit, code.index, target);
    // Its records have their loops from `loopsOf`.
    return loopSteps(unit, code.index, loop as LoopPlace, unit.funcs.length + this.loopCount++, target);
  }
}
