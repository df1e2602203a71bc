/**
 * What jobs are between their slices, in Redis: for each job one hash, whose fields are the job without its bytes, the
 * pieces of its snapshot under their SHA-256, and a line for each answer of the host; modules under theirs.
 *
 * A slice is stored by one script, and only if nobody else has stored one meanwhile. Everything expires.
 */
import type { Redis } from 'ioredis';
import { JobError } from 'quern/errors';
import { type Job, moduleHash, readJob, stateHashes, writeJob } from 'quern/job';

/**
 * Where and how long jobs are kept.
 *
 * Example: see `JobStore`.
 */
export interface StoreOptions {
  /** A client of `ioredis`; BullMQ can use the same server by another. */
  readonly connection: Redis;
  /** What all keys begin with. Default: `quern`. */
  readonly prefix?: string | undefined;
  /** Most bytes of a module, of an answer, and of what is stored of a job at once. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long a module or a job is kept after it was used last, in milliseconds. Default: a week. */
  readonly expireMs?: number | undefined;
}

/**
 * A job as it was stored last.
 *
 * Example: see `JobStore`.
 */
export interface StoredJob {
  readonly job: Job;
  /** Counts what was stored; the next must follow this one. */
  readonly version: number;
  readonly isCancelled: boolean;
}

const WEEK = 7 * 24 * 3600 * 1000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Stores a slice: KEYS = the job; ARGV = version before, time to live, number of fields, fields and values, fields to delete. */
const SAVE = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
local count = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'version', tonumber(ARGV[1]) + 1, unpack(ARGV, 4, 3 + count))
if #ARGV > 3 + count then redis.call('HDEL', KEYS[1], unpack(ARGV, 4 + count)) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

/** Keeps a line: KEYS = the job; ARGV = field, line, time to live. 0 where another line stands there. */
const KEEP = `
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 and redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

const pieceField = (hash: string): string => `piece:${hash}`;
const lineField = (index: number): string => `line:${index}`;

const refuse = (detail: string): Error => new JobError('job.store', { detail });

/** What Redis answers. @throws JobError where it does not, or refuses: full, read-only, not reachable */
const answerOf = async <T>(reply: Promise<T>): Promise<T> => {
  try {
    return await reply;
  } catch (cause) {
    throw new JobError('job.store', { cause, detail: (cause as Error).message });
  }
};

/**
 * Jobs and modules in Redis.
 *
 * ```ts
 * const options: StoreOptions = { connection, expireMs: 24 * 3600 * 1000 };
 * const store = new JobStore(options);
 * const hash: string = await store.putModule(wasm);
 * const { job }: StoredJob = await store.load('plug-ins', 'report-7', writeJob(first));
 * console.log(progressOf(job).fuel);
 * await store.cancel('plug-ins', 'report-7');
 * ```
 */
export class JobStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #maxBytes: number;
  readonly #expireMs: number;

  constructor({ connection, prefix = 'quern', maxBytes = MAX_BYTES, expireMs = WEEK }: StoreOptions) {
    this.#redis = connection;
    this.#prefix = prefix;
    this.#maxBytes = maxBytes;
    this.#expireMs = expireMs;
  }

  #keyOf(queue: string, id: string): string {
    return `${this.#prefix}:job:${queue}:${id}`;
  }
  #moduleKey(hash: string): string {
    return `${this.#prefix}:module:${hash}`;
  }

  /** Stores a module. @returns its SHA-256 @throws JobError beyond the limit */
  async putModule(bytes: Uint8Array): Promise<string> {
    if (bytes.length > this.#maxBytes)
      throw refuse(`a module of ${bytes.length} bytes; maxBytes is ${this.#maxBytes}`);
    const hash = moduleHash(bytes);
    await answerOf(this.#redis.set(this.#moduleKey(hash), Buffer.from(bytes), 'PX', this.#expireMs));
    return hash;
  }

  /** Finds a module. @returns null for one that is not there */
  async module(hash: string): Promise<Uint8Array | null> {
    const bytes = await answerOf(this.#redis.getBuffer(this.#moduleKey(hash)));
    if (bytes !== null) await answerOf(this.#redis.pexpire(this.#moduleKey(hash), this.#expireMs));
    return bytes;
  }

  /** The job as it was stored last. @param first the job as it was added, where nothing is stored */
  async load(queue: string, id: string, first: string): Promise<StoredJob> {
    const fields = await answerOf(this.#redis.hgetallBuffer(this.#keyOf(queue, id)));
    const textOf = (name: string): string | null => fields[name]?.toString() ?? null;
    const job = readJob(textOf('text') ?? first);
    const journal: string[] = [];
    for (let line = textOf(lineField(0)); line !== null; line = textOf(lineField(journal.length)))
      journal.push(line);
    // A piece that is missing is one that is cut off to nothing; the job says so itself.
    const state = stateHashes(job.slices).map((hash) => new Uint8Array(fields[pieceField(hash)] ?? []));
    const isCancelled = fields['cancelled'] !== undefined;
    return { job: { ...job, journal, state }, version: Number(textOf('version') ?? 0), isCancelled };
  }

  /** Keeps an answer of the host. @throws JobError where another worker has kept another */
  async keep(queue: string, id: string, line: string, index: number): Promise<void> {
    if (line.length > this.#maxBytes)
      throw refuse(`an answer of ${line.length} bytes; maxBytes is ${this.#maxBytes}`);
    const key = this.#keyOf(queue, id);
    const kept = await answerOf(this.#redis.eval(KEEP, 1, key, lineField(index), line, this.#expireMs));
    if (kept !== 1) throw refuse(`another worker has kept answer ${index}`);
  }

  /** Stores a job after a slice. @throws JobError where another worker has stored it meanwhile, or beyond the limit */
  async save(queue: string, id: string, job: Job, before: StoredJob): Promise<void> {
    const text = writeJob({ ...job, journal: [], state: [] });
    const hashes = stateHashes(job.slices);
    const old = stateHashes(before.job.slices);
    const values: (string | Buffer)[] = ['text', text];
    let size = text.length;
    hashes.forEach((hash, i) => {
      if (old.includes(hash)) return;
      size += job.state[i]!.length;
      values.push(pieceField(hash), Buffer.from(job.state[i]!));
    });
    if (size > this.#maxBytes) throw refuse(`a job of ${size} bytes; maxBytes is ${this.#maxBytes}`);
    const gone = old.filter((hash) => !hashes.includes(hash)).map(pieceField);
    const args = [String(before.version), this.#expireMs, values.length, ...values, ...gone];
    const saved = await answerOf(this.#redis.eval(SAVE, 1, this.#keyOf(queue, id), ...args));
    if (saved !== 1) throw refuse('another worker has advanced the job');
  }

  /** Marks a job as cancelled: its next slice is not run. */
  async cancel(queue: string, id: string): Promise<void> {
    const key = this.#keyOf(queue, id);
    await answerOf(this.#redis.hset(key, 'cancelled', '1'));
    await answerOf(this.#redis.pexpire(key, this.#expireMs));
  }
}
