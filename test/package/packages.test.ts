/** The packages beside this one as `npm publish` would ship them: files, types, versions, docstrings and their examples. */
import assert from 'node:assert/strict';
import { execFileSync, execSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { publint } from 'publint';
import { packages } from '../packages.ts';
import { root } from '../shared.ts';
import { complaintsOfExamples, packageNames } from './package-examples.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies?: object;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifestOf = (path: string): Manifest => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
const core = manifestOf(root);
const attw = createRequire(import.meta.url)
  .resolve('@arethetypeswrong/cli/package.json')
  .replace('package.json', 'dist/index.js');

const folder = mkdtempSync(join(tmpdir(), 'quern-packages-'));
after(() => rmSync(folder, { recursive: true, force: true }));

assert.deepEqual(
  packages.map(({ name }) => name),
  ['quern-bullmq', 'quern-pg-boss', 'quern-threads'],
);

for (const { name, path, folder: place, files: loaded } of packages)
  describe(name, () => {
    const manifest = manifestOf(path);

    test('ships code, types, README and license only', () => {
      // Through a shell: on Windows npm is a script.
      const text = execSync(`npm pack --json --ignore-scripts --pack-destination "${folder}"`, {
        ...{ cwd: path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      });
      const [{ files }] = JSON.parse(text) as [{ readonly files: readonly { readonly path: string }[] }];
      const types = readdirSync(join(path, 'src')).map((file) => `dist/${file.replace(/\.ts$/, '.d.ts')}`);
      assert.deepEqual(
        files.map((file) => file.path).sort(),
        ['LICENSE', 'README.md', 'package.json', ...loaded.map((file) => `dist/${file}.js`), ...types].sort(),
      );
    });

    test('its types resolve', () => {
      const archive = readdirSync(folder).find((file) => file.startsWith(`${name}-`))!;
      execFileSync(process.execPath, [attw, join(folder, archive), '--ignore-rules', 'cjs-resolves-to-esm'], {
        ...{ cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
      });
    });

    test('publint has nothing to say', async () => {
      assert.deepEqual((await publint({ pkgDir: path, pack: false })).messages, []);
    });

    test('is released with the package that it is for, and has no dependencies of its own', () => {
      assert.equal(manifest.version, core.version);
      assert.equal(manifest.license, 'Apache-2.0');
      assert.equal(manifest.dependencies, undefined);
      assert.equal(manifest.peerDependencies['quern'], `^${core.version}`);
      for (const [peer, version] of Object.entries(manifest.devDependencies))
        if (peer !== 'quern')
          assert.ok(
            ['^', '>='].some((sign) => manifest.peerDependencies[peer]?.startsWith(sign)),
            `${peer} ${version}`,
          );
    });

    test('loads by name and has named exports only', async () => {
      const module = (await import(name)) as Record<string, unknown>;
      assert.ok(Object.keys(module).length > 0);
      assert.equal(module['default'], undefined);
    });

    test('is built, tested and released with the others', () => {
      const config = readFileSync(join(root, 'tsconfig.json'), 'utf8');
      assert.ok(config.includes(`packages/${place}`));
      const release = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8');
      assert.match(release, /npm publish --provenance --access public --workspaces$/m);
    });

    test('its names have docstrings with examples', () => {
      const own = packageNames.filter((item) => item.package === name);
      for (const { name: item, text, examples } of own) {
        const other = /^Example: see `(\w+)`\.$/m.exec(text)?.[1];
        const shown = other === undefined ? examples : (own.find((o) => o.name === other)?.examples ?? []);
        assert.ok(
          shown.some((code) => new RegExp(`\\b${item}\\b`).test(code)),
          `${item}: no example that uses it`,
        );
      }
    });
  });

test('the examples compile against the declarations that are shipped', () => {
  assert.deepEqual(complaintsOfExamples(), []);
});
