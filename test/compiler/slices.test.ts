/**
 * `onSlice` of a call is called in time while it runs in compiled loops and calls, and the call continues as if
 * nobody had asked. What runs often is found and compiled on the way.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import { type FuncInstance, startExecution } from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';
import { open } from './beside.ts';
import { forcedCompiler } from './forced-compiler.ts';

const { loops } = compileWat({
  loops: `(module
    (memory 1)
    (func (export "loop") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (i32.rotl (local.get $s) (i32.const 5)) (local.get $n)))
        (i32.store (i32.and (local.get $s) (i32.const 0xfffc)) (local.get $n))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))
      (local.get $s))
    (func $leaf (param i32) (result i32) (i32.xor (local.get 0) (i32.const 0x1234)))
    (func (export "calls") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (local.get $s) (call $leaf (local.get $n))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))
      (local.get $s))
    (func $fib (export "recursion") (param i32) (result i32)
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0)) (else
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                 (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "sized") (param $n i32) (result i32)
      (loop $l
        (memory.fill (i32.const 0) (local.get $n) (i32.const 60000))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))
      (i32.load (i32.const 8)))
    (func (export "endless") (loop $l (br $l))))`,
});

const cases = { loop: 300_000, calls: 200_000, recursion: 24, sized: 1500 } as const;
/** Fuel between two questions, at most: until the look is due, and a slice. */
const MOST_BETWEEN = 300_000;

describe('questions in the middle of compiled code', () => {
  for (const [name, n] of Object.entries(cases))
    for (const target of ['jit', 'nojit'] as const)
      test(`${name}, ${target}`, () => {
        const run = (compiler: Parameters<typeof open>[1]): [string, number] => {
          const func = open({ bytes: loops, calls: [] }, compiler).exports.get(name) as FuncInstance;
          let asked = 0;
          let last = 0;
          const call = startExecution(func, [BigInt(n)], {
            onSlice: () => {
              asked++;
              const between = call.fuelConsumed - last;
              assert.ok(between <= MOST_BETWEEN, `${between} units since the last question`);
              last = call.fuelConsumed;
              // Every other time the call pauses.
              return asked % 2 === 0;
            },
          });
          for (let status = call.run(); status === 'paused'; status = call.run())
            assert.equal(call.pause, 'slice');
          return [`${call.results} ${call.fuelConsumed}`, asked];
        };
        const [expected] = run(null);
        const [compiled, asked] = run(forcedCompiler({ target, exits: 0, seed: 0 }));
        assert.equal(compiled, expected);
        assert.ok(asked >= 4, `asked ${asked} times only`);
      });

  test('an endless loop is stopped', () => {
    const instance = open({ bytes: loops, calls: [] }, forcedCompiler({ target: 'jit', exits: 0, seed: 0 }));
    let asked = 0;
    const call = startExecution(instance.exports.get('endless') as FuncInstance, [], {
      onSlice: () => ++asked === 20,
    });
    assert.equal(call.run(), 'paused');
    assert.equal(call.pause, 'slice');
    assert.ok(call.fuelConsumed <= 20 * MOST_BETWEEN);
    call.abandon(new Error('enough'));
  });
});

/** Long enough for the first functions to be compiled. */
const often = { loop: 12_000_000, calls: 8_000_000, recursion: 34 } as const;

describe('what runs often', () => {
  for (const name of ['loop', 'calls', 'recursion'] as const)
    test(`is found: ${name}`, () => {
      const play = (compiler: Parameters<typeof open>[1]): string => {
        const instance = open({ bytes: loops, calls: [] }, compiler);
        const call = startExecution(instance.exports.get(name) as FuncInstance, [BigInt(often[name])]);
        call.run();
        if (compiler !== null) assert.ok(compiler.unitOf(instance.unit).textLength > 0);
        return `${call.results} ${call.fuelConsumed}`;
      };
      assert.equal(play(makeCompiler({ threshold: 1 }, true, null)), play(null));
    });
});
