/**
 * What the entries of the package, and the packages beside it, export, read from the declarations that are shipped: for pages that list it all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packages } from '../../test/packages.ts';
import { root } from '../../test/shared.ts';

/** A target in the map of exports: a file, or targets by condition. */
type Target = string | { readonly [condition: string]: Target };

/** The declarations that a target has for hosts of any kind. */
const declarationsOf = (target: Target): string | undefined => {
  if (typeof target === 'string') return target.endsWith('.d.ts') ? target : undefined;
  return declarationsOf(target['default'] ?? '') ?? declarationsOf(target['types'] ?? '');
};

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, Target>>;
};

/** An entry of the package, or a package beside it: how users name it, its declarations, and other entries that have the same ones. */
interface PublicEntry {
  readonly specifier: string;
  /** Absolute path. */
  readonly file: string;
  readonly aliases: readonly string[];
}
export const publicEntries: readonly PublicEntry[] = (() => {
  const specifiers = new Map<string, string[]>();
  for (const [path, target] of Object.entries(exports)) {
    const file = declarationsOf(target);
    if (file !== undefined)
      specifiers.set(file, [...(specifiers.get(file) ?? []), path.replace(/^\./, 'quern')]);
  }
  const own = [...specifiers].map(([file, [specifier, ...aliases]]) => ({
    specifier: specifier!,
    file: join(root, file),
    aliases,
  }));
  const others = packages.map(({ name, path }) => ({
    specifier: name,
    file: join(path, 'dist/index.d.ts'),
    aliases: [],
  }));
  return [...own, ...others];
})();

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  types: [],
  // Without it, members that may be undefined have types that do not say so.
  strict: true,
};
const program = ts.createProgram(
  publicEntries.map(({ file }) => file),
  options,
);
export const checker: ts.TypeChecker = program.getTypeChecker();

/** What an alias stands for in the end. */
export const originalOf = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** An export of an entry. */
export interface PublicExport {
  readonly name: string;
  readonly specifier: string;
  readonly symbol: ts.Symbol;
}

/** All exports, those that another entry has too at their first entry alone. */
export const publicExports: readonly PublicExport[] = (() => {
  const seen = new Set<string>();
  return publicEntries.flatMap(({ specifier, file }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    return checker
      .getExportsOfModule(module)
      .map((exported) => ({ name: exported.name, specifier, symbol: originalOf(exported) }))
      .filter(({ name, symbol }) => {
        const first = symbol.declarations?.[0];
        const key = `${name} ${first?.getSourceFile().fileName}:${first?.pos}`;
        return !seen.has(key) && seen.add(key);
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
})();

/** A docstring as one line, without its blocks of code. */
export const summaryOf = (symbol: ts.Symbol): string =>
  ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replace(/```[\s\S]*?```/g, '')
    .replace(/\s+/g, ' ')
    .trim();
/** Its first sentence. */
export const firstSentenceOf = (symbol: ts.Symbol): string =>
  /^.*?[^.]\.(?= [A-Z`]|$)/.exec(summaryOf(symbol))?.[0] ?? summaryOf(symbol);
