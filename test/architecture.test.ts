/** The promises of ARCHITECTURE.md, checked on the sources and on what is shipped. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { root } from './shared.ts';

/** Lowest first; each may import from itself and from those before it. */
const layers = [
  'errors',
  'syntax',
  'decoder',
  'text',
  'symbols',
  'validator',
  'interpreter',
  'compiler',
  'profile',
  'webassembly',
  'kernel',
  'host',
  'debug',
  'job',
  'conformance',
  'scripts',
  'entries',
  'cli',
];
/** The folders of the interpreter, lowest first, by the same rule. */
const pipeline = [
  'numerics',
  'fuel',
  'code',
  'instances',
  'translate',
  'loop',
  'cold',
  'machine',
  'calls',
  'instantiate',
  'snapshot',
];
/** The folders of the host, lowest first, by the same rule. */
const hostFolders = [
  'platform',
  'http',
  'manifest',
  'wasi',
  'pdk',
  'calls',
  'state',
  'linking',
  'replay',
  'snapshot',
  'plugin',
  'node',
];
/** The only folders that know Node. */
const nodeFolders = ['host/node', 'cli'];

const filesIn = (folder: string, extension: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => path.replaceAll('\\', '/'))
    .sort();

const source = (path: string): string => readFileSync(join(root, 'src', path), 'utf8');
const layerOf = (path: string): number =>
  layers.indexOf(path.includes('/') ? path.slice(0, path.indexOf('/')) : 'entries');

