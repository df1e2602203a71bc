/** Exceptions: who catches what, with which values, and what it costs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import {
  ExceptionInstance,
  type ExecutionOptions,
  type FuncInstance,
  funcDefType,
  hostFunction,
  I32,
  invoke,
  makeException,
  quern1,
  startExecution,
  TagInstance,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, type Type } from '../assembler.ts';
import { onEngine, runEverywhere } from './everywhere.ts';

const exnref: Type = 'exnref';
const exn: Type = { heap: 'exn', nullable: false };
/** Types: 0 `[] -> []`, 1 `[i32] -> [i32]`, 2 `[i32] -> []`, 3 `[i32 i64] -> []`, 4 `[] -> [i32 i64 exn]`, … */
const types: ModuleSource['types'] = [
  {},
  { params: ['i32'], results: ['i32'] },
  { params: ['i32'] },
  { params: ['i32', 'i64'] },
  { results: ['i32', 'i64', exn] },
  { results: ['i32', exn] },
  { results: ['i32'] },
  { params: ['f32', 'f64', 'externref'] },
  { results: ['f32', 'f64', 'externref'] },
  { params: ['i32', 'externref'], results: ['f32', 'f64', 'externref'] },
];

const moduleOf = (source: ModuleSource): Uint8Array => assemble({ types, ...source });
/** A module with tags of types 2 (`[i32]`) and 0 (`[]`), whose function 0 is exported as `run`. */
const withTags = (...funcs: NonNullable<ModuleSource['funcs']>): { main: Uint8Array } => ({
  main: moduleOf({ tags: [2, 0], funcs, exports: [['run', 'func', 0]] }),
});
const i32 = (value: number): Instruction => ['i32.const', value];
const local = (index: number): Instruction => ['local.get', index];
const catching = (tag: number | null, label: number, withRef = false): Instruction => [
  'try_table',
  null,
  [{ tag, withRef, label }],
];

test('a clause takes the values of its tag and leaves those of others', () => {
  // Throws tag `arg`, catches tag 0 in the inner and all in the outer construct.
  const code: Instruction[] = [
    ['block', null],
    ['block', 'i32'],
    catching(null, 1),
    catching(0, 1),
    local(0),
    ['if', null],
    ['throw', 1],
    'end',
    i32(40),
    ['throw', 0],
    'end',
    'end',
    i32(0),
    'end',
    i32(2),
    'i32.add',
    'return',
    'end',
    i32(7),
  ];
  const modules = withTags({ type: 1, code });
  assert.deepEqual(runEverywhere(modules, 'run', [0n]).result, [42n]);
  assert.deepEqual(runEverywhere(modules, 'run', [1n]).result, [7n]);
});

test('an exception passes frames of other functions, which leaves their callers as they were', () => {
  const modules = withTags(
    {
      type: 1,
      locals: [[1, 'i32']],
      code: [
        local(0),
        ['local.set', 1],
        i32(1000),
        ['block', 'i32'],
        catching(0, 0),
        local(0),
        ['call', 1],
        'drop',
        'end',
        i32(-1),
        'end',
        'i32.add',
        local(1),
        'i32.add',
      ],
    },
    // Recurses down to 0 and throws 5 there.
    {
      type: 1,
      code: [
        local(0),
        'i32.eqz',
        ['if', null],
        i32(5),
        ['throw', 0],
        'end',
        local(0),
        i32(1),
        'i32.sub',
        ['call', 1],
        i32(3),
        'i32.mul',
      ],
    },
  );
  assert.deepEqual(runEverywhere(modules, 'run', [4n]).result, [1009n]);
});

test('values of every kind arrive at the label with all of their bits', () => {
  const main = moduleOf({
    tags: [7],
    exports: [['run', 'func', 0]],
    funcs: [
      {
        type: 9,
        code: [
          ['try_table', 8, [{ tag: 0, withRef: false, label: 0 }]],
          ['f32.const', 0x7fa0_0001n],
          ['f64.const', 0xfff4_0000_0000_0001n],
          local(1),
          ['throw', 0],
          'end',
        ],
      },
    ],
  });
  const reference = { id: 1 };
  assert.deepEqual(runEverywhere({ main }, 'run', [0n, reference]).result, [
    0x7fa0_0001n,
    0xfff4_0000_0000_0001n,
    reference,
  ]);
});

