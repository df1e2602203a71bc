/** Writes the pages of docs/ that derive from tables; with `--check` fails if one is stale instead. */
import { join } from 'node:path';
import { root } from '../test/shared.ts';
import { apiPage } from './docs/api-page.ts';
import { cliPage } from './docs/cli-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { instructionsPage } from './docs/instructions-page.ts';
import { limitsPage } from './docs/limits-page.ts';
import { meteringPage } from './docs/metering-page.ts';
import { optionsPage } from './docs/options-page.ts';
import { snapshotsPage } from './docs/snapshots-page.ts';
import { writeOrCheck } from './generated-files.ts';

writeOrCheck(
  {
    'docs/api.md': apiPage(),
    'docs/cli.md': cliPage(),
    'docs/instructions.md': instructionsPage(),
    'docs/errors.md': errorsPage(),
    'docs/limits.md': limitsPage(join(root, 'src/syntax/limits.ts')),
    'docs/options.md': optionsPage(),
    'docs/metering.md': meteringPage(),
    'docs/snapshots.md': snapshotsPage(),
  },
  'npm run gen:docs',
);
