/**
 * What jobs are between their slices, in tables of PostgreSQL: a row for each job, with the receipt of each slice, the
 * pieces of its snapshot under their SHA-256 and a line for each answer of the host beside it; modules under theirs.
 *
 * A slice is stored only if nobody else has stored one meanwhile. Everything expires.
 */
import { randomUUID } from 'node:crypto';
import type { Db, PgBoss, SendOptions } from 'pg-boss';
import {
  type Agreement,
  type Claim,
  type Job,
  moduleHash,
  progressOf,
  stateHashes,
  writeJob,
} from 'quern/job';
import { Database, type Query, refuse, type Transaction } from './database.ts';
import {
  bytesOf,
  ENTRY_COLUMNS,
  entryOf,
  type JobEntry,
  jsonOf,
  type SliceEnd,
  type SliceOptions,
  type StoredJob,
  storedOf,
} from './rows.ts';
import { DEFAULT_SCHEMA } from './tables.ts';

/**
 * Where and how long jobs are kept.
 *
 * Example: see `JobStore`.
 */
export interface StoreOptions {
  /** An instance that was started. Its `db` must have transactions, as the one that pg-boss makes by itself has. */
  readonly boss: PgBoss;
  /** Name of the schema of the tables. Default: `quern`. */
  readonly schema?: string | undefined;
  /** Most bytes of a module, of an answer, and of what is stored of a job at once. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long a module or a job is kept after it was used last, in milliseconds. Default: a week. */
  readonly expireMs?: number | undefined;
}

const WEEK = 7 * 24 * 3600 * 1000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Jobs and modules in PostgreSQL.
 *
 * ```ts
 * const options: StoreOptions = { boss, expireMs: 24 * 3600 * 1000 };
 * const store = new JobStore(options);
 * const hash: string = await store.putModule(wasm);
 * const entry: JobEntry | null = await store.find('plug-ins', 'report-7');
 * const status: StoredStatus = entry?.status ?? 'active';
 * if (status === 'done') console.log(entry?.result?.receipt.fuel);
 * else await store.cancel('plug-ins', 'report-7');
 * // What a worker does:
 * const stored: StoredJob | null = await store.load('plug-ins', 'report-7');
 * const end: SliceEnd = { status: 'active', job: stored!.job };
 * await store.transaction((transaction) => store.save('plug-ins', stored!, end, transaction));
 * ```
 */
export class JobStore {
  readonly boss: PgBoss;
  readonly #database: Database;
  readonly #maxBytes: number;
  readonly #expireMs: number;

  /** @throws UsageError for a schema whose name is none */
  constructor({ boss, schema = DEFAULT_SCHEMA, maxBytes = MAX_BYTES, expireMs = WEEK }: StoreOptions) {
    this.boss = boss;
    this.#database = new Database(boss, schema);
    this.#maxBytes = maxBytes;
    this.#expireMs = expireMs;
  }

