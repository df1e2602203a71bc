/** What the tables hold of jobs, and how it is read. */
import type { SendOptions } from 'pg-boss';
import { type Job, type JobProgress, type JobResult, readJob, stateHashes } from 'quern/job';
import type { Row } from './database.ts';

/**
 * How pg-boss sends the slices of a job: the options of `send` that hold for each of them.
 *
 * Example: see `addJob`.
 */
export type SliceOptions = {
  readonly [Name in
    | 'priority'
    | 'retryLimit'
    | 'retryDelay'
    | 'retryBackoff'
    | 'retryDelayMax'
    | 'expireInSeconds'
    | 'heartbeatSeconds'
    | 'retentionSeconds'
    | 'deleteAfterSeconds'
    | 'group'
    | 'deadLetter']?: SendOptions[Name] | undefined;
};

/**
 * Where a job is: running or waiting for its turn; over, by a return or by a failure; or cancelled.
 *
 * Example: see `JobStore`.
 */
export type StoredStatus = 'active' | 'done' | 'failed' | 'cancelled';

/**
 * What a store says of a job.
 *
 * Example: see `JobStore`.
 */
export interface JobEntry {
  readonly status: StoredStatus;
  /** Null before the first slice. */
  readonly progress: JobProgress | null;
  /** Null before the end, and for a job that was cancelled or given up. */
  readonly result: JobResult | null;
  /** Code of what the job failed with, or was given up for; null for others. */
  readonly error: string | null;
}

/**
 * A job as it was stored last.
 *
 * Example: see `JobStore`.
 */
export interface StoredJob extends JobEntry {
  readonly job: Job;
  /** Counts what was stored; the next must follow this one. */
  readonly version: number;
  /** Id of the slice in the queue that the job continues with; any other has no effect. */
  readonly sent: string;
  readonly sliceOptions: SliceOptions;
}

/**
 * What becomes of a job with a slice.
 *
 * Example: see `JobStore`.
 */
export interface SliceEnd {
  readonly status: StoredStatus;
  readonly job: Job;
  readonly result?: JobResult | null;
  readonly error?: string | null;
  /** Milliseconds until it continues, if it waits. */
  readonly waitMs?: number;
}

/** Bytes as drivers give them: a buffer, or hexadecimal digits after `\\x`. */
export const bytesOf = (value: unknown): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value.slice(2), 'hex') : new Uint8Array(value as Uint8Array);
/** JSON as drivers give it: read, or as a text. */
export const jsonOf = <T>(value: unknown): T | null =>
  (typeof value === 'string' ? JSON.parse(value) : (value ?? null)) as T | null;

/** Texts of a kind, as far as their numbers follow each other from 0. */
const textsOf = (rows: readonly Row[], kind: string): string[] => {
  const texts: string[] = [];
  const own = rows.filter((row) => row['kind'] === kind);
  for (const row of own.sort((a, b) => Number(a['number']) - Number(b['number']))) {
    if (Number(row['number']) !== texts.length) break;
    texts.push(String(row['text']));
  }
  return texts;
};

/** The job of a definition with the receipts of its slices. @throws JobError, SyntaxError */
const jobOf = (definition: string, receipts: readonly string[]): Job => {
  if (receipts.length === 0) return readJob(definition);
  const slices = receipts.map((text): unknown => JSON.parse(text));
  return readJob(JSON.stringify({ ...JSON.parse(definition), slices }));
};

/** The columns of a row that `entryOf` reads. */
export const ENTRY_COLUMNS = 'status, progress, result, error';

/** What a row says of a job. */
export const entryOf = (row: Row): JobEntry => ({
  status: row['status'] as StoredStatus,
  progress: jsonOf(row['progress']),
  result: jsonOf(row['result']),
  error: (row['error'] ?? null) as string | null,
});

/**
 * The job of its rows, each with its kind. Receipts of slices that cannot be read are left out: the job begins again.
 *
 * @returns null for no rows
 * @throws JobError for a definition that is damaged
 */
export const storedOf = (rows: readonly Row[]): StoredJob | null => {
  const row = rows.find(({ kind }) => kind === 'job');
  if (row === undefined) return null;
  const definition = String(row['text']);
  let job: Job;
  try {
    job = jobOf(definition, textsOf(rows, 'slice'));
  } catch {
    job = readJob(definition);
  }
  const pieces = new Map(
    rows.filter(({ kind }) => kind === 'piece').map(({ text, bytes }) => [text, bytesOf(bytes)]),
  );
  // A piece that is missing is one that is cut off to nothing; the job says so itself.
  const state = stateHashes(job.slices).map((hash) => pieces.get(hash) ?? new Uint8Array(0));
  const entry = jsonOf<Row>(row['entry'])!;
  return {
    ...entryOf(entry),
    job: { ...job, state, journal: textsOf(rows, 'answer') },
    version: Number(row['number']),
    sent: String(entry['sent']),
    sliceOptions: entry['options'] as SliceOptions,
  };
};
