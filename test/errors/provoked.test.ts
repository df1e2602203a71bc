/**
 * Every error of the catalogue happens: each code has a provocation that throws exactly it. A code that is added
 * without one is a type error here; one that nothing throws any more has no place in the catalogue.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { catalogue, type ErrorCode, isQuernError } from '../../src/errors.ts';
import { execution } from './execution.ts';
import { invalid } from './invalid.ts';
import { malformed } from './malformed.ts';
import { plugins } from './plugins.ts';
import type { Provocation } from './provocation.ts';

const provocations: Readonly<Record<ErrorCode, Provocation>> = {
  ...malformed,
  ...invalid,
  ...execution,
  ...plugins,
};

const thrownBy = async (provoke: Provocation): Promise<unknown> => {
  try {
    await provoke();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('the errors of the catalogue', () => {
  for (const [code, provoke] of Object.entries(provocations)) {
    test(code, async () => {
      const error = await thrownBy(provoke);
      assert.ok(isQuernError(error, code as ErrorCode), `got ${error}`);
      const { class: name, text, advice } = catalogue[code as ErrorCode];
      assert.equal(error.name, name);
      // A replay repeats what a host function threw, word for word.
      if (code !== 'host.threw') assert.ok(error.message.startsWith(text), error.message);
      assert.equal(error.advice, advice);
    });
  }
});
