/** Defects of the official JavaScript SDK, one test each: every one of them fails there. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { sender, startServer } from '../http/servers.ts';
import { compileWat, kernelImports, outputI64 } from './wat.ts';

const { plugin: bytes } = compileWat({
  plugin: `(module ${kernelImports}
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    ${outputI64} (memory (export "memory") 1)
    (func (export "config") (call $output_i64 (call $config_get (call $input_offset))))
    (func (export "part") (call $output_set (i64.add (call $input_offset) (i64.const 2)) (i64.const 4)))
    (func (export "code") (result i32) (i32.const 7))
    (func $deep (export "deep") (call $deep))
    (func (export "grow") (call $output_i64 (i64.extend_i32_s (memory.grow (i32.const 1000)))))
    (func (export "alloc") (call $output_i64 (call $alloc (i64.const 8589934592))))
    (func (export "store_far") (call $store_u64 (i64.const -9) (i64.const 1)))
    (func (export "spin") (loop $again (br $again)))
    (func (export "remember") (call $var_set (call $input_offset) (call $input_offset)))
    (func (export "overwrite_input") (call $store_u8 (call $input_offset) (i32.const 33)))
    (func (export "clear_error") (call $error_set (i64.const 0)))
    (func (export "exit_cleanly") (call $exit (i32.const 0)))
    (func (export "echo") (call $output_set (call $input_offset) (call $input_length))))`,
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
