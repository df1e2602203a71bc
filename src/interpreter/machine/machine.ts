/**
 * The one machine of a process: the code array, the stacks and the loop over them.
 *
 * They are made when the first call needs them, and constant from then on, since V8 compiles the loop for these
 * arrays. Only one call runs at a time; `Execution` copies stacks out and in.
 */
import { InternalError } from '../../errors/errors.ts';
import { DEFAULT_MAX_STACK_SLOTS } from '../../syntax/limits.ts';
import type { CodeMap } from '../code/code-map.ts';
import { CodeSpace, HALT_PC, LEAVE_PC } from '../code/code-space.ts';
import { clearWriter } from '../code/code-writer.ts';
import type { CodeRegion, CodeUnit, FuncCode } from '../code/compiled-module.ts';
import { opOf } from '../code/isa.ts';
import { EVENTS_END, FIRST_EVENT, NEXT_EVENT } from '../code/observer.ts';
import { type DebugOps, type FirstCalls, isSubtype } from '../cold/calls.ts';
import { createCold } from '../cold/cold.ts';
import { createHandOver } from '../cold/observation.ts';
import type { Stacks } from '../cold/tools.ts';
import { createDispatch, type Dispatch } from '../loop/dispatch.generated.ts';
import type { CallState, MachineState } from '../loop/machine-state.ts';
import { createVectors, type VectorLoops } from '../loop/vector.generated.ts';
import { type TranslatedCode, translate } from '../translate/translate.ts';
import { train, trainVectors } from './training.ts';

/** Initial words of the code array; it doubles when it is full. */
const CODE_WORDS = 1 << 22;
/** Room for the code of a module, by the bytes of its bodies: fast code takes half a word for each, careful code one to two. */
const WORDS_PER_BYTE = 2;
/** Slots beyond the counted ones: the outermost call's arguments and results. */
export const SPARE_SLOTS = 4096;

/** What is made for one code array, and made again when another one replaces it. */
interface Loops extends VectorLoops, FirstCalls {
  readonly dispatch: Dispatch;
}

/** Code of another tier, which replaces the interpreter's where it can. */
export interface Tier {
  /** The fast code of a function has its place. */
  readonly onTranslated: (code: FuncCode) => void;
  /** A slice of fuel is used up, in the current code of the call. */
  readonly onSlice: (m: MachineState) => void;
  /** Continues at the `enter_compiled` at `at`; returns a status, or null when the call has returned. */
  readonly enter: (m: MachineState, at: number) => number | null;
  /** The interpreter's word at a place of fast code, where there may be an `enter_compiled` instead. */
  readonly wordAt: (unit: CodeUnit, pc: number) => number;
}

/** Null while none was requested. */
let tier: Tier | null = null;

/** Sets the tier of this process. */
export const setTier = (made: Tier): void => {
  tier = made;
};
/** The other tier of this process, if there is one. */
export const getTier = (): Tier | null => tier;

/** The debugger of calls: puts its own operations into the code of functions, and executes them. */
export interface CallDebugger {
  readonly ops: DebugOps;
  /** The fast code of a function has its place. */
  readonly onTranslated: (code: FuncCode) => void;
  /** A call that cannot pay for a stretch of fast code switches to the careful code of its function. */
  readonly onCareful: (code: FuncCode) => void;
  /** Whether a call that fails stops first, with its frames. */
  readonly holds: (m: CallState, error: unknown) => boolean;
}

/** Null while none was requested. */
let callDebugger: CallDebugger | null = null;

/** Sets the debugger of this process. */
export const setCallDebugger = (made: CallDebugger): void => {
  callDebugger = made;
};
/** The debugger of this process, if there is one. */
export const getCallDebugger = (): CallDebugger | null => callDebugger;

export interface Machine extends Stacks, Loops {
  readonly space: CodeSpace;
  /** Whether the vector loops were trained: not before the first vector code. */
  knowsVectors: boolean;
}

/**
 * Whether big integers of 64 bits are as fast as pairs of words: in V8 since 11.1, the only engine that prints
 * functions like this and has that method. PERF: there a sum takes 0.7 times as long, a product 0.6, a signed
 * quotient 0.1; without a compiler 0.97 and 0.66. Other engines allocate an object for each. DETERMINISM: results are
 * the same either way.
 */
const isWide =
  typeof BigUint64Array === 'function' &&
  'isWellFormed' in String.prototype &&
  String(Math.max) === 'function max() { [native code] }';

let machine: Machine | null = null;

/** The machine, made at the first call. */
export const getMachine = (): Machine => {
  machine ??= createMachine();
  return machine;
};

