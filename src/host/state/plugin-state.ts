/**
 * What the modules, host functions and calls of one plug-in share.
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

/** What lasts as long as a plug-in, whatever is instantiated anew. */
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
  /** What host functions get. */
  context: CurrentPlugin;
  /** Value that the caller of the running call handed in for host functions. */
  hostContext: unknown = undefined;
  /** The engine's side of the host call that runs, to which bytes are charged; null outside of host calls. */
  caller: Caller | null = null;
  /** What the host function that runs was charged for bytes and by itself; work of the kernel is not in it. */
  charged = 0;
  /** What bounds the running call; null between calls. */
  limits: RunLimits | null = null;
  /** Executions of the running call, outermost first; the others wait for a linked command that the last one runs. */
  executions: Execution[] = [];
  /** Whether the embedder may have something of the instances: an instance, or a value that leads to one. */
  hasEscaped = false;
  /** Linked commands that wait for each other now. */
  commandDepth = 0;
  /** Status and headers of the last answer to an HTTP request; it outlasts the call. */
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

  /** Resolves when the running call is stopped; null when nothing can stop it. */
  get stopped(): Promise<void> | null {
    return this.limits?.watch.stopped ?? null;
  }

  /** Calls back once when the running call is stopped, unless what is returned is called before. */
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
   * Cuts off a host function that was still at work when its call was stopped: whatever it does later must not
   * reach into the next call.
   */
  abandonContext(): void {
    this.context.revoke();
    this.context = new CurrentPlugin(this);
    this.caller = null;
  }
}
