/** The journal of a job: what crashes lose, and what they do not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { advance, type Job, readJob, writeJob } from '../../src/job.ts';
import { Ledger, modules, questionJob, seeded } from './worlds.ts';

const isStoreError = (error: unknown): boolean => isQuernError(error, 'job.store');

/** What outlives a crash: the job as it was stored last, and the lines that were kept. */
class Disk {
  text: string;
  lines: string[] = [];
  constructor(job: Job) {
    this.text = writeJob(job);
  }
  get job(): Job {
    return { ...readJob(this.text), journal: this.lines };
  }
  store(job: Job): void {
    this.text = writeJob(job);
  }
}

const reference = async (job: Job) => {
  const { receipt, output } = await advance(job, { modules, functions: new Ledger().functions });
  return { receipt, output: output?.bytes() };
};

describe('crashes around an answer', () => {
  for (const isLater of [false, true])
    test(`answered and not written: asked again, with the same key; keep is ${isLater ? 'later' : 'at once'}`, async () => {
      const job = questionJob('lost', 4);
      const disk = new Disk(job);
      const ledger = new Ledger();
      let isBroken = true;
      const keep = (line: string, index: number): unknown => {
        if (index === 2 && isBroken) {
          if (isLater) return Promise.reject(new Error('connection lost'));
          throw new Error('disk full');
        }
        disk.lines[index] = line;
        return isLater ? Promise.resolve() : undefined;
      };
      const options = { modules, functions: ledger.functions, keep };
      await assert.rejects(advance(disk.job, options), isStoreError);
      assert.equal(ledger.asked.size, 3, 'the plug-in did not get the answer, so it did not continue');
      isBroken = false;
      const { receipt, output } = await advance(disk.job, options);
      assert.deepEqual({ receipt, output: output?.bytes() }, await reference(job));
      assert.deepEqual(
        [...ledger.asked.values()].map((keys) => keys.length),
        [1, 1, 2, 1],
      );
      assert.equal(new Set(ledger.asked.get(2n)).size, 1);
    });

  test('written and not seen: not asked again', async () => {
    const job = questionJob('seen', 4);
    const disk = new Disk(job);
    const ledger = new Ledger();
    let isBroken = true;
    const keep = async (line: string, index: number): Promise<void> => {
      disk.lines[index] = line;
      if (index === 2 && isBroken) throw new Error('the process died');
    };
    const options = { modules, functions: ledger.functions, keep };
    await assert.rejects(advance(disk.job, options), isStoreError);
    isBroken = false;
    const { receipt, output } = await advance(disk.job, options);
    assert.deepEqual({ receipt, output: output?.bytes() }, await reference(job));
    assert.deepEqual(
      [...ledger.asked.values()].map((keys) => keys.length),
      [1, 1, 1, 1],
    );
  });

  test('a line that was cut off in writing is asked again', async () => {
    const job = questionJob('torn', 3);
    const ended = await advance(job, { modules, functions: new Ledger().functions });
    const [first, second] = ended.job.journal;
    const ledger = new Ledger();
    const torn = { ...job, journal: [first!, second!.slice(0, -9)] };
    const { receipt, job: again } = await advance(torn, { modules, functions: ledger.functions });
    assert.deepEqual(receipt, ended.receipt);
    assert.deepEqual(again.journal, ended.job.journal);
    assert.deepEqual([...ledger.asked.keys()], [1n, 2n]);
  });

  test('answers at once and answers that come later are the same', async () => {
    const job = questionJob('timing', 4);
    const ask = (_: unknown, n: bigint): bigint => n;
    const [once, later] = await Promise.all(
      [ask, async (_: unknown, n: bigint) => ask(_, n)].map((fn) =>
        advance(job, { modules, functions: { 'extism:host/user': { ask: fn } } }),
      ),
    );
    assert.deepEqual(later!.receipt, once!.receipt);
    assert.deepEqual(later!.job.journal, once!.job.journal);
  });

  test('keys differ between questions and jobs', async () => {
    const ledgers = [new Ledger(), new Ledger()];
    for (const [i, { functions }] of ledgers.entries())
      await advance(questionJob(`job ${i}`, 5), { modules, functions });
    const keys = ledgers.flatMap(({ asked }) => [...asked.values()].flat());
    assert.equal(new Set(keys).size, 10);
  });
});

test('1,000 random crashes: equal results, and no answer is lost', async () => {
  const random = seeded(19);
  let crashes = 0;
  for (let run = 0; crashes < 1000; run++) {
    const job = questionJob(`run ${run}`, 1 + Math.floor(random() * 12));
    const expected = await reference(job);
    const disk = new Disk(job);
    const ledger = new Ledger();
    const kept = new Set<number>();
    /** Where this attempt dies: before an answer is written, after it, or before the slice is stored. */
    let plan: 'before' | 'after' | 'store' | 'never';
    const keep = (line: string, index: number): unknown => {
      const dies = random() < 0.3;
      if (dies && plan === 'before') throw new Error('died before');
      disk.lines[index] = line;
      kept.add(index);
      if (dies && plan === 'after') return Promise.reject(new Error('died after'));
      return random() < 0.5 ? undefined : Promise.resolve();
    };
    for (;;) {
      plan = (['before', 'after', 'store', 'never'] as const)[Math.floor(random() * 4)]!;
      const fuel = 500 + Math.floor(random() * 9000);
      let status = '';
      try {
        const advanced = await advance(disk.job, { modules, functions: ledger.functions, keep, fuel });
        status = advanced.status;
        if (plan === 'store') {
          crashes++;
          continue;
        }
        disk.store(advanced.job);
        assert.deepEqual(advanced.job.journal, disk.lines);
        if (status !== 'done') continue;
        assert.deepEqual(
          { receipt: advanced.receipt, output: advanced.output?.bytes() },
          expected,
          `run ${run}`,
        );
        break;
      } catch (error) {
        if (!isStoreError(error)) throw error;
        crashes++;
      }
    }
    assert.equal(ledger.asked.size, job.input.length);
    for (const keys of ledger.asked.values()) assert.equal(new Set(keys).size, 1);
    assert.equal(kept.size, job.input.length);
  }
});
