/** `replay` and `record` together: a recording that ends anywhere continues with the host. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { createPlugin, MemoryFiles, replayRecording } from '../../src/node.ts';
import { questions } from '../jobs/worlds.ts';

describe('a recording that continues', () => {
  const asked: bigint[] = [];
  const ask = (_: unknown, n: bigint): bigint => {
    asked.push(n);
    return n * 7n + 1n;
  };
  const functions = { 'extism:host/user': { ask } };
  const inputs = ['xxx', 'xx', 'xxxx'] as const;
  const runAll = async (more: object): Promise<{ outputs: string[]; recording: string }> => {
    const plugin = await createPlugin(questions, { functions, record: true, ...more });
    const outputs: string[] = [];
    for (const input of inputs) outputs.push(String((await plugin.call('questions', input))?.bytes()));
    return { outputs, recording: plugin.recording };
  };

  test('cut after any of its lines, gives the same outputs and becomes the same recording', async () => {
    const whole = await runAll({});
    const lines = whole.recording.trimEnd().split('\n');
    for (let count = 1; count <= lines.length; count++) {
      asked.length = 0;
      const added: string[] = [];
      const replay = `${lines.slice(0, count).join('\n')}\n`;
      const { outputs, recording } = await runAll({ replay, record: (line: string) => added.push(line) });
      assert.deepEqual(outputs, whole.outputs, `${count} lines`);
      assert.equal(recording, whole.recording);
      assert.deepEqual(added, lines.slice(count));
      assert.equal(asked.length, added.filter((line) => line.startsWith('{"event":"host"')).length);
    }
    assert.equal((await replayRecording(questions, whole.recording)).length, 3);
  });

  test('refuses other settings, and directories', async () => {
    const { recording } = await runAll({});
    const code = (wanted: string) => (error: unknown) => isQuernError(error) && error.code === wanted;
    await assert.rejects(runAll({ replay: recording, config: { a: '1' } }), code('replay.diverged'));
    const wasi = { preopens: { '/': new MemoryFiles() } };
    await assert.rejects(runAll({ replay: recording, wasi }), code('usage.argument'));
  });
});
