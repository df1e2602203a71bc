/** Whoever reads the pages finds everything: each page is in the menu of the site, each thing that has a name on a page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectFiles, textOf } from './project-files.ts';
import { hasSubject, subjects } from './subjects.ts';

describe('the site', () => {
  test('has every page of docs/ once, and no page that is not there', () => {
    const text = textOf('scripts/site/contents.ts');
    const listed = [...text.matchAll(/^ +\['([^']+\.md)', /gm)].map((match) => match[1]!);
    assert.equal(new Set(listed).size, listed.length);
    assert.deepEqual(
      listed.filter((file) => file.startsWith('docs/')).sort(),
      projectFiles.filter((file) => /^docs\/.*\.md$/.test(file)),
    );
    assert.deepEqual(
      listed.filter((file) => !projectFiles.includes(file)),
      [],
    );
  });
});

describe('on its page is', () => {
  const kinds = [...new Set(subjects.map(({ kind }) => kind))];
  for (const kind of kinds) {
    test(`every ${kind}`, () => {
      const own = subjects.filter((subject) => subject.kind === kind);
      assert.ok(own.length > 10, `only ${own.length} were found`);
      const missing = own.filter((subject) => !hasSubject(textOf(subject.page), subject));
      assert.deepEqual(
        missing.map(({ name, page }) => `${name}: not in ${page}`),
        [],
      );
    });
  }
});
