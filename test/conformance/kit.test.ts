/** The conformance kit: our host passes all of it, the official SDK shows its divergences, bad hosts are named. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { levels } from '../../src/conformance/cases/case.ts';
import { cases } from '../../src/conformance/cases/cases.ts';
import { expandCases } from '../../src/conformance/cases/expand-cases.ts';
import { assembledModules } from '../../src/conformance/cases/modules.generated.ts';
import { hostFunctions } from '../../src/conformance/protocol/protocol.ts';
import { parseExpectedFailures } from '../../src/conformance/run/expected.ts';
import { root } from '../shared.ts';
import { compileWat } from '../wat.ts';

interface CaseResult {
  readonly id: string;
  readonly verdict: string;
  readonly variant?: string;
  readonly detail?: string;
  readonly reproduce?: string;
}
interface Result {
  readonly host: string;
  readonly version: string;
  readonly cases: readonly CaseResult[];
}
interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const folder = mkdtempSync(join(tmpdir(), 'quern-kit-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the kit as a user does. Not with `--no-expose-wasm`: the official SDK needs native Wasm. */
const runKit = (...args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    const command = [join(root, 'build/src/cli/main.js'), 'conformance', ...args];
    const options = {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { ...process.env, NODE_OPTIONS: '' },
    } as const;
    execFile(process.execPath, command, options, (error, stdout, stderr) =>
      resolve({ exitCode: (error?.code as number | undefined) ?? 0, stdout, stderr }),
    );
  });

const runForJson = async (...args: string[]): Promise<{ run: Run; results: Result[] }> => {
  const file = join(mkdtempSync(join(folder, 'run-')), 'result.json');
  const run = await runKit(...args, '--json', file);
  return { run, results: JSON.parse(readFileSync(file, 'utf8')) as Result[] };
};

/** A command for a host that is a few lines of JavaScript: `answers` maps methods to lines. */
const fakeHost = (answers: string): string => {
  const file = join(mkdtempSync(join(folder, 'host-')), 'host.mjs');
  writeFileSync(
    file,
    `import { createInterface } from 'node:readline';
     const answers = ${answers};
     for await (const line of createInterface({ input: process.stdin })) {
       const answer = answers[JSON.parse(line).method];
       console.log(typeof answer === 'function' ? answer(JSON.parse(line)) : JSON.stringify(answer));
     }`,
  );
  return `fake=${process.execPath} ${file}`;
};
const HELLO = `hello: { host: 'fake', version: '1', protocol: 1 }`;

describe('cases of the kit', () => {
  test('names are unique, and every level has some', () => {
    assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
    assert.ok(cases.length >= 150, `${cases.length} cases`);
  });

  test('the assembled plug-ins are those of the texts', () => {
    const fresh = compileWat(expandCases(), false);
    assert.deepEqual(Object.keys(assembledModules), Object.keys(fresh));
    for (const [key, bytes] of Object.entries(fresh))
      assert.equal(
        assembledModules[key],
        Buffer.from(bytes).toString('base64'),
        `${key} is stale: npm run gen`,
      );
  });

  test('the documentation has every host function and level', () => {
    const page = readFileSync(join(root, 'docs/conformance-kit.md'), 'utf8');
    for (const [name, { type, does }] of Object.entries(hostFunctions))
      assert.ok(page.includes(`| \`${name}\` | ${type} | ${does}`), name);
    for (const level of Object.keys(levels)) assert.ok(page.includes(`\`${level}\``), level);
  });

  test('every case ends with something to judge', () => {
    for (const { id, calls, variants, loadFails } of cases) {
      const last = calls.at(-1);
      assert.ok(last !== undefined, id);
      assert.equal(last.expect === undefined, variants !== undefined, id);
      assert.ok(calls.slice(0, -1).every(({ expect }) => expect !== undefined) || loadFails, id);
    }
  });
});

describe('our host', () => {
  let result: Result;
  before(async () => {
    result = (await runForJson()).results[0]!;
  });

  test('passes every case', () => {
    assert.deepEqual(
      result.cases.filter(({ verdict }) => verdict !== 'passed').map(({ id, detail }) => `${id}: ${detail}`),
      [],
    );
    assert.equal(result.cases.length, cases.length);
  });

  test('has the behaviours that the documentation names', () => {
    const variants = Object.fromEntries(
      result.cases.flatMap(({ id, variant }) => (variant ? [[id, variant]] : [])),
    );
    assert.deepEqual(variants, {
      'core/no-output': 'null',
      'memory/first-handle': 'linear',
      'variables/key-after-set': 'keeps',
      'config/empty-value': 'block',
      'logs/bad-handle': 'continues',
      'errors/trap-with-message': 'trap',
      'manifest/memory-pages': 'refuses',
      'limits/guest-pages': 'refuses',
      'limits/variables-zero': 'limited',
    });
  });
});

/**
 * Divergences of the official JavaScript SDK, as its users found them. A version that mends one makes this fail,
 * and the lists of its expected failures shorter.
 */
