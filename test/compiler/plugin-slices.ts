/**
 * Recorded plug-ins with fuel in portions of one size, begun anywhere in each call: on compiled code they pause at the
 * same fuel as on the interpreter, and come to the same.
 */
import assert from 'node:assert/strict';
import { compileModule } from '../../src/node.ts';
import { Random } from '../generators/random.ts';
import {
  compiledEngine,
  fastEngine,
  inOneGo,
  type MakeExecutor,
  type Payment,
} from '../plugins/executors.ts';
import { PluginSession } from '../plugins/plugin-session.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions, type SetUp } from '../plugins/recorded.ts';
import { type Forced, forcedCompiler } from './forced-compiler.ts';

/** Set-ups whose calls end by themselves, without a server. */
export const endingSetUps = (): readonly SetUp[] =>
  readSetUps().filter(({ hosts, timeoutMs }) => hosts === undefined && timeoutMs === undefined);

const openSession = async (setUp: SetUp, executor: MakeExecutor): Promise<PluginSession> => {
  const functions = await recordedFunctions(setUp);
  return new PluginSession(compileModule(moduleBytes(setUp)), executor, {
    ...{ config: setUp.config ?? {}, functions },
  });
};

/** A set-up, and what its calls come to on the interpreter in one go. */
export class SlicedSetUp {
  readonly setUp: SetUp;
  private readonly calls: SetUp['calls'];
  private readonly fuels: readonly number[];

  private constructor(setUp: SetUp, calls: SetUp['calls'], fuels: readonly number[]) {
    this.setUp = setUp;
    this.calls = calls;
    this.fuels = fuels;
  }

  static async open(setUp: SetUp): Promise<SlicedSetUp> {
    const session = await openSession(setUp, fastEngine);
    const calls = setUp.calls.filter(({ fn }) => session.hasExport(fn));
    return new SlicedSetUp(
      setUp,
      calls,
      calls.map((call) => session.call(call.fn, inputOf(call), inOneGo).fuel),
    );
  }

  /**
   * Makes all calls with portions of some size, up to so many in each call.
   *
   * @returns how often they paused
   */
  async compare(way: Forced, step: number, mostPauses: number): Promise<number> {
    const random = new Random(way.seed);
    const [expected, compiled] = await Promise.all([
      openSession(this.setUp, fastEngine),
      openSession(this.setUp, compiledEngine(forcedCompiler(way))),
    ]);
    assert.equal(compiled.initialisationFuel, expected.initialisationFuel, this.setUp.id);
    let pauses = 0;
    for (const [i, call] of this.calls.entries()) {
      const first = random.below(Math.max(this.fuels[i]!, 1));
      const payment: Payment = { first, step, mostPauses };
      const plain = expected.callPausing(call.fn, inputOf(call), payment);
      const made = compiled.callPausing(call.fn, inputOf(call), payment);
      const label = `${this.setUp.id}, call ${i}, ${call.fn}, ${first} and then ${step}, ${JSON.stringify(way)}`;
      assert.deepEqual(made, plain, label);
      assert.equal(made.report.fuel, this.fuels[i], label);
      pauses += made.pauses.length;
    }
    return pauses;
  }
}
