/**
 * Runs the conformance runner as a command, the way a person does, under the flags of all tests: without native
 * Wasm and without code from strings.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { noWasm, proof } from '../proof.ts';
import { root } from '../shared.ts';

export interface SuiteRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Reasons of skips with their counts. */
  readonly reasons: ReadonlyMap<string, number>;
  /** With `--flip`: assertions that failed, and all of them. */
  readonly flipped: readonly [failed: number, assertions: number] | null;
}

const count = (output: string, word: string): number =>
  Number(new RegExp(`(\\d+) ${word}`).exec(output)?.[1] ?? 0);

/** Runs `npm run spec -- ARGS` on the build. */
export const runSuite = (...args: string[]): Promise<SuiteRun> => runSuiteOf({}, ...args);

/** The same with everything compiled, which takes code from strings. */
export const runCompiledSuite = (...args: string[]): Promise<SuiteRun> =>
  runWith(noWasm, {}, '--compiled', ...args);

/** The same on other data: the environment says where. */
export const runSuiteOf = (
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<SuiteRun> => runWith(proof, environment, ...args);

const runWith = async (
  flags: readonly string[],
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<SuiteRun> => {
  const main = join(root, 'build/spec-tests/main.js');
  const child = spawn(process.execPath, [...flags, main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const flipped = /(\d+) of (\d+) falsified/.exec(output);
  return {
    exitCode,
    output,
    passed: count(last, 'passed'),
    failed: count(last, 'failed'),
    skipped: count(last, 'skipped'),
    reasons: new Map(
      [...output.matchAll(/^ +(\d+) {2}(.+)$/gm)].map(([, n, reason]) => [reason!, Number(n)]),
    ),
    flipped: flipped === null ? null : [Number(flipped[1]), Number(flipped[2])],
  };
};
