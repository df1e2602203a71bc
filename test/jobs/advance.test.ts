/** `advance`: the same job in whatever slices comes to the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import {
  type Advanced,
  type AdvanceOptions,
  advance,
  createJob,
  type Job,
  type JobContext,
  moduleHash,
  readJob,
  writeJob,
} from '../../src/job.ts';
import { needsShared, shared } from '../shared.ts';
import { Ledger, modules, questionJob, questions } from './worlds.ts';

/** Advances a job to its end, through its text after each slice. */
const finish = async (job: Job, options: AdvanceOptions): Promise<Advanced & { readonly count: number }> => {
  let current = job;
  for (let count = 1; ; count++) {
    const advanced = await advance(current, options);
    if (advanced.status === 'done' || advanced.status === 'failed') return { ...advanced, count };
    current = readJob(writeJob(advanced.job));
  }
};

const { functions } = new Ledger();
const jobOf = (name: string, more: object = {}): Job =>
  createJob({ id: name, modules: { main: moduleHash(questions) }, function: name, input: 'wrong', ...more });
const refuses = (code: string) => (error: unknown) => isQuernError(error) && error.code === code;

describe('slices', () => {
  for (const [name, more, status] of [
    ['questions', {}, 'done'],
    ['trap', {}, 'failed'],
    ['fail', {}, 'failed'],
    ['complain', {}, 'failed'],
    ['spin', { fuel: 12_345 }, 'failed'],
    ['questions', { fuel: 1503 }, 'failed'],
    ['questions', { fuel: 400 }, 'failed'],
  ] as const)
    test(`${name} ${JSON.stringify(more)}: the same receipt from slices of any size`, async () => {
      const job = jobOf(name, more);
      const whole = await finish(job, { modules, functions });
      assert.equal(whole.status, status);
      for (const fuel of [173, 1000, 4096]) {
        const sliced = await finish(job, { modules, functions, fuel });
        assert.deepEqual(sliced.receipt, whole.receipt, `slices of ${fuel}`);
        assert.deepEqual(sliced.output?.bytes(), whole.output?.bytes());
        assert.ok(sliced.count === 1 || sliced.job.slices.length === sliced.count);
      }
    });

  test('slices of one unit', async () => {
    const job = jobOf('questions', { fuel: 60 });
    const whole = await finish(job, { modules, functions });
    assert.equal(whole.receipt?.failure, 'exhaustion.fuel');
    assert.deepEqual((await finish(job, { modules, functions, fuel: 1 })).receipt, whole.receipt);
  });

  test('an instruction that costs more than a slice has is executed', async () => {
    const whole = await finish(jobOf('fill'), { modules, functions });
    const sliced = await finish(jobOf('fill'), { modules, functions, fuel: 10 });
    assert.deepEqual(sliced.receipt, whole.receipt);
    const fuel = sliced.job.slices.map((slice) => slice.fuel);
    assert.equal(new Set(fuel).size, fuel.length, 'every slice gets on');
  });

  test('a deadline that has passed leaves the job paused, further than it was', async () => {
    const paused = await advance(jobOf('spin'), { modules, functions, deadline: 1 });
    assert.equal(paused.status, 'paused');
    assert.ok(paused.slice!.fuel > 0);
  });

  test('what is over stays so', async () => {
    const { job, receipt, output } = await finish(jobOf('questions'), { modules, functions });
    const again = await advance(job, { modules: [] });
    assert.equal(again.status, 'done');
    assert.deepEqual([again.receipt, again.output?.bytes()], [receipt, output?.bytes()]);
  });

  test('of QuickJS and SQLite', needsShared, async () => {
    for (const [wasm, name, input] of [
      ['quickjs.wasm', 'eval', 'let s = 0; for (let i = 0; i < 2000; i++) s += i; String(s)'],
      [
        'sqlite.wasm',
        'exec',
        'with recursive c(i) as (values(1) union all select i + 1 from c where i < 2000) select sum(i) from c',
      ],
    ] as const) {
      const plugin = readFileSync(shared('plugins', wasm));
      const job = createJob({
        id: wasm,
        modules: { main: moduleHash(plugin) },
        function: name,
        input,
        options: { useWasi: true },
      });
      const whole = await finish(job, { modules: [plugin] });
      assert.equal(whole.status, 'done');
      const sliced = await finish(job, { modules: [plugin], fuel: 500_000 });
      assert.ok(sliced.count > 2);
      assert.deepEqual(sliced.receipt, whole.receipt);
    }
  });
});

