/** Random modules from npm's `binaryen`, by seed: which features, how large, and what else is done to them. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Random } from '../generators/random.ts';
import type { BinaryenQuestion } from './binaryen-child.ts';
import { keepNans } from './export-all.ts';
import { LineProcess } from './line-process.ts';

/** A feature of the tool, and how often modules may use it. */
interface FeatureFlag {
  readonly flag: string;
  readonly percent: number;
  /** Whether Node 20 has it; Node 24 has all of these. */
  readonly isOld: boolean;
}
const feature = (flag: string, percent: number, isOld: boolean): FeatureFlag => ({ flag, percent, isOld });

/** TABLE: the features, those that others need before those others. */
const features: readonly FeatureFlag[] = [
  feature('sign-ext', 80, true),
  feature('mutable-globals', 80, true),
  feature('nontrapping-float-to-int', 80, true),
  feature('bulk-memory', 80, true),
  feature('reference-types', 80, true),
  feature('multivalue', 80, true),
  feature('simd', 60, true),
  feature('extended-const', 60, true),
  feature('tail-call', 60, true),
  feature('relaxed-simd', 0, false),
  feature('memory64', 30, false),
  feature('multimemory', 40, false),
  feature('gc', 75, false),
  feature('exception-handling', 60, false),
];

/** Features that the tool refuses without others. */
const needs: Readonly<Record<string, readonly string[]>> = {
  gc: ['reference-types', 'bulk-memory', 'multivalue'],
  'exception-handling': ['reference-types', 'multivalue'],
};

/** What a random module is made of. */
export interface Recipe {
  readonly features: readonly string[];
  readonly inputBytes: number;
  readonly flags: readonly string[];
}

const SMALLEST = 200;
const LARGEST = 6_000;
const optimisations = ['-O1', '-O2', '-O3', '-Os', '--flatten'];

/** Chooses what a module is made of. @param isOld only features that Node 20 has */
export const chooseRecipe = (random: Random, isOld: boolean): Recipe => {
  const chosen = new Set<string>();
  const isMvp = random.chance(4);
  for (const { flag, percent, isOld: inOld } of features) {
    if (isMvp || !random.chance(percent) || (isOld && !inOld)) continue;
    for (const needed of [...(needs[flag] ?? []), flag]) chosen.add(needed);
  }
  // The tool's own check refuses much of what its generator makes; all engines must agree about the rest.
  const flags = ['--no-validation', '--mvp-features', ...[...chosen].map((name) => `--enable-${name}`)];
  flags.push('--fuzz-against-js');
  if (random.chance(15)) flags.push('--no-fuzz-oob');
  if (random.chance(15)) flags.push(random.pick(optimisations));
  // Both forms of exceptions; V8 takes no module that has the two of them.
  if (chosen.has('exception-handling') && random.chance(70)) flags.push('--translate-to-exnref');
  flags.push('--denan');
  // Small modules more often than large ones.
  const inputBytes = Math.round(SMALLEST * (LARGEST / SMALLEST) ** (random.below(1000) / 1000));
  return { features: [...chosen], inputBytes, flags };
};

/** Options for `test()` that skip with a reason where the package is absent. */
export const needsBinaryen: { readonly skip: string | false } = {
  skip: (() => {
    try {
      return existsSync(createRequire(import.meta.url).resolve('binaryen'))
        ? false
        : 'binaryen is not installed';
    } catch {
      return 'binaryen is not installed';
    }
  })(),
};

const TIMEOUT_MS = 60_000;
/** After so many modules a new process is started: each run's memory is only freed when the collector finds it. */
const RUNS_PER_PROCESS = 400;

export class BinaryenProcess {
  private process: LineProcess | null = null;
  private runs = 0;

  /** Makes the module of a recipe from random bytes. */
  async make(recipe: Recipe, random: Random): Promise<Uint8Array> {
    if (this.process === null || this.runs++ >= RUNS_PER_PROCESS) {
      this.close();
      const child = fileURLToPath(new URL('./binaryen-child.js', import.meta.url));
      this.process = new LineProcess(process.execPath, [child], TIMEOUT_MS);
      this.runs = 0;
    }
    const input = Buffer.from(Array.from({ length: recipe.inputBytes }, () => random.bits() & 0xff));
    const question: BinaryenQuestion = { input: input.toString('base64'), flags: recipe.flags };
    return keepNans(new Uint8Array(Buffer.from(await this.process.ask<string>(question), 'base64')));
  }

  close(): void {
    this.process?.close();
    this.process = null;
  }
}
