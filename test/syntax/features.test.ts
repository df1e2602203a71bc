/** Features: what is on by default. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultFeatures, type FeatureKey, featureTable } from '../../src/wasm.ts';

const keys = Object.keys(featureTable) as FeatureKey[];

test('everything on by default can be run', () => {
  for (const key of defaultFeatures) assert.ok(featureTable[key].isExecuted, key);
});

test('what is part of the spec and can be run is on by default, proposals are not', () => {
  for (const key of keys) {
    const { version, isExecuted }: { version: string; isExecuted: boolean } = featureTable[key];
    assert.equal(defaultFeatures.has(key), isExecuted && version !== 'proposal', key);
  }
});

test('1.0 is on', () => {
  assert.ok(defaultFeatures.has('mvp'));
});
