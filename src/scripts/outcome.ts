/** The outcome of each command, and the sums by file and by reason. */

export type Outcome =
  | { readonly status: 'passed' }
  | { readonly status: 'failed'; readonly message: string }
  | { readonly status: 'skipped'; readonly reason: string };

/** A command that failed, ready to print. */
export interface FailedCommand {
  readonly where: string;
  readonly command: string;
  readonly message: string;
}

/** Sums of one script. */
export interface ScriptResult {
  readonly name: string;
  passed: number;
  /** Assertions among the passed and failed ones; what `--flip` must turn into failures. */
  assertions: number;
  failedAssertions: number;
  readonly failures: FailedCommand[];
  readonly skipped: Map<string, number>;
  /** Failures of the right class whose texts were compared, and those whose texts do not begin as the suite says. */
  texts: number;
  differingTexts: number;
}

export const emptyResult = (name: string): ScriptResult => ({
  name,
  passed: 0,
  assertions: 0,
  failedAssertions: 0,
  failures: [],
  skipped: new Map(),
  texts: 0,
  differingTexts: 0,
});

/** Adds the sums of a part to the total. */
export const addResult = (whole: ScriptResult, part: ScriptResult): void => {
  whole.passed += part.passed;
  whole.assertions += part.assertions;
  whole.failedAssertions += part.failedAssertions;
  whole.failures.push(...part.failures);
  whole.texts += part.texts;
  whole.differingTexts += part.differingTexts;
  for (const [reason, count] of part.skipped)
    whole.skipped.set(reason, (whole.skipped.get(reason) ?? 0) + count);
};
