/** The reports in api/ show what the package exports: a change of the API is a change of a file that is reviewed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root } from './shared.ts';

describe('API reports', () => {
  test('are those of the declarations', () => {
    const run = spawnSync(process.execPath, ['build/scripts/generate-api.js', '--check'], {
      ...{ cwd: root, encoding: 'utf8' },
    });
    assert.equal(run.status, 0, `the API has changed; if it should, commit the new reports\n${run.stderr}`);
  });

  test('name every value that an entry has when it runs', async () => {
    for (const file of readdirSync(join(root, 'api'))) {
      const report = readFileSync(join(root, 'api', file), 'utf8');
      const entry = file.replace('.d.ts', '');
      const module = (await import(entry.startsWith('quern-') ? entry : `../src/${entry}.js`)) as object;
      const starred = /^export \* from '\.\/index\.ts';$/m.test(report)
        ? Object.keys((await import('../src/index.js')) as object)
        : [];
      const missing = Object.keys(module).filter(
        (name) => !starred.includes(name) && !new RegExp(`^export .*\\b${name}\\b`, 'm').test(report),
      );
      assert.deepEqual(missing, [], file);
    }
  });
});
