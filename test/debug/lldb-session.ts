/** Runs LLDB against `quern debug`, and takes what it prints apart by commands. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../shared.ts';

/** The command under test. */
const quern = join(root, 'build/src/cli/main.js');
/** Milliseconds after which a session counts as stuck. */
const TIMEOUT_MS = 30_000;

/** What a process has printed, as it does so. */
class Output {
  text = '';
  private readonly process: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(process: ChildProcess) {
    this.process = process;
    for (const stream of [process.stdout!, process.stderr!])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.text += chunk;
      });
    this.ended = new Promise((resolve) => {
      process.on('close', resolve);
    });
    const timer = setTimeout(() => process.kill('SIGKILL'), TIMEOUT_MS);
    void this.ended.then(() => clearTimeout(timer));
  }

  /** Waits for a text. */
  async find(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.text);
      if (found !== null) return found;
      const isOver = await Promise.race([
        this.ended.then(() => true),
        new Promise<boolean>((resolve) => {
          this.process.stdout!.once('data', () => resolve(false));
          this.process.stderr!.once('data', () => resolve(false));
        }),
      ]);
      if (isOver && !pattern.test(this.text)) throw new Error(`it ended with: ${this.text}`);
    }
  }
}

/** `quern debug` with its port. */
export interface DebuggedCommand {
  readonly port: number;
  /** Waits for the end; all that was printed, and the exit code. */
  end(): Promise<{ readonly text: string; readonly status: number | null }>;
  kill(): void;
}

/** Starts `quern debug`. */
export const startQuern = async (args: readonly string[]): Promise<DebuggedCommand> => {
  const child = spawn(process.execPath, [quern, 'debug', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = new Output(child);
  const [, port] = await output.find(/listening on \S*:(\d+)/);
  return {
    port: Number(port),
    end: async () => {
      const status = await output.ended;
      return { text: output.text, status };
    },
    kill: () => void child.kill('SIGKILL'),
  };
};

/** What LLDB printed for one command, by lines, without empty ones. */
export interface Reply {
  readonly command: string;
  readonly lines: readonly string[];
}

/** Runs commands of LLDB in a session. */
export const runLldb = async (
  lldb: string,
  port: number,
  commands: readonly string[],
): Promise<readonly Reply[]> => {
  const all = [
    'settings set auto-confirm true',
    'settings set use-color false',
    'settings set stop-line-count-before 0',
    'settings set stop-line-count-after 0',
    `process connect --plugin wasm connect://127.0.0.1:${port}`,
    ...commands,
    'quit',
  ];
  const args = ['--no-lldbinit', ...all.flatMap((command) => ['-o', command])];
  const output = new Output(spawn(lldb, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  await output.ended;
  const replies: { command: string; lines: string[] }[] = [];
  for (const line of output.text.split('\n')) {
    const [, command] = /^\(lldb\) (.*)$/.exec(line) ?? [];
    if (command !== undefined) replies.push({ command: command.trim(), lines: [] });
    else if (line.trim() !== '') replies[replies.length - 1]?.lines.push(line.trimEnd());
  }
  return replies;
};
