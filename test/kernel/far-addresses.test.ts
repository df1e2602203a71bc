/**
 * A fresh kernel has sixteen pages and manages one; the others are made when they are read. Nobody can tell.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockMemory } from '../../src/kernel.ts';

const PAGES = 16 * 65_536;
const FAR = PAGES - 100;

test('words and bytes are kept up to the end of the memory', () => {
  const memory = new BlockMemory();
  assert.equal(memory.loadU8(FAR), 0);
  assert.equal(memory.holdsU64(FAR), true);
  memory.storeWord(FAR, 0x1234_5678);
  memory.storeU8(PAGES - 1, 7);
  assert.equal(memory.loadWord(FAR), 0x1234_5678);
  assert.equal(memory.loadU8(PAGES - 1), 7);
  assert.equal(memory.holdsU64(PAGES - 7), false);
  assert.equal(memory.dump().length, PAGES);
});

test('a view reaches as far as it is asked for', () => {
  assert.equal(new BlockMemory().slice(FAR, 100)?.length, 100);
  assert.equal(new BlockMemory().slice(FAR, 101), null);
});

test('a block that a header written over puts far away can be used', () => {
  const memory = new BlockMemory(() => false);
  const freed = memory.alloc(100);
  memory.free(freed);
  memory.alloc(64_000);
  memory.storeWord(freed - 8, 500_000);
  const far = memory.alloc(2000);
  assert.equal(far, freed + 500_000 - 2000);
  assert.equal(memory.slice(far, 2000)?.length, 2000);
  assert.equal(memory.lengthUnsafe(far), 2000);
});
