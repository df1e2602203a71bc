/**
 * Compiled code tests its fuel at few places only, each time for the dearest way to the next: it must never test too
 * little. Here every payment of the generated text is followed by a check that nothing was spent that is not there,
 * while random programs run with every amount of fuel that could just not suffice.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import { flat1, quern1 } from '../../src/wasm.ts';
import { oddSchedule } from '../differential/compare.ts';
import { EngineWorld } from '../differential/engine.ts';
import { Random } from '../generators/random.ts';
import { generateWorld, type World } from '../generators/world.ts';

const PROGRAMS = 40;
const AMOUNTS = 25;
const LOTS = 1e7;
const firstSeed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

/** A compiler whose code checks itself; counts its checks. */
const checkingCompiler = (hasJit: boolean): { compiler: Compiler; readonly checks: number } => {
  const compiler = makeCompiler({ threshold: 0 }, hasJit, null);
  let checks = 0;
  const checked = (text: string): string =>
    text.replace(/^f[+-]=\d+;$/gm, (payment) => {
      checks++;
      return `${payment}if(f<0)throw Error("spent "+-f+" more than there is");`;
    });
  const unitOf = compiler.unitOf.bind(compiler);
  compiler.unitOf = (unit) => {
    const compiled = unitOf(unit);
    const { source } = compiled;
    if (!Object.hasOwn(source, 'placedText')) {
      const placedText = source.placedText.bind(source);
      source.placedText = (...args) => checked(placedText(...args));
    }
    return compiled;
  };
  return {
    compiler,
    get checks() {
      return checks;
    },
  };
};

/** What is seen of an entry that gets so much fuel at first, and then all that it wants. */
const playEntry = (engine: EngineWorld, { entries }: World, index: number, fuel: number): unknown => {
  const { module, name } = entries[index]!;
  const call = engine.start(module, name, { fuel });
  const first = call.run();
  const consumed = call.fuelConsumed;
  const place = call.backtrace[0];
  if (first !== 'paused') return [first, consumed, engine.outcome(name, call, first)];
  call.addFuel(LOTS);
  const status = call.run();
  return [consumed, place, status, call.fuelConsumed, engine.outcome(name, call, status)];
};

test(`nothing is spent that is not there, in ${PROGRAMS} programs from seed ${firstSeed}`, () => {
  let checks = 0;
  for (let seed = firstSeed; seed < firstSeed + PROGRAMS; seed++) {
    const world = generateWorld(seed);
    const random = new Random(seed);
    const schedule = random.pick([quern1, quern1, flat1, oddSchedule]);
    const checking = checkingCompiler(random.chance(50));
    const [alone, compiled] = [{}, { compiler: checking.compiler }].map(
      (options) => new EngineWorld(world, { schedule, ...options }),
    );
    const measured = new EngineWorld(world, { schedule });
    world.entries.forEach(({ module, name }, index) => {
      const call = measured.start(module, name, {});
      call.run();
      for (let i = 0; i < AMOUNTS; i++) {
        const fuel = i === 0 ? LOTS : random.below(call.fuelConsumed + 2);
        assert.deepEqual(
          playEntry(compiled!, world, index, fuel),
          playEntry(alone!, world, index, fuel),
          `FC_SEED=${seed}, ${name}, fuel ${fuel}`,
        );
      }
    });
    checks += checking.checks;
  }
  assert.ok(checks > 2 * PROGRAMS, `only ${checks} payments were checked`);
});
