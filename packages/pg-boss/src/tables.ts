/**
 * The tables of jobs, in a schema of their own. They are made on first use; who may not make any runs `tablesSql` as
 * someone who may.
 */
import { UsageError } from 'quern/errors';

/** The schema where none is named. */
export const DEFAULT_SCHEMA = 'quern';

/** Version of the tables; jobs of another one are refused. */
export const TABLES_VERSION = 1;

/** SAFETY: names stand in statements as they are. @throws UsageError */
export const checkSchema = (schema: string): string => {
  if (typeof schema === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema;
  throw new UsageError('usage.argument', {
    detail: 'schema must be a name of small letters, digits and underscores',
  });
};

/**
 * The statements that make the tables. They do nothing where the tables are there.
 *
 * ```ts
 * const sql: string = tablesSql('quern');
 * ```
 *
 * @throws UsageError
 */
export const tablesSql = (schema: string = DEFAULT_SCHEMA): string => {
  const s = checkSchema(schema);
  const ofJob = `
    queue text NOT NULL,
    id text NOT NULL,
    FOREIGN KEY (queue, id) REFERENCES ${s}.job ON DELETE CASCADE`;
  return `
  CREATE SCHEMA IF NOT EXISTS ${s};
  CREATE TABLE IF NOT EXISTS ${s}.version (version int NOT NULL);
  INSERT INTO ${s}.version SELECT ${TABLES_VERSION} WHERE NOT EXISTS (SELECT FROM ${s}.version);
  CREATE TABLE IF NOT EXISTS ${s}.module (
    hash text PRIMARY KEY,
    bytes bytea NOT NULL,
    expires_on timestamptz NOT NULL
  );
  CREATE TABLE IF NOT EXISTS ${s}.job (
    queue text NOT NULL,
    id text NOT NULL,
    -- The job as it was added, and hashes of its modules.
    definition text NOT NULL,
    modules text[] NOT NULL,
    -- active, done, failed, cancelled
    status text NOT NULL DEFAULT 'active',
    -- Counts what was stored.
    version int NOT NULL DEFAULT 0,
    progress json,
    result json,
    -- Code of what the job was given up for.
    error text,
    -- How pg-boss is to send its slices, and the one that it was sent last.
    send_options json NOT NULL,
    sent text,
    -- The queue of the agreement that it is part of.
    judge text,
    expires_on timestamptz NOT NULL,
    PRIMARY KEY (queue, id)
  );
  CREATE INDEX IF NOT EXISTS job_expires ON ${s}.job (expires_on);
  CREATE INDEX IF NOT EXISTS job_judge ON ${s}.job (judge, id) WHERE judge IS NOT NULL;
  CREATE TABLE IF NOT EXISTS ${s}.slice (${ofJob},
    number int NOT NULL,
    receipt text NOT NULL,
    PRIMARY KEY (queue, id, number)
  );
  CREATE TABLE IF NOT EXISTS ${s}.answer (${ofJob},
    number int NOT NULL,
    line text NOT NULL,
    PRIMARY KEY (queue, id, number)
  );
  CREATE TABLE IF NOT EXISTS ${s}.piece (${ofJob},
    hash text NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (queue, id, hash)
  );
  CREATE TABLE IF NOT EXISTS ${s}.agreement (
    queue text NOT NULL,
    id text NOT NULL,
    members text[] NOT NULL,
    result json,
    expires_on timestamptz NOT NULL,
    PRIMARY KEY (queue, id)
  );`;
};
