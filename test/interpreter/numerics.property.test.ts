/**
 * Every numeric operator, in every form that the translator gives it (operands in locals, constants on either side,
 * fused with a branch), against definitions in BigInt and exact rounding.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isQuernError } from '../../src/errors.ts';
import { instructions, type Mnemonic, rowOf } from '../../src/syntax/instructions.ts';
import { signatureNames } from '../../src/syntax/signatures.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { assemble, type FuncSource, type Instruction, type Type, type TypeSource } from '../assembler.ts';
import { edges32, edges64, edgesF32, edgesF64 } from '../generators/random.ts';
import { oracles } from './numeric-oracle.ts';

type NumberType = 'i32' | 'i64' | 'f32' | 'f64';

const edges: Readonly<Record<NumberType, readonly bigint[]>> = {
  i32: edges32.map((value) => BigInt.asUintN(32, BigInt(value))),
  i64: edges64.map((value) => BigInt.asUintN(64, value)),
  f32: edgesF32.map(BigInt),
  f64: edgesF64,
};

const signatureOf = (name: Mnemonic): { params: readonly NumberType[]; result: NumberType } => {
  const { params, results } = signatureNames(instructions[rowOf[name]])!;
  return { params: params as readonly NumberType[], result: results[0] as NumberType };
};

const constant = (type: NumberType, bits: bigint): Instruction =>
  type === 'i32'
    ? ['i32.const', Number(BigInt.asIntN(32, bits))]
    : type === 'i64'
      ? ['i64.const', BigInt.asIntN(64, bits)]
      : [`${type}.const`, bits];

/** Functions of one module, by name; each has its own type. */
const functionsOf = (
  sources: ReadonlyMap<string, { readonly type: TypeSource; readonly code: readonly Instruction[] }>,
): ((name: string) => FuncInstance) => {
  const entries = [...sources];
  const bytes = assemble({
    types: entries.map(([, { type }]) => type),
    funcs: entries.map(([, { code }], i): FuncSource => ({ type: i, code })),
    exports: entries.map(([name], i) => [name, 'func', i] as const),
  });
  const { exports } = instantiate(new Store(), compileModule(bytes), () => undefined);
  return (name) => exports.get(name) as FuncInstance;
};

const call = (func: FuncInstance, args: readonly bigint[], careful = false): unknown => {
  try {
    return invoke(func, args, { careful })[0];
  } catch (error) {
    if (!isQuernError(error)) throw error;
    return error.code;
  }
};

const hex = (value: unknown): string =>
  typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
const get0: Instruction = ['local.get', 0];
const get1: Instruction = ['local.get', 1];

/** The forms in which a relation is used: as a value, negated, in a branch, in `if`, in `select`. */
const relationForms = (
  operands: readonly Instruction[],
  name: Mnemonic,
): Readonly<Record<string, readonly Instruction[]>> => ({
  value: [...operands, name],
  negated: [...operands, name, 'i32.eqz', 'i32.eqz'],
  br_if: [
    ['block', null],
    ...operands,
    name,
    ['br_if', 0],
    ['i32.const', 0],
    'return',
    'end',
    ['i32.const', 1],
  ],
  'eqz br_if': [
    ['block', null],
    ...operands,
    name,
    'i32.eqz',
    ['br_if', 0],
    ['i32.const', 1],
    'return',
    'end',
    ['i32.const', 0],
  ],
  if: [...operands, name, ['if', 'i32'], ['i32.const', 1], 'else', ['i32.const', 0], 'end'],
  select: [['i32.const', 1], ['i32.const', 0], ...operands, name, 'select'],
});

const isRelation = (name: Mnemonic): boolean => /\.(eqz?|ne|[lg][te](_[su])?)$/.test(name);

const checkPairs = (name: Mnemonic): void => {
  const oracle = oracles.get(name)!;
  const { params, result } = signatureOf(name);
  const operands = params.map((_, i) => (i === 0 ? get0 : get1));
  const type: TypeSource = { params: params as Type[], results: [result as Type] };
  const forms = isRelation(name) ? relationForms(operands, name) : { value: [...operands, name] };
  const func = functionsOf(new Map(Object.entries(forms).map(([form, code]) => [form, { type, code }])));
  const second = params.length === 2 ? edges[params[1]!] : [0n];
  for (const form of Object.keys(forms)) {
    const target = func(form);
    for (const a of edges[params[0]!]) {
      for (const b of second) {
        const actual = call(target, [a, b].slice(0, params.length));
        const expected = oracle(a, b);
        if (actual !== expected)
          assert.fail(`${name} (${form}) of ${hex(a)} and ${hex(b)}: ${hex(actual)}, not ${hex(expected)}`);
      }
    }
  }
};

/** Constants on either side, for operators of two operands. */
const checkConstants = (name: Mnemonic): void => {
  const oracle = oracles.get(name)!;
  const { params, result } = signatureOf(name);
  const [left, right] = params as [NumberType, NumberType];
  const sources = new Map<string, { type: TypeSource; code: readonly Instruction[] }>();
  const add = (key: string, param: NumberType, operands: readonly Instruction[]): void => {
    const type: TypeSource = { params: [param as Type], results: [result as Type] };
    const forms = isRelation(name) ? relationForms(operands, name) : { value: [...operands, name] };
    for (const [form, code] of Object.entries(forms)) sources.set(`${key} ${form}`, { type, code });
  };
  for (const b of edges[right]) add(`right ${b}`, left, [get0, constant(right, b)]);
  for (const a of edges[left]) add(`left ${a}`, right, [constant(left, a), get0]);
  const func = functionsOf(sources);
  for (const key of sources.keys()) {
    const [side, text] = key.split(' ') as [string, string];
    const fixed = BigInt(text);
    const target = func(key);
    for (const value of edges[side === 'right' ? left : right]) {
      const actual = call(target, [value]);
      const expected = side === 'right' ? oracle(value, fixed) : oracle(fixed, value);
      if (actual !== expected)
        assert.fail(`${name} (${key}) of ${hex(value)}: ${hex(actual)}, not ${hex(expected)}`);
    }
  }
};

