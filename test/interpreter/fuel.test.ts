/**
 * The fuel contract on small programs, for every amount of fuel from none to the whole bill: the call executes
 * what the fuel pays for and not more, continues unit by unit as if nothing had happened, and costs the same.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FuelSchedule, flat1, quern1 } from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, u32 } from '../assembler.ts';
import { oddSchedule } from '../differential/compare.ts';
import { EngineWorld } from '../differential/engine.ts';
import { ReferenceWorld } from '../differential/reference.ts';
import { memoryDigest } from '../differential/report.ts';
import type { Program } from '../generators/world.ts';
import { defaultOptions } from '../reference/instances.ts';

/** A program whose last function is called, from module sources in order. */
const program = (...sources: readonly ModuleSource[]): Program => ({
  modules: sources.map(assemble),
  entries: [{ module: sources.length - 1, name: 'run' }],
});

const i32 = (value: number): Instruction => ['i32.const', value];
/** Instructions that belong together. */
const line = (...code: readonly Instruction[]): readonly Instruction[] => code;
const get = (index: number): Instruction => ['local.get', index];
const set = (index: number): Instruction => ['local.set', index];
const run = (index: number): readonly [string, 'func', number] => ['run', 'func', index];
const noneToI32 = { params: [], results: ['i32'] } as const;
const i32ToI32 = { params: ['i32'], results: ['i32'] } as const;
const countDown: readonly Instruction[] = [get(0), i32(1), 'i32.sub', ['local.tee', 0], ['br_if', 0], 'end'];
/** An import of a function. */
const func = (module: string, name: string, type: number): readonly [string, string, readonly number[]] => [
  module,
  name,
  [0, ...u32(type)],
];
const memory = [{ min: 1, max: 2 }] as const;

