/** Manifests in all their forms, what they settle, and what is refused. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkManifest, parseManifest } from '../../src/host/manifest/manifest.ts';
import { createPlugin as createPortable } from '../../src/index.ts';
import {
  compileModule,
  createPlugin,
  type FetchLike,
  isQuernError,
  type ManifestLike,
} from '../../src/node.ts';
import { compileWat } from '../wat.ts';

const { plugin: bytes } = compileWat({ plugin: '(module (func (export "run") (result i32) (i32.const 0)))' });
const hash = createHash('sha256').update(bytes).digest('hex');
const base64 = Buffer.from(bytes).toString('base64');

const loads = async (manifest: ManifestLike | PromiseLike<ManifestLike>): Promise<void> => {
  const plugin = await createPlugin(manifest);
  assert.equal(await plugin.functionExists('run'), true);
};

describe('forms of a manifest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-'));
  const path = join(folder, 'plugin.wasm');
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers['x-token'] as string | undefined);
    const routes: Record<string, [number, Record<string, string>, Uint8Array | string]> = {
      '/plugin': [200, { 'content-type': 'application/wasm; charset=x' }, bytes],
      '/manifest': [
        200,
        { 'content-type': 'application/json' },
        JSON.stringify({ wasm: [{ data: base64 }] }),
      ],
      '/moved': [302, { location: '/plugin' }, ''],
      '/page': [200, { 'content-type': 'text/html' }, '<p>'],
    };
    const [status, headers, body] = routes[request.url ?? ''] ?? [404, {}, ''];
    response.writeHead(status, headers).end(body);
  });
  let origin = '';
  before(async () => {
    writeFileSync(path, bytes);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('bytes, views, buffers, compiled modules, promises', async () => {
    await loads(bytes);
    await loads(Buffer.concat([Buffer.from('xx'), bytes]).subarray(2));
    await loads(bytes.slice().buffer);
    await loads(compileModule(bytes));
    await loads(Promise.resolve({ wasm: [{ data: bytes }] }));
    await loads({ wasm: [{ module: compileModule(bytes), hash }] });
  });
  test('paths, file URLs, URLs and what they redirect to', async () => {
    await loads(path);
    await loads(pathToFileURL(path));
    await loads(pathToFileURL(path).href);
    await loads({ wasm: [{ path }] });
    await loads(`${origin}/plugin`);
    await loads(new URL(`${origin}/moved`));
    await loads({ wasm: [{ url: `${origin}/plugin`, headers: { 'x-token': 't' } }] });
    assert.equal(seen.at(-1), 't');
  });
  test('JSON, inline or at a URL, base64 data', async () => {
    await loads(JSON.stringify({ wasm: [{ data: base64, hash: hash.toUpperCase() }] }));
    await loads(`${origin}/manifest`);
  });
  test('responses', async () => {
    const response = (type: string | null, body: Uint8Array) => ({
      headers: { get: () => type },
      arrayBuffer: async () => Uint8Array.from(body).buffer,
    });
    await loads(response('application/wasm', bytes));
    await loads(response(null, bytes));
    await loads(
      response('application/json; charset=utf-8', Buffer.from(JSON.stringify({ wasm: [{ data: base64 }] }))),
    );
    await loads({ wasm: [{ response: Promise.resolve(response('text/plain', bytes)) }] });
  });
  test('a response of a failure is named by its status, whatever its body', async () => {
    const answer = (status: number, body: Uint8Array, url = '') => ({
      status,
      url,
      headers: { get: () => 'application/wasm' },
      arrayBuffer: async () => Uint8Array.from(body).buffer,
    });
    for (const body of [new Uint8Array(0), Buffer.from('<!doctype html>not found'), bytes]) {
      for (const status of [0, 199, 304, 404, 500]) {
        const made = answer(status, body);
        const far = Promise.resolve(answer(status, body, 'https://a.example/none'));
        for (const [source, where] of [
          [made, 'the response'],
          [{ wasm: [{ response: made }] }, 'the response'],
          [far, 'https://a.example/none'],
        ] as const) {
          await assert.rejects(createPlugin(source), (error: Error) => {
            assert.ok(isQuernError(error, 'manifest.source'), String(error));
            assert.ok(error.message.endsWith(`${where}: status ${status}`), error.message);
            return true;
          });
        }
      }
    }
    for (const status of [200, 201, 299]) await loads(answer(status, bytes));
    const used = {
      ...answer(200, bytes),
      arrayBuffer: () => Promise.reject(new TypeError('Body is unusable')),
    };
    await assert.rejects(
      createPlugin(used),
      (error) => isQuernError(error, 'manifest.source') && error.message.includes('Body is unusable'),
    );
  });
  test('data URLs, as bundlers write them for small files', async () => {
    const json = JSON.stringify({ wasm: [{ data: base64 }] });
    const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    for (const url of [
      `data:application/wasm;base64,${base64}`,
      `data:;base64,${encodeURIComponent(base64)}`,
      `DATA:application/octet-stream;charset=x;base64,${base64}`,
      `data:application/wasm,${escaped}`,
    ]) {
      await loads(url);
      await loads(new URL(url));
      await loads({ wasm: [{ url }] });
    }
    await loads(`data:application/json,${encodeURIComponent(json)}`);
    for (const url of ['data:application/wasm;base64,?', 'data:application/wasm', 'data:text/html,x'])
      await assert.rejects(createPlugin(url), (error) => isQuernError(error, 'manifest.source'));
  });
  test('URLs relative to the page, where there is one', async () => {
    const asked: string[] = [];
    const answers: FetchLike = async (url) => {
      asked.push(url);
      const isJson = url.endsWith('.json');
      const data = isJson ? Buffer.from(JSON.stringify({ wasm: [{ url: 'p.wasm' }] })) : bytes;
      const headers = new Map([['content-type', isJson ? 'application/json' : 'application/wasm']]);
      return { status: 200, headers, arrayBuffer: async () => Uint8Array.from(data).buffer };
    };
    const ambient = globalThis as { document?: unknown; location?: unknown };
    const get = async (source: ManifestLike): Promise<string[]> => {
      asked.length = 0;
      await (await createPortable(source, { fetch: answers })).call('run');
      return asked.slice();
    };
    const bases = [
      ['document', { baseURI: 'https://a.example/app/page.html?x#y' }, 'https://a.example/'],
      ['location', { href: 'https://a.example/app/worker.js' }, 'https://a.example/'],
      ['location', { href: 'capacitor://localhost/app/' }, 'capacitor://localhost/'],
    ] as const;
    for (const [name, value, root] of bases) {
      ambient[name] = value;
      try {
        for (const [source, path] of [
          ['p.wasm', 'app/p.wasm'],
          ['./p.wasm', 'app/p.wasm'],
          ['../p.wasm', 'p.wasm'],
          ['/assets/p-1a2b.wasm?v=1', 'assets/p-1a2b.wasm?v=1'],
        ] as const) {
          assert.deepEqual(await get(source), [root + path]);
          assert.deepEqual(await get({ wasm: [{ url: source }] }), [root + path]);
        }
        assert.deepEqual(await get('m.json'), [`${root}app/m.json`, `${root}app/p.wasm`]);
        assert.deepEqual(await get('https://b.example/p.wasm'), ['https://b.example/p.wasm']);
        await assert.rejects(createPortable({ wasm: [{ path: 'p.wasm' }] }), /this host has no file system/);
      } finally {
        delete ambient[name];
      }
    }
    await assert.rejects(createPortable('p.wasm', { fetch: answers }), /this host has no file system/);
    await assert.rejects(createPortable({ wasm: [{ url: 'p.wasm' }] }, { fetch: answers }), (error) =>
      isQuernError(error, 'manifest.source'),
    );
    assert.deepEqual(asked.length, 1);
  });
  test('a server leads to no scheme but its own', async () => {
    const fetch: FetchLike = async (url) => {
      assert.match(url, /^https:/);
      return {
        status: 302,
        headers: new Map([['location', 'capacitor://localhost/secret.wasm']]),
        arrayBuffer: async () => bytes.slice().buffer,
      };
    };
    await assert.rejects(createPlugin('https://a.example/p.wasm', { fetch }), /is not an HTTP URL/);
  });
  test('sources that cannot be read are named', async () => {
    for (const source of [join(folder, 'none.wasm'), `${origin}/none`, `${origin}/page`]) {
      await assert.rejects(createPlugin(source), (error: Error) => {
        assert.ok(isQuernError(error, 'manifest.source'), String(error));
        assert.ok(error.message.includes(source), error.message);
        return true;
      });
    }
  });
  test('a hash of other bytes is refused, also for a view of a larger buffer', async () => {
    await assert.rejects(
      createPlugin({ wasm: [{ data: bytes, hash: '00' }] }),
      /hash mismatch: Expected: 00\. Actual: /,
    );
    const view = Buffer.concat([Buffer.alloc(9), bytes, Buffer.alloc(9)]).subarray(9, 9 + bytes.length);
    await loads({ wasm: [{ data: view, hash }] });
  });
});

describe('settings of a manifest', () => {
  const both = [
    {
      allowedHosts: ['a'],
      allowedPaths: { '/a': '/b' },
      timeoutMs: 5,
      memory: { maxPages: 3, maxVarBytes: 0, maxLogBytes: 9 },
      config: { k: 'v' },
    },
    {
      allowed_hosts: ['a'],
      allowed_paths: { '/b': '/a' },
      timeout_ms: 5,
      memory: { max_pages: 3, max_var_bytes: 0, max_log_bytes: 9 },
      config: { k: 'v' },
    },
  ];
  for (const settings of both) {
    test(`${Object.keys(settings)[0]}: honoured in objects and in JSON`, () => {
      const manifest = { wasm: [{ data: bytes }], ...settings };
      for (const checked of [
        checkManifest(manifest),
        parseManifest(JSON.stringify({ ...manifest, wasm: [{ path: 'x' }] })),
      ]) {
        assert.deepEqual(checked.allowedHosts, ['a']);
        assert.deepEqual([...(checked.allowedPaths ?? [])], [['/a', '/b']]);
        assert.deepEqual([...(checked.config ?? [])], [['k', 'v']]);
        assert.equal(checked.timeoutMs, 5);
        assert.deepEqual(checked.memory, {
          maxPages: 3,
          maxHeapBytes: null,
          maxHttpResponseBytes: null,
          maxVarBytes: null,
          maxLogBytes: 9,
        });
      }
    });
  }

  const bad: readonly [unknown, RegExp][] = [
    [{}, /Expected "wasm" key in manifest/],
    [null, /Expected "wasm" key in manifest/],
    [[], /Expected "wasm" key in manifest/],
    [7, /Expected "wasm" key in manifest/],
    [Object.create({ wasm: [] }), /Expected "wasm" key in manifest/],
    [{ wasm: {} }, /Expected "manifest.wasm" to be array/],
    [{ wasm: [] }, /must designate one "main" module/],
    [{ wasm: [{}] }, /include either a "data", "url", or "path" key; got bad item at index 0/],
    [{ wasm: [{ data: bytes }, 7] }, /wasm\[1\]: expected an object/],
    [{ wasm: [{ data: 7 }] }, /wasm\[0\]\.data: expected bytes or base64 text/],
    [{ wasm: [{ data: '*' }] }, /wasm\[0\]\.data: not base64/],
    [{ wasm: [{ path: 7 }] }, /wasm\[0\]\.path: expected a string/],
    [{ wasm: [{ module: {} }] }, /wasm\[0\]\.module: expected a module that compileModule returned/],
    [{ wasm: [{ data: bytes, name: 7 }] }, /wasm\[0\]\.name: expected a string/],
    [
      { wasm: [{ data: bytes }], config: { k: null } },
      /config\.k: expected a string, number or boolean, got null/,
    ],
    [{ wasm: [{ data: bytes }], config: { k: [1] } }, /config\.k: .* got a list/],
    [{ wasm: [{ data: bytes }], timeoutMs: -1 }, /timeoutMs: expected a whole number/],
    [{ wasm: [{ data: bytes }], memory: { maxPages: 1.5 } }, /memory\.maxPages: expected a whole number/],
    [{ wasm: [{ data: bytes }], allowedHosts: 'x' }, /allowedHosts: expected an array/],
    ['{"wasm": [', /not JSON/],
    ['{}', /Expected "wasm" key in manifest/],
  ];
  bad.forEach(([manifest, message], index) => {
    test(`refused ${index}: ${message.source}`, async () => {
      await assert.rejects(createPlugin(manifest as ManifestLike), (error: Error) => {
        assert.equal(error.name, 'ManifestError');
        assert.match(error.message, message);
        return true;
      });
    });
  });
});
