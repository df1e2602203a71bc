/**
 * Entry point for users of the engine alone, after the spec's appendix "Embedding": decode, validate, compile,
 * instantiate, invoke. Values cross as raw bits (`RawValue`), so that no bit of a NaN is lost.
 */
export { decodeModule } from './decoder/decode-module.ts';
export type { BytesLike } from './errors/bytes.ts';
export type { BacktraceFrame } from './errors/errors.ts';
export type { Execution } from './interpreter/calls/execution.ts';
export { invoke, startExecution } from './interpreter/calls/invoke.ts';
export type { ExecutionOptions } from './interpreter/calls/options.ts';
export type { PauseReason, RunResult } from './interpreter/calls/outcome.ts';
export {
  type ScheduledThread,
  Scheduler,
  type SchedulerClock,
  type SchedulerOptions,
} from './interpreter/calls/scheduler.ts';
export { CompiledModule } from './interpreter/code/compiled-module.ts';
export { defineSchedule } from './interpreter/fuel/check-schedule.ts';
export { type FuelSchedule, flat1, quern1, schedules, wasmtime46 } from './interpreter/fuel/schedules.ts';
export { ExceptionInstance, makeException } from './interpreter/instances/exception.ts';
export { GlobalInstance } from './interpreter/instances/global.ts';
export { type HostResult, hostFunction, rawHostFunction } from './interpreter/instances/host-function.ts';
export { MemoryInstance } from './interpreter/instances/memory.ts';
export {
  openSharedMemory,
  type SharedMemoryHandle,
  shareMemory,
} from './interpreter/instances/memory-handle.ts';
export {
  type Caller,
  type ExternInstance,
  FuncInstance,
  type HostWrite,
  type ModuleInstance,
  type RawHostCode,
} from './interpreter/instances/module-instance.ts';
export { Store, type StoreOptions } from './interpreter/instances/store.ts';
export { TableInstance } from './interpreter/instances/table.ts';
export { TagInstance } from './interpreter/instances/tag.ts';
export type { RawValue, Ref } from './interpreter/instances/values.ts';
export type { Waiter } from './interpreter/instances/waiters.ts';
export {
  compileModule,
  type ImportResolver,
  type InstantiateOptions,
  instantiate,
} from './interpreter/instantiate/instantiate.ts';
export type { FindHostValue } from './interpreter/snapshot/reference-reader.ts';
export type { NameHostValue } from './interpreter/snapshot/reference-writer.ts';
export {
  restoreSnapshot,
  type SnapshotSource,
  type SnapshotTarget,
  takeSnapshot,
} from './interpreter/snapshot/snapshot.ts';
export { funcDefType } from './syntax/canonical-types.ts';
export {
  defaultFeatures,
  type FeatureKey,
  type FeatureRow,
  type Features,
  featureTable,
} from './syntax/features.ts';
export type { FuelClass } from './syntax/instruction-row.ts';
export type { Export, ExternKind, Import, ImportType, Module } from './syntax/module.ts';
export { valTypeName } from './syntax/type-names.ts';
export {
  type DefType,
  EXTERNREF,
  F32,
  F64,
  FUNCREF,
  type FuncType,
  type GlobalType,
  I32,
  I64,
  type Limits,
  type MemoryType,
  type TableType,
  type TagType,
  V128,
  type ValType,
} from './syntax/types.ts';
export { validateModule } from './validator/validate-module.ts';
