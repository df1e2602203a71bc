/** The index of anchors holds those that comments name, and no others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorIndex, anchorUses } from './spec-anchors.ts';

const listed = Object.values(anchorIndex).flat();

test('every anchor that a comment names is in the index', () => {
  const unknown = anchorUses().filter(({ anchor }) => !listed.includes(anchor));
  assert.deepEqual(unknown, [], 'npm run check:anchors names the page of each');
});

test('every anchor of the index is named by a comment', () => {
  const used = new Set(anchorUses().map(({ anchor }) => anchor));
  assert.deepEqual(
    listed.filter((anchor) => !used.has(anchor)),
    [],
  );
});

test('the index is sorted, and no anchor has two pages', () => {
  const sorted = Object.fromEntries(
    Object.entries(anchorIndex)
      .map(([page, anchors]) => [page, anchors.toSorted()] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  assert.equal(JSON.stringify(anchorIndex), JSON.stringify(sorted));
  assert.equal(new Set(listed).size, listed.length);
});
