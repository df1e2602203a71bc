/** The instruction table against itself: the mistakes that a table of 575 rows invites. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { immediateKinds } from '../../src/syntax/immediates.ts';
import { instructions, rowOf } from '../../src/syntax/instructions.ts';
import { featureTable } from '../../src/wasm.ts';

const opcodeOf = ({ prefix, code }: (typeof instructions)[number]): number => prefix * 0x10000 + code;

test('rows are sorted by opcode, and no opcode appears twice', () => {
  for (let i = 1; i < instructions.length; i++) {
    assert.ok(opcodeOf(instructions[i]) > opcodeOf(instructions[i - 1]), instructions[i].name);
  }
});

test('mnemonics are unique and lead to their row', () => {
  assert.equal(new Set(instructions.map((row) => row.name)).size, instructions.length);
  for (const [index, row] of instructions.entries()) assert.equal(rowOf[row.name], index);
});

test('the number of rows is that of the spec, 499, and of the proposals', () => {
  const counts = new Map<string, number>();
  for (const { since } of instructions) {
    const { version } = featureTable[since];
    const key = version === 'proposal' ? since : 'spec';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), {
    spec: 499,
    'legacy-exceptions': 5,
    'wide-arithmetic': 4,
    threads: 67,
    'custom-descriptors': 7,
  });
});

test('every kind of immediate is used, and none is unknown', () => {
  const used = new Set(instructions.flatMap((row) => row.immediates));
  assert.deepEqual([...used].sort(), Object.keys(immediateKinds).sort());
});

test('types are signatures over known types, or special', () => {
  const signature = /^((i32|i64|f32|f64|v128|addr) )*->( (i32|i64|f32|f64|v128|addr))*$/;
  for (const { name, type } of instructions) assert.ok(type === 'special' || signature.test(type), name);
});

test('an address is taken exactly by what has a memory argument, which touches a power of two bytes', () => {
  for (const { name, type, immediates, access } of instructions) {
    const hasMemArg = immediates.includes('memarg');
    assert.equal(type.startsWith('addr'), hasMemArg, name);
    assert.equal(access > 0, hasMemArg, name);
    assert.equal(access & (access - 1), 0, name);
  }
});

test('the width in a name is the width of the access', () => {
  for (const { name, access } of instructions) {
    if (access === 0 || name === 'memory.atomic.notify') continue;
    const [, bits, lanes = '1'] =
      /\.(?:load|store|rmw|wait)(\d+)(?:x(\d))?/.exec(name) ?? /^[ifv](\d+)/.exec(name)!;
    assert.equal(access * 8, Number(bits) * Number(lanes), name);
  }
});

test('what costs nothing is exactly the structure of the code', () => {
  const free = instructions.filter((row) => row.fuel === 'structure').map((row) => row.name);
  assert.deepEqual(free, [
    'nop',
    'block',
    'loop',
    'else',
    'catch',
    'end',
    'delegate',
    'catch_all',
    'drop',
    'try_table',
  ]);
});

test('what may stop in the middle has a price by size, looks for a handler, waits, or calls what is not known', () => {
  const stops = instructions.filter(({ flow }) => flow.startsWith('stops'));
  const classes = new Set(stops.map(({ fuel }) => fuel));
  assert.deepEqual([...classes].sort(), ['allocation', 'bulk', 'call', 'exception', 'wait']);
  // Of these classes all stop but what drops a segment, and what makes an object of a known size.
  const others = instructions.filter((row) => classes.has(row.fuel) && !stops.includes(row));
  assert.deepEqual(
    others.map((row) => row.name),
    [
      'struct.new',
      'struct.new_default',
      'array.new_fixed',
      'struct.new_desc',
      'struct.new_default_desc',
      'data.drop',
      'elem.drop',
    ],
  );
});

test('constant expressions may hold what the spec lists', () => {
  const constant = (value: string): string[] =>
    instructions.filter((row) => row.constant === value).map((row) => row.name);
  assert.deepEqual(constant('extended'), ['i32.add', 'i32.sub', 'i32.mul', 'i64.add', 'i64.sub', 'i64.mul']);
  assert.deepEqual(constant('always'), [
    'end',
    'global.get',
    'i32.const',
    'i64.const',
    'f32.const',
    'f64.const',
    'ref.null',
    'ref.func',
    'struct.new',
    'struct.new_default',
    'array.new',
    'array.new_default',
    'array.new_fixed',
    'any.convert_extern',
    'extern.convert_any',
    'ref.i31',
    'struct.new_desc',
    'struct.new_default_desc',
    'v128.const',
  ]);
});