  #table(name: 'module' | 'job' | 'slice' | 'answer' | 'piece' | 'agreement'): string {
    return `${this.#database.schema}.${name}`;
  }
  /** When something expires that is used now, or after a while. */
  #expiry(afterMs = 0): string {
    return `now() + ${Math.ceil(this.#expireMs + afterMs)} * interval '1 millisecond'`;
  }

  /** Makes the tables where they are not there; everything else does it by itself. @throws JobError */
  start(): Promise<void> {
    return this.#database.start();
  }

  /** Runs what takes effect together. @param db a transaction of the caller's @throws JobError */
  transaction<T>(run: (transaction: Transaction) => Promise<T>, db?: Db | undefined): Promise<T> {
    return this.#database.transaction(run, db);
  }

  /** Stores a module. @returns its SHA-256 @throws JobError beyond the limit */
  async putModule(bytes: Uint8Array): Promise<string> {
    return this.transaction(({ query }) => this.#putModule(bytes, query));
  }

  async #putModule(bytes: Uint8Array, query: Query): Promise<string> {
    if (bytes.length > this.#maxBytes)
      throw refuse(`a module of ${bytes.length} bytes; maxBytes is ${this.#maxBytes}`);
    const hash = moduleHash(bytes);
    await query(
      `INSERT INTO ${this.#table('module')} VALUES ($1, $2, ${this.#expiry()})
       ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes, expires_on = excluded.expires_on`,
      [hash, Buffer.from(bytes)],
    );
    return hash;
  }

  /** Finds a module. @returns null for one that is not there */
  async module(hash: string): Promise<Uint8Array | null> {
    const [row] = await this.#database.query(
      `UPDATE ${this.#table('module')} SET expires_on = ${this.#expiry()} WHERE hash = $1 RETURNING bytes`,
      [hash],
    );
    return row === undefined ? null : bytesOf(row['bytes']);
  }

  /**
   * Adds a job that has not begun, and its first slice to the queue.
   *
   * @param judge the queue of the agreement that it is part of; null for none
   * @returns false where the queue has a job of this id already
   * @throws JobError
   */
  async add(
    queue: string,
    job: Job,
    sliceOptions: SliceOptions,
    modules: readonly Uint8Array[],
    transaction: Transaction,
    judge: string | null = null,
  ): Promise<boolean> {
    const { query } = transaction;
    const sent = randomUUID();
    // pg-boss refuses options that are there and undefined.
    const options = JSON.parse(JSON.stringify(sliceOptions)) as SendOptions;
    for (const bytes of modules) await this.#putModule(bytes, query);
    const definition = writeJob(job);
    if (definition.length > this.#maxBytes)
      throw refuse(`a job of ${definition.length} bytes; maxBytes is ${this.#maxBytes}`);
    const added = await query(
      `INSERT INTO ${this.#table('job')} (queue, id, definition, modules, send_options, sent, judge, expires_on)
       VALUES ($1, $2, $3, $4, $5, $6, $7, ${this.#expiry()}) ON CONFLICT DO NOTHING RETURNING id`,
      [queue, job.id, definition, Object.values(job.modules), JSON.stringify(options), sent, judge],
    );
    if (added.length === 0) return false;
    await this.#send(queue, job.id, { ...options, id: sent }, transaction);
    return true;
  }

  /** Sends a slice, or an agreement. */
  async #send(queue: string, id: string, options: SendOptions, { db }: Transaction): Promise<void> {
    const sent = await this.boss.send(queue, { id }, { ...options, db });
    if (sent === null) throw refuse(`the queue "${queue}" does not take what is next of "${id}"`);
  }

  /** What became of a job. @returns null for one that is not there */
  async find(queue: string, id: string): Promise<JobEntry | null> {
    const [row] = await this.#database.query(
      `SELECT ${ENTRY_COLUMNS} FROM ${this.#table('job')} WHERE queue = $1 AND id = $2`,
      [queue, id],
    );
    return row === undefined ? null : entryOf(row);
  }

  /**
   * The job as it was stored last. Receipts of slices that cannot be read are left out: it begins again.
   *
   * @returns null for one that is not there
   * @throws JobError for a definition that is damaged
   */
  async load(queue: string, id: string): Promise<StoredJob | null> {
    // One statement, so that all rows are of one moment.
    const of = (table: 'slice' | 'answer' | 'piece', columns: string): string =>
      `UNION ALL SELECT '${table}', ${columns}, null FROM ${this.#table(table)} WHERE queue = $1 AND id = $2`;
    const rows = await this.#database.query(
      `SELECT 'job' AS kind, version AS number, definition AS text, null::bytea AS bytes,
         json_build_object('status', status, 'progress', progress, 'result', result, 'error', error, 'sent', sent,
           'options', send_options) AS entry
         FROM ${this.#table('job')} WHERE queue = $1 AND id = $2
       ${of('slice', 'number, receipt, null')}
       ${of('answer', 'number, line, null')}
       ${of('piece', '0, hash, bytes')}`,
      [queue, id],
    );
    return storedOf(rows);
  }

  /** Keeps an answer of the host. @throws JobError where another worker has kept another */
  async keep(queue: string, id: string, line: string, index: number): Promise<void> {
    if (line.length > this.#maxBytes)
      throw refuse(`an answer of ${line.length} bytes; maxBytes is ${this.#maxBytes}`);
    const answer = this.#table('answer');
    const kept = await this.#database.query(
      `INSERT INTO ${answer} AS old (queue, id, number, line) VALUES ($1, $2, $3, $4)
       ON CONFLICT (queue, id, number) DO UPDATE SET line = excluded.line WHERE old.line = excluded.line
       RETURNING number`,
      [queue, id, index, line],
    );
    if (kept.length === 0) throw refuse(`another worker has kept answer ${index}`);
  }

  /**
   * Stores a job after a slice: its snapshot, its receipt, and its next slice or its end.
   *
   * @throws JobError where another worker has stored it meanwhile, where it was cancelled, or beyond the limit
   */
  async save(queue: string, before: StoredJob, end: SliceEnd, transaction: Transaction): Promise<void> {
    const { job, status, result = null, error = null, waitMs = 0 } = end;
    const { id } = job;
    const { query } = transaction;
    const sent = randomUUID();
    const [row] = await query(
      `UPDATE ${this.#table('job')} SET version = version + 1, status = $4, progress = $5, result = $6, error = $7,
         sent = $8, expires_on = ${this.#expiry(waitMs)}
       WHERE queue = $1 AND id = $2 AND version = $3 AND status = 'active' RETURNING judge`,
      [
        ...[queue, id, before.version, status, JSON.stringify(progressOf(job))],
        ...[result === null ? null : JSON.stringify(result), error, sent],
      ],
    );
    if (row === undefined) throw refuse('another worker has advanced the job, or it was cancelled');
    await this.#saveSlices(queue, before.job, job, query);
    await this.#savePieces(queue, before.job, job, query);
    if (status !== 'active') await this.#judge(row['judge'], id, transaction);
    else {
      const wait = waitMs > 0 ? { startAfter: waitMs / 1000 } : {};
      await this.#send(
        queue,
        id,
        { ...(before.sliceOptions as SendOptions), ...wait, id: sent },
        transaction,
      );
    }
  }

  async #saveSlices(queue: string, before: Job, { id, slices }: Job, query: Query): Promise<void> {
    let common = 0;
    while (common < slices.length && slices[common] === before.slices[common]) common++;
    const table = this.#table('slice');
    if (common < before.slices.length || common === 0)
      await query(`DELETE FROM ${table} WHERE queue = $1 AND id = $2 AND number >= $3`, [queue, id, common]);
    for (let number = common; number < slices.length; number++)
      await query(`INSERT INTO ${table} (queue, id, number, receipt) VALUES ($1, $2, $3, $4)`, [
        ...[queue, id, number, JSON.stringify(slices[number])],
      ]);
  }

  async #savePieces(queue: string, before: Job, { id, slices, state }: Job, query: Query): Promise<void> {
    const table = this.#table('piece');
    const [old, hashes] = [stateHashes(before.slices), stateHashes(slices)];
    const isAnew = before.slices[0] !== slices[0] || slices.length === 0;
    const kept = isAnew ? [] : hashes.filter((hash) => old.includes(hash));
    if (isAnew || kept.length < old.length)
      await query(`DELETE FROM ${table} WHERE queue = $1 AND id = $2 AND hash <> ALL ($3)`, [
        queue,
        id,
        kept,
      ]);
    for (const [i, hash] of hashes.entries()) {
      if (kept.includes(hash)) continue;
      const piece = state[i]!;
      if (piece.length > this.#maxBytes)
        throw refuse(`a snapshot of ${piece.length} bytes; maxBytes is ${this.#maxBytes}`);
      await query(
        `INSERT INTO ${table} (queue, id, hash, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [queue, id, hash, Buffer.from(piece)],
      );
    }
  }

  /** Sends an agreement to its queue when the last of its jobs has ended. */
  async #judge(judge: unknown, id: string, transaction: Transaction): Promise<void> {
    if (typeof judge !== 'string') return;
    const { query } = transaction;
    // A later transaction waits here, and sees what the earlier one has done.
    await query(`SELECT id FROM ${this.#table('agreement')} WHERE queue = $1 AND id = $2 FOR UPDATE`, [
      judge,
      id,
    ]);
    const active = await query(
      `SELECT id FROM ${this.#table('job')} WHERE judge = $1 AND id = $2 AND status = 'active' LIMIT 1`,
      [judge, id],
    );
    if (active.length === 0) await this.#send(judge, id, { retryLimit: 1000, retryDelay: 1 }, transaction);
  }

  /** Ends a job: its next slice is not run, and one that runs is not stored. @returns false for one that is over */
  async cancel(queue: string, id: string): Promise<boolean> {
    return this.transaction(async (transaction) => {
      const { query, db } = transaction;
      const [row] = await query(
        `UPDATE ${this.#table('job')} SET version = version + 1, status = 'cancelled', expires_on = ${this.#expiry()}
         WHERE queue = $1 AND id = $2 AND status = 'active' RETURNING sent, judge`,
        [queue, id],
      );
      if (row === undefined) return false;
      await this.boss.cancel(queue, String(row['sent']), { db });
      await this.#judge(row['judge'], id, transaction);
      return true;
    });
  }

  /** Adds an agreement of the jobs of an id in several queues. @returns false where there is one of this id */
  async addAgreement(
    judge: string,
    id: string,
    members: readonly string[],
    { query }: Transaction,
  ): Promise<boolean> {
    const added = await query(
      `INSERT INTO ${this.#table('agreement')} (queue, id, members, expires_on)
       VALUES ($1, $2, $3, ${this.#expiry()}) ON CONFLICT DO NOTHING RETURNING id`,
      [judge, id, members],
    );
    return added.length > 0;
  }

  /** What the jobs of an agreement have come to, in its order. @returns null for one that is not there */
  async claims(judge: string, id: string): Promise<readonly Claim[] | null> {
    const rows = await this.#database.query(
      `SELECT name, j.result FROM ${this.#table('agreement')} AS a, unnest(members) WITH ORDINALITY AS m (name, place)
         LEFT JOIN ${this.#table('job')} AS j ON j.queue = name AND j.id = $2 AND j.judge = $1
       WHERE a.queue = $1 AND a.id = $2 ORDER BY place`,
      [judge, id],
    );
    if (rows.length === 0) return null;
    return rows.map(({ name, result }) => ({ name: String(name), result: jsonOf(result) }));
  }

  /** Stores what an agreement came to. */
  async saveAgreement(judge: string, id: string, agreement: Agreement): Promise<void> {
    await this.#database.query(
      `UPDATE ${this.#table('agreement')} SET result = $3, expires_on = ${this.#expiry()}
       WHERE queue = $1 AND id = $2`,
      [judge, id, JSON.stringify(agreement)],
    );
  }

  /** What an agreement came to; null before that. */
  async agreement(judge: string, id: string): Promise<Agreement | null> {
    const [row] = await this.#database.query(
      `SELECT result FROM ${this.#table('agreement')} WHERE queue = $1 AND id = $2`,
      [judge, id],
    );
    return jsonOf(row?.['result']);
  }

  /** Deletes what has expired; of the modules, those that no job names. Workers do it once a minute. */
  async deleteExpired(): Promise<void> {
    for (const table of ['job', 'agreement'] as const)
      await this.#database.query(`DELETE FROM ${this.#table(table)} WHERE expires_on < now()`);
    await this.#database.query(
      `DELETE FROM ${this.#table('module')} WHERE expires_on < now()
         AND NOT EXISTS (SELECT FROM ${this.#table('job')} WHERE hash = ANY (modules))`,
    );
  }
}
