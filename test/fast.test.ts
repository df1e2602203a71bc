/** The fast tests name files that exist, and every chapter has some. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fastTests } from './fast.ts';
import { root } from './shared.ts';

const files = Object.values(fastTests).flat();

test('every chapter has fast tests', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const chapters = ['project', 'entries', ...folders.map(({ name }) => name)];
  assert.deepEqual(Object.keys(fastTests).sort(), chapters.sort());
  for (const [chapter, tests] of Object.entries(fastTests)) assert.ok(tests.length > 0, chapter);
});

test('every fast test is there, once', () => {
  assert.deepEqual(
    files.filter((file) => !existsSync(join(root, 'test', `${file}.test.ts`))),
    [],
  );
  assert.equal(new Set(files).size, files.length);
});
