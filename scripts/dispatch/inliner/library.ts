/** The source files that bodies come from, read as syntax: their constants and functions, by name. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

export interface Library {
  /** The values of the constants of the files. */
  readonly constants: ReadonlyMap<string, ts.Expression>;
  /** Names that the files import from others. */
  readonly imports: ReadonlyMap<string, Import>;
}
interface Import {
  readonly file: string;
  readonly isType: boolean;
}

/**
 * Reads source texts by path. All share one namespace, so that a name means the same everywhere.
 *
 * @throws Error if two files declare one name
 */
export const parseLibrary = (files: Readonly<Record<string, string>>): Library => {
  const constants = new Map<string, ts.Expression>();
  const imports = new Map<string, Import>();
  for (const [path, text] of Object.entries(files)) {
    for (const statement of ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true).statements) {
      if (ts.isImportDeclaration(statement)) {
        const from = join(dirname(path), (statement.moduleSpecifier as ts.StringLiteral).text);
        const { namedBindings, phaseModifier } = statement.importClause ?? {};
        if (from in files || namedBindings === undefined || !ts.isNamedImports(namedBindings)) continue;
        const isAllTypes = phaseModifier === ts.SyntaxKind.TypeKeyword;
        for (const { name, isTypeOnly } of namedBindings.elements)
          imports.set(name.text, { file: from, isType: isAllTypes || isTypeOnly });
      } else if (ts.isVariableStatement(statement)) {
        for (const { name, initializer } of statement.declarationList.declarations) {
          if (!ts.isIdentifier(name) || initializer === undefined) continue;
          if (constants.has(name.text)) throw new Error(`${path}: ${name.text} is declared twice`);
          constants.set(name.text, initializer);
        }
      }
    }
  }
  return { constants, imports };
};

/** Reads the files of a folder. Paths in the library are relative to `root`. */
export const readLibrary = (root: string, paths: readonly string[]): Library =>
  parseLibrary(Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])));
