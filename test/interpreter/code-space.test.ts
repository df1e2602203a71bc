/** The code array: room that is released is used again, and an array that is almost empty becomes smaller. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CodeOwner, CodeSpace } from '../../src/interpreter/code/code-space.ts';

/** A module whose code takes `count` stretches of `size` words. */
const fill = (space: CodeSpace, count: number, size: number): CodeOwner => {
  const owner: CodeOwner = { hold: null };
  for (let i = 0; i < count; i++) {
    const start = space.allocate(size);
    space.add(owner, { start, end: start + size });
  }
  return owner;
};

test('what is released is used again, and an array that is almost empty becomes smaller', () => {
  const space = new CodeSpace(1024);
  let replaced = 0;
  space.onReplaced = () => replaced++;
  fill(space, 1, 100);
  const kept = space.usage.used;
  space.words[kept] = 42;
  for (let i = 0; i < 100; i++) {
    const large = fill(space, 20, 500);
    assert.ok(space.words.length <= 1 << 15, `${space.words.length} words after ${i} modules`);
    large.hold!.giveBack();
    assert.deepEqual(space.usage, { used: kept, size: 1024 });
  }
  assert.ok(replaced >= 200);
  assert.equal(space.words[kept], 42);
});

test('room between that of others is used again', () => {
  const space = new CodeSpace(1 << 16);
  const units = Array.from({ length: 9 }, () => fill(space, 3, 100));
  for (const i of [3, 5, 4]) units[i]!.hold!.giveBack();
  const { used } = space.usage;
  const start = space.allocate(900);
  assert.equal(start, units[2]!.hold!.stretches[2]!.end);
  assert.equal(space.usage.used, used + 900);
});
