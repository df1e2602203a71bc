/** The menu of the site, for VitePress: the contents, and the exports of each entry on the pages of that entry. */
import { publicEntries, publicExports } from '../docs/public-api.ts';
import { apiFolderOf, apiPageOf } from './api-pages.ts';
import { contents, sitePaths } from './contents.ts';
import { writePage } from './folder.ts';

interface Item {
  readonly text: string;
  readonly link?: string;
  readonly items?: readonly Item[];
}

const linkOf = (path: string): string => `/${path.replace(/(?:index)?\.md$/, '')}`;

const exportsOf = (specifier: string): Item[] =>
  publicExports
    .filter((item) => item.specifier === specifier)
    .flatMap(({ name }) => {
      const page = apiPageOf(specifier, name);
      return page === undefined ? [] : [{ text: name, link: linkOf(page) }];
    });
/** All entries, with the exports of one. */
const entryMenu = (open: string | null): Item[] =>
  publicEntries.map(({ specifier }) => ({
    text: specifier,
    link: linkOf(`api/${apiFolderOf(specifier)}/index.md`),
    ...(specifier === open && { items: exportsOf(specifier) }),
  }));

/** Writes the menu, where the configuration of VitePress reads it. */
export const writeMenu = (hasPlayground: boolean): void => {
  const chapters = contents.map(
    ({ title, pages }): Item => ({
      text: title,
      items: pages.map(([file, text]) => ({ text, link: linkOf(sitePaths.get(file)!) })),
    }),
  );
  const menu = {
    ...Object.fromEntries(
      publicEntries.map(({ specifier }) => [`/api/${apiFolderOf(specifier)}/`, entryMenu(specifier)]),
    ),
    '/api/': entryMenu(null),
    '/': chapters,
  };
  writePage('menu.json', JSON.stringify({ menu, hasPlayground }));
};
