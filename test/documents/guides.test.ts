/**
 * The guides do what they say. The blocks of a guide run in their order, in one folder, which holds `plugin.wasm` (the
 * example `greet`), `counter.wasm` and `remark.wasm`.
 *
 * - `js` and `ts`: a module; `// → …` says what it prints. TypeScript is compiled against the shipped declarations.
 * - One with `export default` is a worker: it is bundled, as tools for workers do it, and answers a request; `// → …` is
 *   the answer.
 * - `sh`: lines that begin with `quern`; `# → …` says what the command prints.
 *
 * Those of `browsers.md` run in a page of Chromium, too, under a policy without native Wasm and code from strings. Blocks
 * in other languages (`javascript`, `text`, `console`, …) are not run.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { build } from 'esbuild';
import { chromium, runPage } from '../browser/browser.ts';
import { runQuern } from '../cli/run-quern.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { stripTypes, typeCheck } from '../examples/public-names.ts';
import { root } from '../shared.ts';
import { projectFiles, textOf } from './project-files.ts';

interface Block {
  readonly language: string;
  readonly text: string;
  /** Where a module lies; undefined for commands. */
  readonly path: string;
}
interface Guide {
  readonly file: string;
  readonly folder: string;
  readonly blocks: readonly Block[];
}

const guides = projectFiles
  .filter((file) => /^docs\/guides\/.*\.md$/.test(file))
  .map((file): Guide => {
    // Inside the package, so that its name resolves as it does for users.
    const folder = join(root, 'build/guides', basename(file, '.md'));
    const blocks = [...textOf(file).matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match, i) => ({
      ...{ language: match[1]!, text: match[2]! },
      path: join(folder, `block-${i + 1}.${match[1] === 'ts' ? 'mts' : 'mjs'}`),
    }));
    return { file, folder, blocks };
  });

/** The languages of plug-ins, as blocks name them. */
const pluginLanguages = ['typescript', 'rust', 'go', 'c', 'javascript'];

