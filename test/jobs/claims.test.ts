/** What several workers say of one job, lies among it. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { advance, type Claim, compareClaims, type JobResult, moduleHash, resultOf } from '../../src/job.ts';
import { changedQuestions, changedResult, Ledger, modules, questionJob, questions } from './worlds.ts';

describe('claims', () => {
  let right: JobResult;
  before(async () => {
    right = resultOf(await advance(questionJob('vote', 3), { modules, functions: new Ledger().functions }))!;
  });

  /** The fields that a third worker is named with, beside two honest ones. */
  const fieldsOf = (result: unknown): readonly string[] => {
    const claims = [
      { name: 'a', result: right },
      { name: 'liar', result },
      { name: 'b', result: right },
    ] as readonly Claim[];
    const { result: agreed, agreed: names, differing } = compareClaims(claims);
    assert.deepEqual(agreed, right);
    assert.deepEqual(names, ['a', 'b']);
    assert.deepEqual(
      differing.map(({ name }) => name),
      ['liar'],
    );
    return differing[0]!.fields;
  };
  const receipt = (more: object): JobResult => ({ ...right, receipt: { ...right.receipt, ...more } });

  test('a changed output, fuel or status is named', () => {
    assert.deepEqual(fieldsOf({ ...right, output: 'Zm9yZ2Vk' }), ['output']);
    assert.deepEqual(fieldsOf(receipt({ fuel: 1 })), ['fuel']);
    assert.deepEqual(fieldsOf({ ...right, status: 'failed' }), ['status']);
    assert.deepEqual(fieldsOf(receipt({ extra: 1 })), ['extra']);
  });

  test('a changed module is named, whether the receipt says so or not', async () => {
    const open = await changedResult(questionJob('vote', 3));
    assert.deepEqual(fieldsOf(open), ['job', 'modules', 'outputHash', 'memoryHash', 'transcriptHash']);
    const { job: hash, modules: names } = right.receipt;
    const forged = { ...open, receipt: { ...open.receipt, job: hash, modules: names } };
    assert.deepEqual(fieldsOf(forged), ['outputHash', 'memoryHash', 'transcriptHash']);
    const { transcriptHash } = right.receipt;
    const better = { ...forged, receipt: { ...forged.receipt, transcriptHash } };
    assert.deepEqual(fieldsOf(better), ['outputHash', 'memoryHash']);
    assert.notEqual(moduleHash(changedQuestions), moduleHash(questions));
  });

  test('what is no result is named, too', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    assert.deepEqual(fieldsOf(null), ['missing']);
    for (const value of [
      {},
      7,
      'done',
      { ...right, output: 7 },
      { ...right, receipt: null },
      receipt({ deep }),
    ])
      assert.deepEqual(fieldsOf(value), ['malformed']);
    assert.deepEqual(fieldsOf({ ...right, output: '*' }), ['output']);
  });

  test('where nobody has a majority, nobody is right', () => {
    const claims = [
      { name: 'a', result: right },
      { name: 'b', result: receipt({ fuel: 1 }) },
    ];
    assert.deepEqual(compareClaims(claims), {
      result: null,
      agreed: [],
      differing: [
        { name: 'a', fields: ['no majority'] },
        { name: 'b', fields: ['no majority'] },
      ],
    });
    assert.deepEqual(compareClaims([]), { result: null, agreed: [], differing: [] });
  });
});