const programs: Readonly<Record<string, Program>> = {
  'a loop with a fused branch': program({
    types: [noneToI32],
    funcs: [
      {
        locals: [[2, 'i32']],
        code: [i32(5), set(0), ['loop', null], get(1), get(0), 'i32.add', set(1), ...countDown, get(1)],
      },
    ],
    exports: [run(0)],
  }),
  'a loop with parameters that is left early': program({
    types: [noneToI32, { params: ['i32', 'i64'], results: ['i32'] }],
    funcs: [
      {
        locals: [[1, 'i64']],
        code: [
          i32(1),
          ['i64.const', 9n],
          ['loop', 1],
          ['i64.const', 2n],
          'i64.sub',
          ['local.tee', 0],
          'drop',
          i32(3),
          'i32.mul',
          get(0),
          get(0),
          ['i64.const', 2n],
          'i64.gt_s',
          ['br_if', 0],
          'drop',
          'end',
        ],
      },
    ],
    exports: [run(0)],
  }),
  'instructions between labels that need no operation': program({
    types: [noneToI32, {}],
    funcs: [
      {
        locals: [[2, 'i32']],
        code: [
          ...line(i32(3), set(0), ['loop', null], i32(1), 'drop', ['block', null], ['block', null]),
          // The call ends what is paid at once: a branch over it can come to a label that is not paid for.
          ...line(
            get(0),
            i32(2),
            'i32.eq',
            ['br_if', 0],
            ['call', 1],
            get(1),
            i32(1),
            'i32.add',
            set(1),
            get(0),
            i32(1),
            'i32.eq',
          ),
          ...line(['br_if', 1], 'end', i32(1), 'drop', get(0), 'drop', 'end', i32(7), 'i32.eqz', 'drop', [
            'loop',
            null,
          ]),
          ...line(i32(5), 'f32.reinterpret_i32', 'drop', 'end', ...countDown, get(1)),
        ],
      },
      { type: 1 },
    ],
    exports: [run(0)],
  }),
  recursion: program({
    types: [noneToI32, i32ToI32],
    funcs: [
      { code: [i32(4), ['call', 1]] },
      {
        type: 1,
        code: [
          get(0),
          i32(2),
          'i32.lt_s',
          ['if', 'i32'],
          get(0),
          'else',
          get(0),
          i32(1),
          'i32.sub',
          ['call', 1],
          get(0),
          i32(2),
          'i32.sub',
          ['call', 1],
          'i32.add',
          'end',
        ],
      },
    ],
    exports: [run(0)],
  }),
  'br_table to blocks with and without values': program({
    types: [noneToI32, i32ToI32],
    funcs: [
      {
        locals: [[2, 'i32']],
        code: [
          i32(5),
          set(0),
          ['loop', null],
          get(1),
          ['block', 'i32'],
          ['block', 'i32'],
          ['block', 'i32'],
          get(0),
          i32(10),
          'i32.mul',
          get(0),
          ['br_table', [0, 1, 2, 1, 0]],
          'end',
          i32(1),
          'i32.add',
          'end',
          i32(2),
          'i32.add',
          'end',
          'i32.add',
          set(1),
          ...countDown,
          get(1),
        ],
      },
    ],
    exports: [run(0)],
  }),
  'bulk operations on memory': program({
    types: [noneToI32],
    memories: memory,
    funcs: [
      {
        code: [
          ...line(i32(10), i32(7), i32(200), ['memory.fill', 0]),
          ...line(i32(500), i32(0), i32(130), ['memory.copy', 0, 0]),
          ...line(i32(9), i32(1), i32(3), ['memory.init', 0, 0]),
          ['data.drop', 0],
          ...line(i32(0), i32(0), i32(0), ['memory.init', 0, 0]),
          i32(8),
          ['i32.load', {}],
        ],
      },
    ],
    exports: [run(0)],
    dataCount: 1,
    data: [[1, 4, 1, 2, 3, 4]],
  }),
  'growth that succeeds and growth that fails': program({
    types: [noneToI32],
    memories: memory,
    funcs: [
      {
        code: [
          i32(1),
          ['memory.grow', 0],
          i32(1),
          ['memory.grow', 0],
          'i32.add',
          ['memory.size', 0],
          'i32.add',
        ],
      },
    ],
    exports: [run(0)],
  }),
  'tables: set, fill, grow, copy, init': program({
    types: [noneToI32],
    tables: [{ min: 4, max: 30 }],
    funcs: [
      {
        code: [
          ...line(['ref.func', 0], i32(20), ['table.grow', 0], 'drop'),
          ...line(i32(3), ['ref.null', 'func'], i32(10), ['table.fill', 0]),
          ...line(i32(2), i32(1), i32(17), ['table.copy', 0, 0]),
          ...line(i32(0), i32(0), i32(2), ['table.init', 0, 0], ['elem.drop', 0]),
          ...line(i32(5), ['ref.func', 0], ['table.set', 0]),
          ...line(i32(5), ['table.get', 0], 'ref.is_null', ['table.size', 0], 'i32.add'),
        ],
      },
    ],
    exports: [run(0)],
    elements: [[1, 0, 2, 0, 0]],
  }),
  'call_indirect, and the host': program({
    types: [noneToI32, { params: ['i32', 'i64'], results: ['i32'] }, { params: [], results: ['i64', 'i32'] }],
    imports: [func('env', 'mix', 1), func('env', 'pair', 2)],
    tables: [{ min: 3 }],
    funcs: [
      {
        locals: [[1, 'i32']],
        code: [
          i32(7),
          ['i64.const', -3n],
          i32(0),
          ['call_indirect', 1, 0],
          set(0),
          ['call', 1],
          get(0),
          'i32.add',
          set(0),
          'drop',
          get(0),
          i32(2),
          ['call_indirect', 0, 0],
          'i32.xor',
        ],
      },
      { code: [i32(77)] },
    ],
    exports: [run(2)],
    elements: [[0, 0x41, 0, 0x0b, 3, 0, 1, 3]],
  }),
  'tail calls, direct and indirect': program({
    types: [noneToI32, { params: ['i32', 'i32'], results: ['i32'] }],
    tables: [{ min: 2 }],
    funcs: [
      { code: [i32(5), i32(0), ['return_call', 1]] },
      {
        type: 1,
        code: [
          get(0),
          'i32.eqz',
          ['if', null],
          get(1),
          'return',
          'end',
          get(0),
          i32(1),
          'i32.sub',
          get(1),
          get(0),
          'i32.add',
          i32(1),
          ['return_call_indirect', 1, 0],
        ],
      },
    ],
    exports: [run(0)],
    elements: [[0, 0x41, 0, 0x0b, 2, 0, 1]],
  }),
  'several values from blocks and functions': program({
    types: [
      noneToI32,
      { params: ['i32'], results: ['i32', 'i64', 'i32'] },
      { params: ['i32', 'i32'], results: ['i32', 'i32'] },
    ],
    funcs: [
      {
        locals: [[1, 'i32']],
        code: [
          i32(6),
          ['call', 1],
          set(0),
          'i32.wrap_i64',
          ['block', 2],
          'i32.sub',
          get(0),
          'end',
          'i32.mul',
        ],
      },
      { type: 1, code: [get(0), ['i64.const', 5n], get(0), i32(1), 'i32.add'] },
    ],
    exports: [run(0)],
  }),
  'floats and conversions': program({
    types: [{ params: [], results: ['i32', 'i64'] }],
    funcs: [
      {
        locals: [
          [1, 'f32'],
          [1, 'f64'],
        ],
        code: [
          ['f32.const', 1.5],
          ['f32.const', -0.25],
          'f32.div',
          set(0),
          get(0),
          'f64.promote_f32',
          'f64.sqrt',
          set(1),
          get(0),
          ['f32.const', 0],
          'f32.lt',
          ['if', null],
          get(1),
          get(0),
          'i64.trunc_f32_s',
          'f64.convert_i64_s',
          'f64.max',
          set(1),
          'end',
          get(0),
          'i32.trunc_sat_f32_u',
          get(1),
          'i64.reinterpret_f64',
        ],
      },
    ],
    exports: [run(0)],
  }),
  'many locals': program({
    types: [noneToI32],
    funcs: [
      { code: [['call', 1], ['call', 1], 'i32.add'] },
      {
        locals: [
          [100, 'i64'],
          [2500, 'i32'],
        ],
        code: [i32(3), ['local.tee', 2599], get(2599), 'i32.mul'],
      },
    ],
    exports: [run(0)],
  }),
  'calls across instances': program(
    {
      types: [noneToI32, i32ToI32],
      memories: memory,
      tables: [{ min: 1 }],
      globals: [{ type: 'i32', isMutable: true, init: [i32(3)] }],
      funcs: [
        {
          type: 1,
          code: [
            ['global.get', 0],
            get(0),
            'i32.add',
            ['global.set', 0],
            i32(0),
            ['i32.load8_u', {}],
            get(0),
            'i32.add',
          ],
        },
      ],
      exports: [
        ['double', 'func', 0],
        ['memory', 'memory', 0],
        ['count', 'global', 0],
      ],
    },
    {
      types: [noneToI32, i32ToI32],
      imports: [func('m0', 'double', 1), ['m0', 'memory', [2, 0, 1]], ['m0', 'count', [3, 0x7f, 1]]],
      funcs: [
        {
          code: [
            i32(0),
            i32(9),
            ['i32.store8', {}],
            i32(4),
            ['call', 0],
            ['call', 2],
            ['global.get', 0],
            'i32.add',
          ],
        },
        { type: 1, code: [i32(1), ['memory.grow', 0], 'drop', get(0), ['return_call', 0]] },
      ],
      exports: [run(1)],
    },
  ),
};

