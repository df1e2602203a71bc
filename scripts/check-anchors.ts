/**
 * Checks the index of anchors against the specification: `npm run check:anchors -- SPEC [THREADS]`.
 *
 * SPEC is a checkout of WebAssembly/spec, THREADS one of WebAssembly/threads; without the second, its anchors are not
 * checked. For an anchor that a comment names but the index lacks, it prints the pages that have it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorIndex, anchorUses } from '../test/documents/spec-anchors.ts';

/** Labels of a chapter in reStructuredText. */
const labelsOf = (text: string): string[] =>
  [...text.matchAll(/^ *\.\. _([^:\n]+):/gm)].map((match) => match[1]!);

/** Ids of a page made by Bikeshed: explicit ones, and those of plain definitions. */
const idsOf = (text: string): string[] => [
  ...[...text.matchAll(/\bid="?([\w-]+)/g)].map((match) => match[1]!),
  ...[...text.matchAll(/<dfn>([^<]*)<\/dfn>/g)].map((match) =>
    match[1]!.toLowerCase().replace(/[^\w]+/g, '-'),
  ),
];

/** The anchors of each page of a checkout. */
const readPages = (repository: string, checkout: string): Map<string, ReadonlySet<string>> => {
  const folder = join(checkout, 'document');
  const pages = new Map<string, ReadonlySet<string>>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const [, name, kind] = /^(.*)\.(rst|bs)$/.exec(path.replaceAll('\\', '/')) ?? [];
    if (name === undefined) continue;
    const text = readFileSync(join(folder, path), 'utf8');
    pages.set(`${repository}/${name}`, new Set(kind === 'rst' ? labelsOf(text) : idsOf(text)));
  }
  return pages;
};

const checkouts = process.argv.slice(2);
if (checkouts.length === 0 || !checkouts.every((checkout) => existsSync(join(checkout, 'document')))) {
  console.error(
    'npm run check:anchors -- SPEC [THREADS], checkouts of WebAssembly/spec and WebAssembly/threads',
  );
  process.exit(1);
}
const repositories = ['spec', 'threads'].slice(0, checkouts.length);
const pages = new Map(repositories.flatMap((name, i) => [...readPages(name, checkouts[i]!)]));

const problems: string[] = [];
let checked = 0;
for (const [page, anchors] of Object.entries(anchorIndex)) {
  if (!repositories.includes(page.split('/')[0]!)) {
    console.log(`${page} is not checked: its checkout is missing`);
    continue;
  }
  checked += anchors.length;
  for (const anchor of anchors)
    if (!pages.get(page)?.has(anchor)) problems.push(`${anchor} is not on page ${page}`);
}
const listed = new Set(Object.values(anchorIndex).flat());
for (const { anchor, place } of anchorUses().filter((use) => !listed.has(use.anchor))) {
  const found = [...pages].filter(([, anchors]) => anchors.has(anchor)).map(([page]) => page);
  problems.push(`${place}: ${anchor} is not in the index; ${found.join(', ') || 'no page'} has it`);
}
for (const problem of problems) console.error(problem);
console.log(`${checked} anchors checked, ${problems.length} problems`);
if (problems.length > 0) process.exitCode = 1;
