/** Hosts that give less than usual: no environment, no clock, intrinsics that nobody can change. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createPlugin as createNeutral } from '../../src/index.ts';
import { isQuernError, nodePlatform } from '../../src/node.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { proof } from '../proof.ts';
import { root } from '../shared.ts';

before(buildExamples);

const entry = (name: string): string => pathToFileURL(join(root, `build/src/${name}.js`)).href;
const run = (flags: readonly string[], program: string): { stdout: string; stderr: string } => {
  const child = spawnSync(process.execPath, [...proof, ...flags, '--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(child.status, 0, child.stderr);
  return child;
};
const use = `
  const { default: createPlugin, CAPABILITIES } = await import(${JSON.stringify(entry('node'))});
  const { createWebAssembly } = await import(${JSON.stringify(entry('webassembly'))});
  const plugin = await createPlugin(${JSON.stringify(example('greet'))});
  console.log((await plugin.call('greet', 'Ada')).text(), CAPABILITIES.extismStdoutEnvVarSet);
  console.log(typeof createWebAssembly().Module);`;

describe('the package', () => {
  test('reads no variable of the environment when it loads, and does without where that is denied', () => {
    const denied = `
      const asked = [];
      let isLoaded = false;
      const env = new Proxy({}, { get: (_, name) => {
        if (!/EXTISM/.test(String(name))) return undefined;
        asked.push(isLoaded);
        throw new Error('denied');
      }, has: () => false });
      Object.defineProperty(process, 'env', { value: env, configurable: true });
      await import(${JSON.stringify(entry('node'))});
      isLoaded = true;
      ${use}
      console.log(asked.length > 0 && asked.every(Boolean));`;
    assert.equal(run([], denied).stdout, 'Hello, Ada! false\nfunction\ntrue\n');
  });
  test('has no method of an odd name where there is no symbol for await using', () => {
    const without = `
      const names = Object.getOwnPropertyDescriptors(Symbol);
      delete names.asyncDispose;
      const { asyncDispose } = Symbol;
      globalThis.Symbol = Object.defineProperties((text) => asyncDispose.constructor(text), names);
      const { Plugin, PluginPool, createPlugin, compilePlugin, createPool } =
        await import(${JSON.stringify(entry('node'))});
      const file = ${JSON.stringify(example('greet'))};
      const made = [await createPlugin(file), createPool(await compilePlugin(file))];
      console.log(made.map((item) => [
        'undefined' in item,
        asyncDispose in item,
        Reflect.ownKeys(Object.getPrototypeOf(item)).some((key) => typeof key === 'symbol'),
      ]).flat().some(Boolean), Symbol.asyncDispose);`;
    assert.equal(run([], without).stdout, 'false undefined\n');
  });
  test('changes no intrinsics', () => {
    assert.equal(run(['--frozen-intrinsics'], use).stdout, 'Hello, Ada! false\nfunction\n');
  });
});

test('without a clock a deadline is refused by name, and all else works', async () => {
  const { now } = Date;
  const { performance } = globalThis;
  Date.now = () => {
    throw new TypeError('no time');
  };
  delete (globalThis as { performance?: unknown }).performance;
  try {
    const plugin = await createNeutral({ wasm: [{ data: await nodePlatform.readFile!(example('greet')) }] });
    assert.equal((await plugin.call('greet', 'Ada'))?.text(), 'Hello, Ada!');
    await assert.rejects(
      plugin.call('greet', 'Ada', null, { timeoutMs: 10 }),
      (error) => isQuernError(error, 'usage.state') && /this host has no clock/.test(error.message),
    );
    assert.equal((await plugin.call('greet', 'Ada'))?.text(), 'Hello, Ada!');
  } finally {
    Date.now = now;
    Object.defineProperty(globalThis, 'performance', {
      value: performance,
      configurable: true,
      writable: true,
    });
  }
});
