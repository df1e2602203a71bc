/**
 * The part of the Web Platform Tests' harness that the JavaScript API's tests use, with the same results: synchronous
 * tests run in place, asynchronous ones one after the other.
 * @see https://web-platform-tests.org/writing-tests/testharness-api.html
 */

export interface TestResult {
  readonly name: string;
  /** Null if the test passed. */
  readonly failure: string | null;
}

type ErrorClass = new (...args: never[]) => Error;
interface TestContext {
  unreached_func(description: string): () => never;
  add_cleanup(callback: () => void): void;
}

/** Text of a value for names and messages; names identify tests. */
const formatValue = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'symbol') return value.toString();
  if (typeof value === 'object' && value !== null) {
    try {
      return `object "${String(value)}"`;
    } catch {
      return 'object';
    }
  }
  return typeof value === 'function' ? `function "${value.name}"` : String(value);
};

class AssertionFailure extends Error {}

const check = (condition: boolean, description: unknown, what: string): void => {
  if (!condition)
    throw new AssertionFailure(`${description === undefined ? '' : `${String(description)}: `}${what}`);
};

const expectError = (
  error: unknown,
  description: unknown,
  isRight: (error: Error) => boolean,
  wanted: string,
): void => {
  check(typeof error === 'object' && error !== null, description, `threw ${formatValue(error)}`);
  check(isRight(error as Error), description, `expected ${wanted}, got ${formatValue(error)}`);
};
const isOf =
  (cls: ErrorClass) =>
  (error: Error): boolean =>
    error.constructor === cls && error.name === cls.name;
/** The older form, which names an error by an example. */
const isLike =
  (example: Error) =>
  (error: Error): boolean =>
    error.name === example.name;

const throws = (fn: () => unknown, description: unknown, judge: (error: unknown) => void): void => {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    judge(error);
    thrown = { error };
  }
  check(thrown !== undefined, description, 'did not throw');
};
const rejects = async (
  promise: Promise<unknown>,
  description: unknown,
  judge: (error: unknown) => void,
): Promise<void> => {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => ({ error }),
  );
  check(outcome !== null, description, 'was not rejected');
  judge(outcome!.error);
};

const sameLists = (actual: ArrayLike<unknown>, expected: ArrayLike<unknown>): boolean =>
  actual.length === expected.length && Array.from(actual).every((item, i) => Object.is(item, expected[i]));

const assertions = {
  assert_true: (actual: unknown, description?: unknown) =>
    check(actual === true, description, `expected true, got ${formatValue(actual)}`),
  assert_false: (actual: unknown, description?: unknown) =>
    check(actual === false, description, `expected false, got ${formatValue(actual)}`),
  assert_equals: (actual: unknown, expected: unknown, description?: unknown) =>
    check(
      Object.is(actual, expected),
      description,
      `expected ${formatValue(expected)}, got ${formatValue(actual)}`,
    ),
  assert_not_equals: (actual: unknown, expected: unknown, description?: unknown) =>
    check(!Object.is(actual, expected), description, `got ${formatValue(actual)}`),
  assert_array_equals: (actual: unknown[], expected: unknown[], description?: unknown) =>
    check(
      sameLists(actual, expected),
      description,
      `expected [${Array.from(expected, formatValue).join()}], got [${Array.from(actual, formatValue).join()}]`,
    ),
  assert_class_string: (object: unknown, name: string, description?: unknown) =>
    check(
      Object.prototype.toString.call(object) === `[object ${name}]`,
      description,
      `expected ${name}, got ${Object.prototype.toString.call(object)}`,
    ),
  assert_own_property: (object: object, key: PropertyKey, description?: unknown) =>
    check(Object.hasOwn(object, key), description, `no property ${String(key)}`),
  assert_not_own_property: (object: object, key: PropertyKey, description?: unknown) =>
    check(!Object.hasOwn(object, key), description, `property ${String(key)}`),
  assert_unreached: (description?: unknown) => check(false, description, 'reached what is unreachable'),
  assert_throws_js: (cls: ErrorClass, fn: () => unknown, description?: unknown) =>
    throws(fn, description, (error) => expectError(error, description, isOf(cls), cls.name)),
  assert_throws_exactly: (exception: unknown, fn: () => unknown, description?: unknown) =>
    throws(fn, description, (error) =>
      check(Object.is(error, exception), description, 'threw something else'),
    ),
  assert_throws: (example: Error, fn: () => unknown, description?: unknown) =>
    throws(fn, description, (error) => expectError(error, description, isLike(example), example.name)),
  promise_rejects_js: (
    _test: TestContext,
    cls: ErrorClass,
    promise: Promise<unknown>,
    description?: unknown,
  ) => rejects(promise, description, (error) => expectError(error, description, isOf(cls), cls.name)),
  promise_rejects: (_test: TestContext, example: Error, promise: Promise<unknown>, description?: unknown) =>
    rejects(promise, description, (error) => expectError(error, description, isLike(example), example.name)),
  // Not of the harness: one file takes it from the shell of an engine.
  assertEquals: (expected: unknown, actual: unknown) =>
    check(
      Object.is(actual, expected),
      undefined,
      `expected ${formatValue(expected)}, got ${formatValue(actual)}`,
    ),
  // A helper that one file uses and another defines.
  nulls: (count: number) => new Array<null>(count).fill(null),
  format_value: formatValue,
};

/** The harness of one file. */
export interface Harness {
  /** What the tests find as globals. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** Runs the asynchronous tests, then reports all. */
  finish(): Promise<readonly TestResult[]>;
}

export const createHarness = (): Harness => {
  const results: TestResult[] = [];
  const waiting: { name: string; run: (test: TestContext) => Promise<unknown> }[] = [];
  let count = 0;
  const nameOf = (name: string | undefined): string => name ?? `Untitled ${count}`;
  const cleanups: (() => void)[] = [];
  const context: TestContext = {
    unreached_func: (description) => () => {
      throw new AssertionFailure(description);
    },
    add_cleanup: (callback) => void cleanups.push(callback),
  };
  const failureOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  const cleanUp = (): void => {
    for (const callback of cleanups.splice(0)) callback();
  };

  const globals = {
    ...assertions,
    setup: (run: (() => void) | object) => {
      if (typeof run === 'function') run();
    },
    test: (run: (test: TestContext) => void, name?: string) => {
      count++;
      let failure: string | null = null;
      try {
        run(context);
      } catch (error) {
        failure = failureOf(error);
      }
      cleanUp();
      results.push({ name: nameOf(name), failure });
    },
    promise_test: (run: (test: TestContext) => Promise<unknown>, name?: string) => {
      count++;
      waiting.push({ name: nameOf(name), run });
    },
  };
  return {
    globals,
    async finish() {
      for (const { name, run } of waiting) {
        let failure: string | null = null;
        try {
          await run(context);
        } catch (error) {
          failure = failureOf(error);
        }
        cleanUp();
        results.push({ name, failure });
      }
      return results;
    },
  };
};
