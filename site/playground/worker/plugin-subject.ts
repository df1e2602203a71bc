/** A plug-in of the Extism host, as what a call runs on. */
import { type DebugSession, debugCall } from '../../../src/debug.ts';
import {
  createPlugin,
  type HostFunction,
  type HostFunctions,
  type Manifest,
  type Plugin,
  type PluginCall,
  type PluginOptions,
  restorePlugin,
} from '../../../src/index.ts';
import { type FuncType, I64 } from '../../../src/wasm.ts';
import type { CallRequest, LogLine, ShownValue } from '../protocol.ts';
import { features } from './program.ts';
import { INITIAL_FUEL, type Outcome, type Subject, type SubjectOptions, textOfBytes } from './subject.ts';

/** Namespaces that the host itself answers. */
const ownModules = ['extism:host/env', 'wasi_snapshot_preview1'];

const encoder = new TextEncoder();

/** TABLE: the host functions that every page has, in `extism:host/user`. */
const known = (log: (line: LogLine) => void): Readonly<Record<string, HostFunction>> => ({
  print: (context, block: bigint) => log({ source: 'host', text: context.read(block)?.text() ?? '' }),
  reverse: (context, block: bigint) =>
    context.store(encoder.encode([...(context.read(block)?.text() ?? '')].reverse().join(''))),
});

/** What a module imports beyond that is answered by 0, and said. */
const functionsFor = ({ loaded, log }: SubjectOptions): HostFunctions => {
  const functions: Record<string, Record<string, HostFunction>> = { 'extism:host/user': known(log) };
  for (const { module, name, desc } of loaded.module.imports) {
    if (desc.kind !== 'func' || ownModules.includes(module)) continue;
    const space = (functions[module] ??= {});
    const { results } = desc.type.comp as FuncType;
    space[name] ??= (_, ...args: unknown[]) => {
      const answer = results.length === 0 ? '' : ': this page answers 0';
      log({ source: 'host', text: `${module}.${name}(${args.map(String).join(', ')})${answer}` });
      return results.length === 0 ? undefined : results[0] === I64 ? 0n : 0;
    };
  }
  return functions;
};

const optionsFor = (options: SubjectOptions): PluginOptions => {
  const { settings, log, profiler } = options;
  const stream = (source: 'stdout' | 'stderr') => (chunk: Uint8Array) =>
    log({ source, text: textOfBytes(chunk).replace(/\n$/, '') });
  return {
    config: settings.config,
    allowedHosts: settings.allowedHosts,
    ...(settings.maxPages === null ? {} : { memory: { maxPages: settings.maxPages } }),
    functions: functionsFor(options),
    features,
    wasi: { stdout: stream('stdout'), stderr: stream('stderr') },
    onLog: (level, text) => log({ source: level, text }),
    logLevel: 'trace',
    // The same call has the same bill in every tab: also where it asks for the time.
    deterministic: true,
    fuel: INITIAL_FUEL,
    ...(profiler === undefined ? {} : { compiler: profiler }),
  };
};

const manifestOf = ({ loaded }: SubjectOptions): Manifest => ({ wasm: [{ data: loaded.bytes }] });

export class PluginSubject implements Subject {
  private readonly plugin: Plugin;
  private readonly options: SubjectOptions;
  private call: PluginCall | null;

  private constructor(plugin: Plugin, options: SubjectOptions) {
    this.plugin = plugin;
    this.options = options;
    this.call = plugin.activeCall;
  }

  static async create(options: SubjectOptions): Promise<PluginSubject> {
    const given = optionsFor(options);
    // Going back needs what came from outside; a profile does not.
    const isRecorded = options.profiler === undefined;
    return new PluginSubject(
      await createPlugin(manifestOf(options), { ...given, record: isRecorded }),
      options,
    );
  }

  /** Of a snapshot. */
  static async restore(options: SubjectOptions, snapshot: Uint8Array): Promise<PluginSubject> {
    const activeCall = { fuel: Number.MAX_SAFE_INTEGER };
    const plugin = await restorePlugin(manifestOf(options), snapshot, { ...optionsFor(options), activeCall });
    return new PluginSubject(plugin, options);
  }

  async begin({ functionName, input, fuel }: CallRequest): Promise<DebugSession> {
    this.call ??= await this.plugin.startCall(functionName, input, { fuel });
    return debugCall(this.plugin, this.call, { breathe: this.options.breathe });
  }

  async run({ functionName, input, fuel }: CallRequest, isStopped: () => boolean): Promise<void> {
    const call = await this.plugin.startCall(functionName, input, { fuel, timeSliceMs: 16 });
    const timer = setInterval(() => isStopped() && call.requestPause(), 50);
    try {
      await call.run();
    } finally {
      clearInterval(timer);
      await call.cancel();
    }
  }

  addFuel(fuel: number): void {
    this.call?.addFuel(fuel);
  }

  get fuel(): number {
    return this.call?.fuelConsumed ?? 0;
  }

  get fuelLeft(): number | null {
    return this.call?.fuelLeft ?? null;
  }

  get outcome(): Outcome {
    const { call } = this;
    const output = call?.result?.output ?? null;
    return { output: output?.bytes() ?? null, results: null, hasFailed: call?.status === 'failed' };
  }

  get variables(): readonly ShownValue[] {
    return this.plugin.variableNames.map((name) => {
      const value = this.plugin.getVariable(name)?.bytes() ?? new Uint8Array();
      return { name, type: `${value.length} bytes`, text: textOfBytes(value, 200) };
    });
  }

  snapshot(): Uint8Array {
    return this.plugin.snapshot();
  }

  async giveUp(): Promise<void> {
    await this.call?.cancel();
    this.call = null;
  }

  async close(): Promise<void> {
    await this.giveUp();
    await this.plugin.close();
  }
}
