/** A reader of the pages finds everything: each page is in the menu of the site, each thing that has a name on a page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { catalogue } from '../../src/errors.ts';
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

test('codes that the page on troubles names are those of the catalogue', () => {
  const cells = [...textOf('docs/guides/troubleshooting.md').matchAll(/^\| (`[^|]*) \|/gm)];
  const codes = cells.flatMap((match) =>
    [...match[1]!.matchAll(/`([\w-]+\.[\w-]+)`/g)].map(([, code]) => code!),
  );
  assert.ok(codes.length > 20, `only ${codes.length} codes`);
  assert.deepEqual(
    codes.filter((code) => !Object.hasOwn(catalogue, code)),
    [],
  );
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
