/** What only the forge runs: workflows and templates name what is there, and have no more rights than they need. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root } from './shared.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.\w+$/.test(path))
    .sort();

const workflows = filesIn('.github/workflows');
const ci = read('.github/workflows/ci.yml');
const release = read('.github/workflows/release.yml');

/** The text of one job, whose name is indented by two spaces. */
const job = (workflow: string, name: string): string =>
  new RegExp(`^  ${name}:\n(?:(?: {4}.*)?\n)*`, 'm').exec(workflow)?.[0] ?? assert.fail(`no job ${name}`);

describe('forge', () => {
  for (const path of [...filesIn('.github'), '.ci/run', 'CONTRIBUTING.md', 'SECURITY.md']) {
    test(`${path} names scripts and documents that exist`, () => {
      const text = read(path);
      const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]!);
      assert.deepEqual(
        scripts.filter((name) => !Object.hasOwn(manifest.scripts, name)),
        [],
      );
      const documents = [...text.matchAll(/\b[A-Z_]+\.md\b/g)].map(([name]) => name);
      assert.deepEqual(
        documents.filter((name) => !existsSync(join(root, name))),
        [],
      );
    });
  }

  test('actions are pinned to a version', () => {
    for (const path of workflows) {
      const used = [...read(path).matchAll(/uses: (\S+)/g)].map((match) => match[1]!);
      assert.ok(used.length > 0, path);
      for (const action of used) assert.match(action, /^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/, path);
    }
  });

  test('three systems and the oldest Node are tested', () => {
    const [, oldest] = /^>=(\d+)\./.exec(manifest.engines.node)!;
    assert.match(ci, new RegExp(`node: \\[${oldest}, `));
    for (const system of ['ubuntu', 'macos', 'windows'])
      assert.match(ci, new RegExp(`os: \\[.*\\b${system}-`));
    assert.match(ci, /run: \.ci\/run\n/);
  });

  test('only the job that publishes has a right to write, after the tests and with provenance', () => {
    const rights = workflows.map((path) => [path, [...read(path).matchAll(/\S+: write/g)].map(String)]);
    assert.deepEqual(rights, [
      ['.github/workflows/ci.yml', []],
      ['.github/workflows/release.yml', ['id-token: write']],
    ]);
    const publish = job(release, 'publish');
    assert.match(publish, /id-token: write/);
    assert.match(publish, /needs: test\n/);
    assert.match(publish, /npm publish --provenance\b/);
    assert.match(job(release, 'test'), /run: \.ci\/run\n/);
    assert.match(release, /^permissions: \{\}$/m);
  });
});
