/**
 * What tests use of the project. What a public entry offers, they import from there. Tables of facts are open to all
 * tests; the inner parts of a chapter only to those that are named here with their reason, since such a test stands in
 * the way of anyone who changes that part. Modules come from the assembler or from text.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { root } from './shared.ts';

/** Entries that offer names to tests; `node` offers the names of `index`, too. */
const entries = [
  'wasm',
  'errors',
  'inspect',
  'text',
  'kernel',
  'index',
  'node',
  'node-wasi',
  'webassembly',
  'compile',
  'profile',
  'job',
  'precompiled',
];

/** Facts that tests derive from. A line that needs a name that no entry offers may take others of the table. */
const tables = ['syntax/', 'interpreter/fuel/', 'kernel/abi.ts', 'host/wasi/abi.ts', 'host/wasi/errno.ts'];

interface InnerPart {
  /** A file or a folder of tests. */
  readonly tests: string;
  /** Folders or files of `src`. */
  readonly parts: readonly string[];
  readonly why: string;
}

/** TABLE: tests of parts that users do not see. */
const innerParts: readonly InnerPart[] = [
  // Parts of a chapter that are functions of their own, with no door for all of their inputs.
  { tests: 'test/cli/', parts: ['cli/'], why: 'Progress and lines are tried without a process.' },
  { tests: 'test/conformance/', parts: ['conformance/'], why: 'The kit is published as a command only.' },
  {
    tests: 'test/decoder/',
    parts: ['decoder/', 'symbols/'],
    why: 'Readers are tried on bytes of no module.',
  },
  {
    tests: 'test/text/',
    parts: ['text/', 'decoder/'],
    why: 'Numbers are tried without a module around them; instructions are compared one by one.',
  },
  {
    tests: 'test/host/hostile-names.test.ts',
    parts: ['errors/'],
    why: 'Texts are tried on every character.',
  },
  {
    tests: 'test/errors/',
    parts: ['errors/', 'decoder/'],
    why: 'Checks are tried on values, branch hints on no function.',
  },
  { tests: 'test/host/', parts: ['host/'], why: 'Parsers, codecs and generators are tried on their own.' },
  { tests: 'test/http/', parts: ['host/http/'], why: 'Patterns and URLs are tried without a request.' },
  { tests: 'test/kernel/', parts: ['kernel/'], why: 'The helper of hosts is tried on words.' },
  { tests: 'test/wasi/', parts: ['host/'], why: 'File systems and functions are tried without a plug-in.' },
  {
    tests: 'test/jobs/changes.test.ts',
    parts: ['interpreter/snapshot/'],
    why: 'Changes are tried on bytes of no snapshot.',
  },
  { tests: 'test/documents/', parts: ['cli/'], why: 'Flags are held against their page.' },
  { tests: 'test/determinism/', parts: ['host/'], why: 'Sources of the world are tried on their own.' },
  {
    tests: 'test/threads/scheduler.test.ts',
    parts: ['host/platform/'],
    why: 'The clock of plug-ins drives it.',
  },
  // Inner parts of the engine: its code, its loop, its machine.
  { tests: 'test/dispatch/', parts: ['interpreter/code/', 'interpreter/loop/'], why: 'Bodies are called.' },
  {
    tests: 'test/interpreter/code-space.test.ts',
    parts: ['interpreter/code/'],
    why: 'Space is its subject.',
  },
  { tests: 'test/interpreter/dispatch.test.ts', parts: ['interpreter/code/'], why: 'It counts operations.' },
  {
    tests: 'test/interpreter/size-terms.test.ts',
    parts: ['interpreter/translate/'],
    why: 'A table is tried.',
  },
  {
    tests: 'test/interpreter/layouts.test.ts',
    parts: [
      'interpreter/code/',
      'interpreter/cold/',
      'interpreter/instances/',
      'interpreter/loop/',
      'interpreter/translate/',
    ],
    why: 'Layouts are held against what operations do.',
  },
  {
    tests: 'test/interpreter/training.test.ts',
    parts: ['interpreter/machine/', 'interpreter/loop/', 'interpreter/code/'],
    why: 'Training is tried.',
  },
  {
    tests: 'test/interpreter/translation-shapes.test.ts',
    parts: ['interpreter/machine/'],
    why: 'Places of fast and careful code are compared.',
  },
  {
    tests: 'test/host/closed-plugins.test.ts',
    parts: ['interpreter/machine/'],
    why: 'The code that stays is counted.',
  },
  {
    tests: 'test/compiler/',
    parts: ['compiler/', 'conformance/', 'interpreter/code/', 'interpreter/machine/'],
    why: 'Compilers leave their code by chance; bounds are numbers of operations; the machine is made before; the kit is counted.',
  },
  // Forms that are read, written or damaged.
  { tests: 'test/host/dumps.test.ts', parts: ['decoder/'], why: 'A coredump is read byte by byte.' },
  {
    tests: 'test/mutation/',
    parts: ['conformance/', 'decoder/', 'interpreter/snapshot/'],
    why: 'Mutants change instructions and sealed bytes.',
  },
  { tests: 'test/snapshots/damage.ts', parts: ['interpreter/snapshot/'], why: 'Damage is sealed again.' },
  { tests: 'test/replay/', parts: ['host/'], why: 'Forged recordings are sealed; no door must open.' },
  // Second implementations, and bills that they are compared with.
  { tests: 'test/reference/', parts: ['decoder/'], why: 'The reference executor reads bodies.' },
  {
    tests: 'test/plugins/',
    parts: ['host/', 'kernel/', 'interpreter/instances/'],
    why: 'The host without plug-ins drives both executors; its bill is added up by hand.',
  },
  {
    tests: 'test/random-modules/',
    parts: ['interpreter/instances/'],
    why: 'Functions of the host have the very type that the module asks for.',
  },
  // The runner of the suite, which is shipped as a command.
  { tests: 'spec-tests/', parts: ['scripts/'], why: 'The runner is published as a command only.' },
  { tests: 'spec-tests/wasmtime/', parts: ['decoder/'], why: 'Constant expressions are added up.' },
  {
    tests: 'test/text/',
    parts: ['scripts/', 'conformance/'],
    why: 'Scripts are held against those that were recorded, texts of the kit against another assembler.',
  },
  {
    tests: 'test/spec/own.test.ts',
    parts: ['scripts/', 'decoder/'],
    why: 'Instructions of scripts are counted.',
  },
  // Other engines behind the runner of the suite.
  {
    tests: 'spec-tests/adapters/',
    parts: ['interpreter/instances/', 'webassembly/', 'cli/'],
    why: 'The suite asks for kinds of references; processes speak in lines.',
  },
];

