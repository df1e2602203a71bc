/** Durable jobs of Quern on BullMQ: see docs/jobs.md. */
export { agree, agreementFlow } from './agree.ts';
export {
  type AddOptions,
  addJob,
  type ProcessorOptions,
  type QuernData,
  quernProcessor,
} from './processor.ts';
export { JobStore, type StoredJob, type StoreOptions } from './store.ts';
