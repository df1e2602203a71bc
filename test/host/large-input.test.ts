/** What a call with a large input takes: the kernel's copy, and none beside it while the plug-in runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CurrentPlugin, createPlugin } from '../../src/node.ts';
import { collect } from '../garbage.ts';
import { compileWat } from '../wat.ts';

const { plugin: bytes } = compileWat({
  plugin: `(module
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/user" "look" (func $look))
    (func (export "echo")
      (call $look)
      (call $output_set (call $input_offset) (call $length (call $input_offset)))))`,
});
const SIZE = 32 << 20;
const held = (): number => {
  collect();
  return process.memoryUsage().arrayBuffers;
};

test('a text is encoded once, and nothing of it is kept beside the kernel', async () => {
  let before = 0;
  let during = 0;
  const look = async (_: CurrentPlugin): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    // Node frees buffers on another thread, which takes its time on a busy machine.
    for (let i = 0; i < 200; i++) {
      during = held();
      if (during - before < 2.2 * SIZE) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const plugin = await createPlugin(bytes, { functions: { 'extism:host/user': { look } } });
  // The machine that all plug-ins share is made by the first call.
  before = Number.POSITIVE_INFINITY;
  await plugin.call('echo', 'x');
  before = held();
  const output = await plugin.call('echo', 'x'.repeat(SIZE));
  assert.equal(output?.byteLength, SIZE);
  assert.ok(during - before < 2.2 * SIZE, `${(during - before) / SIZE} times the input`);
  // And after it, the output is all that is added.
  const after = held() - before;
  assert.ok(after < 3.2 * SIZE, `${after / SIZE} times the input`);
});
