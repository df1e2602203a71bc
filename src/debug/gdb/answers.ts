/**
 * Answers to packets, one function for each kind: from the session and the request in the packet to the data of the
 * answer. As the protocol requires, the answer to an unknown packet is empty, and the answer to an impossible request
 * is `E` and a number.
 */
import { escapeXml } from '../../errors/texts.ts';
import { hexOf } from '../../syntax/hex.ts';
import { bytesOfValue, type FrameValue } from '../call-places.ts';
import type { DebugSession } from '../session.ts';
import { MAX_WATCHED_BYTES } from '../watches.ts';
import {
  addressOf,
  codeAddress,
  codeOf,
  moduleNames,
  noteAsked,
  noteWatched,
  shownFrames,
} from './addresses.ts';
import { monitor } from './monitor.ts';
import { bytesOf, decimalOf, hexText, hexWord, numberOf, PACKET_SIZE, wordOf } from './packets.ts';
import { pcOf, stopReply } from './stop-replies.ts';

/** For a malformed packet. */
const MALFORMED = 'E01';
/** For something missing: an address, a frame, a local. */
const ABSENT = 'E02';
/** For something that is not possible now. */
const REFUSED = 'E03';

/** @param rest what follows the name of the packet */
type Answer = (session: DebugSession, rest: string) => string | Promise<string>;

const TRIPLE = 'wasm32-unknown-unknown-wasm';
const SUPPORTED = [
  `PacketSize=${PACKET_SIZE.toString(16)}`,
  'qXfer:libraries:read+',
  'swbreak+',
  'hwbreak+',
  'ReverseContinue+',
  'ReverseStep+',
  'vContSupported+',
  'QStartNoAckMode+',
].join(';');

const libraries = (session: DebugSession): string => {
  const items = moduleNames(session).map(
    (name, i) =>
      `<library name="wasm:${escapeXml(name).replace(/[^\x20-\x7e]/g, '?')}"><section address="0x${codeAddress(i, 0).toString(16)}"/></library>`,
  );
  return `<library-list>${items.join('')}</library-list>`;
};

const readLibraries: Answer = (session, rest) => {
  const [start, length] = rest.split(',').map(numberOf);
  if (start == null || length == null) return MALFORMED;
  const text = libraries(session);
  return `${start + length >= text.length ? 'l' : 'm'}${text.slice(start, start + length)}`;
};

/** Bytes of code or memory; null if there are none at the address. */
const bytesAt = (session: DebugSession, word: bigint): Uint8Array | null => {
  const address = addressOf(session, word);
  if (address === null) return null;
  const { kind, module } = address;
  const all = kind === 'code' ? codeOf(session, module) : session.instances[module]!.instance.memory0.bytes;
  return address.offset < all.length ? all.subarray(address.offset) : null;
};

const readMemory: Answer = (session, rest) => {
  const [at, size] = rest.split(',');
  const word = wordOf(at);
  const length = numberOf(size);
  if (word === null || length === null) return MALFORMED;
  const bytes = bytesAt(session, word);
  return bytes === null ? ABSENT : hexOf(bytes.subarray(0, Math.min(length, PACKET_SIZE / 2 - 16)));
};

const writeMemory: Answer = (session, rest) => {
  const [, at, size, data] = /^([^,]*),([^:]*):(.*)$/s.exec(rest) ?? [];
  const word = wordOf(at);
  const bytes = bytesOf(data ?? '');
  if (word === null || bytes === null || numberOf(size) !== bytes.length) return MALFORMED;
  if (addressOf(session, word)?.kind !== 'memory') return ABSENT;
  // The rest of the recording was made without the write.
  if (session.isBusy || session.isInPast) return REFUSED;
  const target = bytesAt(session, word);
  if (target === null || target.length < bytes.length) return ABSENT;
  target.set(bytes);
  session.forgetHistory();
  return 'OK';
};

const region: Answer = (session, rest) => {
  const word = wordOf(rest);
  if (word === null) return MALFORMED;
  const address = addressOf(session, word);
  const text = (start: bigint, size: bigint, permissions: string): string =>
    `start:${start.toString(16)};size:${size.toString(16)};${permissions === '' ? '' : `permissions:${permissions};`}`;
  const space = (word >> 32n) << 32n;
  const end = space + (1n << 32n);
  if (address === null) return text(space, end - space, '');
  const { kind, module } = address;
  const isCode = kind === 'code';
  const size = isCode
    ? codeOf(session, module).length
    : session.instances[module]!.instance.memory0.byteLength;
  const length = BigInt(size);
  if (word - space < length) return text(space, length, isCode ? 'rx' : 'rw');
  return text(space + length, end - space - length, '');
};

/** `Z` and `z`: kind, address, length. */
const point =
  (isSet: boolean): Answer =>
  (session, rest) => {
    const [kind, at, size] = rest.split(';')[0]!.split(',');
    const word = wordOf(at);
    const length = numberOf(size);
    if (word === null || length === null) return MALFORMED;
    if (kind !== '0' && kind !== '1' && kind !== '2') return '';
    const address = addressOf(session, word);
    if (address === null) return ABSENT;
    const { module, offset } = address;
    if (kind !== '2') {
      if (address.kind !== 'code') return ABSENT;
      const isDone = isSet
        ? session.setBreakpoint({ module, offset })
        : session.clearBreakpoint({ module, offset });
      return isDone || !isSet ? 'OK' : ABSENT;
    }
    if (address.kind !== 'memory' || length === 0 || length > MAX_WATCHED_BYTES) return ABSENT;
    const range = { module, address: offset, length };
    if (offset + length > session.instances[module]!.instance.memory0.byteLength) return ABSENT;
    if (isSet) {
      noteWatched(session, word, range);
      session.setWatch(range);
    } else session.clearWatch(range);
    return 'OK';
  };

