/**
 * Entry point for jobs: calls of plug-ins as data, which can be resumed anywhere and whose receipts anyone can
 * verify.
 */
import { portablePlatform } from './host/platform/portable-platform.ts';
import { type Advance, advanceOn } from './job/advance.ts';
import { advanceStoredOn } from './job/stored.ts';
import { type VerifyJob, verifyJobOn } from './job/verify.ts';

/**
 * Advances a job by one slice.
 *
 * ```js
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'g', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const first = await advance(job, { modules: [greet], fuel: 100 });
 * const rest = await advance(first.job, { modules: [greet] });
 * console.log(first.status, rest.status, rest.output.text()); // → paused done Hello, Ada!
 * ```
 *
 * @throws JobError, ReplayError, InterruptedError, or what linking throws
 */
export const advance: Advance = advanceOn(portablePlatform);

/**
 * Advances a job that a queue stores: like `advance`, but if its snapshot or its receipts are missing or damaged, the
 * job begins again, with the answers in its journal and a new chain of receipts.
 *
 * ```js
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 's', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const { job: paused } = await advance(job, { modules: [greet], fuel: 500 });
 * const { output } = await advanceStored({ ...paused, state: [] }, { modules: [greet] });
 * console.log(output.text()); // → Hello, Ada!
 * ```
 *
 * @throws what `advance` throws; JobError `job.damaged` if the journal is damaged
 */
export const advanceStored: Advance = advanceStoredOn(portablePlatform);

/**
 * Verifies all receipts of a job: runs it again from its beginning, with the answers in its journal and nothing from
 * the host, and compares the result of each slice.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'v', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const signer: JobSigner = await createSigner(new Uint8Array(32).fill(7));
 * const { job: ended } = await advance(job, { modules: [greet], signer });
 * const options: VerifyJobOptions = { modules: [greet], keys: [signer.key] };
 * const verified: VerifiedJob = await verifyJob(ended, options);
 * console.log(verified.output?.text(), verified.receipt?.failure); // → Hello, Ada! null
 * const [slice]: readonly SliceReceipt[] = ended.slices;
 * const forged = { ...ended, slices: [{ ...slice!, fuel: 1 }] };
 * await verifyJob(forged, options).catch(({ code }) => console.log(code)); // → job.receipt
 * const verify: VerifyJob = verifyJob;
 * console.log((await verify(ended, { modules: [greet] })).keys.length); // → 1
 * ```
 *
 * @throws JobError
 */
export const verifyJob: VerifyJob = verifyJobOn(portablePlatform);

export type { Advance, Advanced, AdvanceOptions, JobStatus } from './job/advance.ts';
export { type Agreement, type Claim, compareClaims } from './job/claims.ts';
export type { JobContext } from './job/context.ts';
export { createJob, type Job, type JobDefinition, type JobOptions, moduleHash } from './job/job.ts';
export type { KeepAnswer } from './job/journal.ts';
export type { JobModules } from './job/modules.ts';
export type { JobReceipt, JobSigner, SliceReceipt, StateMark } from './job/receipt.ts';
export { type JobProgress, type JobResult, progressOf, resultOf } from './job/result.ts';
export { createSigner } from './job/signing.ts';
export { isLasting, stateHashes } from './job/stored.ts';
export { readJob, writeJob } from './job/text.ts';
export type { VerifiedJob, VerifyJob, VerifyJobOptions } from './job/verify.ts';
