/** Turns Quern's errors into the runner's failures; shared by the adapters that throw them. */
import type { ErrorClass } from '../errors/catalogue.ts';
import { isQuernError } from '../errors/errors.ts';
import { EngineFailure, type FailureKind } from './engine.ts';

const kinds: Readonly<Partial<Record<ErrorClass, FailureKind>>> = {
  MalformedError: 'malformed',
  InvalidError: 'invalid',
  UnsupportedError: 'unsupported',
  LimitError: 'limit',
  UnlinkableError: 'unlinkable',
  TrapError: 'trap',
  ExhaustionError: 'exhaustion',
  ThrownException: 'exception',
};

/** The failure for an error; an error that Quern did not throw on purpose is a crash. */
export const toFailure = (
  error: unknown,
  fuel: number | null = null,
  trace: number | null = null,
): EngineFailure => {
  if (error instanceof EngineFailure) return error;
  if (!isQuernError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return new EngineFailure('crash', text, { cause: error });
  }
  const kind = kinds[error.name as ErrorClass] ?? 'crash';
  const { feature } = error.details;
  const options = { fuel: fuel ?? error.details.fuelConsumed ?? null, trace, cause: error };
  return new EngineFailure(kind, error.message, feature === undefined ? options : { ...options, feature });
};

/** Runs a step, translating what it throws. */
export const translating = <T>(step: () => T): T => {
  try {
    return step();
  } catch (error) {
    throw toFailure(error);
  }
};
