/** One call of a WASI function: its operands, and what its code may use and answer. */
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
  /** Counts bytes that cross the border, for the bill. */
  moved(byteCount: number): void;
  /** Counts work of another kind, for the bill. */
  did(work: WasiWork, count: number): void;
}

/** What a function answers; a promise pauses the call, and what it resolves to is run when the call goes on. */
export type WasiAnswer = Errno | Promise<() => Errno>;

/** Memory of the caller as it is now. */
export const memoryOf = (wasi: Preview1, caller: Caller): GuestMemory =>
  new GuestMemory(caller.instance?.memory0 ?? wasi.memory);
