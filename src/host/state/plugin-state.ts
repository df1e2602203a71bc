/**
 * State that the modules, host functions and calls of one plug-in share.
 */
import type { Execution } from '../../interpreter/calls/execution.ts';
import { type FuelSchedule, hostBytesCost } from '../../interpreter/fuel/schedules.ts';
import type { Caller } from '../../interpreter/instances/module-instance.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { RunLimits } from '../calls/run.ts';
import type { HttpSettings, LastAnswer } from '../http/http.ts';
import type { LevelLogger } from '../pdk/logging.ts';
import type { PdkState } from '../pdk/pdk.ts';
import type { Variables } from '../pdk/variables.ts';
import { CurrentPlugin, type ShownState } from './current-plugin.ts';

/** State that lasts as long as a plug-in, across instantiations. */
export interface PluginStateParts {
  readonly config: ReadonlyMap<string, string>;
  readonly variables: Variables;
  readonly logger: LevelLogger;
  readonly schedule: FuelSchedule;
  readonly http: HttpSettings;
}

/** State that belongs to one instantiation of a plug-in. */
export class PluginState implements PluginStateParts, PdkState, ShownState {
  readonly config: ReadonlyMap<string, string>;
  readonly variables: Variables;
  readonly logger: LevelLogger;
  readonly schedule: FuelSchedule;
  readonly http: HttpSettings;
  readonly kernel: Kernel;
  /** The first argument of host functions. */
  context: CurrentPlugin;
  /** Value that the caller of the running call passed for host functions. */
  hostContext: unknown = undefined;
  /** The engine's side of the running host call, to which bytes are charged; null outside of host calls. */
  caller: Caller | null = null;
  /** Charges of the running host function for bytes and by itself; not including work of the kernel. */
  charged = 0;
  /** The limits of the running call; null between calls. */
  limits: RunLimits | null = null;
  /** Executions of the running call, outermost first; the others wait for a linked command in the last one. */
  executions: Execution[] = [];
  /** Whether the embedder may have part of the instances: an instance, or a value that refers to one. */
  hasEscaped = false;
  /** Nested linked commands that wait for each other now. */
  commandDepth = 0;
  /** Status and headers of the last HTTP response; it outlasts the call. */
  lastAnswer: LastAnswer | null = null;

  constructor(parts: PluginStateParts, kernel: Kernel) {
    this.kernel = kernel;
    this.config = parts.config;
    this.variables = parts.variables;
    this.logger = parts.logger;
    this.schedule = parts.schedule;
    this.http = parts.http;
    this.context = new CurrentPlugin(this);
  }

  /** Resolves when the running call is stopped; null if nothing can stop it. */
  get stopped(): Promise<void> | null {
    return this.limits?.watch.stopped ?? null;
  }

  /** Calls back once when the running call is stopped, unless the returned function is called before. */
  onStop(listener: () => void): () => void {
    return this.limits?.watch.onStop(listener) ?? (() => {});
  }

  /** Charges to the running host call. @throws UsageError for anything but a whole number that is not negative */
  charge(fuel: number): void {
    this.caller?.charge(fuel);
    this.charged += fuel;
  }

  /** Charges bytes that cross the host boundary to the running host call. */
  chargeBytes(byteCount: number): void {
    this.charge(hostBytesCost(this.schedule, byteCount));
  }

  /**
   * Detaches a host function that was still running when its call was stopped: its later actions must not affect the
   * next call.
   */
  abandonContext(): void {
    this.context.revoke();
    this.context = new CurrentPlugin(this);
    this.caller = null;
  }
}
