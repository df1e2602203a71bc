/** What each place of a module used: from how often its stretches of code ran, and what their instructions cost. */
import type { CodeRegion, CodeUnit, FuncCode } from '../interpreter/code/compiled-module.ts';
import { opcodeOf } from '../interpreter/code/encoding.ts';
import { opOf, ops } from '../interpreter/code/isa.ts';
import { slotCountOf } from '../interpreter/code/types-layout.ts';
import { entryCost } from '../interpreter/fuel/schedules.ts';
import { getMachine, mapOf } from '../interpreter/machine/machine.ts';
import { priceOf, walkBody } from '../interpreter/translate/translate.ts';
import type { FuncType } from '../syntax/types.ts';

/** A module whose code was observed. */
export interface ObservedUnit {
  readonly unit: CodeUnit;
  /** Offset from an index to the number of a function. */
  readonly base: number;
  /** Fuel of operations that cost by size, in addition to their price, and of functions of the host, by offset. */
  readonly byOffset: Map<number, number>;
}

/** An instruction, by its offset in the module. */
export interface CountedInstruction {
  readonly offset: number;
  /** The beginning of its stretch without branches. */
  readonly start: number;
  readonly times: number;
  readonly fuel: number;
}

const TWO_32 = 2 ** 32;

/**
 * Visits the counters of a stretch of code, in its order: the offset after which a counter is, and the place of its
 * two words.
 */
const visitCounters = (region: CodeRegion | null, visit: (offset: number, at: number) => void): void => {
  if (region === null) return;
  const { words } = getMachine().space;
  const { pcs, offsets } = mapOf(region).sites;
  let end = 0;
  let isFirst = true;
  for (let i = 0; i < pcs.length; i++) {
    const at = region.entry + pcs[i]!;
    // Parts of fused operations have places among the words of the operation.
    if (at < end) continue;
    const op = ops[opcodeOf(words[at]!)]!;
    end = at + op.length;
    if (op !== opOf.count) continue;
    // The first is for the entry of the function, and its first instruction.
    visit(isFirst ? -1 : offsets[i]!, at + 1);
    isFirst = false;
  }
};

/** Resets all counters of a module. */
export const clearCounters = ({ funcs }: CodeUnit): void => {
  const { words } = getMachine().space;
  const clear = (_: number, at: number): void => {
    words[at] = words[at + 1] = 0;
  };
  for (const code of funcs) {
    visitCounters(code?.fast ?? null, clear);
    visitCounters(code?.careful ?? null, clear);
  }
};

/** How often the code after an offset ran; in the order of the code. */
const addCounts = (region: CodeRegion | null, sums: Map<number, number>): void => {
  const { words } = getMachine().space;
  /** If several have one offset, the last counts. */
  const own = new Map<number, number>();
  visitCounters(region, (offset, at) => {
    own.set(offset, (words[at]! >>> 0) + TWO_32 * words[at + 1]!);
  });
  for (const [offset, times] of own) sums.set(offset, (sums.get(offset) ?? 0) + times);
};

/** The executed instructions of a function. */
const countedIn = (code: FuncCode): readonly CountedInstruction[] => {
  const counts = new Map<number, number>();
  addCounts(code.fast, counts);
  addCounts(code.careful, counts);
  const starts = [...counts.keys()].sort((a, b) => a - b);
  const { unit, index } = code;
  const { body, type } = unit.module.funcs[index]!;
  const { start, localCount } = body!;
  const entries = counts.get(-1) ?? 0;
  const { results } = type.comp as FuncType;
  const found: CountedInstruction[] = [
    {
      offset: start,
      start,
      times: entries,
      fuel: entries * entryCost(unit.schedule, localCount, slotCountOf(results)),
    },
  ];
  let stretch = 0;
  walkBody(code, (t) => {
    const { offset } = t.reader;
    while (stretch + 1 < starts.length && starts[stretch + 1]! < offset) stretch++;
    const times = counts.get(starts[stretch]!) ?? 0;
    if (times === 0) return;
    found.push({ offset, start: Math.max(starts[stretch]!, start), times, fuel: times * priceOf(t) });
  });
  return found;
};

/** The executed instructions of a module, by function. Functions whose code was released have none. */
export const countedInstructions = (unit: CodeUnit): ReadonlyMap<number, readonly CountedInstruction[]> =>
  new Map(unit.funcs.flatMap((code) => (code?.fast ? [[code.index, countedIn(code)] as const] : [])));
