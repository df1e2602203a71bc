/** The oracle's own tests: its rules are complete, its operators exact at the edges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FeatureKey, featureTable, instructions } from '../../src/inspect.ts';
import { convert, trunc, trunc_sat } from './conversions.ts';
import { fadd, fmin, fnearest, fneg, toNumber } from './floats.ts';
import { iclz, ictz, idiv_s, irotl, irotr } from './integers.ts';
import { rules } from './rules.ts';

test('every instruction of an executed feature has a rule', () => {
  const isExecuted = (key: FeatureKey): boolean => featureTable[key].isExecuted;
  const missing = instructions.filter((row) => isExecuted(row.since) && rules[row.name] === undefined);
  assert.deepEqual(
    missing.map((row) => row.name),
    [],
  );
});

test('every rule belongs to an instruction', () => {
  const names = new Set<string>(instructions.map((row) => row.name));
  assert.deepEqual(
    Object.keys(rules).filter((name) => !names.has(name)),
    [],
  );
});

test('a NaN that an operator produces is the positive canonical one', () => {
  assert.equal(fadd(32, 0xffa0_0001n, 0n), 0x7fc0_0000n);
  assert.equal(fmin(64, 0xfff0_0000_0000_0001n, 0n), 0x7ff8_0000_0000_0000n);
});

test('fneg keeps the payload of a signalling NaN', () => {
  assert.equal(fneg(32, 0x7fa0_0001n), 0xffa0_0001n);
});

test('fnearest rounds ties to even and keeps the sign of zero', () => {
  const nearest = (value: number): number => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return toNumber(64, fnearest(64, view.getBigUint64(0)));
  };
  for (const [value, expected] of [
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, -0],
    [-0.2, -0],
    [-1.5, -2],
    [2 ** 51 + 0.5, 2 ** 51],
    [2 ** 51 + 1.5, 2 ** 51 + 2],
  ] as const) {
    assert.ok(Object.is(nearest(value), expected), `nearest(${value}) is ${nearest(value)}`);
  }
});

test('integers convert to f32 with one rounding', () => {
  // By way of a double this would be a tie and round to 0x5a000000.
  assert.equal(convert('s')(64, 32, 0x0020_0000_2000_0001n), 0x5a00_0001n);
  assert.equal(convert('u')(64, 32, 0xffff_ffff_ffff_ffffn), 0x5f80_0000n);
});

test('float to integer traps outside the range and saturates where asked', () => {
  const minusOne = 0xbf80_0000n;
  assert.throws(() => trunc('u')(32, 32, minusOne), { code: 'trap.integer-overflow' });
  assert.throws(() => trunc('s')(32, 32, 0x7fc0_0000n), { code: 'trap.invalid-conversion' });
  assert.equal(trunc_sat('u')(32, 32, minusOne), 0n);
  assert.equal(trunc_sat('s')(32, 64, 0xff80_0000n), 1n << 63n);
});

test('integer operators at their edges', () => {
  assert.throws(() => idiv_s(32, 0x8000_0000n, 0xffff_ffffn), { code: 'trap.integer-overflow' });
  assert.equal(iclz(64, 0n), 64n);
  assert.equal(ictz(32, 0n), 32n);
  assert.equal(irotl(32, 0x8000_0001n, 33n), 3n);
  assert.equal(irotr(32, 0x8000_0001n, 0n), 0x8000_0001n);
});
