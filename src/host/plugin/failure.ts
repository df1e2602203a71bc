/**
 * Dumps of a failed call: the `onFailure` option. The plug-in is then as the failure left it, so dumps are made on
 * request, and only while the listener runs.
 */
import { encodeCoredump } from '../../interpreter/calls/coredump.ts';
import type { FailureListener } from '../../interpreter/calls/failure.ts';
import type { StackFrame } from '../../interpreter/calls/stack-frames.ts';
import type { ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { PluginFailure } from '../platform/platform.ts';

/** Records where executions of a call fail; a nested one fails first, with the same error. */
export class FailureFrames {
  #error: unknown = undefined;
  #frames: StackFrame[] = [];
  readonly listener: FailureListener = (error, frames) => {
    if (error !== this.#error) this.#frames = [];
    this.#error = error;
    this.#frames.push(...frames());
  };

  /** Frames of the call that failed with an error, innermost first. */
  of(error: unknown): readonly StackFrame[] {
    return error === this.#error ? this.#frames : [];
  }
}

/** The argument of `onFailure`. */
export const describeFailure = (
  error: unknown,
  frames: readonly StackFrame[],
  instances: readonly ModuleInstance[],
  kernel: Kernel,
): PluginFailure => ({
  error,
  coredump: () => encodeCoredump({ program: 'main', instances, frames }),
  memdump: () => kernel.memory.dump(),
});
