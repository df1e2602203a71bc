/**
 * Real modules, cut and damaged: decoding, reading of names and listing end with an error of Quern or none, and
 * in bounded time. A failure prints the seed that repeats it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isQuernError } from '../../src/errors.ts';
import { decodeModule, decodeNames, disassembleFunction, formatLine } from '../../src/inspect.ts';
import { needsShared, shared, sharedFolder } from '../shared.ts';

/** Small plug-ins of different compilers, so that thousands of damaged copies take seconds. */
const modules = [
  ['spec-suite', 'spectest.wasm'],
  ['plugins', 'as.wasm'],
  ['plugins', 'kernel_all.wasm'],
  ['plugins', 'fs_text.wasm'],
];
/** Far above what any of these takes, far below what a quadratic algorithm would. */
const MAX_MILLISECONDS = 2_000;
/** Functions and lines of a damaged module that are listed. */
const MAX_LISTED = 20;
const MAX_LINES = 2_000;

/** Does with a module what `quern inspect` does. */
const inspect = (bytes: Uint8Array): void => {
  const module = decodeModule(bytes);
  const names = decodeNames(module);
  let listed = 0;
  for (const [index, { body }] of module.funcs.entries()) {
    names.funcName(index);
    names.localName(index, 0);
    if (body === null || listed++ > MAX_LISTED) continue;
    let lines = 0;
    for (const line of disassembleFunction(module, index)) {
      formatLine(line);
      if (++lines > MAX_LINES) break;
    }
  }
};

const endsInOrder = (bytes: Uint8Array): void => {
  const start = performance.now();
  try {
    inspect(bytes);
  } catch (error) {
    if (!isQuernError(error)) throw error;
  }
  const taken = performance.now() - start;
  assert.ok(taken < MAX_MILLISECONDS, `took ${taken.toFixed(0)} ms`);
};

describe('a real module', needsShared, () => {
  for (const path of sharedFolder === null ? [] : modules) {
    const whole = new Uint8Array(readFileSync(shared(...path)));
    const name = path.at(-1)!;
    // Most bytes are code and data; half of the damage goes to the sections that describe the module.
    const position = fc.oneof(
      fc.integer({ min: 8, max: Math.min(whole.length, 1_000) - 1 }),
      fc.nat(whole.length - 1),
    );

    test(`${name} as it is`, () => inspect(whole));

    test(`${name} cut`, () => {
      const property = fc.property(fc.nat(whole.length - 1), (length) => {
        endsInOrder(whole.subarray(0, length));
      });
      fc.assert(property, { numRuns: 300 });
    });

    test(`${name} with bits turned`, () => {
      const flips = fc.array(fc.tuple(position, fc.nat(7)), { minLength: 1, maxLength: 4 });
      const property = fc.property(flips, (changes) => {
        const bytes = whole.slice();
        for (const [at, bit] of changes) bytes[at] ^= 1 << bit;
        endsInOrder(bytes);
      });
      fc.assert(property, { numRuns: 300 });
    });

    test(`${name} with bytes set to the edges of LEB128`, () => {
      const property = fc.property(
        position,
        fc.constantFrom(0x00, 0x3f, 0x40, 0x7f, 0x80, 0xff),
        (at, value) => {
          const bytes = whole.slice();
          bytes[at] = value;
          endsInOrder(bytes);
        },
      );
      fc.assert(property, { numRuns: 300 });
    });
  }
});
