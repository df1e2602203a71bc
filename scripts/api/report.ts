/**
 * The API of each entry of the package, and of the packages beside it, as one list of declarations, sorted by name,
 * without comments: what a user of types sees. It is read from the shipped declarations.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { packages } from '../../test/packages.ts';
import { root } from '../../test/shared.ts';

/** A target in the map of exports: a file, or targets by condition. */
type Target = string | { readonly [condition: string]: Target };

/** Files of declarations in a target. */
const typesOf = (target: Target): string[] => {
  if (typeof target === 'string') return target.endsWith('.d.ts') ? [target] : [];
  return Object.values(target).flatMap(typesOf);
};

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, Target>>;
};
/** Where the reports are, by the paths of the declarations of each entry and of each package of its own. */
const reportPaths = new Map<string, string>([
  ...Object.values(exports)
    .flatMap(typesOf)
    .map((path): [string, string] => [join(root, path), `api/${basename(path)}`]),
  ...packages.map(({ path, name }): [string, string] => [join(path, 'dist/index.d.ts'), `api/${name}.d.ts`]),
]);
const entryFiles = [...reportPaths.keys()];

const program = ts.createProgram(entryFiles, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  types: [],
});
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/** Whether users cannot name a member. A private constructor is part of the API: it forbids `new`. */
const isInternal = (node: ts.Node): boolean => {
  if (ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal')) return true;
  const isPrivate =
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true;
  return isPrivate && !ts.isConstructorDeclaration(node);
};

const withoutInternals = <Kind extends ts.Node>(node: Kind): Kind => {
  const visited = ts.transform(node, [
    (context) => (top) => {
      const visit = (child: ts.Node): ts.Node | undefined =>
        isInternal(child) ? undefined : ts.visitEachChild(child, visit, context);
      return ts.visitEachChild(top, visit, context);
    },
  ]);
  return visited.transformed[0]!;
};

/** A declaration as text, without `export` and `declare`. */
const printDeclaration = (declaration: ts.Declaration): string => {
  const text = printer
    .printNode(ts.EmitHint.Unspecified, withoutInternals(declaration), declaration.getSourceFile())
    .replace(/^(export |default |declare )+/, '')
    .replace(/^( {4})+/gm, (indent) => ' '.repeat(indent.length / 2));
  return ts.isVariableDeclaration(declaration) ? `const ${text};` : text;
};

const originalOf = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** The direct exports of an entry: those of `export *` are in the report of the other entry. */
const exportsOf = (path: string): ts.Symbol[] =>
  [...checker.getSymbolAtLocation(program.getSourceFile(path)!)!.exports!.values()].filter(
    ({ escapedName }) => escapedName !== ts.InternalSymbolName.ExportStar,
  );
const publicSymbols = new Set(entryFiles.flatMap(exportsOf).map(originalOf));

/** The types from which a node takes members or keys: a base, the type of a value, an aliased type. */
const sourceOf = (node: ts.Node): ts.Symbol | undefined => {
  if (ts.isTypeReferenceNode(node)) {
    const symbol = checker.getSymbolAtLocation(node.typeName);
    const target = symbol && originalOf(symbol);
    return target && target.flags & ts.SymbolFlags.TypeAlias ? target : undefined;
  }
  const name = ts.isTypeQueryNode(node)
    ? node.exprName
    : ts.isExpressionWithTypeArguments(node) && node.expression;
  const symbol = name ? checker.getSymbolAtLocation(name) : undefined;
  return symbol && originalOf(symbol);
};

/** The instruction table is not part of a report: its page is docs/instructions.md. */
const isInstructionTable = ({ name, declarations }: ts.Symbol): boolean =>
  name === 'table' && declarations![0]!.getSourceFile().fileName.endsWith('/syntax/instructions.d.ts');

/** Whether a file is one of the declarations that this project ships. */
const isShipped = (path: string): boolean => /\/dist\/types\/|\/packages\/[^/]+\/dist\//.test(path);

/**
 * Adds declarations that those of a symbol use and that no entry exports. Classes and interfaces that are types of
 * members are omitted: they are internal to the engine.
 */
const addParts = (symbol: ts.Symbol, parts: Set<ts.Symbol>): void => {
  const visit = (node: ts.Node): void => {
    if (isInternal(node)) return;
    const part = sourceOf(node);
    const isOurs = isShipped(part?.declarations?.[0]?.getSourceFile().fileName ?? '');
    if (part && isOurs && !publicSymbols.has(part) && !parts.has(part) && !isInstructionTable(part)) {
      parts.add(part);
      addParts(part, parts);
    }
    ts.forEachChild(node, visit);
  };
  for (const declaration of symbol.declarations ?? []) visit(declaration);
};

const byName = (a: ts.Symbol, b: ts.Symbol): number => (a.name < b.name ? -1 : 1);
const declarationsOf = (symbol: ts.Symbol, prefix: string): string =>
  (symbol.declarations ?? []).map((item) => `${prefix}${printDeclaration(item)}`).join('\n');

const describeEntry = (path: string): string => {
  const stars = program
    .getSourceFile(path)!
    .statements.filter((item) => ts.isExportDeclaration(item) && item.exportClause === undefined);
  const exported = exportsOf(path).sort(byName);
  const parts = new Set<ts.Symbol>();
  for (const item of exported) addParts(originalOf(item), parts);
  const blocks = exported.map((item) => {
    const { name } = originalOf(item);
    // A default export, or one by another name.
    return name === item.name
      ? declarationsOf(originalOf(item), 'export ')
      : `export { ${name} as ${item.name} };`;
  });
  return `${[
    '// Written by npm run gen:api.',
    ...stars.map((item) => item.getText()),
    ...blocks,
    ...(parts.size > 0 ? ['// No entry exports these; the types above are made of them.'] : []),
    ...[...parts].sort(byName).map((item) => declarationsOf(item, '')),
  ].join('\n\n')}\n`;
};

/** The reports by the paths of their files. */
export const apiReports = (): Record<string, string> =>
  Object.fromEntries([...reportPaths].map(([path, report]) => [report, describeEntry(path)]));

/** The declarations that were removed and added between two reports. */
export const changesOf = (old: string, text: string): string => {
  const [before, after] = [old, text].map((report) => report.trimEnd().split('\n\n')) as [string[], string[]];
  const gone = before.filter((block) => !after.includes(block));
  const come = after.filter((block) => !before.includes(block));
  const marked = (sign: string, blocks: readonly string[]): string[] =>
    blocks.map((block) => block.replace(/^/gm, `${sign} `));
  return ['', ...marked('-', gone), ...marked('+', come)].join('\n');
};
