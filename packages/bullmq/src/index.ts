/** Durable jobs of Quern on BullMQ: see docs/jobs.md. */
export { type Agreement, agree, agreementFlow, type Claim, compareClaims } from './agree.ts';
export {
  addJob,
  type ProcessorOptions,
  type QuernData,
  type QuernProgress,
  type QuernResult,
  quernProcessor,
} from './processor.ts';
export { JobStore, type StoredJob, type StoreOptions } from './store.ts';
