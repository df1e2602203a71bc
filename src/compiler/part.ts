/** What is compiled by itself: a function, or a loop of one. */
import type { CodeRegion, FuncCode } from '../interpreter/code/compiled-module.ts';
import { type GeneratedFunction, type LoopPlace, loopsOf } from './generate.ts';
import type { Steps } from './steps.ts';

export class Part {
  readonly code: FuncCode;
  /** Null for the function. */
  readonly loop: LoopPlace | null;
  /** Undefined until it is complete; null where the interpreter keeps it. */
  generated: GeneratedFunction | null | undefined = undefined;
  /** How far it is. */
  steps: Steps<GeneratedFunction | null> | null = null;
  /** Fuel that it has used, as far as that was seen. */
  used = 0;
  /** The code in which the interpreter asks for it. */
  markedIn: CodeRegion | null = null;

  constructor(code: FuncCode, loop: LoopPlace | null) {
    this.code = code;
    this.loop = loop;
  }
}

/** What is known of a function of a unit. */
export class FunctionRecord {
  readonly whole: Part;
  /** The code in which the interpreter asks for all of its loops. */
  markedIn: CodeRegion | null = null;
  private found: readonly Part[] | null = null;

  constructor(code: FuncCode) {
    this.whole = new Part(code, null);
  }

  /** Its loops, in the order of their offsets. */
  get loops(): readonly Part[] {
    const { code } = this.whole;
    this.found ??= loopsOf(code).map((loop) => new Part(code, loop));
    return this.found;
  }
}
