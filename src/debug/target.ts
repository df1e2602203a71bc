/** What a session debugs: a call, with the instances that its code runs on. */
import type { Execution } from '../interpreter/calls/execution.ts';
import type { RunResult } from '../interpreter/calls/outcome.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { CallState } from '../interpreter/loop/machine-state.ts';

/**
 * An instance with the name that people know it by.
 *
 * Example: see `Stop`.
 */
export interface NamedInstance {
  readonly name: string;
  readonly instance: ModuleInstance;
}

/** What a target was at one moment, to go back to. */
export interface SavedTarget {
  /** State of the instances and of the call. What else there is, the target knows by this object. */
  readonly bytes: Uint8Array;
}

/** A call that can be debugged. */
export interface DebugTarget {
  /** In the order in which they were linked. */
  readonly instances: readonly NamedInstance[];
  /** Of the call, outermost first; none before it begins and after it is over. */
  readonly executions: readonly Execution[];
  /** Runs until the call stands still or is over. Does not reject because of the guest. */
  run(): Promise<RunResult>;
  /** Lets a call that runs stand still at the next chance. */
  pause(): void;
  /** Told when the guest reports an error to its host. */
  onGuestError: ((m: CallState) => void) | null;
  /** The message that the guest has reported failure with; null for none. */
  readonly guestError: string | null;
  /** What the call has come to, in a line for people; empty before it is over. */
  readonly summary: string;
  /** Whether the call has failed; false before it is over. */
  readonly hasFailed: boolean;
  /** The state now; null where it cannot be had. */
  save(): SavedTarget | null;
  /** Goes back to a state, in place. */
  load(saved: SavedTarget): void;
  /** Why there is no going back; null where there is. */
  readonly noHistory: string | null;
  /** The session has ended: nothing of it stays. */
  end(): void;
}
