/**
 * What was recorded while compiled code ran is replayed and verified by the interpreter, and the reverse: the calls
 * end alike, with the same receipts, or the replay would name an event.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JavaScriptCompiler } from '../../src/compile.ts';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import { createPlugin, type Plugin, replayRecording, verifyReceipt } from '../../src/node.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions } from '../plugins/recorded.ts';
import { calls, createWorld, functions, type Recorded, record, world } from '../replay/world.ts';
import { needsShared } from '../shared.ts';

/** A compiler of everything, that counts how often its code asks whether it is left: sometimes it is. */
class CountingCompiler {
  asked = 0;
  readonly compiler: JavaScriptCompiler = makeCompiler({ threshold: 0 }, true, () => ++this.asked % 50 === 0);
}

/** Replays by the other tier, and verifies the last receipt. */
const check = async (wasm: Uint8Array, recorded: Recorded, compiler?: JavaScriptCompiler): Promise<void> => {
  const replayed = await replayRecording(wasm, recorded.recording, { compiler });
  assert.deepEqual(
    replayed.map(({ receipt }) => receipt),
    recorded.receipts,
  );
  const last = recorded.receipts.at(-1)!;
  const { receipt } = await verifyReceipt(last, wasm, recorded.recording, { compiler });
  assert.deepEqual(receipt, last);
};

/** Records on one tier and replays on the other, both ways; a recording that is made twice is the same text. */
const bothWays = async (
  wasm: Uint8Array,
  make: (compiler?: JavaScriptCompiler) => Promise<Recorded>,
): Promise<void> => {
  const counting = new CountingCompiler();
  const compiled = await make(counting.compiler);
  assert.ok(counting.asked > 0);
  await check(wasm, compiled);
  const replaying = new CountingCompiler();
  await check(wasm, await make(), replaying.compiler);
  assert.ok(replaying.asked > 0);
};

describe('a recording of one tier is replayed by the other', () => {
  test('with everything that a plug-in can ask of its outside', () =>
    bothWays(world, async (compiler) => record(await createWorld({ record: true, compiler }), calls)));

  test('deterministic ones are the same text', async () => {
    const texts: string[] = [];
    for (const compiler of [undefined, new CountingCompiler().compiler]) {
      const made: { plugin?: Plugin } = {};
      made.plugin = await createPlugin(world, {
        ...{ record: true, deterministic: true, useWasi: true, compiler },
        functions: functions(() => made.plugin!),
      });
      texts.push((await record(made.plugin, calls.slice(0, 10))).recording);
    }
    assert.equal(texts[1], texts[0]);
  });

  for (const id of ['kernel_all', 'fs_text'])
    test(`plug-in ${id}`, needsShared, async () => {
      const setUp = readSetUps().find((item) => item.id === id)!;
      const wasm = moduleBytes(setUp);
      await bothWays(wasm, async (compiler) => {
        const plugin = await createPlugin(wasm, {
          ...{ record: true, useWasi: setUp.wasi, config: setUp.config, fuel: 2_500_000, compiler },
          functions: await recordedFunctions(setUp),
        });
        return record(
          plugin,
          setUp.calls.slice(0, 12).map((call) => [call.fn, inputOf(call)]),
        );
      });
    });
});