describe('the official SDK', () => {
  const both = [
    'core/sub-range',
    'core/all-kernel-functions',
    'memory/out-of-bounds',
    'memory/alloc-too-much',
    'config/inherited-name',
    'errors/return-code',
    'errors/cleared',
    'errors/clean-exit',
    'limits/guest-pages',
    'limits/variables-default',
    'manifest/timeout',
    'manifest/memory-pages',
    'http/no-negation',
    'http/foreign-redirect',
    'wasi/read-only',
  ];
  const only1 = ['memory/many-calls', 'linking/function', 'logs/filter', 'limits/variables', 'http/headers'];
  const sound = [
    'core/echo',
    'host/i64',
    'host/later',
    'variables/survive-calls',
    'errors/message',
    'http/get',
  ];
  const select = [...both, ...only1, ...sound].flatMap((id) => ['--case', id]);

  test('shows its divergences in the matrix, by version', async () => {
    const { results } = await runForJson(
      '--host',
      'npm:@extism/extism',
      '--host',
      'npm:extism-rc',
      ...select,
    );
    const [first, second] = results.map(
      ({ cases: all }) => new Set(all.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id)),
    ) as [Set<string>, Set<string>];
    assert.deepEqual(
      results.map(({ version }) => version),
      ['1.0.3', '2.0.0-rc13'],
    );
    assert.deepEqual([...first].sort(), [...both, ...only1].sort());
    assert.deepEqual([...second].sort(), [...both].sort());
  });
});

describe('bad hosts', () => {
  const one = ['--case', 'core/echo', '--case', 'core/binary'];

  test('a wrong answer fails with what was expected, and a command that shows it again', async () => {
    const host = fakeHost(`{ ${HELLO}, load: {}, call: { output: 'bm8=' }, close: {} }`);
    const { run, results } = await runForJson('--host', host, ...one);
    assert.equal(run.exitCode, 1);
    const [failed] = results[0]!.cases;
    assert.match(failed!.detail!, /^call 1, run: expected output "Hello, Ada!"; got output "no"$/);
    assert.ok(failed!.reproduce!.includes(`--host '${host}' --case core/echo`));
    assert.ok(run.stdout.includes(failed!.reproduce!));
  });

  test('a host that ends fails one case, and is started again for the next', async () => {
    const host = fakeHost(`{ ${HELLO}, load: () => process.exit(3), close: {} }`);
    const { results } = await runForJson('--host', host, ...one);
    const details = results[0]!.cases.map(({ detail }) => detail!);
    assert.equal(details.length, 2);
    for (const detail of details) assert.match(detail, /the host ended during "load"/);
  });

  test('what is no JSON is said to be none', async () => {
    const { results } = await runForJson(
      '--host',
      fakeHost(`{ ${HELLO}, load: () => 'Segmentation fault' }`),
      ...one,
    );
    assert.match(results[0]!.cases[0]!.detail!, /not a JSON object: Segmentation fault/);
  });

  test('a command that cannot be started is an error, not a result', async () => {
    const { exitCode, stderr } = await runKit('--host', 'no-such-command-here', ...one);
    assert.equal(exitCode, 1);
    assert.match(stderr, /ended|not found/);
  });

  test('levels that a host lacks are skipped, with the reason', async () => {
    const host = fakeHost(
      `{ hello: { host: 'fake', version: '1', protocol: 1, lacks: ['core'] }, load: {}, call: {}, close: {} }`,
    );
    const { run } = await runForJson('--host', host, ...one);
    assert.equal(run.exitCode, 0);
    assert.match(run.stdout, /skipped: the adapter reports that the host lacks core/);
    assert.match(run.stdout, /0 passed, 0 failed, 0 expected failures, 2 skipped/);
  });
});

describe('expected failures', () => {
  const list = (text: string): string => {
    const file = join(mkdtempSync(join(folder, 'list-')), 'expected.txt');
    writeFileSync(file, text);
    return file;
  };

  test('a listed failure is accepted, a listed pass is not', async () => {
    const bad = fakeHost(`{ ${HELLO}, load: {}, call: { output: 'bm8=' }, close: {} }`);
    const file = list('# known\ncore/echo  # says no\n');
    const accepted = await runKit('--host', bad, '--case', 'core/echo', '--expected', file);
    assert.equal(accepted.exitCode, 0);
    const stale = await runKit('--case', 'core/echo', '--expected', file);
    assert.equal(stale.exitCode, 1);
    assert.match(stale.stdout, /UNEXPECTED PASS {2}core\/echo/);
  });

  test('a list that names no case is refused with its line', () => {
    assert.throws(
      () => parseExpectedFailures('core/echo\ncore/ecco\n'),
      /line 2: there is no case "core\/ecco"/,
    );
  });
});

describe('reports', () => {
  test('are written in every form, for several hosts', async () => {
    const bad = fakeHost(`{ ${HELLO}, load: {}, call: { output: 'PCZvdT4=' }, close: {} }`);
    const path = (name: string): string => join(folder, name);
    await runKit(
      ...['--host', 'quern', '--host', bad, '--case', 'core/echo', '--case', 'core/no-output'],
      ...['--html', path('r.html'), '--junit', path('r.xml'), '--tap', path('r.tap'), '--keep', path('kept')],
    );
    const tap = readFileSync(path('r.tap'), 'utf8');
    assert.match(tap, /^TAP version 14\n1\.\.4\nok 1 - quern: core\/echo\n/);
    assert.match(tap, /not ok 3 - fake: core\/echo\n {2}---\n {2}message: "call 1/);
    const junit = readFileSync(path('r.xml'), 'utf8');
    assert.match(junit, /<testsuite name="fake: core" tests="2" failures="2">/);
    assert.match(junit, /got output &quot;&lt;&amp;ou&gt;&quot;/);
    const html = readFileSync(path('r.html'), 'utf8');
    assert.match(html, /<!doctype html>/);
    assert.ok(html.includes('100&#8239;%') && html.includes('&lt;&amp;ou&gt;') && !html.includes('<script'));
    assert.match(readFileSync(path('kept/core.echo.main.wat'), 'utf8'), /\(module/);
    assert.ok(readFileSync(path('kept/core.echo.main.wasm')).length > 50);
  });
});
