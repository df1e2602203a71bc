/** The calls that go to the official SDK: those of the record, and one more where a time limit passed. */
import type { RecordedCall, SetUp } from '../../plugins/recorded.ts';

/**
 * Milliseconds of the set-up that runs into its limit. More than the 300 of the record: they also bound the start of
 * a worker, which is a twentieth of a second in plain Node and, with the namespace to load, a fifth on a quiet
 * machine, and once more after the limit. When that takes too long, the SDK never settles the call.
 */
export const TIME_LIMIT = 3000;

/** Shows whether a plug-in can be used after its limit passed. */
const afterLimit: RecordedCall = { fn: 'echo', in: { text: 'still here' }, out: { text: 'still here' } };

/** The calls of a set-up, in order. */
export const callsOf = ({ calls, timeoutMs }: SetUp): readonly RecordedCall[] =>
  timeoutMs === undefined ? calls : [...calls, afterLimit];
