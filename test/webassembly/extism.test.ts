/**
 * The official Extism SDK, in two versions, runs the recorded plug-ins on the namespace as it does on native Wasm:
 * in Node without Wasm, and in Node without a compiler, where Wasm cannot be.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { needsShared } from '../shared.ts';
import { preload, runScript, withoutWasm } from './children.ts';

/** Set-ups by the build of the SDK that can run them; see `extism-child.ts`. */
const runs: readonly {
  readonly packageName: string;
  readonly build: string;
  readonly flags: readonly string[];
  readonly ids: readonly string[];
}[] = [
  { packageName: 'extism-rc', build: 'node', flags: withoutWasm, ids: ['kernel_all', 'fs_text', 'as'] },
  { packageName: 'extism-rc', build: 'browser', flags: withoutWasm, ids: ['rust185_wasip1'] },
  { packageName: 'extism-rc', build: 'node', flags: ['--jitless'], ids: ['kernel_all', 'kernel_http'] },
  { packageName: '@extism/extism', build: 'node', flags: withoutWasm, ids: ['fs_text', 'as'] },
  { packageName: '@extism/extism', build: 'browser', flags: withoutWasm, ids: ['lua'] },
  { packageName: '@extism/extism', build: 'node', flags: ['--jitless'], ids: ['as'] },
];

describe('the official SDK', needsShared, () => {
  if (needsShared.skip) return;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      response.statusCode = request.url?.startsWith('/teapot') ? 418 : 200;
      response.setHeader('x-fixture', 'yes');
      response.end(`${request.method} ${request.url} ${request.headers['x-accept']} ${body}`);
    });
  });
  before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
  after(() => server.close());
  for (const { packageName, build, flags, ids } of runs) {
    test(`${packageName}, ${build}, ${flags.at(-1)}: ${ids.join(', ')}`, async () => {
      const { port } = server.address() as AddressInfo;
      const args = [packageName, build, String(port), ...ids];
      const [expected, actual] = await Promise.all([
        runScript('extism-child.js', [], args),
        runScript('extism-child.js', [...flags, preload], args),
      ]);
      // The plug-ins print, too.
      const lines = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('{"id"'));
      assert.equal(lines(expected).length, ids.length);
      assert.deepEqual(lines(actual), lines(expected));
      assert.ok(!expected.includes('not made'));
    });
  }
});
