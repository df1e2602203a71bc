/**
 * A campaign: mutants by seed go to a child process with Quern and, where they are modules, to one with native Wasm.
 * Children get seeds in batches and make the mutants themselves. A batch that fails is asked again one by one, so
 * that the mutant that hangs or kills its process is known.
 */
import { fileURLToPath } from 'node:url';
import { MAX_MEMORY_PAGES } from '../../src/syntax/limits.ts';
import { decodeModule, type FeatureKey } from '../../src/wasm.ts';
import { proof } from '../proof.ts';
import { LineProcess } from '../random-modules/line-process.ts';
import { upToExhaustion } from '../random-modules/lines.ts';
import type { Corpus } from './corpus-file.ts';
import { differences, makesNans, openTraps } from './differences.ts';
import { kindOfSeed, type MutantKind, Mutants } from './mutants.ts';
import type { NativeQuestion, NativeReply, NativeVerdict } from './native-child.ts';
import type { QuernAnswer, QuernQuestion } from './quern-child.ts';

/** Longest that a mutant may take. */
const HANG_MS = 2000;
/** Time for a process to start, on a machine that does other things as well. */
const START_MS = 30_000;
const BATCH = 64;
const BATCH_MS = 20_000;
/** Memory of a child; what needs more kills it. */
const HEAP_MB = 1024;
/** Memories of native Wasm grow no further than Quern's do. */
const PAGE_LIMIT = `--wasm-max-mem-pages=${MAX_MEMORY_PAGES}`;
/** From how much CPU time on a mutant is told of, though it is no failure. */
const SLOW_MS = 400;

/** A mutant that failed. */
export interface Find {
  readonly kind: MutantKind;
  readonly seed: number;
  readonly what: 'fault' | 'hang' | 'death' | 'disagreement' | 'native';
  readonly text: string;
}

export interface CampaignOptions {
  readonly corpus: Corpus;
  readonly corpusPath: string;
  readonly kind: MutantKind | 'all';
  readonly firstSeed: number;
  readonly count: number;
  /** Executable that has native Wasm. */
  readonly node: string;
  readonly onFind: (find: Find, mutants: Mutants) => void;
  /** Called after each so many mutants. */
  readonly onProgress: (done: number, campaign: Campaign) => void;
}

const childPath = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

export class Campaign {
  /** What came of mutants, by name. */
  readonly counts = new Map<string, number>();
  readonly slow: { readonly kind: MutantKind; readonly seed: number; readonly milliseconds: number }[] = [];
  findCount = 0;
  private readonly options: CampaignOptions;
  private readonly mutants: Mutants;
  private readonly quern: LineProcess;
  private readonly native: LineProcess;
  private features: readonly FeatureKey[] = [];

