/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A pool of instances of one compiled plug-in. Calls that find none free wait in a queue; when the queue is full,
 * further calls are refused immediately, so that the sender of a flood notices it.
 *
 * All instances share one thread: a pool is useful if calls wait for the host (HTTP, asynchronous functions), and if
 * calls must not see each other's intermediate state.
 */
import { checkInstance, checkWholeNumber, readOptions } from '../../errors/arguments.ts';
import { ExhaustionError, isQuernError, UsageError } from '../../errors/errors.ts';
import { checkCompiler, type JavaScriptCompiler } from '../../interpreter/code/compiled-module.ts';
import { checkPrecompiled, type PrecompiledModule } from '../../interpreter/code/precompiled-module.ts';
import { checkFeatures, type FeatureKey, pluginFeatures } from '../../syntax/features.ts';
import { type AbortSignalLike, checkSignal } from '../calls/call-watch.ts';
import { Line } from '../calls/line.ts';
import { StopSignal } from '../calls/stop-signal.ts';
import type { PluginOutput } from '../state/output.ts';
import type { CallOptions, PluginInput } from './calling.ts';
import { CompiledPlugin } from './compiled-plugin.ts';
import { closeWhenDisposed } from './disposable.ts';
import type { NamesOf } from './known-options.ts';
import type { PluginOptions } from './options.ts';
import type { Plugin } from './plugin.ts';

/**
 * Options of `createPool`.
 *
 * Example: see `PluginPool`.
 */
export interface PoolOptions {
  /** Most instances; they are made on demand. Default: 4. */
  readonly maxInstances?: number | undefined;
  /** Most calls that wait for an instance. Default: 1,000. */
  readonly maxWaiting?: number | undefined;
  /** As the option of `createPlugin`, instead of that of `compilePlugin`. */
  readonly features?: Iterable<FeatureKey> | undefined;
  /** As the option of `createPlugin`, instead of that of `compilePlugin`. */
  readonly compiler?: JavaScriptCompiler | undefined;
  /** As the option of `createPlugin`, instead of that of `compilePlugin`. */
  readonly precompiled?: PrecompiledModule | readonly PrecompiledModule[] | undefined;
}

const optionNames: NamesOf<PoolOptions> = {
  maxInstances: true,
  maxWaiting: true,
  features: true,
  compiler: true,
  precompiled: true,
};

/** Whether an instance may be in an intermediate state: after a trap, an exhausted budget or an interruption. */
const isSpoiledBy = (error: unknown): boolean =>
  !isQuernError(error) || !['PluginError', 'UsageError'].includes(error.name);

/**
 * A pool of plug-ins. Made by `createPool`.
 *
 * ```ts
 * const options: PoolOptions = { maxInstances: 2 };
 * const pool: PluginPool = createPool(await compilePlugin('build/examples/greet.wasm'), options);
 * const outputs = await Promise.all(['Ada', 'Grace', 'Barbara'].map((name) => pool.call('greet', name)));
 * console.log(outputs.map((output) => output?.text()).join(' ')); // → Hello, Ada! Hello, Grace! Hello, Barbara!
 * console.log(pool.size); // → 2
 * await pool.close();
 * ```
 */
export class PluginPool {
  readonly #compiled: CompiledPlugin;
  readonly #maxInstances: number;
  readonly #maxWaiting: number;
  readonly #options: PluginOptions;
  readonly #idle: Plugin[] = [];
  /** Busy instances. */
  readonly #busy = new Set<Plugin>();
  /** Stops instances that are being made. */
  readonly #stop = new StopSignal();
  readonly #line = new Line<Plugin>();
  #count = 0;
  #isClosed = false;

