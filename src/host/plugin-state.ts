/**
 * What the modules, host functions and calls of one plug-in share.
 */
import { type FuelSchedule, hostBytesCost } from '../interpreter/fuel.ts';
import type { Caller } from '../interpreter/function.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { LevelLogger } from './logging.ts';
import type { Variables } from './variables.ts';

/** What lasts as long as a plug-in, whatever is instantiated anew. */
export interface PluginStateParts {
  readonly config: ReadonlyMap<string, string>;
  readonly variables: Variables;
  readonly logger: LevelLogger;
  readonly schedule: FuelSchedule;
}

/** State that belongs to one instantiation of a plug-in. */
export class PluginState implements PluginStateParts {
  readonly config: ReadonlyMap<string, string>;
  readonly variables: Variables;
  readonly logger: LevelLogger;
  readonly schedule: FuelSchedule;
  readonly kernel: Kernel;
  /** Value that the caller of the running call handed in for host functions. */
  hostContext: unknown = undefined;
  /** The engine's side of the host call that runs, to which bytes are charged; null outside of host calls. */
  caller: Caller | null = null;

  constructor(parts: PluginStateParts, kernel: Kernel) {
    this.kernel = kernel;
    this.config = parts.config;
    this.variables = parts.variables;
    this.logger = parts.logger;
    this.schedule = parts.schedule;
  }

  /** Charges bytes that cross the host boundary to the running host call. */
  chargeBytes(byteCount: number): void {
    this.caller?.charge(hostBytesCost(this.schedule, byteCount));
  }
}
