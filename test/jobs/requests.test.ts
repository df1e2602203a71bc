/** Requests of jobs: the key that shows a server that it has had one before. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type AdvanceOptions,
  advance,
  createJob,
  type Job,
  type JobOptions,
  moduleHash,
  verifyJob,
} from '../../src/job.ts';
import { sender } from '../http/servers.ts';

const modules = [sender];

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server that notes what it is sent, and leads from `/old` to `/new`. */
const serverOf = (): { readonly sent: Sent[]; readonly fetch: NonNullable<AdvanceOptions['fetch']> } => {
  const sent: Sent[] = [];
  const fetch = async (url: string, request: Sent) => {
    sent.push(request);
    const isOld = url.endsWith('/old');
    const headers = new Map(isOld ? [['location', '/new']] : []);
    return { status: isOld ? 307 : 200, headers, arrayBuffer: async () => new ArrayBuffer(0) };
  };
  return { sent, fetch };
};

const sendJob = (request: object, options: JobOptions = {}): Job =>
  createJob({
    id: 'sends',
    modules: { main: moduleHash(sender) },
    function: 'twice',
    input: JSON.stringify({ url: 'https://shop.example/orders', ...request }),
    options: { allowedHosts: ['shop.example'], ...options },
  });
const keysOf = (sent: readonly Sent[]): (string | undefined)[] =>
  sent.map(({ headers }) => headers['Idempotency-Key']);

describe('requests of jobs', () => {
  for (const method of ['POST', 'PATCH'])
    test(`${method} carries a key, which is the same when a crash makes it go out again`, async () => {
      const { sent, fetch } = serverOf();
      const job = sendJob({ method });
      const lines: string[] = [];
      const crash = (): never => {
        throw new Error('the process dies before the answer is kept');
      };
      await assert.rejects(advance(job, { modules, fetch, keep: crash }), { code: 'job.store' });
      const keep = (line: string, index: number): void => {
        lines[index] = line;
      };
      const { job: ended, status } = await advance({ ...job, journal: lines }, { modules, fetch, keep });
      assert.equal(status, 'done');
      const [first, again, second] = keysOf(sent);
      assert.match(first!, /^[0-9a-f]{32}-0$/);
      assert.equal(again, first);
      assert.equal(second, first!.replace(/-0$/, '-1'));
      assert.equal(sent.length, 3);
      await verifyJob(ended, { modules });
    });

  test('each hop of a redirect carries the key', async () => {
    const { sent, fetch } = serverOf();
    const job = sendJob({ method: 'POST', url: 'https://shop.example/old' });
    assert.equal((await advance(job, { modules, fetch })).status, 'done');
    const [old, moved, other] = keysOf(sent);
    assert.ok(old !== undefined);
    assert.equal(moved, old);
    assert.notEqual(other, old);
  });

  test('what can be sent twice without harm carries none', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { sent, fetch } = serverOf();
      await advance(sendJob({ method }), { modules, fetch });
      assert.deepEqual(keysOf(sent), [undefined, undefined], method);
    }
  });

  test('a key of the plug-in stays', async () => {
    const { sent, fetch } = serverOf();
    await advance(sendJob({ method: 'POST', headers: { 'idempotency-key': 'own' } }), { modules, fetch });
    assert.deepEqual(sent[0]!.headers, { 'idempotency-key': 'own' });
  });

  test('a job can do without', async () => {
    const { sent, fetch } = serverOf();
    await advance(sendJob({ method: 'POST' }, { idempotencyKeys: false }), { modules, fetch });
    assert.deepEqual(keysOf(sent), [undefined, undefined]);
    assert.throws(() => sendJob({}, { idempotencyKeys: 1 as never }), { code: 'usage.argument' });
  });

  test('no receipt depends on the key', async () => {
    const { fetch } = serverOf();
    const request = { method: 'POST' };
    const withKeys = await advance(sendJob(request), { modules, fetch });
    const without = await advance(sendJob(request, { idempotencyKeys: false }), { modules, fetch });
    const { job: a, transcriptHash: b, ...rest } = withKeys.receipt!;
    const { job: c, transcriptHash: d, ...others } = without.receipt!;
    assert.deepEqual(rest, others);
    assert.doesNotMatch(withKeys.job.journal.join(), /idempotency/i);
  });
});
