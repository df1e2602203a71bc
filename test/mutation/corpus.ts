/**
 * What is mutated: modules of the official suite and of the conformance kit, of our own generator and of tests; and
 * snapshots, recordings with receipts, and manifests of small programs. All of it is the same each time it is made,
 * so that a seed stands for a mutant; it lies in a file, from which processes read it at once.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assembledModules } from '../../src/conformance/cases/modules.generated.ts';
import { createPlugin, type Plugin } from '../../src/node.ts';
import { parseModule } from '../../src/text.ts';
import { compileModule, type Execution, startExecution, takeSnapshot } from '../../src/wasm.ts';
import { generateWorld } from '../generators/world.ts';
import { calls, command, world } from '../replay/world.ts';
import { root, shared, sharedFolder } from '../shared.ts';
import { makeZoo } from '../snapshots/zoo.ts';
import type { Corpus, MadeRecording, TakenSnapshot } from './corpus-file.ts';
import type { Json } from './mutate-json.ts';
import { allFeatures } from './native-features.ts';
import { worldOptions } from './world-options.ts';

/** Larger modules take long, and most of their bytes are more of the same. */
const MOST_BYTES = 8192;
const GENERATED = 60;
/** How a module begins, in base64. */
const MAGIC = 'AGFzb';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Modules of the official suite. */
const suiteModules = (): Uint8Array[] => {
  const folder = shared('spec-suite');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.bin'),
  );
  return files.sort().flatMap((path) => {
    const bytes = readFileSync(join(folder, path));
    const commands = JSON.stringify(
      JSON.parse(readFileSync(join(folder, path.replace(/bin$/, 'json')), 'utf8')),
    );
    return [...commands.matchAll(/"(?:binary_)?at":\[(\d+),(\d+)\]/g)].map(([, at, length]) =>
      bytes.subarray(Number(at), Number(at) + Number(length)),
    );
  });
};

/** Modules that are not valid, instead of the suite's. */
const invalidModules = (): Uint8Array[] =>
  [
    '(func (result i32))',
    '(func (local.get 0))',
    '(func (drop (i32.add (i32.const 1) (i64.const 2))))',
    '(func (br 1))',
    '(memory 1) (func (drop (i64.load align=16 (i32.const 0))))',
    '(global i32 (i64.const 0))',
    '(func (export "a")) (func (export "a"))',
    '(table 1 funcref) (elem (i32.const 0) func 7)',
    '(type $s (struct (field i32))) (func (param (ref $s)) (struct.set $s 0 (local.get 0) (i32.const 1)))',
  ].map((fields) => parseModule(`(module ${fields})`));

/** Small plug-ins and cases; none where they are absent. */
const sharedModules = (): Uint8Array[] =>
  (sharedFolder === null ? [] : ['cases', 'plugins', 'spec-suite']).flatMap((folder) =>
    readdirSync(shared(folder))
      .filter((name) => name.endsWith('.wasm') && statSync(shared(folder, name)).size <= MOST_BYTES)
      .sort()
      .map((name) => readFileSync(shared(folder, name))),
  );

const isValid = (text: string): boolean => {
  try {
    compileModule(new Uint8Array(Buffer.from(text, 'base64')), allFeatures);
    return true;
  } catch {
    return false;
  }
};

const collectModules = (): Pick<Corpus, 'valid' | 'invalid'> => {
  const generated = Array.from({ length: GENERATED }, (_, seed) => generateWorld(seed + 1).modules).flat();
  const zoo = makeZoo().instances.map(({ compiled }) => compiled.module.bytes);
  const own = [...generated, ...zoo, world, command].map(base64);
  const suite = sharedFolder === null ? invalidModules() : suiteModules();
  const given = [...suite, ...sharedModules()].map(base64);
  const all = [...given, ...Object.values(assembledModules), ...own];
  const some = [...new Set(all)].filter(
    (text) => text.startsWith(MAGIC) && (text.length / 4) * 3 <= MOST_BYTES,
  );
  return { valid: some.filter(isValid), invalid: some.filter((text) => !isValid(text)) };
};

/** Snapshots of a program of two instances, in the middle of its call. */
const zooSnapshots = (): TakenSnapshot[] => {
  const snapshots: TakenSnapshot[] = [];
  for (let fuel = 0; ; fuel += 5) {
    const { instances, run } = makeZoo();
    const execution: Execution = startExecution(run, [], { fuel });
    const status = execution.run();
    const executions = status === 'paused' ? [execution] : [];
    snapshots.push({ of: 'zoo', bytes: base64(takeSnapshot({ instances, executions })) });
    if (status !== 'paused') return snapshots;
  }
};

