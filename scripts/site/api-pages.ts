/**
 * The API reference: a page for each export of each entry, by typedoc, from the declarations that are shipped.
 *
 * Typedoc is a package of the site alone, so its types are unknown here; what is used of it is declared below.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../test/shared.ts';
import { publicEntries } from '../docs/public-api.ts';
import { pagesFolder, writePage } from './folder.ts';

interface Reflection {
  name: string;
  readonly kind: number;
}
interface Typedoc {
  readonly Application: {
    bootstrapWithPlugins(options: object): Promise<{
      readonly converter: {
        on(event: string, listener: (context: unknown, reflection: Reflection) => void): void;
      };
      readonly outputs: { writeOutput(output: object, project: object): Promise<void> };
      readonly logger: { hasErrors(): boolean; hasWarnings(): boolean };
      convert(): Promise<object | undefined>;
    }>;
  };
  readonly Converter: { readonly EVENT_CREATE_DECLARATION: string };
  readonly ReflectionKind: { readonly Module: number };
}

const require = createRequire(join(root, 'site/package.json'));

/** The folder of an entry's pages: `quern/wasm` → `wasm`. */
export const apiFolderOf = (specifier: string): string =>
  specifier === 'quern' ? 'quern' : specifier.replace(/^quern\//, '').replaceAll('/', '-');

/** The folders in which typedoc sorts the pages of an entry. */
const sorts = ['functions', 'variables', 'classes', 'interfaces', 'type-aliases', 'namespaces'];

/** The page of an export; undefined if there is none. */
export const apiPageOf = (specifier: string, name: string): string | undefined =>
  sorts
    .map((sort) => `api/${apiFolderOf(specifier)}/${sort}/${name}.md`)
    .find((path) => existsSync(join(pagesFolder, path)));

/** What an entry is for: the comment that its declarations begin with. */
const purposeOf = (file: string): string =>
  (/^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, 'utf8'))?.[1] ?? '')
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** The first page: what is where. Pages of entries get the name that programs import. */
const writeEntries = (): void => {
  const rows = publicEntries.map(({ specifier, aliases, file }) => {
    const names = [specifier, ...aliases].map((name) => `\`${name}\``).join(', ');
    const page = join(pagesFolder, 'api', apiFolderOf(specifier), 'index.md');
    const text = readFileSync(page, 'utf8');
    writeFileSync(page, text.replace(/^# .*$/m, `# ${specifier}\n\n${purposeOf(file)}`));
    return `| [${names}](./${apiFolderOf(specifier)}/index.md) | ${purposeOf(file).replaceAll('|', '\\|')} |`;
  });
  const text = [
    '# API',
    'The entries of the package. [Exports](../reference/api.md) lists all names on one page, [options](../reference/options.md) all options.',
    ['| import | what |', '| --- | --- |', ...rows].join('\n'),
  ];
  writePage('api/index.md', `${text.join('\n\n')}\n`);
};

/** Writes the pages. @throws when typedoc finds a fault */
export const writeApiPages = async (): Promise<void> => {
  const { Application, Converter, ReflectionKind } = (await import(
    pathToFileURL(require.resolve('typedoc')).href
  )) as Typedoc;
  const tsconfig = join(root, 'build/site-typedoc.json');
  const files = publicEntries.map(({ file }) => file);
  const compilerOptions = {
    ...{ module: 'nodenext', moduleResolution: 'nodenext', target: 'es2023', lib: ['es2023'] },
    ...{ types: [], strict: true, skipLibCheck: true },
  };
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files }));
  const app = await Application.bootstrapWithPlugins({
    ...{ entryPoints: files, tsconfig, plugin: [require.resolve('typedoc-plugin-markdown')] },
    ...{ name: 'API', readme: 'none', disableSources: true, hideGenerator: true },
    ...{ excludeInternal: true, excludePrivate: true, skipErrorChecking: true, logLevel: 'Warn' },
    ...{ entryFileName: 'index', hideBreadcrumbs: true, hidePageHeader: true },
    ...{
      useHTMLEncodedBrackets: true,
      sanitizeComments: true,
      textContentMappings: { 'title.memberPage': '{name}' },
    },
    ...{ parametersFormat: 'table', indexFormat: 'table' },
    // What declarations name and no entry exports is the inside of the engine: see `test/examples`.
    validation: { notExported: false, invalidLink: true, notDocumented: false },
  });
  const names = new Map(
    publicEntries.map(({ file, specifier }) => [
      relative(root, file).replace(/(?:\/index)?\.d\.ts$/, ''),
      apiFolderOf(specifier),
    ]),
  );
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (reflection.kind === ReflectionKind.Module) reflection.name = names.get(reflection.name)!;
  });
  const project = await app.convert();
  if (project === undefined || app.logger.hasErrors()) throw new Error('typedoc made no reference');
  await app.outputs.writeOutput({ name: 'markdown', path: join(pagesFolder, 'api') }, project);
  writeEntries();
};
