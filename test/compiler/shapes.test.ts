/**
 * Bodies of odd shapes: expressions without end, hundreds of values at each branch, constructs in each other. They are
 * compiled as far as JavaScript engines read the text, and in time that grows with the body; the rest stays with the
 * interpreter.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateFunction } from '../../src/compiler/generate.ts';
import { makeTarget } from '../../src/compiler/target.ts';
import { compileModule, quern1 } from '../../src/wasm.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';
import { repeat } from '../generators/loops/loop.ts';
import { assertSame, manyWays } from './beside.ts';

const get: Instruction = ['local.get', 0];
const set: Instruction = ['local.set', 1];
const toLong: Instruction = 'i64.extend_i32_u';
const toFloat: Instruction = 'f64.convert_i32_s';
/** More than any engine reads in each other. */
const LONG = 8000;
/** So many times the same instructions. */
const chain = (...code: readonly Instruction[]): Instruction[] =>
  Array.from({ length: LONG }, () => code).flat();

const moduleOf = (code: readonly Instruction[], wide: readonly Type[] = []): Uint8Array =>
  assemble({
    types: [{ params: ['i32'], results: ['i32'] }, { results: wide }],
    funcs: [{ type: 0, locals: [[1, 'i32']], code }],
    memories: [{ min: 1 }],
    exports: [['run', 'func', 0]],
  });

const chains: Readonly<Record<string, readonly Instruction[]>> = {
  'i32.xor': [get, ...chain(get, 'i32.xor')],
  'i32.eqz': [get, ...chain('i32.eqz')],
  'i32.clz': [get, ...chain('i32.clz')],
  select: [get, ...chain(get, get, 'select')],
  'i32.load': [get, ...chain(['i32.load', {}])],
  'i64.xor': [get, toLong, ...chain(get, toLong, 'i64.xor'), 'i32.wrap_i64'],
  'i64.rotl': [get, toLong, ...chain(get, toLong, 'i64.rotl'), 'i32.wrap_i64'],
  'f64.add': [get, toFloat, ...chain(get, toFloat, 'f64.add'), 'i32.trunc_sat_f64_s'],
  'f64.neg': [get, toFloat, ...chain('f64.neg'), 'i32.trunc_sat_f64_s'],
};

/** Whole, and left now and then. */
const ways = manyWays.filter(({ exits, isLoopsOnly }) => exits < 0.1 && !isLoopsOnly);

describe('an operand that', () => {
  for (const [name, code] of Object.entries(chains))
    test(`${LONG} of ${name} make`, () => {
      const calls = [5n, 0n, 0x8000_0000n].map((value) => ['run', value] as const);
      assertSame({ bytes: moduleOf(code), calls }, ways, [null]);
    });
});

/** Whether a function is compiled. */
const isCompiled = (bytes: Uint8Array, hasJit: boolean): boolean =>
  generateFunction(compileModule(bytes).unit(quern1), 0, makeTarget(hasJit)) !== null;

/** Many branches that bring so many values. */
const bringing = (count: number): Uint8Array =>
  moduleOf(
    [
      ...[['block', 1] as const, ...repeat(count, get)],
      ...repeat<Instruction>(500, get, ['br_if', 0]),
      ...['end' as const, ...repeat<Instruction>(count - 1, 'drop')],
    ],
    repeat<Type>(count, 'i32'),
  );

describe('a function', () => {
  test('that moves many values at each of many branches stays with the interpreter', () => {
    assert.equal(isCompiled(bringing(8), true), true);
    assert.equal(isCompiled(bringing(900), true), false);
  });

  test('is compiled with as many constructs in each other as the engines of the target read', () => {
    const nested = (depth: number): Uint8Array =>
      moduleOf([
        ...repeat<Instruction>(depth, ['loop', null], get, 'i32.eqz', ['br_if', 0]),
        ...chains['i32.eqz']!,
        set,
        ...repeat<Instruction>(depth, 'end'),
        get,
      ]);
    assert.deepEqual(
      [100, 280, 400, 900, 1100].map((depth) => [
        isCompiled(nested(depth), true),
        isCompiled(nested(depth), false),
      ]),
      [
        [true, true],
        [true, true],
        [true, false],
        [true, false],
        [false, false],
      ],
    );
    const calls = [['run', 5n] as const];
    for (const depth of [280, 900]) assertSame({ bytes: nested(depth), calls }, ways, [null]);
  });
});