test('the exception arrives after its values, and can be thrown again', () => {
  const again: Instruction[] = [
    ['block', 4],
    ['try_table', null, [{ tag: 0, withRef: true, label: 0 }]],
    local(0),
    'throw_ref',
    'end',
    'unreachable',
    'end',
  ];
  const main = moduleOf({
    tags: [3],
    exports: [['run', 'func', 0]],
    funcs: [
      {
        type: 6,
        locals: [[1, exnref]],
        code: [
          ['block', 4],
          ['try_table', null, [{ tag: 0, withRef: true, label: 0 }]],
          i32(-3),
          ['i64.const', -(2n ** 40n)],
          ['throw', 0],
          'end',
          'unreachable',
          'end',
          ['local.set', 0],
          'drop',
          ...again,
          'drop',
          ['i64.const', -(2n ** 40n)],
          'i64.eq',
          'i32.add',
          'i32.mul',
        ],
      },
    ],
  });
  // -3 * (-3 + 1)
  assert.deepEqual(runEverywhere({ main }, 'run').result, [6n]);
});

test('frames that are too large for short operands throw and catch alike', () => {
  const main = moduleOf({
    tags: [3],
    exports: [['run', 'func', 0]],
    funcs: [
      {
        type: 6,
        locals: [
          [3000, 'i32'],
          [1, exnref],
        ],
        code: [
          i32(7),
          ['local.set', 2999],
          ['block', 4],
          ['try_table', null, [{ tag: 0, withRef: true, label: 0 }]],
          ['local.get', 2999],
          ['i64.const', 1n],
          ['throw', 0],
          'end',
          'unreachable',
          'end',
          ['local.set', 3000],
          'drop',
          ['block', 4],
          ['try_table', null, [{ tag: 0, withRef: true, label: 0 }]],
          ['local.get', 3000],
          'throw_ref',
          'end',
          'unreachable',
          'end',
          'drop',
          'drop',
          'i32.mul',
        ],
      },
    ],
  });
  assert.deepEqual(runEverywhere({ main }, 'run').result, [49n]);
});

test('vectors pass whole', () => {
  const bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
  const main = assemble({
    types: [{ params: ['v128', 'i32'] }, { results: ['v128', 'i32'] }, { results: ['i32'] }],
    tags: [0],
    exports: [['run', 'func', 0]],
    funcs: [
      {
        type: 2,
        code: [
          ['block', 1],
          ['try_table', 1, [{ tag: 0, withRef: false, label: 0 }]],
          ['v128.const', bytes],
          i32(100),
          ['throw', 0],
          'end',
          'end',
          ['local.set', 0],
          ['i8x16.extract_lane_u', 15],
          ['local.get', 0],
          'i32.add',
        ],
        locals: [[1, 'i32']],
      },
    ],
  });
  assert.deepEqual(runEverywhere({ main }, 'run').result, [116n]);
});

test('a handler that returns from the function needs no block', () => {
  const modules = withTags({
    type: 1,
    code: [i32(1), local(0), catching(0, 0), i32(9), ['throw', 0], 'end', 'i32.add'],
  });
  assert.deepEqual(runEverywhere(modules, 'run', [3n]).result, [9n]);
});

test('a handler may lead back to the start of a loop', () => {
  // Throws the counter until it is 0.
  const modules = withTags({
    type: 1,
    code: [
      local(0),
      ['loop', 2],
      ['local.set', 0],
      local(0),
      ['if', null],
      catching(0, 1),
      local(0),
      i32(1),
      'i32.sub',
      ['throw', 0],
      'end',
      'end',
      'end',
      local(0),
    ],
  });
  assert.deepEqual(runEverywhere(modules, 'run', [5n]).result, [0n]);
});

test('a tail call leaves the handlers of its frame', () => {
  const guarded = (value: number, ...call: Instruction[]): { type: number; code: Instruction[] } => ({
    type: 1,
    code: [['block', null], catching(null, 0), local(0), ...call, 'end', 'end', i32(value)],
  });
  const modules = withTags(guarded(99, ['call', 1], 'return'), guarded(7, ['return_call', 2]), {
    type: 1,
    code: [i32(1), ['throw', 0]],
  });
  assert.deepEqual(runEverywhere(modules, 'run', [0n]).result, [99n]);
});

test('null is not an exception', () => {
  const modules = withTags({
    type: 1,
    code: [['block', null], catching(null, 0), ['ref.null', 'exn'], 'throw_ref', 'end', 'end', i32(0)],
  });
  // Nor is a trap: nothing catches it.
  assert.equal(runEverywhere(modules, 'run', [0n]).result, 'trap.null-exception');
});

test('traps and exhaustion pass all handlers', () => {
  const guarded = (...code: Instruction[]): { main: Uint8Array } =>
    withTags({ type: 1, code: [['block', null], catching(null, 0), ...code, 'end', 'end', i32(0)] });
  assert.equal(runEverywhere(guarded('unreachable'), 'run', [0n]).result, 'trap.unreachable');
  const run = onEngine(guarded(local(0), ['call', 0], 'drop')).get('run') as FuncInstance;
  assert.throws(() => invoke(run, [0n]), { code: 'exhaustion.call-stack' });
});