  constructor(options: CampaignOptions) {
    this.options = options;
    this.mutants = new Mutants(options.corpus);
    const { corpusPath } = options;
    const limit = `--max-old-space-size=${HEAP_MB}`;
    this.quern = new LineProcess(
      process.execPath,
      [...proof, limit, childPath('quern-child'), corpusPath],
      BATCH_MS,
    );
    this.native = new LineProcess(
      options.node,
      [limit, PAGE_LIMIT, childPath('native-child'), corpusPath],
      BATCH_MS,
    );
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  private find(find: Find): void {
    this.findCount++;
    this.options.onFind(find, this.mutants);
  }

  /** Runs everything. */
  async run(): Promise<void> {
    const { firstSeed, count, kind, onProgress } = this.options;
    try {
      await this.warmUp();
      let comparing = Promise.resolve();
      const blockSize = kind === 'all' ? 10 * BATCH : BATCH;
      for (let done = 0; done < count; done += blockSize) {
        const length = Math.min(blockSize, count - done);
        const seeds = Array.from({ length }, (_, i) => firstSeed + done + i);
        const groups = new Map<MutantKind, number[]>();
        for (const seed of seeds) {
          const own = kind === 'all' ? kindOfSeed(seed) : kind;
          groups.set(own, [...(groups.get(own) ?? []), seed]);
        }
        for (const [own, group] of groups) {
          for (let at = 0; at < group.length; at += BATCH) {
            const answers = await this.judge(own, group.slice(at, at + BATCH));
            await comparing;
            if (own === 'module') comparing = this.compare(answers);
          }
        }
        onProgress(done + length, this);
      }
      await comparing;
    } finally {
      this.quern.close();
      this.native.close();
    }
  }

  private async warmUp(): Promise<void> {
    const question: NativeQuestion = { items: [], isDetailed: false };
    this.features = (await this.native.ask<NativeReply>(question, START_MS)).features;
    await this.askQuern('module', [], false, START_MS);
  }

  private askQuern(
    kind: MutantKind,
    seeds: readonly number[],
    isDetailed: boolean,
    timeoutMs?: number,
  ): Promise<QuernAnswer[]> {
    const question: QuernQuestion = { kind, seeds, features: this.features, isDetailed };
    return this.quern.ask<QuernAnswer[]>(question, timeoutMs);
  }

  /** Asks Quern about mutants; those that failed are told of and left out. */
  private async judge(kind: MutantKind, seeds: readonly number[]): Promise<QuernAnswer[]> {
    let answers: QuernAnswer[];
    try {
      answers = await this.askQuern(kind, seeds, false);
    } catch (error) {
      const before = this.findCount;
      answers = [];
      for (const seed of seeds) answers.push(...(await this.judgeOne(kind, seed)));
      if (this.findCount === before && /ended/.test(String(error)))
        this.find({
          kind,
          seed: seeds[0]!,
          what: 'death',
          text: `somewhere among ${seeds.length} mutants from here: ${error}`,
        });
    }
    for (const { seed, fault, end, milliseconds, verdict } of answers) {
      this.count(`${kind}: ${fault === null ? end : 'fault'}`);
      if (verdict?.leftOut) this.count(`not run to the end: ${verdict.leftOut}`);
      if (fault !== null) this.find({ kind, seed, what: 'fault', text: fault });
      if (milliseconds > SLOW_MS) this.slow.push({ kind, seed, milliseconds });
    }
    return answers.filter(({ fault }) => fault === null);
  }

  /** Asks about one mutant in a process that has started. */
  private async judgeOne(kind: MutantKind, seed: number): Promise<QuernAnswer[]> {
    let failure = '';
    // On a busy machine a process may be suspended for longer than a mutant may take.
    for (const patience of [1, 3]) {
      try {
        await this.askQuern('module', [], false, START_MS);
        const answers = await this.askQuern(kind, [seed], false, patience * HANG_MS);
        if (answers[0]!.milliseconds < HANG_MS) return answers;
      } catch (error) {
        failure = String(error);
        if (/ended/.test(failure)) break;
      }
    }
    this.find({ kind, seed, what: /ended/.test(failure) ? 'death' : 'hang', text: failure });
    return [];
  }

  /** Compares the answers about modules with native Wasm. */
  private async compare(answers: readonly QuernAnswer[]): Promise<void> {
    const asked = answers.filter(({ verdict }) => {
      if (verdict!.isComparable) return true;
      this.count('not compared: a limit, or a feature that native Wasm lacks');
      return false;
    });
    for (const [answer, verdict] of await this.askNative(asked)) {
      const text = await this.differenceOf(answer, verdict);
      if (text !== null) this.find({ kind: 'module', seed: answer.seed, what: 'disagreement', text });
    }
  }

  private async askNative(
    answers: readonly QuernAnswer[],
  ): Promise<(readonly [QuernAnswer, NativeVerdict])[]> {
    const items = answers.map(({ seed, verdict }) => ({ seed, steps: verdict!.steps }));
    const ask = async (
      some: NativeQuestion['items'],
      timeoutMs?: number,
    ): Promise<readonly NativeVerdict[]> =>
      (await this.native.ask<NativeReply>({ items: some, isDetailed: false }, timeoutMs)).verdicts;
    try {
      return (await ask(items)).map((verdict, i) => [answers[i]!, verdict] as const);
    } catch {
      const pairs: (readonly [QuernAnswer, NativeVerdict])[] = [];
      for (const [i, item] of items.entries()) {
        try {
          await ask([], START_MS);
          pairs.push([answers[i]!, (await ask([item], 5 * HANG_MS))[0]!]);
        } catch (error) {
          this.find({ kind: 'module', seed: item.seed, what: 'native', text: String(error) });
        }
      }
      return pairs;
    }
  }

  /** What Quern and native Wasm differ in that no table explains; null if nothing. */
  private async differenceOf({ seed, verdict }: QuernAnswer, native: NativeVerdict): Promise<string | null> {
    const { refusal, refusedAt, steps, digest } = verdict!;
    const { rejection } = native;
    if (rejection !== null) {
      if (refusal !== null) return this.agreed('refused by both');
      const known = differences.nativeRefuses.find(({ pattern }) => pattern?.test(rejection));
      return known === undefined ? `native Wasm refuses it: ${rejection}` : this.explained(known);
    }
    if (refusal !== null) {
      const text = `${refusal} ${refusedAt ?? ''}`;
      const known = differences.nativeAccepts.find(({ pattern }) => pattern?.test(text));
      return known === undefined ? `native Wasm accepts what ends in ${text}` : this.explained(known);
    }
    if (steps === 0) return this.agreed('accepted by both');
    if (native.digest === digest) return this.agreed('accepted by both, and run alike');
    const [left, right] = await this.linesOf(seed, steps);
    const [nativeLines, ownLines] = upToExhaustion(left, right);
    if (nativeLines.join('\n') === ownLines.join('\n'))
      return this.agreed('accepted by both, and run alike until native Wasm had no stack or memory');
    const [nativeOpen, ownOpen] = [nativeLines.map(openTraps), ownLines.map(openTraps)];
    const at = nativeOpen.findIndex((line, i) => line !== ownOpen[i]);
    if (at < 0) return this.explained(differences.faults);
    if (makesNans(decodeModule(this.mutants.module(seed)))) return this.explained(differences.nans);
    return `step ${at} of native Wasm:\n${nativeLines[at]}\nof Quern:\n${ownLines[at]}`;
  }

  private async linesOf(seed: number, steps: number): Promise<[readonly string[], readonly string[]]> {
    const question: NativeQuestion = { items: [{ seed, steps }], isDetailed: true };
    const { verdicts } = await this.native.ask<NativeReply>(question);
    const [own] = await this.askQuern('module', [seed], true);
    return [verdicts[0]!.lines ?? [], own!.lines ?? []];
  }

  private agreed(how: string): null {
    this.count(`native Wasm: ${how}`);
    return null;
  }
  private explained({ reason }: { readonly reason: string }): null {
    this.count(`native Wasm differs: ${reason}`);
    return null;
  }
}
