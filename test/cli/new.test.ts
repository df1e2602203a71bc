/**
 * `quern new`: the projects that it makes are built and called as their README says, as far as the tools are there.
 * Nothing is fetched: what npm would install is linked from this checkout.
 */
import assert from 'node:assert/strict';
import { execFileSync, execSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { languages } from '../../src/cli/flags.ts';
import { kernelAbi } from '../../src/kernel.ts';
import { I64 } from '../../src/wasm.ts';
import { root } from '../shared.ts';
import { runQuern } from './run-quern.ts';
import { needsTerminal, runOnTerminal } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-new-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);
const read = (...names: string[]): string => readFileSync(at(...names), 'utf8');

/** Runs the command in the folder of the tests. */
const make = (...args: string[]): string => {
  const run = runQuern(['new', ...args]);
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
};
/** Runs a tool in a project. */
const runIn = (project: string, tool: string, ...args: string[]): string =>
  execFileSync(tool, args, { cwd: at(project), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const answer = (project: string, ...args: string[]): string => {
  const run = runQuern(['call', at(project, 'plugin.wasm'), 'greet', ...args]);
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
};

/** What npm would install: packages of this checkout, and Quern itself. */
const link = (project: string, packages: readonly string[]): void => {
  mkdirSync(at(project, 'node_modules/.bin'), { recursive: true });
  for (const name of packages) {
    const target = name === 'quern' ? root : join(root, 'node_modules', name);
    mkdirSync(dirname(at(project, 'node_modules', name)), { recursive: true });
    symlinkSync(target, at(project, 'node_modules', name), 'junction');
  }
};
interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifestOf = (project: string): Manifest => JSON.parse(read(project, 'package.json')) as Manifest;

/** Runs a script of a project, whose commands are those of this checkout. Through a shell: on Windows npm is a script. */
const runScript = (project: string, name: string): string => {
  const path = [at('bin'), join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  return execSync(`npm run --silent ${name}`, {
    ...{ cwd: at(project), encoding: 'utf8', env: { ...process.env, PATH: path } },
  });
};
const self = `"${process.execPath}" "${join(root, 'build/src/cli/main.js')}"`;
mkdirSync(at('bin'));
writeFileSync(at('bin/quern'), `#!/bin/sh\nexec ${self} "$@"\n`, { mode: 0o755 });
writeFileSync(at('bin/quern.cmd'), `@${self} %*\r\n`);

/** Whether a tool is there; skips the test where it is not. */
const needs = (context: TestContext, tool: string, ...args: string[]): boolean => {
  if (spawnSync(tool, args, { stdio: 'ignore' }).status === 0) return true;
  context.skip(`${[tool, ...args].join(' ')} does not run here; files are checked, nothing is built`);
  return false;
};

describe('quern new', () => {
  for (const kind of [...languages, 'host'] as const) {
    test(`${kind}: every file is written, without a hole`, () => {
      const args = kind === 'host' ? ['host', at(`all-${kind}`)] : ['plugin', at(`all-${kind}`), '-l', kind];
      const text = make(...args);
      const files = readdirSync(at(`all-${kind}`), { recursive: true, encoding: 'utf8' });
      assert.ok(files.includes('README.md') && files.includes('.gitignore'));
      for (const file of files.filter((name) => name.includes('.')))
        assert.doesNotMatch(read(`all-${kind}`, file), /\{\{|undefined/, file);
      // The last lines of the answer are those of the README.
      const steps = text.split('\n\n')[1]!.split('\n').slice(1).join('\n').replaceAll(/^ {2}/gm, '');
      assert.ok(read(`all-${kind}`, 'README.md').includes(steps), steps);
      assert.ok(read(`all-${kind}`, 'README.md').startsWith(`# all-${kind}\n`));
    });
  }

  test('a folder that holds something is left alone', () => {
    mkdirSync(at('full'));
    writeFileSync(at('full/mine'), '');
    const run = runQuern(['new', 'plugin', at('full')]);
    assert.equal(run.status, 2);
    assert.match(run.stderr, /full is not empty/);
    assert.deepEqual(readdirSync(at('full')), ['mine']);
    mkdirSync(at('empty'));
    make('plugin', at('empty'));
  });

  test('asks nobody where there is no terminal, and says what is missing', () => {
    for (const [args, message] of [
      [[], /KIND is missing: plugin or host/],
      [['plugin'], /FOLDER is missing/],
      [['plugn', at('x')], /KIND must be plugin or host, not "plugn"; did you mean "plugin"\?/],
      [['plugin', at('x'), '-l', 'golang'], /--language must be .*"golang"/],
      [['host', at('x'), '-l', 'c'], /--language is for plug-ins/],
      [['plugin', at('x'), '-l', 'c', '--install'], /a plug-in in C is not one/],
    ] as const) {
      const run = runQuern(['new', ...args]);
      assert.equal(run.status, 2);
      assert.match(run.stderr, message);
    }
    assert.ok(!existsSync(at('x')));
  });

  test('asks a person on a terminal, and takes what is usual for an empty line', needsTerminal, () => {
    mkdirSync(at('asked'));
    const typed = (text: string) => runOnTerminal(['new'], { typed: text, cwd: at('asked') });
    assert.match(typed('\nc\nmine\n').shown, /mine: a plug-in in C\r\n/);
    assert.match(read('asked', 'mine', 'README.md'), /^# mine\n/);
    assert.match(typed('host\n\n').shown, /my-host: a program that calls plug-ins/);
    assert.equal(typed('plugin\n').status, 2);
    assert.deepEqual(readdirSync(at('asked')).sort(), ['mine', 'my-host']);
  });

  test('the name is one that package managers take', () => {
    make('plugin', at('2 My Plug-In!'), '--language', 'rust');
    assert.match(read('2 My Plug-In!', 'Cargo.toml'), /^name = "my-plug-in"$/m);
    make('plugin', at('42'));
    assert.equal(manifestOf('42').name, 'plugin');
  });

  test('a project gets Quern from where this one came', () => {
    assert.equal(manifestOf('all-assemblyscript').devDependencies['quern'], `file:${root}`);
    assert.equal(manifestOf('all-host').dependencies!['quern'], `file:${root}`);
  });
});

describe('projects', () => {
  test('AssemblyScript: npm start builds the plug-in and calls it', () => {
    make('plugin', at('as'));
    link('as', Object.keys(manifestOf('as').devDependencies));
    assert.equal(runScript('as', 'start'), 'Hello, World!\n');
    assert.equal(answer('as', '-i', 'Ada', '--config', 'greeting=Salut'), 'Salut, Ada!');
  });

  test('TypeScript: npm start builds the host, which calls the plug-in of its text and others', (context) => {
    if (!existsSync(join(root, 'dist/types/node.d.ts')))
      return context.skip('the package is not built: npm run build');
    make('host', at('host'));
    const { dependencies, devDependencies } = manifestOf('host');
    link('host', Object.keys({ ...dependencies, ...devDependencies }));
    assert.match(runScript('host', 'start'), /^WORLD\nfuel: \d+\n$/);
    const file = join(root, 'build/examples/greet.wasm');
    assert.match(runIn('host', process.execPath, 'dist/main.js', file, 'greet', 'Ada'), /^Hello, Ada!\n/);
  });

  test('C: make builds the plug-in', (context) => {
    make('plugin', at('c'), '-l', 'c');
    // Every function of the header is one of the kernel's, by its name and type.
    const types = { uint64_t: 'i64', uint8_t: 'i32', void: '' } as const;
    const rows = [...read('c', 'extism.h').matchAll(/^IMPORT\("(\w+)"\) (\w+) \w+\((.*)\);$/gm)];
    assert.ok(rows.length > 15);
    for (const [, name, result, params] of rows) {
      const { params: wanted, results } = kernelAbi[name as keyof typeof kernelAbi];
      const typeNames = (list: string): string[] =>
        list.split(', ').flatMap((text) => types[text.split(' ')[0] as keyof typeof types] || []);
      const abi = (list: readonly number[]): string[] => list.map((type) => (type === I64 ? 'i64' : 'i32'));
      assert.deepEqual([typeNames(params!), typeNames(result!)], [abi(wanted), abi(results)], name);
    }
    if (!needs(context, 'clang', '--print-targets') || !needs(context, 'wasm-ld', '--version')) return;
    if (!needs(context, 'make', '--version')) return;
    runIn('c', 'make');
    assert.equal(answer('c', '-i', 'Zoë'), 'Hello, Zoë!');
    assert.equal(answer('c'), 'Hello, !');
  });

  test('Rust: cargo builds the plug-in', (context) => {
    make('plugin', at('rust'), '-l', 'rust');
    // Needs neither the target nor a network.
    if (!needs(context, 'cargo', '--version')) return;
    const facts = JSON.parse(
      runIn('rust', 'cargo', 'metadata', '--format-version=1', '--no-deps', '--offline'),
    ) as {
      readonly packages: readonly { readonly targets: readonly { readonly crate_types: string[] }[] }[];
    };
    assert.deepEqual(facts.packages[0]!.targets[0]!.crate_types, ['cdylib']);
    const target = 'wasm32-unknown-unknown';
    const build = ['build', '--release', '--offline', '--target', target];
    const run = spawnSync('cargo', build, { cwd: at('rust'), encoding: 'utf8' });
    if (run.status !== 0)
      return context.skip(`cargo has no ${target} or no extism-pdk at hand: ${run.stderr.split('\n')[0]}`);
    const plugin = at('rust/target', target, 'release/plugin.wasm');
    assert.equal(runQuern(['call', plugin, 'greet', '-i', 'Ada']).stdout, 'Hello, Ada!');
  });

  test('Go: go builds the plug-in', (context) => {
    make('plugin', at('go'), '-l', 'go');
    if (!needs(context, 'go', 'version')) return;
    const env = { ...process.env, GOPROXY: 'off' };
    if (spawnSync('go', ['mod', 'tidy'], { cwd: at('go'), env }).status !== 0)
      return context.skip('go has no PDK at hand');
    execFileSync('go', ['build', '-buildmode=c-shared', '-o', 'plugin.wasm', '.'], {
      ...{ cwd: at('go'), env: { ...env, GOOS: 'wasip1', GOARCH: 'wasm' } },
    });
    assert.equal(answer('go', '-i', 'Ada', '--wasi'), 'Hello, Ada!');
  });

  test('JavaScript: npm start builds the plug-in', (context) => {
    make('plugin', at('js'), '-l', 'javascript');
    link('js', ['esbuild']);
    runScript('js', 'bundle');
    // What the PDK's engine does with the bundle.
    const engine = `const Config = { get: () => null };
      const Host = { inputString: () => 'Ada', outputString: (text) => process.stdout.write(text) };`;
    const run = spawnSync(process.execPath, [
      '-e',
      `${engine}\n${read('js', 'dist/index.js')}\nmodule.exports.greet()`,
    ]);
    assert.equal(run.stdout.toString(), 'Hello, Ada!');
    if (!needs(context, 'extism-js', '--version')) return;
    assert.equal(runScript('js', 'start'), 'Hello, World!\n');
  });
});
