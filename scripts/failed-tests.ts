/**
 * A reporter of Node's test runner: the tests that failed, each with its file and its error, and how many tests ran.
 * It writes JSON, which `scripts/test.ts` prints after all other output: the log of a test run is long, and some
 * services keep only its end.
 */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { root } from '../test/shared.ts';

/** What one run of the test runner came to. */
export type TestSummary = {
  /** Tests, and suites that failed without a failed test in them. */
  readonly failed: readonly { readonly name: string; readonly file: string; readonly error: string }[];
  readonly figures: { readonly [Figure in (typeof figureNames)[number]]: number };
};

/** The runner's closing figures that tell whether all is well. */
export const figureNames = ['tests', 'pass', 'fail', 'skipped'] as const;

/** An error with its cause, which is the test's own error where the runner wraps it. */
const errorText = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause);
};

async function* failedTests(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failed: TestSummary['failed'][number][] = [];
  const figures = { tests: 0, pass: 0, fail: 0, skipped: 0 };
  for await (const event of source) {
    if (event.type === 'test:fail') {
      const { name, file, details } = event.data;
      const error: unknown = details.error;
      const type = error instanceof Error && 'failureType' in error ? error.failureType : undefined;
      // A suite, if something inside failed.
      if (type !== 'subtestsFailed')
        failed.push({ name, file: relative(root, file ?? ''), error: errorText(error) });
    }
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) {
      const [, word, count] = /^(\w+) (\d+)$/.exec(event.data.message) ?? [];
      const figure = figureNames.find((name) => name === word);
      if (figure !== undefined) figures[figure] = Number(count);
    }
  }
  yield JSON.stringify({ failed, figures } satisfies TestSummary);
}

/** The runner loads a reporter by the path of its file. */
export default failedTests;
