/**
 * What host functions charge: the fixed price of the call before it, what they charge themselves after it. A debt is
 * settled before the next instruction, whichever way the host was called and no matter what executes the code.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExitError } from '../../src/errors.ts';
import { entryCost, type FuelSchedule, flat1, quern1 } from '../../src/interpreter/fuel/schedules.ts';
import {
  type CompiledModule,
  compileModule,
  type FuncInstance,
  hostFunction,
  instantiate,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { carefulEngine, fastEngine, inOneGo, inSlices, type Payment, reference, upTo } from './executors.ts';
import { codeOf } from './plugin-session.ts';

/** What `charge` charges beyond the price of the call. */
const DEBT = 7;
const nothing = { kind: 'func', params: [], results: [] } as const;
const imports: Readonly<Record<string, FuncInstance>> = {
  charge: hostFunction(nothing, (_, caller) => caller.charge(DEBT) ?? []),
  fail: hostFunction(nothing, (_, caller) => {
    caller.charge(DEBT);
    throw new ExitError('exit.code', { exitCode: 3 });
  }),
};

/** Functions of the test modules. */
const [CHARGE, FAIL, CALLS, TAIL_CALLS, FAILS, TAIL_CALLS_INDIRECTLY, MAIN] = [0, 1, 2, 3, 4, 5, 6];

const moduleOf = (code: readonly Instruction[]): CompiledModule =>
  compileModule(
    assemble({
      types: [{}],
      imports: [
        ['host', 'charge', [0, 0]],
        ['host', 'fail', [0, 0]],
      ],
      memories: [{ min: 1 }],
      tables: [{ min: 2 }],
      // Element 0 is `charge`, element 1 is null.
      elements: [[0, 0x41, 0, 0x0b, 1, CHARGE]],
      funcs: [
        { type: 0, code: [['call', CHARGE]] },
        { type: 0, code: [['return_call', CHARGE]] },
        { type: 0, code: [['call', FAIL]] },
        {
          type: 0,
          code: [
            ['i32.const', 0],
            ['return_call_indirect', 0, 0],
          ],
        },
        { type: 0, locals: [[1, 'i32']], code },
      ],
    }),
  );

const nop: readonly Instruction[] = [['i32.const', 1], 'drop'];
const programs: Readonly<Record<string, readonly Instruction[]>> = {
  'the end follows': [['call', CHARGE]],
  'a trap that is free follows': [['call', CHARGE], 'unreachable'],
  'a trap that is not free follows': [
    ['call', CHARGE],
    ['i32.const', 1],
    ['i32.const', 0],
    'i32.div_u',
    'drop',
  ],
  'instructions follow': [...nop, ['call', CHARGE], ...nop],
  'another call follows': [['call', CHARGE], 'nop', ['call', CHARGE]],
  'in a block that is left': [['block', 0], ['call', CHARGE], ['br', 0], 'end', 'unreachable'],
  'in a loop': [
    ...([
      ['i32.const', 3],
      ['local.set', 0],
      ['loop', 0],
      ['call', CHARGE],
      ['local.get', 0],
    ] as const),
    ...([['i32.const', 1], 'i32.sub', ['local.tee', 0], ['br_if', 0], 'end'] as const),
  ],
  'in a callee': [
    ['call', CALLS],
    ['call', CALLS],
  ],
  'as a tail call': [...nop, ['return_call', CHARGE]],
  'as a tail call in a callee': [['call', TAIL_CALLS], ...nop],
  'through a table': [['i32.const', 0], ['call_indirect', 0, 0], ...nop],
  'through a table, to nothing': [
    ['i32.const', 1],
    ['call_indirect', 0, 0],
  ],
  'as a tail call through a table': [
    ['call', TAIL_CALLS_INDIRECTLY],
    ['call', TAIL_CALLS_INDIRECTLY],
  ],
  'in a host function that throws': [...nop, ['call', FAIL], ...nop],
  'in a callee whose host function throws': [['call', FAILS], ...nop],
  'before and after growth': [
    ['call', CHARGE],
    ['i32.const', 1],
    ['memory.grow', 0],
    'drop',
    ['call', CHARGE],
  ],
};

/** All that a call shows, as data. */
const run = (
  makeExecutor: typeof reference,
  compiled: CompiledModule,
  schedule: FuelSchedule,
  payment: Payment,
): unknown => {
  const executor = makeExecutor(compiled, ({ name }) => imports[name]!, schedule);
  const { status, error, fuel, pauses } = executor.call(MAIN, payment);
  return { end: status === 'trap' ? codeOf(error) : status, fuel, pauses };
};

for (const [name, code] of Object.entries(programs)) {
  test(`every amount of fuel gives the same on all executors: charged ${name}`, () => {
    const compiled = moduleOf(code);
    for (const schedule of [quern1, flat1]) {
      const { fuel: total } = run(reference, compiled, schedule, inOneGo) as { fuel: number };
      // Growth is dear: enough to see where the amounts around it end.
      const amounts = Array.from({ length: total + 2 }, (_, i) => i).filter(
        (i) => i < 100 || i > total - 100,
      );
      for (const first of amounts) {
        for (const payment of [upTo(first), { first, step: 1 }, { first, step: 13 }]) {
          const expected = run(reference, compiled, schedule, payment);
          const label = `${schedule.name}, ${first} units, then ${payment.step}`;
          assert.deepEqual(run(fastEngine, compiled, schedule, payment), expected, label);
          assert.deepEqual(run(carefulEngine, compiled, schedule, payment), expected, `careful, ${label}`);
        }
      }
    }
  });
}

test('a call does not return while it owes fuel', () => {
  // The main function has one local.
  const total = entryCost(quern1, 1) + quern1.cost.call + quern1.hostCall + DEBT;
  const compiled = moduleOf([['call', CHARGE]]);
  assert.deepEqual(run(fastEngine, compiled, quern1, upTo(total - 1)), {
    end: 'paused',
    fuel: total,
    pauses: [],
  });
  assert.deepEqual(run(fastEngine, compiled, quern1, upTo(total)), { end: 'done', fuel: total, pauses: [] });
});

test('a host function that answers later costs the same as one that answers at once', async () => {
  const later = hostFunction(nothing, async (_, caller) => {
    await Promise.resolve();
    caller.charge(DEBT);
    return [];
  });
  const compiled = moduleOf([...nop, ['call', CHARGE], ...nop, ['call', CALLS], ...nop]);
  const { fuel: total } = run(reference, compiled, quern1, inOneGo) as { fuel: number };
  const { funcs } = instantiate(new Store(), compiled, () => later);
  for (const careful of [false, true]) {
    for (const { first, step } of [inOneGo, inSlices(1), inSlices(5)]) {
      const execution = startExecution(funcs[MAIN]!, [], { careful, fuel: first });
      while (execution.run() === 'paused') {
        if (execution.pause === 'host') execution.resolveHost(await execution.hostPromise!);
        else execution.addFuel(step);
      }
      assert.equal(execution.error, undefined);
      assert.equal(execution.fuelConsumed, total, careful ? 'careful' : 'fast');
    }
  }
});
