/**
 * The format of V8's profiler, which Chrome's tools and VS Code open; a microsecond represents a unit of fuel. The
 * calls of one function by one caller are one interval of time.
 *
 * @source Chrome DevTools Protocol, Profiler.Profile
 */
import type { FuelProfile, ProfiledFunction, ProfiledPlace } from './fuel-profile.ts';
import { type Way, waysOf } from './ways.ts';

interface CallFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}
interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly hitCount: number;
  readonly children: number[];
}
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  /** Time between the preceding sample and this one. */
  readonly timeDeltas: readonly number[];
}

/** Chrome treats 0 as a missing time, and shows nothing. */
const START = 1;

const rootFrame: CallFrame = {
  ...{ functionName: '(root)', scriptId: '0', url: '' },
  ...{ lineNumber: -1, columnNumber: -1 },
};

/** The beginning of a function, as far as its lines show: the first that used fuel. */
const frameOf = ({ name, module, isHost }: ProfiledFunction, first: ProfiledPlace | undefined): CallFrame => {
  const { file = '', line = 0 } = first ?? {};
  const url = isHost ? 'host' : file === '' ? `wasm://${module}` : file;
  return { functionName: name, scriptId: isHost ? '1' : '2', url, lineNumber: line - 1, columnNumber: -1 };
};

export const cpuProfile = (profile: FuelProfile): CpuProfile => {
  const { functions, places, fuel } = profile;
  const firstPlaces = new Map<number, ProfiledPlace>();
  for (const place of places) {
    const first = firstPlaces.get(place.function);
    if (first === undefined || place.offset < first.offset) firstPlaces.set(place.function, place);
  }
  const frames = functions.map((func, i) => frameOf(func, firstPlaces.get(i)));
  const root: ProfileNode = { id: 1, callFrame: rootFrame, hitCount: 0, children: [] };
  const nodes = [root];
  const samples: number[] = [];
  const timeDeltas = [0];
  // An explicit stack: calls may be as deep as the guest makes them.
  const open: { readonly way: Way; readonly caller: ProfileNode }[] = waysOf(profile)
    .reverse()
    .map((way) => ({ way, caller: root }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { way, caller } = next;
    const { call, callees } = way;
    const id = nodes.length + 1;
    const node = { id, callFrame: frames[call.function]!, hitCount: call.self > 0 ? 1 : 0, children: [] };
    caller.children.push(id);
    nodes.push(node);
    if (call.self > 0) {
      samples.push(id);
      timeDeltas.push(call.self);
    }
    for (let i = callees.length - 1; i >= 0; i--) open.push({ way: callees[i]!, caller: node });
  }
  samples.push(1);
  return { nodes, startTime: START, endTime: START + fuel, samples, timeDeltas };
};
