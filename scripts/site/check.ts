/**
 * Looks at the site as it was built: every link leads to a page, and to a place on it; nothing is loaded from another
 * host; and every export, option, flag, limit and code of an error is on its page, exports on one of their own.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { hasSubject, subjects } from '../../test/documents/subjects.ts';
import { root } from '../../test/shared.ts';
import { publicExports } from '../docs/public-api.ts';
import { apiPageOf } from './api-pages.ts';
import { sitePaths } from './contents.ts';

export const siteFolder = join(root, 'build/site');
/** Where the host puts the site. */
const base = process.env['QUERN_SITE_BASE'] ?? '/';

interface Page {
  readonly path: string;
  readonly text: string;
  readonly ids: ReadonlySet<string>;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const decode = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name]!);

const readPages = (): ReadonlyMap<string, Page> => {
  const files = readdirSync(siteFolder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    // The playground is built and tested separately.
    .filter((path) => path.endsWith('.html') && !path.startsWith('playground/'));
  return new Map(
    files.map((path) => {
      const text = readFileSync(join(siteFolder, path), 'utf8');
      const ids = new Set([...text.matchAll(/ id="([^"]*)"/g)].map((match) => decode(match[1]!)));
      return [path, { path, text, ids }];
    }),
  );
};

/** The file of the site at a path; undefined if there is none. */
const fileAt = (path: string): string | undefined => {
  const names = path.endsWith('/') || path === '' ? [`${path}index.html`] : [path, `${path}.html`];
  return names.find((name) => existsSync(join(siteFolder, name)));
};

/** What is wrong with a link of a page; null where nothing is. */
const faultOf = (link: string, page: Page, pages: ReadonlyMap<string, Page>): string | null => {
  const [target = '', fragment] = decode(link).split('#');
  if (target.startsWith('/') && !target.startsWith(base))
    return `${page.path}: ${link} is outside of ${base}`;
  const path = target.startsWith('/')
    ? target.slice(base.length)
    : posix.join(posix.dirname(page.path), target);
  const file = target === '' ? page.path : fileAt(decodeURIComponent(path));
  if (file === undefined) return `${page.path}: ${link} leads nowhere`;
  const place = fragment === undefined || fragment === '' ? undefined : decodeURIComponent(fragment);
  const ids = pages.get(file)?.ids;
  return place === undefined || ids === undefined || ids.has(place)
    ? null
    : `${page.path}: ${link} names no place on that page`;
};

/** What pages and styles load from elsewhere. */
const loadsOf = ({ path, text }: Page): string[] =>
  [...text.matchAll(/<(?:script|img|link|iframe|source)\b[^>]* (?:src|href)="((?:https?:)?\/\/[^"]*)"/g)].map(
    (match) => `${path}: loads ${match[1]}`,
  );
const stylesThatLoad = (): string[] =>
  readdirSync(join(siteFolder, 'assets'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.css'))
    .filter((path) =>
      /(?:url\(|@import )["']?(?:https?:)?\/\//.test(readFileSync(join(siteFolder, 'assets', path), 'utf8')),
    )
    .map((path) => `assets/${path}: loads from elsewhere`);

const htmlOf = (page: string): string =>
  page.replace(/(?:index)?\.md$/, (end) => (end === '.md' ? '.html' : 'index.html'));

/** What has no page. */
const missing = (pages: ReadonlyMap<string, Page>): string[] => {
  const unlisted = subjects
    .filter((subject) => {
      const text = pages.get(htmlOf(sitePaths.get(subject.page)!))?.text ?? '';
      return !hasSubject(decode(text), subject, '<code>', '</code>');
    })
    .map(({ kind, name, page }) => `${kind} ${name} is not on the page made of ${page}`);
  const withoutPage = publicExports
    .filter(({ name, specifier }) => name !== 'default' && apiPageOf(specifier, name) === undefined)
    .map(({ name, specifier }) => `${name} of ${specifier} has no page in the API reference`);
  return [...unlisted, ...withoutPage];
};

export const checkSite = (): {
  readonly faults: string[];
  readonly pages: number;
  readonly links: number;
} => {
  const pages = readPages();
  const links = [...pages.values()].flatMap((page) =>
    [...page.text.matchAll(/ (?:href|src)="([^"]*)"/g)]
      .map((match) => match[1]!)
      .filter((link) => !/^(?:\w+:|\/\/)/.test(link))
      .map((link) => ({ page, link })),
  );
  const broken = links.flatMap(({ page, link }) => faultOf(link, page, pages) ?? []);
  const faults = [
    ...new Set([...broken, ...[...pages.values()].flatMap(loadsOf), ...stylesThatLoad(), ...missing(pages)]),
  ];
  return { faults, pages: pages.size, links: links.length };
};
