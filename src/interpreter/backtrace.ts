/** The guest's stack at a trap or pause, by function and byte offset. Made lazily: it costs translations. */

import { decodeNames } from '../decoder/name-section.ts';
import type { BacktraceFrame } from '../errors/errors.ts';
import type { CodeRegion } from './code.ts';
import type { CodeSpace } from './code-space.ts';
import { mapCareful, mapFast } from './machine.ts';
import type { MachineState } from './machine-state.ts';

/** Most frames shown; recursion makes the rest uninteresting. */
const MAX_FRAMES = 64;

export interface RawFrame {
  readonly region: CodeRegion;
  readonly pc: number;
  /** Whether pc is behind the call that it belongs to. */
  readonly isCaller: boolean;
}

/** Regions and program counters, innermost first. */
export const rawBacktrace = (space: CodeSpace, state: MachineState, callStack: Int32Array): RawFrame[] => {
  const frames: RawFrame[] = [];
  const add = (pc: number, isCaller: boolean): void => {
    const region = space.find(pc);
    if (region !== null) frames.push({ region, pc, isCaller });
  };
  add(state.pc, false);
  for (let sp = state.sp - 2; sp >= 0 && frames.length < MAX_FRAMES; sp -= 2) add(callStack[sp]!, true);
  return frames;
};

/** Names and byte offsets of the frames. */
export const backtrace = (frames: readonly RawFrame[]): BacktraceFrame[] =>
  frames.map(({ region, pc, isCaller }) => {
    const { func } = region;
    const map = region.isCareful ? mapCareful(func) : mapFast(func);
    const site = map.sites[map.siteIndex(isCaller ? pc - 1 : pc)];
    const names = decodeNames(func.unit.module);
    return {
      moduleName: names.moduleName ?? '',
      funcIndex: func.index,
      funcName: names.funcName(func.index) ?? `func[${func.index}]`,
      offset: site?.offset ?? func.unit.module.funcs[func.index]!.body!.codeStart,
    };
  });
