/** Fuel and limits behind the standard API, which knows nothing of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  compileModule,
  type FuncInstance,
  instantiate,
  invoke,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { createWebAssembly, FuelTank } from '../../src/webassembly.ts';
import { assemble, type Instruction, u32 } from '../assembler.ts';

const local = (index: number): Instruction => ['local.get', index];

/** `spin(n)` counts down from n; `visit(n)` calls the import `m` `f` and then counts down. */
const spin: Instruction[] = [
  ['loop', null],
  local(0),
  ['i32.const', 1],
  ['i32.sub'],
  ['local.tee', 0],
  ['br_if', 0],
  'end',
];
const bytes = assemble({
  types: [{ params: ['i32'] }, {}],
  imports: [['m', 'f', [0, ...u32(1)]]],
  funcs: [{ code: spin }, { code: [['call', 0], ...spin] }, { type: 1, code: [['call', 3]] }],
  memories: [{ min: 1 }],
  exports: [
    ['spin', 'func', 1],
    ['visit', 'func', 2],
    ['recurse', 'func', 3],
    ['memory', 'memory', 0],
  ],
});

/** What `spin(n)` costs on the engine itself. */
const costOf = (n: number): number => {
  const instance = instantiate(new Store(), compileModule(bytes), () => host);
  const execution = startExecution(instance.exports.get('spin') as FuncInstance, [BigInt(n)]);
  assert.equal(execution.run(), 'done');
  return execution.fuelConsumed;
};
const host = (() => {
  const source = assemble({ types: [{}], funcs: [{}], exports: [['f', 'func', 0]] });
  return instantiate(new Store(), compileModule(source), () => undefined).exports.get('f') as FuncInstance;
})();
const isOutOfFuel = (error: Error & { code?: string }): boolean => error.code === 'exhaustion.fuel';

describe('fuel', () => {
  test('each call from JavaScript has its own, and the true cost is enough', () => {
    const cost = costOf(1000);
    invoke(host, []);
    for (const [fuel, isEnough] of [
      [cost, true],
      [cost - 1, false],
    ] as const) {
      const { Instance, Module, RuntimeError } = createWebAssembly({ fuel });
      const { spin } = new Instance(new Module(bytes), { m: { f: () => {} } }).exports;
      for (let i = 0; i < 3; i++) {
        if (isEnough) spin(1000);
        else
          assert.throws(
            () => spin(1000),
            (error: Error) => error instanceof RuntimeError && isOutOfFuel(error),
          );
      }
      // After it ran out, the instance is as good as before.
      spin(10);
    }
  });

  test('calls share a tank, which can be refilled', () => {
    const tank = new FuelTank(2 * costOf(100) + 5);
    const { Instance, Module } = createWebAssembly({ fuel: tank });
    const { spin } = new Instance(new Module(bytes), { m: { f: () => {} } }).exports;
    spin(100);
    spin(100);
    assert.equal(tank.left, 5);
    assert.throws(() => spin(100), isOutOfFuel);
    tank.add(costOf(100));
    spin(100);
    assert.ok(tank.consumed >= 3 * costOf(100));
    for (const wrong of [-1, 0.5, Number.NaN])
      assert.throws(() => tank.add(wrong), { code: 'usage.argument' });
  });

  test('a call that a host function makes is paid by its caller', () => {
    const tank = new FuelTank(1_000_000);
    const { Instance, Module } = createWebAssembly({ fuel: tank });
    let inner = 0;
    const { spin, visit } = new Instance(new Module(bytes), {
      m: {
        f: () => {
          if (inner > 0) spin(inner);
        },
      },
    }).exports as { spin: (n: number) => void; visit: (n: number) => void };
    visit(1);
    const alone = tank.consumed;
    inner = 500;
    visit(1);
    assert.equal(tank.consumed - alone, alone + costOf(500));
    assert.equal(tank.left, 1_000_000 - tank.consumed);
  });

  test('running out ends the outermost call too, whatever JavaScript catches in between', () => {
    const { Instance, Module } = createWebAssembly({ fuel: 5000 });
    let caught = 0;
    const { spin, visit } = new Instance(new Module(bytes), {
      m: {
        f: () => {
          try {
            spin(1_000_000);
          } catch {
            caught++;
          }
        },
      },
    }).exports as { spin: (n: number) => void; visit: (n: number) => void };
    assert.throws(() => visit(10), isOutOfFuel);
    assert.equal(caught, 1);
  });

  test('a start function has no more than a call', () => {
    const { Instance, Module } = createWebAssembly({ fuel: 1000 });
    const endless = assemble({
      types: [{}],
      funcs: [{ code: [['loop', null], ['br', 0], 'end'] }],
      start: 0,
    });
    assert.throws(() => new Instance(new Module(endless)), isOutOfFuel);
  });
});

describe('limits', () => {
  test('pages are counted over all memories of the namespace', () => {
    const { Instance, Module, Memory } = createWebAssembly({ maxPages: 4 });
    const memory = new Memory({ initial: 2 });
    const { memory: second } = new Instance(new Module(bytes), { m: { f: () => {} } }).exports;
    assert.throws(() => memory.grow(2), RangeError);
    assert.equal(second.grow(1), 1);
    assert.throws(() => new Memory({ initial: 1 }), RangeError);
    assert.throws(() => new Instance(new Module(bytes), { m: { f: () => {} } }), RangeError);
  });

  test('elements of tables are counted, and too many are a RangeError', () => {
    const { Table } = createWebAssembly({ maxHeapBytes: 2 * 384 + 9600 });
    const table = new Table({ element: 'externref', initial: 500 });
    assert.throws(() => table.grow(600), RangeError);
    assert.throws(() => new Table({ element: 'anyfunc', initial: 600 }), RangeError);
    assert.equal(table.grow(100), 500);
  });

  test('depth is counted', () => {
    let depth = 0;
    for (const maxCallDepth of [10, 20]) {
      const { Instance, Module } = createWebAssembly({ maxCallDepth });
      const { recurse } = new Instance(new Module(bytes), { m: { f: () => depth++ } }).exports;
      assert.throws(() => recurse(), RangeError);
    }
    assert.throws(() => createWebAssembly({ maxCallDepth: 0 }), { code: 'usage.argument' });
  });

  test('features can be switched', () => {
    const tail = assemble({ types: [{}], funcs: [{ code: [['return_call', 0]] }] });
    assert.equal(createWebAssembly().validate(tail), true);
    assert.equal(createWebAssembly({ features: new Set(['mvp']) }).validate(tail), false);
  });
});
