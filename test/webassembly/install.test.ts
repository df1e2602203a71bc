/** `quern/webassembly/auto` and `replace`: who is the global namespace, and what works once it is ours. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { noWasm } from '../proof.ts';
import { preload, runNode } from './children.ts';

const evaluate = (flags: readonly string[], code: string): Promise<string> =>
  runNode([...flags, '--input-type=module', '-e', code]);
const bytes = 'Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)';

describe('installing', () => {
  test('auto fills an empty place, and only that', async () => {
    const report = `
      const native = globalThis.WebAssembly;
      const { isInstalled, WebAssembly } = await import('quern/webassembly/auto');
      const { enumerable, writable, configurable } = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly');
      console.log(isInstalled, globalThis.WebAssembly === WebAssembly, globalThis.WebAssembly === native,
        enumerable, writable, configurable)`;
    assert.equal(await evaluate(noWasm, report), 'true true false false true true\n');
    assert.equal(await evaluate([], report), 'false false true false true true\n');
  });

  test('replace takes the place', async () => {
    const report = `
      const { isInstalled } = await import('quern/webassembly/replace');
      console.log(isInstalled, (await WebAssembly.instantiate(${bytes})).instance instanceof WebAssembly.Instance)`;
    assert.equal(await evaluate([], report), 'true true\n');
  });

  test('importing the namespace alone changes nothing', async () => {
    const report = `await import('quern/webassembly'); console.log(typeof WebAssembly)`;
    assert.equal(await evaluate(noWasm, report), 'undefined\n');
  });

  test('a worker gets the namespace with the option --import, and a module that is sent to it', async () => {
    const worker = `
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', (module) => {
        parentPort.postMessage(Object.keys(new WebAssembly.Instance(module).exports).length);
        parentPort.close();
      })`;
    const report = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})));
      worker.on('message', (count) => console.log('exports', count));
      worker.postMessage(new WebAssembly.Module(${bytes}))`;
    assert.equal(await evaluate([...noWasm, preload], report), 'exports 0\n');
  });
});

describe("Node's own fetch", () => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      response.setHeader('x-method', request.method ?? '');
      response.end(`${request.url} ${body.length}`);
    });
  });
  after(() => server.close());

  for (const flags of [['--jitless'], noWasm]) {
    test(`works under ${flags[0]}, where it needs a namespace for its parser`, async () => {
      if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const report = `
        const url = 'http://127.0.0.1:${port}/path?x=1';
        const first = await fetch(url);
        const second = await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) });
        console.log(first.status, await first.text(), second.headers.get('x-method'), await second.text());`;
      assert.equal(await evaluate([...flags, preload], report), '200 /path?x=1 0 POST /path?x=1 100000\n');
      await assert.rejects(evaluate(flags, report), /fetch failed|WebAssembly is not defined/);
    });
  }
});
