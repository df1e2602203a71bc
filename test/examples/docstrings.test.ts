/**
 * Every public name is documented, and every public value by an example that does what it says.
 *
 * An example is the block of JavaScript in a docstring. It prints; `// → …` says what. Names that the package
 * exports are imported for it, and it may use `doubleWasm`, the bytes of a module that exports `double`, and
 * `functions`, what the example plug-in `counter` needs of its host.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import ts from 'typescript';
import { root } from '../shared.ts';
import { buildExamples } from './example-plugins.ts';

/** Where users import each entry from; on Node, the portable one is behind the other. */
const specifiers = {
  node: 'quern',
  index: pathToFileURL(join(root, 'build/src/index.js')).href,
  wasm: 'quern/wasm',
  kernel: 'quern/kernel',
  inspect: 'quern/inspect',
  errors: 'quern/errors',
  webassembly: 'quern/webassembly',
} as const;
type Entry = keyof typeof specifiers;

interface PublicName {
  readonly name: string;
  readonly entry: Entry;
  readonly isValue: boolean;
  readonly text: string;
  readonly examples: readonly string[];
}

const blocks = (text: string): string[] =>
  [...text.matchAll(/```(?:js|ts)\n([\s\S]*?)```/g)].map((match) => match[1]!);

/** The text of a docstring, tags included: a tag would swallow the example behind it. */
const docstringOf = (declaration: ts.Declaration): string =>
  ts
    .getJSDocCommentsAndTags(declaration)
    .filter(ts.isJSDoc)
    .map((comment) => comment.getText().replace(/^\s*(\/\*\*|\*\/| ?\* ?)/gm, ''))
    .join('\n');

const readPublicNames = (): PublicName[] => {
  const entries = Object.keys(specifiers) as Entry[];
  const path = (entry: Entry): string => join(root, 'src', `${entry}.ts`);
  const program = ts.createProgram(entries.map(path), {
    ...{ allowImportingTsExtensions: true, noEmit: true, skipLibCheck: true },
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
  });
  const checker = program.getTypeChecker();
  return entries.flatMap((entry) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path(entry))!)!;
    return checker.getExportsOfModule(module).map((exported): PublicName => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const text = (symbol.declarations ?? []).map(docstringOf).join('\n');
      const isTypeOnly = exported.declarations?.some((item) => ts.isTypeOnlyExportDeclaration(item)) ?? false;
      const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly;
      return { name: exported.name, entry, isValue, text, examples: blocks(text) };
    });
  });
};

const names = readPublicNames();

/** The first entry that has a name, except that examples of the portable entry use that one. */
const importsFor = (code: string, entry: Entry): string => {
  const lines: string[] = [];
  const seen = new Set(['default']);
  const order = [...(entry === 'index' ? ['index' as const] : []), ...(Object.keys(specifiers) as Entry[])];
  for (const from of order) {
    for (const { name, isValue } of names.filter((item) => item.entry === from)) {
      if (!isValue || seen.has(name) || !new RegExp(`\\b${name}\\b`).test(code)) continue;
      seen.add(name);
      lines.push(`import { ${name} } from '${specifiers[from]}';`);
    }
  }
  return lines.join('\n');
};

const prelude = `
const doubleWasm = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, 3, 2, 1, 0, 7, 10, 1, 6, 0x64, 0x6f,
  0x75, 0x62, 0x6c, 0x65, 0, 0, 10, 9, 1, 7, 0, 0x20, 0, 0x41, 1, 0x74, 0x0b,
]);
const functions = {
  'extism:host/user': { remark: (plugin, total) => plugin.store(\`\${total} so far\`) },
};`;

const folder = join(root, 'build/docstrings');

/** What an example prints. */
const run = async ({ name, entry }: PublicName, code: string, index: number): Promise<string[]> => {
  const file = join(folder, `${entry}-${name}-${index}.mjs`);
  writeFileSync(file, `${importsFor(code, entry)}\n${prelude}\n${code}`);
  const printed: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => {
    printed.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
  };
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return printed;
};

describe('public names', () => {
  before(() => {
    buildExamples();
    mkdirSync(folder, { recursive: true });
  });

  test('have a docstring', () => {
    assert.ok(names.length > 150);
    assert.deepEqual(
      names.filter(({ text, name }) => text === '' && name !== 'default').map(({ name }) => name),
      [],
    );
  });

  const values = names.filter(({ isValue, name }) => isValue && name !== 'default');
  const isNew = (item: PublicName, i: number): boolean =>
    values.findIndex(({ name, text }) => name === item.name && text === item.text) === i;
  for (const item of values.filter(isNew)) {
    test(`${item.name}: the example does what it says`, async () => {
      assert.ok(item.examples.length > 0, 'no example');
      for (const [i, code] of item.examples.entries()) {
        const expected = [...code.matchAll(/\/\/ → (.*)$/gm)].map((match) => match[1]!);
        assert.ok(expected.length > 0, 'the example says nothing');
        assert.deepEqual(await run(item, code, i), expected);
      }
    });
  }
});
