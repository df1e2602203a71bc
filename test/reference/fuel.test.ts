/** The fuel contract, as the reference executor defines it for all tiers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeModule, quern1, validateModule } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { defaultOptions, type FunctionInstance, type ReferenceOptions } from './instances.ts';
import { instantiate } from './instantiate.ts';
import { Machine } from './machine.ts';

/** A module with a memory of one page and one function `f`: (i32) -> i32. */
const functionOf = (...code: readonly Instruction[]): FunctionInstance => {
  const bytes = assemble({
    types: [{ params: ['i32'], results: ['i32'] }],
    memories: [{ min: 1 }],
    exports: [['f', 'func', 0]],
    funcs: [{ code }],
  });
  const module = decodeModule(bytes);
  validateModule(module);
  return instantiate(module, () => undefined).exports.get('f') as FunctionInstance;
};

const run = (
  func: FunctionInstance,
  arg: bigint,
  fuel?: number,
  options: ReferenceOptions = defaultOptions,
): Machine => {
  const machine = new Machine(options, fuel);
  machine.start(func, [arg]);
  machine.run();
  return machine;
};

const countDown = functionOf(
  ...([['local.get', 0], 'i32.eqz', ['if', 'i32'], ['i32.const', 1]] as const),
  ...(['else', ['local.get', 0], ['i32.const', 1], 'i32.sub', ['call', 0], 'end'] as const),
);

test('a run that needs exactly n units completes, one with less pauses and can continue', () => {
  const total = run(countDown, 3n).fuelConsumed;
  for (let fuel = 0; fuel <= total; fuel++) {
    const machine = run(countDown, 3n, fuel);
    assert.ok(machine.fuelConsumed <= fuel);
    assert.equal(machine.frames.length === 0, fuel === total, `with ${fuel} of ${total} units`);
    machine.addFuel(total - fuel);
    assert.equal(machine.run(), 'done');
    assert.deepEqual([...machine.results], [1n]);
    assert.equal(machine.fuelConsumed, total);
  }
});

test('a trap is charged up to and including the trapping instruction', () => {
  // i32.const 1, i32.const 0, i32.div_s
  const machine = run(functionOf(['i32.const', 1], ['i32.const', 0], 'i32.div_s'), 0n);
  assert.equal(machine.error?.code, 'trap.divide-by-zero');
  assert.equal(machine.fuelConsumed, quern1.entry + 2 * quern1.cost.simple + quern1.cost.div);
});

const fill = functionOf(
  ...([
    ['i32.const', 0],
    ['i32.const', 7],
    ['local.get', 0],
    ['memory.fill', 0],
  ] as const),
  ['i32.const', 9],
);
const fillBase = quern1.entry + 3 * quern1.cost.simple + quern1.cost.bulk;

test('a bulk operation is charged for its size', () => {
  const machine = run(fill, 6400n);
  assert.equal(machine.fuelConsumed, fillBase + 6400 / quern1.bulkBytesPerUnit + quern1.cost.simple);
});

test('a failing bulk operation is not billed for its size', () => {
  const machine = run(fill, 65_537n);
  assert.equal(machine.error?.code, 'trap.memory-bounds');
  assert.equal(machine.fuelConsumed, fillBase);
});

test('a sized operation that fuel does not cover is not begun', () => {
  const machine = run(fill, 6400n, fillBase + 6400 / quern1.bulkBytesPerUnit - 1);
  assert.equal(machine.fuelConsumed, fillBase - quern1.cost.bulk);
});

/** Without end. */
const recursion = functionOf(['local.get', 0], ['call', 0]);

test('the call that exceeds the depth is charged, the entry it would make is not', () => {
  const maxCallDepth = 5;
  const machine = run(recursion, 0n, undefined, { ...defaultOptions, maxCallDepth });
  assert.equal(machine.error?.code, 'exhaustion.call-stack');
  const perFrame = quern1.entry + quern1.cost.simple + quern1.cost.call;
  assert.equal(machine.fuelConsumed, maxCallDepth * perFrame);
});

test('frames count parameters, locals and their highest stack against the slots', () => {
  // One parameter and one operand, which is the next frame's parameter: frame n ends at slot n + 1.
  const machine = run(recursion, 0n, undefined, { ...defaultOptions, maxStackSlots: 9 });
  assert.equal(machine.error?.code, 'exhaustion.call-stack');
  assert.equal(machine.frames.length, 8);
});
