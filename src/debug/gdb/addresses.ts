/**
 * Addresses as LLDB has them for WebAssembly: what they are of in the two highest bits, below them a module, below that
 * 32 bits of an offset or address.
 */
import type { CallFrame } from '../call-places.ts';
import type { DebugSession } from '../session.ts';

/** Of code: an offset in the binary of a module. */
const CODE = 1n;
const KIND_SHIFT = 62n;
const MODULE_SHIFT = 32n;
const MODULE_MASK = 0x3fff_ffffn;
const OFFSET_MASK = 0xffff_ffffn;

/** An address, taken apart. */
interface Address {
  readonly kind: 'code' | 'memory';
  /** Place of the module among the instances of the session. */
  readonly module: number;
  readonly offset: number;
}

/** Modules are counted from 1: pointers of programs have no module, and are of the memory that the top frame uses. */
export const codeAddress = (module: number, offset: number): bigint =>
  (CODE << KIND_SHIFT) | (BigInt(module + 1) << MODULE_SHIFT) | BigInt(offset);

/** The address of a byte of a module's memory, where the module is to be said. */
export const memoryAddress = (module: number, address: number): bigint =>
  (BigInt(module + 1) << MODULE_SHIFT) | BigInt(address);

/** Takes an address apart; null for what is none of a module that there is. */
export const addressOf = (session: DebugSession, word: bigint): Address | null => {
  const bits = word >> KIND_SHIFT;
  if (bits > CODE) return null;
  const kind = bits === CODE ? 'code' : 'memory';
  const number = Number((word >> MODULE_SHIFT) & MODULE_MASK);
  const offset = Number(word & OFFSET_MASK);
  if (number > session.instances.length || (number === 0 && kind === 'code')) return null;
  if (number > 0) return { kind, module: number - 1, offset };
  const [top] = session.stack;
  const module = top === undefined ? 0 : session.moduleOf(top);
  return module < 0 ? null : { kind, module, offset };
};

/** The code address of a frame: of the instruction that comes next, in a caller the one behind its call. */
export const frameAddress = (session: DebugSession, frame: CallFrame): bigint =>
  codeAddress(session.moduleOf(frame), frame.next);
