/** TABLE: what a host does for plug-ins besides running their code. */
import { existsSync, readFileSync } from 'node:fs';
import { compilePlugin, createPool } from '../src/node.ts';
import { buildExamples, example } from '../test/examples/example-plugins.ts';
import { shared, sharedFolder } from '../test/shared.ts';
import { ANSWER, hostPlugin, QUESTION } from './host-plugin.ts';
import type { Host } from './hosts.ts';

/** Something that is ready to be measured. */
export interface Prepared {
  readonly run: () => Promise<unknown>;
  /** Does it once. @returns what must be the same each time, and on every host */
  readonly outcome: () => Promise<string>;
  readonly end?: () => Promise<void>;
}
export interface Row {
  readonly name: string;
  readonly prepare: (host: Host) => Promise<Prepared>;
  /** What other hosts do not have. */
  readonly isQuernOnly?: boolean;
}

/** Options for the plug-in, whose host function notes what it is asked. */
const makeOptions = (asked: bigint[] = []) => {
  const answer = (_context: unknown, question: bigint): bigint => {
    asked.push(question);
    return question + (ANSWER - QUESTION);
  };
  return { functions: { 'extism:host/user': { answer } } };
};

/** Creates a plug-in and closes it. */
const creating = (name: string, bytes: Uint8Array, isCompiled: boolean, options: object): Row => ({
  name,
  prepare: async (host) => {
    const wasm = isCompiled ? { module: await host.compile(bytes) } : { data: bytes };
    const create = async (): Promise<string[]> => {
      const plugin = await host.createPlugin({ wasm: [wasm] }, options);
      const exports = await plugin.getExports();
      await plugin.close();
      return exports.map((item) => item.name).sort();
    };
    return { run: create, outcome: async () => String(await create()) };
  },
});

const calling = (name: string, functionName: string, input?: Uint8Array): Row => ({
  name,
  prepare: async (host) => {
    const asked: bigint[] = [];
    const plugin = await host.createPlugin({ wasm: [{ data: hostPlugin }] }, makeOptions(asked));
    const run = async () => {
      asked.length = 0;
      return plugin.call(functionName, input);
    };
    const outcome = async (): Promise<string> => {
      const output = await run();
      return `asked ${asked}, gave ${output?.bytes()}`;
    };
    return { run, outcome, end: () => plugin.close() };
  },
});

const compileHostPlugin = () => compilePlugin(hostPlugin, makeOptions());
const INPUT = Uint8Array.from({ length: 65_536 }, (_, i) => i & 255);

const snapshot: Row = {
  name: 'snapshot',
  isQuernOnly: true,
  prepare: async () => {
    const plugin = await (await compileHostPlugin()).instantiate();
    await plugin.call('echo', 'kept');
    const run = async (): Promise<Uint8Array> => plugin.snapshot();
    return { run, outcome: async () => String(await run()), end: () => plugin.close() };
  },
};

const restore: Row = {
  name: 'restore from a snapshot',
  isQuernOnly: true,
  prepare: async () => {
    const compiled = await compileHostPlugin();
    const plugin = await compiled.instantiate();
    plugin.setVariable('kept', 'yes');
    const bytes = plugin.snapshot();
    await plugin.close();
    const outcome = async (): Promise<string> => {
      const restored = await compiled.restore(bytes);
      const kept = restored.getVariable('kept')?.text();
      await restored.close();
      if (kept !== 'yes') throw new Error('a variable was lost');
      return kept;
    };
    return { run: outcome, outcome };
  },
};

const POOL_SIZE = 4;
const POOL_CALLS = 100;
const pool: Row = {
  name: `pool of ${POOL_SIZE}: ${POOL_CALLS} calls at once`,
  isQuernOnly: true,
  prepare: async () => {
    const plugins = createPool(await compileHostPlugin(), {
      maxInstances: POOL_SIZE,
      maxWaiting: POOL_CALLS,
    });
    const input = INPUT.subarray(0, 8);
    const run = () => Promise.all(Array.from({ length: POOL_CALLS }, () => plugins.call('echo', input)));
    const outcome = async (): Promise<string> => String((await run()).map((output) => output?.bytes()));
    return { run, outcome, end: () => plugins.close() };
  },
};

/** A small plug-in of a real compiler. */
const greet = (): Row => {
  if (!existsSync(example('greet'))) buildExamples();
  const bytes = new Uint8Array(readFileSync(example('greet')));
  return creating(
    `create an AssemblyScript plug-in (${Math.round(bytes.length / 1000)} kB)`,
    bytes,
    false,
    {},
  );
};

/** A plug-in of some size, if the reference data is there. */
const quickjs = (): Row[] => {
  if (sharedFolder === null) return [];
  const bytes = new Uint8Array(readFileSync(shared('plugins/quickjs.wasm')));
  const name = `QuickJS (${(bytes.length / 1e6).toFixed(1)} MB)`;
  return [
    creating(`create ${name} from bytes`, bytes, false, { useWasi: true }),
    creating(`create ${name} from a module`, bytes, true, { useWasi: true }),
  ];
};

export const rows: readonly Row[] = [
  creating('create from bytes', hostPlugin, false, makeOptions()),
  creating('create from a module', hostPlugin, true, makeOptions()),
  greet(),
  ...quickjs(),
  calling('call of an empty export', 'empty'),
  calling('host function and back', 'ask'),
  calling('64 KiB in and out', 'echo', INPUT),
  calling('1,000 stores and loads of the kernel', 'store_and_load'),
  snapshot,
  restore,
  pool,
];
