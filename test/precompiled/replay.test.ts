/** `replayRecording` and `verifyReceipt` take code of build time: the calls end alike with it and without, either way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileToJavaScript, type PrecompiledModule } from '../../src/compile.ts';
import { isQuernError } from '../../src/errors.ts';
import { createPlugin, replayRecording, verifyReceipt } from '../../src/node.ts';
import { calls, createWorld, record, world } from '../replay/world.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';
import { loadText, precompile } from './load.ts';

test('what was recorded with it is replayed without, and the other way round', async () => {
  const made = await precompile(world);
  for (const [from, to] of [
    [undefined, made],
    [made, undefined],
    [made, made],
  ]) {
    const plugin = await createWorld({ record: true, precompiled: from });
    const { recording, receipts } = await record(plugin, calls);
    const replayed = await replayRecording(world, recording, { precompiled: to });
    assert.deepEqual(
      replayed.map(({ receipt }) => receipt),
      receipts,
    );
    const last = receipts[receipts.length - 1]!;
    const { receipt } = await verifyReceipt(last, world, recording, { precompiled: to });
    assert.deepEqual(receipt, last);
  }
});

const { triple } = compileWat({
  triple: `(module ${kernelImports} ${outputI64}
    (func $times (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "run") (call $output_i64 (i64.extend_i32_u (call $times (i32.const 14))))))`,
});

test('it is what runs: code that computes something else is found out', async () => {
  const { recording, receipts } = await record(await createPlugin(triple, { record: true }), [['run', '']]);
  const [receipt] = receipts;
  const text = compileToJavaScript(triple);
  assert.ok(text.includes('(l0*3|0)'));
  const wrong: PrecompiledModule = await loadText(text.replace('(l0*3|0)', '(l0*4|0)'));
  await verifyReceipt(receipt!, triple, recording, { precompiled: await loadText(text) });
  await assert.rejects(
    verifyReceipt(receipt!, triple, recording, { precompiled: wrong }),
    (error) => isQuernError(error, 'replay.diverged') || isQuernError(error, 'replay.receipt'),
  );
});

test('of another module is refused', async () => {
  const { recording } = await record(await createPlugin(triple, { record: true }), [['run', '']]);
  const precompiled = await precompile(world);
  await assert.rejects(replayRecording(triple, recording, { precompiled }), (error) =>
    isQuernError(error, 'usage.precompiled'),
  );
});
