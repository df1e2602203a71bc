/**
 * Every vector operator gives what the reference executor gives, on lanes at their borders, and wherever the
 * result goes: to the stack, or over one of its own operands.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InstructionRow, instructions, type Mnemonic } from '../../src/syntax/instructions.ts';
import { laneCountOf } from '../../src/syntax/shapes.ts';
import { signatureNames } from '../../src/syntax/signatures.ts';
import {
  compileModule,
  decodeModule,
  type FuncInstance,
  instantiate,
  invoke,
  Store,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type Operand, type Type } from '../assembler.ts';
import type { FunctionInstance } from '../reference/instances.ts';
import * as reference from '../reference/instantiate.ts';

const operators = (instructions as readonly InstructionRow[]).filter(
  (row) => row.prefix === 0xfd && row.access === 0 && row.name !== 'v128.const',
);

/** Lanes that operators treat in their own ways, as words: borders of integers, and floats of every kind. */
const words = [
  0n,
  1n,
  0xffff_ffffn,
  0x8000_0000n,
  0x7fff_ffffn,
  0x8000_7fffn,
  0x7fff_8000n,
  0x807f_017fn,
  0x0102_0304n,
  0xfffe_0001n,
  0x7fc0_0000n,
  0x7fa0_0001n,
  0xff80_0000n,
  0x7f80_0000n,
  0x3f80_0000n,
  0xbf00_0000n,
  0x4f00_0000n,
  0xcf00_0001n,
  0x0000_0001n,
  0x4b00_0001n,
  0x7ff0_0000n,
  0xfff8_0000n,
  0x41ef_ffffn,
  0x3fe0_0000n,
];
let state = 12345;
const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8;
const someWord = (): bigint =>
  next() % 3 === 0 ? BigInt((next() << 16) ^ next()) & 0xffff_ffffn : words[next() % words.length]!;
const someVector = (): bigint => [0, 1, 2, 3].reduce((bits) => (bits << 32n) | someWord(), 0n);
const widths: Readonly<Record<string, number>> = { i32: 32, f32: 32, i64: 64, f64: 64, v128: 128 };
const someValue = (type: string): bigint => BigInt.asUintN(widths[type]!, someVector());

const immediatesOf = (row: InstructionRow): Operand[][] => {
  if (row.name === 'i8x16.shuffle') {
    const lanes = (f: (i: number) => number): Operand[] => [Array.from({ length: 16 }, (_, i) => f(i))];
    return [
      lanes((i) => 31 - i),
      lanes((i) => (5 * i) % 32),
      lanes((i) => (i + 20) % 32),
      lanes((i) => i ^ 4),
    ];
  }
  if (!row.immediates.includes('laneidx')) return [[]];
  return Array.from({ length: laneCountOf(row) }, (_, lane) => [lane]);
};

interface Case {
  readonly name: string;
  readonly params: readonly string[];
  readonly results: readonly string[];
  readonly code: readonly Instruction[];
}

/** The operator with its result on the stack, and over each operand of the same type. */
const casesOf = (row: InstructionRow): Case[] => {
  const { params, results } = signatureNames(row)!;
  const gets = params.map((_, i): Instruction => ['local.get', i]);
  return immediatesOf(row).flatMap((operands) => {
    const code: Instruction[] = [...gets, [row.name as Mnemonic, ...operands]];
    const overs = params.flatMap((type, i): Instruction[][] =>
      type === results[0] ? [[...code, ['local.set', i], ['local.get', i]]] : [],
    );
    // The first operand as all operands, and the result over it.
    const isAlike = params.every((type) => type === results[0]);
    const alone = isAlike
      ? [
          [
            ...params.map((): Instruction => ['local.get', 0]),
            code.at(-1)!,
            ['local.set', 0],
            ['local.get', 0],
          ],
        ]
      : [];
    return [code, ...overs, ...(alone as Instruction[][])].map((body) => ({
      name: row.name,
      params,
      results,
      code: body,
    }));
  });
};

test('every operator agrees with the reference', () => {
  const cases = operators.flatMap(casesOf);
  assert.ok(operators.length > 230, `${operators.length} operators`);
  const bytes = assemble({
    types: cases.map(({ params, results }) => ({ params: params as Type[], results: results as Type[] })),
    funcs: cases.map(({ code }, type) => ({ type, code })),
    exports: cases.map((_, i) => [`${i}`, 'func', i]),
  });
  const engine = instantiate(new Store(), compileModule(bytes), () => undefined);
  const oracle = reference.instantiate(decodeModule(bytes), () => undefined);
  for (const [i, { name, params, code }] of cases.entries()) {
    for (let round = 0; round < 12; round++) {
      const args = params.map(someValue);
      const actual = invoke(engine.exports.get(`${i}`) as FuncInstance, args, { careful: round === 0 });
      const expected = reference.invoke(oracle.exports.get(`${i}`) as FunctionInstance, args);
      const hex = (values: readonly unknown[]): string =>
        values.map((v) => (v as bigint).toString(16)).join();
      assert.equal(hex(actual), hex(expected), `${name}(${hex(args)}) in ${JSON.stringify(code)}`);
    }
  }
});
