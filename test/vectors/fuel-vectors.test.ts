/** The fuel vectors hold: on the engine's fast and careful code, and on the reference executor. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { defineSchedule, type FuelSchedule, schedules as ours } from '../../src/wasm.ts';
import { needsShared, shared } from '../shared.ts';
import { type ExecutorName, execute, pauseAt } from './execute.ts';
import { readVectors, type VectorProgram } from './format.ts';
import { runPlugin, sha256, vectorSetUps } from './make.ts';

const vectors = readVectors();
const schedules = new Map(vectors.schedules.map((schedule) => [schedule.name, schedule]));
/** A schedule of Quern by its name, another one from the file. */
const scheduleOf = (name: string): FuelSchedule => ours.get(name) ?? defineSchedule(schedules.get(name)!);

const modulesOf = ({ modules, suite }: VectorProgram): Uint8Array[] => {
  if (suite === undefined) return modules!.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
  const [start, length] = suite.at!;
  const bytes = readFileSync(shared('spec-suite', suite.file)).subarray(start, start + length);
  assert.equal(sha256(bytes), suite.sha256);
  return [new Uint8Array(bytes)];
};

const check = (program: VectorProgram, executor: ExecutorName): void => {
  const modules = modulesOf(program);
  const schedule = scheduleOf(program.schedule);
  const expected = program.calls.map(({ pauses: _, ...call }) => call);
  assert.deepEqual(execute(executor, modules, schedule, program.calls), expected, program.id);
  program.calls.forEach(({ pauses = [] }, i) => {
    for (const point of pauses) {
      const found = pauseAt(executor, modules, schedule, program.calls.slice(0, i + 1), point.n);
      assert.deepEqual(found, point, `${program.id}, call ${i} with ${point.n}`);
    }
  });
};

test('there are a thousand and more, of every kind', () => {
  const { programs, plugins } = vectors;
  const count = (items: readonly { readonly calls: readonly unknown[] }[]): number =>
    items.reduce((sum, { calls }) => sum + calls.length, 0);
  assert.ok(count([...programs, ...plugins]) >= 1000);
  assert.ok(count(programs.filter(({ suite }) => suite !== undefined)) > 200);
  assert.ok(count(plugins) > 50);
});

test('the schedules in the file are those of this engine', () => {
  for (const [name, schedule] of schedules) if (ours.has(name)) assert.deepEqual(ours.get(name), schedule);
  assert.ok(['quern-1', 'flat-1'].every((name) => schedules.has(name)));
});

describe('generated programs', () => {
  for (const executor of ['fast', 'careful', 'reference'] as const) {
    test(executor, () => {
      const programs = vectors.programs.filter(({ suite }) => suite === undefined);
      // The vectors were made by the reference executor; a part of them shows that they are what it says.
      const part = executor === 'fast' ? 1 : 4;
      for (const program of programs.filter((_, i) => i % part === 0)) check(program, executor);
    });
  }
});

describe('programs of the official suite', needsShared, () => {
  if (needsShared.skip) return;
  for (const executor of ['fast', 'careful', 'reference'] as const) {
    test(executor, () => {
      for (const program of vectors.programs) if (program.suite !== undefined) check(program, executor);
    });
  }
});

/** So much is spent on each plug-in here; `npm run gen:fuel-vectors` makes all calls. */
const BUDGET = 3_000_000;

describe('recorded plug-ins', needsShared, () => {
  if (needsShared.skip) return;
  for (const setUp of vectorSetUps()) {
    test(setUp.id, async () => {
      const vector = vectors.plugins.find(({ id }) => id === setUp.id)!;
      const made = await runPlugin(setUp, scheduleOf(vector.schedule), BUDGET);
      assert.deepEqual(made, { ...vector, calls: vector.calls.slice(0, made.calls.length) });
    });
  }
});
