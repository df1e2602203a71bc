/**
 * The plug-in as host functions see it: kernel memory, variables, error, log level, host context. The first
 * argument of every host function; the names are those of `CallContext` of `@extism/extism`.
 */

import { badArgument } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { isObject, isWholeNumber, wholeNumberText } from '../../errors/checks.ts';
import { UsageError } from '../../errors/errors.ts';
import { nameText, valueText } from '../../errors/texts.ts';
import type { FuelSchedule } from '../../interpreter/fuel/schedules.ts';
import { workCost } from '../../kernel/imports.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { decodeBase64, encodeBase64 } from '../manifest/base64.ts';
import { checkLogLevel, type LevelLogger, type LogLevel } from '../pdk/logging.ts';
import type { Variables } from '../pdk/variables.ts';
import { checkTextOrBytes } from '../platform/given.ts';
import type { Json, Operation } from './operation.ts';
import { PluginOutput } from './output.ts';

/** An address as guests pass it (a bigint, possibly negative after sign extension) or as a number. */
const toAddress = (address: bigint | number): number => {
  if (typeof address === 'bigint') return Number(BigInt.asUintN(64, address));
  if (isWholeNumber(address)) return address;
  throw badArgument(`an address must be a bigint or ${wholeNumberText()}, not ${valueText(address)}`);
};

/** The part of a plug-in's state that the view shows. */
export interface ShownState {
  readonly kernel: Kernel;
  readonly schedule: FuelSchedule;
  readonly variables: Variables;
  readonly logger: LevelLogger;
  readonly hostContext: unknown;
  /** Charges of the running host function for bytes and by itself. */
  readonly charged: number;
  /** Charges to the running host call. @throws UsageError for anything but a whole number that is not negative */
  charge(fuel: number): void;
  /** Charges bytes that cross the host boundary. */
  chargeBytes(byteCount: number): void;
}

/**
 * View of the running plug-in for host functions.
 *
 * ```ts
 * const remark = (plugin: CurrentPlugin, total: bigint): bigint => {
 *   plugin.setVariable('last', String(total));
 *   return plugin.store(`${total} so far`);
 * };
 * const plugin = await createPlugin('build/examples/counter.wasm', {
 *   functions: { 'extism:host/user': { remark } },
 * });
 * console.log((await plugin.call('count', 'aeiou'))?.json().remark); // → 5 so far
 * console.log(plugin.getVariable('last')?.text()); // → 5
 * ```
 */
export class CurrentPlugin {
  #live: ShownState | null;
  /** Records what the host function does to the plug-in; null if it is not recorded. */
  #operations: Operation[] | null = null;

  /** @internal */
  constructor(state: ShownState) {
    this.#live = state;
  }

  get #state(): ShownState {
    if (this.#live !== null) return this.#live;
    throw new UsageError('usage.state', { detail: 'the call of this host function was stopped' });
  }

  /** From now on, records every change through this view. @internal */
  takeDown(operations: Operation[] | null): void {
    this.#operations = operations;
  }

  /** Makes every further use an error. @internal */
  revoke(): void {
    this.#live = null;
  }

