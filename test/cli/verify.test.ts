/** `quern call --record --replay --receipt` and `quern verify`. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { advance, createJob, createSigner, moduleHash, writeJob } from '../../src/job.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-verify-'));
const [recording, receipt] = [join(folder, 'greet.jsonl'), join(folder, 'receipt.json')];
const greet = (...flags: string[]) => runQuern(['call', example('greet'), 'greet', ...flags]);
before(() => {
  buildExamples();
  const run = greet('-i', 'Ada', '--config', 'greeting=Salut', '--record', recording, '--receipt', receipt);
  assert.equal(run.stderr, '');
  assert.equal(run.stdout, 'Salut, Ada!');
});
after(() => rmSync(folder, { recursive: true }));

describe('quern call', () => {
  test('--replay takes what a plug-in can notice from the recording', () => {
    const again = join(folder, 'again.json');
    assert.equal(greet('-i', 'Ada', '--replay', recording, '--receipt', again).stdout, 'Salut, Ada!');
    assert.equal(readFileSync(again, 'utf8'), readFileSync(receipt, 'utf8'));
  });

  test('--replay of another input fails and names the event', () => {
    const run = greet('-i', 'Eve', '--replay', recording);
    assert.equal(run.status, 1);
    assert.match(
      run.stderr,
      /replay differs from the recording: event 2: expected .*"input":"QWRh".*"input":"RXZl"/,
    );
  });

  test('--record writes what happened up to an error', () => {
    const path = join(folder, 'failed.jsonl');
    const link = ['--link', `extism:host/user=${example('remark')}`];
    const run = runQuern(['call', ...link, example('counter'), 'ratio', '-i', '0', '--record', path]);
    assert.equal(run.status, 1);
    assert.match(readFileSync(path, 'utf8'), /"failure":"trap.divide-by-zero"/);
    const verified = runQuern(['verify', ...link, example('counter'), path]);
    assert.match(verified.stderr, /^ratio: trap.divide-by-zero, fuel \d+ \(quern-1\); holds\n$/);
    assert.equal(verified.status, 0);
  });

  for (const [flags, message] of [
    [['--receipt', receipt], /--receipt needs --record or --replay/],
    [['--record', join(folder, 'none/x')], /cannot write the recording/],
    [['--replay', join(folder, 'none')], /cannot read the recording/],
    [['--record', join(folder, 'x'), '--replay', recording], /exclude each other/],
  ] as const) {
    test(`refuses ${flags.filter((flag) => flag.startsWith('-')).join(' ')} so`, () => {
      const run = greet('-i', 'Ada', ...flags);
      assert.equal(run.status, 2);
      assert.match(run.stderr, message);
    });
  }
});

describe('quern verify', () => {
  test('says that a recording and a receipt hold', () => {
    const run = runQuern(['verify', example('greet'), recording, receipt, '--output']);
    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stdout, 'Salut, Ada!');
    assert.match(run.stderr, /^greet: returned 0, fuel \d+ \(quern-1\); holds\n$/);
  });

  test('names the field of a receipt that does not hold', () => {
    const forged = join(folder, 'forged.json');
    writeFileSync(forged, readFileSync(receipt, 'utf8').replace(/"fuel": (\d+)/, '"fuel": 1$1'));
    const run = runQuern(['verify', example('greet'), recording, forged]);
    assert.equal(run.status, 1);
    assert.match(run.stderr, /receipt is wrong: fuel is 1\d+ in the receipt and \d+ in the replay/);
  });

  test('names the line of a recording that was changed', () => {
    const forged = join(folder, 'forged.jsonl');
    writeFileSync(forged, readFileSync(recording, 'utf8').replace('Salut', 'Hallo'));
    const run = runQuern(['verify', example('greet'), forged]);
    assert.equal(run.status, 1);
    assert.match(run.stderr, /bad recording: event 0: the line was changed/);
  });

  test('stops at limits of its own', () => {
    const verify = (...flags: string[]) => runQuern(['verify', example('greet'), recording, ...flags]);
    assert.match(verify('--fuel', '10').stderr, /out of fuel/);
    assert.match(verify('--memory-max', '1').stderr, /recorded with no limit as memory\.maxPages/);
    assert.equal(verify('--fuel', '1000000', '--timeout', '60000').status, 0);
  });

  test('refuses another plug-in', () => {
    const run = runQuern(['verify', example('remark'), recording]);
    assert.equal(run.status, 1);
    assert.match(run.stderr, /recorded with other modules/);
  });
});

describe('quern verify --job', () => {
  const path = join(folder, 'job.json');
  const verify = (...flags: string[]) => runQuern(['verify', example('greet'), path, '--job', ...flags]);
  let key = '';

  before(async () => {
    const greetWasm = readFileSync(example('greet'));
    const signer = await createSigner(new Uint8Array(32).fill(5));
    key = signer.key;
    let job = createJob({
      id: 'cli',
      modules: { main: moduleHash(greetWasm) },
      function: 'greet',
      input: 'Ada',
    });
    for (let status = ''; status !== 'done'; ) {
      const advanced = await advance(job, { modules: [greetWasm], fuel: 400, signer });
      ({ job, status } = advanced);
    }
    writeFileSync(path, writeJob(job));
  });

  test('runs all of a job again', () => {
    const run = verify('--output', '--key', key);
    assert.equal(run.stdout, 'Hello, Ada!');
    assert.match(run.stderr, /^greet: returned 0, fuel \d+, slices \d+, answers 0; holds\n$/);
    assert.equal(run.status, 0);
  });

  test('names the slice that does not hold', () => {
    assert.match(verify('--key', '0'.repeat(64)).stderr, /slice 0: signed by .* not one of the given keys/);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"answers":0', '"answers":1'));
    const run = verify();
    assert.equal(run.status, 1);
    assert.match(run.stderr, /receipts of the job are wrong: slice 0/);
    writeFileSync(path, text);
  });

  test('refuses what does not go together', () => {
    assert.match(runQuern(['verify', example('greet'), path, receipt, '--job']).stderr, /omit RECEIPT/);
    assert.match(runQuern(['verify', example('greet'), recording, '--key', key]).stderr, /--key needs --job/);
  });
});
