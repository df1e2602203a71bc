/** The database that pg-boss uses, with typed errors, transactions, and the tables made on first use. */
import type { Db, PgBoss } from 'pg-boss';
import { isQuernError, JobError } from 'quern/errors';
import { checkSchema, TABLES_VERSION, tablesSql } from './tables.ts';

/** The error of what cannot be stored, or is not there. */
export const refuse = (detail: string): Error => new JobError('job.store', { detail });

/** Makes what a database throws an error of Quern's. */
const typed = (cause: unknown): Error =>
  isQuernError(cause)
    ? (cause as Error)
    : new JobError('job.store', {
        cause,
        detail: cause instanceof Error ? cause.message : String(cause),
      });

/**
 * A row as the driver gives it.
 *
 * Example: see `Transaction`.
 */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Runs statements; in a transaction, all of them take effect together.
 *
 * Example: see `Transaction`.
 */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/**
 * A transaction: what runs statements, and what pg-boss takes as `db`.
 *
 * ```ts
 * await new JobStore({ boss }).transaction(async (transaction: Transaction) => {
 *   const query: Query = transaction.query;
 *   const rows: readonly Row[] = await query('SELECT count(*) FROM quern.job WHERE status = $1', ['active']);
 *   await boss.send('statistics', { active: Number(rows[0]?.['count']) }, { db: transaction.db });
 * });
 * ```
 */
export interface Transaction {
  readonly query: Query;
  readonly db: Db;
}

const queryOf =
  (db: Db): Query =>
  async (sql, values = []) => {
    try {
      return (await db.executeSql(sql, [...values])).rows as readonly Row[];
    } catch (cause) {
      throw typed(cause);
    }
  };

/** What was begun of a schema, once for each instance of pg-boss. */
const begun = new WeakMap<PgBoss, Map<string, Promise<void>>>();

/** A schema of jobs beside pg-boss's own. */
export class Database {
  readonly boss: PgBoss;
  readonly schema: string;

  /** @throws UsageError */
  constructor(boss: PgBoss, schema: string) {
    this.boss = boss;
    this.schema = checkSchema(schema);
  }

  /** Makes the tables where they are not there. @throws JobError */
  start(): Promise<void> {
    const { boss, schema } = this;
    const known = begun.get(boss) ?? new Map<string, Promise<void>>();
    begun.set(boss, known);
    let started = known.get(schema);
    if (started === undefined) {
      started = this.#start();
      known.set(schema, started);
      // What failed is tried again.
      started.catch(() => known.delete(schema));
    }
    return started;
  }

  async #start(): Promise<void> {
    const versions = (query: Query): Promise<readonly Row[]> =>
      query(`SELECT version FROM ${this.schema}.version`);
    const { boss, schema } = this;
    const [there] = await queryOf(boss.getDb())('SELECT to_regclass($1) IS NOT NULL AS there', [
      `${schema}.agreement`,
    ]);
    if (there?.['there'] !== true)
      await this.#transaction(async ({ query }) => {
        // Of several that begin at once, one makes them.
        await query('SELECT pg_advisory_xact_lock(hashtext($1))', [`quern ${schema}`]);
        for (const statement of tablesSql(schema).split(';'))
          if (statement.trim() !== '') await query(statement);
      });
    const [row] = await versions(queryOf(boss.getDb()));
    if (row?.['version'] !== TABLES_VERSION)
      throw refuse(
        `tables of version ${row?.['version']} in the schema "${schema}"; this one uses ${TABLES_VERSION}`,
      );
  }

  /** Runs a statement by itself. @throws JobError */
  async query(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    await this.start();
    return queryOf(this.boss.getDb())(sql, values);
  }

  /** Runs statements of which all take effect, or none. @param db a transaction of the caller's @throws JobError */
  async transaction<T>(run: (transaction: Transaction) => Promise<T>, db?: Db | undefined): Promise<T> {
    await this.start();
    return db === undefined ? this.#transaction(run) : this.#running(run, db);
  }

  async #running<T>(run: (transaction: Transaction) => Promise<T>, db: Db): Promise<T> {
    try {
      return await run({ query: queryOf(db), db });
    } catch (cause) {
      throw typed(cause);
    }
  }

  async #transaction<T>(run: (transaction: Transaction) => Promise<T>): Promise<T> {
    const database = this.boss.getDb();
    if (database.beginTransaction === undefined)
      throw refuse(
        'the db of pg-boss has no beginTransaction, which stores a slice and sends the next at once',
      );
    const open = await database.beginTransaction().catch((cause: unknown) => {
      throw typed(cause);
    });
    try {
      const value = await this.#running(run, open.db);
      await open.commit();
      return value;
    } catch (cause) {
      await open.rollback();
      throw typed(cause);
    }
  }
}