const traps: Readonly<Record<string, readonly Instruction[]>> = {
  'trap.unreachable': [i32(1), 'drop', 'unreachable'],
  'trap.divide-by-zero': [i32(1), i32(2), i32(0), 'i32.div_u', 'i32.add'],
  'trap.integer-overflow': [i32(-0x80000000), i32(-1), 'i32.div_s'],
  'trap.invalid-conversion': [['f64.const', Number.NaN], 'i32.trunc_f64_s'],
  'trap.memory-bounds': [i32(0), i32(5), i32(70_000), ['memory.fill', 0], i32(1)],
  'trap.table-bounds': [i32(9), ['table.get', 0], 'ref.is_null'],
  'trap.undefined-element': [i32(50), ['call_indirect', 0, 0]],
  'trap.uninitialised-element': [i32(1), ['call_indirect', 0, 0]],
  'trap.indirect-call-type': [i32(0), ['call_indirect', 1, 0], i32(1)],
  'exhaustion.call-stack': [['call', 1]],
};

/** A program that traps inside a call, after a store. */
const trapping = (code: readonly Instruction[]): Program =>
  program({
    types: [noneToI32, {}],
    memories: memory,
    tables: [{ min: 2 }],
    funcs: [{ code: [i32(3), i32(4), ['i32.store', {}], ['call', 1], i32(1), 'i32.add'] }, { code }],
    exports: [run(0)],
    elements: [[0, 0x41, 0, 0x0b, 1, 0]],
  });

interface Ending {
  readonly outcome: string;
  readonly fuel: number;
}

const budgets = { maxCallDepth: 20 };

/** Runs with `fuel`, then `step` more at each pause. */
const runWith = (
  subject: Program,
  schedule: FuelSchedule,
  fuel: number,
  step: number,
  careful: boolean,
): Ending & { readonly pauses: number; readonly atFirstPause: string } => {
  const world = new EngineWorld(subject, { schedule, ...budgets });
  const { module, name } = subject.entries[0]!;
  const call = world.start(module, name, { fuel, careful });
  let status = call.run();
  let pauses = 0;
  let atFirstPause = '';
  for (; status === 'paused'; status = call.run()) {
    if (pauses++ === 0) {
      assert.ok(call.fuelConsumed <= fuel);
      assert.equal(call.fuelLeft, fuel - call.fuelConsumed);
      atFirstPause = `${call.fuelConsumed} ${memoryDigest(world.memories)}`;
    }
    call.addFuel(step);
  }
  return { outcome: world.outcome(name, call, status), fuel: call.fuelConsumed, pauses, atFirstPause };
};