const frameOf = (session: DebugSession, text: string | undefined) => {
  const index = decimalOf(text);
  return index === null ? null : (shownFrames(session)[index]?.frame ?? null);
};

const valueText = (value: FrameValue | undefined): string => {
  const bytes = value === undefined ? null : bytesOfValue(value);
  return bytes === null ? ABSENT : hexOf(bytes);
};

/** A local or an operand of a frame: the number of the frame, and its own number. */
const frameValue =
  (kind: 'locals' | 'operands'): Answer =>
  (session, rest) => {
    const [frameText, indexText] = rest.split(';');
    const index = decimalOf(indexText);
    if (decimalOf(frameText) === null || index === null) return MALFORMED;
    const frame = frameOf(session, frameText);
    if (frame === null) return ABSENT;
    noteAsked(session, frame);
    return valueText(session.valuesOf(frame)[kind][index]);
  };

const globalValue: Answer = (session, rest) => {
  const [frameText, indexText] = rest.split(';');
  const index = decimalOf(indexText);
  if (decimalOf(frameText) === null || index === null) return MALFORMED;
  const frame = frameOf(session, frameText);
  if (frame !== null) noteAsked(session, frame);
  const global = frame?.instance.globals[index];
  return global === undefined ? ABSENT : valueText({ type: global.type.type, value: global.value });
};

const run = async (session: DebugSession, way: 'continue' | 'step' | 'reverseContinue' | 'reverseStep') => {
  if (session.isBusy || session.isOver) return REFUSED;
  const isBackwards = way === 'reverseContinue' || way === 'reverseStep';
  if (isBackwards && session.noHistory !== null) return REFUSED;
  return stopReply(session, await session[way](), isBackwards);
};

/** `vCont;c`, `vCont;s:1` and others: there is one thread. */
const runActions: Answer = (session, rest) => {
  const [action = ''] = rest.split(/[;:]/);
  if (/^[cC]/.test(action)) return run(session, 'continue');
  return /^[sS]/.test(action) ? run(session, 'step') : MALFORMED;
};

const monitorText: Answer = (session, rest) => {
  const bytes = bytesOf(rest);
  if (bytes === null) return MALFORMED;
  return hexText(monitor(session, String.fromCharCode(...bytes.subarray(0, 256))));
};

const REGISTER =
  'name:pc;alt-name:pc;bitsize:64;offset:0;encoding:uint;format:hex;set:General Purpose Registers;gcc:16;dwarf:16;generic:pc;';
const machine = `triple:${hexText(TRIPLE)};endian:little;ptrsize:4;`;

/** TABLE: packets by their prefix. The first match counts. */
const answers: readonly (readonly [start: string, answer: Answer])[] = [
  ['qSupported', () => SUPPORTED],
  ['QStartNoAckMode', () => 'OK'],
  ['qHostInfo', () => `${machine}watchpoint_exceptions_received:after;`],
  ['qProcessInfo', () => `pid:1;parent-pid:1;${machine}`],
  ['qWatchpointSupportInfo', () => 'num:64;'],
  ['qRegisterInfo', (_, rest) => (rest === '0' ? REGISTER : 'E45')],
  ['qfThreadInfo', () => 'm1'],
  ['qsThreadInfo', () => 'l'],
  ['qC', () => 'QC1'],
  ['qXfer:libraries:read::', readLibraries],
  ['qMemoryRegionInfo:', region],
  [
    'qWasmCallStack:',
    (session) =>
      shownFrames(session)
        .map(({ address }) => hexWord(address))
        .join(''),
  ],
  ['qWasmLocal:', frameValue('locals')],
  ['qWasmStackValue:', frameValue('operands')],
  ['qWasmGlobal:', globalValue],
  ['qRcmd,', monitorText],
  ['?', (session) => (session.isOver ? 'W00' : stopReply(session, session.stop))],
  ['H', () => 'OK'],
  ['T', () => 'OK'],
  ['p', (session, rest) => (wordOf(rest.split(';')[0]) === 0n ? hexWord(pcOf(session)) : 'E45')],
  ['g', (session) => hexWord(pcOf(session))],
  ['m', readMemory],
  ['M', writeMemory],
  ['Z', point(true)],
  ['z', point(false)],
  ['vCont?', () => 'vCont;c;C;s;S'],
  ['vCont;', runActions],
  ['bc', (session) => run(session, 'reverseContinue')],
  ['bs', (session) => run(session, 'reverseStep')],
  ['c', (session) => run(session, 'continue')],
  ['C', (session) => run(session, 'continue')],
  ['s', (session) => run(session, 'step')],
  ['S', (session) => run(session, 'step')],
];

/** The data of the answer to the data of a packet. */
export const answerTo = async (session: DebugSession, data: string): Promise<string> => {
  const found = answers.find(([start]) => data.startsWith(start));
  if (found === undefined) return '';
  try {
    return await found[1](session, data.slice(found[0].length));
  } catch {
    return REFUSED;
  }
};
