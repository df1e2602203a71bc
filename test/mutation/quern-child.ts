/** The child process that judges mutants by Quern: questions are seeds, answers what came of them. */
import type { FeatureKey } from '../../src/wasm.ts';
import { answerLines } from '../random-modules/line-process.ts';
import { readCorpus } from './corpus-file.ts';
import { judgeModule, linesOf, type ModuleVerdict, scenarioOf } from './judge-module.ts';
import { judgeOther } from './judge-others.ts';
import { type MutantKind, Mutants } from './mutants.ts';

/** What comes in. */
export interface QuernQuestion {
  readonly kind: MutantKind;
  readonly seeds: readonly number[];
  /** What native Wasm knows. */
  readonly features: readonly FeatureKey[];
  /** Whether the lines themselves are wanted, of one module. */
  readonly isDetailed: boolean;
}
/** What goes out for a seed. */
export interface QuernAnswer {
  readonly seed: number;
  /** What must not be: an error that is not Quern's. */
  readonly fault: string | null;
  /** How it ended: a code, or `fine`. */
  readonly end: string;
  readonly milliseconds: number;
  /** Of a module. */
  readonly verdict: ModuleVerdict | null;
  readonly lines: readonly string[] | null;
}

const corpus = readCorpus(process.argv[2]!);
const mutants = new Mutants(corpus);
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const programs = { world: bytesOf(corpus.programs.world), command: bytesOf(corpus.programs.command) };

const textOf = (error: unknown): string =>
  error instanceof Error ? String(error.stack ?? error) : `thrown: ${String(error)}`;

// What nobody waited for is a fault of the mutant that runs.
let stray: unknown = null;
process.on('unhandledRejection', (error) => {
  stray = error;
});

const judge = async (seed: number, question: QuernQuestion): Promise<QuernAnswer> => {
  const { kind, isDetailed } = question;
  const features = new Set(question.features);
  const start = process.cpuUsage();
  let [fault, end, verdict]: [string | null, string, ModuleVerdict | null] = [null, '', null];
  let lines: string[] | null = null;
  try {
    if (kind === 'module') {
      const bytes = mutants.module(seed);
      verdict = await judgeModule(bytes, seed, features);
      end = verdict.refusal ?? 'fine';
      const scenario = isDetailed && verdict.refusal === null ? scenarioOf(bytes, seed) : null;
      if (scenario !== null && typeof scenario !== 'string' && verdict.isComparable)
        lines = linesOf(scenario, features);
    } else end = await judgeOther(kind, seed, mutants, programs);
  } catch (error) {
    fault = textOf(error);
  }
  if (stray !== null) fault ??= `a rejection that nobody waited for: ${textOf(stray)}`;
  stray = null;
  const { user, system } = process.cpuUsage(start);
  return { seed, fault, end, milliseconds: (user + system) / 1000, verdict, lines };
};

await answerLines(async (question: QuernQuestion): Promise<QuernAnswer[]> => {
  const answers: QuernAnswer[] = [];
  for (const seed of question.seeds) answers.push(await judge(seed, question));
  return answers;
});
