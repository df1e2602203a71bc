/**
 * Some thousand mutants of all kinds: every one ends with an error of Quern's or works, within its time, and native
 * Wasm says the same of modules. `npm run fuzz -- --source mutate` tries as many as one likes.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../shared.ts';
import { Campaign, type Find } from './campaign.ts';
import { writeCorpus } from './corpus.ts';
import { differences } from './differences.ts';

/** Fixed, so that a change of Quern is what makes the difference. */
const firstSeed = 1;
const count = 2560;

const { path: corpusPath, corpus, digest } = await writeCorpus();

test(`${count} mutants from seed ${firstSeed} of corpus ${digest}`, async (t) => {
  const finds: Find[] = [];
  const campaign = new Campaign({
    ...{ corpus, corpusPath, kind: 'all', firstSeed, count, node: process.execPath },
    onFind: (find) => finds.push(find),
    onProgress: () => {},
  });
  await campaign.run();
  const texts = finds.map(
    ({ kind, seed, what, text }) =>
      `${what}: npm run fuzz -- --source mutate --kind ${kind} --count 1 --seed ${seed}\n${text}`,
  );
  assert.deepEqual(texts, []);
  const tried = [...campaign.counts].filter(([name]) => /^(module|snapshot|recording|manifest): /.test(name));
  for (const [name, times] of tried) t.diagnostic(`${times} ${name}`);
  assert.equal(
    tried.reduce((sum, [, times]) => sum + times, 0),
    count,
  );
});

test('docs/conformance.md names every difference from native Wasm', () => {
  const page = readFileSync(join(root, 'docs/conformance.md'), 'utf8');
  for (const { reason } of Object.values(differences).flat())
    assert.ok(page.includes(`| ${reason} |`), reason);
});
