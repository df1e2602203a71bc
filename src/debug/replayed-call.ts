/** The call of a recording to debug: the preceding calls are repeated first. */
import { UsageError } from '../errors/errors.ts';
import type { Plugin } from '../host/plugin/plugin.ts';
import type { PluginCall } from '../host/plugin/plugin-call.ts';
import { changeAgain, recordedCall } from '../host/plugin/replay-recording.ts';
import type { LogEvent } from '../host/replay/log.ts';
import type { Tape } from '../host/replay/tape.ts';

/** How many calls of a function are in the rest of a recording; all calls if no function is named. */
const countCalls = (events: readonly LogEvent[], functionName: string | undefined): number =>
  events.filter(
    ({ event, ask }) =>
      event === 'call' && (functionName === undefined || recordedCall(ask).functionName === functionName),
  ).length;

/**
 * Goes to the last call of a function in the recording that a plug-in replays, or to the last call of all, and
 * prepares it.
 *
 * @throws UsageError if there is no such call
 */
export const startRecordedCall = async (
  plugin: Plugin,
  functionName: string | undefined,
): Promise<PluginCall> => {
  const tape: Tape | null = plugin.tape;
  if (tape === null)
    throw new UsageError('usage.state', { detail: 'the plug-in does not replay a recording' });
  let left = countCalls(tape.rest, functionName);
  for (let next = tape.upcoming; next !== null; next = tape.upcoming) {
    if (next.event === 'call') {
      const { functionName: name, input } = recordedCall(next.ask);
      if ((functionName === undefined || name === functionName) && --left === 0)
        return plugin.startCall(name, input);
      // The error of such a call is also in the recording.
      await plugin.callDetailed(name, input).catch(() => {});
      if (tape.failure !== null) throw tape.failure;
    } else if (next.event === 'owner' && Array.isArray(next.ask)) await changeAgain(plugin, next.ask);
    // SAFETY: an event that no call consumes would be found again, forever.
    if (tape.upcoming === next) throw tape.diverge({ event: 'call', ask: null });
  }
  throw new UsageError('usage.argument', { detail: 'the recording holds no such call' });
};
