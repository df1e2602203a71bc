/** `verifyJob`: chains of receipts, signatures, and liars. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { advance, createSigner, type Job, type JobSigner, verifyJob } from '../../src/job.ts';
import { Ledger, modules, questionJob } from './worlds.ts';

const signers: readonly JobSigner[] = await Promise.all(
  [1, 2].map((seed) => createSigner(new Uint8Array(32).fill(seed))),
);
const keys = signers.map(({ key }) => key);

/** A job that two hosts have run in turn. */
const run = async (count: number, fuel = 700): Promise<Job> => {
  let job = questionJob('verified', count);
  for (let slice = 0; ; slice++) {
    const { functions } = new Ledger();
    const advanced = await advance(job, { modules, functions, fuel, signer: signers[slice % 2]! });
    job = advanced.job;
    if (advanced.status === 'done') return job;
  }
};
const names = (name: string) => (error: unknown) =>
  isQuernError(error, 'job.receipt') && error.details.name === name;

describe('verifyJob', () => {
  test('runs a job again without its host', async () => {
    const job = await run(6);
    assert.ok(job.slices.length > 4);
    const { receipt, output, keys: signed } = await verifyJob(job, { modules, keys });
    assert.deepEqual(output?.bytes(), job.output);
    assert.equal(receipt?.answers, 6);
    assert.deepEqual(signed.slice(0, 3), [keys[0], keys[1], keys[0]]);
  });

  test('verifies a job that has not ended', async () => {
    const { job } = await advance(questionJob('half', 9), {
      modules,
      functions: new Ledger().functions,
      fuel: 2000,
    });
    assert.equal((await verifyJob(job, { modules })).receipt, null);
  });

  test('names what was changed', async () => {
    const job = await run(4);
    const last = job.slices[job.slices.length - 1]!;
    const withSlice = (index: number, change: object): Job => ({
      ...job,
      slices: job.slices.map((link, i) => (i === index ? { ...link, ...change } : link)),
    });
    const lastIndex = job.slices.length - 1;
    for (const [forged, name] of [
      // Signed receipts cannot be changed at all,
      [withSlice(1, { fuel: 1 }), 'signature'],
      [withSlice(0, { signature: job.slices[1]!.signature }), 'signature'],
      [withSlice(0, { signature: null, key: null }), 'signature'],
      [{ ...job, slices: job.slices.slice(1) }, 'previous'],
      [{ ...job, slices: [job.slices[0]!, ...job.slices.slice(2)] }, 'previous'],
      [{ ...job, output: new Uint8Array(8) }, 'output'],
      [withSlice(lastIndex, { end: { ...last.end!, fuel: 1 } }), 'signature'],
    ] as const)
      await assert.rejects(verifyJob(forged, { modules, keys }), names(name), name);
    await assert.rejects(verifyJob(job, { modules, keys: [keys[0]!] }), names('key'));
    await assert.rejects(verifyJob(job, { modules, fuel: 100 }), names('fuel'));
  });

  test('finds a host that signs what it did not run', async () => {
    // Unsigned chains can be forged as a whole; the run shows it.
    let job = questionJob('unsigned', 3);
    const advanced = await advance(job, { modules, functions: new Ledger().functions });
    job = advanced.job;
    const [link] = job.slices;
    for (const [change, name] of [
      [{ fuel: link!.fuel + 1 }, 'fuel'],
      [{ answers: 2 }, 'answers'],
      [{ limit: 500 }, 'limit'],
      [{ transcriptHash: '0'.repeat(64) }, 'transcriptHash'],
      [{ end: { ...link!.end!, outputHash: null } }, 'end'],
      [{ job: '0'.repeat(64) }, 'job'],
    ] as const) {
      const forged = { ...job, slices: [{ ...link!, ...change }] };
      await assert.rejects(
        verifyJob(forged, { modules }),
        (error) => isQuernError(error, 'job.receipt'),
        name,
      );
    }
    const short = { ...job, journal: job.journal.slice(0, 2) };
    await assert.rejects(verifyJob(short, { modules }), names('transcriptHash'));
  });

  test('finds other definitions', async () => {
    const job = await run(3);
    const other = questionJob('verified', 4);
    await assert.rejects(verifyJob({ ...job, input: other.input }, { modules }), (error) =>
      isQuernError(error),
    );
  });
});
