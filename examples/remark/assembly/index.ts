/** A library, not a plug-in: provides the host function of the counter example when it is linked to it. */
import { Memory } from '@extism/as-pdk';

/** Ends the plug-in on a failed assertion; the backtrace then shows where. */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}

/** Returns a remark on a total, as a block of the kernel memory that all modules of a plug-in share. */
export function remark(total: i64): u64 {
  return Memory.allocateString(total < 10 ? 'a few' : 'plenty').offset;
}
