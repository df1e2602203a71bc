/** What a client receives when the call has stopped or ended. */

import type { StopReason } from '../driver.ts';
import type { DebugSession, Stop } from '../session.ts';
import { shownFrames, watchedAddress } from './addresses.ts';
import { hexText, hexWord } from './packets.ts';

/** TABLE: numbers of signals, and the reasons in LLDB's words. */
const reasons: Readonly<Record<Exclude<StopReason, 'done'>, readonly [signal: string, reason: string]>> = {
  begin: ['05', 'trace'],
  step: ['05', 'trace'],
  breakpoint: ['05', 'breakpoint'],
  watchpoint: ['05', 'watchpoint'],
  interrupt: ['02', 'signal'],
  failure: ['06', 'exception'],
  error: ['06', 'exception'],
  fuel: ['06', 'exception'],
};

/** The address of the next instruction; 0 if there is no code. */
export const pcOf = (session: DebugSession): bigint => shownFrames(session)[0]?.address ?? 0n;

const describe = (session: DebugSession, { reason, detail, watch }: Stop): string => {
  if (watch !== null) {
    const address = watchedAddress(session, watch);
    return `${address} 0 ${address}`;
  }
  return reason === 'fuel' ? 'the call is out of fuel' : detail;
};

/** @param isBackwards whether the call went back */
export const stopReply = (session: DebugSession, stop: Stop, isBackwards = false): string => {
  if (stop.reason === 'done') return session.target.hasFailed ? 'W01' : 'W00';
  const [signal, reason] = reasons[stop.reason];
  const pc = pcOf(session);
  const description = describe(session, stop);
  return [
    `T${signal}thread:1`,
    'threads:1',
    `thread-pcs:${pc.toString(16)}`,
    `00:${hexWord(pc)}`,
    ...(isBackwards && stop.reason === 'begin' ? ['replaylog:begin'] : [`reason:${reason}`]),
    ...(description === '' ? [] : [`description:${hexText(description)}`]),
    '',
  ].join(';');
};
