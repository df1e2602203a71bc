/** The exception handling that preceded 3.0: off unless asked for, and then executed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModule } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { type Outcome, runEverywhere } from './everywhere.ts';

const types = [{ params: ['i32'], results: ['i32'] }, { params: ['i32'] }, {}] as const;
const i32 = (value: number): Instruction => ['i32.const', value];
const local = (index: number): Instruction => ['local.get', index];
/** Tags: 0 takes an i32, 1 takes nothing. Function 0 is `run`; function 1 throws its parameter, or tag 1 at 0. */
const main = (code: readonly Instruction[]): Uint8Array =>
  assemble({
    types,
    tags: [1, 2],
    funcs: [
      { type: 0, code },
      {
        type: 0,
        code: [local(0), 'i32.eqz', ['if', null], ['throw', 1], 'end', local(0), ['throw', 0]],
      },
    ],
    exports: [['run', 'func', 0]],
  });
const run = (code: readonly Instruction[], arg: bigint): Outcome['result'] =>
  runEverywhere({ main: main(code) }, 'run', [arg], ['legacy-exceptions']).result;

const callThrower: Instruction[] = [local(0), ['call', 1]];

test('without the feature the form is refused', () => {
  const bytes = main([['try', null], 'end', i32(0)]);
  assert.throws(() => compileModule(bytes), { code: 'unsupported.feature' });
});

test('the first handler that fits runs, above what lay on the stack', () => {
  const code: Instruction[] = [
    i32(100),
    ['try', 'i32'],
    ...callThrower,
    ['catch', 0],
    i32(1),
    'i32.add',
    'catch_all',
    i32(50),
    'end',
    'i32.add',
  ];
  assert.deepEqual(run(code, 5n), [106n]);
  assert.deepEqual(run(code, 0n), [150n]);
});

test('rethrow throws what its handler caught, also from inside another one', () => {
  const code: Instruction[] = [
    ['try', 'i32'],
    ['try', 'i32'],
    ...callThrower,
    'catch_all',
    ['try', 'i32'],
    i32(33),
    ['throw', 0],
    ['catch', 0],
    'drop',
    // The outer of the two handlers: what the callee threw.
    ['rethrow', 1],
    'end',
    'end',
    ['catch', 0],
    i32(1),
    'i32.add',
    'end',
  ];
  assert.deepEqual(run(code, 7n), [8n]);
  assert.equal(run(code, 0n), 'exception.uncaught');
});

test('delegate passes over the handlers in between', () => {
  const code: Instruction[] = [
    ['try', 'i32'],
    ['try', 'i32'],
    ['try', 'i32'],
    ...callThrower,
    ['delegate', 1],
    'catch_all',
    i32(1),
    'end',
    'catch_all',
    i32(2),
    'end',
  ];
  assert.deepEqual(run(code, 7n), [2n]);
});

test('delegate to the function leaves it', () => {
  const code: Instruction[] = [
    ['try', 'i32'],
    ['try', 'i32'],
    ...callThrower,
    ['delegate', 1],
    'catch_all',
    i32(1),
    'end',
  ];
  assert.equal(run(code, 7n), 'exception.uncaught');
});

test('delegate to a block goes to the handlers around the block', () => {
  const code: Instruction[] = [
    ['try', 'i32'],
    ['block', 'i32'],
    ['try', 'i32'],
    ['try', 'i32'],
    ...callThrower,
    ['delegate', 1],
    'catch_all',
    i32(1),
    'end',
    'end',
    'catch_all',
    i32(2),
    'end',
  ];
  assert.deepEqual(run(code, 7n), [2n]);
});

test('a handler is not protected by its own construct', () => {
  const code: Instruction[] = [
    ['try', 'i32'],
    ['try', 'i32'],
    ...callThrower,
    ['catch', 0],
    i32(2),
    'i32.mul',
    ['throw', 0],
    'catch_all',
    i32(-1),
    'end',
    ['catch', 0],
    'end',
  ];
  assert.deepEqual(run(code, 7n), [14n]);
});

test('both forms catch what the other throws', () => {
  const code: Instruction[] = [
    ['block', 'i32'],
    ['try_table', null, [{ tag: 0, withRef: false, label: 0 }]],
    ['try', null],
    ...callThrower,
    'drop',
    ['catch', 0],
    'drop',
    ['rethrow', 0],
    'end',
    'end',
    i32(-1),
    'end',
  ];
  assert.deepEqual(run(code, 9n), [9n]);
});

test('branches out of a handler and its end drop the exception below the results', () => {
  const code: Instruction[] = [
    i32(1000),
    ['block', 'i32'],
    ['try', 'i32'],
    ...callThrower,
    ['catch', 0],
    ['br', 1],
    'catch_all',
    i32(3),
    ['br', 0],
    'end',
    i32(10),
    'i32.mul',
    'end',
    'i32.add',
  ];
  assert.deepEqual(run(code, 4n), [1004n]);
  assert.deepEqual(run(code, 0n), [1030n]);
});
