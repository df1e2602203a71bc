/** What runs in each thread: calls of plug-ins, and slices of jobs. What was compiled stays for the calls to come. */
import { isQuernError, UsageError } from 'quern/errors';
import { advance, moduleHash } from 'quern/job';
import { type CompiledPlugin, compilePlugin, type Plugin, type PluginOutput } from 'quern/node';
import {
  begin,
  type JobTask,
  moduleNames,
  type PluginTask,
  progress,
  type Reply,
  type Task,
  type ThreadModule,
  writeError,
} from './messages.ts';

/** Most plug-ins, and most modules of jobs, that a thread keeps. */
const MAX_KEPT = 32;

/** Things by their keys; the one that was used last goes last. */
class Kept<K, V> {
  readonly #items = new Map<K, V>();
  readonly #onGone: (item: V) => void;

  constructor(onGone: (item: V) => void) {
    this.#onGone = onGone;
  }
  get(key: K): V | undefined {
    const item = this.#items.get(key);
    if (item !== undefined) this.set(key, item);
    return item;
  }
  set(key: K, item: V): void {
    this.#items.delete(key);
    this.#items.set(key, item);
    for (const [oldest, old] of this.#items) {
      if (this.#items.size <= MAX_KEPT) break;
      this.#items.delete(oldest);
      this.#onGone(old);
    }
  }
}

interface KeptPlugin {
  readonly compiled: CompiledPlugin;
  idle: Plugin | null;
}
const plugins = new Kept<number, KeptPlugin>(({ compiled, idle }) => {
  void idle?.close();
  compiled.close();
});
const jobModules = new Kept<string, Uint8Array>(() => {});
/** Those that came with the task; a job may have more than are kept. */
let sentModules = new Map<string, Uint8Array>();
/** One function for all jobs: what `advance` compiles, it keeps by this object. */
const findModule = (hash: string): Uint8Array | undefined => sentModules.get(hash) ?? jobModules.get(hash);

const importModule = async (url: string | null): Promise<ThreadModule> => {
  if (url === null) return {};
  const given = await (import(url) as Promise<object>).catch((cause: Error) => {
    throw new UsageError('usage.argument', { cause, detail: `module of the threads: ${cause.message}` });
  });
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(moduleNames, name)));
};

/** What stops a task: a signal that the other end of the port fires. */
const signalOf = ({ stop }: Task): { readonly signal: AbortSignal | null; readonly close: () => void } => {
  if (stop === null) return { signal: null, close: () => {} };
  const controller = new AbortController();
  stop.once('message', () => controller.abort());
  return { signal: controller.signal, close: () => stop.close() };
};

/** Whether an instance may be in the middle of something; as in `createPool`. */
const isSpoiledBy = (error: unknown): boolean =>
  !isQuernError(error) || !['PluginError', 'UsageError'].includes(error.name);

const bytesOf = (output: PluginOutput | null): Uint8Array | null => (output === null ? null : output.bytes());

const pluginOf = async ({ plugin, source, module }: PluginTask): Promise<KeptPlugin | null> => {
  const known = plugins.get(plugin);
  if (known !== undefined || source === null) return known ?? null;
  const { signer: _, ...options } = await importModule(module);
  const kept = {
    compiled: await compilePlugin(source.manifest, { ...options, ...source.options }),
    idle: null,
  };
  plugins.set(plugin, kept);
  return kept;
};

const runPlugin = async (task: PluginTask, signal: AbortSignal | null): Promise<Reply> => {
  const kept = await pluginOf(task);
  if (kept === null) return { kind: 'needs', modules: [] };
  const nothing = { output: null, returnCode: 0, error: null, fuelConsumed: 0 };
  if (task.kind === 'compile') return { kind: 'called', result: nothing };
  const plugin = kept.idle ?? (await kept.compiled.instantiate());
  kept.idle = null;
  const { functionName, input, hostContext, limits } = task;
  const options = { ...limits, signal };
  begin(task.state);
  let isSpoiled = true;
  try {
    if (task.kind === 'callDetailed') {
      const result = await plugin.callDetailed(functionName, input, { ...options, hostContext });
      isSpoiled = false;
      return { kind: 'called', result: { ...result, output: bytesOf(result.output) } };
    }
    const output = await plugin.call(functionName, input, hostContext, options);
    isSpoiled = false;
    return { kind: 'called', result: { ...nothing, output: bytesOf(output) } };
  } catch (error) {
    isSpoiled = isSpoiledBy(error);
    throw error;
  } finally {
    if (isSpoiled) await plugin.close();
    else kept.idle = plugin;
  }
};

const runJob = async (task: JobTask, signal: AbortSignal | null): Promise<Reply> => {
  const { job, modules, fuel, deadline } = task;
  sentModules = new Map(modules.map((bytes) => [moduleHash(bytes), bytes]));
  for (const [hash, bytes] of sentModules) jobModules.set(hash, bytes);
  const missing = Object.values(job.modules).filter((hash) => jobModules.get(hash) === undefined);
  if (missing.length > 0 && modules.length === 0) return { kind: 'needs', modules: missing };
  const { functions, fetch, compiler, precompiled, logger, onLog, signer } = await importModule(task.module);
  const own = { functions, fetch, compiler, precompiled, logger, onLog, signer };
  begin(task.state);
  const advanced = await advance(job, { ...own, modules: findModule, fuel, deadline, signal });
  const { status, job: next, slice, waitMs } = advanced;
  return { kind: 'advanced', result: { status, job: next, slice, waitMs } };
};

/** Runs a task. It never rejects: a task that does has lost its thread. */
export default async (task: Task): Promise<Reply> => {
  Atomics.store(task.state, 0, progress.arrived);
  const { signal, close } = signalOf(task);
  try {
    return await (task.kind === 'advance' ? runJob(task, signal) : runPlugin(task, signal));
  } catch (error) {
    return { kind: 'threw', error: writeError(error) };
  } finally {
    close();
  }
};
