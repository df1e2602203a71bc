/**
 * Words that this project does not use, with the words to use instead: they are translated idioms, or have another
 * meaning here. CONTRIBUTING.md lists them. Read are comments and strings of the sources, and the pages.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { type Prose, placeOf, projectFiles, proseOf, textOf } from './project-files.ts';

interface Word {
  readonly pattern: RegExp;
  readonly use: string;
  /** Where the field itself uses the word, or someone else's text does. */
  readonly but?: RegExp;
}

/** TABLE: words and phrases that are not used. */
const words: readonly Word[] = [
  {
    pattern: /\bbehind\b/i,
    use: 'after',
    // What stays is left behind; features are behind flags, programs behind a layer, the code is behind an API.
    but: /\b(?:leav\w+|left)\b.*\bbehind\b|\bbehind (?:an? |the |each |its own |other )?(?:flags?|adapter|standard API|runner|memory|other\b)/i,
  },
  { pattern: /\btells\b/i, use: 'returns, shows, reports', but: /\btells apart\b/ },
  { pattern: /\b(?:give|gives|given|gave|giving) back\b/i, use: 'return, release, refund' },
  { pattern: /\b(?:goes|go|went|going|gone) on\b/i, use: 'continue, resume' },
  { pattern: /\bst(?:ands?|ood|anding) still\b/i, use: 'is paused, suspended' },
  {
    pattern: /\bwhere there (?:is|are) none\b|\bthat (?:is|are) none\b(?! of)/i,
    use: 'missing, no …, not a …',
  },
  { pattern: /\bwhoever\b/i, use: 'anyone who, the caller' },
  { pattern: /\b(?:take|takes|taken|took) down\b/i, use: 'record' },
  { pattern: /\bcircles?\b/i, use: 'cycle', but: /circularEcho|linking\/circle|geometry/ },
  { pattern: /\b(?:a|takes a|without a) look\b/i, use: 'check, lookup' },
  { pattern: /\bhand(?:s|ed|ing)? (?:over|out)\b/i, use: 'pass, give, return' },
  { pattern: /\bcalls? (?:is|are) over\b/i, use: 'has ended' },
  { pattern: /\bin place of\b/i, use: 'instead of' },
  { pattern: /\bin front of\b/i, use: 'before' },
  { pattern: /\bone behind the other\b/i, use: 'consecutive' },
  {
    pattern: /\bcancel(?:ed|ing)\b/i,
    use: 'cancelled, cancelling',
    // The message of the official SDKs, and an error of WASI.
    but: /call canceled due to timeout|^canceled$/,
  },
  { pattern: /\banew\b/i, use: 'again' },
  { pattern: /\bfor ever\b/i, use: 'forever' },
  { pattern: /\bfor want of\b/i, use: 'for lack of' },
  { pattern: /\bof ours\b/i, use: 'of Quern, of this project' },
  // `breathe` is an option of debuggers.
  { pattern: /\b(?:breathes?|leaps?)\b/i, use: 'yield, pause', but: /`breathe`|\bbreathe\b.*=>/ },
];

/** Texts of others, and files that others own. */
const foreign = /generated\.ts$|^test\/documents\/words\.test\.ts$|^CHANGELOG\.md$|^CODE_OF_CONDUCT\.md$/;
/** What is still to be edited, and pages made of docstrings, which are read in the sources. */
const unedited = /^docs\/(?:api|options)\.md$/;

/** The list in CONTRIBUTING.md. */
const list = /(?<=\n## Words\n).*?(?=\n## )/s;

/** The strings of a source file. */
const stringsOf = (path: string): Prose[] => {
  const file = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest);
  const found: Prose[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      found.push({ path, line: line + 1, text: node.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
};

/** Prose whose lines begin without the marks of comments; offsets stay the same. */
const unmarked = (text: string): string =>
  text.replace(/(?<=\n)[ \t]*(?:\*|\/\/)/g, (mark) => ' '.repeat(mark.length));

/** The words that are not used, with their places; a phrase may continue on the next line. */
const findings = (prose: readonly Prose[]): string[] =>
  prose.flatMap((part) => {
    const text = unmarked(part.text);
    return words.flatMap(({ pattern, use, but }) =>
      [...text.matchAll(new RegExp(pattern.source.replaceAll(' ', String.raw`\s+`), 'gi'))]
        .filter(({ 0: found, index }) => {
          const [start, end] = [text.lastIndexOf('\n', index) + 1, text.indexOf('\n', index + found.length)];
          return but?.test(text.slice(start, end < 0 ? text.length : end)) !== true;
        })
        .map(({ 0: found, index }) => `${placeOf(part, index)}: "${found}"; use: ${use}`),
    );
  });

const ofFolders = (pattern: RegExp): readonly string[] =>
  projectFiles.filter((path) => pattern.test(path) && !foreign.test(path) && !unedited.test(path));

describe('words that are not used', () => {
  test('in comments and strings of the sources', () => {
    const sources = ofFolders(
      /^(?:src|scripts|bench|engines|spec-tests|test|packages|site|examples)\/.*\.ts$/,
    );
    assert.deepEqual(findings(sources.flatMap((path) => [...proseOf(path), ...stringsOf(path)])), []);
  });

  test('in the pages', () => {
    const pages = ofFolders(/^(?:docs\/)?[^/]*\.md$/).flatMap(proseOf);
    // The list of words itself.
    const read = pages.map((page) => ({ ...page, text: page.text.replace(list, '') }));
    assert.deepEqual(findings(read), []);
  });

  test('are listed in CONTRIBUTING.md', () => {
    const rows = list.exec(textOf('CONTRIBUTING.md'))?.[0] ?? '';
    assert.deepEqual(
      words.map(({ use }) => use).filter((use) => !rows.includes(`| ${use} `)),
      [],
    );
  });
});
