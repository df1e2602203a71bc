/** Writes the pages of docs/ that derive from tables; with `--check` fails if one is stale instead. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/shared.ts';
import { errorsPage } from './docs/errors-page.ts';
import { instructionsPage } from './docs/instructions-page.ts';
import { limitsPage } from './docs/limits-page.ts';
import { meteringPage } from './docs/metering-page.ts';
import { snapshotsPage } from './docs/snapshots-page.ts';

const pages: Readonly<Record<string, () => string>> = {
  'docs/instructions.md': instructionsPage,
  'docs/errors.md': errorsPage,
  'docs/limits.md': () => limitsPage(join(root, 'src/syntax/limits.ts')),
  'docs/metering.md': meteringPage,
  'docs/snapshots.md': snapshotsPage,
};

const isCheck = process.argv.includes('--check');
for (const [path, makePage] of Object.entries(pages)) {
  const file = join(root, path);
  const text = makePage();
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (isCheck) {
    console.error(`${path} is stale: run npm run gen:docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