const names = [...oracles.keys()];

test('every numeric instruction has an oracle', () => {
  const numeric = instructions.filter(
    (row) =>
      row.group.startsWith('numeric') && !row.name.endsWith('.const') && row.since !== 'wide-arithmetic',
  );
  assert.deepEqual(numeric.map((row) => row.name).sort(), [...names].sort());
});

describe('edge values in locals', () => {
  for (const type of ['i32', 'i64', 'f32', 'f64']) {
    test(type, () => {
      for (const name of names) if (name.startsWith(`${type}.`)) checkPairs(name);
    });
  }
});

describe('edge values as constants on either side', () => {
  for (const type of ['i32', 'i64', 'f32', 'f64']) {
    test(type, () => {
      for (const name of names) {
        if (name.startsWith(`${type}.`) && signatureOf(name).params.length === 2) checkConstants(name);
      }
    });
  }
});

test('random values, fast and careful', () => {
  const sources = new Map(
    names.map((name) => {
      const { params, result } = signatureOf(name);
      const type: TypeSource = { params: params as Type[], results: [result as Type] };
      return [name, { type, code: [...params.map((_, i) => (i === 0 ? get0 : get1)), name] }] as const;
    }),
  );
  const func = functionsOf(sources);
  // Near powers of two and near edges is where rounding and carries go wrong.
  const near = fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(
      ([exponent, delta, isNegative]) => (isNegative ? -1n : 1n) * (1n << BigInt(exponent)) + BigInt(delta),
    );
  const bits = fc.oneof(
    near,
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(...edges.f64, ...edges.i64),
  );
  fc.assert(
    fc.property(fc.constantFrom(...names), bits, bits, fc.boolean(), (name, a, b, careful) => {
      const { params } = signatureOf(name);
      const args = [a, b]
        .slice(0, params.length)
        .map((value, i) => BigInt.asUintN(params[i]!.endsWith('32') ? 32 : 64, value));
      const expected = oracles.get(name)!(args[0]!, args[1] ?? 0n);
      assert.equal(hex(call(func(name), args, careful)), hex(expected));
    }),
    { numRuns: 20_000 },
  );
});

describe('NaN bits', () => {
  const nans = {
    f32: [0x7fc0_0000n, 0xffc0_0000n, 0x7f80_0001n, 0xffa0_0001n, 0xffff_ffffn],
    f64: [0x7ff8_0000_0000_0000n, 0xfff8_0000_0000_0000n, 0x7ff0_0000_0000_0001n, 0xfff4_0000_0000_0001n],
  } as const;
  const canonical = { f32: 0x7fc0_0000n, f64: 0x7ff8_0000_0000_0000n } as const;

  test('an operator that produces a NaN gives the positive canonical one', () => {
    for (const name of names) {
      const { params, result } = signatureOf(name);
      if (!/^f/.test(result) || !/^f/.test(params[0]!)) continue;
      if (/\.(abs|neg|copysign)$/.test(name)) continue;
      const type: TypeSource = { params: params as Type[], results: [result as Type] };
      const code: readonly Instruction[] = [...params.map((_, i) => (i === 0 ? get0 : get1)), name];
      const func = functionsOf(new Map([['f', { type, code }]]))('f');
      for (const nan of nans[params[0] as 'f32' | 'f64']) {
        for (const other of [nan, 0n]) {
          const args = params.length === 1 ? [nan] : [nan, other];
          assert.equal(hex(call(func, args)), hex(canonical[result as 'f32' | 'f64']), name);
          assert.equal(hex(call(func, args.toReversed())), hex(canonical[result as 'f32' | 'f64']), name);
          if (params.length === 1) break;
        }
      }
    }
  });

  test('what moves bits keeps the payload, also of signalling NaNs', () => {
    for (const type of ['f32', 'f64'] as const) {
      for (const nan of nans[type]) {
        const moves: Readonly<Record<string, readonly Instruction[]>> = {
          constant: [constant(type, nan)],
          local: [get0, ['local.set', 1], get1],
          tee: [get0, ['local.tee', 1]],
          select: [get0, get1, ['i32.const', 1], 'select'],
          global: [get0, ['global.set', 0], ['global.get', 0]],
          memory: [['i32.const', 8], get0, [`${type}.store`, {}], ['i32.const', 8], [`${type}.load`, {}]],
          block: [['block', type], get0, 'end'],
          branch: [['block', type], get0, ['i32.const', 1], ['br_if', 0], 'end'],
          call: [get0, ['call', 1]],
          'neg twice': [get0, `${type}.neg`, `${type}.neg`],
        };
        for (const [name, code] of Object.entries(moves)) {
          const bytes = assemble({
            types: [{ params: [type], results: [type] }],
            funcs: [{ locals: [[1, type]], code }, { code: [get0] }],
            memories: [{ min: 1 }],
            globals: [{ type, isMutable: true, init: [constant(type, 0n)] }],
            exports: [['f', 'func', 0]],
          });
          const { exports } = instantiate(new Store(), compileModule(bytes), () => undefined);
          const func = exports.get('f') as FuncInstance;
          for (const careful of [false, true]) assert.equal(hex(call(func, [nan], careful)), hex(nan), name);
        }
      }
    }
  });
});
