/**
 * docs/options.md, from the declarations that are shipped: every option of every public function.
 *
 * Options are the members of an exported interface that is the type of a parameter or property named `options`, or of
 * a parameter that is taken apart by names, if some member may be left out, or of an option, if all may be.
 */
import ts from 'typescript';
import { cell, code, pageHead, table } from './markdown.ts';
import { checker, originalOf, publicExports, summaryOf } from './public-api.ts';

const exported = new Map(publicExports.map((item) => [item.symbol, item]));

/** The exported interfaces that a type names. */
const interfacesIn = (node: ts.TypeNode | undefined): ts.Symbol[] => {
  if (node === undefined) return [];
  if (ts.isUnionTypeNode(node)) return node.types.flatMap(interfacesIn);
  if (!ts.isTypeReferenceNode(node)) return [];
  const symbol = originalOf(checker.getSymbolAtLocation(node.typeName)!);
  return exported.has(symbol) && symbol.flags & ts.SymbolFlags.Interface ? [symbol] : [];
};

const membersOf = (symbol: ts.Symbol): readonly ts.Symbol[] =>
  checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
/** Members that the interface itself declares. */
const ownMembersOf = (symbol: ts.Symbol): readonly ts.Symbol[] => [...(symbol.members?.values() ?? [])];
const isOptional = (symbol: ts.Symbol): boolean => (symbol.flags & ts.SymbolFlags.Optional) !== 0;
const isBag = (symbol: ts.Symbol): boolean =>
  membersOf(symbol).length > 0 && membersOf(symbol).every(isOptional);

const isNamedOptions = (node: ts.Node): node is ts.ParameterDeclaration | ts.PropertySignature =>
  (ts.isParameter(node) || ts.isPropertySignature(node)) && node.name.getText() === 'options';

/** Interfaces of options → the exports that take them. */
const findOptions = (): ReadonlyMap<ts.Symbol, ReadonlySet<string>> => {
  const users = new Map<ts.Symbol, Set<string>>();
  const add = (symbol: ts.Symbol, user: string): void => {
    const known = users.get(symbol);
    if (known === undefined) {
      users.set(symbol, new Set([user]));
      // Options in options.
      for (const member of ownMembersOf(symbol)) addOptionsIn(member, exported.get(symbol)!.name);
    } else known.add(user);
  };
  const addOptionsIn = (member: ts.Symbol, user: string): void => {
    const declaration = member.valueDeclaration;
    if (declaration === undefined || !ts.isPropertySignature(declaration)) return;
    for (const part of interfacesIn(declaration.type).filter(isBag)) add(part, user);
  };
  const visit = (node: ts.Node, user: string): void => {
    if (isNamedOptions(node)) for (const symbol of interfacesIn(node.type)) add(symbol, user);
    if (ts.isParameter(node) && ts.isObjectBindingPattern(node.name))
      for (const symbol of interfacesIn(node.type).filter((type) => membersOf(type).some(isOptional)))
        add(symbol, user);
    ts.forEachChild(node, (child) => visit(child, user));
  };
  for (const { name, symbol } of publicExports)
    for (const declaration of symbol.declarations ?? []) visit(declaration, name);
  return users;
};

const typeOf = (member: ts.Symbol): string => {
  const declaration = member.valueDeclaration;
  if (declaration === undefined || !ts.isPropertySignature(declaration)) return 'function';
  return declaration
    .type!.getText()
    .replace(/\s+/g, ' ')
    .replace(/ \| undefined$/, '');
};

/** The interface that declares a member. */
const ownerOf = ({ declarations }: ts.Symbol): string => {
  const owner = declarations?.[0]?.parent;
  return owner !== undefined && ts.isInterfaceDeclaration(owner) ? owner.name.text : '';
};

/** Options that come from another interface, as a sentence. */
const inherited = (symbol: ts.Symbol): string => {
  const others = membersOf(symbol).filter((member) => ownerOf(member) !== symbol.name);
  if (others.length === 0) return '';
  const owners = [...new Set(others.map(ownerOf))].map((name) => `[${name}](#${name.toLowerCase()})`);
  const names = others.map(({ name }) => code(name)).join(', ');
  return `As in ${owners.join(' and ')}, also ${names}.\n\n`;
};

/** The page. */
export const optionsPage = (): string => {
  const sections = [...findOptions()].map(([symbol, users]) => {
    const { name, specifier } = exported.get(symbol)!;
    const rows = ownMembersOf(symbol).map((member) => [
      code(member.name),
      code(typeOf(member)),
      cell(summaryOf(member)),
    ]);
    const taken = [...users].map((user) => `\`${user}\``).join(', ');
    return `## ${name}\n\n${summaryOf(symbol).replace(/ Example: see `\w+`\./, '')} Of \`${specifier}\`; used by ${taken}.\n\n${inherited(symbol)}${table(['option', 'type', 'what'], rows)}`;
  });
  return [
    pageHead('Options', 'the docstrings'),
    'Every option of every function. All may be left out unless the text says otherwise.\n',
    ...sections,
  ].join('\n');
};
