/** Real plug-ins run forwards and backwards by a seeded walk come to what they come to without a debugger. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DebugSession, debugCall } from '../../src/debug.ts';
import { compilePlugin, type Plugin } from '../../src/node.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions, type SetUp } from '../plugins/recorded.ts';
import { needsShared, sharedFolder } from '../shared.ts';

/** TABLE: the set-ups that are walked through: those whose calls are short. */
const ids = ['kernel_all', 'lua', 'cmark', 'zlib', 'as', 'rust185_wasip1', 'fs_image_simd'];
/** Calls of each, at most, and most fuel of one. */
const CALLS = 5;
const MOST_FUEL = 30_000_000;

/** Numbers from 0 up to a limit, the same in each run. */
const seeded = (): ((below: number) => number) => {
  let seed = 0x51ed270b;
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
};

const ways = ['continue', 'continue', 'step', 'stepOver', 'reverseStep', 'reverseContinue'] as const;

/** Goes here and there between breakpoints, and then to the end. */
const walk = async (session: DebugSession, random: (below: number) => number): Promise<void> => {
  let stop = await session.start();
  const module = session.instances.length - 1;
  const bodies = session.instances[module]!.instance.compiled.module.funcs.flatMap(({ body }) => body ?? []);
  const offsets = Array.from({ length: 25 }, () => {
    const { codeStart, end } = bodies[random(bodies.length)]!;
    return codeStart + random(end - codeStart);
  });
  for (const offset of offsets) session.setBreakpoint({ module, offset });
  for (let i = 0; i < 12 && stop.reason !== 'done'; i++) stop = await session[ways[random(ways.length)]!]();
  for (const offset of offsets) session.clearBreakpoint({ module, offset });
  while (stop.reason !== 'done') stop = await session.continue();
  session.detach();
};

/** The result of a call. */
const outcomeOf = async (call: () => Promise<{ bytes(): Uint8Array } | null>): Promise<unknown> => {
  try {
    return (await call())?.bytes() ?? null;
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
};

const open = async (setUp: SetUp): Promise<[plain: Plugin, debugged: Plugin]> => {
  const compiled = await compilePlugin(moduleBytes(setUp), {
    useWasi: setUp.wasi,
    config: setUp.config,
    deterministic: true,
    onLog: () => {},
  });
  const plain = await compiled.instantiate({ functions: await recordedFunctions(setUp) });
  return [plain, await compiled.instantiate({ functions: await recordedFunctions(setUp), record: true })];
};

describe('real plug-ins', needsShared, () => {
  const setUps = sharedFolder === null ? [] : readSetUps().filter(({ id }) => ids.includes(id));
  for (const setUp of setUps)
    test(`${setUp.id} has the same result, with the same fuel`, async () => {
      const random = seeded();
      const [plain, debugged] = await open(setUp);
      for (const recorded of setUp.calls.slice(0, CALLS)) {
        const input = inputOf(recorded);
        const expected = await outcomeOf(() => plain.call(recorded.fn, input));
        if (plain.fuelConsumed > MOST_FUEL) {
          await outcomeOf(() => debugged.call(recorded.fn, input));
          continue;
        }
        const call = await debugged.startCall(recorded.fn, input);
        await walk(debugCall(debugged, call), random);
        const actual = await outcomeOf(async () => {
          await call.run();
          return call.output;
        });
        assert.deepEqual(actual, expected, recorded.fn);
        assert.equal(debugged.fuelConsumed, plain.fuelConsumed, recorded.fn);
      }
      await plain.close();
      await debugged.close();
    });
});
