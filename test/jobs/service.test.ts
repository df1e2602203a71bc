/** The service of the examples, from an upload to a receipt that holds, and all that a tenant must not be able to do. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { advance, createJob, readJob } from '../../src/job.ts';
import { assemble } from '../assembler.ts';
import { runQuern } from '../cli/run-quern.ts';
import { root } from '../shared.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';
import { workFuncs } from './pool-actor.ts';
import { needsRedis, RedisServer } from './redis.ts';
import { type Answer, askAs, exchange, hashOf, ServiceProcess } from './service-server.ts';

const { plugin } = compileWat({
  plugin: `(module ${kernelImports}
    (memory (export "memory") 1)
    ${outputI64}
    ${workFuncs})`,
});
/** Adds where nothing is on the stack. */
const invalid = assemble({ funcs: [{ code: [['i32.add']] }] });

const keys = { ada: 'ada-key', grace: 'grace-key', miser: 'miser-key', busy: 'busy-key' };
const settings = {
  signingSeed: '07'.repeat(32),
  adminKeyHash: hashOf('admin-key'),
  tenants: Object.entries(keys).map(([name, key]) => ({
    name,
    keyHash: hashOf(key),
    fuelPerMonth: name === 'miser' ? 100_000 : 1e12,
  })),
  limits: {
    moduleBytes: 100_000,
    memoryPages: 20,
    deadlineMs: 3000,
    openCalls: 3,
    requestsPerMinute: 500,
    sliceFuel: 2_000_000,
    lockMs: 1000,
    sweepMs: 500,
  },
};

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const needsCurl = { skip: hasCurl ? false : 'curl not found' };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('the service of the examples', needsRedis, () => {
  let redis: RedisServer;
  let service: ServiceProcess;
  before(async () => {
    redis = await RedisServer.start();
    service = new ServiceProcess(redis.port, settings);
    await service.start();
  });
  after(async () => {
    await service.kill();
    service.remove();
    await redis.stop();
  });
  const as = (tenant: keyof typeof keys) => askAs(service, keys[tenant]);
  const upload = async (tenant: keyof typeof keys): Promise<string> =>
    (await as(tenant)('POST', '/plugins', plugin)).body.hash;
  const usage = async (tenant: keyof typeof keys) => (await as(tenant)('GET', '/usage')).body;
  const until = async (ask: () => Promise<Answer>, isThere: (answer: Answer) => boolean): Promise<Answer> => {
    for (;;) {
      const answer = await ask();
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      if (isThere(answer)) return answer;
      await sleep(30);
    }
  };
  const isOver = ({ body }: Answer): boolean => body.status !== 'open';

  test('who has no key is refused before anything is read', async () => {
    for (const key of ['', 'wrong', 'ada-key2', 'admin-key'])
      for (const [method, path] of [
        ['GET', '/usage'],
        ['POST', '/plugins'],
        ['GET', '/calls/x'],
      ] as const) {
        const body = method === 'POST' ? plugin : undefined;
        assert.equal((await askAs(service, key)(method, path, body)).status, 401, `${key} ${path}`);
      }
    assert.match(service.address, /^http:\/\/127\.0\.0\.1:/);
  });

  test('what is no module is refused with the error of the engine', async () => {
    const damaged = await as('ada')('POST', '/plugins', 'no module');
    assert.deepEqual([damaged.status, damaged.body.code], [422, 'malformed.magic']);
    assert.match(damaged.body.advice, /damaged/);
    const wrong = await as('ada')('POST', '/plugins', invalid);
    assert.deepEqual([wrong.status, wrong.body.code], [422, 'invalid.type']);
    assert.equal((await as('ada')('POST', '/plugins')).status, 422);
  });

  test('an upload without an end is cut at the limit', async () => {
    let sent = 0;
    const endless = function* (): Generator<Uint8Array> {
      for (; sent < 50_000_000; sent += 10_000) yield new Uint8Array(10_000);
    };
    const answer = await as('ada')('POST', '/plugins', endless()).catch(() => null);
    if (answer !== null) assert.equal(answer.status, 413);
    assert.ok(sent < 10_000_000, `${sent} bytes were taken`);
    const announced = await as('ada')('POST', '/plugins', new Uint8Array(100_001)).catch(() => null);
    if (announced !== null) assert.equal(announced.status, 413);
    assert.equal((await as('ada')('POST', '/plugins', plugin)).status, 201);
  });

  test('a call gives its output and a receipt that holds, and is billed its fuel', async () => {
    const hash = await upload('ada');
    const before = await usage('ada');
    const { status, body } = await as('ada')('POST', `/plugins/${hash}/call/compute`, 'xxx');
    assert.deepEqual([status, body.status], [200, 'done']);
    const after = await usage('ada');
    assert.equal(after.spent - before.spent, body.receipt.fuel);
    assert.deepEqual([after.reserved, after.openCalls], [0, 0]);
    const output = (await as('ada')('GET', body.output)).body as Uint8Array;
    assert.equal(output.length, 8);
    const { key } = (await as('ada')('GET', '/key')).body;
    const [file, wasm] = ['job.txt', 'plugin.wasm'].map((name) => join(service.folder, name)) as [
      string,
      string,
    ];
    writeFileSync(file, (await as('ada')('GET', body.receipts)).body);
    writeFileSync(wasm, plugin);
    const verified = runQuern(['verify', wasm, file, '--job', '--key', key, '--output']);
    assert.equal(verified.status, 0, verified.stderr);
    assert.ok(verified.stderr.includes('holds'));
    const forged = runQuern(['verify', wasm, file, '--job', '--key', '00'.repeat(32)]);
    assert.equal(forged.status, 1);
  });

  test('limits stop a loop, and what it has used is billed', async () => {
    const hash = await upload('ada');
    const before = (await usage('ada')).spent;
    const limited = await as('ada')('POST', `/plugins/${hash}/call/spin?fuel=50000`, '');
    assert.deepEqual([limited.status, limited.body.status], [200, 'failed']);
    assert.equal(limited.body.receipt.failure, 'exhaustion.fuel');
    const late = await as('ada')('POST', `/plugins/${hash}/call/spin?fuel=100000000000`, '');
    assert.deepEqual([late.status, late.body.status, late.body.receipt], [504, 'paused', null]);
    assert.ok(late.body.fuel > 1_000_000);
    const after = await usage('ada');
    assert.equal(after.spent - before, limited.body.fuel + late.body.fuel);
    assert.equal(after.reserved, 0);
    const job = readJob(new TextDecoder().decode((await as('ada')('GET', late.body.receipts)).body));
    assert.equal(job.slices.at(-1)!.fuel, late.body.fuel);
    const small = await as('ada')('POST', `/plugins/${hash}/call/grow`, '');
    assert.equal(small.body.receipt.returnCode, 1, 'memory has its limit');
    const none = await as('ada')('POST', `/plugins/${hash}/call/none`, '');
    assert.deepEqual([none.status, none.body.code], [422, 'plugin.function']);
    for (const fuel of ['-1', '0', 'x', '1.5', '1e30'])
      assert.equal(
        (await as('ada')('POST', `/plugins/${hash}/call/spin?fuel=${fuel}`, '')).status,
        400,
        fuel,
      );
  });

  test('a quota of fuel is kept to the unit', async () => {
    const hash = await upload('miser');
    const ask = (fuel: number, input: string) =>
      as('miser')('POST', `/plugins/${hash}/call/compute?fuel=${fuel}`, input);
    const much = await ask(100_001, '');
    assert.deepEqual([much.status, much.body.code], [429, 'quota.fuel']);
    const some = await ask(100_000, 'x');
    assert.equal(some.body.status, 'done');
    const { spent } = await usage('miser');
    assert.equal(spent, some.body.receipt.fuel);
    assert.equal((await ask(100_001 - spent, '')).status, 429);
    const rest = await as('miser')('POST', `/plugins/${hash}/call/spin?fuel=${100_000 - spent}`, '');
    assert.equal(rest.body.status, 'failed');
    const left = 100_000 - (await usage('miser')).spent;
    assert.equal(left, 100_000 - spent - rest.body.fuel);
    // What is left does not pay for an instruction of the loop that was stopped, or is nothing.
    assert.ok(left < 100, `${left} left`);
    assert.equal((await as('miser')('POST', `/plugins/${hash}/jobs/spin?fuel=100`, '')).status, 429);
  });

  test('a tenant sees nothing of another', async () => {
    const hash = await upload('ada');
    const { body } = await as('ada')('POST', `/plugins/${hash}/jobs/compute`, 'x');
    const own = await until(() => as('ada')('GET', `/calls/${body.id}`), isOver);
    assert.equal(own.body.status, 'done');
    for (const [method, path] of [
      ['GET', `/calls/${body.id}`],
      ['DELETE', `/calls/${body.id}`],
      ['GET', body.output],
      ['GET', body.receipts],
      ['POST', `/plugins/${hash}/call/compute`],
      ['POST', `/plugins/${hash}/jobs/compute`],
      ['DELETE', `/plugins/${hash}`],
      ['GET', `/calls/ada.${body.id}`],
      ['GET', `/calls/..%2Fada.${body.id}`],
    ] as const)
      assert.equal((await as('grace')(method, path)).status, 404, `${method} ${path}`);
    assert.equal((await usage('grace')).spent, 0);
    assert.equal((await as('ada')('GET', body.output)).status, 200);
    assert.equal((await as('ada')('DELETE', `/plugins/${hash}`)).status, 204);
    assert.equal((await as('ada')('POST', `/plugins/${hash}/call/compute`, 'x')).status, 404);
  });

  test('a job can be cancelled, is billed until then, and only so many are open', async () => {
    const hash = await upload('grace');
    const add = () => as('grace')('POST', `/plugins/${hash}/jobs/spin?fuel=100000000000`, '');
    const jobs = [await add(), await add(), await add()];
    const refused = await add();
    assert.deepEqual([refused.status, refused.body.code], [429, 'quota.open']);
    for (const { body } of jobs) assert.equal((await as('grace')('DELETE', `/calls/${body.id}`)).status, 202);
    let fuel = 0;
    for (const { body } of jobs) {
      const ended = await until(() => as('grace')('GET', `/calls/${body.id}`), isOver);
      assert.deepEqual([ended.body.status, ended.body.reason], ['failed', 'cancelled']);
      fuel += ended.body.fuel;
    }
    const { spent, reserved, openCalls } = await usage('grace');
    assert.deepEqual([spent, reserved, openCalls], [fuel, 0, 0]);
  });

  test('a job outlives the server that is killed in the middle of it', async () => {
    const hash = await upload('ada');
    const before = (await usage('ada')).spent;
    const input = 'x'.repeat(14);
    const { body } = await as('ada')('POST', `/plugins/${hash}/jobs/compute`, input);
    const ask = () => as('ada')('GET', `/calls/${body.id}`);
    const middle = await until(ask, (answer) => answer.body.fuel > 0);
    assert.equal(middle.body.status, 'open');
    await service.kill();
    await service.start();
    const ended = await until(ask, isOver);
    assert.equal(ended.body.status, 'done');
    const text = new TextDecoder().decode((await as('ada')('GET', body.receipts)).body);
    const { modules, id, options, fuel } = readJob(text);
    const alone = createJob({ id, modules, function: 'compute', input, options, fuel });
    assert.deepEqual(ended.body.receipt, (await advance(alone, { modules: [plugin] })).receipt);
    const after = await usage('ada');
    assert.equal(after.spent - before, ended.body.receipt.fuel, 'billed once');
    assert.deepEqual([after.reserved, after.openCalls], [0, 0]);
  });

  test('what a server that was killed had reserved for a call is released', async () => {
    const hash = await upload('ada');
    const before = (await usage('ada')).spent;
    const call = as('ada')('POST', `/plugins/${hash}/call/spin?fuel=100000000000`, '').catch(() => null);
    let open = await usage('ada');
    for (; open.openCalls === 0; open = await usage('ada')) await sleep(20);
    assert.equal(open.reserved, 100_000_000_000);
    await service.kill();
    assert.equal(await call, null);
    await service.start();
    while ((await usage('ada')).openCalls > 0) await sleep(100);
    const { reserved, spent } = await usage('ada');
    assert.deepEqual([reserved, spent], [0, before], 'without a receipt nothing is billed');
  });

  test('a tenant has so many requests a minute, and the others theirs', async () => {
    const answers = await Promise.all(Array.from({ length: 510 }, () => as('busy')('GET', '/usage')));
    const refused = answers.filter(({ status }) => status === 429).length;
    assert.ok(refused >= 10, `${refused} were refused`);
    assert.equal((await as('grace')('GET', '/usage')).status, 200);
  });

  test('the dashboard is for the operator', async () => {
    const get = (path: string, user?: string): Promise<Answer> =>
      exchange(service.address + path, user && `Basic ${btoa(user)}`);
    for (const user of [undefined, 'admin:wrong', 'admin:', 'ada:ada-key'])
      for (const path of ['/dashboard', '/dashboard/api/queues'])
        assert.equal((await get(path, user)).status, 401, `${user} ${path}`);
    assert.match(String((await get('/dashboard', 'admin:admin-key')).body), /<html/i);
    const { queues } = (await get('/dashboard/api/queues', 'admin:admin-key')).body as {
      readonly queues: readonly { readonly name: string; readonly readOnlyMode: boolean }[];
    };
    assert.deepEqual(
      queues.map(({ name, readOnlyMode }) => [name, readOnlyMode]),
      [['plug-ins', true]],
    );
  });

  test('the commands of the page do what it says', needsCurl, async () => {
    const page = readFileSync(join(root, 'docs/service.md'), 'utf8');
    const [, script = ''] = /^```bash\n(.*?)^```$/ms.exec(page) ?? [];
    const file = join(service.folder, 'page.sh');
    const quern = `quern() { "${process.execPath}" ${join(root, 'build/src/cli/main.js')} "$@"; echo; }`;
    const inFolder = script.replaceAll('job.txt', join(service.folder, 'page.txt'));
    writeFileSync(file, `set -eu\n${quern}\n${inFolder.replaceAll(/^(curl .*\/output.*)$/gm, '$1\necho')}`);
    const env = { ...process.env, URL: service.address, KEY: keys.grace };
    const run = await promisify(execFile)('bash', [file], { cwd: root, env });
    const expected = [...script.matchAll(/# → (.*)$/gm)].map((match) => match[1]);
    assert.deepEqual(run.stdout.trimEnd().split('\n'), expected);
  });

  test('the first start makes settings that only their owner can read, and shows their keys once', async () => {
    const fresh = new ServiceProcess(redis.port, null);
    await fresh.start();
    const [, key] = /"demo": (\S+)/.exec(fresh.lines.join('\n')) ?? [];
    assert.equal((await askAs(fresh, key!)('GET', '/usage')).body.spent, 0);
    assert.equal(statSync(fresh.settings).mode & 0o777, 0o600);
    assert.equal(await fresh.kill('SIGTERM'), 0);
    await fresh.start();
    assert.equal(fresh.lines.length, 1);
    assert.equal((await askAs(fresh, key!)('GET', '/usage')).status, 200);
    await fresh.kill();
    fresh.remove();
  });
});
