/**
 * How long does a watched call run without a check, and how much memory does it use, if all of a module of 14 MB is
 * compiled before its first call? `npm run bench:steps -- [--runs N] [WORKLOAD | MODE…]`. Printed, not judged: it
 * also measures the machine. Runs with the same number of checks did the same between two checks; the least time
 * counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { noWasm } from '../test/proof.ts';
import { largeModule } from './large-module.ts';

/**
 * esbuild minifies a megabyte; each of its functions is called separately, with zeros, until its code exists; a
 * module calls all of its functions, and its memory grows.
 */
export type Workload = 'program' | 'functions' | 'synthetic';
/** `second` runs in two instances, one after the other. */
export type Mode = 'interpreted' | 'compiled' | 'second';

/** A time without a check. */
export interface Block {
  /** The number of the check at its end. */
  readonly look: number;
  readonly ms: number;
  readonly causes: Readonly<Record<string, number>>;
}
/** The result of a run. */
export interface StepsAnswer {
  readonly bytes: number;
  readonly looks: number;
  /** Of CPU. */
  readonly seconds: number;
  /** Most memory, in MB. */
  readonly peak: number;
  readonly blocks: readonly Block[];
}

const runs: readonly (readonly [Workload, Mode])[] = [
  ['program', 'interpreted'],
  ['program', 'compiled'],
  ['functions', 'compiled'],
  ['synthetic', 'interpreted'],
  ['synthetic', 'compiled'],
  ['synthetic', 'second'],
];
/** Blocks that are printed. */
const PRINTED = 4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '2' } },
});
const folder = mkdtempSync(join(tmpdir(), 'quern-steps-'));
const file = join(folder, 'large.wasm');
writeFileSync(file, largeModule());
const worker = fileURLToPath(new URL('steps-worker.js', import.meta.url));

const ask = (workload: Workload, mode: Mode): StepsAnswer => {
  const { stdout } = spawnSync(process.execPath, [...noWasm, worker, workload, mode, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout) as StepsAnswer;
};

/** The longest blocks, each at its best. */
const longest = (answers: readonly StepsAnswer[]): readonly Block[] => {
  const lists = answers.map(({ blocks }) => [...blocks].sort((a, b) => b.ms - a.ms));
  const isSame = answers.every(({ looks }) => looks === answers[0]!.looks);
  if (!isSame) return lists.sort(([a], [b]) => (a?.ms ?? 0) - (b?.ms ?? 0))[0]!;
  const others = lists.slice(1).map((list) => new Map(list.map((block) => [block.look, block])));
  const best = lists[0]!.flatMap((block) => {
    const all = [block, ...others.flatMap((map) => map.get(block.look) ?? [])];
    // What another run did not record was short.
    return all.length < answers.length ? [] : [all.reduce((a, b) => (b.ms < a.ms ? b : a))];
  });
  return best.sort((a, b) => b.ms - a.ms);
};

for (const [workload, mode] of runs) {
  if (positionals.some((word) => word !== workload && word !== mode)) continue;
  const answers = Array.from({ length: Number(values.runs) }, () => ask(workload, mode));
  const { bytes, looks } = answers[0]!;
  const least = (pick: (answer: StepsAnswer) => number): number => Math.min(...answers.map(pick));
  const seconds = least((answer) => answer.seconds).toFixed(1);
  const peak = Math.max(...answers.map((answer) => answer.peak)).toFixed(0);
  console.log(
    `${workload}, ${mode}: ${bytes} bytes of Wasm, ${looks} checks, ${seconds} s of CPU, ${peak} MB at most`,
  );
  for (const { look, ms, causes } of longest(answers).slice(0, PRINTED)) {
    const parts = Object.entries(causes).filter(([, part]) => part >= 1);
    const texts = parts.map(([cause, part]) => `${cause} ${part.toFixed(0)}`);
    console.log(`  ${ms.toFixed(0)} ms, check ${look}: ${texts.join(', ') || 'the interpreter'}`);
  }
}
rmSync(folder, { recursive: true });