/** Files that write a module byte by byte: the assembler, and where the bytes of the header are the subject. */
const headers = [
  'test/assembler.ts',
  'test/browser/page.ts',
  'test/decoder/decode-module.test.ts',
  'test/errors/malformed.ts',
  'test/webassembly/install.test.ts',
];
/** Files that use the assembler of wabt: as a second opinion, and as a guest. */
const foreignAssemblers = ['test/text/wabt.test.ts', 'test/webassembly/programs.ts'];

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .sort();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const parse = (path: string): ts.SourceFile =>
  ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);

interface ImportLine {
  /** Path of a file of `src`, from there. */
  readonly file: string;
  /** Names as they are exported; none for `import()`. */
  readonly names: readonly string[];
}

/** What a file imports from `src`. */
const importsOf = (path: string): ImportLine[] => {
  const lines: ImportLine[] = [];
  const add = (specifier: ts.Node, names: readonly string[]): void => {
    if (!ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return;
    const target = posix.join(posix.dirname(path), specifier.text);
    if (target.startsWith('src/')) lines.push({ file: target.slice('src/'.length), names });
  };
  const visit = (node: ts.Node): void => {
    const bindings = ts.isImportDeclaration(node)
      ? node.importClause?.namedBindings
      : ts.isExportDeclaration(node)
        ? node.exportClause
        : undefined;
    const names =
      bindings !== undefined && (ts.isNamedImports(bindings) || ts.isNamedExports(bindings))
        ? bindings.elements.map(({ propertyName, name }) => (propertyName ?? name).text)
        : [];
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, names);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
      add(node.moduleSpecifier, names);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0]!, []);
    ts.forEachChild(node, visit);
  };
  visit(parse(path));
  return lines;
};

/** What the entries offer, as `file#name` of where it is declared. */
const offered = new Set(
  entries.flatMap((entry) => {
    const path = `src/${entry}.ts`;
    const exported = new Set<string>();
    for (const statement of parse(path).statements)
      if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined)
        if (ts.isNamedExports(statement.exportClause))
          for (const { propertyName, name } of statement.exportClause.elements)
            exported.add((propertyName ?? name).text);
    return importsOf(path).flatMap(({ file, names }) =>
      names.filter((name) => exported.has(name)).map((name) => `${file}#${name}`),
    );
  }),
);

const startsWith = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => path.startsWith(prefix));
const isEntry = (file: string): boolean => !file.includes('/');

const testFiles = [...filesIn('test'), ...filesIn('spec-tests')];
const imports = testFiles.flatMap((path) => importsOf(path).map((line) => ({ path, ...line })));
const inner = imports.filter(({ file }) => !isEntry(file) && !startsWith(file, tables));

describe('imports of tests', () => {
  test('what an entry offers is imported from an entry', () => {
    assert.ok(offered.size > 150, `${offered.size}`);
    const wrong = imports.flatMap(({ path, file, names }) => {
      const known = names.filter((name) => offered.has(`${file}#${name}`));
      const isNeeded = startsWith(file, tables) && known.length < names.length;
      return known.length === 0 || isNeeded ? [] : [`${path}: ${known.join(', ')} of ${file}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('inner parts are imported only where the table says so', () => {
    const wrong = inner.filter(
      ({ path, file }) =>
        !innerParts.some(({ tests, parts }) => path.startsWith(tests) && startsWith(file, parts)),
    );
    assert.deepEqual(
      wrong.map(({ path, file }) => `${path} imports ${file}`),
      [],
    );
  });

  test('every row of the table is used', () => {
    const unused = innerParts.flatMap(({ tests, parts }) =>
      parts
        .filter((part) => !inner.some(({ path, file }) => path.startsWith(tests) && file.startsWith(part)))
        .map((part) => `${tests} does not import ${part}`),
    );
    assert.deepEqual(unused, []);
  });
});

describe('modules of tests', () => {
  test('are made by the assembler, or from text', () => {
    const writesHeader = /0x61,\s*0x73,\s*0x6d|\b97,\s*115,\s*109\b/;
    assert.deepEqual(
      testFiles.filter((path) => path !== 'test/imports.test.ts' && writesHeader.test(read(path))),
      headers,
    );
  });

  test('are never made by another assembler', () => {
    assert.deepEqual(
      testFiles.filter((path) => /(?:from|require\()\s*'wabt'|import\('wabt'\)/.test(read(path))),
      foreignAssemblers,
    );
  });
});
