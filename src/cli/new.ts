/**
 * `quern new`: makes a project from a template, a folder of the package. `{{name}}`, `{{quern}}` and `{{steps}}` in
 * its files are replaced by the project's name, the version of Quern that it depends on, and the next steps.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { languages, Parsed } from './flags.ts';
import { parseCommand, usageError } from './parse.ts';

interface Template {
  /** Folder below `templates`. */
  readonly folder: string;
  /** What it makes, in words. */
  readonly what: string;
  /** The next steps in the new folder, as shell commands. */
  readonly steps: readonly string[];
}
type Language = (typeof languages)[number];

const npmSteps = ['npm install', 'npm start'];
const call = (file: string, flags = ''): string => `npx quern call ${file} greet --input World${flags}`;

/** TABLE: the templates. */
const templates: Readonly<Record<Language | 'host', Template>> = {
  assemblyscript: {
    folder: 'plugin/assemblyscript',
    what: 'a plug-in in AssemblyScript',
    steps: npmSteps,
  },
  rust: {
    folder: 'plugin/rust',
    what: 'a plug-in in Rust',
    steps: [
      'rustup target add wasm32-unknown-unknown',
      'cargo build --release --target wasm32-unknown-unknown',
      call('target/wasm32-unknown-unknown/release/plugin.wasm'),
    ],
  },
  go: {
    folder: 'plugin/go',
    what: 'a plug-in in Go',
    steps: [
      'go mod tidy',
      'GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o plugin.wasm .',
      call('plugin.wasm', ' --wasi'),
    ],
  },
  c: { folder: 'plugin/c', what: 'a plug-in in C', steps: ['make', call('plugin.wasm')] },
  javascript: { folder: 'plugin/javascript', what: 'a plug-in in JavaScript', steps: npmSteps },
  host: { folder: 'host', what: 'a program that calls plug-ins', steps: npmSteps },
};

/** The folder of this package. */
const packageFolder = (): string => dirname(createRequire(import.meta.url).resolve('quern/package.json'));

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

/**
 * The version of Quern that a new project depends on: this release. If this was not installed from a registry but
 * from an archive, a repository or a checkout, the project gets it from there, too.
 */
const ownDependency = (own: string): string => {
  const { version } = readJson<{ version: string }>(join(own, 'package.json'));
  const modules = dirname(own);
  const pathSpec = (path: string): string => `file:${path.replaceAll('\\', '/')}`;
  if (basename(modules) !== 'node_modules') return pathSpec(own);
  // npm's own note on what it installed.
  const note = join(modules, '.package-lock.json');
  if (!existsSync(note)) return `^${version}`;
  const { packages } = readJson<{ packages?: Record<string, { resolved?: string } | undefined> }>(note);
  const from = packages?.['node_modules/quern']?.resolved ?? '';
  if (from.startsWith('file:')) return pathSpec(resolve(modules, '..', from.slice('file:'.length)));
  return from.startsWith('git') ? from : `^${version}`;
};

/** A name that npm, cargo and Go accept. */
const projectName = (folder: string): string =>
  basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^[-\d]+|-+$/g, '') || 'plugin';

/** Files in a folder, by their relative paths. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

/** Writes the files of a template. @throws UsageError if the folder is not empty */
const writeProject = ({ folder, steps }: Template, target: string): void => {
  if (existsSync(target) && readdirSync(target).length > 0) throw usageError(`${target} is not empty`);
  const own = packageFolder();
  const values: Readonly<Record<string, string>> = {
    name: projectName(target),
    quern: ownDependency(own),
    steps: steps.join('\n'),
  };
  const source = join(own, 'templates', folder);
  for (const path of filesIn(source)) {
    const text = readFileSync(join(source, path), 'utf8');
    // npm excludes a file named with the dot from packages.
    const file = join(target, dirname(path), basename(path).replace(/^_gitignore$/, '.gitignore'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key]!),
    );
  }
};

/** Asks a person what to make, and returns the command line for it. @throws UsageError at the end of input */
const ask = async (): Promise<string[]> => {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  // `lines.question` would lose lines that are typed before the question.
  const answers = lines[Symbol.asyncIterator]();
  const question = async (text: string, usual: string): Promise<string> => {
    lines.setPrompt(`${text} (${usual}) `);
    lines.prompt();
    const answer = await answers.next();
    if (answer.done) throw usageError('KIND is missing: plugin or host');
    return answer.value.trim() || usual;
  };
  try {
    const kind = await question('plugin or host?', 'plugin');
    const language = kind === 'host' ? [] : ['--language', await question('Language?', 'assemblyscript')];
    return [kind, await question('Folder?', `my-${kind}`), ...language];
  } finally {
    lines.close();
  }
};

/** Runs `quern new`. */
export const runNew = async (parsed: Parsed<'new'>): Promise<void> => {
  const isAsked = parsed.operands.length === 0 && process.stdin.isTTY && process.stdout.isTTY;
  const { operands, flags } = isAsked ? parseCommand('new', await ask()) : parsed;
  const [kind, folder] = operands;
  if (kind === undefined) throw usageError('KIND is missing: plugin or host');
  if (folder === undefined) throw usageError('FOLDER is missing');
  const { language } = flags;
  if (kind === 'host' && language !== undefined) throw usageError('--language is for plug-ins');
  const template = templates[kind === 'host' ? kind : ((language ?? 'assemblyscript') as Language)];
  const isNpm = template.steps === npmSteps;
  const install = parsed.flags.install ?? false;
  if (install && !isNpm) throw usageError(`--install is only for npm projects; ${template.what} is not one`);
  writeProject(template, folder);
  process.stdout.write(`${folder}: ${template.what}\n`);
  // Through a shell on Windows: there npm is a script.
  const isWindows = process.platform === 'win32';
  const isInstalled =
    install &&
    spawnSync('npm', ['install'], { cwd: folder, stdio: 'inherit', shell: isWindows }).status === 0;
  if (install && !isInstalled) process.exitCode = 1;
  const left = template.steps.filter((step) => !(isInstalled && step === 'npm install'));
  process.stdout.write(`Next steps:\n\n${[`cd ${folder}`, ...left].map((step) => `  ${step}\n`).join('')}`);
};
