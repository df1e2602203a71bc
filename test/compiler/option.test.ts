/** The option `compiler`, of everything that takes it: it compiles, changes no result, and may be refused. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { compiler } from '../../src/compile.ts';
import { compilePlugin, createPlugin, createPool, isQuernError } from '../../src/node.ts';
import { Store } from '../../src/wasm.ts';
import { createWebAssembly } from '../../src/webassembly.ts';
import { assemble } from '../assembler.ts';
import { buildExamples } from '../examples/example-plugins.ts';
import { runNode } from '../webassembly/children.ts';
import type { SetupReport } from './option-child.ts';

const child = (flags: readonly string[], args: readonly string[] = []): Promise<string> =>
  runNode([...flags, 'build/test/compiler/option-child.js', ...args]);

describe('the option compiler', () => {
  before(buildExamples);

  test('compiles, changes no result, and does nothing but warn where code from text is refused', async () => {
    const texts = await Promise.all([
      child([], ['without']),
      child([]),
      child(['--disallow-code-generation-from-strings']),
    ]);
    const [without, compiled, refused] = texts.map((text) => JSON.parse(text) as SetupReport[]);
    assert.equal(without!.length, 8);
    without!.forEach(({ name, results, madeOfText }, i) => {
      assert.equal(madeOfText, 0, name);
      assert.deepEqual(compiled![i]!.results, results, name);
      assert.deepEqual(refused![i]!.results, results, name);
      assert.ok(compiled![i]!.madeOfText > 0, name);
      assert.equal(refused![i]!.madeOfText, 0, name);
      assert.deepEqual(compiled![i]!.warnings, [], name);
      // Stores have no log. Of plug-ins that share a compiler, one is enough.
      const expected = ['Store', 'createWebAssembly'].includes(name) ? 0 : 1;
      assert.equal(refused![i]!.warnings.length, expected, name);
    });
  });

  test('is what compiler() made', async () => {
    const isRefused = (error: unknown): boolean =>
      isQuernError(error, 'usage.argument') && error.message.includes('compiler');
    const wasm = assemble({});
    for (const value of [null, true, {}, compiler] as never[]) {
      assert.throws(() => new Store({ compiler: value }), isRefused);
      assert.throws(() => createWebAssembly({ compiler: value }), isRefused);
      await assert.rejects(createPlugin(wasm, { compiler: value }), isRefused);
      const compiled = await compilePlugin(wasm);
      assert.throws(() => createPool(compiled, { compiler: value }), isRefused);
    }
  });

  test('its own options are checked', () => {
    for (const options of [{ target: 'wasm' }, { threshold: -1 }, { maxBytes: 1.5 }, 'jit'] as never[])
      assert.throws(
        () => compiler(options),
        (error) => isQuernError(error, 'usage.argument'),
      );
  });
});
