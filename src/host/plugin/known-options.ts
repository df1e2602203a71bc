/**
 * Options of no known name. One is a slip, so the log gets one warning, whatever its level: an option such as `timeout`
 * in place of `timeoutMs` would otherwise have no effect, and nobody would know.
 */
import { didYouMean } from '../../errors/suggestion.ts';
import { nameText } from '../../errors/texts.ts';
import type { Logger } from '../platform/platform.ts';

/** TABLE: names of options, each once; one that is missing does not compile. */
export type NamesOf<T> = Readonly<Record<keyof T, true>>;

/** Names that each logger was warned of. */
const warned = new WeakMap<object, Set<string>>();

/** Warns of options that there are not, of each name once. @param what the options, for the message */
export const warnOfUnknown = (
  given: object,
  known: Readonly<Record<string, true>>,
  logger: Pick<Logger, 'warn'>,
  what = 'option',
): void => {
  for (const name of Object.keys(given)) {
    if (known[name] === true) continue;
    const names = warned.get(logger) ?? new Set<string>();
    warned.set(logger, names);
    if (names.has(name) || names.size >= MAX_NAMES) continue;
    names.add(name);
    logger.warn(`there is no ${what} "${nameText(name)}"${didYouMean(name, Object.keys(known))}`);
  }
};

/** Most names that a logger is warned of: they are kept as long as the logger. */
const MAX_NAMES = 100;
