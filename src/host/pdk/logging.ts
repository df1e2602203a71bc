/** Log levels: names, numbers and thresholds; and the limit on what one call may write. */

import { UsageError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import type { Logger } from '../platform/platform.ts';

/** Levels, lowest first; plug-ins see them as numbers (`get_log_level`). */
const levelNumbers = { trace: 0, debug: 1, info: 2, warn: 3, error: 4, silent: 0x7fff_ffff } as const;

/**
 * Name of a log level. `silent` logs nothing.
 *
 * Example: see `LogListener`.
 */
export type LogLevel = keyof typeof levelNumbers;
/**
 * A level that messages can have.
 *
 * Example: see `LogListener`.
 */
export type MessageLevel = Exclude<LogLevel, 'silent'>;
/**
 * Takes log messages; the `onLog` option.
 *
 * ```ts
 * const logLevel: LogLevel = 'warn';
 * const marks: Partial<Record<MessageLevel, string>> = { warn: '!', error: '!!' };
 * const onLog: LogListener = (level, message) => console.log(marks[level], message);
 * const plugin = await createPlugin(logWasm, { onLog, logLevel });
 * await plugin.call('log', 'disk nearly full'); // → ! disk nearly full
 * ```
 */
export type LogListener = (level: MessageLevel, message: string) => void;

/** Default for the most bytes of log messages of one call. */
const DEFAULT_MAX_LOG_BYTES = 1_048_576;

/** The number of a level. */
export const logLevelNumber = (level: LogLevel): number => levelNumbers[level];

/** Checks the name of a level. @throws UsageError */
export const checkLogLevel = (level: unknown): LogLevel => {
  if (typeof level === 'string' && Object.hasOwn(levelNumbers, level)) return level as LogLevel;
  const names = Object.keys(levelNumbers).map((name) => `"${name}"`);
  throw new UsageError('usage.argument', {
    detail: `unrecognized log level ${valueText(level)}; expected one of ${names.join(', ')}`,
  });
};

/** A logger that passes every message to one function. */
export const loggerOf = (onLog: LogListener): Logger => ({
  trace: (message) => onLog('trace', message),
  debug: (message) => onLog('debug', message),
  info: (message) => onLog('info', message),
  warn: (message) => onLog('warn', message),
  error: (message) => onLog('error', message),
});

/** A logger with a threshold, and a budget for each call. */
export class LevelLogger {
  level: LogLevel;
  readonly #logger: Logger;
  readonly #maxBytes: number;
  /** Bytes that the call has written. */
  byteCount = 0;

  constructor(logger: Logger, level: LogLevel, maxBytes: number | null = null) {
    this.#logger = logger;
    this.level = level;
    this.#maxBytes = maxBytes ?? DEFAULT_MAX_LOG_BYTES;
  }

  /** Gives the next call its budget. */
  beginCall(): void {
    this.byteCount = 0;
  }

  /** Whether a message of that level is written. */
  lets(level: MessageLevel): boolean {
    return logLevelNumber(level) >= logLevelNumber(this.level);
  }

  /** Writes a message; beyond the budget, a notice, and then nothing. */
  write(level: MessageLevel, message: string, byteLength: number = message.length): void {
    if (!this.lets(level) || this.byteCount > this.#maxBytes) return;
    this.byteCount += byteLength;
    if (this.byteCount <= this.#maxBytes) this.#logger[level](message);
    else
      this.#logger.error(`log limit of ${this.#maxBytes} bytes reached; the rest of this call is not logged`);
  }
}
