/** What is compiled separately, and what is known about it. */
import { SLICE } from '../interpreter/calls/fuel-account.ts';
import type { CodeRegion, FuncCode } from '../interpreter/code/compiled-module.ts';
import type { CompiledFunction } from './scope.ts';

/** Fuel between two samples of what the interpreter runs: the function in which a slice ends has used it. */
export const SAMPLE = SLICE;

/** The place of a loop in a body. */
export interface LoopRange {
  /** Offset of the `loop`. */
  readonly offset: number;
  /** Offset of the first instruction in it. */
  readonly head: number;
  /** Offset of the next reachable instruction outside it. */
  readonly end: number;
}

/** Bytes of a function's body, without its locals. */
export const bodyBytes = ({ unit, index }: FuncCode): number => {
  const { codeStart, end } = unit.module.funcs[index]!.body!;
  return end - codeStart;
};

/** What is compiled separately: a function, or a loop of one. */
export class Part {
  readonly code: FuncCode;
  /** Null for the function. */
  readonly loop: LoopRange | null;
  /** Undefined until it is complete; null if it stays with the interpreter. */
  generated: CompiledFunction | null | undefined = undefined;
  /** Fuel that it has used, as far as sampled. */
  used = 0;
  /** Whether its batch has been compiled: the interpreter requests it when it reaches it. */
  isChosen = false;
  /** The code in which the interpreter requests it. */
  markedIn: CodeRegion | null = null;

  constructor(code: FuncCode, loop: LoopRange | null) {
    this.code = code;
    this.loop = loop;
  }
}

/** Facts about a function of a unit. */
export class FunctionRecord {
  readonly whole: Part;
  /** The code in which the interpreter requests all of its loops. */
  markedIn: CodeRegion | null = null;
  private readonly findLoops: (code: FuncCode) => readonly LoopRange[];
  private found: readonly Part[] | null = null;

  constructor(code: FuncCode, findLoops: (code: FuncCode) => readonly LoopRange[]) {
    this.whole = new Part(code, null);
    this.findLoops = findLoops;
  }

  get knowsLoops(): boolean {
    return this.found !== null;
  }

  /** Its loops, in the order of their offsets. */
  get loops(): readonly Part[] {
    const { code } = this.whole;
    this.found ??= this.findLoops(code).map((loop) => new Part(code, loop));
    return this.found;
  }
}
