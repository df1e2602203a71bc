/** Content codings of answers on Node: decoded as `fetch` does, within the limits, for plug-ins and for modules. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createPlugin, isQuernError, type PluginOptions } from '../../src/node.ts';
import { sender, startServer } from './servers.ts';

const text = 'An answer that is repeated. '.repeat(100);
const zeros = (megabytes: number): Buffer => Buffer.alloc(megabytes << 20);
/** Empty blocks of deflate: as long as one likes, and they stand for nothing. */
const emptyBlocks = (count: number): Buffer =>
  Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(count * 5, Buffer.of(0, 0, 0, 255, 255))]);

interface Answer {
  readonly coding?: string;
  readonly body: Uint8Array;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}
const answers: Readonly<Record<string, Answer>> = {
  '/plain': { body: Buffer.from(text) },
  '/identity': { coding: 'identity', body: Buffer.from(text) },
  '/gzip': { coding: 'gzip', body: gzipSync(text) },
  '/x-gzip': { coding: 'x-gzip', body: gzipSync(text) },
  '/upper': { coding: ' GZIP ', body: gzipSync(text) },
  '/deflate': { coding: 'deflate', body: deflateSync(text) },
  '/raw': { coding: 'deflate', body: deflateRawSync(text) },
  '/br': { coding: 'br', body: brotliCompressSync(text) },
  '/twice': { coding: 'gzip, br', body: brotliCompressSync(gzipSync(text)) },
  '/members': {
    coding: 'gzip',
    body: Buffer.concat([gzipSync(text.slice(0, 500)), gzipSync(text.slice(500))]),
  },
  '/empty': { coding: 'gzip', body: Buffer.alloc(0) },
  '/unknown': { coding: 'quux', body: Buffer.from(text) },
  '/none': { coding: 'gzip', body: Buffer.alloc(0), status: 204 },
  '/moved': { coding: 'gzip', body: Buffer.from('no gzip'), status: 302, headers: { location: '/gzip' } },
  '/broken': { coding: 'gzip', body: Buffer.from('this is no gzip') },
  '/damaged': {
    coding: 'br',
    body: Buffer.concat([brotliCompressSync(text).subarray(0, 20), Buffer.alloc(50, 255)]),
  },
  '/many': { coding: 'gzip, gzip, gzip, gzip, gzip, gzip', body: Buffer.alloc(10) },
  '/bomb': { coding: 'gzip', body: gzipSync(zeros(64)) },
  '/bomb-br': { coding: 'br', body: brotliCompressSync(zeros(64)) },
  '/bomb-deflate': { coding: 'deflate', body: deflateSync(zeros(64)) },
  '/bomb-twice': { coding: 'gzip, gzip', body: gzipSync(gzipSync(zeros(64), { level: 1 })) },
  '/bomb-between': { coding: 'gzip, gzip', body: gzipSync(emptyBlocks(1 << 20)) },
  '/bomb-of-nothing': { coding: 'gzip', body: emptyBlocks(1 << 20) },
  '/module': {
    coding: 'br',
    body: brotliCompressSync(sender),
    headers: { 'content-type': 'application/wasm' },
  },
  '/module-bomb': { coding: 'gzip', body: gzipSync(Buffer.concat([sender, zeros(1)])) },
};
let openCount = 0;
const server = await startServer((request, response) => {
  if (request.url === '/endless') {
    openCount++;
    response.writeHead(200, { 'content-encoding': 'gzip' });
    const block = emptyBlocks(100).subarray(10);
    response.write(gzipSync('').subarray(0, 10));
    const timer = setInterval(() => response.write(block), 1);
    response.on('close', () => {
      clearInterval(timer);
      openCount--;
    });
    return;
  }
  const { coding, body, status = 200, headers } = answers[request.url!]!;
  response.writeHead(status, { ...(coding === undefined ? {} : { 'content-encoding': coding }), ...headers });
  response.end(body);
});
const origin = `http://127.0.0.1:${server.port}`;
const make = (options: PluginOptions = {}) =>
  createPlugin({ wasm: [{ data: sender }] }, { allowedHosts: ['127.0.0.1'], ...options });
