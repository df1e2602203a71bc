/**
 * Quern in a browser: the built modules as they are, under a content security policy without native Wasm and code
 * from strings. Each check of `page.ts` is a test here; what programs print is compared with Node's own WASI.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileToJavaScript } from '../../src/compile.ts';
import { sender, startServer } from '../http/servers.ts';
import { compileC, hasClang, programs, runByNode } from '../wasi/c-programs.ts';
import { guestBytes } from '../wasi/node-guest.ts';
import { compileWat } from '../wat.ts';
import { chromium, runPage } from './browser.ts';
import type { PageReport, PageTask } from './report.ts';

const { triple } = compileWat({
  triple: '(module (func (export "run") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))',
});
/** A file of build time, as the page's server has it. */
const served = (text: string): string => text.replace('"quern/precompiled"', '"/build/src/precompiled.js"');

const cors = { 'access-control-allow-origin': '*' };

test('in a page', { skip: chromium === null && 'Chromium not found (set QUERN_CHROMIUM)' }, async (t) => {
  const foreign = await startServer((_, response) => response.writeHead(200, cors).end('foreign'));
  const allowed = await startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    if (pathname === '/echo') response.writeHead(200, cors).end('echo');
    else response.writeHead(302, { ...cors, location: searchParams.get('u')! }).end();
  });
  const folder = mkdtempSync(join(tmpdir(), 'quern-page-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const names = hasClang() ? Object.keys(programs) : [];
  for (const name of names) compileC(programs[name]!, join(folder, `${name}.wasm`));
  const task: PageTask = {
    allowed: `http://127.0.0.1:${allowed.port}`,
    foreign: `http://localhost:${foreign.port}`,
    programs: names,
  };
  const report = (await runPage({
    module: 'test/browser/page.js',
    timeoutMs: 120_000,
    find: (path) => {
      if (path === '/task.json') return JSON.stringify(task);
      if (path === '/guest.wasm') return guestBytes;
      if (path === '/sender.wasm') return sender;
      if (path === '/sender.js') return served(compileToJavaScript(sender));
      if (path === '/triple.wasm') return triple;
      if (path === '/altered.js') return served(compileToJavaScript(triple)).replace('(l0*3|0)', '(l0*4|0)');
      const name = path.replace('/program/', '');
      return names.includes(name) ? readFileSync(join(folder, `${name}.wasm`)) : null;
    },
  })) as PageReport;
  assert.ok(report.checks.length > 70, `only ${report.checks.length} checks ran`);
  for (const { name, failure } of report.checks) await t.test(name, () => assert.equal(failure, null));
  await t.test('nothing but the allowed requests has reached the other server', () =>
    assert.deepEqual(foreign.seen, ['GET /open']),
  );
  for (const name of names) {
    await t.test(`the program "${name}" prints what it prints under Node`, () => {
      const own = join(folder, name);
      mkdirSync(own);
      const { stdout, status } = runByNode(join(folder, `${name}.wasm`), own);
      assert.deepEqual(report.programs[name], { stdout, exitCode: status });
    });
  }
});