const createMachine = (): Machine => {
  const buffer = new ArrayBuffer(8 * (DEFAULT_MAX_STACK_SLOTS + SPARE_SLOTS));
  const stacks: Stacks = {
    words: new Int32Array(buffer),
    doubles: new Float64Array(buffer),
    floats: new Float32Array(buffer),
    callStack: new Int32Array(EVENTS_END),
    refs: [],
  };
  stacks.callStack[NEXT_EVENT] = FIRST_EVENT;
  const handOver = createHandOver(stacks);
  const space = new CodeSpace(CODE_WORDS);
  space.words[HALT_PC] = opOf.halt.code;
  space.words[LEAVE_PC] = opOf.leave_instance.code;
  const makeLoops = (): Loops => {
    const { words, doubles, floats, callStack } = stacks;
    const vectorLoops = createVectors(space.words, words, doubles, floats);
    const { cold, ...calls } = createCold(
      space,
      stacks,
      vectorLoops,
      (code) => translateFast(made, code),
      (m, at) => tier!.enter(m, at),
      {
        enter_careful: (m, at) => callDebugger!.ops.enter_careful(m, at),
        stop: (m, at) => callDebugger!.ops.stop(m, at),
      },
    );
    const dispatch = createDispatch(
      space.words,
      callStack,
      words,
      doubles,
      floats,
      isWide,
      cold,
      isSubtype,
      handOver,
    );
    return { ...vectorLoops, ...calls, dispatch };
  };
  const made: Machine = { ...stacks, ...makeLoops(), space, knowsVectors: false };
  space.onReplaced = () => {
    Object.assign(made, makeLoops());
  };
  train(space, stacks, made.dispatch);
  return made;
};

const place = (space: CodeSpace, unit: CodeUnit, translated: TranslatedCode): CodeRegion => {
  // PERF: replacing the array in the middle of a call of a large module takes 70 to 140 ms.
  if (unit.hold === null) space.reserve(WORDS_PER_BYTE * unit.byteLength);
  const region = translated.copyTo(space, space.allocate(translated.size));
  space.add(unit, region);
  unit.add(region);
  return region;
};

/** Trains the vector loops, unless they are trained. */
export const prepareVectors = (made: Machine): void => {
  if (made.knowsVectors) return;
  made.knowsVectors = true;
  trainVectors(made.space, made, made);
};

/** Makes the fast code of a function; returns its entry, or 0 when it would be too large. */
const translateFast = (made: Machine, code: FuncCode): number => {
  if (code.isTooLarge) return 0;
  const translated = translate(code, null, false);
  if (translated === null) {
    code.isTooLarge = true;
    return 0;
  }
  code.fast = place(made.space, code.unit, translated);
  clearWriter();
  if (translated.usesVectors) prepareVectors(made);
  code.entry = code.fast.entry;
  tier?.onTranslated(code);
  callDebugger?.onTranslated(code);
  return code.entry;
};

/** Whether a function has code, after it was requested: not if the code would be larger than the limit. */
export const hasCode = (code: FuncCode): boolean =>
  code.fast !== null || translateFast(getMachine(), code) !== 0;

/** Boundaries and sites of a function's fast code, found by translating it again with recording on. */
export const mapFast = (code: FuncCode): CodeMap => {
  if (code.fastMap === null) {
    if (!hasCode(code))
      throw new InternalError('internal.bug', { detail: 'a place in code that is too large' });
    code.fastMap = translate(code, null, true)!.map();
    clearWriter();
  }
  return code.fastMap;
};

/** Maps of careful code that was replaced: calls may still be in it. */
const formerMaps = new WeakMap<CodeRegion, CodeMap>();

const makeCareful = (code: FuncCode, chargesAll: boolean): CodeMap => {
  const map = mapFast(code);
  if (code.careful !== null) formerMaps.set(code.careful, code.carefulMap!);
  const translated = translate(code, { map, entry: code.fast!.entry, chargesAll }, true)!;
  code.careful = place(getMachine().space, code.unit, translated);
  code.carefulMap = translated.map();
  code.chargesAll = chargesAll;
  clearWriter();
  return code.carefulMap;
};

/** The careful code of a function, made when first needed. */
export const mapCareful = (code: FuncCode): CodeMap => code.carefulMap ?? makeCareful(code, false);

/** Careful code with a charge before every instruction, even if it costs nothing. */
export const mapCharges = (code: FuncCode): CodeMap =>
  code.chargesAll ? mapCareful(code) : makeCareful(code, true);

/** Boundaries and sites of code that has its place. */
export const mapOf = (region: CodeRegion): CodeMap => {
  const { func, isCareful } = region;
  if (!isCareful) return mapFast(func);
  return func.careful === region ? mapCareful(func) : (formerMaps.get(region) ?? mapCareful(func));
};
