/** Mutants of texts: a few thousand of them, others in every run. `npm run fuzz -- --source text` takes as many as one likes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../generators/random.ts';
import { textCorpus, tryTextMutant } from '../mutation/mutate-text.ts';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);

test(`each is a module that reads back, or an error, FC_SEED=${seed}`, () => {
  const texts = textCorpus();
  assert.ok(texts.length > 20);
  for (let i = 0; i < 3000; i++) {
    const find = tryTextMutant(new Random(seed + i), texts);
    assert.equal(
      find,
      null,
      find === null ? '' : `FC_SEED=${seed + i}: ${find.fault}\n${find.text.slice(0, 3000)}`,
    );
  }
});
