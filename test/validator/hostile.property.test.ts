/**
 * Damaged modules: whatever the bytes are, decoding and validation end, quickly, with a Quern error or none.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isQuernError } from '../../src/errors.ts';
import {
  decodeModule,
  type FeatureKey,
  type Features,
  featureTable,
  validateModule,
} from '../../src/wasm.ts';
import { needsShared, shared } from '../shared.ts';
import { funcType, I32, I64, moduleBytes, section, u32 } from './module-bytes.ts';

const allFeatures: Features = new Set(Object.keys(featureTable) as FeatureKey[]);

const endsInOrder = (bytes: Uint8Array): void => {
  try {
    validateModule(decodeModule(bytes), allFeatures);
  } catch (error) {
    if (!isQuernError(error)) throw error;
  }
};

/** A module with something in every section that the engine executes. */
const sample = moduleBytes({
  types: [funcType([], []), funcType([I32, I64], [I32]), funcType([I32], [I32, I32])],
  imports: [[1, 0x6d, 1, 0x66, 0, 1]],
  funcs: [
    { code: [0x0b] },
    {
      type: 1,
      locals: [
        [3, I32],
        [2, I64],
      ],
      // block (br_table 0 1 0 (local.get 0)) end; i32.load; loop (br_if 0); call_indirect; memory.copy; select
      code: [
        ...[0x02, 0x40, 0x20, 0, 0x0e, 2, 0, 1, 0, 0x0b],
        ...[0x20, 0, 0x28, 2, 16, 0x21, 2],
        ...[0x03, 0x40, 0x20, 2, 0x0d, 0, 0x0b],
        ...[0x20, 0, 0x20, 1, 0x20, 2, 0x11, 1, 0, 0x21, 3],
        ...[0x41, 0, 0x41, 8, 0x41, 4, 0xfc, 10, 0, 0],
        ...[0x20, 0, 0x20, 2, 0x20, 3, 0x1b, 0x0b],
      ],
    },
  ],
  memories: [[1, 1, 2]],
  between: [section(6, [1, I32, 1, 0x41, 5, 0x0b]), section(7, [1, 1, 0x66, 0, 2])],
});

describe('damaged modules', () => {
  test('every prefix of a module', () => {
    for (let length = 0; length < sample.length; length++) endsInOrder(sample.subarray(0, length));
  });

  test('every single bit turned', () => {
    for (let bit = 0; bit < sample.length * 8; bit++) {
      const bytes = sample.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      endsInOrder(bytes);
    }
  });

  test('several bytes replaced', () => {
    const position = fc.nat(sample.length - 1);
    const change = fc.tuple(position, fc.nat(255));
    const property = fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const bytes = sample.slice();
      for (const [at, value] of changes) bytes[at] = value;
      endsInOrder(bytes);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  test('bodies of arbitrary bytes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 60 }), (code) => {
      endsInOrder(
        moduleBytes({
          types: [funcType([I32], [I64])],
          funcs: [{ code: [...code, 0x0b] }],
          memories: [[0, 1]],
        }),
      );
    });
    fc.assert(property, { numRuns: 5000 });
  });

  test('a real plug-in, cut and with bits turned', needsShared, () => {
    const plugin = readFileSync(shared('spec-suite', 'spectest.wasm'));
    for (let length = 0; length < plugin.length; length++) endsInOrder(plugin.subarray(0, length));
    for (let bit = 0; bit < plugin.length * 8; bit++) {
      const bytes = Uint8Array.from(plugin);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      endsInOrder(bytes);
    }
  });
});

describe('modules made to take long', () => {
  const within = (milliseconds: number, run: () => void): void => {
    const start = performance.now();
    run();
    const taken = performance.now() - start;
    assert.ok(taken < milliseconds, `took ${taken.toFixed(0)} ms`);
  };

  test('many functions with the most locals', () => {
    const funcs = new Array(20_000).fill({ locals: [[49_000, I32]], code: [0x0b] });
    const bytes = moduleBytes({ funcs });
    within(2_000, () => endsInOrder(bytes));
  });

  test('many br_tables with many labels, in deep nesting', () => {
    const depth = 1_000;
    const labels = Array.from({ length: depth }, (_, i) => u32(i)).flat();
    const table = [0x41, 0, 0x0e, ...u32(depth - 1), ...labels];
    const open = new Array(depth).fill([0x02, 0x40]).flat();
    const code = [...open, ...new Array(200).fill(table).flat(), ...new Array(depth + 1).fill(0x0b)];
    const bytes = moduleBytes({ funcs: [{ code }] });
    within(2_000, () => endsInOrder(bytes));
  });

  test('blocks of many parameters in unreachable code', () => {
    const wide = new Array(1000).fill(I32);
    const types = [funcType([], []), funcType(wide, wide)];
    const code = [0x00, ...new Array(2_000).fill([0x02, 1, 0x0b]).flat(), 0x0b];
    const bytes = moduleBytes({ types, funcs: [{ code }] });
    within(2_000, () => endsInOrder(bytes));
  });
});
