/** Fuel classes of the instruction table: all are used, and `flat-1` is free exactly where wasmtime is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instructions } from '../../src/inspect.ts';
import { flat1, quern1, schedules } from '../../src/wasm.ts';

test('every fuel class is used, and every schedule prices all of them', () => {
  const used = [...new Set(instructions.map((row) => row.fuel))].sort();
  for (const [name, { cost }] of schedules) assert.deepEqual(Object.keys(cost).sort(), used, name);
});

test('flat-1 bills one for everything but structure, return and unreachable', () => {
  for (const { name, fuel } of instructions) assert.ok([0, 1].includes(flat1.cost[fuel]), name);
  const free = instructions.filter(({ fuel }) => flat1.cost[fuel] === 0).map(({ name }) => name);
  const ofWasmtime = ['unreachable', 'nop', 'block', 'loop', 'else', 'end', 'return', 'drop'];
  const ofExceptions = ['catch', 'catch_all', 'delegate', 'try_table'];
  assert.deepEqual(free.sort(), [...ofWasmtime, ...ofExceptions].sort());
});

test('structure is free in every schedule, and quern-1 frees nothing that can repeat', () => {
  for (const [name, { cost }] of schedules) assert.equal(cost.structure, 0, name);
  const free = Object.entries(quern1.cost).filter(([, cost]) => cost === 0);
  assert.deepEqual(
    free.map(([fuel]) => fuel),
    ['structure', 'unreachable'],
  );
});
