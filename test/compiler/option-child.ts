/**
 * Runs every set-up in a process of its own, each with a new compiler: `option-child.js [without]`. Prints what each
 * came to, what was logged, and how many functions were made of text.
 */
import type { JavaScriptCompiler } from '../../src/compile.ts';
import {
  compilePlugin,
  createPlugin,
  createPool,
  type Logger,
  type Plugin,
  type PluginOptions,
  restorePlugin,
} from '../../src/node.ts';
import { compileModule, instantiate, invoke, Store } from '../../src/wasm.ts';
import { createWebAssembly } from '../../src/webassembly.ts';
import { assemble } from '../assembler.ts';

export interface SetupReport {
  readonly name: string;
  readonly results: readonly string[];
  readonly warnings: readonly string[];
  readonly madeOfText: number;
}

const warnings: string[] = [];
const ignore = (): void => {};
const logger: Logger = {
  ...{ trace: ignore, debug: ignore, info: ignore, error: ignore },
  warn: (message) => void warnings.push(message),
};

let madeOfText = 0;
const { Function: HostFunction } = globalThis;
globalThis.Function = new Proxy(HostFunction, {
  construct: (target, args: string[]) => {
    const made = new target(...args);
    // Whether text is allowed is tried on a short one.
    if (args.join().length > 100) madeOfText++;
    return made;
  },
});

const greet = 'build/examples/greet.wasm';
const counter = assemble({
  types: [{ params: ['i32'], results: ['i32'] }],
  funcs: [{ code: [['local.get', 0], ['i32.const', 3], 'i32.mul'] }],
  exports: [['run', 'func', 0]],
});

const callTwice = async (plugin: Plugin): Promise<string[]> => {
  const results: string[] = [];
  for (const name of ['Ada', 'Grace'])
    results.push(`${(await plugin.call('greet', name))?.text()} ${plugin.fuelConsumed}`);
  return results;
};

type Given = { readonly compiler?: JavaScriptCompiler };
const setups: Readonly<Record<string, (given: Given, options: PluginOptions) => Promise<string[]>>> = {
  createPlugin: async (_, options) => callTwice(await createPlugin(greet, options)),
  compilePlugin: async (_, options) => callTwice(await (await compilePlugin(greet, options)).instantiate()),
  createPool: async (given) => {
    const pool = createPool(await compilePlugin(greet, { logger }), given);
    const outputs = await Promise.all(['Ada', 'Grace'].map((name) => pool.call('greet', name)));
    return outputs.map((output) => String(output?.text()));
  },
  restorePlugin: async (_, options) => {
    const plugin = await createPlugin(greet, { logger });
    const call = await plugin.startCall('greet', 'Ada', { fuel: 100 });
    await call.run();
    const other = await restorePlugin(greet, plugin.snapshot(), options);
    const rest = other.activeCall!;
    rest.addFuel(1_000_000);
    await rest.run();
    return [`${rest.output?.text()} ${other.fuelConsumed}`, ...(await callTwice(other))];
  },
  replay: async (given) => {
    const plugin = await createPlugin(greet, { logger, record: true });
    await plugin.call('greet', 'Ada');
    const replayed = await createPlugin(greet, { ...given, logger, replay: plugin.recording! });
    return [String((await replayed.call('greet', 'Ada'))?.text())];
  },
  Store: async (given) => {
    const instance = instantiate(new Store(given), compileModule(counter), () => undefined);
    const run = instance.exports.get('run');
    if (run?.kind !== 'func') throw new Error('no function');
    return [String(invoke(run, [14n])[0])];
  },
  createWebAssembly: async (given) => {
    const { Module, Instance } = createWebAssembly(given);
    return [String((new Instance(new Module(counter)).exports['run'] as (x: number) => number)(14))];
  },
  'two plug-ins': async (_, options) => {
    const plugins = [await createPlugin(greet, options), await createPlugin(greet, options)];
    return (await Promise.all(plugins.map(callTwice))).flat();
  },
};

/** Loaded late, as a program does that does not always need it. */
const makeCompiler = async (): Promise<JavaScriptCompiler> => {
  const { compiler } = await import('../../src/compile.ts');
  return compiler({ threshold: 0 });
};

const reports: SetupReport[] = [];
for (const [name, run] of Object.entries(setups)) {
  warnings.length = 0;
  madeOfText = 0;
  const given = process.argv[2] === 'without' ? {} : { compiler: await makeCompiler() };
  const results = await run(given, { ...given, logger });
  reports.push({ name, results, warnings: [...warnings], madeOfText });
}
process.stdout.write(JSON.stringify(reports));
