/** One call of a WASI function: its operands, and what its code may use and return. */
import type { Caller } from '../../interpreter/instances/module-instance.ts';
import type { Layout, WasiWork } from './abi.ts';
import type { Errno } from './errno.ts';
import { GuestMemory } from './guest-memory.ts';
import type { Preview1 } from './program.ts';

/** Operands of one call. */
export interface WasiCall {
  /** Memory of the caller; stale after waiting, see `memoryOf`. */
  readonly memory: GuestMemory;
  readonly caller: Caller;
  readonly layout: Layout;
  /** Parameter `i` as an unsigned number. */
  u32(i: number): number;
  /** Parameter `i` as an unsigned 64-bit value. */
  u64(i: number): bigint;
  /** Counts bytes that cross the boundary, for the charge. */
  moved(byteCount: number): void;
  /** Counts work of another kind, for the charge. */
  did(work: WasiWork, count: number): void;
}

/**
 * The result of a function; a promise pauses the call, and the function that it resolves to is run when the call
 * resumes.
 */
export type WasiAnswer = Errno | Promise<() => Errno>;

/** The current memory of the caller. */
export const memoryOf = (wasi: Preview1, caller: Caller): GuestMemory =>
  new GuestMemory(caller.instance?.memory0 ?? wasi.memory);
