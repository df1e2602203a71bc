/** Jobs as texts, for files and databases. */
import { badArgument } from '../errors/arguments.ts';
import { isRecord } from '../errors/checks.ts';
import { decodeBase64, encodeBase64 } from '../host/manifest/base64.ts';
import { JOB_VERSION } from './canonical.ts';
import { createJob, damagedJob, type Job } from './job.ts';
import type { SliceReceipt } from './receipt.ts';

/**
 * Writes a job as JSON text.
 *
 * ```js
 * const job = createJob({ id: 'twice', modules: { main: moduleHash(doubleWasm) }, function: 'double' });
 * console.log(readJob(writeJob(job)).id); // → twice
 * ```
 */
export const writeJob = (job: Job): string => {
  if (!isRecord(job)) throw badArgument('a job must be an object');
  const { input, state, output, ...rest } = job;
  return JSON.stringify({
    ...rest,
    input: encodeBase64(input),
    state: state.map(encodeBase64),
    output: output === null ? null : encodeBase64(output),
  });
};

const bytesOf = (value: unknown, what: string): Uint8Array => {
  const bytes = typeof value === 'string' ? decodeBase64(value) : null;
  if (bytes === null) throw damagedJob(`its ${what} is not base64`);
  return bytes;
};

const listOf = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw damagedJob(`its ${what} is not a list`);
  return value;
};

/** Whether a value has the form of the receipt of a slice, as far as a job relies on it before verification. */
const isSlice = (value: unknown): value is SliceReceipt =>
  isRecord(value) &&
  ['limit', 'fuel', 'answers'].every((key) => Number.isSafeInteger(value[key])) &&
  typeof value['transcriptHash'] === 'string' &&
  (value['state'] === null || isRecord(value['state'])) &&
  (value['end'] === null || isRecord(value['end']));

/**
 * Reads what `writeJob` wrote.
 *
 * ```js
 * const job = createJob({ id: 'twice', modules: { main: moduleHash(doubleWasm) }, function: 'double', input: 'x' });
 * console.log(readJob(writeJob(job)).input.length); // → 1
 * ```
 *
 * @throws JobError `job.damaged`
 */
export const readJob = (text: string): Job => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damagedJob('it is not JSON', cause);
  }
  if (!isRecord(value) || value['version'] !== JOB_VERSION)
    throw damagedJob('it is not a job of this version');
  const { id, modules, function: name, options, fuel } = value as never as Job;
  const input = bytesOf(value['input'], 'input');
  let job: Job;
  try {
    job = createJob({ id, modules, function: name, options, fuel, input });
  } catch (cause) {
    throw damagedJob('its definition is invalid', cause);
  }
  const journal = listOf(value['journal'], 'journal');
  if (!journal.every((line) => typeof line === 'string'))
    throw damagedJob('its journal is not a list of lines');
  const slices = listOf(value['slices'], 'chain of receipts');
  if (!slices.every(isSlice)) throw damagedJob('a receipt of a slice is invalid');
  return {
    ...job,
    journal: journal as readonly string[],
    slices,
    state: listOf(value['state'], 'state').map((piece) => bytesOf(piece, 'snapshot')),
    output: value['output'] === null ? null : bytesOf(value['output'], 'output'),
  };
};