test('tags are compared by identity, not by type', () => {
  const code: Instruction[] = [
    ['block', 'i32'],
    catching(0, 0),
    ['block', 'i32'],
    catching(1, 0),
    local(0),
    ['throw', 0],
    'end',
    i32(0),
    'end',
    'drop',
    i32(1),
    'return',
    'end',
    i32(2),
    'end',
  ];
  const modules = {
    main: moduleOf({ tags: [2, 2], funcs: [{ type: 1, code }], exports: [['run', 'func', 0]] }),
  };
  assert.deepEqual(runEverywhere(modules, 'run', [5n]).result, [5n]);
});

test('an exception crosses instances, whose handlers know it by their own index', () => {
  const library = moduleOf({
    tags: [0, 2],
    funcs: [{ type: 1, code: [local(0), ['throw', 1]] }],
    exports: [
      ['raise', 'func', 0],
      ['tag', 'tag', 1],
    ],
  });
  // The middle one tail-calls; the last one catches under index 0.
  const middle = moduleOf({
    imports: [['library', 'raise', [0, 1]]],
    funcs: [{ type: 1, code: [local(0), ['return_call', 0]] }],
    exports: [['raise', 'func', 1]],
  });
  const main = moduleOf({
    imports: [
      ['middle', 'raise', [0, 1]],
      ['library', 'tag', [4, 0, 2]],
    ],
    globals: [{ type: 'i32', isMutable: true, init: [i32(10)] }],
    funcs: [
      {
        type: 1,
        code: [
          ['block', 'i32'],
          catching(0, 0),
          local(0),
          ['call', 0],
          'drop',
          'end',
          i32(-1),
          'end',
          // The globals are those of this instance again.
          ['global.get', 0],
          'i32.add',
        ],
      },
    ],
    exports: [['run', 'func', 1]],
  });
  assert.deepEqual(runEverywhere({ library, middle, main }, 'run', [32n]).result, [42n]);
});

test('unwinding is free, throwing costs what its class says', () => {
  const modules = withTags({
    type: 0,
    code: [['block', null], catching(null, 0), ['throw', 1], 'end', 'end'],
  });
  assert.equal(runEverywhere(modules, 'run').fuel, quern1.entry + quern1.cost.exception);
});

test('what nobody catches ends the call, with the exception and the place it came from', () => {
  const modules = withTags(
    { type: 1, code: [local(0), ['call', 1]] },
    { type: 1, code: [local(0), ['throw', 0]] },
  );
  assert.equal(runEverywhere(modules, 'run', [6n]).result, 'exception.uncaught');
  const run = onEngine(modules).get('run') as FuncInstance;
  for (const options of [{}, { careful: true }] satisfies ExecutionOptions[]) {
    assert.throws(
      () => invoke(run, [6n], options),
      (error) => {
        assert.ok(isQuernError(error, 'exception.uncaught'));
        const { exception, backtrace, fuelConsumed } = error.details;
        assert.ok(exception instanceof ExceptionInstance);
        assert.deepEqual(exception.values, [6n]);
        assert.deepEqual(
          backtrace?.map((frame) => frame.funcIndex),
          [1, 0],
        );
        const { cost, entry } = quern1;
        assert.equal(fuelConsumed, 2 * (entry + cost.simple) + cost.call + cost.exception);
        return true;
      },
    );
  }
});

/** Imports a function `host.f` and a tag `host.t`; catches the tag, and everything else with -1. */
const importing = moduleOf({
  imports: [
    ['host', 'f', [0, 1]],
    ['host', 't', [4, 0, 2]],
  ],
  tags: [],
  funcs: [
    {
      type: 1,
      code: [['block', 'i32'], catching(0, 0), local(0), ['call', 0], 'drop', 'end', i32(-2), 'end'],
    },
    // The same by a tail call out of a callee.
    {
      type: 1,
      code: [['block', 'i32'], catching(0, 0), local(0), ['call', 3], 'drop', 'end', i32(-2), 'end'],
    },
    { type: 1, code: [local(0), ['return_call', 0]] },
  ],
  exports: [
    ['run', 'func', 1],
    ['tail', 'func', 2],
    ['through', 'func', 3],
  ],
});
const i32ToI32 = { kind: 'func', params: [I32], results: [I32] } as const;
const tagOfI32 = (): TagInstance => new TagInstance({ type: funcDefType([I32], []) });

test('the guest catches what a host function throws as an exception', () => {
  const tag = tagOfI32();
  const f = hostFunction(i32ToI32, ([arg]) => {
    throw makeException(tag, [(arg as bigint) + 1n]);
  });
  const exports = onEngine({ main: importing }, [], { f, t: tag });
  for (const careful of [false, true]) {
    assert.deepEqual(invoke(exports.get('run') as FuncInstance, [4n], { careful }), [5n]);
    assert.deepEqual(invoke(exports.get('tail') as FuncInstance, [4n], { careful }), [5n]);
  }
});

