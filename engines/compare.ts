/** Runs one engine, and finds where its transcript first differs from another. */
import { spawn } from 'node:child_process';
import type { EngineRow } from './table.ts';

/** What an engine printed. */
export interface EngineRun {
  readonly lines: readonly string[];
  readonly seconds: number;
}

/** The outcome for one engine; null if it is absent. */
export interface Row {
  readonly engine: EngineRow;
  readonly result: (Comparison & { readonly seconds: number }) | null;
}

/** How two transcripts compare. */
export interface Comparison {
  /** Lines that are equal. */
  readonly equal: number;
  readonly firstDifference: {
    readonly line: number;
    readonly expected: string;
    readonly actual: string;
  } | null;
}

/**
 * Runs a script to its end, or for at most this many milliseconds; standard error becomes part of the transcript,
 * since it must be empty.
 */
const runEngine = (
  [program, ...args]: readonly [string, ...string[]],
  script: string,
  env: Readonly<Record<string, string>>,
  timeout: number,
): Promise<EngineRun> =>
  new Promise((resolve, reject) => {
    const begin = process.hrtime.bigint();
    const child = spawn(program, [...args, script], { env: { ...process.env, ...env }, timeout });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const text = Buffer.concat(out).toString('utf8') + Buffer.concat(err).toString('utf8');
      const lines = text.split('\n').filter((line) => line !== '');
      if (code !== 0) lines.push(`ended with ${signal ?? `exit code ${code}`}`);
      resolve({ lines, seconds: Number(process.hrtime.bigint() - begin) / 1e9 });
    });
  });

/** Runs scripts one after the other, each in a process of its own, for at most so many milliseconds. */
export const runParts = async (
  command: readonly [string, ...string[]],
  scripts: readonly string[],
  env: Readonly<Record<string, string>>,
  timeout: number,
): Promise<EngineRun> => {
  const lines: string[] = [];
  let seconds = 0;
  for (const script of scripts) {
    const run = await runEngine(command, script, env, timeout);
    lines.push(...run.lines);
    seconds += run.seconds;
  }
  return { lines, seconds };
};

/** Compares transcripts line by line: the first difference is more useful than two long texts. */
export const compare = (expected: readonly string[], actual: readonly string[]): Comparison => {
  const length = Math.max(expected.length, actual.length);
  let equal = 0;
  let first: Comparison['firstDifference'] = null;
  for (let i = 0; i < length; i++) {
    if (expected[i] === actual[i]) equal++;
    else first ??= { line: i + 1, expected: expected[i] ?? '(nothing)', actual: actual[i] ?? '(nothing)' };
  }
  return { equal, firstDifference: first };
};

/** Prints outcomes as they come. */
export const printTable = (rows: readonly Row[], total: number): void => {
  for (const { engine, result } of rows) {
    if (result === null) continue;
    const { equal, firstDifference, seconds } = result;
    const verdict = firstDifference === null ? 'equal' : `DIFFERS from line ${firstDifference.line}`;
    console.log(
      `${engine.title.padEnd(44)} ${String(equal).padStart(6)} of ${total}  ${verdict}  ${seconds.toFixed(1)} s`,
    );
    if (firstDifference === null) continue;
    console.log(`  expected: ${firstDifference.expected.slice(0, 400)}`);
    console.log(`  actual:   ${firstDifference.actual.slice(0, 400)}`);
  }
};
