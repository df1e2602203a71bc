/** Takes recordings apart and puts them together again with checks that hold, as a careful forger would. */
import { type LogEvent, LogWriter } from '../../src/host/replay/log.ts';

export { parseLog } from '../../src/host/replay/log.ts';

/** A recording of events, with checks that hold. */
export const appendChecks = (events: readonly LogEvent[]): string => {
  const writer = new LogWriter(null);
  for (const event of events) writer.write(event);
  return writer.lines.map((line) => `${line}\n`).join('');
};
