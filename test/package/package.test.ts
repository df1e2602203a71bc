/** What `npm publish` would ship: its files, its size, and that every entry point loads. */
import assert from 'node:assert/strict';
import { execSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { publint } from 'publint';
import { root } from '../shared.ts';

interface PackedFile {
  readonly path: string;
  readonly size: number;
}
interface PackReport {
  readonly files: readonly PackedFile[];
  readonly size: number;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Target>>;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
/** What an entry of the exports map leads to, by condition. */
type Target = string | { readonly [condition: string]: Target };
const filesOf = (target: Target): string[] =>
  typeof target === 'string' ? [target] : Object.values(target).flatMap(filesOf);

const pack = (): PackReport => {
  // Through a shell: on Windows npm is a script.
  const text = execSync('npm pack --dry-run --json --ignore-scripts', {
    ...{ cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 24 },
  });
  return (JSON.parse(text) as [PackReport])[0];
};

/** Entry points that code can import. */
const entries = Object.keys(manifest.exports).filter((key) => !key.endsWith('.json'));

describe('package', () => {
  const report = pack();
  const paths = new Set(report.files.map(({ path }) => path));

  test('ships code and documents only, within its size budget', () => {
    const allowed =
      /^(dist\/.+\.js|dist\/quern\.1|dist\/types\/.+\.d\.ts|docs\/(?:guides\/)?[\w-]+\.md|templates\/.+|[A-Z]+\.md|LICENSE|package\.json)$/;
    assert.deepEqual(
      [...paths].filter((path) => !allowed.test(path)),
      [],
    );
    // Half of it are entries in one file each, which are loaded by pages without a bundler; templates, the manual and
    // the page of the command are 11 kB.
    assert.ok(report.size < 1_800_000, `${report.size} bytes packed`);
  });

  test('every target of the exports map and of bin is in it', () => {
    const targets = Object.values(manifest.exports).flatMap(filesOf);
    for (const target of [...targets, ...Object.values(manifest.bin)]) {
      assert.ok(paths.has(target.replace(/^\.\//, '')), target);
    }
  });

  test('publint has nothing to say but that a string will do for "browser"', async () => {
    const { messages } = await publint({ pkgDir: root, pack: false });
    // Resolvers that read no exports map read it.
    const left = messages.filter(
      ({ code }) =>
        code !== 'EXPORTS_MISSING_ROOT_ENTRYPOINT' &&
        code !== 'USE_EXPORTS_BROWSER' &&
        // Packages of their own are not in this one.
        code !== 'NESTED_PACKAGE_JSON_FIELD_IGNORED',
    );
    assert.deepEqual(left, []);
  });

  test('older resolvers of types find those of all entries', () => {
    const { '*': versions } = manifest.typesVersions;
    const known = entries.filter((entry) => entry !== '.').map((entry) => entry.slice(2));
    assert.deepEqual(Object.keys(versions), known);
    for (const name of known) {
      const { types } = manifest.exports[`./${name}`] as { readonly types: string };
      assert.deepEqual(versions[name], [types]);
    }
  });

  for (const entry of entries) {
    test(`${manifest.name}${entry.slice(1)} loads and has named exports only`, async () => {
      const module = (await import(`${manifest.name}${entry.slice(1)}`)) as Record<string, unknown>;
      assert.ok(Object.keys(module).length > 0);
      for (const [name, value] of Object.entries(module)) assert.notEqual(value, undefined, name);
    });
  }

  test('plug-in users have the names of @extism/extism', async () => {
    const module = (await import(manifest.name)) as Record<string, unknown>;
    assert.equal(module['default'], module['createPlugin']);
    assert.equal(typeof module['newPlugin'], 'function');
    assert.equal(typeof module['CAPABILITIES'], 'object');
  });

  test('every development dependency is used', () => {
    const sources = ['test', 'scripts', 'bench', 'engines', 'spec-tests', 'examples'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => readFileSync(join(root, folder, path), 'utf8')),
    );
    const isImported = (name: string): boolean => {
      const pattern = new RegExp(`['/]${name}['/]`);
      return sources.some((text) => pattern.test(text));
    };
    const words = Object.values(manifest.scripts).flatMap((command) => command.split(' '));
    const isCommand = (name: string): boolean => {
      const { bin = {} } = JSON.parse(
        readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
      ) as { readonly bin?: Readonly<Record<string, string>> | string };
      const commands = typeof bin === 'string' ? [name] : Object.keys(bin);
      return commands.some((command) => words.includes(command));
    };
    // Types of Node are named in the projects' `types`.
    const others = Object.keys(manifest.devDependencies).filter((name) => name !== '@types/node');
    assert.deepEqual(
      others.filter((name) => !isImported(name) && !isCommand(name)),
      [],
    );
  });

  test('the changelog knows the version', () => {
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
    assert.ok(changelog.includes('## Unreleased') || changelog.includes(`## ${manifest.version}`));
  });
});