/** What the text of a file imports or re-exports, relative paths resolved against `src`. */
const importsIn = (path: string, text: string): string[] =>
  [...text.matchAll(/^(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*(['"])(.+?)\1;|\bimport\((['"])(.+?)\3\)/gm)]
    .map((match) => match[2] ?? match[4]!)
    .map((name) => (name.startsWith('.') ? relative('.', join(dirname(path), name)) : name));

const importsOf = (path: string): string[] => importsIn(path, source(path));

/** Files that a program loads that imports these. */
const reachedFrom = (
  starts: readonly string[],
  next: (path: string) => readonly string[],
): ReadonlySet<string> => {
  const reached = new Set(starts);
  for (const path of reached) for (const name of next(path)) if (/\.[tj]s$/.test(name)) reached.add(name);
  return reached;
};

const sources = filesIn('src', '.ts');
const entries = sources.filter((path) => !path.includes('/'));

describe('layers', () => {
  test('every folder of src is a layer', () => {
    const unknown = sources.filter((path) => layerOf(path) < 0);
    assert.deepEqual(unknown, []);
  });

  test('imports go down only, and never out of src', () => {
    const wrong: string[] = [];
    for (const path of sources) {
      for (const name of importsOf(path).filter((item) => item.endsWith('.ts'))) {
        if (name.startsWith('..') || layerOf(name) > layerOf(path)) wrong.push(`${path} imports ${name}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  for (const [layer, order] of [['interpreter', pipeline] as const, ['host', hostFolders] as const])
    test(`imports go down only between the folders of the ${layer}`, () => {
      const rankOf = (path: string): number => order.indexOf(path.split('/')[1]!);
      const own = sources.filter((path) => path.startsWith(`${layer}/`));
      const wrong = own.filter((path) => rankOf(path) < 0);
      for (const path of own) {
        for (const name of importsOf(path).filter((item) => item.startsWith(`${layer}/`)))
          if (rankOf(name) > rankOf(path)) wrong.push(`${path} imports ${name}`);
      }
      assert.deepEqual(wrong, []);
    });

  test('no runtime dependency, and Node only where it belongs', () => {
    const wrong: string[] = [];
    for (const path of sources) {
      const isNode = nodeFolders.some((folder) => path.startsWith(`${folder}/`));
      for (const name of importsOf(path).filter((item) => !item.endsWith('.ts'))) {
        if (!isNode || !name.startsWith('node:')) wrong.push(`${path} imports ${name}`);
      }
    }
    assert.deepEqual(wrong, []);
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const key of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies']) {
      assert.equal(manifest[key], undefined, key);
    }
  });

  test('what is host-neutral does not reach the Node folders', () => {
    const nodeEntries = [
      'node.ts',
      'debug-node.ts',
      'node-wasi.ts',
      'webassembly-auto-node.ts',
      'webassembly-replace-node.ts',
    ];
    const reached = reachedFrom(
      entries.filter((path) => !nodeEntries.includes(path)),
      importsOf,
    );
    const found = [...reached].filter((path) => nodeFolders.some((folder) => path.startsWith(`${folder}/`)));
    assert.deepEqual(found, []);
  });

  test('the pictures in ARCHITECTURE.md are these orders', () => {
    const picture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    for (const order of [layers, pipeline, hostFolders])
      assert.ok(picture.includes(`\n${order.join(' ◄── ')}\n`), `expected ${order.join(' ◄── ')}`);
  });
});

describe('shipped code', () => {
  // Some platforms search code for these words and refuse it, comments or not. The namespace of quern/webassembly
  // is no exception: its name stands in its files, but never with a member of it.
  const codeFromText = ['eval(', 'new Function('];
  const shipped = filesIn('build/src', '.js');
  const shippedText = (path: string): string => readFileSync(join(root, 'build/src', path), 'utf8');
  const filesWith = (word: string): string[] => shipped.filter((path) => shippedText(path).includes(word));

  test('never names native Wasm', () => {
    assert.ok(shipped.length > 50);
    assert.deepEqual(filesWith('WebAssembly.'), []);
  });

  test('imports no module of Node that loads fetch when its exports are read', () => {
    // On Node 22, the getter of WebSocket does, and under --jitless that ends the process.
    for (const path of shipped)
      assert.doesNotMatch(shippedText(path), /(?:from|import\() *['"](?:node:)?https?['"]/, path);
  });

  test('names code from text in one file of the compiler', () => {
    const found = codeFromText.map(filesWith);
    assert.deepEqual(found, [['compiler/function-constructor.js'], ['compiler/function-constructor.js']]);
  });

  const reachersOf = (part: string): string[] =>
    entries.filter((entry) => {
      const start = entry.replace(/\.ts$/, '.js');
      const reached = reachedFrom([start], (path) => importsIn(path, shippedText(path)));
      return [...reached].some((path) => path.startsWith(part));
    });
  test('reaches the compiler from its own entries only', () => {
    assert.deepEqual(reachersOf('compiler/'), ['compile.ts', 'precompiled.ts']);
    // What runs files of build time neither generates code nor makes it from text.
    for (const part of [
      'compiler/generate.js',
      'compiler/edition-text.js',
      'compiler/function-constructor.js',
    ])
      assert.deepEqual(reachersOf(part), ['compile.ts']);
  });

  test('reaches profiles from their own entry only', () => {
    assert.deepEqual(reachersOf('profile/'), ['profile.ts']);
  });

  test('reaches the debugger from its own entries only', () => {
    assert.deepEqual(reachersOf('debug/'), ['debug-node.ts', 'debug.ts']);
  });

  test('reaches jobs from their own entry only', () => {
    assert.deepEqual(reachersOf('job/'), ['job.ts']);
  });

  test('reaches the text format from its own entry only', () => {
    assert.deepEqual(reachersOf('text/'), ['text.ts']);
    // The text format takes neither the interpreter with it nor the validator.
    for (const part of ['interpreter/', 'validator/', 'host/'])
      assert.ok(!reachersOf(part).includes('text.ts'), part);
  });

  test('labels of the dispatch loop are numeric literals', () => {
    // PERF: V8 makes a jump table of literals only; of constants it makes a chain of comparisons.
    const labels = [
      ...source('interpreter/loop/dispatch.generated.ts').matchAll(/^\s*case\s+([^:]+):/gm),
    ].map((m) => m[1]!);
    assert.ok(labels.length > 100);
    assert.deepEqual(
      labels.filter((label) => !/^\d+$/.test(label)),
      [],
    );
  });
});
