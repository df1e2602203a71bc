/**
 * A plug-in on one engine: `plugin-worker.js ENGINE PLUGIN`, with a channel to its parent. Each message is a number of
 * rounds; the answer has their output and the time of the process, compiler threads included. Only the engine that is
 * measured is loaded.
 */
import { readFileSync } from 'node:fs';
import { shared } from '../test/shared.ts';
import { createOnSdk, type HostPlugin } from './official-sdk.ts';
import { type PluginAnswer, type PluginEngine, type PluginName, pluginWork } from './plugin-process.ts';

type Create = (bytes: Uint8Array) => Promise<Pick<HostPlugin, 'call'>>;

const onSdk =
  (entry?: string): Create =>
  (bytes) =>
    createOnSdk({ wasm: [{ data: bytes }] }, { useWasi: true }, entry);

/** @param threshold of the compiler; nothing for its default, null for the interpreter alone */
const onQuern =
  (threshold: number | undefined | null): Create =>
  async (bytes) => {
    const { createPlugin } = await import('../src/node.ts');
    if (threshold === null) return createPlugin(bytes, { useWasi: true });
    const { compiler } = await import('../src/compile.ts');
    const own = compiler(threshold === undefined ? {} : { threshold });
    return createPlugin(bytes, { useWasi: true, compiler: own });
  };

type Imports = object;
interface Namespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Imports) => { readonly exports: object };
}
/**
 * The SDK on polywasm. Its build for browsers has a WASI in JavaScript: that of Node wants native memories. polywasm
 * lists no exports of modules; the SDK asks after it has made an instance, which knows them.
 */
const onPolywasm: Create = async (bytes) => {
  const name = 'polywasm';
  const { WebAssembly: own } = (await import(name)) as { WebAssembly: Namespace };
  const listed = new WeakMap<object, readonly object[]>();
  class Module extends own.Module {
    static exports(module: object): readonly object[] {
      return listed.get(module) ?? [];
    }
  }
  const instanceOf = (module: object, imports: Imports) => {
    const instance = new own.Instance(module, imports);
    const rows = Object.entries(instance.exports).map(([name, value]) => ({
      name,
      kind: typeof value === 'function' ? 'function' : 'other',
    }));
    listed.set(module, rows);
    return instance;
  };
  // A copy: of a view that does not begin at 0, polywasm 0.2.0 reads constants from another place.
  const compile = async (source: Uint8Array) => new Module(new Uint8Array(source));
  const instantiate = async (source: Uint8Array | object, imports: Imports) => {
    if (source instanceof Module) return instanceOf(source, imports);
    const module = await compile(source as Uint8Array);
    return { module, instance: instanceOf(module, imports) };
  };
  Object.assign(globalThis, { WebAssembly: { ...own, Module, compile, instantiate } });
  const entry = new URL('../../node_modules/@extism/extism/dist/browser/mod.js', import.meta.url);
  return onSdk(entry.href)(bytes);
};

/** TABLE: how each engine makes a plug-in. */
const makers: Readonly<Record<PluginEngine, Create>> = {
  native: onSdk(),
  quern: onQuern(null),
  'quern-compiled': onQuern(undefined),
  'quern-compiled-0': onQuern(0),
  polywasm: onPolywasm,
};

const [engine, name] = process.argv.slice(2) as [PluginEngine, PluginName];
const { export: exported, input } = pluginWork[name];
const bytes = new TextEncoder().encode(input);
let plugin: Awaited<ReturnType<Create>> | null = null;
let first: string | null = null;

const answer = async (rounds: number): Promise<PluginAnswer> => {
  try {
    plugin ??= await makers[engine](new Uint8Array(readFileSync(shared(`plugins/${name}.wasm`))));
    for (let i = 0; i < rounds; i++) {
      const output = new TextDecoder().decode((await plugin.call(exported, bytes))?.bytes());
      first ??= output;
      if (output !== first) return { error: `a later round gave ${output}, not ${first}` };
    }
    const { user, system } = process.cpuUsage();
    return { output: first!, cpu: (user + system) / 1000, wall: performance.now() };
  } catch (error) {
    return { error: String(error) };
  }
};

process.on('message', async (rounds: number) => process.send!(await answer(rounds)));
