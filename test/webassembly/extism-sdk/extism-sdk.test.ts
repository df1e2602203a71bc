/**
 * The official Extism SDK, in two versions, runs the recorded plug-ins on the namespace as it does on native Wasm:
 * in Node without Wasm, and in Node without a compiler, where Wasm cannot be. These are the set-ups that are quick;
 * `npm run extism-sdk` runs them all.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readSetUps } from '../../plugins/recorded.ts';
import { needsShared } from '../../shared.ts';
import { expectedRun, type PackageName } from './departures.ts';
import { type Mode, modes, runSetUps, startServer } from './runs.ts';

const plain = ['kernel_all', 'fs_text'];
const withWasi = ['rust185_wasip1', 'sqlite_file'];
/** In the SDK's worker, which is told of the namespace by flags of its own. */
const inWorker = ['kernel_http', 'kernel_timeout'];

const runs: readonly (readonly [packageName: PackageName, mode: Mode, ids: readonly string[]])[] = [
  ['extism-rc', 'native', [...plain, ...withWasi, ...inWorker]],
  ['extism-rc', 'no native Wasm', [...plain, ...withWasi, ...inWorker]],
  ['extism-rc', 'jitless', [...plain, 'sqlite_file', ...inWorker]],
  ['@extism/extism', 'native', [...plain, ...withWasi, 'kernel_http']],
  ['@extism/extism', 'no native Wasm', [...plain, ...withWasi, 'kernel_http']],
  ['@extism/extism', 'jitless', ['kernel_all', 'sqlite_file']],
];

describe('the official SDK', needsShared, () => {
  if (needsShared.skip) return;
  const setUps = readSetUps();
  let server: Awaited<ReturnType<typeof startServer>>;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  for (const [packageName, mode, ids] of runs) {
    test(`${packageName}, ${mode} (${modes[mode].at(0) ?? 'no flag'}): ${ids.join(', ')}`, async () => {
      const results = await runSetUps(packageName, mode, server.port, ids);
      const byId = new Map(results.map((result) => [result.id, result]));
      for (const setUp of setUps.filter(({ id }) => ids.includes(id))) {
        const { milliseconds, ...result } = byId.get(setUp.id) ?? assert.fail(`${setUp.id} did not run`);
        assert.ok(milliseconds >= 0);
        assert.deepEqual(result, expectedRun(packageName, setUp));
      }
    });
  }
});
