/**
 * What the package exports, with docstrings and examples, read from the declarations that are shipped: what an
 * editor shows. Each example becomes a module of its own, with the imports that it needs.
 */
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../shared.ts';
import { compileWat } from '../wat.ts';

/** Where users import each entry from; on Node, the portable one is behind the other. */
const specifiers = {
  node: 'quern',
  index: '../src/index.js',
  wasm: 'quern/wasm',
  kernel: 'quern/kernel',
  inspect: 'quern/inspect',
  errors: 'quern/errors',
  compile: 'quern/compile',
  profile: 'quern/profile',
  'debug-node': 'quern/debug',
  job: 'quern/job',
  webassembly: 'quern/webassembly',
  'node-wasi': 'quern/node/wasi',
  'webassembly-auto': 'quern/webassembly/auto',
  'webassembly-replace': 'quern/webassembly/replace',
} as const;
type Entry = keyof typeof specifiers;
const entries = Object.keys(specifiers) as Entry[];

/** Where the modules of the examples lie; `specifiers` are resolved from here. */
export const folder = join(root, 'build/docstrings');

/** A block of code in a docstring. */
export interface Example {
  readonly language: 'js' | 'ts';
  readonly code: string;
  /** All of the module: imports, what `prelude` has of what is used, code. */
  readonly module: string;
  readonly path: string;
  /** What it uses by name without declaring it. */
  readonly uses: ReadonlySet<string>;
}
/** An export of an entry. */
export interface PublicName {
  readonly name: string;
  readonly entry: Entry;
  /** False for types, and for classes that users get instances of and cannot name as values. */
  readonly isValue: boolean;
  readonly text: string;
  readonly examples: readonly Example[];
  /** Those in the docstrings of its members. */
  readonly memberExamples: readonly Example[];
}

/** Modules that examples may use. */
const modules = compileWat(
  {
    doubleWasm: `
      (module (func (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1))))`,
    logWasm: `
      (module
        (import "extism:host/env" "input_offset" (func (result i64)))
        (import "extism:host/env" "log_warn" (func (param i64)))
        (func (export "log") (call 1 (call 0))))`,
    echoWasm: `
      (module
        (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "echo")
          (i32.store (i32.const 0) (i32.const 16)) ;; one vector, at 0: its bytes are those from 16 on
          (block (loop
            (i32.store (i32.const 4) (i32.const 1000))
            (drop (call 0 (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
            (br_if 1 (i32.eqz (i32.load (i32.const 4))))
            (drop (call 1 (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br 0)))))`,
  },
  false,
);

/** What examples may use without declaring it. */
const prelude: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(modules).map(([name, bytes]) => [name, `const ${name} = Uint8Array.of(${bytes});`]),
  ),
  functions: `const functions: import('quern').HostFunctions = {
  'extism:host/user': { remark: (plugin, total) => plugin.store(\`\${total} so far\`) },
};`,
};

/** The project's own options. Shipped declarations are checked as well, as for users who do not skip that. */
const readOptions = (): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile) as {
    readonly config: { readonly compilerOptions: object };
  };
  const { options, errors } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  if (errors.length > 0) throw new Error(String(errors[0]!.messageText));
  return {
    ...options,
    ...{ composite: false, declaration: false, noEmit: true, skipLibCheck: false, types: ['node'] },
  };
};
const options = readOptions();

const host = ts.createCompilerHost(options);
const sourceFiles = new Map<string, ts.SourceFile | undefined>();
const { getSourceFile } = host;
// Two programs read the same libraries.
host.getSourceFile = (path, ...rest) => {
  if (!sourceFiles.has(path)) sourceFiles.set(path, getSourceFile(path, ...rest));
  return sourceFiles.get(path);
};

/** Declarations of an entry, as they are shipped. */
const declarationsOf = (entry: Entry): string => join(root, 'build/src', `${entry}.d.ts`);

/** Whether a node is a member that has a name: of an object, a class or a type. */
const isMember = (node: ts.Node): node is ts.NamedDeclaration =>
  ts.isPropertyAccessExpression(node) ||
  ts.isObjectLiteralElementLike(node) ||
  ts.isClassElement(node) ||
  ts.isTypeElement(node) ||
  ts.isNamedTupleMember(node);

/** Whether an identifier stands for itself, and is not the name of a member of something. */
const isFree = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isQualifiedName(parent)) return parent.right !== node;
  if (ts.isBindingElement(parent)) return parent.propertyName !== node;
  return !ts.isImportSpecifier(parent) && !(isMember(parent) && parent.name === node);
};
const isDeclared = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isImportSpecifier(parent)) return true;
  return (parent as Partial<ts.NamedDeclaration>).name === node && !isMember(parent);
};

/** Names that code uses and does not declare. */
const namesUsedBy = (code: string): Set<string> => {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      if (isFree(node)) used.add(node.text);
      if (isDeclared(node)) declared.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('example.mts', code, ts.ScriptTarget.ES2023, true));
  for (const name of declared) used.delete(name);
  return used;
};

type Found = Omit<PublicName, 'examples' | 'memberExamples'> & { readonly symbol: ts.Symbol };

/** The text of a docstring, tags included: a tag would swallow the example after it. */
const textOf = (comments: readonly ts.Node[]): string =>
  comments.map((comment) => comment.getText().replace(/^\s*(\/\*\*|\*\/| ?\* ?)/gm, '')).join('\n');

