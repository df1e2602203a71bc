import { UsageError } from '../errors/errors.ts';
import { valueText } from '../errors/texts.ts';

/** The target of generated code: how it accesses memory, and where it finds what all functions share. */
export interface Target {
  /** Whether the host compiles JavaScript: then views of any alignment are best, and large functions are cut. */
  readonly hasJit: boolean;
  /** Fuel between functions. */
  readonly fuel: string;
  /** High word of the i64 that a function returns. */
  readonly high: string;
  /** High word of the i64 that a helper returns. */
  readonly helperHigh: string;
  /** Results beyond the first: low word at 2i, high word at 2i + 1. */
  readonly further: string;
  /** Name of a function. */
  readonly callee: (index: number) => string;
  /** How large functions are cut. */
  readonly sizes: CutSizes;
  /** Most nested constructs: deeper functions stay with the interpreter. */
  readonly nesting: number;
  /** For tests: called at every boundary; whether to leave there. Null in production. */
  readonly chance: (() => boolean) | null;
  /** For people: whether a comment before the statements of an instruction shows its offset. */
  readonly showsOffsets: boolean;
}

/** Checks the option `target`. @throws UsageError */
export const checkTarget = (target: 'jit' | 'nojit' = 'jit'): 'jit' | 'nojit' => {
  if (target === 'jit' || target === 'nojit') return target;
  throw new UsageError('usage.argument', {
    detail: `target must be "jit" or "nojit", not ${valueText(target)}`,
  });
};

/** The target of generated code; names are those of `scope.ts`. */
export const makeTarget = (
  hasJit: boolean,
  {
    chance = null,
    showsOffsets = false,
    sizes = usualSizes,
  }: Partial<Pick<Target, 'chance' | 'showsOffsets' | 'sizes'>> = {},
): Target => ({
  hasJit,
  fuel: 'FU',
  high: 'HI',
  helperHigh: 'Q[1]',
  further: 'R',
  callee: (index) => `f${index}`,
  sizes,
  // Statements are walked by recursion. Hermes parses 1,024 levels, two or three for each construct.
  nesting: hasJit ? 1000 : 292,
  chance,
  showsOffsets,
});

/**
 * Words and floats that all functions share: high words of helpers, further results, and values that pieces pass on.
 */
export const SHARED_WORDS = 2048;
export const SHARED_FLOATS = 2048;

/**
 * Words of the JavaScript stack that a frame is assumed to need in addition to its slots, and the least that a call
 * takes from `w`: so a budget of `w` also bounds the depth of calls.
 */
export const FRAME_WORDS = 16;

/** Words of the JavaScript stack that all calls of generated code may use before they continue in the interpreter. */
export const STACK_WORDS = 30_000;
/** Most numbers that a frame saves for each of its words. */
export const HELD_PER_WORD = 4;

/** How functions are cut, in characters of text. */
export interface CutSizes {
  /** Functions up to this are not cut. */
  readonly whole: number;
  /** Most of a piece. */
  readonly most: number;
  /** Least of a piece. */
  readonly least: number;
}

/**
 * A character of text is 1.0 to 1.4 bytes of bytecode. PERF: V8 optimises a function after a number of turns that grows
 * with its size, and starts again whenever something new is called. Functions of 35,000 stayed half optimised for
 * minutes: 1.5 to 4 times slower (json-parse, sort and compression of wasmi-benchmarks). Pieces of 5,000 make SQLite 30 %
 * slower, those of 10,000 a tenth.
 */
export const usualSizes: CutSizes = { whole: 16_000, most: 16_000, least: 200 };