  /** Users call `createPool`. @internal */
  constructor(compiled: CompiledPlugin, options: PoolOptions) {
    const { maxInstances = 4, maxWaiting = 1000, features, compiler, precompiled } = options;
    this.#compiled = compiled;
    this.#maxInstances = checkWholeNumber(maxInstances, 'maxInstances', 1);
    this.#maxWaiting = checkWholeNumber(maxWaiting, 'maxWaiting');
    this.#options = {
      ...(features === undefined ? {} : { features: checkFeatures(features, pluginFeatures) }),
      ...(checkCompiler(compiler) === null ? {} : { compiler }),
      ...(checkPrecompiled(precompiled).length === 0 ? {} : { precompiled }),
    };
  }

  /** Number of instances, busy or not. */
  get size(): number {
    return this.#count;
  }
  /** Calls that wait for an instance. */
  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Calls a function of any instance; see `Plugin.call`. Time in the queue does not count against `timeoutMs`;
   * `signal` removes the call from the queue.
   *
   * @throws ExhaustionError `exhaustion.pool` if the queue is full
   */
  call(
    functionName: string,
    input?: PluginInput,
    hostContext?: unknown,
    options: CallOptions = {},
  ): Promise<PluginOutput | null> {
    return this.use((plugin) => plugin.call(functionName, input, hostContext, options), options);
  }

  /**
   * Lends an instance for several calls. If the work fails, except by an error that the plug-in reported, the
   * instance is replaced, since its memory may be in an intermediate state.
   */
  async use<T>(work: (plugin: Plugin) => PromiseLike<T>, { signal }: CallOptions = {}): Promise<T> {
    const plugin = await this.#acquire(checkSignal(signal));
    let isSpoiled = false;
    try {
      return await work(plugin);
    } catch (error) {
      isSpoiled = isSpoiledBy(error);
      throw error;
    } finally {
      this.#release(plugin, isSpoiled);
    }
  }

  /**
   * Closes all instances, which ends their calls as `Plugin.close` does, and refuses the calls that wait.
   *
   * @returns when all calls have ended
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#line.refuseAll(closedError());
    this.#stop.fire(closedError());
    const busy = Array.from(this.#busy, (plugin) => plugin.close());
    for (const plugin of this.#idle.splice(0)) this.#drop(plugin);
    await Promise.all(busy);
  }

  /** Closes the pool at the end of `await using`, on engines that have the symbol. */
  declare [Symbol.asyncDispose]: () => Promise<void>;

  async #acquire(signal: AbortSignalLike | null): Promise<Plugin> {
    const plugin = await this.#find(signal);
    if (!this.#isClosed) {
      this.#busy.add(plugin);
      return plugin;
    }
    this.#drop(plugin);
    throw closedError();
  }

  async #find(signal: AbortSignalLike | null): Promise<Plugin> {
    if (this.#isClosed) throw closedError();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#count < this.#maxInstances) return this.#make();
    if (this.#line.length >= this.#maxWaiting) {
      throw new ExhaustionError('exhaustion.pool', { limit: this.#maxWaiting });
    }
    return this.#line.stand(signal);
  }

  async #make(): Promise<Plugin> {
    this.#count++;
    try {
      return await this.#compiled.instantiateUnder(this.#stop, this.#options);
    } catch (error) {
      this.#count--;
      // The call that waits for this place makes its own attempt, and gets its own error.
      this.#serveNext();
      throw error;
    }
  }

  #release(plugin: Plugin, isSpoiled: boolean): void {
    this.#busy.delete(plugin);
    if (isSpoiled || this.#isClosed) {
      this.#drop(plugin);
      this.#serveNext();
      return;
    }
    const next = this.#line.next();
    if (next === undefined) this.#idle.push(plugin);
    else next.take(plugin);
  }

  #drop(plugin: Plugin): void {
    this.#count--;
    void plugin.close();
  }

  /** Makes an instance for the first in the queue, once there is room again. */
  #serveNext(): void {
    if (this.#isClosed || this.#count >= this.#maxInstances) return;
    const next = this.#line.next();
    if (next === undefined) return;
    this.#make().then(
      (plugin) => {
        if (this.#isClosed) next.refuse(closedError());
        // A call that was cancelled in the meantime leaves an instance for the others.
        if (this.#isClosed || !next.take(plugin)) this.#release(plugin, false);
      },
      (error: unknown) => next.refuse(error),
    );
  }
}

closeWhenDisposed(PluginPool.prototype);

const closedError = (): Error => new UsageError('usage.state', { detail: 'the pool is closed' });

/**
 * Makes a pool of instances of a compiled plug-in.
 *
 * ```js
 * const pool = createPool(await compilePlugin('build/examples/greet.wasm'), { maxInstances: 8 });
 * console.log((await pool.call('greet', 'Ada')).text()); // → Hello, Ada!
 * ```
 */
export const createPool = (compiled: CompiledPlugin, options: PoolOptions = {}): PluginPool => {
  const source = checkInstance(compiled, CompiledPlugin, 'the first argument');
  const own = readOptions(options);
  source.warnOfPoolOptions(own, optionNames);
  return new PluginPool(source, own);
};
