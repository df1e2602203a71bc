/**
 * What can be dumped of a call that failed: the `onFailure` option. The plug-in is then as the failure left it, so dumps
 * are made on request, and only while the listener runs.
 */
import { encodeCoredump } from '../../interpreter/calls/coredump.ts';
import type { FailureListener } from '../../interpreter/calls/execution.ts';
import type { StackFrame } from '../../interpreter/calls/stack-frames.ts';
import type { ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/**
 * A call, or an initialisation, that failed in the middle.
 *
 * ```ts
 * const onFailure = (failure: PluginFailure): void => {
 *   console.log(String(failure.error), failure.coredump().length > 0, failure.memdump().length > 0);
 * };
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions, onFailure });
 * await plugin.call('ratio', '0').catch(() => {}); // → TrapError: integer divide by zero true true
 * ```
 */
export interface PluginFailure {
  /** What the call rejects with. */
  readonly error: unknown;
  /**
   * The guest's stack with the values of its locals, its memories and its globals: a module in the coredump format of
   * the WebAssembly tool conventions, for debuggers. It holds everything that the plug-in knew, secrets included.
   */
  coredump(): Uint8Array;
  /** A copy of the kernel's memory: the blocks that hold inputs, outputs and what the plug-in allocated. */
  memdump(): Uint8Array;
}

/** Notes where executions of a call fail; one inside another fails with the same error first. */
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

/** What the owner of a plug-in is told. */
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
