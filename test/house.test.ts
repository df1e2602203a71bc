/**
 * How the sources are kept, checked on their syntax trees: imports without cycles, sizes, and no export that nobody
 * imports. What is allowed beyond a rule stands in a list with its reason; a reason that is no longer needed fails too.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { root } from './shared.ts';

const MAX_FILE_LINES = 500;
const MAX_CLASS_LINES = 400;
const MAX_PRIVATE_PARAMETERS = 4;
const MAX_GENERATED_LINE = 160;

/** Files of more lines, other than generated ones. */
const longFiles: Readonly<Record<string, string>> = {};
/** Private methods of more parameters. */
const longParameters: Readonly<Record<string, string>> = {};
/** Exports that only tests import. */
const forTests: Readonly<Record<string, string>> = {
  'src/syntax/type-registry.ts countGroups': 'Only a count shows that types are released.',
};

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort();
const parse = (path: string): ts.SourceFile =>
  ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest);

const sources = new Map(filesIn('src').map((path) => [path, parse(path)]));
const folders = ['bench', 'engines', 'examples', 'scripts', 'spec-tests', 'test'];
const others = new Map(folders.flatMap(filesIn).map((path) => [path, parse(path)]));

const walk = (node: ts.Node, visit: (node: ts.Node) => void): void => {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
};
const lineCount = (file: ts.SourceFile, node: ts.Node): number => {
  const lineOf = (at: number): number => file.getLineAndCharacterOfPosition(at).line;
  return lineOf(node.end) - lineOf(node.getStart(file)) + 1;
};

/** What a file takes from another file of the project: the names, or `*` for all of them. */
interface Import {
  readonly file: string;
  readonly names: readonly string[];
}
const namesOf = (clause: ts.Node | undefined): string[] => {
  const names: string[] = [];
  if (clause === undefined || ts.isNamespaceImport(clause) || ts.isNamespaceExport(clause)) return ['*'];
  walk(clause, (node) => {
    if (ts.isImportSpecifier(node) || ts.isExportSpecifier(node))
      names.push((node.propertyName ?? node.name).text);
    else if (ts.isNamespaceImport(node)) names.push('*');
  });
  return names;
};
const importsOf = (path: string, source: ts.SourceFile): Import[] => {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, names: string[]): void => {
    if (specifier !== undefined && ts.isStringLiteral(specifier) && specifier.text.startsWith('.'))
      found.push({ file: posix.join(posix.dirname(path), specifier.text), names });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, namesOf(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, namesOf(node.exportClause));
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], ['*']);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(
        node.argument.literal,
        node.qualifier && ts.isIdentifier(node.qualifier) ? [node.qualifier.text] : ['*'],
      );
  });
  return found;
};
const imports = new Map([...sources, ...others].map(([path, source]) => [path, importsOf(path, source)]));

/** The shortest way from each node back to itself; cycles that share a node are named once. */
const cyclesOf = (next: ReadonlyMap<string, ReadonlySet<string>>): string[] => {
  const found: string[] = [];
  const named = new Set<string>();
  for (const start of next.keys()) {
    const cameFrom = new Map<string, string>();
    const queue = [start];
    for (const node of queue) {
      for (const to of next.get(node) ?? []) {
        if (cameFrom.has(to)) continue;
        cameFrom.set(to, node);
        queue.push(to);
      }
    }
    if (!cameFrom.has(start) || named.has(start)) continue;
    const way = [start];
    do way.unshift(cameFrom.get(way[0]!)!);
    while (way[0] !== start);
    for (const node of way) named.add(node);
    found.push(way.join(' → '));
  }
  return found;
};

describe('imports', () => {
  const graphBy = (nodeOf: (path: string) => string): Map<string, Set<string>> => {
    const next = new Map<string, Set<string>>();
    for (const path of sources.keys()) {
      const from = nodeOf(path);
      for (const { file } of imports.get(path)!) {
        const to = nodeOf(file);
        // A file that imports itself is a cycle, a folder whose files import each other is none.
        if (from === to && path !== file) continue;
        next.set(from, (next.get(from) ?? new Set()).add(to));
      }
    }
    return next;
  };

  test('no files of src import each other in a cycle, types included', () => {
    assert.deepEqual(cyclesOf(graphBy((path) => path)), []);
  });

  test('no folders of src import each other in a cycle', () => {
    assert.deepEqual(cyclesOf(graphBy((path) => posix.dirname(path))), []);
  });
});