  /**
   * Allocates a block in kernel memory.
   *
   * @returns its handle; 0n if the size is 0 or there is no memory
   */
  alloc(size: bigint | number): bigint {
    const length = toAddress(size);
    this.#operations?.push(['alloc', length]);
    return BigInt(this.#state.kernel.memory.alloc(length));
  }

  /** Frees a block; anything but a handle is ignored. */
  free(address: bigint | number): void {
    const handle = toAddress(address);
    this.#operations?.push(['free', handle]);
    this.#state.kernel.free(handle);
  }

  /**
   * Copies bytes, or a string as UTF-8, into a new block.
   *
   * @returns its handle; 0n for empty contents, as in the PDKs
   * @throws UsageError for anything else, or if there is no memory
   */
  store(input: string | BytesLike): bigint {
    const bytes = checkTextOrBytes(input, 'the value to store');
    this.#operations?.push(['store', encodeBase64(bytes)]);
    this.#state.chargeBytes(bytes.length);
    const handle = this.#state.kernel.store(bytes);
    if (handle === 0 && bytes.length > 0)
      throw new UsageError('usage.state', { detail: 'failed to store output' });
    return BigInt(handle);
  }

  /**
   * A copy of a block.
   *
   * @returns null for an address that is not the handle of a block in use; empty for 0n, the handle of nothing
   */
  read(address: bigint | number): PluginOutput | null {
    const handle = toAddress(address);
    // Reading changes only the fuel count.
    this.#operations?.push(['read', handle]);
    const bytes = handle === 0 ? new Uint8Array(0) : this.#state.kernel.read(handle);
    if (bytes === null) return null;
    this.#state.chargeBytes(bytes.length);
    return new PluginOutput(bytes);
  }

  /** Length of a block; 0n for anything but a handle. */
  length(address: bigint | number): bigint {
    return BigInt(this.#state.kernel.memory.length(toAddress(address)));
  }

  /** A copy of a variable; null when it is unset. */
  getVariable(name: string): PluginOutput | null {
    const value = this.#state.variables.get(String(name));
    return value === null ? null : new PluginOutput(value.slice());
  }

  /**
   * Sets a variable to a copy of a value.
   *
   * @throws UsageError if the limit on variables would be exceeded
   */
  setVariable(name: string, value: string | BytesLike): void {
    const bytes = checkTextOrBytes(value, 'a variable').slice();
    this.#operations?.push(['setVariable', String(name), encodeBase64(bytes)]);
    const refusal = this.#state.variables.set(String(name), bytes);
    if (refusal !== null) throw new UsageError('usage.state', { detail: refusal });
  }

  /** Deletes a variable, if it is set. */
  deleteVariable(name: string): void {
    this.#operations?.push(['deleteVariable', String(name)]);
    this.#state.variables.delete(String(name));
  }

  /**
   * Makes the call fail with a message, unless the plug-in replaces or clears it.
   *
   * @throws UsageError for an empty message
   */
  setError(error: string | Error): void {
    // By its field, since an error may be from another realm.
    const message: unknown = isObject(error) ? error.message : error;
    if (typeof message !== 'string' || message === '') throw badArgument('could not store error value');
    this.errorSet(Number(this.store(message)));
  }

  /**
   * Charges fuel to the running call for work of the host function. What it reads and stores is already charged by
   * the schedule.
   *
   * @throws UsageError for anything but a whole number that is not negative
   */
  charge(fuel: number): void {
    this.#state.charge(fuel);
    this.#operations?.push(['charge', fuel]);
  }

  /** What the running host function has charged so far, including the work of the kernel. @internal */
  get charged(): number {
    if (this.#live === null) return 0;
    const { charged, kernel, schedule } = this.#live;
    return charged + workCost(kernel, schedule);
  }

  /** The value that was passed to `Plugin.call` for host functions. */
  hostContext<T = unknown>(): T {
    return this.#state.hostContext as T;
  }

  /** The lowest level that is logged. */
  get logLevel(): LogLevel {
    return this.#state.logger.level;
  }
  set logLevel(level: LogLevel) {
    this.#operations?.push(['logLevel', checkLogLevel(level)]);
    this.#state.logger.level = checkLogLevel(level);
  }

  /** Repeats what was recorded. @internal */
  redo([name, ...args]: Operation): void {
    if (!Object.hasOwn(operations, name)) throw badArgument(`unknown operation "${nameText(name)}"`);
    operations[name]!(this, args);
  }

  /** Makes a block of kernel memory the error of the call. @internal */
  errorSet(handle: number): void {
    this.#operations?.push(['errorSet', handle]);
    this.#state.kernel.errorSet(handle);
  }
}

const number = (json: Json | undefined): number => Number(json ?? 0);
const bytes = (json: Json | undefined): Uint8Array => decodeBase64(String(json)) ?? new Uint8Array(0);

/** How each operation is repeated. Key = name in recordings. */
const operations: Readonly<Record<string, (plugin: CurrentPlugin, args: readonly Json[]) => void>> = {
  charge: (plugin, [fuel]) => plugin.charge(number(fuel)),
  alloc: (plugin, [size]) => void plugin.alloc(number(size)),
  free: (plugin, [address]) => plugin.free(number(address)),
  store: (plugin, [data]) => void plugin.store(bytes(data)),
  read: (plugin, [address]) => void plugin.read(number(address)),
  errorSet: (plugin, [address]) => plugin.errorSet(number(address)),
  setVariable: (plugin, [name, data]) => plugin.setVariable(String(name), bytes(data)),
  deleteVariable: (plugin, [name]) => plugin.deleteVariable(String(name)),
  logLevel: (plugin, [level]) => {
    plugin.logLevel = checkLogLevel(level);
  },
};
