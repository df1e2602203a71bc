/** The page's side of the worker: questions with their answers, and what it says by itself. */
import type { FromWorker, LogLine, Question, Questions, ShownError } from '../protocol.ts';

/** What a question was refused with. */
export class WorkerError extends Error {
  readonly shown: ShownError;

  constructor(shown: ShownError) {
    super(shown.message);
    this.shown = shown;
  }
}

/** What is said to questions of a worker that was ended on purpose. */
export const STOPPED = 'it was stopped';

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export class Client {
  private worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private count = 0;
  onLog: (line: LogLine) => void = () => {};
  onFuel: (fuel: number) => void = () => {};

  constructor() {
    this.worker = this.open();
  }

  private open(): Worker {
    const worker = new Worker('worker.js');
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.receive(data);
    worker.onerror = (event) => this.failAll(event.message || 'the worker could not be started');
    return worker;
  }

  private receive(data: FromWorker): void {
    if ('log' in data) this.onLog(data.log);
    else if ('fuel' in data) this.onFuel(data.fuel);
    else {
      const pending = this.pending.get(data.id);
      this.pending.delete(data.id);
      if ('error' in data) pending?.reject(new WorkerError(data.error));
      else pending?.resolve(data.answer as never);
    }
  }

  private failAll(message: string): void {
    const error = { message, code: null, advice: null, line: null, column: null, offset: null };
    for (const { reject } of this.pending.values()) reject(new WorkerError(error));
    this.pending.clear();
  }

  ask<Q extends Question>(question: Q, ask: Questions[Q]['ask']): Promise<Questions[Q]['answer']> {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, question, ask });
    });
  }

  /** Pauses what runs. */
  pause(): void {
    this.worker.postMessage({ question: 'pause' });
  }

  /** Ends the worker, whatever it does, and opens another one. */
  restart(): void {
    this.worker.terminate();
    this.failAll(STOPPED);
    this.worker = this.open();
  }
}