const expectedOf = (text: string): string[] =>
  [...text.matchAll(/(?:\/\/|#) → (.*)$/gm)].map((match) => match[1]!);

/** What a module prints, in the folder of its guide. */
const runModule = async (path: string, folder: string): Promise<string[]> => {
  const printed: string[] = [];
  const { log } = console;
  const cwd = process.cwd();
  console.log = (...values: unknown[]) => {
    const text = values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ');
    printed.push(...text.split('\n'));
  };
  process.chdir(folder);
  try {
    await import(pathToFileURL(path).href);
  } finally {
    process.chdir(cwd);
    console.log = log;
  }
  return printed;
};

/** One file of a block and all that it imports, as a bundler for pages and workers makes it. */
const bundle = async (path: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [path],
    ...{ bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' },
    conditions: ['worker', 'browser'],
    loader: { '.wasm': 'binary' },
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
};

/** What a worker answers. In a process with native Wasm, since Node's own `Response` needs it. */
const answerOf = async ({ path }: Block): Promise<string[]> => {
  const asking = `
    export const { default: worker } = await import('./${basename(path)}');
    const answer = await worker.fetch(new Request('http://localhost/?name=Ada'));
    console.log(await answer.text());`;
  const [entry, file] = ['.entry.mjs', '.bundle.mjs'].map((end) => path.replace(/\.mjs$/, end));
  writeFileSync(entry!, asking);
  writeFileSync(file!, await bundle(entry!));
  const run = spawnSync(process.execPath, [file!], { encoding: 'utf8' });
  return `${run.stdout.trimEnd()}${run.stderr}`.split('\n');
};

/** The command lines of a block that are run. */
const commandsIn = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/^npx (?=quern (?!new ))/, ''))
    .filter((line) => line.startsWith('quern '));
const runCommand = (line: string, folder: string): void => {
  const [command = ''] = line.split(/\s+#/);
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);
  const run = runQuern(words.slice(1), { cwd: folder });
  assert.equal(run.status, 0, run.stderr);
  const expected = expectedOf(line);
  if (expected.length > 0) assert.deepEqual(run.stdout.trimEnd().split('\n'), expected);
};

describe('guides', () => {
  let complaints: ReturnType<typeof typeCheck> = new Map();

  before(() => {
    buildExamples();
    for (const { folder, blocks } of guides) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      copyFileSync(example('greet'), join(folder, 'plugin.wasm'));
      for (const name of ['counter', 'remark']) copyFileSync(example(name), join(folder, `${name}.wasm`));
      for (const { language, text, path } of blocks)
        if (language === 'js' || language === 'ts') writeFileSync(path, text);
    }
    complaints = typeCheck(
      guides
        .flatMap(({ blocks }) => blocks)
        .filter(({ language }) => language === 'ts')
        .map(({ path }) => path),
    );
  });

  for (const { file, folder, blocks } of guides)
    describe(file, () => {
      test('has a title, and something that runs', () => {
        assert.match(textOf(file), /^# \S/);
        assert.ok(
          blocks.some(({ language, text }) => language !== 'sh' || commandsIn(text).length > 0),
          'no block runs',
        );
      });
      for (const [i, block] of blocks.entries()) {
        const { language, text, path } = block;
        const name = `block ${i + 1} (${language})`;
        if (language === 'js' && /^export default /m.test(text))
          test(`${name} answers`, async () => assert.deepEqual(await answerOf(block), expectedOf(text)));
        else if (language === 'js')
          test(`${name} prints what it says`, async () =>
            assert.deepEqual(await runModule(path, folder), expectedOf(text)));
        else if (language === 'ts')
          test(`${name} compiles, and prints what it says`, async () => {
            assert.equal(complaints.get(path)?.join('\n') ?? '', '');
            const compiled = path.replace(/\.mts$/, '.mjs');
            writeFileSync(compiled, stripTypes({ module: text, path }));
            assert.deepEqual(await runModule(compiled, folder), expectedOf(text));
          });
        else if (language === 'sh')
          for (const line of commandsIn(text)) test(`${name}: ${line}`, () => runCommand(line, folder));
      }
    });

  test('the plug-ins of writing-plugins.md are those that `quern new` makes', () => {
    const templates = projectFiles.filter((file) => file.startsWith('templates/plugin/')).map(textOf);
    const { blocks } = guides.find(({ file }) => file.endsWith('/writing-plugins.md'))!;
    const written = blocks.filter(({ language }) => pluginLanguages.includes(language));
    assert.deepEqual(new Set(written.map(({ language }) => language)), new Set(pluginLanguages));
    for (const { text, language } of written)
      assert.ok(
        templates.some((file) => file.includes(text)),
        `no template has this code in ${language}:\n${text}`,
      );
  });

  test('the plug-in of host-functions.md is the example', () => {
    const { blocks } = guides.find(({ file }) => file.endsWith('/host-functions.md'))!;
    const sources = ['host', 'index']
      .map((name) => textOf(`examples/counter/assembly/${name}.ts`))
      .join('\n');
    const written = blocks.filter(({ language }) => language === 'typescript');
    assert.equal(written.length, 2);
    for (const { text } of written) assert.ok(sources.includes(text), text);
  });

  const skip = chromium === null && 'Chromium not found (set QUERN_CHROMIUM)';
  const { folder, blocks } = guides.find(({ file }) => file.endsWith('/browsers.md'))!;
  /** Opens a page that runs a module of the folder of that guide; what it reports. */
  const openPage = (name: string, module: string): Promise<unknown> => {
    writeFileSync(join(folder, name), module);
    return runPage({
      module: `guides/browsers/${name}`,
      find: (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path)) : null),
      timeoutMs: 60_000,
    });
  };

  test('the page of browsers.md that has no bundler shows what the plug-in answers', { skip }, async () => {
    const { text } = blocks.find(({ language }) => language === 'html')!;
    const [, script = '', , name = ''] =
      /<script type="module">(.*?)<\/script>(.*?)<(\w+)>/s.exec(text) ?? [];
    mkdirSync(join(folder, 'quern'), { recursive: true });
    copyFileSync(join(root, 'dist/standalone/index.js'), join(folder, 'quern/index.js'));
    writeFileSync(join(folder, 'script.js'), script);
    const shown = await openPage(
      'plain.js',
      `const element = document.createElement('${name}');
      document.body.append(element);
      await import('./script.js');
      fetch('/report', { method: 'POST', body: JSON.stringify(element.textContent) });`,
    );
    assert.equal(shown, 'Hello, Ada!');
  });

  test('the blocks of browsers.md run in a page', { skip }, async () => {
    const modules = blocks.filter(({ language }) => language === 'js');
    assert.ok(modules.length > 0);
    for (const { text, path } of modules) {
      // The page reports what the block prints, or how it fails.
      const name = basename(path, '.mjs');
      const reporting = `const printed = [];
        console.log = (...values) => { printed.push(values.join(' ')); };
        const report = (value) => fetch('/report', { method: 'POST', body: JSON.stringify(value) });
        import('./${name}.page.js').then(() => report(printed), (error) => report([String(error)]));`;
      writeFileSync(join(folder, `${name}.page.js`), await bundle(path));
      assert.deepEqual(await openPage(`${name}.start.js`, reporting), expectedOf(text));
    }
  });
});
