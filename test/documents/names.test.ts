/**
 * What pages and comments name exists: files, folders, links with their headings, scripts of npm, entries of the
 * package, and names of the code. A name that is wrong misleads, and nothing else finds it.
 *
 * What counts as a path is narrow: it begins with a folder of the project, or ends in `.ts`, `.js` or `.md`. A path
 * without its first folders is enough where a file of the project ends so; `*` stands for any part of a name.
 * A name of the code is one in code font with a capital inside; some file must use it outside of its comments.
 */
import assert from 'node:assert/strict';
import { dirname, posix } from 'node:path';
import { describe, test } from 'node:test';
import { codeOf, isInProject, type Prose, placeOf, projectFiles, proseOf, textOf } from './project-files.ts';

/** Names that look like those of the project and are not; for each file the names that it may use. */
const foreign: Readonly<Record<string, readonly string[]>> = {
  // Folders of WebAssembly/spec, and where its tests are cloned to.
  'docs/conformance.md': ['test/js-api', 'test/legacy/exceptions/js-api'],
  'README.md': ['spec-tests/testsuite'],
  'CONTRIBUTING.md': ['spec-tests/testsuite'],
  'docs/text.md': ['spec-tests/testsuite'],
  // Programs and settings of the reader's.
  'docs/webassembly.md': ['program.js'],
  'docs/guides/browsers.md': ['./quern/index.js'],
  'docs/guides/react-native.md': ['metro.config.js', 'unstable_enablePackageExports'],
  // Files of the official SDK, and of tool-conventions.
  'spec-tests/js-sdk/main.ts': ['./mod.ts'],
  'src/interpreter/calls/coredump.ts': ['Coredump.md'],
  // An option of the compiler, and names of standards.
  'RATIONALE.md': ['isolatedDeclarations'],
  'src/webassembly/module.ts': ['WebAssemblyCompileOptions'],
  'src/webassembly/web-idl.ts': ['ToBigInt'],
  // The name of a function of a plug-in.
  'src/errors/errors.ts': ['examples/counter/assembly/index/ratio'],
};
/** Names of projects that look like files. */
const projects = ['Node.js', 'benchmark.js', 'sql.js'];

const folders = ['src', 'test', 'docs', 'scripts', 'bench', 'engines', 'examples', 'spec-tests'];
const named = new RegExp(
  [
    // Not a part of a URL, of a longer path, or of a package's name.
    String.raw`(?<![\w@/.*\]>-])(?:`,
    String.raw`(?:\.{1,2}/)*(?:[\w-]+/)*[\w*-]+(?:\.[\w-]+)*\.(?:ts|js|md)(?![\w/(])`,
    String.raw`|(?:build/)?(?:${folders.join('|')})/[\w./-]*\w`,
    ')',
  ].join(''),
  'g',
);

const examplePlugin = /^build\/examples\/(\w+)\.wasm$/;

/** Whether a path that a file names is there, or is built from what is there. */
const exists = (path: string, from: string): boolean => {
  if (/^\.{1,2}\//.test(path)) return exists(posix.join(dirname(from), path), from);
  const plugin = examplePlugin.exec(path);
  if (plugin !== null) return isInProject(`examples/${plugin[1]}/assembly/index.ts`);
  // What the package ships is built from the entries of the sources.
  const source = path
    .replace(/^dist\/(?:types\/|standalone\/|small\/)?/, 'src/')
    .replace(/^build\//, '')
    .replace(/\.(?:js|d\.ts)$/, '.ts');
  if (isInProject(path) || isInProject(source)) return true;
  if (!/\.\w+$/.test(path)) return false;
  const end = new RegExp(`/${source.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  return projectFiles.some((file) => end.test(file));
};

// The change log is history: it may name what is gone.
const prose: Prose[] = projectFiles.filter((path) => path !== 'CHANGELOG.md').flatMap(proseOf);

/** Every match in every prose that does not hold, with its place. */
const wrongNames = (pattern: RegExp, holds: (name: string, path: string) => boolean): string[] =>
  prose.flatMap((item) =>
    [...item.text.matchAll(pattern)]
      .filter((match) => !holds(match[1] ?? match[0], item.path))
      .map((match) => `${placeOf(item, match.index)}: ${match[1] ?? match[0]}`),
  );

/** The fragment that a heading gets on the web. */
const fragmentOf = (heading: string): string =>
  heading
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .toLowerCase()
    .replace(/\s/g, '-');

describe('what pages and comments name', () => {
  test('files and folders exist', () => {
    const known = (name: string, path: string): boolean =>
      projects.includes(name) || (foreign[path]?.includes(name) ?? false) || exists(name, path);
    assert.deepEqual(wrongNames(named, known), []);
  });

  test('no exception is left over', () => {
    const unused = Object.entries(foreign).flatMap(([path, names]) => {
      const text = projectFiles.includes(path)
        ? proseOf(path)
            .map((item) => item.text)
            .join('\n')
        : '';
      return names.filter((name) => !text.includes(name)).map((name) => `${path}: ${name}`);
    });
    assert.deepEqual(unused, []);
  });

  test('links lead to a file, and to a heading of it', () => {
    const headingsOf = (path: string): string[] =>
      [...textOf(path).matchAll(/^#+ (.*)$/gm)].map((match) => fragmentOf(match[1]!));
    const leads = (link: string, from: string): boolean => {
      if (/^\w+:/.test(link)) return true;
      const [target = '', fragment] = link.split('#');
      const path = target === '' ? from : posix.join(dirname(from), target);
      return isInProject(path) && (fragment === undefined || headingsOf(path).includes(fragment));
    };
    const broken = projectFiles
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
          .filter((match) => !leads(match[1]!, path))
          .map((match) => `${path}: ${match[1]}`),
      );
    assert.deepEqual(broken, []);
  });

  test('scripts of npm are in package.json', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: object };
    const isScript = (name: string): boolean => Object.hasOwn(scripts, name);
    assert.deepEqual(wrongNames(/\bnpm run ([\w:-]+)/g, isScript), []);
  });

  test('entries of the package are exported', () => {
    const { exports } = JSON.parse(textOf('package.json')) as { exports: object };
    const isEntry = (name: string): boolean => Object.hasOwn(exports, `.${name}`);
    assert.deepEqual(wrongNames(/(?<![\w/.-])quern(\/[a-z]+(?:\/[a-z]+)*)/g, isEntry), []);
  });

  test('names of the code are used in it', () => {
    const used = new Set(
      projectFiles
        .filter((path) => /\.(?:ts|json)$/.test(path))
        .flatMap((path) => [...codeOf(path).matchAll(/[\w$]+/g)].map(([name]) => name)),
    );
    const isUsed = (names: string, path: string): boolean =>
      foreign[path]?.includes(names) || names.split(/[.#]+/).every((name) => name === '' || used.has(name));
    assert.deepEqual(wrongNames(/`((?:#?\w+\.)*#?\w*[a-z][A-Z]\w*)(?:\(\))?`/g, isUsed), []);
  });

  test('texts of the program name pages that exist', () => {
    const wrong = projectFiles
      .filter((path) => path.startsWith('src/') && path.endsWith('.ts'))
      .flatMap((path) =>
        [...textOf(path).matchAll(/\bdocs\/[\w-]+\.\w+/g)]
          .filter(([name]) => !isInProject(name))
          .map(([name]) => `${path}: ${name}`),
      );
    assert.deepEqual(wrong, []);
  });
});
