/** Pools of Quern on worker threads: see the README of the package. */
export type { DataOptions, ThreadModule } from './messages.ts';
export { advanceOn, createPool, type PoolOptions, type ThreadAdvanceOptions, ThreadPool } from './pool.ts';
export { Threads, type ThreadsOptions } from './threads.ts';
