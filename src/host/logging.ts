/** Log levels: names, numbers and what they let through. */
import { UsageError } from '../errors/errors.ts';
import type { Logger } from './sources.ts';

/** Levels, lowest first; plug-ins see them as numbers (`get_log_level`). */
const levelNumbers = { trace: 0, debug: 1, info: 2, warn: 3, error: 4, silent: 0x7fff_ffff } as const;

/** Name of a log level. `silent` lets nothing through. */
export type LogLevel = keyof typeof levelNumbers;
/** A level that messages can have. */
export type MessageLevel = Exclude<LogLevel, 'silent'>;

/** The number of a level. */
export const logLevelNumber = (level: LogLevel): number => levelNumbers[level];

/** Checks the name of a level. @throws UsageError */
export const checkLogLevel = (level: unknown): LogLevel => {
  if (typeof level === 'string' && Object.hasOwn(levelNumbers, level)) return level as LogLevel;
  const names = Object.keys(levelNumbers).map((name) => `"${name}"`);
  throw new UsageError('usage.argument', {
    detail: `unrecognized log level "${String(level)}"; expected one of ${names.join(', ')}`,
  });
};

/** A logger with a threshold. */
export class LevelLogger {
  level: LogLevel;
  readonly #logger: Logger;

  constructor(logger: Logger, level: LogLevel) {
    this.#logger = logger;
    this.level = level;
  }

  /** Whether a message of that level is written. */
  lets(level: MessageLevel): boolean {
    return logLevelNumber(level) >= logLevelNumber(this.level);
  }

  write(level: MessageLevel, message: string): void {
    if (this.lets(level)) this.#logger[level](message);
  }
}
