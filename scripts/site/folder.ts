/** Where the sources of the site are put together, for VitePress to read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../test/shared.ts';

export const pagesFolder = join(root, 'build/site-pages');

export const writePage = (path: string, text: string): void => {
  const file = join(pagesFolder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
