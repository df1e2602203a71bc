/** What flags of several commands mean. */
import type { DeterministicOptions } from '../node.ts';
import { checkFeatures, type FeatureKey, type Features, pluginFeatures } from '../syntax/features.ts';
import { parseWholeNumber, usageError } from './parse.ts';

/** The default features, and those that the flag enables. @throws UsageError */
export const featuresOf = ({ feature }: { readonly feature?: readonly string[] }): Features =>
  checkFeatures([...pluginFeatures, ...((feature ?? []) as FeatureKey[])], pluginFeatures);

/** What `--deterministic`, `--seed` and `--epoch` ask for. @throws UsageError */
export const deterministicOf = (flags: {
  readonly deterministic?: boolean;
  readonly seed?: string;
  readonly epoch?: string;
}): DeterministicOptions | false => {
  const { deterministic = false, seed, epoch } = flags;
  for (const [name, value] of Object.entries({ seed, epoch })) {
    if (value !== undefined && !deterministic) throw usageError(`--${name} needs --deterministic`);
  }
  if (!deterministic) return false;
  return {
    ...(seed === undefined ? {} : { seed: parseWholeNumber('seed', seed) }),
    ...(epoch === undefined ? {} : { epoch: parseTime(epoch) }),
  };
};

/** Milliseconds since 1970. A date without a time zone is in UTC: the local one would be a trace of the host. */
const parseTime = (text: string): number => {
  if (/^-?\d+$/.test(text)) return parseWholeNumber('epoch', text);
  const isPlain = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const time = isPlain === null ? Number.NaN : Date.parse(isPlain[1] && !isPlain[4] ? `${text}Z` : text);
  if (!Number.isNaN(time)) return time;
  throw usageError(`--epoch must be a date like 2026-01-31T12:00:00Z or milliseconds, not "${text}"`);
};
