/**
 * The bodies of the loop, called as functions: what each operation does to its operands is what the rule of its
 * instruction does, in every operand form, and whether the destination is a source or not.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { globals, loop, type Pc, run, type Slot, words } from '../../scripts/dispatch/bodies/loop.ts';
import { type ScalarBodies, scalarBodies } from '../../scripts/dispatch/bodies/scalar.ts';
import { type HotOp, hotOps, type Operand, opOf } from '../../src/interpreter/code/isa.ts';
import { NO_FUEL } from '../../src/interpreter/loop/status.ts';
import { otherOps } from './control-bodies.ts';
import { type Fields, type Outcome, randomWords, ruleOutcome, typeOf, valuesOf } from './rule-of.ts';

type Body = (...operands: number[]) => void;
const bodies = scalarBodies as unknown as Readonly<Record<HotOp, Body>>;
const layouts: Readonly<Record<HotOp, string>> = hotOps;
const operandsOf = (op: HotOp): readonly Operand[] => opOf[op].operands;

/** Instructions whose operations have other names. */
const instructionOf: Readonly<Record<string, string>> = {
  i64_extend32_u: 'i64.extend_i32_u',
  i64_rotr_rr: 'i64.rotr',
};
/** Branches on a test of one operand, and on a relation that is the contrary of an instruction's. */
const negations: Readonly<Record<string, string>> = {
  br_i32_nz: 'i32.eqz',
  br_i64_nz: 'i64.eqz',
  br_f32_nlt: 'f32.lt',
  br_f32_nle: 'f32.le',
  br_f64_nlt: 'f64.lt',
  br_f64_nle: 'f64.le',
};
const nameOf = (op: HotOp): string =>
  negations[op] ??
  instructionOf[op] ??
  op
    .replace(/^br_/, '')
    .replace(/_z$/, '_eqz')
    .replace(/_(rr|ri|i)$/, '')
    .replace(/^([if]\d\d)_/, '$1.');

const isAccess = (op: HotOp): boolean => layouts[op].includes('o');
const tested = (Object.keys(hotOps) as HotOp[]).filter((op) => !(op in otherOps));
const computed = tested.filter((op) => !isAccess(op));

const BASE = 64;
const RESULT = BASE + 32;
const TARGET = 77;
const NEXT = 55;
/** Slots of the operands, by number. */
const slotOf = (n: number): number => BASE + 4 * n;

const write = (slot: number, bits: bigint): void => {
  words[slot] = Number(bits & 0xffffffffn);
  words[slot + 1] = Number((bits >> 32n) & 0xffffffffn);
};
const read = (slot: number, type: string): bigint => {
  const low = BigInt(words[slot]! >>> 0);
  return type.endsWith('32') ? low : (BigInt(words[slot + 1]! >>> 0) << 32n) | low;
};

/**
 * The words of an operation, by its layout: sources in slots of their own, immediates in their place.
 *
 * @param alias the source that the destination lies on; -1 for none
 */
const encode = (op: HotOp, values: readonly bigint[], alias: number): number[] => {
  const operands: number[] = [];
  let n = 0;
  const layout = layouts[op];
  for (let i = 0; i < layout.length; i++) {
    const { role, holds } = operandsOf(op)[i]!;
    const scale = holds === 'f64' ? 2 : 1;
    if (role === 'branch') operands.push(TARGET, -3);
    else if (role === 'written') operands.push((alias < 0 ? RESULT : slotOf(alias)) / scale);
    else if (role === 'read') {
      write(slotOf(n), values[n]!);
      operands.push(slotOf(n++) / scale);
    } else {
      const value = values[n++]!;
      operands.push(Number(BigInt.asIntN(32, value)));
      // The other half of an i64.
      if ((layout[i + 1] === 'i' && op.startsWith('i64')) || layout.slice(i, i + 2) === 'ii') {
        operands.push(Number(BigInt.asIntN(32, value >> 32n)));
        i++;
      }
    }
  }
  return operands;
};

const prepare = (): void => {
  words.fill(-1);
  Object.assign(loop, { pc: 50, next: NEXT, fp: BASE, fuel: 100 });
};

/** Whether the translator makes the operation with this constant. */
const isMade = (op: HotOp, [, second]: readonly bigint[]): boolean =>
  !/^i32_(div|rem)_[su]_ri/.test(op) || (second !== 0n && second !== 0xffffffffn);

/** Amounts of i64 shifts are masked by the translator. */
const constantOf = (op: HotOp, values: readonly bigint[]): readonly bigint[] =>
  op.startsWith('i64') && layouts[op].includes('n') ? [values[0]!, values[1]! & 63n] : values;

