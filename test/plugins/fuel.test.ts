/**
 * Real plug-ins cost the same and do the same no matter what executes them and however their fuel is given out.
 *
 * Four ways to run a call are compared by output, kind of end, fuel and memory: `Plugin` itself, the engine's
 * fast and careful code, and the reference executor, which counts one instruction at a time.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  compileModule,
  createPlugin,
  type FuelSchedule,
  flat1,
  type Plugin,
  PluginError,
  quern1,
} from '../../src/node.ts';
import { featureTable } from '../../src/wasm.ts';
import { needsShared } from '../shared.ts';
import { carefulEngine, fastEngine, inSlices, type MakeExecutor, reference, upTo } from './executors.ts';
import { codeOf, dataDigest, memoryDigest, PluginSession } from './plugin-session.ts';
import {
  inputOf,
  moduleBytes,
  type RecordedCall,
  readSetUps,
  recordedFunctions,
  type SetUp,
} from './recorded.ts';

/** Calls up to this fuel run to their end on the reference executor (a few million units a second). */
const WHOLE_FUEL = 3_000_000;
/** Of longer ones so much is compared: the state after exactly so many units. */
const PREFIX_FUEL = 500_009;
/** No divisor of anything, and far from the size of the engine's own slices. */
const SLICE_FUEL = 10_007;

const leftOut = (setUp: SetUp): string | false => {
  if (setUp.id === 'kernel_http') return 'answers depend on a server';
  return setUp.id.endsWith('_simd') && !featureTable.simd.isExecuted ? 'SIMD is not supported yet' : false;
};

const openSession = async (setUp: SetUp, executor: MakeExecutor, schedule: FuelSchedule = quern1) => {
  const compiled = compileModule(moduleBytes(setUp));
  const functions = await recordedFunctions(setUp);
  return new PluginSession(compiled, executor, { config: setUp.config ?? {}, functions, schedule });
};

const openPlugin = async (setUp: SetUp): Promise<Plugin> =>
  createPlugin(moduleBytes(setUp), {
    useWasi: setUp.wasi,
    config: setUp.config,
    functions: await recordedFunctions(setUp),
    deterministic: true,
  });

/** Calls of exports that exist. `sqlite_file` gets no directory here: its calls then answer that there is none. */
const callsOf = (setUp: SetUp): readonly RecordedCall[] => {
  const { exports } = compileModule(moduleBytes(setUp)).module;
  return setUp.calls.filter(({ fn }) => exports.some(({ name }) => name === fn));
};

/** Calls a plug-in through the public API: what is thrown, or the output. */
const settle = async (
  plugin: Plugin,
  call: RecordedCall,
): Promise<{ error: unknown; output: string | null }> => {
  try {
    const output = await plugin.call(call.fn, inputOf(call));
    return { error: null, output: output && dataDigest(output.bytes()) };
  } catch (error) {
    return { error, output: null };
  }
};

/** Runs every call on `Plugin` in one go and on a session in slices; returns the fuel of each. */
const compareSlices = async (setUp: SetUp): Promise<number[]> => {
  const plugin = await openPlugin(setUp);
  const session = await openSession(setUp, fastEngine);
  assert.equal(session.initialisationFuel, plugin.fuelConsumed, 'initialisation');
  const fuels: number[] = [];
  for (const [i, call] of callsOf(setUp).entries()) {
    const label = `call ${i}, ${call.fn}`;
    const { error, output } = await settle(plugin, call);
    const { report } = session.callPausing(call.fn, inputOf(call), inSlices(SLICE_FUEL));
    assert.equal(report.fuel, plugin.fuelConsumed, `${label}: fuel`);
    if (error === null) assert.equal(report.output, output, `${label}: output`);
    else if (!(error instanceof PluginError)) assert.equal(report.end, codeOf(error), `${label}: error`);
    const { memories } = await plugin.getInstance();
    assert.equal(report.memory, memoryDigest(memories), `${label}: memory`);
    fuels.push(report.fuel);
  }
  return fuels;
};

/** Runs short calls whole, then the beginnings of the long ones, on three executors. */
const compareExecutors = async (
  setUp: SetUp,
  fuels: readonly number[],
  schedule: FuelSchedule,
): Promise<void> => {
  const fast = await openSession(setUp, fastEngine, schedule);
  const others = {
    'careful code': await openSession(setUp, carefulEngine, schedule),
    'the reference executor': await openSession(setUp, reference, schedule),
  };
  for (const [name, other] of Object.entries(others)) {
    assert.equal(other.initialisationFuel, fast.initialisationFuel, `initialisation on ${name}`);
  }
  const calls = callsOf(setUp).map((call, i) => ({ call, i, isLong: !(fuels[i]! <= WHOLE_FUEL) }));
  for (const { call, i, isLong } of [...calls.filter((c) => !c.isLong), ...calls.filter((c) => c.isLong)]) {
    const payment = upTo(isLong ? PREFIX_FUEL : 2 * WHOLE_FUEL);
    const expected = fast.call(call.fn, inputOf(call), payment);
    for (const [name, other] of Object.entries(others)) {
      const report = other.call(call.fn, inputOf(call), payment);
      assert.deepEqual(report, expected, `call ${i}, ${call.fn}, on ${name}`);
    }
  }
};

/** A second schedule shows that prices are not built in; three plug-ins that use all of the host suffice. */
const inBothSchedules: readonly string[] = ['kernel_all', 'fs_text', 'rust185_wasip1'];

describe('fuel of recorded plug-ins', needsShared, () => {
  if (needsShared.skip) return;
  for (const setUp of readSetUps()) {
    test(setUp.id, { skip: leftOut(setUp) }, async (context) => {
      // A set-up with a time limit never ends: only its beginning can be compared.
      let fuels: readonly number[] = setUp.calls.map(() => Number.POSITIVE_INFINITY);
      if (setUp.timeoutMs === undefined) {
        await context.test('in slices, all calls are as in one go', async () => {
          fuels = await compareSlices(setUp);
        });
      }
      for (const schedule of inBothSchedules.includes(setUp.id) ? [quern1, flat1] : [quern1]) {
        await context.test(
          `fast code, careful code and the reference executor agree (${schedule.name})`,
          () => compareExecutors(setUp, fuels, schedule),
        );
      }
    });
  }
});

/** Calls up to this fuel are stepped unit by unit. */
const UNIT_FUEL = 10_000;

test('with fuel one unit at a time, all executors pause at the same places', needsShared, async () => {
  for (const setUp of readSetUps().filter(({ id }) => id === 'kernel_all' || id === 'fs_text')) {
    const whole = await openSession(setUp, fastEngine);
    const stepped = await Promise.all(
      [fastEngine, carefulEngine, reference].map((executor) => openSession(setUp, executor)),
    );
    for (const call of callsOf(setUp)) {
      const inOne = whole.call(call.fn, inputOf(call), upTo(WHOLE_FUEL));
      const payment = inOne.fuel <= UNIT_FUEL ? inSlices(1) : upTo(WHOLE_FUEL);
      const [expected, ...others] = stepped.map((session) =>
        session.callPausing(call.fn, inputOf(call), payment),
      );
      assert.deepEqual(expected!.report, inOne, `${call.fn} in one go`);
      for (const other of others) assert.deepEqual(other, expected, call.fn);
    }
  }
});
