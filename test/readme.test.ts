/** The examples in the documents run, and print what the documents say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { runQuern } from './cli/run-quern.ts';
import { buildExamples } from './examples/example-plugins.ts';
import { proof } from './proof.ts';
import { root } from './shared.ts';

const documents = [
  'README.md',
  'examples/README.md',
  'docs/benchmarks.md',
  'docs/compiling.md',
  'docs/snapshots.md',
  'docs/jobs.md',
  'docs/service.md',
  'docs/text.md',
  'docs/threads.md',
  'docs/webassembly.md',
  'packages/threads/README.md',
];

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocksOf = (document: string): Block[] =>
  [...readFileSync(join(root, document), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
    ...{ language: match[1]!, text: match[2]! },
  }));

/** Splits a command line as a shell does, as far as the documents need it. */
const splitCommand = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);

before(buildExamples);

for (const document of documents) {
  describe(document, () => {
    const blocks = blocksOf(document);
    const folder = join(root, 'build/readme');
    mkdirSync(folder, { recursive: true });

    blocks.forEach(({ language, text }, index) => {
      if (language !== 'js') return;
      test(`code block ${index + 1}`, () => {
        // Inside the package, so that its name resolves as it does for users.
        const file = join(folder, `${document.replace(/\W/g, '-')}-${index + 1}.mjs`);
        writeFileSync(file, text);
        const run = spawnSync(process.execPath, [...proof, file], { cwd: root, encoding: 'utf8' });
        assert.equal(run.status, 0, run.stderr);
        const expected = [...text.matchAll(/\/\/ → (.*)$/gm)].map((match) => match[1]!);
        assert.deepEqual(run.stdout.trimEnd().split('\n'), expected);
      });
    });

    for (const line of blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.split('\n'))) {
      const command = splitCommand(line.replace(/\s+#.*$/, ''));
      if (command[0] !== 'quern') continue;
      test(line, () => {
        const run = runQuern(command.slice(1));
        assert.equal(run.status, 0, run.stderr);
      });
    }
  });
}

test('the generated pages of docs/ are fresh', () => {
  const run = spawnSync(process.execPath, ['build/scripts/generate-docs.js', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
});
