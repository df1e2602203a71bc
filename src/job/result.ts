/** Progress and results of jobs as data of JSON, as queues and databases hold them. */
import { encodeBase64 } from '../host/manifest/base64.ts';
import type { Advanced } from './advance.ts';
import type { Job } from './job.ts';
import type { JobReceipt } from './receipt.ts';

/**
 * How far a job has come.
 *
 * Example: see `progressOf`.
 */
export interface JobProgress {
  readonly fuel: number;
  /** Fuel of the whole job; null for no limit. */
  readonly of: number | null;
  readonly slices: number;
  readonly answers: number;
}

/**
 * What a job has come to.
 *
 * Example: see `resultOf`.
 */
export interface JobResult {
  readonly status: 'done' | 'failed';
  /** Base64; null where the plug-in gave nothing. */
  readonly output: string | null;
  readonly receipt: JobReceipt;
}

/**
 * How far a job has come.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'p', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada', fuel: 90_000 });
 * const { job: paused } = await advance(job, { modules: [greet], fuel: 100 });
 * const progress: JobProgress = progressOf(paused);
 * console.log(progress.of, progress.slices, progress.answers, progress.fuel > 0); // → 90000 1 0 true
 * ```
 */
export const progressOf = ({ slices, fuel }: Job): JobProgress => {
  const last = slices[slices.length - 1];
  return { fuel: last?.fuel ?? 0, of: fuel, slices: slices.length, answers: last?.answers ?? 0 };
};

/**
 * What a job has come to; null before its end.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'r', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const result: JobResult | null = resultOf(await advance(job, { modules: [greet] }));
 * console.log(result?.status, result?.output); // → done SGVsbG8sIEFkYSE=
 * ```
 */
export const resultOf = ({ status, output, receipt }: Advanced): JobResult | null => {
  if (receipt === null || (status !== 'done' && status !== 'failed')) return null;
  return { status, output: output === null ? null : encodeBase64(output.bytes()), receipt };
};
