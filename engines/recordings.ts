/** Recordings that are made now, with real time, randomness and files, for other engines to replay and verify. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlugin, type Receipt } from '../src/node.ts';
import { inputOf, moduleBytes, recordedFunctions, type SetUp } from '../test/plugins/recorded.ts';
import type { RecordingProgram } from './program.ts';

/** Set-ups that are recorded: every host function, files, WASI with time and randomness. */
export const recordedSetUps = /^(kernel_all|sqlite_file|rust185_wasip1|fs_text)$/;

/** Makes the calls of a set-up. */
export const recordSetUp = async (setUp: SetUp, fuel: number): Promise<RecordingProgram> => {
  const empty = mkdtempSync(join(tmpdir(), 'quern-engines-'));
  const paths = Object.entries(setUp.paths ?? {}).map(([guest, host]) => [
    guest,
    host.replace('$EMPTY_DIR', empty),
  ]);
  const plugin = await createPlugin(moduleBytes(setUp), {
    record: true,
    useWasi: setUp.wasi,
    config: setUp.config,
    functions: await recordedFunctions(setUp),
    allowedPaths: Object.fromEntries(paths) as Record<string, string>,
    fuel,
  });
  const receipts: Receipt[] = [];
  for (const call of setUp.calls) {
    if (!(await plugin.functionExists(call.fn))) continue;
    await plugin.callDetailed(call.fn, inputOf(call)).catch(() => {});
    receipts.push(plugin.receipt);
  }
  const { recording } = plugin;
  await plugin.close();
  rmSync(empty, { recursive: true });
  return { id: setUp.id, wasm: Buffer.from(moduleBytes(setUp)).toString('base64'), recording, receipts };
};
