/**
 * Which functions of a unit are compiled next, and when.
 *
 * PERF: a JavaScript engine specialises a call for the function that it has called so far, and drops the caller's code
 * when that changes; and a call between generated code and the interpreter costs as much as 40 to 100 units of fuel. So
 * functions are compiled together: those that use most of the time, if they are small, or all that have run. All of
 * them cost 6 to 17 µs of CPU time per byte; the hottest ones of programs without a kernel cost 25, and made wabt and
 * sql.js slower.
 */
import type { CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { Pace } from './pace.ts';
import { bodyBytes, type FunctionRecord, type Part, SAMPLE } from './part.ts';

export class Batch {
  /** Functions that are worth their price. */
  private waiting: Part[] = [];
  /** How often the interpreter was sampled in the unit: so far, before the last functions were compiled, at the next look. */
  private samples = 0;
  private before = 0;
  private nextLook = 0;
  /** Whether all functions of the unit that run are compiled. */
  isWhole = false;

  add(part: Part): void {
    if (!this.isWhole) this.waiting.push(part);
  }

  /** Counts a sample of the interpreter; gives the functions to compile now. */
  sample(
    { pace, threshold }: { readonly pace: Pace; readonly threshold: number },
    unit: CodeUnit,
    recordOf: (code: FuncCode) => FunctionRecord,
  ): readonly Part[] {
    // Then all is requested when it is translated.
    if (threshold === 0 || this.isWhole) return [];
    this.samples++;
    if (this.samples < Math.max(this.nextLook, threshold * pace.firstSamples)) return [];
    this.nextLook = this.samples * pace.lookGrowth;
    if (pace.whole !== null) {
      const { samples, bytesPerSample } = pace.whole;
      const run = unit.funcs.flatMap((func) => (func === null || func.fast === null ? [] : [func]));
      const bytes = run.reduce((sum, func) => sum + bodyBytes(func), 0);
      if (this.samples >= threshold * (samples + bytes / bytesPerSample)) {
        this.isWhole = true;
        this.waiting = [];
        return run.map((func) => recordOf(func).whole);
      }
    }
    const used = this.waiting.reduce((sum, part) => sum + part.used, 0);
    if (used < pace.kernelShare * SAMPLE * (this.samples - this.before)) return [];
    this.before = this.samples;
    return this.waiting.splice(0);
  }
}