describe('host functions that have no answer yet', () => {
  test('are asked again, with the same key', async () => {
    const job = questionJob('later', 4);
    const ledger = new Ledger();
    const keys: string[] = [];
    let isOpen = false;
    ledger.onAsk = (n, plugin) => {
      if (n !== 2n || isOpen) return undefined;
      keys.push(plugin.hostContext<JobContext>().key);
      return plugin.hostContext<JobContext>().wait(5000);
    };
    const options = { modules, functions: ledger.functions, fuel: 1200 };
    let advanced = await advance(job, options);
    while (advanced.status === 'paused') advanced = await advance(advanced.job, options);
    assert.deepEqual([advanced.status, advanced.waitMs, advanced.slice], ['waiting', 5000, null]);
    const still = await advance(advanced.job, options);
    assert.equal(still.status, 'waiting');
    isOpen = true;
    const ended = await finish(still.job, options);
    assert.deepEqual(ended.receipt, (await finish(job, { modules, functions })).receipt);
    assert.equal(new Set(keys).size, 1);
    assert.deepEqual(
      [...ledger.asked.values()].map((asked) => new Set(asked).size),
      [1, 1, 1, 1],
    );
    assert.equal(ledger.asked.get(1n)!.length, 1, 'what was answered before is not asked again');
  });

  test('wait until the deadline; an answer that comes later is dropped', async () => {
    const ledger = new Ledger();
    let answer = (_: never): void => {};
    ledger.onAsk = (n) =>
      n === 1n
        ? new Promise<never>((resolve) => {
            answer = resolve;
          })
        : undefined;
    const kept: string[] = [];
    const keep = (line: string): void => void kept.push(line);
    const options = { modules, functions: ledger.functions, keep, deadline: Date.now() + 20 };
    const advanced = await advance(questionJob('slow', 3), options);
    assert.equal(advanced.status, 'waiting');
    answer(5n as never);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(kept, advanced.job.journal);
    assert.equal(kept.length, 1);
  });
});

describe('what is not the failure of the job', () => {
  const job = questionJob('refused', 3);

  test('unknown and changed modules', async () => {
    await assert.rejects(advance(job, { modules: [] }), refuses('job.module'));
    await assert.rejects(advance(job, { modules: () => new Uint8Array(8) }), refuses('job.module'));
  });

  test('a function that the plug-in does not have', async () => {
    await assert.rejects(advance(jobOf('missing'), { modules, functions }), refuses('plugin.function'));
  });

  test('functions that the host does not have', async () => {
    await assert.rejects(advance(job, { modules }), refuses('unlinkable.unknown-import'));
  });

  test('a signal', async () => {
    const signal = AbortSignal.abort('shutting down');
    await assert.rejects(
      advance(jobOf('spin'), { modules, functions, signal }),
      refuses('interrupted.cancelled'),
    );
  });

  test('snapshots that are cut, changed or missing', async () => {
    const { job: paused } = await advance(job, { modules, functions, fuel: 500 });
    const piece = paused.state[paused.state.length - 1]!;
    const changed = piece.slice();
    changed[100]! ^= 1;
    for (const state of [[piece.subarray(0, 200)], [changed], []])
      await assert.rejects(advance({ ...paused, state }, { modules, functions }), refuses('job.damaged'));
    assert.equal((await finish(paused, { modules, functions })).status, 'done');
  });

  test('journals that are changed, or of another job', async () => {
    const { job: ended } = await finish(job, { modules, functions });
    const begun = { ...job, journal: ended.journal };
    assert.equal((await finish(begun, { modules, functions })).status, 'done');
    const [first, ...rest] = ended.journal;
    const changed = [first!.replace('"did"', '"diD"'), ...rest];
    for (const journal of [changed, rest])
      await assert.rejects(advance({ ...job, journal }, { modules, functions }), refuses('job.damaged'));
    const other = { ...questionJob('other', 3), journal: ended.journal };
    await assert.rejects(advance(other, { modules, functions }), refuses('job.damaged'));
  });

  test('texts that are no jobs', () => {
    const text = writeJob(job);
    for (const wrong of [
      '',
      '{}',
      text.slice(0, -2),
      text.replace('"version":1', '"version":2'),
      text.replace('"journal":[]', '"journal":[1]'),
    ])
      assert.throws(() => readJob(wrong), refuses('job.damaged'));
  });
});
