/**
 * Defects of the official JavaScript SDK, one test each. The second part observes the same in child processes on both
 * versions of the SDK, which need native Wasm, and shows that each of them is still there.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { sender, startServer } from '../http/servers.ts';
import { root } from '../shared.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';
import type { ChildInput } from './js-sdk-child.ts';

const program = `(module ${kernelImports}
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    ${outputI64} (memory (export "memory") 1)
    (func (export "config") (call $output_i64 (call $config_get (call $input_offset))))
    (func (export "part") (call $output_set (i64.add (call $input_offset) (i64.const 2)) (i64.const 4)))
    (func (export "code") (result i32) (i32.const 7))
    (func $deep (export "deep") (call $deep))
    (func (export "grow") (call $output_i64 (i64.extend_i32_s (memory.grow (i32.const 1000)))))
    (func (export "alloc") (call $output_i64 (call $alloc (i64.const 8589934592))))
    (func (export "alloc_negative") (call $output_i64 (call $alloc (i64.const -1))))
    (func (export "store_past") (call $store_u64 (i64.add (call $alloc (i64.const 8)) (i64.const 100)) (i64.const 1)))
    (func (export "store_far") (call $store_u64 (i64.const -9) (i64.const 1)))
    (func (export "spin") (loop $again (br $again)))
    (func (export "remember") (call $var_set (call $input_offset) (call $input_offset)))
    (func (export "overwrite_input") (call $store_u8 (call $input_offset) (i32.const 33)))
    (func (export "clear_error") (call $error_set (i64.const 0)))
    (func (export "exit_cleanly") (call $exit (i32.const 0)))
    (func (export "echo") (call $output_set (call $input_offset) (call $input_length))))`;
/** Without the imports that nothing uses: version 1.0.3 does not have them all. */
const withUsedImports = (text: string): string =>
  text.replace(/\(import "[^"]+" "[^"]+" \(func (\$\w+).*\)\)\n/g, (line, name: string) =>
    text.split(new RegExp(`\\${name}\\b`)).length > 2 ? line : '\n',
  );
const {
  plugin: bytes,
  small,
  smallSender,
} = compileWat({
  plugin: program,
  small: withUsedImports(program),
  smallSender: withUsedImports(`(module ${kernelImports}
    (import "extism:host/env" "http_request" (func $request (param i64 i64) (result i64)))
    (memory (export "memory") 1)
    (func $output (param $block i64) (call $output_set (local.get $block) (call $length (local.get $block))))
    (func (export "get") (call $output (call $request (call $input_offset) (i64.const 0)))))`),
});
const create = (options: PluginOptions = {}): Promise<Plugin> =>
  createPlugin({ wasm: [{ data: bytes }] }, { useWasi: true, ...options });
const number = async (plugin: Plugin, name: string, input?: string): Promise<bigint> =>
  (await plugin.call(name, input))?.getBigInt64(0, true) ?? -1n;

