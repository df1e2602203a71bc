/**
 * Pause points in programs for the bare engine: generated ones, and the corpus, which is what the tests of the
 * interpreter run (structures with cycles, exceptions in flight, 64-bit and many memories, references, vectors).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isQuernError } from '../../src/errors.ts';
import {
  compileModule,
  defaultFeatures,
  type Execution,
  type ExternInstance,
  type FeatureKey,
  type FuncInstance,
  instantiate,
  type ModuleInstance,
  type RawValue,
  restoreSnapshot,
  Store,
  startExecution,
  takeSnapshot,
} from '../../src/wasm.ts';
import type { Forced } from '../compiler/forced-compiler.ts';
import { EngineWorld } from '../differential/engine.ts';
import type { Random } from '../generators/random.ts';
import { generateWorld, type World } from '../generators/world.ts';
import type { RecordedProgram } from '../interpreter/everywhere.ts';
import { root } from '../shared.ts';
import { digest, memoryText } from './digest.ts';
import type { Point } from './plugin-points.ts';
import { compilerOption, type Sides } from './sides.ts';

/** What the restoring process needs of a generated program. */
export interface WorldRequest {
  readonly kind: 'world';
  readonly seed: number;
  /** Index of the entry that is paused. */
  readonly entry: number;
  readonly host: string;
  readonly snapshot: string;
  readonly again: number | null;
  /** How code is compiled where the point is restored; null for the interpreter alone. */
  readonly compiled: Forced | null;
}
/** The same of a program of the corpus. */
export interface ProgramRequest {
  readonly kind: 'program';
  readonly program: RecordedProgram;
  readonly snapshot: string;
  readonly again: number | null;
  readonly compiled: Forced | null;
}
const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const toBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** A call that was restored, moved once more in the middle if asked for; not yet with all its fuel. */
const restored = (
  snapshot: string,
  again: number | null,
  make: () => { readonly instances: readonly ModuleInstance[] },
): { readonly call: Execution; readonly made: { readonly instances: readonly ModuleInstance[] } } => {
  let made = make();
  let [call] = restoreSnapshot(toBytes(snapshot), made);
  if (again !== null) {
    call!.addFuel(again);
    if (call!.run() === 'paused') {
      const bytes = takeSnapshot({ instances: made.instances, executions: [call!] });
      made = make();
      [call] = restoreSnapshot(bytes, made);
    }
  }
  return { call: call!, made };
};

// Generated programs

/** How a world ends from an entry on. */
const playWorld = (world: World, engine: EngineWorld, from: number, first: Execution | null): string => {
  const lines: string[] = [];
  for (let i = from; i < world.entries.length; i++) {
    const { module, name } = world.entries[i]!;
    const call = i === from && first !== null ? first : engine.start(module, name, {});
    call.addFuel(2 ** 50);
    const status = call.run();
    lines.push(`${engine.outcome(name, call, status)} ${call.fuelConsumed}`);
  }
  lines.push(engine.tables, digest(takeSnapshot({ instances: engine.instances })));
  return lines.join('\n');
};

/** Points in one call of a random program. */
const POINTS_PER_WORLD = 5;

/** Random points of a random program. */
export const worldPoints = (random: Random, sides: Sides): readonly Point[] => {
  const seed = random.bits();
  const world = generateWorld(seed);
  const entry = random.below(world.entries.length);
  const { module, name } = world.entries[entry]!;
  const play = (until: number, compiled: Forced | null): EngineWorld => {
    const engine = new EngineWorld(world, compilerOption(compiled));
    for (const item of world.entries.slice(0, until)) {
      const call = engine.start(item.module, item.name, {});
      engine.outcome(item.name, call, call.run());
    }
    return engine;
  };
  const whole = play(entry, null);
  const expected = playWorld(world, whole, entry, null);
  const measured = play(entry, null).start(module, name, {});
  measured.run();
  const points: Point[] = [];
  for (let i = 0; i < POINTS_PER_WORLD && measured.fuelConsumed > 0; i++) {
    const engine = play(entry, sides.taken);
    const fuel = random.below(measured.fuelConsumed);
    const call = engine.start(module, name, { fuel, careful: random.chance(20) });
    if (call.run() !== 'paused') continue;
    const request: WorldRequest = {
      kind: 'world',
      seed,
      entry,
      host: engine.host.save(),
      snapshot: toText(takeSnapshot({ instances: engine.instances, executions: [call] })),
      again: random.chance(30) ? random.below(500) : null,
      compiled: sides.restored,
    };
    points.push({ request, expected, label: `world ${seed}, entry ${entry}, fuel ${fuel}` });
  }
  return points;
};

