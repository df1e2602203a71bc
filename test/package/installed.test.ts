/** The package as strangers have it: packed, installed into an empty folder, and used by name. */
import assert from 'node:assert/strict';
import { execFileSync, execSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { root } from '../shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-installed-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// Through a shell: on Windows npm is a script.
const npm = (command: string, cwd: string): string =>
  execSync(`npm ${command}`, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 24,
  });
npm(`pack --ignore-scripts --pack-destination "${folder}"`, root);
const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
writeFileSync(join(folder, 'package.json'), '{}');
npm(`install --offline --no-audit --no-fund ./${archive}`, folder);
copyFileSync(join(root, 'build/examples/greet.wasm'), join(folder, 'greet.wasm'));

const run = (...args: readonly string[]): string =>
  execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'] } });
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

const lines = `const plugin = await createPlugin('greet.wasm');
console.log((await plugin.call('greet', 'Ada')).text());`;

describe('installed', () => {
  for (const flags of [[], ['--jitless'], ['--disallow-code-generation-from-strings']])
    test(`three lines give an answer: node ${flags.join(' ')}`, () => {
      const file = write('three.mjs', `import createPlugin from 'quern';\n${lines}`);
      assert.equal(run(...flags, file), 'Hello, Ada!\n');
    });

  test('the command calls a plug-in, and does not need to be installed', () => {
    const main = join('node_modules', 'quern', 'dist', 'cli', 'main.js');
    assert.equal(run(main, 'call', 'greet.wasm', 'greet', '--input', 'Ada').trim(), 'Hello, Ada!');
    assert.match(run(main, '--version'), /^quern \d+\.\d+\.\d+/);
    assert.match(run(main, 'conformance', '--list'), / cases/);
  });

  test('the command makes a project, which gets Quern from the same archive', () => {
    const main = join('node_modules', 'quern', 'dist', 'cli', 'main.js');
    assert.match(run(main, 'new', 'plugin', 'hello'), /^hello: a plug-in in AssemblyScript\n/);
    const { devDependencies } = JSON.parse(readFileSync(join(folder, 'hello/package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const spec = devDependencies['quern']!;
    assert.match(spec, /^file:/);
    assert.equal(realpathSync(spec.slice('file:'.length)), realpathSync(join(folder, archive)));
    assert.ok(readFileSync(join(folder, 'hello/.gitignore'), 'utf8').includes('node_modules'));
  });

  test('the manual is there', () => {
    const { man } = JSON.parse(readFileSync(join(folder, 'node_modules/quern/package.json'), 'utf8')) as {
      readonly man: string;
    };
    assert.match(readFileSync(join(folder, 'node_modules/quern', man), 'utf8'), /^\.TH QUERN 1 /);
  });

  test('entries share their classes', () => {
    const file = write(
      'shared.mjs',
      `import * as node from 'quern/node';
       import * as plugins from 'quern';
       import { QuernError } from 'quern/errors';
       const error = await plugins.createPlugin(new Uint8Array(8)).catch((error) => error);
       console.log(node.createPlugin === plugins.createPlugin, error instanceof QuernError);`,
    );
    assert.equal(run(file), 'true true\n');
  });

  const require = createRequire(import.meta.url);
  test('the types of all entries resolve', () => {
    const attw = require
      .resolve('@arethetypeswrong/cli/package.json')
      .replace('package.json', 'dist/index.js');
    // It is an ES module only; Node 20.19 and later load it by `require`, too.
    run(attw, archive, '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'ascii');
  });

  test('it loads by require', () => {
    const file = write('required.cjs', `console.log(typeof require('quern').createPlugin);`);
    assert.equal(run(file).trim(), 'function');
  });

  // The oldest compiler that reads our types is the one that `overrides` gives to the tool that checks the package.
  const old = createRequire(require.resolve('@arethetypeswrong/cli/package.json'));
  const older = createRequire(old.resolve('@arethetypeswrong/core'));
  const ways = [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
    ['esnext', 'node10'],
  ] as const;
  for (const [name, compiler] of [
    ['TypeScript', require],
    ['TypeScript 5.7', older],
  ] as const)
    for (const [module, resolution] of ways)
      test(`its types are found by ${name} with moduleResolution ${resolution}`, () => {
        write(
          'types.mts',
          `import createPlugin, { type Plugin } from 'quern';
           import { Store } from 'quern/wasm';
           import { nodeDirectory } from 'quern/node';
           import { createWebAssembly } from 'quern/webassembly';
           import { compiler } from 'quern/compile';
           export const plugin: Promise<Plugin> = createPlugin('greet.wasm', { compiler: compiler() });
           export const store: Store = new Store();
           export { createWebAssembly, nodeDirectory };
           // @ts-expect-error: a number is no plug-in
           createPlugin(1);`,
        );
        const tsc = compiler.resolve('typescript/bin/tsc');
        const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', module];
        const deprecated =
          compiler === require && resolution === 'node10' ? ['--ignoreDeprecations', '6.0'] : [];
        run(tsc, ...options, '--moduleResolution', resolution, ...deprecated, 'types.mts');
      });
});
