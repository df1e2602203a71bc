/**
 * TABLE: where a version of the official SDK, on native Wasm in Node, does not give what the record says, which is
 * of 2.0.0-rc13. On `quern/webassembly` it must not, either, and in the same way.
 */
import type { SetUp } from '../../plugins/recorded.ts';
import { callsOf } from './calls.ts';
import { recordedOutcome, type SetUpRun } from './outcomes.ts';

/** npm names under which both versions are installed. */
export const packageNames = ['@extism/extism', 'extism-rc'] as const;
export type PackageName = (typeof packageNames)[number];

/** A set-up of which there is no plug-in to call. */
interface Departure {
  readonly packageName: PackageName;
  readonly id: string;
  /** What there is instead of all of its calls. */
  readonly outcome: string;
  readonly reason: string;
}

const unlinked = (id: string): Departure => ({
  packageName: '@extism/extism',
  id,
  outcome: 'not made: LinkError',
  reason: '`get_log_level`, `log_trace` and `http_headers` are not there to be imported',
});

export const departures: readonly Departure[] = [
  unlinked('kernel_all'),
  unlinked('kernel_http'),
  unlinked('kernel_timeout'),
];

/** What a version must give for a set-up, on any engine. */
export const expectedRun = (packageName: PackageName, setUp: SetUp): Omit<SetUpRun, 'milliseconds'> => {
  const { id, hostVoid = [] } = setUp;
  const departure = departures.find((row) => row.packageName === packageName && row.id === id);
  if (departure !== undefined) return { id, calls: [departure.outcome], told: [] };
  return { id, calls: callsOf(setUp).map((call) => `${call.fn}: ${recordedOutcome(call)}`), told: hostVoid };
};