const get = async (
  path: string,
  options: PluginOptions = {},
  more: object = {},
): Promise<string | undefined> => {
  const plugin = await make(options);
  return (await plugin.call('get', JSON.stringify({ url: origin + path, ...more })))?.text();
};
const hasCode =
  (code: string, message = /./) =>
  (error: unknown): boolean => {
    assert.ok(isQuernError(error) && error.code === code, String(error));
    assert.match(error.message, message);
    return true;
  };

describe('content codings', () => {
  for (const path of [
    '/plain',
    '/identity',
    '/gzip',
    '/x-gzip',
    '/upper',
    '/deflate',
    '/raw',
    '/br',
    '/twice',
    '/members',
    '/moved',
  ])
    test(`${path} is read`, async () => assert.equal(await get(path), text));
  test('answers without a body, and codings that are not known, are as they come', async () => {
    assert.equal(await get('/empty'), '');
    assert.equal(await get('/none'), '');
    assert.equal(await get('/gzip', {}, { method: 'HEAD' }), '');
    assert.equal(await get('/unknown'), text);
  });
  test('damaged bodies are failures of the request', async () => {
    for (const path of ['/broken', '/damaged', '/many'])
      await assert.rejects(get(path), hasCode('host.http-failed'));
  });
  test('limits count what is decoded', async () => {
    const limited = (maxHttpResponseBytes: number): PluginOptions => ({ memory: { maxHttpResponseBytes } });
    for (const path of ['/gzip', '/br', '/deflate', '/twice']) {
      assert.equal(await get(path, limited(text.length)), text);
      await assert.rejects(get(path, limited(text.length - 1)), hasCode('host.http-limit'));
    }
  });
  test('bombs end at the limit, also between two codings and those that stand for nothing', async () => {
    const memory = { maxHttpResponseBytes: 1 << 20 };
    for (const path of Object.keys(answers).filter((name) => name.startsWith('/bomb'))) {
      const before = process.memoryUsage().arrayBuffers;
      await assert.rejects(get(path, { memory }), hasCode('host.http-limit'));
      const grown = process.memoryUsage().arrayBuffers - before;
      assert.ok(grown < 32 << 20, `${path}: ${grown} bytes`);
    }
  });
  test('one that never ends is cut off by the deadline, and its connection closed', async () => {
    await assert.rejects(get('/endless', { timeoutMs: 100 }), hasCode('interrupted.timeout'));
    while (openCount > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(server.seen.includes('GET /endless'));
  });
  test('modules and manifests at URLs are decoded', async () => {
    for (const source of [`${origin}/module`, { wasm: [{ url: `${origin}/module` }] }])
      assert.equal((await (await createPlugin(source)).call('echo', 'x'))?.text(), 'x');
    await assert.rejects(createPlugin(`${origin}/broken`), hasCode('manifest.source'));
  });
});

describe('headers that the host sends by itself', () => {
  const headersOf = async (headers: Readonly<Record<string, string>>) => {
    await get('/plain', {}, { headers });
    return server.requests.at(-1)!.headers;
  };
  test('say who asks and what is understood', async () => {
    const { 'user-agent': agent, 'accept-encoding': codings, accept } = await headersOf({});
    assert.deepEqual([agent, codings, accept], ['quern', 'gzip, deflate, br', '*/*']);
  });
  test('do not take the place of those of the plug-in', async () => {
    const sent = await headersOf({ 'User-Agent': 'mine/1', 'ACCEPT-encoding': 'gzip', Accept: 'text/plain' });
    assert.deepEqual(
      [sent['user-agent'], sent['accept-encoding'], sent.accept],
      ['mine/1', 'gzip', 'text/plain'],
    );
  });
  test('go with requests for modules, too', async () => {
    await createPlugin(`${origin}/module`);
    assert.equal(server.requests.at(-1)!.headers['user-agent'], 'quern');
  });
});
