/** Functions of JavaScript that calls wait for, and functions that give promises (JavaScript Promise Integration). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWebAssembly, FuelTank, type WebAssemblyOptions } from '../../src/webassembly.ts';
import { compileWat } from '../wat.ts';

const { waits } = compileWat({
  waits: `(module
    (import "js" "wait" (func $wait (param i32) (result i32)))
    (import "js" "plain" (func $plain (param i32) (result i32)))
    (import "js" "pair" (func $pair (result i64 f64)))
    (import "js" "tag" (tag $tag (param i32)))
    (func (export "wait") (param i32) (result i32)
      (i32.add (call $wait (local.get 0)) (i32.const 1)))
    (func (export "caught") (param i32) (result i32)
      (block $caught (result i32)
        (try_table (result i32) (catch $tag $caught) (call $wait (local.get 0)))))
    (func (export "plain") (param i32) (result i32) (call $plain (local.get 0)))
    (func (export "pair") (result f64 i64) (local i64 f64)
      (call $pair)
      (local.set 1)
      (local.set 0)
      (local.get 1) (local.get 0))
    (func (export "sum") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (local.get $s) (call $wait (local.get $n))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $s)))`,
});

const later = async <T>(value: T): Promise<T> => {
  await new Promise((resolve) => setImmediate(resolve));
  return value;
};

interface Js {
  readonly wait?: (value: number) => unknown;
  readonly plain?: (value: number) => unknown;
  readonly pair?: () => unknown;
}
const setUp = (
  { wait = later, plain = (n) => n, pair = () => [1n, 2] }: Js,
  options: WebAssemblyOptions = {},
) => {
  const wasm = createWebAssembly(options);
  const tag = new wasm.Tag({ parameters: ['i32'] });
  const js = { tag, wait: new wasm.Suspending(wait), plain, pair: new wasm.Suspending(pair) };
  const { exports } = new wasm.Instance(new wasm.Module(waits), { js });
  const call = (name: string, ...args: unknown[]): Promise<unknown> => wasm.promising(exports[name])(...args);
  return { wasm, exports, call, tag };
};

describe('calls wait for promises', () => {
  test('one after the other, and several calls at once', async () => {
    const { call } = setUp({});
    assert.deepEqual(await Promise.all([call('sum', 3), call('wait', 5), call('sum', 4)]), [6, 6, 10]);
  });

  test('and continue in the order in which their promises settle', async () => {
    const settle: (() => void)[] = [];
    const { call } = setUp({
      wait: (n) => new Promise((resolve) => settle.push(() => resolve(n))),
    });
    const ended: unknown[] = [];
    const calls = [1, 2, 3].map((n) => call('wait', n).then((value) => ended.push(value)));
    for (const n of [1, 2, 0]) settle[n]!();
    await Promise.all(calls);
    assert.deepEqual(ended, [3, 4, 2]);
  });

  test('and catch what promises are rejected with', async () => {
    const { wasm, tag, call } = setUp({ wait: (n) => Promise.reject(new wasm.Exception(tag, [n])) });
    assert.equal(await call('caught', 9), 9);
    await assert.rejects(call('wait', 9), wasm.Exception);
  });

  test('also for what is no promise, and converts several results', async () => {
    const { call } = setUp({ wait: () => 7, pair: () => later([2n ** 40n, 1.5]) });
    assert.equal(await call('wait', 0), 8);
    assert.deepEqual(await call('pair'), [1.5, 2n ** 40n]);
  });

  test('what cannot be converted, or is thrown or rejected, ends the call', async () => {
    const error = new Error('mine');
    for (const wait of [
      () => {
        throw error;
      },
      () => Promise.reject(error),
    ])
      await assert.rejects(setUp({ wait }).call('wait', 1), (reason) => reason === error);
    await assert.rejects(setUp({ pair: () => later(1) }).call('pair'), TypeError);
    await assert.rejects(setUp({ wait: () => later(1n) }).call('wait', 1), TypeError);
  });

  test('a plain call does not wait, nor one with JavaScript in between; a promising one inside does', async () => {
    let inner = (_: number): unknown => undefined;
    const { wasm, exports, call } = setUp({ plain: (n) => inner(n) });
    const { SuspendError } = wasm;
    assert.throws(() => exports['wait'](1), SuspendError);
    inner = (n) => exports['wait'](n);
    await assert.rejects(call('plain', 1), SuspendError);
    const promises: Promise<unknown>[] = [];
    inner = (n) => {
      promises.push(call('wait', n));
      return 3;
    };
    assert.equal(await call('plain', 41), 3);
    assert.deepEqual(await Promise.all(promises), [42]);
  });

  test('values that are none of the kind are refused', () => {
    const { wasm } = setUp({});
    for (const value of [{}, () => 1, null])
      assert.throws(() => wasm.promising(value as () => void), TypeError);
    assert.throws(() => new wasm.Suspending({} as () => void), TypeError);
    assert.equal(String(new wasm.Suspending(later)), '[object WebAssembly.Suspending]');
  });
});

describe('fuel of calls that wait', () => {
  test('a call that waits leaves to others what a tank has', async () => {
    const tank = new FuelTank(1000);
    const { call } = setUp({}, { fuel: tank });
    const [first, second] = [call('sum', 3), call('sum', 3)];
    assert.ok(tank.left > 900);
    assert.deepEqual(await Promise.all([first, second]), [6, 6]);
    const { consumed } = tank;
    await call('sum', 3);
    assert.equal(tank.consumed, consumed * 1.5);
    assert.equal(tank.left + tank.consumed, 1000);
  });

  test('a limit for each call holds for all of its parts together', async () => {
    const needed = new FuelTank(1000);
    await setUp({}, { fuel: needed }).call('sum', 5);
    assert.equal(await setUp({}, { fuel: needed.consumed }).call('sum', 5), 15);
    await assert.rejects(setUp({}, { fuel: needed.consumed - 1 }).call('sum', 5), {
      code: 'exhaustion.fuel',
    });
  });
});
