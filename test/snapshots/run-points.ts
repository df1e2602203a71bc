/** Makes random pause points here, restores them in fresh processes, and compares what comes of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Forced } from '../compiler/forced-compiler.ts';
import { Random } from '../generators/random.ts';
import { noWasm, proof } from '../proof.ts';
import { sharedFolder } from '../shared.ts';
import { findSubjects, type Point, pluginPoint } from './plugin-points.ts';
import { programPoint, recordCorpus, worldPoints } from './program-points.ts';
import { interpreted, type Sides } from './sides.ts';

/** Points that one process restores. */
const PER_PROCESS = 200;

/** A process that restores. */
class Restorer {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #ended: Promise<readonly string[]>;

  constructor(flags: readonly string[]) {
    const script = fileURLToPath(new URL('./restore-child.js', import.meta.url));
    this.#child = spawn(process.execPath, [...flags, script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#ended = once(this.#child, 'exit').then(() => ['"the process ended"']);
  }

  async restore({ request }: Point): Promise<string> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const [line] = (await Promise.race([answer, this.#ended])) as [string];
    return JSON.parse(line) as string;
  }

  end(): void {
    this.#child.stdin!.end();
  }
}

/** How many points of each kind agreed, and the first that did not. */
export interface PointReport {
  readonly counts: ReadonlyMap<string, number>;
  readonly mismatches: readonly string[];
  readonly processes: number;
}

/**
 * Tries so many points.
 *
 * @param usesCorpus whether the tests of the interpreter are run first, to restore what they run
 * @param setUps names of the set-ups of plug-ins; null for all
 * @param isCompiled whether code is compiled and left by chance, where the snapshot is taken, or where it is restored,
 * or at both
 */
export const runPoints = async (
  count: number,
  seed: number,
  usesCorpus: boolean,
  setUps: readonly string[] | null,
  isCompiled = false,
  onProgress: (done: number) => void = () => {},
): Promise<PointReport> => {
  const random = new Random(seed);
  const subjects = sharedFolder === null ? [] : await findSubjects(setUps);
  const corpus = usesCorpus ? recordCorpus() : [];
  const forced = (): Forced => ({
    target: random.pick(['jit', 'nojit']),
    exits: random.pick([0, 0.05, 0.5]),
    seed: random.bits(),
  });
  const sides = (): Sides => {
    if (!isCompiled) return interpreted;
    const where = random.below(3);
    return { taken: where === 1 ? null : forced(), restored: where === 0 ? null : forced() };
  };
  const next = async (): Promise<readonly Point[]> => {
    const die = random.below(10);
    if (subjects.length > 0 && die < 4) return pluginPoint(random, random.pick(subjects), sides());
    return corpus.length > 0 && die < 8
      ? programPoint(random, random.pick(corpus), sides())
      : worldPoints(random, sides());
  };
  const counts = new Map<string, number>();
  const mismatches: string[] = [];
  let processes = 0;
  let restorer: Restorer | null = null;
  let points: readonly Point[] = [];
  for (let done = 0; done < count; ) {
    const [point] = points;
    points = point === undefined ? await next() : points.slice(1);
    if (point === undefined) continue;
    if (done % PER_PROCESS === 0) {
      restorer?.end();
      restorer = new Restorer(isCompiled ? noWasm : proof);
      processes++;
    }
    const outcome = await restorer!.restore(point);
    const { kind } = point.request;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (outcome !== point.expected)
      mismatches.push(`seed ${seed}, point ${done}: ${point.label}\n  ${point.expected}\n  ${outcome}`);
    done++;
    onProgress(done);
  }
  restorer?.end();
  return { counts, mismatches, processes };
};
