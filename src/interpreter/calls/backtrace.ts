/** The guest's stack at a trap or pause, by function and byte offset. Made lazily: it costs translations. */

import { decodeNames } from '../../decoder/name-section.ts';
import type { BacktraceFrame } from '../../errors/errors.ts';
import { frameName } from '../../errors/texts.ts';
import { demangle } from '../../symbols/demangle/demangle.ts';
import { type SourceLine, sourceLines } from '../../symbols/dwarf/source-lines.ts';
import type { Module } from '../../syntax/module.ts';
import { LEAVE_PC } from '../code/code-space.ts';
import { type CodeRegion, regionAt } from '../code/compiled-module.ts';
import type { ModuleInstance } from '../instances/module-instance.ts';
import type { CallState } from '../loop/machine-state.ts';
import { mapOf } from '../machine/machine.ts';

/** Most frames shown; in recursion, the rest is not informative. */
const MAX_FRAMES = 64;

export interface RawFrame {
  readonly region: CodeRegion;
  readonly pc: number;
  /** Whether pc is after the call that it belongs to. */
  readonly isCaller: boolean;
  /** Index of the frame's first word. */
  readonly fp: number;
  readonly instance: ModuleInstance;
}

/**
 * The places of the frames of a call, innermost first; at most `limit`.
 *
 * @param isInCall whether the innermost waits for the host, and is after its call instruction
 */
export const rawBacktrace = (
  state: CallState,
  callStack: Int32Array,
  isInCall: boolean,
  limit: number = MAX_FRAMES,
): RawFrame[] => {
  const frames: RawFrame[] = [];
  let { instance } = state;
  let crossings = state.instances.length;
  const add = (pc: number, fp: number, isCaller: boolean): void => {
    if (instance === null) return;
    const region = regionAt(instance, pc);
    if (region !== null) frames.push({ region, pc, isCaller, fp, instance });
  };
  add(state.pc, state.fp, isInCall);
  for (let sp = state.sp - 2; sp >= 0 && frames.length < limit; sp -= 2) {
    const pc = callStack[sp]!;
    if (pc === LEAVE_PC) instance = state.instances[--crossings] ?? instance;
    else add(pc, callStack[sp + 1]!, true);
  }
  return frames;
};

/** Names, byte offsets and source lines of the frames. */
export const backtrace = (frames: readonly RawFrame[]): BacktraceFrame[] => {
  const offsets = frames.map(offsetOf);
  const lines = linesOf(frames, offsets);
  return frames.map(({ region: { func } }, i) => {
    const names = decodeNames(func.unit.module);
    return {
      moduleName: frameName(names.moduleName ?? ''),
      funcIndex: func.index,
      funcName: frameName(demangle(names.funcName(func.index) ?? `func[${func.index}]`)),
      offset: offsets[i]!,
      ...lines[i],
    };
  });
};

/** Byte offset of the instruction that a frame is at. */
export const offsetOf = ({ region, pc, isCaller }: RawFrame): number => {
  const { func } = region;
  const map = mapOf(region);
  const at = pc - region.entry;
  const site = map.sites.at(map.siteIndex(isCaller ? at - 1 : at));
  return site?.offset ?? func.unit.module.funcs[func.index]!.body!.codeStart;
};

/** Source lines of the frames. PERF: all frames of a module at once. */
const linesOf = (frames: readonly RawFrame[], offsets: readonly number[]): (SourceLine | null)[] => {
  const lines: (SourceLine | null)[] = frames.map(() => null);
  const framesOf = new Map<Module, number[]>();
  frames.forEach(({ region }, i) => {
    const { module } = region.func.unit;
    framesOf.set(module, [...(framesOf.get(module) ?? []), i]);
  });
  for (const [module, indices] of framesOf) {
    const found = sourceLines(
      module,
      indices.map((i) => offsets[i]!),
    );
    indices.forEach((frame, k) => {
      lines[frame] = found[k]!;
    });
  }
  return lines;
};

/** Adds the backtrace to the details of an error; it is made when it is first read. */
export const withBacktrace = <T extends object>(
  details: T,
  frames: readonly RawFrame[],
): T & { readonly backtrace: readonly BacktraceFrame[] } => {
  let made: readonly BacktraceFrame[] | null = null;
  return Object.defineProperty(details, 'backtrace', {
    enumerable: true,
    get: () => {
      made ??= backtrace(frames);
      return made;
    },
  }) as never;
};