const runReference = (
  subject: Program,
  schedule: FuelSchedule,
  fuel: number,
): Ending & { readonly atFirstPause: string } => {
  const world = new ReferenceWorld(subject, { ...defaultOptions, schedule, ...budgets });
  const { module, name } = subject.entries[0]!;
  const machine = world.start(module, name, fuel);
  let status = machine.run();
  let atFirstPause = '';
  if (status === 'paused') {
    atFirstPause = `${machine.fuelConsumed} ${memoryDigest(world.memories)}`;
    machine.addFuel(1e9);
    status = machine.run();
  }
  return { outcome: world.outcome(name, machine, status), fuel: machine.fuelConsumed, atFirstPause };
};

/** Beyond so many units the amounts of fuel are sampled, with all of the last ones. */
const ALL_AMOUNTS = 3_000;

const amounts = (total: number): number[] => {
  const stride = Math.ceil(total / ALL_AMOUNTS);
  return Array.from({ length: total }, (_, n) => n).filter(
    (n) => n % stride === 0 || n > total - 40 || n < 40,
  );
};

const checkEveryAmount = (subject: Program, schedule: FuelSchedule): Ending => {
  const { outcome, fuel: total } = runReference(subject, schedule, 1e9);
  const whole: Ending = { outcome, fuel: total };
  for (const careful of [false, true]) {
    const exact = runWith(subject, schedule, total, 0, careful);
    assert.deepEqual({ outcome: exact.outcome, fuel: exact.fuel }, whole, 'with the whole bill');
    assert.equal(exact.pauses, 0, 'with the whole bill');
    for (const fuel of amounts(total)) {
      const what = `with ${fuel} of ${total}${careful ? ', careful' : ''}`;
      const inUnits = runWith(subject, schedule, fuel, 1, careful);
      assert.deepEqual({ outcome: inUnits.outcome, fuel: inUnits.fuel }, whole, what);
      assert.ok(inUnits.pauses > 0, what);
      assert.equal(inUnits.atFirstPause, runReference(subject, schedule, fuel).atFirstPause, what);
    }
  }
  return whole;
};

for (const schedule of [quern1, flat1, oddSchedule]) {
  describe(`every amount of fuel, ${schedule.name}`, () => {
    for (const [name, subject] of Object.entries(programs)) {
      test(name, () => {
        assert.match(checkEveryAmount(subject, schedule).outcome, /^run → \[/);
      });
    }
    for (const [code, body] of Object.entries(traps)) {
      test(code, () => {
        assert.ok(checkEveryAmount(trapping(body), schedule).outcome.startsWith(`run → ${code} `));
      });
    }
  });
}

describe('sized operations', () => {
  const filled = (length: number): Program =>
    program({
      types: [noneToI32],
      memories: memory,
      funcs: [{ code: [i32(0), i32(1), i32(length), ['memory.fill', 0], i32(0)] }],
      exports: [run(0)],
    });
  /** Everything up to the fill, and the fill itself without its size. */
  const { cost, entry, bulkBytesPerUnit } = quern1;
  const before = entry + 3 * cost.simple;

  test('one is not begun before all of it is paid', () => {
    const size = 640 / bulkBytesPerUnit;
    const world = new EngineWorld(filled(640), {});
    const call = world.start(0, 'run', { fuel: before + cost.bulk + size - 1 });
    assert.equal(call.run(), 'paused');
    assert.equal(call.fuelConsumed, before);
    assert.equal(world.instances[0]!.memories[0]!.bytes[0], 0);
    call.addFuel(1);
    assert.equal(call.run(), 'paused');
    assert.equal(call.fuelConsumed, before + cost.bulk + size);
    assert.equal(world.instances[0]!.memories[0]!.bytes[639], 1);
  });

  test('one that fails costs nothing for its size', () => {
    const { outcome, fuel } = runWith(filled(65_537), quern1, 1e6, 0, false);
    assert.match(outcome, /trap\.memory-bounds/);
    assert.equal(fuel, before + cost.bulk);
  });

  test('no fuel pauses before the first instruction', () => {
    const call = new EngineWorld(filled(1), {}).start(0, 'run', { fuel: 0 });
    assert.equal(call.run(), 'paused');
    assert.equal(call.fuelConsumed, 0);
    assert.equal(call.pause, 'fuel');
    assert.equal(call.run(), 'paused');
  });
});
