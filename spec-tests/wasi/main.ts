/**
 * Runs the preview-1 tests of WebAssembly/wasi-testsuite:
 * `node build/spec-tests/wasi/main.js SUITE [--files real|memory|page] [--strict] [--report] [--compiled] [NAME…]`.
 *
 * SUITE is a checkout of the branch `prod/testsuite-base`, which contains the tests as modules. They run in this
 * process on real or on memory files, or on memory files in a page of headless Chromium. With `--strict`, those in
 * Rust require the errors of Unix. `--report` writes the sums of all three into docs/conformance.md. `quern.py`
 * drives the official runner instead.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createPlugin, type FileTree, MemoryFiles, nodeDirectory } from '../../src/node.ts';
import { runPage } from '../../test/browser/browser.ts';
import { compileEverywhere } from '../../test/compiler/everywhere.ts';
import { forcedFlags, forcedOf } from '../../test/compiler/forced-flags.ts';
import { writePart } from '../page.ts';
import { type PageResults, type PageTest, runOfficialTest, type Specification } from './official-test.ts';

const kinds = ['real', 'memory', 'page'] as const;
type FilesKind = (typeof kinds)[number];
const languages = ['rust', 'c', 'assemblyscript'] as const;
const PAGE_TIMEOUT = 540_000;

/** A test of the checkout. */
interface Found {
  readonly language: (typeof languages)[number];
  /** Language and name. */
  readonly name: string;
  readonly wasm: string;
  readonly spec: Specification;
  /** Files of its directory: path in the directory → path here; null for no directory. */
  readonly files: Readonly<Record<string, string>> | null;
  readonly root: string | null;
}

const isLeftover = (path: string): boolean => path.endsWith('.cleanup');

const filesIn = (root: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => !isLeftover(path) && statSync(join(root, path)).isFile())
      .map((path) => [path, join(root, path)]),
  );

const findTests = (suite: string, names: readonly string[]): Found[] =>
  languages.flatMap((language) => {
    const folder = join(suite, 'tests', language, 'testsuite/wasm32-wasip1');
    return readdirSync(folder)
      .filter((file) => file.endsWith('.wasm'))
      .filter((file) => names.length === 0 || names.includes(basename(file, '.wasm')))
      .sort()
      .map((file): Found => {
        const described = join(folder, file.replace(/\.wasm$/, '.json'));
        const spec = (
          existsSync(described) ? JSON.parse(readFileSync(described, 'utf8')) : {}
        ) as Specification;
        const root = spec.root ? join(folder, spec.root) : null;
        const files = root === null ? null : filesIn(root);
        const name = `${language}/${basename(file, '.wasm')}`;
        return { language, name, wasm: join(folder, file), spec, files, root };
      });
  });

/** A fresh copy of the directory that a test works in, and how to remove it. */
const copyOf = ({ files, root }: Found, kind: FilesKind): { tree: FileTree | null; remove: () => void } => {
  if (files === null || root === null) return { tree: null, remove: () => {} };
  if (kind === 'memory') {
    const entries = Object.entries(files).map(([path, from]) => [path, readFileSync(from)] as const);
    return { tree: new MemoryFiles(Object.fromEntries(entries)), remove: () => {} };
  }
  const copy = mkdtempSync(join(tmpdir(), 'quern-wasi-'));
  cpSync(root, copy, { recursive: true, filter: (path) => !isLeftover(path) });
  return { tree: nodeDirectory(copy), remove: () => rmSync(copy, { recursive: true, force: true }) };
};

const runHere = async (tests: readonly Found[], kind: FilesKind, isStrict: boolean): Promise<PageResults> => {
  const results: Record<string, string | null> = {};
  for (const test of tests) {
    const { tree, remove } = copyOf(test, kind);
    try {
      results[test.name] = await runOfficialTest(createPlugin, {
        ...test,
        wasm: readFileSync(test.wasm),
        tree,
        isStrict,
      });
    } finally {
      remove();
    }
  }
  return results;
};

/** Runs tests in a page; everything of the suite that the page may read has its own path. */
const runInPage = async (tests: readonly Found[], isStrict: boolean): Promise<PageResults> => {
  const served = new Map<string, string>();
  const serve = (file: string): string => {
    served.set(`/suite/${served.size}.wasm`, file);
    return `/suite/${served.size - 1}.wasm`;
  };
  const list = tests.map(
    ({ name, wasm, spec, files }): PageTest => ({
      name,
      wasm: serve(wasm),
      spec,
      files:
        files &&
        Object.fromEntries(Object.entries(files).map(([path, file]) => [path, serve(file)] as const)),
      isStrict,
    }),
  );
  const find = (path: string): Uint8Array | string | null => {
    if (path === '/tests.json') return JSON.stringify(list);
    const file = served.get(path);
    return file === undefined ? null : readFileSync(file);
  };
  return (await runPage({
    module: 'spec-tests/wasi/page.js',
    find,
    timeoutMs: PAGE_TIMEOUT,
  })) as PageResults;
};

/** Prints failures and sums, and returns the sums by language. */
const summarise = (tests: readonly Found[], results: PageResults): string[] =>
  languages.map((language) => {
    const own = tests.filter((test) => test.language === language);
    const failed = own.filter(({ name }) => results[name] !== null);
    for (const { name } of failed) process.stdout.write(`FAIL ${name}: ${results[name]}\n`);
    process.stdout.write(`${language}: ${own.length - failed.length} of ${own.length}\n`);
    if (failed.length > 0) process.exitCode = 1;
    return `${own.length - failed.length} of ${own.length}`;
  });

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: 'string', default: 'real' },
    strict: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    ...forcedFlags,
  },
});
const forced = forcedOf(values);
if (forced !== null) compileEverywhere(forced);
const [suite, ...names] = positionals;
const kind = kinds.find((name) => name === values.files);
if (suite === undefined || kind === undefined) {
  process.stderr.write(`usage: main.js SUITE [--files ${kinds.join('|')}] [--strict] [--report] [NAME…]\n`);
  process.exit(2);
}
const tests = findTests(suite, names);
if (tests.length === 0) {
  process.stderr.write(
    `${suite} contains no such test; SUITE is a checkout of its branch prod/testsuite-base\n`,
  );
  process.exit(2);
}
const run = (on: FilesKind): Promise<PageResults> =>
  on === 'page' ? runInPage(tests, values.strict) : runHere(tests, on, values.strict);

if (values.report) {
  const rows: string[] = [];
  for (const each of kinds) {
    const sums = summarise(tests, await run(each));
    const title = {
      real: 'real directories, Node',
      memory: 'memory files, Node',
      page: 'memory files, a page in Chromium',
    };
    rows.push(`| ${[title[each], ...sums].join(' | ')} |`);
  }
  const head = ['| files | Rust | C | AssemblyScript |', '|---|--:|--:|--:|'];
  const text = [
    '## WASI preview 1',
    '',
    'The preview-1 tests of WebAssembly/wasi-testsuite, branch `prod/testsuite-base`, without a list of expected',
    'failures; those in Rust require the errors of Unix. How to run them is in [wasi.md](wasi.md).',
    '',
    ...head,
    ...rows,
  ];
  writePart('WASI', 'node build/spec-tests/wasi/main.js SUITE --strict --report', text.join('\n'));
} else summarise(tests, await run(kind));
