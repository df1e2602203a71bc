/**
 * Builds the site into build/site: `npm run site`. Pages of the repository, the API reference and the playground, where
 * the project has one; then every link is checked. The packages that this takes are those of site/package.json.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../test/shared.ts';
import { writeApiPages } from './api-pages.ts';
import { checkSite, siteFolder } from './check.ts';
import { pagesFolder, writePage } from './folder.ts';
import { writeMenu } from './menu.ts';
import { writePages } from './pages.ts';

const run = (command: string, args: readonly string[], cwd: string): void => {
  // Through a shell: on Windows npm is a script.
  const shell = process.platform === 'win32';
  const { status, error } = spawnSync(command, [...args], { cwd, stdio: 'inherit', shell });
  if (status !== 0) {
    console.error(`${command} ${args[0]} failed${error === undefined ? '' : `: ${error.message}`}`);
    process.exit(1);
  }
};
const site = join(root, 'site');
const isCurrent = (): boolean => {
  const installed = join(site, 'node_modules/.package-lock.json');
  const wanted = join(site, 'package-lock.json');
  if (!existsSync(installed)) return false;
  const packagesIn = (file: string): Record<string, { readonly version: string; readonly optional?: true }> =>
    JSON.parse(readFileSync(file, 'utf8')).packages;
  const there = packagesIn(installed);
  return Object.entries(packagesIn(wanted)).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
};

if (!isCurrent()) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], site);

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const hasPlayground = scripts['playground'] !== undefined;
const playground = join(root, 'build/playground');
if (hasPlayground) run('npm', ['run', 'playground'], root);

rmSync(pagesFolder, { recursive: true, force: true });
rmSync(siteFolder, { recursive: true, force: true });
await writeApiPages();
writePages();
const home = readFileSync(join(site, 'index.md'), 'utf8');
// A button for what is not there is left out.
writePage(
  'index.md',
  hasPlayground ? home : home.replace(/ {4}- theme: alt\n {6}text: Playground\n(?: {6}.*\n)*/, ''),
);
mkdirSync(join(pagesFolder, 'public'), { recursive: true });
copyFileSync(join(site, 'quern.svg'), join(pagesFolder, 'public/quern.svg'));
writeMenu(hasPlayground);
run(process.execPath, [join(site, 'node_modules/vitepress/bin/vitepress.js'), 'build', site], root);
if (hasPlayground) cpSync(playground, join(siteFolder, 'playground'), { recursive: true });

const { faults, pages, links } = checkSite();
for (const fault of faults) console.error(fault);
console.log(`build/site: ${pages} pages, ${links} links, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
