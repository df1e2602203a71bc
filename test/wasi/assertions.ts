/** The few assertions of tests that run in Node and in browser pages alike. */

const show = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)) ??
  String(value);

interface Assertions {
  ok(condition: unknown, message?: string): asserts condition;
  equal(actual: unknown, expected: unknown, message?: string): void;
  notEqual(actual: unknown, expected: unknown, message?: string): void;
  /** For what JSON can tell apart, and bigints. */
  deepEqual(actual: unknown, expected: unknown, message?: string): void;
}
const fail = (what: string, message = ''): never => {
  throw new Error(`${message === '' ? '' : `${message}: `}${what}`);
};

/** Named like those of Node. */
export const assert: Assertions = {
  ok: (condition, message) => {
    if (!condition) fail(`${show(condition)} is not true`, message);
  },
  equal: (actual, expected, message) => {
    if (!Object.is(actual, expected)) fail(`${show(actual)} where ${show(expected)} is expected`, message);
  },
  notEqual: (actual, expected, message) => {
    if (Object.is(actual, expected)) fail(`${show(actual)} is what is not expected`, message);
  },
  deepEqual: (actual, expected, message) => {
    if (show(actual) !== show(expected)) fail(`${show(actual)} where ${show(expected)} is expected`, message);
  },
};
