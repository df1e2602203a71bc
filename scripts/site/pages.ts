/**
 * The pages of the repository as pages of the site: at other places, so with other links. A link to what is no page
 * of the site leads to the repository, if package.json names its address, and is plain text otherwise.
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from '../../test/shared.ts';
import { apiPageOf } from './api-pages.ts';
import { contents, sitePaths } from './contents.ts';
import { pagesFolder, writePage } from './folder.ts';

const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly repository?: string | { readonly url: string };
};
/** The address of the repository in browsers; undefined where package.json has none. */
const repositoryUrl = (typeof repository === 'string' ? repository : repository?.url)
  ?.replace(/^git\+/, '')
  .replace(/\.git$/, '');

/** A relative link between two pages of the site. */
const linkBetween = (from: string, to: string): string => {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
};

const isPicture = (path: string): boolean => /\.(?:svg|png)$/.test(path);

/** Where a link of a page leads on the site; null where it leads nowhere. */
const moveLink = (link: string, file: string, sitePath: string): string | null => {
  if (/^(?:\w+:|#)/.test(link)) return link;
  const [target = '', fragment] = link.split('#');
  const path = posix.join(posix.dirname(file), target);
  const page = sitePaths.get(path);
  const end = fragment === undefined ? '' : `#${fragment}`;
  if (page !== undefined) return `${linkBetween(sitePath, page)}${end}`;
  if (isPicture(path)) {
    const picture = posix.join('pictures', posix.basename(path));
    mkdirSync(join(pagesFolder, 'pictures'), { recursive: true });
    copyFileSync(join(root, path), join(pagesFolder, picture));
    return linkBetween(sitePath, picture);
  }
  return repositoryUrl === undefined ? null : `${repositoryUrl}/blob/HEAD/${path}${end}`;
};

/** Calls `change` for what is no block of code. */
const outsideOfCode = (text: string, change: (prose: string) => string): string =>
  text
    .split(/(^ *```[\s\S]*?^ *```$)/m)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join('');

const moveLinks = (text: string, file: string, sitePath: string): string =>
  text.replace(
    /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
    (_, mark: string, label: string, link: string) => {
      const moved = moveLink(link, file, sitePath);
      return moved === null ? label : `${mark}[${label}](${moved})`;
    },
  );

/** An id for each row of a table that begins with one name in code font, so that searches and links find it. */
const withRowIds = (text: string): string =>
  text.replace(/^\| (`([\w.-]+)`)(?= *\|)/gm, '| <a id="$2"></a>$1');

/** Pages whose tables are looked up by their first column. */
const lookedUp = ['docs/errors.md', 'docs/limits.md'];

/** The list of exports, each with a link to its page in the API reference. */
const withApiLinks = (text: string, sitePath: string): string => {
  let specifier = '';
  const lines = text.split('\n').map((line) => {
    specifier = /^## `(.*)`$/.exec(line)?.[1] ?? specifier;
    return line.replace(/^\| `(\w+)`/, (cell, name: string) => {
      const page = apiPageOf(specifier, name);
      return page === undefined ? cell : `| [\`${name}\`](${linkBetween(sitePath, page)})`;
    });
  });
  return lines.join('\n');
};

const pageOf = (file: string, sitePath: string): string => {
  const text = readFileSync(join(root, file), 'utf8');
  return outsideOfCode(text, (prose) => {
    const moved = moveLinks(prose, file, sitePath).replaceAll('{{', '&#123;&#123;');
    if (file === 'docs/api.md') return withApiLinks(moved, sitePath);
    return lookedUp.includes(file) ? withRowIds(moved) : moved;
  });
};

/** Writes every page of the contents. */
export const writePages = (): void => {
  for (const { pages } of contents)
    for (const [file] of pages) {
      const sitePath = sitePaths.get(file)!;
      writePage(sitePath, pageOf(file, sitePath));
    }
};
