/** Downloads of the command line: progress on a terminal, and only there; flags for HTTP reach the plug-in. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { withProgress } from '../../src/cli/progress.ts';
import type { HttpTransport } from '../../src/node.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { noWasm } from '../proof.ts';
import { root } from '../shared.ts';
import { compileWat } from '../wat.ts';

const request = { url: 'http://there/x.wasm', method: 'GET', headers: {}, body: null, cancelled: null };

/** Answers with chunks of a megabyte, half a second apart. */
const slow = (headers: readonly (readonly [string, string])[]) => {
  let time = 0;
  const send: HttpTransport = async () => ({
    status: 200,
    headers,
    body: (async function* () {
      for (let i = 0; i < 4; i++) {
        time += 300;
        yield new Uint8Array(1_000_000);
      }
    })(),
  });
  return { send, now: () => time };
};

const receive = async (send: HttpTransport): Promise<number> => {
  let length = 0;
  for await (const chunk of (await send(request)).body) length += chunk.length;
  return length;
};

describe('progress of downloads', () => {
  test('is shown on a terminal once it takes long, and wiped away', async () => {
    const { send, now } = slow([['content-length', '4000000']]);
    const written: string[] = [];
    const progress = withProgress(send, { isTTY: true, write: (text) => written.push(text) }, now);
    assert.equal(await receive(progress.send), 4_000_000);
    assert.deepEqual(written, [
      '\r\u001b[Kloading http://there/x.wasm: 2.0 MB of 4.0 MB',
      '\r\u001b[Kloading http://there/x.wasm: 3.0 MB of 4.0 MB',
      '\r\u001b[Kloading http://there/x.wasm: 4.0 MB of 4.0 MB',
      '\r\u001b[K',
    ]);
  });

  test('is not shown elsewhere, nor after loading', async () => {
    const { send, now } = slow([]);
    const written: string[] = [];
    const piped = withProgress(send, { isTTY: false, write: (text) => written.push(text) }, now);
    assert.equal(await receive(piped.send), 4_000_000);
    const stopped = withProgress(send, { isTTY: true, write: (text) => written.push(text) }, now);
    stopped.stop();
    assert.equal(await receive(stopped.send), 4_000_000);
    assert.deepEqual(written, []);
  });
});

describe('quern call over HTTP', () => {
  let origin = '';
  const server = createServer((incoming, response) => {
    if (incoming.url === '/greet.wasm')
      response.writeHead(200, { 'content-type': 'application/wasm' }).end(readFileSync(example('greet')));
    else if (incoming.url === '/fetch.wasm')
      response.writeHead(200, { 'content-type': 'application/wasm' }).end(fetching);
    else response.writeHead(200, { 'x-here': 'yes' }).end('answer');
  });
  // Its output is the length of the headers of an answer.
  const { fetching } = compileWat({
    fetching: `(module
      (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
      (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
      (import "extism:host/env" "http_headers" (func $http_headers (result i64)))
      (import "extism:host/env" "length" (func $length (param i64) (result i64)))
      (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
      (func (export "run") (result i32) (local $at i64)
        (drop (call $http_request (call $input_offset) (i64.const 0)))
        (local.set $at (call $http_headers))
        (call $output_set (local.get $at) (call $length (local.get $at)))
        (i32.const 0)))`,
  });
  before(async () => {
    buildExamples();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const quern = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const command = [...noWasm, join(root, 'build/src/cli/main.js'), 'call', ...args];
      execFile(process.execPath, command, { encoding: 'utf8' }, (_, stdout, stderr) =>
        resolve({ stdout, stderr }),
      );
    });

  test('a plug-in is loaded from a URL', async () => {
    const { stdout, stderr } = await quern(`${origin}/greet.wasm`, 'greet', '-i', 'Ada');
    assert.deepEqual({ stdout, stderr }, { stdout: 'Hello, Ada!', stderr: '' });
  });

  test('--allow-host and --enable-http-response-headers reach the plug-in', async () => {
    const input = JSON.stringify({ url: `${origin}/data` });
    const refused = await quern(`${origin}/fetch.wasm`, 'run', '-i', input);
    assert.match(refused.stderr, /not allowed/);
    const silent = await quern(`${origin}/fetch.wasm`, 'run', '-i', input, '--allow-host', '127.0.0.1');
    assert.deepEqual(silent, { stdout: '', stderr: '' });
    const flags = ['--allow-host', '127.0.0.1', '--enable-http-response-headers'];
    const shown = await quern(`${origin}/fetch.wasm`, 'run', '-i', input, ...flags);
    assert.equal(JSON.parse(shown.stdout)['x-here'], 'yes');
  });
});
