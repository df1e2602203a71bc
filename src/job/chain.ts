/**
 * Receipts of jobs: the result of a job, and a chain of the results of its slices. Each link contains the hash of the
 * preceding one, so that the last one vouches for all of them; its maker can sign it.
 */

import type { CallResult } from '../host/plugin/calling.ts';
import { failureCode } from '../host/replay/session.ts';
import { hexOf } from '../syntax/hex.ts';
import { sha256Hex } from '../syntax/sha256.ts';
import { bytesOfHex, hashOf, JOB_VERSION } from './canonical.ts';
import { damagedJob, type Job, jobHash } from './job.ts';
import type { JobReceipt, JobSigner, SliceReceipt, StateMark } from './receipt.ts';

/** The hash of a link, and so of all preceding links; signatures sign it. */
export const linkHash = ({ signature: _, ...rest }: SliceReceipt): string => hashOf(rest);

/** The last link of a job; null before the first. */
export const lastSlice = ({ slices }: Job): SliceReceipt | null => slices[slices.length - 1] ?? null;

/** The progress of a job, for its next link. */
export interface Progress {
  readonly limit: number;
  readonly fuel: number;
  readonly answers: number;
  readonly transcriptHash: string;
  readonly state: StateMark | null;
  readonly end: JobReceipt | null;
}

/** The link that follows the last one of a job. @throws what the signer throws */
export const nextLink = async (
  job: Job,
  progress: Progress,
  signer: JobSigner | null,
): Promise<SliceReceipt> => {
  const last = lastSlice(job);
  const link: SliceReceipt = {
    version: JOB_VERSION,
    job: jobHash(job),
    slice: job.slices.length,
    previous: last === null ? null : linkHash(last),
    ...progress,
    key: signer === null ? null : signer.key,
    signature: null,
  };
  if (signer === null) return link;
  return { ...link, signature: hexOf(await signer.sign(bytesOfHex(linkHash(link)))) };
};

/** How a call ended: it returned, or was aborted by an error. */
export type CallEnd =
  | { readonly result: CallResult; readonly memoryHash: string }
  | { readonly error: unknown };

/** The result of a job. */
export const receiptOfJob = (
  job: Job,
  end: CallEnd,
  { fuel, answers, transcriptHash }: Pick<Progress, 'fuel' | 'answers' | 'transcriptHash'>,
  schedule: string,
): JobReceipt => {
  const result = 'result' in end ? end.result : null;
  return {
    version: JOB_VERSION,
    job: jobHash(job),
    modules: job.modules,
    function: job.function,
    inputHash: sha256Hex(job.input),
    outputHash: result === null || result.output === null ? null : sha256Hex(result.output.bytes()),
    returnCode: result?.returnCode ?? 0,
    error: result?.error ?? null,
    failure: 'error' in end ? failureCode(end.error) : null,
    fuel,
    schedule,
    memoryHash: 'memoryHash' in end ? end.memoryHash : null,
    answers,
    transcriptHash,
  };
};

/** Whether a job that has ended has succeeded. */
export const isSuccess = ({ failure, error, returnCode }: JobReceipt): boolean =>
  failure === null && error === null && returnCode === 0;

/** The pieces of the snapshot from which a job resumes, checked against its last link. @throws JobError */
export const stateOf = (job: Job): readonly Uint8Array[] => {
  const mark = lastSlice(job)?.state ?? null;
  const { state } = job;
  const piece = state[state.length - 1];
  if (mark === null && piece === undefined) return state;
  if (mark === null || piece === undefined) throw damagedJob('its snapshot and its receipts do not match');
  state.forEach(({ length }, i) => {
    const slice = job.slices.length - state.length + i;
    const named = job.slices[slice]?.state ?? null;
    const isFirst = named?.kind === 'whole';
    if (named?.byteLength !== length || isFirst !== (i === 0))
      throw damagedJob(`the snapshot of slice ${slice} is not the one that its receipt names`);
  });
  // The others precede this one, and the snapshot has a checksum.
  if (sha256Hex(piece) !== mark.hash)
    throw damagedJob(`the snapshot of slice ${job.slices.length - 1} is not the one that its receipt names`);
  return state;
};