const createWorld = (isRecorded: boolean): Promise<Plugin> =>
  createPlugin(world, { ...worldOptions(), record: isRecorded });

/** Snapshots of a plug-in between calls, and in the middle of each. */
const worldSnapshots = async (): Promise<TakenSnapshot[]> => {
  const snapshots: TakenSnapshot[] = [];
  const note = (plugin: Plugin): void => {
    snapshots.push({ of: 'world', bytes: base64(plugin.snapshot()) });
  };
  const whole = await createWorld(false);
  note(whole);
  for (const [fn, input] of calls) {
    await whole.call(fn, input).catch(() => {});
    note(whole);
  }
  for (const [fn, input] of [...calls, ['spin', ''] as const]) {
    for (const fuel of [0, 3, 12, 40]) {
      const plugin = await createWorld(false);
      const call = await plugin.startCall(fn, input, { fuel });
      const status = await call.run().catch(() => 'failed');
      if (status === 'paused') note(plugin);
      await plugin.close();
    }
  }
  return snapshots;
};

/** A recording of calls. */
const record = async (
  of: MadeRecording['of'],
  bytes: Uint8Array,
  asked: readonly (readonly [fn: string, input: string, fuel: number | null])[],
): Promise<MadeRecording> => {
  const plugin = await createPlugin(bytes, { ...worldOptions(), record: true });
  const receipts: Json[] = [];
  for (const [fn, input, fuel] of asked) {
    await plugin.call(fn, input, undefined, { fuel }).catch(() => {});
    receipts.push(JSON.parse(JSON.stringify(plugin.receipt)) as Json);
  }
  const text = String(plugin.recording);
  await plugin.close();
  return { of, text, receipts };
};

const makeRecordings = async (): Promise<MadeRecording[]> => {
  const single = calls.map(([fn, input]) => [[fn, input, null]] as const);
  const all = calls.map(([fn, input]) => [fn, input, 10_000] as const);
  const spins = [1000, 7].map((fuel) => [['spin', '', fuel]] as const);
  const recordings: MadeRecording[] = [];
  for (const asked of [...single, ...spins, all]) recordings.push(await record('world', world, asked));
  recordings.push(await record('command', command, [['_start', '', null]]));
  return recordings;
};

const makeManifests = (): Json[] => {
  const data = (name: string): string => assembledModules[name]!;
  const names = Object.keys(assembledModules);
  const hash = (text: string): string =>
    createHash('sha256').update(Buffer.from(text, 'base64')).digest('hex');
  const plain = names.map((name): Json => ({ wasm: [{ data: data(name) }] }));
  const echo = data('core/echo:main');
  return [
    ...plain,
    { wasm: [{ data: echo, name: 'main', hash: hash(echo) }], config: { key: 'value' }, timeoutMs: 1000 },
    {
      wasm: [{ data: echo }],
      memory: {
        maxPages: 20,
        maxHttpResponseBytes: 10,
        maxVarBytes: 100,
        maxHeapBytes: 4096,
        maxLogBytes: 0,
      },
      allowedHosts: ['example.com', '*.example.org', '[::1]'],
      allowedPaths: { '/data': 'build', 'ro:/more': 'docs' },
    },
    {
      wasm: [
        { data: echo, name: 'one' },
        { data: echo, name: 'main' },
      ],
      memory: { max_pages: 20, max_var_bytes: 1 },
      allowed_hosts: [],
      allowed_paths: { build: '/data' },
      timeout_ms: 1000,
      config: { a: '1', b: '2' },
    },
    { wasm: [{ path: 'build/examples/absent.wasm', name: 'main' }] },
    { wasm: [{ url: 'https://example.com/a.wasm', method: 'GET', headers: { accept: '*/*' } }] },
  ];
};

/** Makes everything. */
const makeCorpus = async (): Promise<Corpus> => ({
  ...collectModules(),
  programs: { world: base64(world), command: base64(command) },
  snapshots: [...zooSnapshots(), ...(await worldSnapshots())],
  recordings: await makeRecordings(),
  manifests: makeManifests(),
});

/** Writes the corpus to a file. @returns its path, and a digest by which two of them can be told apart */
export const writeCorpus = async (): Promise<{
  readonly path: string;
  readonly digest: string;
  readonly corpus: Corpus;
}> => {
  const corpus = await makeCorpus();
  const text = JSON.stringify(corpus);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const folder = join(root, 'build/fuzz');
  const path = join(folder, `corpus-${digest}.json`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path)) writeFileSync(path, text);
  return { path, digest, corpus };
};
