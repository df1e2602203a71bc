/** docs/api.md, from the declarations that are shipped: every export, with the first sentence of its docstring. */
import ts from 'typescript';
import { cell, code, pageHead, table } from './markdown.ts';
import { firstSentenceOf, type PublicExport, publicEntries, publicExports } from './public-api.ts';

/** What an export is, by the first of these flags that it has. */
const kinds: readonly (readonly [flag: ts.SymbolFlags, kind: string])[] = [
  [ts.SymbolFlags.Class, 'class'],
  [ts.SymbolFlags.Function, 'function'],
  [ts.SymbolFlags.Variable, 'value'],
  [ts.SymbolFlags.Interface, 'interface'],
  [ts.SymbolFlags.TypeAlias, 'type'],
];
const kindOf = ({ symbol }: PublicExport): string =>
  kinds.find(([flag]) => (symbol.flags & flag) !== 0)?.[1] ?? 'value';

/** The page. */
export const apiPage = (): string => {
  const sections = publicEntries.map(({ specifier, aliases }) => {
    const rows = publicExports
      .filter((item) => item.specifier === specifier)
      .map((item) => [code(item.name), kindOf(item), cell(firstSentenceOf(item.symbol))]);
    const others = aliases.map((alias) => code(alias)).join(' and ');
    const note = aliases.length === 0 ? '' : `\nThe names of ${others} are the same.\n`;
    return `## \`${specifier}\`\n${note}\n${table(['name', 'kind', 'what'], rows)}`;
  });
  return [
    pageHead('Exports', 'the docstrings'),
    'Every name that the package and the packages beside it export. A name that several entries export stands at the first of them. Docstrings, with examples and types, are in the declarations of the package (`dist/types`), which editors show. [Options](options.md) lists the members of the types that hold options.\n',
    ...sections,
  ].join('\n');
};