const docstringOf = (declaration: ts.Declaration): string =>
  textOf(ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc));

/** The docstrings of everything inside of a declaration. */
const docstringsIn = (declaration: ts.Node): string => {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    texts.push(textOf((node as { readonly jsDoc?: readonly ts.JSDoc[] }).jsDoc ?? []));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(declaration, visit);
  return texts.join('\n');
};

const program = ts.createProgram(entries.map(declarationsOf), options, host);
const checker = program.getTypeChecker();

/** What an alias stands for in the end. */
const originalOf = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const found = entries.flatMap((entry) => {
  const module = checker.getSymbolAtLocation(program.getSourceFile(declarationsOf(entry))!)!;
  return checker.getExportsOfModule(module).map((exported): Found => {
    const symbol = originalOf(exported);
    const text = (symbol.declarations ?? []).map(docstringOf).join('\n');
    const isTypeOnly = exported.declarations?.some((item) => ts.isTypeOnlyExportDeclaration(item)) ?? false;
    const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly;
    return { name: exported.name, entry, isValue, text, symbol };
  });
});

const isInternal = (node: ts.Node): boolean =>
  (ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) ||
  ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');

/** The name in a reference to a type; undefined for any other node. */
const referenceIn = (node: ts.Node): ts.Node | undefined => {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  return ts.isExpressionWithTypeArguments(node) ? node.expression : undefined;
};

/** Names of the project's that public declarations use and that no entry exports, each with its users. */
export const findHiddenNames = (): ReadonlyMap<string, readonly string[]> => {
  const exported = new Set(found.map(({ symbol }) => symbol));
  const hidden = new Map<string, string[]>();
  const visit = (node: ts.Node, user: string): void => {
    if (isInternal(node)) return;
    const reference = referenceIn(node);
    const named = reference && checker.getSymbolAtLocation(reference);
    const symbol = named && originalOf(named);
    const isOurs = symbol?.declarations?.[0]?.getSourceFile().fileName.includes('/build/src/');
    if (symbol && isOurs && !exported.has(symbol) && !(symbol.flags & ts.SymbolFlags.TypeParameter))
      hidden.set(symbol.name, [...(hidden.get(symbol.name) ?? []), user]);
    ts.forEachChild(node, (child) => visit(child, user));
  };
  for (const { name, symbol } of found) for (const item of symbol.declarations ?? []) visit(item, name);
  return hidden;
};

/** Names of the Node entry that its declarations, being those of the portable entry, do not have. */
const nodeOnly = new Set(
  found
    .filter(
      ({ name, entry }) => entry === 'node' && !found.some((o) => o.entry === 'index' && o.name === name),
    )
    .map(({ name }) => name),
);

/** Imports of what an example uses: from its own entry, or else from the first that has the name. */
const importsFor = (uses: ReadonlySet<string>, entry: Entry): string => {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const from of [entry, ...entries]) {
    for (const { name, isValue } of found.filter((item) => item.entry === from)) {
      if (seen.has(name) || !uses.has(name)) continue;
      seen.add(name);
      const specifier = from === 'node' && nodeOnly.has(name) ? 'quern/node' : specifiers[from];
      lines.push(`import ${isValue ? '' : 'type '}{ ${name} } from '${specifier}';`);
    }
  }
  return lines.join('\n');
};

const examplesIn = (text: string, entry: Entry, label: string): Example[] =>
  [...text.matchAll(/```(js|ts)\n([\s\S]*?)```/g)].map((match, i): Example => {
    const code = match[2]!;
    const uses = namesUsedBy(code);
    const given = Object.keys(prelude).filter((key) => uses.has(key));
    const module = [importsFor(uses, entry), ...given.map((key) => prelude[key]!), code].join('\n');
    const path = join(folder, `${entry}-${label}-${i}.mts`);
    return { language: match[1] as 'js' | 'ts', code, module, path, uses };
  });

/** Every name once, however many entries have it. */
export const publicNames: readonly PublicName[] = found
  .filter(
    (item, i) => found.findIndex(({ name, symbol }) => name === item.name && symbol === item.symbol) === i,
  )
  .map((item): PublicName => {
    const { name, entry, text, symbol } = item;
    const inside = (symbol.declarations ?? []).map(docstringsIn).join('\n');
    return {
      ...item,
      examples: examplesIn(text, entry, name),
      memberExamples: examplesIn(inside, entry, `${name}-members`),
    };
  });

/** Removes the types of a module. */
export const stripTypes = ({ module, path }: Pick<Example, 'module' | 'path'>): string =>
  ts.transpileModule(module, { fileName: path, compilerOptions: { ...options, sourceMap: false } })
    .outputText;

/** What the compiler says of modules, and of the declarations that are shipped; by path. */
export const typeCheck = (paths: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const declarations = entries.map(declarationsOf);
  const program = ts.createProgram([...paths, ...declarations], options, host);
  const wrong = new Map<string, string[]>();
  for (const path of [...paths, ...declarations]) {
    const source = program.getSourceFile(path)!;
    const complaints = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    wrong.set(
      path,
      complaints.map(({ start, messageText }) => {
        const { line } = ts.getLineAndCharacterOfPosition(source, start!);
        const message = ts.flattenDiagnosticMessageText(messageText, '\n');
        return `${path}:${line + 1}: ${message}\n  ${source.text.split('\n')[line]}`;
      }),
    );
  }
  return wrong;
};
