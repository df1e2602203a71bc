/** A host in a separate process: JSON lines over its standard streams, and a time limit on every answer. */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Answer, HostConnection, Request } from '../../conformance/protocol/protocol.ts';
import { HostGone } from '../../conformance/run/run.ts';
import { isObject } from '../../errors/checks.ts';
import { onLine } from './lines.ts';

/** Longest time that one answer may take. */
const ANSWER_MS = 30_000;
/** Lines of standard error that are kept to show why a host ended. */
const KEPT_LINES = 5;

class AdapterProcess implements HostConnection {
  readonly #child: ChildProcess;
  readonly #lastErrors: string[] = [];
  #waiting: ((line: string | null) => void) | null = null;
  #hasEnded = false;

  constructor(command: string) {
    // A shell, since the command is what a person typed; its own process group, so that its children end with it.
    this.#child = spawn(command, {
      shell: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    this.#child.stdin!.on('error', () => {});
    onLine(this.#child.stdout!, (line) => this.#settle(line));
    onLine(this.#child.stderr!, (line) => {
      this.#lastErrors.push(line);
      if (this.#lastErrors.length > KEPT_LINES) this.#lastErrors.shift();
    });
    this.#child.on('close', () => {
      this.#hasEnded = true;
      this.#settle(null);
    });
    this.#child.on('error', () => this.#settle(null));
  }

  #settle(line: string | null): void {
    const settle = this.#waiting;
    this.#waiting = null;
    settle?.(line);
  }

  async ask(request: Request): Promise<Answer> {
    if (this.#hasEnded) throw new HostGone(this.#gone('the host has ended'));
    let timer: NodeJS.Timeout | undefined;
    const line = await new Promise<string | null | undefined>((resolve) => {
      this.#waiting = resolve;
      timer = setTimeout(() => resolve(undefined), ANSWER_MS);
      this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
    clearTimeout(timer);
    this.#waiting = null;
    if (line === undefined)
      throw new HostGone(`no answer to "${request.method}" within ${ANSWER_MS / 1000} s`);
    if (line === null) throw new HostGone(this.#gone(`the host ended during "${request.method}"`));
    try {
      const answer: unknown = JSON.parse(line);
      if (isObject(answer)) return answer as Answer;
    } catch {
      // Reported below: a value that is not an object is as wrong as a text that is not JSON.
    }
    throw new HostGone(
      `the adapter answered "${request.method}" with something that is not a JSON object: ${line.slice(0, 200)}`,
    );
  }

  #gone(what: string): string {
    return this.#lastErrors.length === 0 ? what : `${what}: ${this.#lastErrors.join(' | ')}`;
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    const { pid } = this.#child;
    try {
      if (pid !== undefined && process.platform !== 'win32') process.kill(-pid, 'SIGKILL');
      else this.#child.kill('SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
    await closed;
  }
}

/** Starts an adapter. */
export const startAdapter = (command: string): HostConnection => new AdapterProcess(command);
