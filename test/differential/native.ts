/** Native Wasm in a child process, because the tests run without it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { World } from '../generators/world.ts';
import { knownFlags } from '../known-flags.ts';
import type { NativeAnswer, NativeRequest } from './native-child.ts';

/** Tail calls are behind a flag in older versions. */
const flags = ['--experimental-wasm-return-call'];

export class NativeProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  constructor() {
    const path = fileURLToPath(new URL('./native-child.js', import.meta.url));
    this.child = spawn(process.execPath, [...knownFlags(flags), path], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Whether native Wasm is asked about a program: NaN bits must not be open, and V8 must know its features. */
  static understands({ profile }: World): boolean {
    return profile.floats !== 'plain' && !profile.hasManyMemories;
  }

  /** Outcomes of the program's entries. */
  async run(world: World): Promise<readonly string[]> {
    const request: NativeRequest = {
      modules: world.modules.map((bytes) => Buffer.from(bytes).toString('base64')),
      entries: world.entries,
    };
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the native process has ended');
    const answer = JSON.parse(value) as NativeAnswer;
    if (answer.failure !== null) throw new Error(`native Wasm: ${answer.failure}`);
    return answer.outcomes;
  }

  close(): void {
    this.child.stdin.end();
  }
}
