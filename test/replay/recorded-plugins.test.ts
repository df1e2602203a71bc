/**
 * Every recorded set-up (real files, real HTTP, host functions that answer later, a deadline) is recorded and then
 * replayed with nothing of it: same output, fuel and memory, or the replay would name an event.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { replayRecordingOn } from '../../src/host/plugin/replay-recording.ts';
import {
  createPlugin,
  type HostFunctions,
  isQuernError,
  type Platform,
  type Receipt,
  verifyReceipt,
} from '../../src/node.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions, type SetUp } from '../plugins/recorded.ts';
import { needsShared, shared } from '../shared.ts';

/** A platform whose every door is a failure. */
const nowhere: Platform = new Proxy({} as Platform, {
  get: (_, name) => {
    if (name === 'logger') return console;
    if (['clock', 'random'].includes(String(name))) return closed;
    return undefined;
  },
});
const closed = new Proxy(
  {},
  {
    get: (_, name) => () => assert.fail(`the replay asked the outside: ${String(name)}`),
  },
) as never;

const directoriesOf = (paths: Readonly<Record<string, string>>): Record<string, string> => {
  const empty = mkdtempSync(join(tmpdir(), 'quern-record-'));
  after(() => rmSync(empty, { recursive: true, force: true }));
  return Object.fromEntries(
    Object.entries(paths).map(([guest, host]) => [guest, host.replace('$EMPTY_DIR', empty)]),
  );
};

const startFixtureServer = async (): Promise<() => void> => {
  const server = fork(shared('plugins/fixture.mjs'), { execArgv: [], silent: true });
  await Promise.race([
    once(server.stdout!, 'data'),
    once(server, 'exit').then(() => assert.fail('the fixture server did not start')),
  ]);
  return () => server.disconnect();
};

/** Host functions that answer later, each of them. */
const later = (functions: HostFunctions): HostFunctions =>
  Object.fromEntries(
    Object.entries(functions).map(([namespace, members]) => [
      namespace,
      Object.fromEntries(
        Object.entries(members).map(([name, fn]) => [
          name,
          async (...args: Parameters<typeof fn>) => {
            await new Promise((resolve) => setTimeout(resolve, 1));
            return fn(...args);
          },
        ]),
      ),
    ]),
  );

interface Recorded {
  readonly recording: string;
  readonly outputs: readonly (string | null)[];
  readonly errors: readonly (string | null)[];
  readonly receipts: readonly Receipt[];
}

/** Calls are cut off here, so that replaying and recording all of them takes seconds. */
const MOST_FUEL = 2_500_000;

const record = async (
  setUp: SetUp,
  change: (functions: HostFunctions) => HostFunctions,
): Promise<Recorded> => {
  const isTimed = setUp.timeoutMs !== undefined;
  const plugin = await createPlugin(moduleBytes(setUp), {
    record: true,
    useWasi: setUp.wasi,
    config: setUp.config,
    functions: change(await recordedFunctions(setUp)),
    ...(isTimed ? { timeoutMs: 50 } : { fuel: MOST_FUEL }),
    ...(setUp.hosts === undefined ? {} : { allowedHosts: setUp.hosts, allowHttpResponseHeaders: true }),
    ...(setUp.paths === undefined ? {} : { allowedPaths: directoriesOf(setUp.paths) }),
  });
  const outputs: (string | null)[] = [];
  const errors: (string | null)[] = [];
  const receipts: Receipt[] = [];
  for (const call of setUp.calls) {
    const { output, error } = await plugin.callDetailed(call.fn, inputOf(call)).then(
      (result) => ({ output: result.output, error: null }),
      (thrown: unknown) => ({ output: null, error: isQuernError(thrown) ? thrown.code : String(thrown) }),
    );
    // A function that is not there is no call.
    if (error === 'plugin.function') continue;
    outputs.push(output === null ? null : Buffer.from(output.bytes()).toString('hex'));
    errors.push(error);
    receipts.push(plugin.receipt);
  }
  const { recording } = plugin;
  await plugin.close();
  return { recording, outputs, errors, receipts };
};

const checkReplay = async (setUp: SetUp, recorded: Recorded): Promise<void> => {
  const calls = await replayRecordingOn(nowhere)(moduleBytes(setUp), recorded.recording);
  assert.equal(calls.length, recorded.receipts.length);
  for (const [i, { result, error, receipt }] of calls.entries()) {
    const output = result?.output ?? null;
    assert.equal(output === null ? null : Buffer.from(output.bytes()).toString('hex'), recorded.outputs[i]);
    assert.equal(isQuernError(error) ? error.code : null, recorded.errors[i]);
    assert.deepEqual(receipt, recorded.receipts[i]);
  }
};

describe('recorded set-ups', needsShared, () => {
  if (needsShared.skip) return;
  for (const setUp of readSetUps()) {
    test(`${setUp.id} replays with nothing outside`, async () => {
      const stop = setUp.hosts === undefined ? null : await startFixtureServer();
      const recorded = await record(setUp, (functions) => functions);
      stop?.();
      if (setUp.timeoutMs !== undefined) assert.deepEqual(recorded.errors, ['interrupted.timeout']);
      await checkReplay(setUp, recorded);
      const last = recorded.receipts.at(-1)!;
      assert.equal(
        (await verifyReceipt(last, moduleBytes(setUp), recorded.recording)).functionName,
        last.function,
      );
    });
  }

  test('kernel_all replays when every host function answers later', async () => {
    const setUp = readSetUps().find(({ id }) => id === 'kernel_all')!;
    const recorded = await record(setUp, later);
    await checkReplay(setUp, recorded);
    assert.match(recorded.recording, /"later":true/);
  });

  test('a recording is the same text each time, time and randomness aside', async () => {
    const setUp = readSetUps().find(({ id }) => id === 'fs_text')!;
    const [one, other] = [await record(setUp, (f) => f), await record(setUp, later)];
    assert.equal(
      other.recording.replaceAll(/"later":true,|,"check":"\w+"/g, ''),
      one.recording.replaceAll(/,"check":"\w+"/g, ''),
    );
  });
});
