/**
 * What a host pays: `npm run bench:host -- [--calls N] [--samples N]`, and what it gets back:
 * `npm run bench:host -- --cycles 10000`.
 *
 * Instantiation from a compiled plug-in against the first load, each sample of the first load in a process of its
 * own; a pool under many calls, with the memory that it has at the beginning and at the end. Cycles compile a module
 * that no other is like, create a plug-in, call it and close it, in one job: the event loop never turns.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compilePlugin, createPlugin, createPool } from '../src/node.ts';
import { assemble, type Instruction } from '../test/assembler.ts';
import { collect } from '../test/garbage.ts';
import { readSetUps, recordedFunctions } from '../test/plugins/recorded.ts';
import { sharedFolder } from '../test/shared.ts';
import { median } from './measure.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100000' },
    samples: { type: 'string', default: '5' },
    load: { type: 'string' },
    cycles: { type: 'string' },
  },
});

/** Instances that are made before those that count: the JavaScript engine compiles meanwhile. */
const WARM_UP = 8;
const COUNTED = 15;

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

interface LoadSample {
  readonly first: number;
  readonly later: number;
}

/** In a process of its own: the first load, then the median of later instantiations, in CPU milliseconds. */
const sampleLoad = async (file: string): Promise<LoadSample> => {
  const bytes = readFileSync(file);
  const start = cpuMs();
  const compiled = await compilePlugin(bytes, { useWasi: true });
  await (await compiled.instantiate()).close();
  const first = cpuMs() - start;
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + COUNTED; i++) {
    const before = cpuMs();
    const plugin = await compiled.instantiate();
    times.push(cpuMs() - before);
    await plugin.close();
  }
  return { first, later: median(times.slice(WARM_UP)) };
};

const measureLoad = (name: string, file: string): void => {
  const samples = Array.from({ length: Number(values.samples) }, () => {
    const text = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--load', file], {
      encoding: 'utf8',
    });
    return JSON.parse(text) as LoadSample;
  });
  const first = median(samples.map((sample) => sample.first));
  const later = median(samples.map((sample) => sample.later));
  const share = median(samples.map((sample) => sample.later / sample.first));
  console.log(
    `${name}: first load ${first.toFixed(0)} ms of CPU, instantiation ${later.toFixed(1)} ms: ${(100 * share).toFixed(1)} % of it`,
  );
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Memory after everything that can go is gone; without `--expose-gc`, as it is. */
const memory = (): { heap: number; rss: number } => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
};

const measurePool = async (file: string): Promise<void> => {
  const total = Number(values.calls);
  const setUp = readSetUps().find(({ wasm }) => file.endsWith(wasm))!;
  const functions = await recordedFunctions({ ...setUp, host: true });
  const compiled = await compilePlugin(readFileSync(file), { functions });
  const pool = createPool(compiled, { maxInstances: availableParallelism(), maxWaiting: total });
  const input = 'The quick brown fox jumps over the lazy dog';
  const expected = (await pool.call('sha256', input))!.text();
  const callMany = async (count: number): Promise<void> => {
    const outputs = await Promise.all(Array.from({ length: count }, () => pool.call('sha256', input)));
    if (outputs.some((output) => output?.text() !== expected)) throw new Error('a call had another result');
  };
  await callMany(Math.min(2000, total));
  const before = memory();
  const start = performance.now();
  for (let done = 0; done < total; done += 1000) await callMany(Math.min(1000, total - done));
  const seconds = (performance.now() - start) / 1000;
  const after = memory();
  console.log(
    `pool of ${pool.size}: ${total.toLocaleString('en')} calls, ${Math.round(total / seconds).toLocaleString('en')} per second`,
    `\n  heap ${megabytes(before.heap)} before, ${megabytes(after.heap)} after; resident ${megabytes(before.rss)} and ${megabytes(after.rss)}`,
  );
  await pool.close();
};

/** A plug-in that is like no other, in its code and in its types. */
const makeVariant = (serial: number): Uint8Array => {
  const own = Array.from({ length: 20 }, (_, i) => ({
    params: Array.from({ length: 24 }, (_, bit) => (((20 * serial + i) >> bit) & 1 ? 'i32' : 'i64') as 'i32'),
  }));
  const add: Instruction[] = [['local.get', 0], ['i32.const', serial], 'i32.add', ['local.set', 0]];
  return assemble({
    types: [{ results: ['i32'] }, ...own],
    memories: [{ min: 16 }],
    funcs: [
      {
        type: 0,
        locals: [[1, 'i32']],
        code: [...Array.from({ length: 100 }, () => add).flat(), ['i32.const', 0]],
      },
    ],
    exports: [['work', 'func', 0]],
  });
};

const measureCycles = async (count: number): Promise<void> => {
  for (let i = 1; i <= count; i++) {
    const plugin = await createPlugin(makeVariant(i));
    await plugin.call('work');
    await plugin.close();
    if (i % Math.ceil(count / 10) > 0) continue;
    // Buffers are given back on another thread.
    for (let times = 0; times < 3; times++) collect();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    console.log(
      `${i} cycles: heap ${megabytes(heapUsed)}, buffers ${megabytes(arrayBuffers)}, resident ${megabytes(rss)}`,
    );
  }
};

const run = async (): Promise<void> => {
  if (values.load !== undefined) {
    process.stdout.write(JSON.stringify(await sampleLoad(values.load)));
    return;
  }
  if (values.cycles !== undefined) {
    await measureCycles(Number(values.cycles));
    return;
  }
  if (sharedFolder === null) throw new Error('the plug-ins were not found (set QUERN_SHARED to their place)');
  const file = (name: string): string => join(sharedFolder!, 'plugins', `${name}.wasm`);
  measureLoad('Go, 5.6 MB', file('go124'));
  measureLoad('QuickJS', file('quickjs'));
  await measurePool(file('fs_text'));
};

await run();
