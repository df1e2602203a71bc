/**
 * What the packages of queues export, with their docstrings, read from the declarations that are shipped; each example
 * is a module of its own for the compiler, with what it may use: a client of the queue, and the bytes of a module.
 */
import { join } from 'node:path';
import ts from 'typescript';
import { type Package, packages } from '../packages.ts';
import { root } from '../shared.ts';

/** What the examples of a package may use without declaring it. */
const preludes: Readonly<Record<string, string>> = {
  'quern-bullmq': `import { FlowProducer, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
declare const connection: Redis;
declare const first: Job;`,
  'quern-pg-boss': `import type { PgBoss } from 'pg-boss';
declare const boss: PgBoss;`,
};

/** An export of a package. */
export interface PackageName {
  readonly package: string;
  readonly name: string;
  /** Its docstring. */
  readonly text: string;
  readonly examples: readonly string[];
}

const declarations = ({ path }: Package): string => join(path, 'dist/index.d.ts');
const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
const options: ts.CompilerOptions = {
  ...ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options,
  ...{ composite: false, declaration: false, noEmit: true, types: ['node'] },
  // Every example imports all names.
  ...{ noUnusedLocals: false, noUnusedParameters: false, verbatimModuleSyntax: false },
};
const program = ts.createProgram(packages.map(declarations), options);
const checker = program.getTypeChecker();
const exportsOf = (path: string): ts.Symbol[] =>
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(path)!)!);

const textOf = (symbol: ts.Symbol): string => {
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const comments = (original.declarations ?? []).flatMap((item) => [...ts.getJSDocCommentsAndTags(item)]);
  return comments.map((item) => item.getText().replace(/^\s*(\/\*\*|\*\/| ?\* ?)/gm, '')).join('\n');
};

/** All of them. */
export const packageNames: readonly PackageName[] = packages.flatMap((item) =>
  exportsOf(declarations(item)).map((symbol) => {
    const text = textOf(symbol);
    const examples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!);
    return { package: item.name, name: symbol.name, text, examples };
  }),
);

/** The module that an example is. */
const moduleOf = (name: string, code: string): string => {
  const own = packageNames.filter((item) => item.package === name).map((item) => item.name);
  const jobs = [...(exportsOfJob ?? [])].filter((item) => !own.includes(item));
  return [
    preludes[name],
    `import { ${own.join(', ')} } from '${name}';`,
    `import { ${jobs.join(', ')} } from 'quern/job';`,
    `import type { HostFunction } from 'quern';`,
    'declare const wasm: Uint8Array;',
    code,
    'export {};',
  ].join('\n');
};
const jobEntry = program.getSourceFiles().find(({ fileName }) => fileName.endsWith('/dist/types/job.d.ts'));
const exportsOfJob = jobEntry && exportsOf(jobEntry.fileName).map(({ name }) => name);

/** What the compiler says of all examples, and of the declarations of the packages. */
export const complaintsOfExamples = (): readonly string[] => {
  const folder = join(root, 'build/docstrings');
  const texts = new Map<string, string>();
  for (const { package: own, name, examples } of packageNames)
    for (const [i, code] of examples.entries())
      texts.set(join(folder, `${own}-${name}-${i}.mts`), moduleOf(own, code));
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const text = texts.get(path);
    return text === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2023);
  };
  const examples = ts.createProgram([...texts.keys()], options, host);
  const shipped = packages.map(declarations);
  return [...texts.keys(), ...shipped].flatMap((path) => {
    const source = examples.getSourceFile(path)!;
    const all = [...examples.getSyntacticDiagnostics(source), ...examples.getSemanticDiagnostics(source)];
    return all.map(({ messageText, start }) => {
      const { line } = ts.getLineAndCharacterOfPosition(source, start ?? 0);
      return `${path}:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
};