const check = (op: HotOp, values: readonly bigint[], alias: number): void => {
  // With big integers, and without.
  for (loop.isWide of op.startsWith('i64') ? [true, false] : [false]) checkOnce(op, values, alias);
};
const checkOnce = (op: HotOp, values: readonly bigint[], alias: number): void => {
  const { result, operands } = typeOf(nameOf(op));
  const expected = ruleOutcome(nameOf(op), values);
  prepare();
  const encoded = encode(op, constantOf(op, values), alias);
  const status = run(() => bodies[op](...encoded));
  const shown = `${op} ${values.join(' ')} (${operands.join(' ')})`;
  if (op.startsWith('br_')) {
    const isTaken = (expected.bits !== 0n) !== op in negations;
    assert.deepEqual([loop.pc, loop.fuel, status], isTaken ? [TARGET, 97, null] : [NEXT, 100, null], shown);
    return;
  }
  assert.equal(status, expected.status, shown);
  if (status !== null) return;
  assert.equal(loop.pc, NEXT, shown);
  assert.equal(read(alias < 0 ? RESULT : slotOf(alias), result), expected.bits, shown);
};

describe('bodies of operators', () => {
  const random = randomWords(12);
  for (const op of computed) {
    test(op, () => {
      const { operands } = typeOf(nameOf(op));
      const [first, second] = operands.map((type) => valuesOf(type, random));
      const sources = operandsOf(op).filter(({ role }) => role === 'read').length;
      for (const a of first!) {
        for (const b of second ?? [0n]) {
          const values = second === undefined ? [a] : [a, b];
          if (!isMade(op, values)) continue;
          for (let alias = -1; alias < sources; alias++) check(op, values, alias);
        }
      }
    });
  }
});

describe('bodies of accesses to memory', () => {
  const random = randomWords(34);
  const bytes = Uint8Array.from({ length: 128 }, random);
  const addresses = [0, 1, 3, 64, 119, 120, 121, 124, 125, 126, 127, 128, 0x7fffffff, 0x80000000, 0xffffffff];
  const offsets = [0, 1, 5, 120, 127, 128, 0x7fffffff];

  const access = (op: HotOp, address: number, offset: number, value: bigint): void => {
    const isStore = op.includes('store');
    const memory = new Uint8Array(bytes);
    const fields = { memory: 0, memoryOffset: BigInt(offset) } as Fields;
    const operands = isStore ? [BigInt(address), value] : [BigInt(address)];
    const expected: Outcome = ruleOutcome(nameOf(op), operands, fields, memory);
    prepare();
    new Uint8Array(loop.memory.buffer).set(bytes);
    write(slotOf(0), BigInt(address));
    write(slotOf(1), value);
    const immediate = Number(BigInt.asIntN(32, value));
    const encoded = !isStore
      ? [slotOf(0), slotOf(0), offset]
      : op.endsWith('_i')
        ? [slotOf(0), offset, immediate]
        : [slotOf(0), slotOf(1), offset];
    const shown = `${op} ${address} ${offset}`;
    assert.equal(
      run(() => bodies[op](...encoded)),
      expected.status,
      shown,
    );
    assert.deepEqual(new Uint8Array(loop.memory.buffer), memory, shown);
    if (!isStore && expected.status === null)
      assert.equal(read(slotOf(0), typeOf(nameOf(op)).result), expected.bits, shown);
  };

  for (const op of tested.filter(isAccess)) {
    test(op, () => {
      const type = op.slice(0, 3);
      for (const address of addresses)
        for (const offset of offsets)
          access(
            op,
            address,
            offset,
            BigInt.asUintN(type === 'i32' ? 32 : 64, valuesOf(type, random).at(-1)!),
          );
    });
  }
});

test('a branch that cannot be paid stops where it goes', () => {
  prepare();
  loop.fuel = 2;
  words[slotOf(0)] = 1;
  const status = run(() => scalarBodies.br_i32_nz(slotOf(0) as Slot, TARGET as Pc, -3));
  assert.deepEqual([status, loop.pc, loop.fuel], [NO_FUEL, TARGET, -1]);
});

test('a body that is missing, unknown, or of another layout is a type error', () => {
  const { br, ...others } = scalarBodies;
  // @ts-expect-error: br is missing
  others satisfies ScalarBodies;
  // @ts-expect-error: no operation has this name
  ({ ...scalarBodies, i32_avgr: scalarBodies.i32_add_rr }) satisfies ScalarBodies;
  // @ts-expect-error: the operands are doubles, not words
  ({ ...scalarBodies, f64_add: scalarBodies.f32_add }) satisfies ScalarBodies;
  // @ts-expect-error: the second operand is a constant, not a slot
  ({ ...scalarBodies, i32_add_ri: scalarBodies.i32_add_rr }) satisfies ScalarBodies;
  assert.equal(br, scalarBodies.br);
});

describe('bodies of everything else', () => {
  for (const [op, checkBody] of Object.entries(otherOps)) {
    test(op, () => {
      prepare();
      globals.fill(0);
      checkBody();
    });
  }
});
