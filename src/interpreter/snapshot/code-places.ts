/**
 * Converts between program counters and places that mean the same everywhere: a byte offset in the body of a
 * function.
 *
 * A paused call is at a boundary of fast code, or before an instruction of careful code; a caller's frame is inside
 * its call instruction. Restored calls continue in careful code, which switches to fast code at the next boundary.
 */
import { InternalError } from '../../errors/errors.ts';
import type { FuncType } from '../../syntax/types.ts';
import type { CodeMap } from '../code/code-map.ts';
import type { CodeRegion, FuncCode } from '../code/compiled-module.ts';
import { opcodeOf } from '../code/encoding.ts';
import { opOf, ops } from '../code/isa.ts';
import { slotCountOf } from '../code/types-layout.ts';
import { entryCost } from '../fuel/schedules.ts';
import { getMachine, getTier, hasCode, mapCareful, mapFast, mapOf } from '../machine/machine.ts';

const opcodeAt = (pc: number): number => opcodeOf(getMachine().space.words[pc]!);
/** Another tier may have put its own operation there. */
const fastOpcodeAt = ({ unit }: FuncCode, pc: number): number => {
  const word = getTier()?.wordAt(unit, pc);
  return word === undefined ? opcodeAt(pc) : opcodeOf(word);
};
const bodyOf = ({ unit, index }: FuncCode): { start: number; end: number; codeStart: number } =>
  unit.module.funcs[index]!.body!;

const lost = (pc: number): Error => new InternalError('internal.bug', { detail: `no place for pc ${pc}` });

/**
 * The position of a call that is about to execute the operation at `pc`; `remaining` is what it has paid beyond that.
 */
export const placeOf = (region: CodeRegion, pc: number): { offset: number; remaining: number } => {
  const map = mapOf(region);
  if (!region.isCareful) {
    const boundary = map.boundaryOf(pc - region.entry);
    if (boundary === undefined) throw lost(pc);
    return boundary;
  }
  let at = pc;
  // Operations that switch back to fast code do nothing else.
  while (opcodeAt(at) === opOf.resume_fast.code) at += opOf.resume_fast.length;
  const { start, end } = bodyOf(region.func);
  at -= region.entry;
  for (const offset of [start, end]) if (map.boundaryAt(offset)?.pc === at) return { offset, remaining: 0 };
  const site = map.sites.at(map.siteIndex(at));
  if (site?.pc !== at) throw lost(pc);
  return { offset: site.offset, remaining: 0 };
};

/** The call instruction before a return point. */
export const callPlaceOf = (region: CodeRegion, returnPc: number): number => {
  const map = mapOf(region);
  return map.sites.offsets[map.siteIndex(returnPc - 1 - region.entry)]!;
};

/** Program counter of careful code before an instruction; null if there is none. */
export const carefulPc = (code: FuncCode, offset: number): number | null => {
  if (!hasCode(code)) return null;
  const map = mapCareful(code);
  const { entry } = code.careful!;
  const { start, end, codeStart } = bodyOf(code);
  const place = (pc: number | undefined): number | null => (pc === undefined ? null : entry + pc);
  if (offset === start || offset === end) return place(map.boundaryAt(offset)?.pc);
  let index = map.firstSite(offset);
  // The operations of the entry also have the offset of the first instruction.
  if (offset === codeStart) while (isPrelude(code, map, map.sites.pcs[index] ?? -1)) index++;
  return place(map.sites.pcs[index]);
};

/** Whether an operation is part of entering a function: the switch to fast code, the charge, the clearing of slots. */
const isPrelude = (code: FuncCode, map: CodeMap, pc: number): boolean => {
  if (pc < 0) return false;
  const { start } = bodyOf(code);
  const first = map.boundaryAt(start)!.pc;
  const { type, body } = code.unit.module.funcs[code.index]!;
  const results = slotCountOf((type.comp as FuncType).results);
  const isCharge = pc === first && entryCost(code.unit.schedule, body!.localCount, results) > 0;
  return pc < first || isCharge || opcodeAt(code.careful!.entry + pc) === opOf.zero_refs.code;
};

/** Where a call instruction returns to; null if there is no call at the offset. */
export const returnPc = (code: FuncCode, offset: number, isCareful: boolean): number | null => {
  if (!hasCode(code)) return null;
  const map = isCareful ? mapCareful(code) : mapFast(code);
  const { entry } = isCareful ? code.careful! : code.fast!;
  const { pcs, offsets } = map.sites;
  for (let index = map.firstSite(offset + 1) - 1; offsets[index] === offset; index--) {
    const pc = entry + pcs[index]!;
    const { isCall, length } = ops[isCareful ? opcodeAt(pc) : fastOpcodeAt(code, pc)]!;
    if (isCall) return pc + length;
  }
  return null;
};