describe('defects of the official SDK', () => {
  test('a redirect leads out of the allow-list', async () => {
    const inner = await startServer((_, response) => response.end('secret'));
    const outer = await startServer((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inner.port}/` }).end();
    });
    const plugin = await createPlugin({ wasm: [{ data: sender }] }, { allowedHosts: ['localhost'] });
    const request = JSON.stringify({ url: `http://localhost:${outer.port}/` });
    await assert.rejects(plugin.call('get', request), { code: 'host.http-refused' });
    assert.deepEqual([outer.seen.length, inner.seen.length], [1, 0]);
  });
  test('config_get sees the prototype of objects', async () => {
    const plugin = await create({ config: { own: 'x' } });
    for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      assert.equal(await number(plugin, 'config', key), 0n, key);
    assert.notEqual(await number(plugin, 'config', 'own'), 0n);
  });
  test('the hash of a view is that of its whole buffer', async () => {
    const padded = new Uint8Array(bytes.length + 100);
    padded.set(bytes, 50);
    const data = padded.subarray(50, 50 + bytes.length);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const plugin = await createPlugin({ wasm: [{ data, hash }] }, { useWasi: true });
    assert.equal((await plugin.call('echo', 'x'))?.text(), 'x');
  });
  test('memory grows past maxPages', async () => {
    const plugin = await create({ memory: { maxPages: 2 } });
    assert.equal(await number(plugin, 'grow'), -1n);
    const free = await create();
    assert.equal(await number(free, 'grow'), 1n);
  });
  test('limits in snake_case, and those of JSON manifests, are ignored', async () => {
    const wasm = [{ data: Buffer.from(bytes).toString('base64') }];
    for (const manifest of [
      { wasm, memory: { max_var_bytes: 3 } },
      JSON.stringify({ wasm, memory: { max_var_bytes: 3 } }),
      JSON.stringify({ wasm, memory: { maxVarBytes: 3 } }),
    ]) {
      const plugin = await createPlugin(manifest, { useWasi: true });
      await assert.rejects(plugin.call('remember', 'long'), /var memory limit exceeded: 4 bytes requested/);
    }
  });
  test('timeouts of manifests, and timeouts without a worker, are ignored', async () => {
    const wasm = [{ data: bytes }];
    for (const manifest of [
      { wasm, timeoutMs: 20 },
      { wasm, timeout_ms: 20 },
    ]) {
      const plugin = await createPlugin(manifest, { useWasi: true });
      await assert.rejects(plugin.call('spin'), { code: 'interrupted.timeout' });
      assert.equal((await plugin.call('echo', 'alive'))?.text(), 'alive');
    }
  });
  test('a range of a block becomes the whole block as output', async () => {
    assert.equal((await (await create()).call('part', '0123456789'))?.text(), '2345');
  });
  test('return codes are lost', async () => {
    await assert.rejects((await create()).call('code'), {
      code: 'plugin.return-code',
      message: 'Returned non-zero exit code: 7',
    });
  });
  test('deep recursion is an error of JavaScript\u2019s', async () => {
    const plugin = await create();
    await assert.rejects(plugin.call('deep'), { name: 'ExhaustionError', code: 'exhaustion.call-stack' });
    const depth = plugin.fuelConsumed;
    await assert.rejects(plugin.call('deep'));
    assert.equal(plugin.fuelConsumed, depth, 'at the same depth each time');
  });
  test('bad sizes and addresses are errors of JavaScript\u2019s', async () => {
    const plugin = await create();
    assert.equal(await number(plugin, 'alloc'), 0n);
    assert.equal(await plugin.call('store_far', 'x'), null);
    assert.equal((await plugin.call('echo', ''))?.byteLength, 0);
  });
  test('a clean exit rejects with a symbol', async () => {
    assert.equal(await (await create()).call('exit_cleanly'), null);
  });
  test('error_set(0) sets an error', async () => {
    assert.equal(await (await create()).call('clear_error'), null);
  });
  test('a guest can write into the input of its caller', async () => {
    const input = new Uint8Array([1, 2, 3]);
    await (await create()).call('overwrite_input', input);
    assert.deepEqual([...input], [1, 2, 3]);
  });
  test('calls at the same time all get the last output', async () => {
    const plugin = await create();
    const first = plugin.call('echo', 'first');
    await assert.rejects(plugin.call('echo', 'second'), { message: 'plugin is not reentrant' });
    assert.equal((await first)?.text(), 'first');
  });
  test('a plug-in that is closed can be called', async () => {
    const plugin = await create();
    await plugin.close();
    await assert.rejects(plugin.call('echo'), /plugin is closed/);
  });
});

/** What each defect looks like here, and there: in 2.0.0-rc13, and in 1.0.3 where that differs. Null = not there. */
const observations: Readonly<Record<string, { quern: RegExp; theirs: RegExp | null; old?: RegExp | null }>> =
  {
    redirect: { quern: /is not allowed/, theirs: /^output secret$/ },
    config: { quern: /^output 0$/, theirs: /^SyntaxError: Cannot convert function/ },
    hash: { quern: /^output x$/, theirs: /hash mismatch/ },
    maxPages: { quern: /^output -1$/, theirs: /^output 1$/ },
    snakeCase: { quern: /var memory limit exceeded/, theirs: /^null$/ },
    jsonLimits: { quern: /var memory limit exceeded/, theirs: /^null$/ },
    timeoutInSnakeCase: { quern: /time(d )?out/, theirs: /^output still spinning$/ },
    // The older version ignores the option everywhere.
    timeout: { quern: /time(d )?out/, theirs: null, old: /^output still spinning$/ },
    timeoutWithoutWorker: { quern: /^output x$/, theirs: /^TypeError: "timeout" requires/, old: null },
    range: { quern: /^output 2345$/, theirs: /^output 0123456789$/ },
    returnCode: { quern: /^PluginError: Returned non-zero exit code: 7$/, theirs: /^null$/ },
    recursion: { quern: /^ExhaustionError: /, theirs: /^RangeError: / },
    alloc: { quern: /^output 0$/, theirs: /^RangeError: / },
    store: { quern: /^null$/, theirs: /^RangeError: / },
    exit: { quern: /^null$/, theirs: /^Symbol\(kExitCode\)$/ },
    clearError: { quern: /^null$/, theirs: /Plugin-originated error/ },
    input: { quern: /^output 1,2,3$/, theirs: /^output 33,2,3$/ },
    concurrent: {
      quern: /^output first,UsageError: plugin is not reentrant$/,
      theirs: /^output second,second$/,
      old: null,
    },
    closed: { quern: /plugin is closed/, theirs: /^output x$/ },
  };

describe('the same, observed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-defects-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'plugin.wasm');
  writeFileSync(path, small);

  const observe = async (specifier: string): Promise<Record<string, string>> => {
    const inner = await startServer((_, response) => response.end('secret'));
    const outer = await startServer((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inner.port}/` }).end();
    });
    const base64 = (module: Uint8Array): string => Buffer.from(module).toString('base64');
    const input: ChildInput = {
      plugin: base64(small),
      sender: base64(smallSender),
      path,
      url: `http://localhost:${outer.port}/`,
    };
    const child = spawn(
      process.execPath,
      ['--no-warnings', join(root, 'build/test/host/js-sdk-child.js'), specifier],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '' },
      },
    );
    child.stdin.end(JSON.stringify(input));
    let output = '';
    for await (const chunk of child.stdout) output += chunk;
    return JSON.parse(output) as Record<string, string>;
  };

  for (const [title, specifier, side] of [
    ['Quern', pathToFileURL(join(root, 'build/src/node.js')).href, 'quern'],
    ['@extism/extism 1.0.3', '@extism/extism', 'old'],
    ['@extism/extism 2.0.0-rc13', 'extism-rc', 'theirs'],
  ] as const) {
    test(title, async () => {
      const seen = await observe(specifier);
      assert.deepEqual(Object.keys(seen), Object.keys(observations));
      for (const [name, { quern, theirs, old = theirs }] of Object.entries(observations)) {
        const expected = { quern, theirs, old }[side];
        if (expected === null) continue;
        assert.match(seen[name], expected, name);
        // An observation that shows the same on both sides would show nothing.
        if (expected !== quern) assert.doesNotMatch(seen[name], quern, name);
      }
    });
  }
});
