/**
 * The error classes: one per phase, so that the class tells which promise was broken.
 *
 * Data lives in fields, not only in the sentence. A `Symbol.for` brand lets `isQuernError` work across two
 * copies of the package.
 */
import { type CodeOf, catalogue, type ErrorClass, type ErrorCode } from './catalogue.ts';

const brand: unique symbol = Symbol.for('quern.error') as never;

/** Where in a module something is. All fields are optional; only what is known is set. */
export interface ErrorPosition {
  /** Byte offset in the binary. */
  readonly offset?: number;
  /** Name of the section, e.g. `code`. */
  readonly section?: string;
  /** Index in the function index space. */
  readonly funcIndex?: number;
  /** Name of the function, from the name section or an export. */
  readonly funcName?: string;
  /** Mnemonic of the instruction. */
  readonly instruction?: string;
}

/** One line of a guest backtrace, innermost first. */
export interface BacktraceFrame {
  readonly moduleName: string;
  readonly funcIndex: number;
  readonly funcName: string;
  /** Byte offset in the binary of the instruction that was executing or calling. */
  readonly offset: number;
}

/** Fields beyond code and message; each class documents which ones it sets. */
export interface ErrorDetails extends ErrorPosition {
  /** What exactly was wrong, appended to the text of the catalogue after a colon. */
  readonly detail?: string;
  readonly cause?: unknown;
  readonly backtrace?: readonly BacktraceFrame[];
  readonly feature?: string;
  readonly limit?: number;
  readonly actual?: number | string;
  readonly expected?: string;
  readonly module?: string;
  readonly name?: string;
  readonly fuelConsumed?: number;
  readonly returnCode?: number;
  readonly exitCode?: number;
  readonly path?: string;
  /** The exception instance that nothing caught. */
  readonly exception?: object;
}

/** Base of every error that Quern throws on purpose. */
export abstract class QuernError extends Error {
  readonly [brand] = true;
  abstract readonly code: ErrorCode;
  /** What a person can do about it; from the catalogue. */
  readonly advice: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails, message?: string) {
    const text =
      message ?? (details.detail ? `${catalogue[code].text}: ${details.detail}` : catalogue[code].text);
    super(text, 'cause' in details ? { cause: details.cause } : undefined);
    this.advice = catalogue[code].advice;
    this.details = details;
  }
}

/** The constructor of one error class: `new TrapError(code, details?, message?)`. */
export interface QuernErrorClass<C extends ErrorClass> {
  new (
    code: CodeOf<C>,
    details?: ErrorDetails,
    message?: string,
  ): QuernError & { readonly code: CodeOf<C>; readonly name: C };
  readonly prototype: QuernError;
}

/** Every subclass comes from here, so that none is written by hand. */
const errorClass = <C extends ErrorClass>(name: C): QuernErrorClass<C> => {
  const cls = class extends QuernError {
    readonly code: ErrorCode;
    constructor(code: ErrorCode, details: ErrorDetails = {}, message?: string) {
      super(code, details, message);
      this.code = code;
    }
  };
  Object.defineProperty(cls, 'name', { value: name });
  Object.defineProperty(cls.prototype, 'name', { value: name });
  return cls as never;
};

/** The bytes are not a module. Sets `offset`, `section`. Script form: assert_malformed. */
export const MalformedError: QuernErrorClass<'MalformedError'> = errorClass('MalformedError');
/** The module breaks a validation rule. Sets `offset`, `funcIndex`, `instruction`. Script form: assert_invalid. */
export const InvalidError: QuernErrorClass<'InvalidError'> = errorClass('InvalidError');
/** The module needs a feature that this engine lacks or that is switched off. Sets `feature`. */
export const UnsupportedError: QuernErrorClass<'UnsupportedError'> = errorClass('UnsupportedError');
/** Legal, but over an implementation limit. Sets `limit`, `actual`. */
export const LimitError: QuernErrorClass<'LimitError'> = errorClass('LimitError');
/** An import is missing or of another type. Sets `module`, `name`, `expected`, `actual`. Script form: assert_unlinkable. */
export const UnlinkableError: QuernErrorClass<'UnlinkableError'> = errorClass('UnlinkableError');
/** Execution trapped. Sets `backtrace`, `fuelConsumed`. Script form: assert_trap. */
export const TrapError: QuernErrorClass<'TrapError'> = errorClass('TrapError');
/** A budget ran out. Sets `backtrace`, `fuelConsumed`. Script form: assert_exhaustion. */
export const ExhaustionError: QuernErrorClass<'ExhaustionError'> = errorClass('ExhaustionError');
/** A Wasm exception that nothing caught. Sets `exception`, `backtrace`, `fuelConsumed`. Script form: assert_exception. */
export const ThrownException: QuernErrorClass<'ThrownException'> = errorClass('ThrownException');
/** A host function threw; `cause` is what it threw. */
export const HostError: QuernErrorClass<'HostError'> = errorClass('HostError');
/** The guest called `proc_exit`. Sets `exitCode`. */
export const ExitError: QuernErrorClass<'ExitError'> = errorClass('ExitError');
/** The plug-in reported a failure, or was called wrongly. Sets `returnCode`. */
export const PluginError: QuernErrorClass<'PluginError'> = errorClass('PluginError');
/** The manifest, or what it points to, cannot be used. Sets `path`. */
export const ManifestError: QuernErrorClass<'ManifestError'> = errorClass('ManifestError');
/** The embedder used the API wrongly. */
export const UsageError: QuernErrorClass<'UsageError'> = errorClass('UsageError');
/** The call was stopped from outside. */
export const InterruptedError: QuernErrorClass<'InterruptedError'> = errorClass('InterruptedError');
/** A bug in Quern itself. */
export const InternalError: QuernErrorClass<'InternalError'> = errorClass('InternalError');

/** Whether a caught value is an error of Quern's, of any copy of the package; optionally of one code. */
export const isQuernError = (value: unknown, code?: ErrorCode): value is QuernError =>
  typeof value === 'object' &&
  value !== null &&
  (value as { [brand]?: boolean })[brand] === true &&
  (code === undefined || (value as QuernError).code === code);