describe('sizes', () => {
  const isGenerated = (path: string): boolean => path.endsWith('.generated.ts');
  /** The findings that no list allows, and the entries of the list that allow nothing. */
  const unlisted = (found: readonly string[], list: Readonly<Record<string, string>>): string[] => [
    ...found.filter((item) => !Object.hasOwn(list, item)),
    ...Object.keys(list)
      .filter((item) => !found.includes(item))
      .map((item) => `${item}: not needed`),
  ];

  test('files', () => {
    const long = [...sources].filter(([path, source]) => {
      return !isGenerated(path) && source.getLineStarts().length - 1 > MAX_FILE_LINES;
    });
    assert.deepEqual(
      unlisted(
        long.map(([path]) => path),
        longFiles,
      ),
      [],
    );
  });

  test('classes, and parameters of their private methods', () => {
    const classes: string[] = [];
    const methods: string[] = [];
    for (const [path, source] of sources)
      walk(source, (node) => {
        if (!ts.isClassLike(node)) return;
        const name = `${path} ${node.name?.text ?? 'class'}`;
        if (lineCount(source, node) > MAX_CLASS_LINES) classes.push(name);
        for (const member of node.members) {
          if (!ts.isMethodDeclaration(member) || member.parameters.length <= MAX_PRIVATE_PARAMETERS) continue;
          const isPrivate =
            ts.isPrivateIdentifier(member.name) ||
            member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
          if (isPrivate) methods.push(`${name}.${member.name.getText(source)}`);
        }
      });
    assert.deepEqual(unlisted(classes, {}), []);
    assert.deepEqual(unlisted(methods, longParameters), []);
  });

  test('lines of generated files', () => {
    const generated = [...sources].filter(([path]) => isGenerated(path));
    assert.ok(generated.length >= 3);
    const long = generated.flatMap(([path, { text }]) =>
      text.split('\n').flatMap((line, i) => (line.length > MAX_GENERATED_LINE ? [`${path}:${i + 1}`] : [])),
    );
    assert.deepEqual(long, []);
  });
});

describe('exports', () => {
  /** Who imports an export. Key = path and name. */
  const importers = new Map<string, string[]>();
  for (const [path, list] of imports)
    for (const { file, names } of list)
      for (const name of names) {
        const key = `${file} ${name}`;
        importers.set(key, [...(importers.get(key) ?? []), path]);
      }

  /** The names that a file declares and exports. */
  const exportsOf = (source: ts.SourceFile): string[] => {
    const names: string[] = [];
    const add = (name: ts.BindingName): void => {
      if (ts.isIdentifier(name)) names.push(name.text);
      else for (const item of name.elements) if (!ts.isOmittedExpression(item)) add(item.name);
    };
    for (const statement of source.statements) {
      const isExported =
        ts.canHaveModifiers(statement) &&
        statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
      if (!isExported) continue;
      if (ts.isVariableStatement(statement))
        for (const { name } of statement.declarationList.declarations) add(name);
      else if (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement)) add(statement.name!);
      else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
        add(statement.name);
    }
    return names;
  };
  const isEntry = (path: string): boolean => posix.dirname(path) === 'src';
  /** The generator finds bodies, and the bundler what is instead of files of the small build, by their names. */
  const isFoundByName = (path: string): boolean =>
    path.startsWith('scripts/dispatch/bodies/') || path.startsWith('scripts/small/');
  const scripts = [...others].filter(([path]) => path.startsWith('scripts/') && !isFoundByName(path));
  const usesOf = (source: ts.SourceFile, name: string): number => {
    let count = 0;
    walk(source, (node) => {
      if (ts.isIdentifier(node) && node.text === name) count++;
    });
    return count;
  };

  test('every export is imported, and by more than tests', () => {
    const dead: string[] = [];
    const tested: string[] = [];
    for (const [path, source] of [...sources, ...scripts]) {
      if (isEntry(path)) continue;
      for (const name of exportsOf(source)) {
        const users = [...(importers.get(`${path} ${name}`) ?? []), ...(importers.get(`${path} *`) ?? [])];
        if (users.length === 0) dead.push(`${path} ${name}`);
        const isTested = users.every((user) => user.startsWith('test/') || user.startsWith('spec-tests/'));
        if (users.length > 0 && isTested && usesOf(source, name) === 1) tested.push(`${path} ${name}`);
      }
    }
    assert.deepEqual(dead, []);
    assert.deepEqual(tested, Object.keys(forTests));
  });
});
