/** The target of a session: a call, with the instances that its code runs on. */
import type { Execution } from '../interpreter/calls/execution.ts';
import type { RunResult } from '../interpreter/calls/outcome.ts';
import type { ModuleInstance } from '../interpreter/instances/module-instance.ts';
import type { CallState } from '../interpreter/loop/machine-state.ts';

/**
 * An instance with a name for people.
 *
 * Example: see `Stop`.
 */
export interface NamedInstance {
  readonly name: string;
  readonly instance: ModuleInstance;
}

/** The state of a target at one moment, to go back to. */
export interface SavedTarget {
  /** State of the instances and of the call. The target identifies other state by this object. */
  readonly bytes: Uint8Array;
}

/** A call that can be debugged. */
export interface DebugTarget {
  /** In the order in which they were linked. */
  readonly instances: readonly NamedInstance[];
  /** Of the call, outermost first; empty before it begins and after it has ended. */
  readonly executions: readonly Execution[];
  /** Runs until the call stops or ends. Does not reject because of the guest. */
  run(): Promise<RunResult>;
  /** Stops a running call as soon as possible. */
  pause(): void;
  /** Called when the guest reports an error to its host. */
  onGuestError: ((m: CallState) => void) | null;
  /** The message with which the guest has reported failure, or null. */
  readonly guestError: string | null;
  /** The result of the call, in a line for people; empty before it has ended. */
  readonly summary: string;
  /** Whether the call has failed; false before it has ended. */
  readonly hasFailed: boolean;
  /** The current state; null if it cannot be saved. */
  save(): SavedTarget | null;
  /** Goes back to a state, in place. */
  load(saved: SavedTarget): void;
  /** Why the call cannot go back; null if it can. */
  readonly noHistory: string | null;
  /** The session has ended: nothing of it stays. */
  end(): void;
}
