/** Durable jobs of Quern on pg-boss: see docs/jobs.md. */
export { addAgreement, agree } from './agree.ts';
export type { Query, Row, Transaction } from './database.ts';
export type { JobEntry, SliceEnd, SliceOptions, StoredJob, StoredStatus } from './rows.ts';
export { JobStore, type StoreOptions } from './store.ts';
export { tablesSql } from './tables.ts';
export { type AddOptions, addJob, quernWorker, type SliceData, type WorkerOptions } from './worker.ts';
