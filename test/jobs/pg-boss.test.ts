/** Jobs on pg-boss, against a real PostgreSQL. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Job as BossJob, PgBoss } from 'pg-boss';
import {
  addAgreement,
  addJob,
  agree,
  type JobEntry,
  JobStore,
  quernWorker,
  type SliceData,
  type SliceOptions,
  type WorkerOptions,
} from '../../packages/pg-boss/src/index.ts';
import { isQuernError } from '../../src/errors.ts';
import {
  advance,
  type JobContext,
  type JobDefinition,
  type JobReceipt,
  type JobResult,
  moduleHash,
  resultOf,
} from '../../src/job.ts';
import { needsPostgres, PostgresServer } from './postgres.ts';
import { changedResult, Ledger, modules, questionJob, questions } from './worlds.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('pg-boss', needsPostgres, () => {
  let server: PostgresServer;
  let boss: PgBoss;
  let store: JobStore;

  before(async () => {
    server = await PostgresServer.start();
    boss = await server.boss();
    store = new JobStore({ boss });
    await store.start();
  });
  after(() => server.stop());

  const sliceOptions: SliceOptions = { retryDelay: 0, expireInSeconds: 2, heartbeatSeconds: undefined };
  const definitionOf = (id: string, count: number, more: Partial<JobDefinition> = {}): JobDefinition => ({
    id,
    modules: { main: moduleHash(questions) },
    function: 'questions',
    input: 'x'.repeat(count),
    ...more,
  });
  /** Makes a queue with a job and a worker, all of one name. */
  const run = async (
    definition: JobDefinition,
    options: Partial<WorkerOptions> = {},
    own: { readonly modules?: readonly Uint8Array[]; readonly sliceOptions?: SliceOptions } = {},
  ): Promise<void> => {
    const { id } = definition;
    await boss.createQueue(id);
    await addJob(id, definition, { boss, modules, sliceOptions, ...own });
    await workOn(id, options);
  };
  const workOn = (queue: string, options: Partial<WorkerOptions> = {}): Promise<string> =>
    quernWorker(queue, { boss, functions: new Ledger().functions, sliceFuel: 1000, waitMs: 20, ...options });
  const expected = async (id: string, count: number): Promise<JobReceipt> =>
    (await advance(questionJob(id, count), { modules, functions: new Ledger().functions })).receipt!;
  /** Waits until a job is over. */
  const ended = async (id: string, queue = id): Promise<JobEntry> => {
    for (;;) {
      const entry = (await store.find(queue, id).catch(() => null)) ?? null;
      if (entry !== null && entry.status !== 'active') return entry;
      await sleep(20);
    }
  };
  /** How pg-boss sees the slices of a queue, oldest first. */
  const slicesOf = (queue: string): Promise<readonly Record<string, unknown>[]> =>
    server.query('SELECT * FROM pgboss.job WHERE name = $1 ORDER BY created_on', [queue]);
  const settled = async (queue: string): Promise<readonly Record<string, unknown>[]> => {
    for (;;) {
      const slices = await slicesOf(queue);
      if (slices.every(({ state }) => ['completed', 'failed', 'cancelled'].includes(String(state))))
        return slices;
      await sleep(20);
    }
  };

  test('a job goes through in slices, with progress, result and receipt', async () => {
    await run(definitionOf('whole', 8));
    const { status, progress, result } = await ended('whole');
    assert.equal(status, 'done');
    assert.deepEqual(result!.receipt, await expected('whole', 8));
    assert.equal(moduleHash(Buffer.from(result!.output!, 'base64')), result!.receipt.outputHash);
    assert.equal(progress!.fuel, result!.receipt.fuel);
    assert.ok(progress!.slices > 10);
    const slices = await settled('whole');
    assert.equal(slices.length, progress!.slices);
    assert.deepEqual(slices[slices.length - 1]!['output'], { ...result });
    assert.equal(await addJob('whole', definitionOf('whole', 8), { boss }), false);
  });

  test('a job that fails by itself fails once, with its code', async () => {
    await run(definitionOf('failing', 1, { function: 'spin', fuel: 5000 }));
    const { status, error, result } = await ended('failing');
    assert.equal(status, 'failed');
    assert.equal(error, 'exhaustion.fuel');
    assert.equal(result!.receipt.failure, 'exhaustion.fuel');
    const slices = await settled('failing');
    const last = slices[slices.length - 1]!;
    assert.equal(last['state'], 'failed');
    assert.equal(last['retry_count'], 0);
    for (const [name, code] of [
      ['nothing', 'plugin.function'],
      ['complain', 'plugin.error'],
      ['fail', 'plugin.return-code'],
      ['trap', 'trap.unreachable'],
    ] as const) {
      await run(definitionOf(name, 1, { function: name }));
      const entry = await ended(name);
      assert.deepEqual([entry.status, entry.error], ['failed', code]);
      assert.equal((await settled(name)).filter(({ state }) => state === 'failed').length, 1);
    }
  });

  test('host functions that wait are asked again later', async () => {
    const ledger = new Ledger();
    ledger.onAsk = (n, plugin) =>
      n === 1n && ledger.asked.get(n)!.length < 3 ? plugin.hostContext<JobContext>().wait(15) : undefined;
    await run(definitionOf('waiting', 3), { functions: ledger.functions });
    assert.deepEqual((await ended('waiting')).result!.receipt, await expected('waiting', 3));
    assert.equal(ledger.asked.get(1n)!.length, 3);
    assert.equal(new Set(ledger.asked.get(1n)).size, 1);
  });

  test('cancel ends a job that runs, and one that waits for days', async () => {
    // Its slice ends by the half of its claim.
    await run(definitionOf('endless', 1, { function: 'spin' }), { sliceFuel: Number.MAX_SAFE_INTEGER });
    while ((await slicesOf('endless'))[0]!['state'] !== 'active') await sleep(10);
    assert.equal(await store.cancel('endless', 'endless'), true);
    const { version } = (await store.load('endless', 'endless'))!;
    const ledger = new Ledger();
    ledger.onAsk = (_, plugin) => plugin.hostContext<JobContext>().wait(1e9);
    await run(definitionOf('patient', 1), { functions: ledger.functions });
    while ((await slicesOf('patient')).length < 2) await sleep(10);
    assert.equal(await store.cancel('patient', 'patient'), true);
    for (const id of ['endless', 'patient']) {
      assert.equal((await store.find(id, id))!.status, 'cancelled');
      assert.equal(await store.cancel(id, id), false);
      const slices = await settled(id);
      assert.equal(slices[slices.length - 1]!['state'], 'cancelled');
    }
    await sleep(1100);
    const late = (await store.load('endless', 'endless'))!;
    assert.deepEqual([late.status, late.version], ['cancelled', version], 'the slice that ran is not stored');
  });

  const damages = {
    'a snapshot is missing': 'DELETE FROM quern.piece WHERE id = $1',
    'a snapshot is cut': `UPDATE quern.piece SET bytes = '\\x00' WHERE id = $1`,
    'a receipt is cut': `UPDATE quern.slice SET receipt = '{"ver' WHERE id = $1 AND number = 0`,
    'a receipt is missing': 'DELETE FROM quern.slice WHERE id = $1 AND number = 1',
    'all receipts are missing': 'DELETE FROM quern.slice WHERE id = $1',
  };
  test('a job continues when what is stored of it is damaged', async () => {
    const goOn = async ([what, sql]: [string, string]): Promise<void> => {
      const id = what.replaceAll(' ', '-');
      const ledger = new Ledger();
      ledger.onAsk = (n, plugin) =>
        n === 3n && ledger.asked.get(n)!.length === 1
          ? plugin.hostContext<JobContext>().wait(300)
          : undefined;
      await run(definitionOf(id, 5), { functions: ledger.functions });
      while (ledger.asked.get(3n) === undefined) await sleep(5);
      await settledWait(id);
      await server.query(sql, [id]);
      assert.deepEqual((await ended(id)).result?.receipt, await expected(id, 5), what);
      assert.equal(ledger.asked.get(2n)!.length, 1, `${what}: what was answered is asked again`);
      const { job } = (await store.load(id, id))!;
      assert.ok(job.slices.every(({ slice }, number) => slice === number));
    };
    await Promise.all(Object.entries(damages).map(goOn));
  });
  /** Waits until the slice that waits is stored. */
  const settledWait = async (id: string): Promise<void> => {
    while (
      !(await slicesOf(id)).some(
        ({ state, start_after: due, created_on: on }) => state === 'created' && due! > on!,
      )
    )
      await sleep(5);
  };

  test('a journal that is damaged ends the job, with its code', async () => {
    const ledger = new Ledger();
    ledger.onAsk = (n, plugin) => (n === 1n ? plugin.hostContext<JobContext>().wait(300) : undefined);
    await run(definitionOf('forged', 2), { functions: ledger.functions });
    while (ledger.asked.get(1n) === undefined) await sleep(5);
    await settledWait('forged');
    await server.query(`UPDATE quern.answer SET line = replace(line, '"', '''') WHERE id = 'forged'`);
    const { status, error, result } = await ended('forged');
    assert.deepEqual([status, error, result], ['failed', 'job.damaged', null]);
    const slices = await settled('forged');
    assert.equal(slices[slices.length - 1]!['state'], 'failed');
  });

  test('a job whose row is gone, or that is over, leaves nothing in the queue', async () => {
    await run(definitionOf('gone', 1, { function: 'spin' }));
    await server.query(`DELETE FROM quern.job WHERE id = 'gone'`);
    await settled('gone');
    await run(definitionOf('stray', 2));
    const before = await ended('stray');
    const stray = await boss.send('stray', { id: 'stray' });
    const slices = await settled('stray');
    assert.equal(slices.find(({ id }) => id === stray)!['state'], 'completed');
    assert.deepEqual(await store.find('stray', 'stray'), before);
  });

  test('a slice that a job does not wait for does nothing', async () => {
    const ledger = new Ledger();
    ledger.onAsk = (_, plugin) => plugin.hostContext<JobContext>().wait(1e9);
    await run(definitionOf('single', 1), { functions: ledger.functions });
    while (ledger.asked.get(0n) === undefined) await sleep(5);
    await settledWait('single');
    const before = await store.load('single', 'single');
    const stray = await boss.send('single', { id: 'single' });
    for (;;) {
      const slice = (await slicesOf('single')).find(({ id }) => id === stray)!;
      if (slice['state'] === 'completed') break;
      await sleep(10);
    }
    assert.deepEqual(await store.load('single', 'single'), before);
    assert.equal(ledger.asked.get(0n)!.length, 1);
  });

  test('a module that is not there is waited for', async () => {
    const other = new JobStore({ boss, schema: 'other' });
    await boss.createQueue('lost');
    await addJob('lost', definitionOf('lost', 2), { boss, schema: 'other', sliceOptions });
    await workOn('lost', { schema: 'other' });
    for (;;) {
      const [slice] = await slicesOf('lost');
      if ((slice!['output'] as { code?: string } | null)?.code === 'job.module') break;
      await sleep(20);
    }
    await other.putModule(questions);
    for (;;) {
      const entry = (await other.find('lost', 'lost'))!;
      if (entry.status === 'active') await sleep(20);
      else {
        assert.deepEqual(entry.result!.receipt, await expected('lost', 2));
        break;
      }
    }
  });

  test('retries that are used up end a job', async () => {
    const definition = definitionOf('given-up', 2, { modules: { main: '0'.repeat(64) } });
    await run(definition, {}, { sliceOptions: { ...sliceOptions, retryLimit: 1 } });
    const { status, error } = await ended('given-up');
    assert.deepEqual([status, error], ['failed', 'job.module']);
  });

  test('a slice, its receipt and the next slice are stored together or not at all', async () => {
    await boss.createQueue('together');
    await addJob('together', definitionOf('together', 3), { boss, modules });
    const stored = (await store.load('together', 'together'))!;
    const { job } = await advance(stored.job, { modules, functions: new Ledger().functions, fuel: 500 });
    const save = (isCut: boolean): Promise<void> =>
      store.transaction(async (transaction) => {
        await store.save('together', stored, { status: 'active', job }, transaction);
        if (isCut) throw new Error('cut off');
      });
    await assert.rejects(save(true), { code: 'job.store' });
    assert.deepEqual(await store.load('together', 'together'), stored);
    assert.equal((await slicesOf('together')).length, 1);
    await save(false);
    const { job: next, version } = (await store.load('together', 'together'))!;
    assert.deepEqual([next.slices, next.state, version], [job.slices, job.state, 1]);
    assert.equal((await slicesOf('together')).length, 2);
    await assert.rejects(save(false), { code: 'job.store' });
    await store.keep('together', 'together', 'one', 0);
    await store.keep('together', 'together', 'one', 0);
    await assert.rejects(store.keep('together', 'together', 'other', 0), { code: 'job.store' });
  });

  test('a job is added in a transaction of the caller', async () => {
    await boss.createQueue('mine');
    const add = async (isKept: boolean): Promise<void> => {
      const { db, commit, rollback } = await boss.getDb().beginTransaction!();
      assert.equal(await addJob('mine', definitionOf('mine', 1), { boss, modules, db }), true);
      await (isKept ? commit() : rollback());
    };
    await add(false);
    assert.equal(await store.find('mine', 'mine'), null);
    assert.equal((await slicesOf('mine')).length, 0);
    await add(true);
    assert.equal((await slicesOf('mine')).length, 1);
  });

  /** Makes every write fail as on a full disk, or all of a database read-only; connections that are there are cut. */
  const troubles = {
    full: [
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
       CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON quern.answer EXECUTE FUNCTION full_disk();
       CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON quern.job EXECUTE FUNCTION full_disk();
       CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON quern.module EXECUTE FUNCTION full_disk()`,
      'DROP FUNCTION full_disk CASCADE',
    ],
    'read-only': [
      'ALTER DATABASE postgres SET default_transaction_read_only = on',
      'SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only',
    ],
  } as const;
  /** Cuts all other connections, in the middle of whatever they do, and waits until this process has heard of it. */
  const cut = async (): Promise<void> => {
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'`,
    );
    await sleep(50);
  };
  const during = async (name: keyof typeof troubles, act: () => Promise<unknown>): Promise<void> => {
    const [begin, end] = troubles[name];
    await server.query(begin);
    await cut();
    try {
      await act();
    } finally {
      await server.query(end);
      await cut();
    }
  };

  for (const [name, trouble] of [
    ['is full for a while', () => during('full', () => sleep(200))],
    ['is read-only for a while', () => during('read-only', () => sleep(200))],
    ['loses its connections', cut],
  ] as const)
    test(`a job continues when the database ${name}`, async () => {
      const id = name.replaceAll(' ', '-');
      const ledger = new Ledger();
      const had: Promise<unknown>[] = [];
      ledger.onAsk = (n) => {
        if (ledger.asked.get(n)!.length === 1 && n % 3n === 1n) had.push(trouble());
        return undefined;
      };
      await run(definitionOf(id, 5), { functions: ledger.functions });
      assert.deepEqual((await ended(id)).result?.receipt, await expected(id, 5));
      assert.equal(had.length, 2);
      await Promise.all(had);
      for (const keys of ledger.asked.values()) assert.equal(new Set(keys).size, 1);
    });

  test('what the database refuses has a typed error', async () => {
    await boss.createQueue('limits');
    const refused = async (pattern: RegExp): Promise<void> => {
      for (const attempt of [
        () => store.putModule(questions),
        () => store.keep('q', 'refused', 'line', 0),
        () => addJob('limits', definitionOf('refused', 1), { boss, modules }),
      ])
        await assert.rejects(
          attempt,
          (error) => isQuernError(error, 'job.store') && pattern.test(error.message),
        );
    };
    await during('full', () => refused(/No space left/));
    await during('read-only', () => refused(/read-only/));
    await assert.rejects(addJob('no-queue', definitionOf('refused', 1), { boss, modules }), {
      code: 'job.store',
    });
    const other = await server.boss();
    const late = new JobStore({ boss: other });
    await late.start();
    await other.stop();
    await assert.rejects(late.load('q', 'refused'), { code: 'job.store' });
    await assert.rejects(late.cancel('q', 'refused'), { code: 'job.store' });
  });

  test('what is stored has a limit, and expires', async () => {
    const small = new JobStore({ boss, maxBytes: 100 });
    await assert.rejects(small.putModule(questions), { code: 'job.store' });
    await boss.createQueue('limits');
    const huge = definitionOf('huge', 100_000);
    await assert.rejects(addJob('limits', huge, { boss, maxBytes: 1000 }), { code: 'job.store' });
    await assert.rejects(small.keep('limits', 'huge', 'x'.repeat(101), 0), { code: 'job.store' });
    const brief = new JobStore({ boss, schema: 'brief', expireMs: 1 });
    const lasting = { boss, schema: 'brief', modules };
    await addJob('limits', definitionOf('lasting', 1), lasting);
    const [used, unused] = [await brief.putModule(questions), await brief.putModule(new Uint8Array(8))];
    await addJob('limits', definitionOf('brief', 1), { ...lasting, modules: [], expireMs: 1 });
    await sleep(5);
    await brief.deleteExpired();
    assert.equal(await brief.find('limits', 'brief'), null);
    assert.notEqual(await brief.find('limits', 'lasting'), null);
    assert.equal(await brief.module(unused), null);
    assert.notEqual(await brief.module(used), null, 'a job needs it');
  });

  test('tables are made once, by whichever worker begins; those of another version are refused', async () => {
    const several = await Promise.all([1, 2, 3, 4].map(() => server.boss()));
    await Promise.all(several.map((item) => new JobStore({ boss: item, schema: 'fresh' }).start()));
    assert.equal((await server.query('SELECT * FROM fresh.version')).length, 1);
    await server.query('UPDATE fresh.version SET version = 99');
    const late = new JobStore({ boss: await server.boss(), schema: 'fresh' });
    await assert.rejects(late.module('00'), { code: 'job.store' });
    assert.throws(() => new JobStore({ boss, schema: 'x; DROP TABLE' }), { code: 'usage.argument' });
  });

  test('agree names the workers that lie', async () => {
    const lies: Readonly<Record<string, (result: JobResult) => JobResult>> = {
      forger: (result) => ({ ...result, output: Buffer.from('forged').toString('base64') }),
      miser: (result) => ({ ...result, receipt: { ...result.receipt, fuel: 1 } }),
      changer: (result) => ({ ...other, receipt: { ...other.receipt, job: result.receipt.job } }),
    };
    const honest = ['one', 'two', 'three', 'four', 'five'];
    const names = ['forger', ...honest, 'miser', 'changer', 'sleeper'];
    const definition = definitionOf('vote', 4);
    const other = await changedResult(definition);
    for (const name of [...names, 'judge']) await boss.createQueue(name);
    for (const name of honest) await workOn(name, { sliceFuel: 5000 });
    for (const name of Object.keys(lies))
      await boss.work(name, async ([slice]: BossJob<SliceData>[]) => {
        const stored = (await store.load(name, slice!.data.id))!;
        const run = await advance(stored.job, { modules, functions: new Ledger().functions });
        const end = { status: 'done', job: run.job, result: lies[name]!(resultOf(run)!) } as const;
        await store.transaction((transaction) => store.save(name, stored, end, transaction));
      });
    await agree('judge', { boss });
    assert.equal(await addAgreement(definition, names, 'judge', { boss, modules }), true);
    assert.equal(await addAgreement(definition, names, 'judge', { boss, modules }), false);
    await sleep(100);
    assert.equal(await store.agreement('judge', 'vote'), null);
    await store.cancel('sleeper', 'vote');
    let agreement = await store.agreement('judge', 'vote');
    for (; agreement === null; agreement = await store.agreement('judge', 'vote')) await sleep(20);
    const { result, agreed, differing } = agreement;
    assert.deepEqual(result!.receipt, await expected('vote', 4));
    assert.deepEqual(agreed, honest);
    assert.deepEqual(differing, [
      { name: 'forger', fields: ['output'] },
      { name: 'miser', fields: ['fuel'] },
      { name: 'changer', fields: ['modules', 'outputHash', 'memoryHash', 'transcriptHash'] },
      { name: 'sleeper', fields: ['missing'] },
    ]);
    const [slice, ...more] = await settled('judge');
    assert.deepEqual(slice!['output'], { ...agreement });
    assert.equal(more.length, 0);
  });
});
