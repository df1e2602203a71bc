/**
 * A child process that answers each line of JSON with a line of JSON; it is started again when it dies or hangs.
 * Programs that run in it may print, so answers are marked.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a child answers; a failure is one of the child, and no answer to the question. */
export interface Answer<T> {
  readonly value: T | null;
  readonly failure: string | null;
}

const MARK = '\u0001';

export class LineProcess {
  private readonly command: string;
  private readonly args: readonly string[];
  private readonly timeoutMs: number;
  private child: ChildProcessWithoutNullStreams | null = null;
  private lines: AsyncIterator<string> | null = null;
  /** The question before. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param timeoutMs how long an answer may take */
  constructor(command: string, args: readonly string[], timeoutMs: number) {
    this.command = command;
    this.args = args;
    this.timeoutMs = timeoutMs;
  }

  private start(): ChildProcessWithoutNullStreams {
    const child = spawn(this.command, this.args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {});
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.child = child;
    return child;
  }

  /** The answer to a question, one after the other. @throws Error when the child fails, dies or takes too long */
  ask<T>(question: object, timeoutMs = this.timeoutMs): Promise<T> {
    const answer = this.last.then(() => this.askNow<T>(question, timeoutMs));
    this.last = answer.catch(() => {});
    return answer;
  }

  private async askNow<T>(question: object, timeoutMs: number): Promise<T> {
    const child = this.child ?? this.start();
    let errors = '';
    const listen = (chunk: Buffer): void => {
      errors = (errors + chunk).slice(-2000);
    };
    child.stderr.on('data', listen);
    let isLate = false;
    const watchdog = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    try {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      let line = '';
      while (!line.startsWith(MARK)) {
        const next = await this.lines!.next();
        if (next.done) {
          this.child = null;
          throw new Error(isLate ? `no answer within ${timeoutMs} ms` : `the process has ended: ${errors}`);
        }
        line = next.value;
      }
      const { value, failure } = JSON.parse(line.slice(MARK.length)) as Answer<T>;
      if (failure !== null) throw new Error(failure);
      return value as T;
    } finally {
      clearTimeout(watchdog);
      child.stderr.off('data', listen);
    }
  }

  close(): void {
    this.child?.stdin.end();
    this.child = null;
  }
}

/** The child's side: answers questions until there are no more. */
export const answerLines = async <Q, T>(answer: (question: Q) => T | Promise<T>): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin })) {
    let reply: Answer<T>;
    try {
      reply = { value: await answer(JSON.parse(line) as Q), failure: null };
    } catch (error) {
      reply = { value: null, failure: String(error) };
    }
    process.stdout.write(`\n${MARK}${JSON.stringify(reply)}\n`);
  }
};