export const restoreWorld = ({ seed, entry, host, snapshot, again, compiled }: WorldRequest): string => {
  const world = generateWorld(seed);
  let engine: EngineWorld | null = null;
  const { call } = restored(snapshot, again, () => {
    const next = new EngineWorld(world, compilerOption(compiled));
    // What the host has seen so far is the host's own state.
    next.host.load(engine?.host.save() ?? host);
    engine = next;
    return next;
  });
  return playWorld(world, engine!, entry, call);
};

// The corpus

const corpusTests = [
  'aggregates',
  'exceptions',
  'exceptions.property',
  'legacy-exceptions',
  'memories',
  'memory64',
  'references',
  'wide-arithmetic',
  'vectors',
];

/** Runs the tests of the interpreter and notes the programs that they run. */
export const recordCorpus = (): RecordedProgram[] => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-corpus-'));
  try {
    const files = corpusTests
      .map((name) => join(root, `build/test/interpreter/${name}.test.js`))
      .filter((file) => existsSync(file));
    const env = { ...process.env, QUERN_CORPUS: folder };
    // A test that runs inside another one would report to it instead of to nobody.
    delete (env as Record<string, string | undefined>)['NODE_TEST_CONTEXT'];
    spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...files], { env, stdio: 'ignore' });
    return readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as RecordedProgram),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Linked {
  readonly instances: readonly ModuleInstance[];
  readonly func: FuncInstance;
}

const link = (
  { modules, name, features }: RecordedProgram,
  skipStart: boolean,
  made: Forced | null,
): Linked => {
  const store = new Store(compilerOption(made));
  const exports = new Map<string, ReadonlyMap<string, ExternInstance>>();
  const instances: ModuleInstance[] = [];
  for (const [key, bytes] of modules) {
    const compiled = compileModule(
      toBytes(bytes),
      new Set([...defaultFeatures, ...(features as FeatureKey[])]),
    );
    const instance = instantiate(store, compiled, (from, item) => exports.get(from)?.get(item), {
      skipStart,
    });
    instances.push(instance);
    exports.set(key, instance.exports);
  }
  return { instances, func: instances[instances.length - 1]!.exports.get(name) as FuncInstance };
};

const argsOf = ({ args }: RecordedProgram): RawValue[] =>
  args.map((arg) => (arg === null ? null : BigInt(arg)));

const valueText = (value: RawValue): string => (typeof value === 'bigint' ? String(value) : typeof value);

const endOf = (call: Execution, instances: readonly ModuleInstance[]): string => {
  const status = call.run();
  const { error } = call;
  const end =
    status === 'done' ? call.results.map(valueText).join() : isQuernError(error) ? error.code : String(error);
  return [
    end,
    call.fuelConsumed,
    memoryText(instances.flatMap(({ memories }) => memories)),
    digest(takeSnapshot({ instances })),
  ].join(' | ');
};

/** A random point of a program; none if there is none. */
export const programPoint = (random: Random, program: RecordedProgram, sides: Sides): readonly Point[] => {
  const whole = link(program, false, null);
  const wholeCall = startExecution(whole.func, argsOf(program));
  const expected = endOf(wholeCall, whole.instances);
  // A wait for a notify has no form in a snapshot.
  if (wholeCall.pause === 'wait') return [];
  const total = Number(expected.split(' | ')[1]);
  if (total === 0) return [];
  const { instances, func } = link(program, false, sides.taken);
  const fuel = random.below(total);
  const call = startExecution(func, argsOf(program), { fuel, careful: random.chance(20) });
  if (call.run() !== 'paused') return [];
  const request: ProgramRequest = {
    kind: 'program',
    program,
    snapshot: toText(takeSnapshot({ instances, executions: [call] })),
    again: random.chance(50) ? random.below(30) : null,
    compiled: sides.restored,
  };
  return [{ request, expected, label: `corpus program "${program.name}", fuel ${fuel}` }];
};

export const restoreProgram = ({ program, snapshot, again, compiled }: ProgramRequest): string => {
  const { call, made } = restored(snapshot, again, () => link(program, true, compiled));
  call.addFuel(2 ** 50);
  return endOf(call, made.instances);
};
