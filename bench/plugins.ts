/**
 * How fast are whole plug-ins that are called repeatedly, and how long do they take to warm up? Measures them and
 * writes `bench/plugins.json`, which `npm run bench:draw` draws: `npm run bench:plugins -- [--rounds N] [--processes
 * N] [--json]`. With `--json` it prints the figures instead, and can skip fresh processes (`--processes 0`).
 *
 * Every engine runs the same plug-in with the same input in a separate process. Results count only if the output is
 * that of native Wasm.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { root, sharedFolder } from '../test/shared.ts';
import { type Conditions, conditions, readFigures } from './figures.ts';
import { median } from './measure.ts';
import {
  type PluginAnswer,
  type PluginEngine,
  type PluginName,
  PluginProcess,
  pluginEngineNames,
  pluginNames,
} from './plugin-process.ts';

/** The rounds until which a fresh process is timed. */
export const milestones = [1, 10, 100, 200] as const;

interface Times {
  /** CPU milliseconds of a round of a warm plug-in, in the last third of the rounds: the median of the groups. */
  readonly round: number;
  /** Their mean, which also includes groups in which a JavaScript engine recompiles discarded code. */
  readonly mean: number;
  /** Milliseconds from the start of a process until each milestone. */
  readonly cpu: readonly number[];
  readonly wall: readonly number[];
}
export interface PluginFigures extends Conditions {
  readonly rounds: number;
  readonly processes: number;
  /** Null if an engine cannot run a plug-in. */
  readonly plugins: Readonly<Record<PluginName, Readonly<Record<PluginEngine, Times | null>>>>;
}

const file = join(root, 'bench/plugins.json');
export const readPluginFigures = (): PluginFigures => readFigures<PluginFigures>(file);

/** Rounds between two turns. */
const GROUP = 10;

interface Contestant {
  readonly engine: PluginEngine;
  readonly rounds: number[];
  readonly cpu: number[][];
  readonly wall: number[][];
  error: string | null;
}

/** Measures one plug-in on all engines. */
class Comparison {
  readonly #plugin: PluginName;
  readonly #contestants: readonly Contestant[];
  #expected: string | null = null;

  constructor(plugin: PluginName) {
    this.#plugin = plugin;
    this.#contestants = pluginEngineNames.map((engine) => ({
      ...{ engine, rounds: [], error: null },
      cpu: milestones.map(() => []),
      wall: milestones.map(() => []),
    }));
  }

  #running(): readonly Contestant[] {
    return this.#contestants.filter(({ error }) => error === null);
  }

  /** The times of an answer whose output is right; otherwise the contestant is out. */
  #accept(contestant: Contestant, answer: PluginAnswer): { cpu: number; wall: number } | null {
    if ('error' in answer) contestant.error = answer.error;
    else {
      this.#expected ??= answer.output;
      if (answer.output === this.#expected) return answer;
      contestant.error = `gave ${answer.output}, not ${this.#expected}`;
    }
    return null;
  }

  /** Fresh processes, one at a time; engines take turns. */
  async start(processes: number): Promise<void> {
    for (let i = 0; i < processes; i++) {
      for (const contestant of this.#running()) {
        const child = new PluginProcess(contestant.engine, this.#plugin);
        for (const [at, milestone] of milestones.entries()) {
          const times = this.#accept(contestant, await child.ask(milestone - (milestones[at - 1] ?? 0)));
          if (times === null) break;
          contestant.cpu[at]!.push(times.cpu);
          contestant.wall[at]!.push(times.wall);
        }
        child.stop();
      }
    }
  }

  /** Plug-ins that are kept; engines take turns. Work of a compiler during another engine's turn also counts. */
  async keep(rounds: number): Promise<void> {
    const running = this.#running().map((contestant) => ({
      contestant,
      child: new PluginProcess(contestant.engine, this.#plugin),
      before: 0,
    }));
    // Every output is known to be right before the first time is taken.
    for (const each of running)
      each.before = this.#accept(each.contestant, await each.child.ask(1))?.cpu ?? 0;
    for (let done = 0; done < rounds; done += GROUP) {
      for (const each of running) {
        if (each.contestant.error !== null) continue;
        const times = this.#accept(each.contestant, await each.child.ask(GROUP));
        if (times === null) continue;
        each.contestant.rounds.push((times.cpu - each.before) / GROUP);
        each.before = times.cpu;
      }
    }
    for (const { child } of running) child.stop();
  }

  results(): Record<PluginEngine, Times | null> {
    const rounded = (value: number): number => Number(value.toPrecision(3));
    const entries = this.#contestants.map(({ engine, rounds, cpu, wall, error }) => {
      if (error !== null) console.error(`${this.#plugin}, ${engine}: ${error}`);
      if (error !== null && engine !== 'polywasm') process.exitCode = 1;
      if (error !== null) return [engine, null];
      const medians = (lists: readonly number[][]) =>
        lists.flatMap((list) => (list.length === 0 ? [] : [rounded(median(list))]));
      const warm = rounds.slice(-Math.ceil(rounds.length / 3));
      const mean = warm.reduce((sum, ms) => sum + ms, 0) / warm.length;
      const round = median(warm);
      return [engine, { round: rounded(round), mean: rounded(mean), cpu: medians(cpu), wall: medians(wall) }];
    });
    return Object.fromEntries(entries) as Record<PluginEngine, Times | null>;
  }
}

const measurePlugins = async (rounds: number, processes: number): Promise<PluginFigures> => {
  const results: [PluginName, Record<PluginEngine, Times | null>][] = [];
  for (const name of pluginNames) {
    const comparison = new Comparison(name);
    await comparison.start(processes);
    await comparison.keep(rounds);
    results.push([name, comparison.results()]);
  }
  const plugins = Object.fromEntries(results) as Record<PluginName, Record<PluginEngine, Times | null>>;
  return { ...conditions(), rounds, processes, plugins };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '300' },
      processes: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  });
  if (Number(values.processes) < 1 && !values.json) {
    console.error('the picture needs fresh processes: --processes 1 or more');
    process.exit(2);
  }
  if (sharedFolder === null) {
    console.error('the plug-ins were not found (set QUERN_SHARED)');
    process.exit(2);
  }
  const figures = await measurePlugins(Number(values.rounds), Number(values.processes));
  const text = `${JSON.stringify(figures, null, 2)}\n`;
  if (values.json) process.stdout.write(text);
  else writeFileSync(file, text);
}
