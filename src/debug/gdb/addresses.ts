/**
 * Addresses as LLDB has them for WebAssembly: the kind in the two highest bits, then a module, then 32 bits of an
 * offset or address.
 */
import type { CallFrame } from '../call-places.ts';
import { hostNames } from '../host-names.ts';
import type { DebugSession, Stop } from '../session.ts';
import type { WatchedRange } from '../watches.ts';
import { type HostModule, hostModule } from './host-module.ts';

/** Of code: an offset in the binary of a module. */
const CODE = 1n;
const KIND_SHIFT = 62n;
const MODULE_SHIFT = 32n;
const MODULE_MASK = 0x3fff_ffffn;
const OFFSET_MASK = 0xffff_ffffn;

/** An address, decoded. */
interface Address {
  readonly kind: 'code' | 'memory';
  /** Position of the module among the instances of the session. */
  readonly module: number;
  readonly offset: number;
}

/** Modules are counted from 1: pointers of programs have no module, and refer to the memory that a frame uses. */
export const codeAddress = (module: number, offset: number): bigint =>
  (CODE << KIND_SHIFT) | (BigInt(module + 1) << MODULE_SHIFT) | BigInt(offset);

/** The address of a byte of a module's memory, including the module. */
const memoryAddress = (module: number, address: number): bigint =>
  (BigInt(module + 1) << MODULE_SHIFT) | BigInt(address);

/** The state of a client's view of a session. */
interface View {
  readonly names: readonly string[];
  readonly host: HostModule;
  /** The frame of the last request for values, and the stop that it belongs to. */
  asked: { readonly stop: Stop; readonly frame: CallFrame } | null;
  /** Watched ranges by the addresses that the client has for them. */
  readonly watched: Map<bigint, WatchedRange>;
}

const views = new WeakMap<DebugSession, View>();

const viewOf = (session: DebugSession): View => {
  let view = views.get(session);
  if (view === undefined) {
    const names = hostNames(session.instances);
    view = { names, host: hostModule(names), asked: null, watched: new Map() };
    views.set(session, view);
  }
  return view;
};

/** Records that a value of a frame was requested: the pointers that follow refer to the memory that it uses. */
export const noteAsked = (session: DebugSession, frame: CallFrame): void => {
  viewOf(session).asked = { stop: session.stop, frame };
};

/** Records the address by which a client watches a range. */
export const noteWatched = (session: DebugSession, word: bigint, range: WatchedRange): void => {
  viewOf(session).watched.set(word, range);
};

/** The address by which a client watches a range. */
export const watchedAddress = (session: DebugSession, { module, address, length }: WatchedRange): bigint => {
  for (const [word, range] of viewOf(session).watched)
    if (range.module === module && range.address === address && range.length === length) return word;
  return memoryAddress(module, address);
};

/** The frame whose memory a pointer without a module refers to. */
const memoryFrame = (session: DebugSession): CallFrame | undefined => {
  const { asked } = viewOf(session);
  return asked !== null && asked.stop === session.stop ? asked.frame : session.stack[0];
};

/** Names of the modules that have code: those of the instances, then the host's. */
export const moduleNames = (session: DebugSession): readonly string[] => [
  ...session.instances.map(({ name }) => name),
  'host',
];

/** The binary of a module. */
export const codeOf = (session: DebugSession, module: number): Uint8Array =>
  session.instances[module]?.instance.compiled.module.bytes ?? viewOf(session).host.bytes;

/** Decodes an address; null if it has no existing module. */
export const addressOf = (session: DebugSession, word: bigint): Address | null => {
  const bits = word >> KIND_SHIFT;
  if (bits > CODE) return null;
  const kind = bits === CODE ? 'code' : 'memory';
  const number = Number((word >> MODULE_SHIFT) & MODULE_MASK);
  const offset = Number(word & OFFSET_MASK);
  const { length } = session.instances;
  if (number > 0)
    return number <= length + (kind === 'code' ? 1 : 0) ? { kind, module: number - 1, offset } : null;
  if (kind === 'code') return null;
  const frame = memoryFrame(session);
  const module = frame === undefined ? 0 : session.moduleOf(frame);
  return module < 0 ? null : { kind, module, offset };
};

/** A frame as a client sees it: of a host function, without values. */
interface ShownFrame {
  readonly address: bigint;
  readonly frame: CallFrame | null;
}

/** The frames, innermost first; each at its next instruction; in a caller, the one after its call. */
export const shownFrames = (session: DebugSession): readonly ShownFrame[] => {
  // A breakpoint may precede its instruction, at the beginning of a function: the client expects it there.
  const { breakpoint } = session.stop;
  const frames = session.stack.map((frame, i) => ({
    address: codeAddress(
      session.moduleOf(frame),
      i === 0 && breakpoint !== null ? breakpoint.offset : frame.next,
    ),
    frame,
  }));
  const { hostFunction } = session;
  if (hostFunction === null) return frames;
  const { names, host } = viewOf(session);
  const address = codeAddress(
    session.instances.length,
    host.offsetOf(Math.max(0, names.indexOf(hostFunction))),
  );
  return [{ address, frame: null }, ...frames];
};
