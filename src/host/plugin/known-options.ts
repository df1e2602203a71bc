/**
 * Options with unknown names. They are probably mistakes, so the log gets one warning, regardless of its level: an
 * option such as `timeout` instead of `timeoutMs` would otherwise silently have no effect.
 */
import { didYouMean } from '../../errors/suggestion.ts';
import { nameText } from '../../errors/texts.ts';
import type { Logger } from '../platform/platform.ts';

/** TABLE: names of options, each once; one that is missing does not compile. */
export type NamesOf<T> = Readonly<Record<keyof T, true>>;

/** Names of which each logger was warned. */
const warned = new WeakMap<object, Set<string>>();

/** Warns of unknown options, once for each name. @param what the options, for the message */
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
    logger.warn(`unknown ${what} "${nameText(name)}"${didYouMean(name, Object.keys(known))}`);
  }
};

/** Most names of which a logger is warned: they are kept as long as the logger. */
const MAX_NAMES = 100;
