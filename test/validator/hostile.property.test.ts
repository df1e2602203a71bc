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
import { assemble, type Instruction } from '../assembler.ts';
import { needsShared, shared } from '../shared.ts';

const allFeatures: Features = new Set(Object.keys(featureTable) as FeatureKey[]);

const endsInOrder = (bytes: Uint8Array): void => {
  try {
    validateModule(decodeModule(bytes), allFeatures);
  } catch (error) {
    if (!isQuernError(error)) throw error;
  }
};

/** A module with something in every section that the engine executes. */
const sample = assemble({
  types: [{}, { params: ['i32', 'i64'], results: ['i32'] }, { params: ['i32'], results: ['i32', 'i32'] }],
  imports: [['m', 'f', [0, 1]]],
  funcs: [
    {},
    {
      type: 1,
      locals: [
        [3, 'i32'],
        [2, 'i64'],
      ],
      code: [
        ...([['block', null], ['local.get', 0], ['br_table', [0, 1, 0]], 'end'] as const),
        ...([
          ['local.get', 0],
          ['i32.load', { offset: 16 }],
          ['local.set', 2],
        ] as const),
        ...([['loop', null], ['local.get', 2], ['br_if', 0], 'end'] as const),
        ...([
          ['local.get', 0],
          ['local.get', 1],
          ['local.get', 2],
        ] as const),
        ...([
          ['call_indirect', 1, 0],
          ['local.set', 3],
        ] as const),
        ...([
          ['i32.const', 0],
          ['i32.const', 8],
          ['i32.const', 4],
          ['memory.copy', 0, 0],
        ] as const),
        ...([['local.get', 0], ['local.get', 2], ['local.get', 3], 'select'] as const),
      ],
    },
  ],
  memories: [{ min: 1, max: 2 }],
  globals: [{ type: 'i32', isMutable: true, init: [['i32.const', 5]] }],
  exports: [['f', 'func', 2]],
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
        assemble({
          types: [{ params: ['i32'], results: ['i64'] }],
          funcs: [{ bytes: [...code, 0x0b] }],
          memories: [{ min: 1 }],
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
    const funcs = new Array(20_000).fill({ locals: [[49_000, 'i32']] });
    const bytes = assemble({ funcs });
    within(2_000, () => endsInOrder(bytes));
  });

  test('many br_tables with many labels, in deep nesting', () => {
    const depth = 1_000;
    const labels = Array.from({ length: depth }, (_, i) => i);
    const table: readonly Instruction[] = [
      ['i32.const', 0],
      ['br_table', labels],
    ];
    const code: readonly Instruction[] = [
      ...new Array<Instruction>(depth).fill(['block', null]),
      ...Array.from({ length: 200 }, () => table).flat(),
      ...new Array<Instruction>(depth).fill('end'),
    ];
    const bytes = assemble({ funcs: [{ code }] });
    within(2_000, () => endsInOrder(bytes));
  });

  test('blocks of many parameters in unreachable code', () => {
    const wide = new Array<'i32'>(1000).fill('i32');
    const types = [{}, { params: wide, results: wide }];
    const block: readonly Instruction[] = [['block', 1], 'end'];
    const code: readonly Instruction[] = ['unreachable', ...Array.from({ length: 2000 }, () => block).flat()];
    const bytes = assemble({ types, funcs: [{ code }] });
    within(2_000, () => endsInOrder(bytes));
  });
});
