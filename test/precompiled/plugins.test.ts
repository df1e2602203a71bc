/** Real plug-ins, compiled at build time: outputs, errors and fuel of the recorded calls are those of the interpreter. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callProfiler } from '../../src/compile.ts';
import { createPlugin, type PluginOptions } from '../../src/node.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions, type SetUp } from '../plugins/recorded.ts';
import { needsShared } from '../shared.ts';
import { precompile } from './load.ts';

/** Set-ups, and whether the profile of an interpreted run says what is compiled. */
const chosen: Readonly<Record<string, boolean>> = {
  kernel_all: false,
  zlib: false,
  fs_text: false,
  lua: true,
  sqlite: true,
  quickjs: true,
};

const reportOf = async (setUp: SetUp, options: PluginOptions): Promise<string[]> => {
  const plugin = await createPlugin(moduleBytes(setUp), {
    ...options,
    deterministic: true,
    useWasi: setUp.wasi,
    ...(setUp.config && { config: { ...setUp.config } }),
    functions: await recordedFunctions(setUp),
  });
  const lines: string[] = [];
  for (const call of setUp.calls) {
    const end = await plugin.call(call.fn, inputOf(call)).then(
      (output) => Buffer.from(output?.bytes() ?? []).toString('base64'),
      (error: Error) => error.message,
    );
    lines.push(`${call.fn} ${plugin.fuelConsumed} ${end}`);
  }
  await plugin.close();
  return lines;
};

describe('recorded plug-ins', needsShared, () => {
  for (const [id, isProfiled] of Object.entries(chosen))
    test(`${id}${isProfiled ? ', what a profile names' : ''}`, async () => {
      const setUp = readSetUps().find((item) => item.id === id)!;
      const profiler = callProfiler();
      const expected = await reportOf(setUp, isProfiled ? { compiler: profiler } : {});
      const options = isProfiled ? { profile: profiler.profile() } : {};
      const precompiled = await precompile(moduleBytes(setUp), options);
      assert.deepEqual(await reportOf(setUp, { precompiled }), expected);
    });
});