test('a host function that an instance tail-calls throws into the instance below', () => {
  const tag = tagOfI32();
  const f = hostFunction(i32ToI32, ([arg]) => {
    throw makeException(tag, [(arg as bigint) + 1n]);
  });
  const main = moduleOf({
    imports: [
      ['middle', 'through', [0, 1]],
      ['host', 't', [4, 0, 2]],
    ],
    // A tag of its own first in line would be mistaken for the imported one by the wrong instance.
    tags: [2],
    funcs: [
      {
        type: 1,
        code: [
          ['block', 'i32'],
          catching(0, 0),
          ['block', 'i32'],
          catching(1, 0),
          local(0),
          ['call', 0],
          'drop',
          'end',
          i32(0),
          'end',
          'drop',
          'end',
          i32(-2),
          'end',
          ['global.get', 0],
          'i32.add',
        ],
      },
    ],
    globals: [{ type: 'i32', isMutable: true, init: [i32(100)] }],
    exports: [['run', 'func', 1]],
  });
  const exports = onEngine({ middle: importing, main }, [], { f, t: tag });
  assert.deepEqual(invoke(exports.get('run') as FuncInstance, [4n]), [105n]);
});

test('an error of JavaScript passes the guest unchanged, and the fuel is that of the call', () => {
  const error = new Error('from the host');
  const f = hostFunction(i32ToI32, () => {
    throw error;
  });
  const exports = onEngine({ main: importing }, [], { f, t: tagOfI32() });
  for (const careful of [false, true]) {
    const execution = startExecution(exports.get('run') as FuncInstance, [4n], { careful });
    assert.equal(execution.run(), 'trap');
    assert.equal(execution.error, error);
    const { entry, cost, hostCall } = quern1;
    assert.equal(execution.fuelConsumed, entry + cost.simple + cost.call + hostCall);
  }
});

test('an exception passes a host function that calls back', () => {
  const tag = tagOfI32();
  const inner = moduleOf({
    imports: [['host', 't', [4, 0, 2]]],
    funcs: [{ type: 1, code: [local(0), ['throw', 0]] }],
    exports: [['raise', 'func', 0]],
  });
  const raise = onEngine({ inner }, [], { t: tag }).get('raise') as FuncInstance;
  const f = hostFunction(i32ToI32, (args) => invoke(raise, args));
  const run = onEngine({ main: importing }, [], { f, t: tag }).get('run') as FuncInstance;
  assert.deepEqual(invoke(run, [77n]), [77n]);
});

test('a promise that fails with an exception is caught where it was awaited', async () => {
  const tag = tagOfI32();
  const failing = hostFunction(i32ToI32, ([arg]) => Promise.reject(makeException(tag, [arg as bigint])));
  const throwing = hostFunction(i32ToI32, ([arg]) => {
    throw makeException(tag, [arg as bigint]);
  });
  for (const careful of [false, true]) {
    const run = onEngine({ main: importing }, [], { f: failing, t: tag }).get('run') as FuncInstance;
    const execution = startExecution(run, [12n], { careful });
    assert.equal(execution.run(), 'paused');
    await assert.rejects(execution.hostPromise!, (reason) => {
      execution.rejectHost(reason);
      return true;
    });
    assert.equal(execution.run(), 'done');
    assert.deepEqual(execution.results, [12n]);
    const atOnce = startExecution(
      onEngine({ main: importing }, [], { f: throwing, t: tag }).get('run') as FuncInstance,
      [12n],
      { careful },
    );
    atOnce.run();
    assert.equal(execution.fuelConsumed, atOnce.fuelConsumed);
  }
});

test('an exception of a host function that nobody called from Wasm is uncaught', () => {
  const f = hostFunction(i32ToI32, () => {
    throw makeException(tagOfI32(), [1n]);
  });
  assert.throws(() => invoke(f, [0n]), { code: 'exception.uncaught' });
});

test('an exception must have the values of its tag', () => {
  assert.throws(() => makeException(tagOfI32(), []), { code: 'usage.argument' });
});

// The reference executor took exceptions for nothing that a cast knows (random modules 104192, 105976, 108840).
test('an exception is an exn for casts, and no noexn', () => {
  const judge = (heap: 'exn' | 'noexn'): Instruction[] => [
    ['block', exn],
    catching(null, 0, true),
    ['throw', 1],
    'end',
    'unreachable',
    'end',
    ['ref.test', heap],
  ];
  const modules = withTags({
    type: 6,
    code: [...judge('exn'), ...judge('noexn'), i32(2), 'i32.mul', 'i32.add'],
  });
  assert.deepEqual(runEverywhere(modules, 'run').result, [1n]);
});
