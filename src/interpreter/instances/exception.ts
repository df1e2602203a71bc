/**
 * Exception instances: what `throw` makes, handlers receive, and host functions may throw into the guest.
 * @spec syntax-exninst
 *
 * Values are stored as in a frame, so that neither throwing nor catching converts them. An `exnref` is the object
 * itself, which keeps its identity.
 */
import { isInstance } from '../../errors/arguments.ts';
import { isQuernError, UsageError } from '../../errors/errors.ts';
import { REF_BYTES } from './table.ts';
import type { TagInstance } from './tag.ts';
import { type RawValue, readValues, writeValues } from './values.ts';

/**
 * An exception: its tag and the values that it carries. @spec syntax-exninst
 *
 * ```js
 * const exception = makeException(new TagInstance({ type: funcDefType([I32], []) }), [7n]);
 * console.log(exception instanceof ExceptionInstance, exception.values); // → true [ 7n ]
 * ```
 */
export class ExceptionInstance {
  readonly kind = 'exn';
  /** The last time that it was found reachable; see `settleHeap`. */
  mark = 0;
  readonly tag: TagInstance;
  readonly words: Int32Array;
  /** References by slot; empty if the tag has none. */
  readonly refs: readonly unknown[];

  constructor(tag: TagInstance, words: Int32Array, refs: readonly unknown[]) {
    this.tag = tag;
    this.words = words;
    this.refs = refs;
  }

  /** The values, as raw values. */
  get values(): RawValue[] {
    return readValues(this.tag.signature.params, this.words, 0, this.refs);
  }
}

/** Bytes that an exception counts as without its values; V8 uses up to 312. */
const EXCEPTION_BYTES = 320;
/** What an exception counts as in the heap budget. */
export const exceptionBytes = (tag: TagInstance): number => EXCEPTION_BYTES + 2 * REF_BYTES * tag.slotCount;

/**
 * Makes an exception that a host function can throw into the guest.
 *
 * ```js
 * const tag = new TagInstance({ type: funcDefType([I64], []) });
 * console.log(makeException(tag, [1n << 40n]).values); // → [ 1099511627776n ]
 * ```
 *
 * @throws UsageError if the number of values is not that of the tag
 */
export const makeException = (tag: TagInstance, values: readonly RawValue[]): ExceptionInstance => {
  const { params } = tag.signature;
  if (values.length !== params.length)
    throw new UsageError('usage.argument', {
      detail: `expected ${params.length} values of an exception, got ${values.length}`,
    });
  const words = new Int32Array(2 * tag.slotCount);
  const refs: unknown[] = [];
  writeValues(params, values, words, 0, refs);
  return new ExceptionInstance(tag, words, refs);
};

/**
 * The exception for a value that a host function threw: the value itself, or the exception that ended a call which
 * the host function made in turn. Null for everything else: no handler of the guest catches that.
 */
export const exceptionOf = (thrown: unknown): ExceptionInstance | null => {
  const inner = isQuernError(thrown, 'exception.uncaught') ? thrown.details.exception : thrown;
  return isInstance(inner, ExceptionInstance) ? inner : null;
};
