/** What the page says of a call that is paused or has ended. */
import type { CallState } from '../protocol.ts';

/** TABLE: by the reason. */
const standingTexts: Readonly<Record<CallState['standing'], string>> = {
  begin: 'Stands before its next instruction.',
  step: 'Stepped.',
  breakpoint: 'Stands at a breakpoint.',
  watchpoint: 'Paused after a change of watched memory.',
  interrupt: 'Paused.',
  failure: 'Trapped.',
  error: 'The plug-in has reported an error.',
  fuel: 'Out of fuel; refill to resume.',
  done: 'Done.',
  failed: 'Failed.',
};
export const standingText = (call: CallState): string => standingTexts[call.standing];
