/** Real programs from npm give the same results as on native Wasm. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ProgramProcess } from './children.ts';
import { programNames, programs } from './programs.ts';

describe('programs from npm', () => {
  const native = new ProgramProcess('native', 'native');
  const quern = new ProgramProcess('quern', 'quern');
  after(() => {
    native.stop();
    quern.stop();
  });
  for (const name of programNames) {
    test(`${name} (${programs[name].what})`, async () => {
      const [expected, actual] = await Promise.all([native.ask(name), quern.ask(name)]);
      assert.ok('result' in expected, JSON.stringify(expected));
      assert.ok('result' in actual, JSON.stringify(actual));
      assert.ok(expected.result.length > 20);
      assert.equal(actual.result, expected.result);
    });
  }
});
