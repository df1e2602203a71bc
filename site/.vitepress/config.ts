/** The site: its pages, its menu and its looks. `scripts/site/build.ts` puts the pages together before. */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const build = new URL('../../build/', import.meta.url);
const { menu, hasPlayground } = JSON.parse(readFileSync(new URL('site-pages/menu.json', build), 'utf8'));

/** A site below a folder of its host: QUERN_SITE_BASE=/folder/ */
const base = process.env['QUERN_SITE_BASE'] ?? '/';

/** The fragment of a heading, as on the pages of the repository. */
const slugify = (heading: string): string =>
  heading
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .toLowerCase()
    .replace(/\s/g, '-');

export default defineConfig({
  title: 'Quern',
  description: 'An Extism plug-in host on its own WebAssembly engine.',
  lang: 'en',
  base,
  srcDir: '../build/site-pages',
  outDir: '../build/site',
  cacheDir: '../build/site-cache',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}quern.svg` }]],
  // What Git knows of files that were just written means nothing.
  lastUpdated: false,
  // The menu and the list of pages once, and not in every page.
  metaChunk: true,
  ignoreDeadLinks: [/\/playground\//],
  markdown: {
    anchor: { slugify },
    toc: { slugify },
    headers: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: { build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    logo: '/quern.svg',
    nav: [
      { text: 'Guides', link: '/guides/getting-started', activeMatch: '^/guides/' },
      { text: 'Reference', link: '/reference/overview', activeMatch: '^/reference/' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      ...(hasPlayground ? [{ text: 'Playground', link: '/playground/', target: '_self' }] : []),
    ],
    sidebar: menu,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    socialLinks: [],
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
