/** HTTP of plug-ins against real servers: answers, allow-list, redirects, limits, time. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { root } from '../shared.ts';
import { sender, startServer } from './servers.ts';

const create = (options: PluginOptions = {}): Promise<Plugin> =>
  createPlugin({ wasm: [{ data: sender }] }, { allowedHosts: ['127.0.0.1'], ...options });
const number = async (plugin: Plugin, name: string): Promise<bigint> =>
  (await plugin.call(name))?.getBigUint64(0, true) ?? -1n;

const foreign = await startServer((_, response) => response.end('secret'));
const server = await startServer((request, response, body) => {
  const url = new URL(request.url!, 'http://x');
  const [, kind = '', rest = ''] = url.pathname.split('/');
  switch (kind) {
    case 'echo':
      response.setHeader('X-One', ['a', 'b']);
      response.setHeader('Set-Cookie', ['c=1', 'd=2']);
      response.end(
        JSON.stringify({ method: request.method, url: request.url, body, headers: request.headers }),
      );
      return;
    case 'to':
      response.writeHead(Number(rest), { location: url.searchParams.get('u') ?? '/echo' });
      response.end('moved');
      return;
    case 'loop':
      response.writeHead(302, { location: '/loop' }).end();
      return;
    case 'bytes':
      response.end(Buffer.alloc(Number(rest), 'x'));
      return;
    case 'stream': {
      // More than any limit, without saying how much.
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
        response.once('drain', more);
      };
      more();
      return;
    }
    case 'headers':
      response.setHeader('x-long', 'y'.repeat(Number(rest)));
      response.end();
      return;
    case 'never':
      return;
    case 'status':
      response.writeHead(Number(rest)).end(`status ${rest}`);
      return;
    case 'half':
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => request.socket.destroy(), 5);
      return;
    case 'switch':
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
      return;
    case 'drop':
      request.socket.destroy();
      return;
    default:
      response.end();
  }
});
const base = `http://127.0.0.1:${server.port}`;
const get = async (plugin: Plugin, request: object, name = 'get'): Promise<string> =>
  (await plugin.call(name, JSON.stringify(request)))?.text() ?? 'null';

describe('requests and answers', () => {
  test('method, path, headers and body go out; status and body come back', async () => {
    const plugin = await create();
    assert.equal(await number(plugin, 'status'), 0n, 'before the first request');
    const request = { url: `${base}/echo?q=caf%C3%A9`, method: 'post', headers: { 'X-Mine': 'yes' } };
    const echo = JSON.parse(await get(plugin, request, 'post')) as Record<string, unknown>;
    assert.equal(echo['method'], 'POST');
    assert.equal(echo['url'], '/echo?q=caf%C3%A9');
    assert.equal(echo['body'], JSON.stringify(request));
    assert.equal((echo['headers'] as Record<string, string>)['x-mine'], 'yes');
    assert.equal(await number(plugin, 'status'), 200n, 'kept across calls');
    assert.equal(await get(plugin, { url: `${base}/status/404` }), 'status 404');
    assert.equal(await number(plugin, 'status'), 404n);
  });
  test('GET is the default and has no body; the old spelling "header" is read', async () => {
    const plugin = await create();
    const echo = JSON.parse(await get(plugin, { url: `${base}/echo`, header: { 'x-old': '1' } }, 'post'));
    assert.equal(echo.method, 'GET');
    assert.equal(echo.body, '');
    assert.equal(echo.headers['x-old'], '1');
  });
  test('an empty body is handle 0', async () => {
    const plugin = await create();
    const output = await plugin.call('handle', JSON.stringify({ url: `${base}/empty` }));
    assert.equal(output?.getBigUint64(0, true), 0n);
  });
  test('headers of answers only where they are allowed: names in lower case, joined, the last cookie', async () => {
    const plugin = await create({ allowHttpResponseHeaders: true });
    assert.equal(await number(plugin, 'headers_handle'), 0n, 'before the first request');
    await get(plugin, { url: `${base}/echo` });
    const headers = JSON.parse((await plugin.call('headers'))!.text());
    assert.equal(headers['x-one'], 'a, b');
    assert.equal(headers['set-cookie'], 'd=2');
    const without = await create();
    await get(without, { url: `${base}/echo` });
    assert.equal(await number(without, 'headers_handle'), 0n);
  });
  test('headers that are the host\u2019s to set are left out, and it is logged', async () => {
    const lines: string[] = [];
    const plugin = await create({ onLog: (level, message) => lines.push(`${level}: ${message}`) });
    const headers = { Host: 'inner.example', 'Transfer-Encoding': 'chunked', 'content-length': '3', te: 'x' };
    const echo = JSON.parse(await get(plugin, { url: `${base}/echo`, headers }));
    assert.equal(echo.headers.host, `127.0.0.1:${server.port}`);
    assert.equal(echo.headers['transfer-encoding'], undefined);
    assert.equal(lines.length, 4);
    assert.equal(lines[0], `warn: header "Host" of a request can only be set by the host; it was omitted`);
  });
  test('a request that makes no sense fails the call, which works again afterwards', async () => {
    const plugin = await create();
    const bad: readonly [string, RegExp][] = [
      ['{', /request is not JSON/],
      ['[]', /request is not an object/],
      ['{}', /request has no URL/],
      ['{"url":5}', /request has no URL/],
      ['{"url":"/relative"}', /not an http or https URL/],
      ['{"url":"file:///etc/passwd"}', /not an http or https URL/],
      [`{"url":"http://u:p@127.0.0.1:${server.port}/"}`, /without credentials/],
      [`{"url":"${base}/","method":"A B"}`, /method of the request is malformed/],
      [`{"url":"${base}/","method":"CONNECT"}`, /method CONNECT is not allowed/],
      [`{"url":"${base}/","headers":{"a b":"c"}}`, /header "a b" of the request is malformed/],
      [`{"url":"${base}/","headers":{"a":"b\\r\\nc: d"}}`, /header "a" of the request is malformed/],
      [`{"url":"${base}/${'x'.repeat(300_000)}"}`, /request is larger than/],
      [`{"url":"${base}/drop"}`, /HTTP request failed: "http.*\/drop"/],
      [`{"url":"${base}/half"}`, /HTTP request failed: "http.*\/half"/],
      [`{"url":"${base}/switch"}`, /closed without a response/],
    ];
    for (const [request, message] of bad) {
      await assert.rejects(plugin.call('get', request), {
        name: 'HostError',
        code: 'host.http-failed',
        message,
      });
    }
    await assert.rejects(plugin.call('bad_handle'), /handle of the request is not the handle of a block/);
    assert.equal(await number(plugin, 'status'), 0n);
    assert.equal(await get(plugin, { url: `${base}/status/200` }), 'status 200');
  });
  test('fuel pays for the bytes of both directions, alike at each call', async () => {
    const plugin = await create();
    const cost = async (path: string): Promise<number> => {
      await get(plugin, { url: `${base}/${path}` });
      return plugin.fuelConsumed;
    };
    const small = await cost('bytes/0000064');
    assert.equal(await cost('bytes/0000064'), small);
    await cost('bytes/0640064');
    // Kernel memory has grown and stays so: what is left are 10,000 units of 64 bytes.
    assert.equal(await cost('bytes/0640064'), small + 10_000);
  });
});

describe('the allow-list', () => {
  test('without allowed hosts nothing goes out', async () => {
    const before = server.seen.length;
    const plugin = await create({ allowedHosts: [] });
    await assert.rejects(get(plugin, { url: `${base}/echo` }), {
      name: 'HostError',
      code: 'host.http-refused',
      message: `Call error: HTTP request to "${base}/echo" is not allowed (no allowedHosts match "127.0.0.1")`,
    });
    assert.equal(server.seen.length, before);
    assert.equal((await plugin.call('echo', 'x'))?.text(), 'x');
  });
  test('a manifest can allow hosts, in either spelling', async () => {
    for (const key of ['allowedHosts', 'allowed_hosts']) {
      const plugin = await createPlugin({ wasm: [{ data: sender }], [key]: ['127.*'] } as never);
      assert.equal(await get(plugin, { url: `${base}/status/201` }), 'status 201');
    }
  });
  test('what a URL only looks like does not count', async () => {
    const plugin = await create({ allowedHosts: ['allowed.test'] });
    const tricks = [
      'http://allowed.test@127.0.0.1/',
      'http://127.0.0.1/allowed.test',
      'http://127.0.0.1#@allowed.test/',
      'http://127.0.0.1\\@allowed.test/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://allowed.test.evil/',
    ];
    for (const url of tricks) {
      await assert.rejects(get(plugin, { url }), { code: /^host\.http-(refused|failed)$/ });
    }
  });
});

describe('redirects', () => {
  const to = (status: number, target: string): string =>
    `${base}/to/${status}?u=${encodeURIComponent(target)}`;
  test('a redirect to a host that is not allowed is refused, and nothing reaches it', async () => {
    const plugin = await create({ allowedHosts: ['localhost'] });
    const secret = `http://127.0.0.1:${foreign.port}/`;
    const url = to(302, secret).replace('127.0.0.1', 'localhost');
    await assert.rejects(get(plugin, { url }), {
      code: 'host.http-refused',
      message: `Call error: HTTP request to "${secret}" is not allowed (no allowedHosts match "127.0.0.1")`,
    });
    assert.deepEqual(foreign.seen, []);
  });
  test('the same after another redirect, and without a scheme', async () => {
    const plugin = await create({ allowedHosts: ['localhost'] });
    const local = (url: string): string => url.replace('127.0.0.1', 'localhost');
    for (const target of [`http://127.0.0.1:${foreign.port}/`, `//127.0.0.1:${foreign.port}/`]) {
      await assert.rejects(get(plugin, { url: local(to(307, local(to(301, target)))) }), {
        code: 'host.http-refused',
      });
    }
    assert.deepEqual(foreign.seen, []);
  });
  test('redirects are followed, relative ones too, with the method of the Fetch Standard', async () => {
    const plugin = await create();
    const expected: readonly [number, string, string][] = [
      [301, 'POST', 'GET'],
      [302, 'POST', 'GET'],
      [303, 'POST', 'GET'],
      [303, 'PUT', 'GET'],
      [302, 'PUT', 'PUT'],
      [307, 'POST', 'POST'],
      [308, 'POST', 'POST'],
      [302, 'GET', 'GET'],
    ];
    for (const [status, method, result] of expected) {
      const request = {
        url: to(status, '../echo'),
        method,
        headers: { 'content-type': 'text/x', 'x-k': '1' },
      };
      const echo = JSON.parse(await get(plugin, request, 'post'));
      assert.equal(echo.method, result, `${status} ${method}`);
      assert.equal(echo.headers['content-type'], result === 'GET' && method !== 'GET' ? undefined : 'text/x');
      assert.equal(echo.headers['x-k'], '1');
      assert.equal(echo.body === '', result === 'GET');
    }
  });
  test('what was meant for one server is not shown to another', async () => {
    const plugin = await create({ allowedHosts: ['*'] });
    const headers = { authorization: 'Bearer t', Cookie: 'a=b', 'x-k': '1' };
    const url = to(302, `http://localhost:${server.port}/echo`);
    const echo = JSON.parse(await get(plugin, { url, headers }));
    assert.equal(echo.headers.authorization, undefined);
    assert.equal(echo.headers.cookie, undefined);
    assert.equal(echo.headers['x-k'], '1');
    const same = JSON.parse(await get(plugin, { url: to(302, '/echo'), headers }));
    assert.equal(same.headers.authorization, 'Bearer t');
  });
  test('cycles and redirects out of HTTP end', async () => {
    const plugin = await create();
    await assert.rejects(get(plugin, { url: `${base}/loop` }), /more than 20 redirects/);
    await assert.rejects(get(plugin, { url: to(302, 'file:///etc/passwd') }), /which is not an HTTP URL/);
    await assert.rejects(get(plugin, { url: to(302, 'http://u:p@127.0.0.1/') }), /which is not an HTTP URL/);
  });
});

describe('limits', () => {
  test('a body of exactly the limit passes, one byte more fails', async () => {
    const plugin = await create({ memory: { maxHttpResponseBytes: 1000 } });
    assert.equal((await get(plugin, { url: `${base}/bytes/1000` })).length, 1000);
    await assert.rejects(get(plugin, { url: `${base}/bytes/1001` }), {
      name: 'HostError',
      code: 'host.http-limit',
      message: 'HTTP response exceeds the configured maximum number of bytes: 1000',
    });
    assert.equal(await number(plugin, 'status'), 0n);
    assert.equal((await get(plugin, { url: `${base}/bytes/7` })).length, 7);
  });
  test('an endless body is cut off at the default of 50 MiB', async () => {
    await assert.rejects(get(await create(), { url: `${base}/stream` }), {
      code: 'host.http-limit',
      message: /: 52428800$/,
    });
  });
  test('a body that kernel memory has no room for', async () => {
    const plugin = await create({ memory: { maxPages: 2 } });
    await assert.rejects(get(plugin, { url: `${base}/bytes/1000000` }), /not enough kernel memory/);
    assert.equal((await get(plugin, { url: `${base}/bytes/7` })).length, 7);
  });
  test('headers that are too long', async () => {
    await assert.rejects(get(await create(), { url: `${base}/headers/100000` }), {
      code: 'host.http-failed',
    });
  });
});

describe('time', () => {
  test('a server that never answers is cut off, and the plug-in works afterwards', async () => {
    const plugin = await create({ timeoutMs: 60 });
    const start = performance.now();
    await assert.rejects(get(plugin, { url: `${base}/never` }), { code: 'interrupted.timeout' });
    assert.ok(performance.now() - start < 2000);
    assert.equal(await number(plugin, 'status'), 0n);
    assert.equal(await get(plugin, { url: `${base}/status/200` }), 'status 200');
  });
  test('the connection of a call that was stopped is closed', async () => {
    const plugin = await create();
    const stop = new AbortController();
    const closed = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        const request = server.requests.findLast((item) => item.url === '/never/2');
        if (request === undefined) return;
        clearInterval(look);
        request.socket.once('close', () => resolve());
        stop.abort(new Error('enough'));
      }, 5);
    });
    const call = plugin.call('get', JSON.stringify({ url: `${base}/never/2` }), undefined, {
      signal: stop.signal,
    });
    await assert.rejects(call, (error: Error) => (error.cause as Error).message === 'enough');
    await closed;
  });
});

describe('the fetch option', () => {
  const answer = (status: number, body: string, extra: object = {}): never =>
    ({
      status,
      headers: new Map([['content-type', 'text/plain']]),
      arrayBuffer: async () => new TextEncoder().encode(body).buffer,
      ...extra,
    }) as never;
  test('sends instead of the host, one hop at a time', async () => {
    const seen: unknown[] = [];
    const plugin = await create({
      allowedHosts: ['*.test'],
      fetch: async (url, request) => {
        seen.push([url, request.method, request.redirect]);
        return url.endsWith('/first')
          ? answer(302, '', { headers: new Map([['location', 'http://b.test/second']]) })
          : answer(200, 'mocked');
      },
    });
    assert.equal(await get(plugin, { url: 'http://a.test/first' }), 'mocked');
    assert.deepEqual(seen, [
      ['http://a.test/first', 'GET', 'manual'],
      ['http://b.test/second', 'GET', 'manual'],
    ]);
  });
  test('is used for URLs in manifests as well', async () => {
    const plugin = await createPlugin('http://a.test/plugin.wasm', {
      fetch: async () =>
        answer(200, '', {
          headers: new Map([['Content-Type', 'application/wasm']]),
          arrayBuffer: async () => Uint8Array.from(sender).buffer,
        }),
    });
    assert.equal((await plugin.call('echo', 'x'))?.text(), 'x');
  });
  test('bodies are read as streams, and no further than the limit', async () => {
    let chunkCount = 0;
    let isCancelled = false;
    const body = new ReadableStream({
      pull: (controller) => {
        chunkCount++;
        controller.enqueue(new Uint8Array(600));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    const plugin = await create({
      allowedHosts: ['a.test'],
      memory: { maxHttpResponseBytes: 1000 },
      fetch: async () => answer(200, '', { body }),
    });
    await assert.rejects(get(plugin, { url: 'http://a.test/' }), { code: 'host.http-limit' });
    assert.ok(isCancelled && chunkCount <= 4);
  });
  test('a fetch that hides or follows redirects is refused', async () => {
    for (const extra of [{ type: 'opaqueredirect', status: 0 }, { redirected: true }]) {
      const plugin = await create({ allowedHosts: ['a.test'], fetch: async () => answer(200, 'x', extra) });
      await assert.rejects(get(plugin, { url: 'http://a.test/' }), { code: 'host.http-redirect' });
    }
  });
  test('what it throws is the cause', async () => {
    const cause = new TypeError('fetch failed');
    const plugin = await create({ allowedHosts: ['a.test'], fetch: () => Promise.reject(cause) });
    await assert.rejects(get(plugin, { url: 'http://a.test/' }), (error: Error) => error.cause === cause);
    await assert.rejects(create({ fetch: 5 as never }), /fetch is not a function/);
  });
});

test('node --jitless, where the global fetch cannot work', async () => {
  const script = `
    import { createPlugin } from ${JSON.stringify(pathToFileURL(join(root, 'build/src/node.js')).href)};
    const plugin = await createPlugin(
      { wasm: [{ data: ${JSON.stringify(Buffer.from(sender).toString('base64'))} }] },
      { allowedHosts: ['127.0.0.1'] },
    );
    const output = await plugin.call('get', JSON.stringify({ url: '${base}/status/200' }));
    process.stdout.write(output.text());
  `;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--jitless', '--input-type=module', '-e', script]);
  assert.equal(stdout, 'status 200');
});
