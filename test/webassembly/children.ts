/** Starts the processes that run programs on one engine or another, and talks with them. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { noWasm, proof } from '../proof.ts';
import { root } from '../shared.ts';
import type { ProgramAnswer, ProgramEngine } from './program-child.ts';
import type { ProgramName } from './programs.ts';

const importFlag = (file: string): string => `--import=${pathToFileURL(join(root, file)).href}`;
/** Gives a process, and its workers, the namespace: that of the package, whose entries share their classes. */
export const preload = importFlag('dist/webassembly-auto-node.js');
/** The namespace of what the tests import, whose compiler they can force. */
export const sourcePreload = importFlag('build/src/webassembly-auto-node.js');

/** Without NODE_OPTIONS, which may switch Wasm off. */
const plainEnvironment = { ...process.env, NODE_OPTIONS: '' };

const script = (name: string): string => join(root, 'build/test/webassembly', name);

/** Runs Node and gives what it printed; what went to stderr is in the error if it failed. */
export const runNode = (args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env: plainEnvironment });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`exit code ${code}: ${errors.slice(0, 2000)}`));
    });
  });

/** Runs a script of this folder. */
export const runScript = (name: string, flags: readonly string[], args: readonly string[]): Promise<string> =>
  runNode([...flags, script(name), ...args]);

const flagsOf: Readonly<Record<ProgramEngine, readonly string[]>> = {
  native: [],
  quern: proof,
  'quern-compiled': noWasm,
  polywasm: [],
};

/** A process that runs programs, one after the other. */
export class ProgramProcess {
  readonly label: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  constructor(label: string, engine: ProgramEngine, flags: readonly string[] = []) {
    this.label = label;
    this.#child = spawn(
      process.execPath,
      [...flagsOf[engine], ...flags, script('program-child.js'), engine],
      {
        cwd: root,
        env: plainEnvironment,
      },
    );
    this.#child.stderr.resume();
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Does one unit of work of a program; loads it the first time. */
  async ask(name: ProgramName): Promise<ProgramAnswer> {
    this.#child.stdin.write(`${name}\n`);
    const { value, done } = await this.#answers.next();
    return done ? { error: 'the process ended' } : (JSON.parse(value as string) as ProgramAnswer);
  }

  stop(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
