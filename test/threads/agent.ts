/** A worker thread that calls the programs on a memory that it shares with others, and how tests start it. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { isQuernError } from '../../src/errors.ts';
import {
  type FuncInstance,
  openSharedMemory,
  type RawValue,
  type SharedMemoryHandle,
  Store,
  startExecution,
} from '../../src/wasm.ts';

/** What an agent does. */
export interface AgentTask {
  readonly bytes: Uint8Array;
  readonly handle: SharedMemoryHandle;
  /** Name and arguments of the calls, in order. */
  readonly calls: readonly (readonly [string, ...bigint[]])[];
  /** Whether waits block the thread; otherwise calls pause, and the event loop runs. */
  readonly canBlock: boolean;
}

/** Results of the calls, or codes of errors. */
export type AgentReport = readonly (readonly RawValue[] | string)[];

/** A worker that says nothing for so long waits forever; the slowest of them takes a few seconds. */
const PATIENCE_MS = 120_000;

/** Starts a worker; resolves when its calls have ended. */
export const startAgent = (task: AgentTask): Promise<AgentReport> =>
  new Promise<AgentReport>((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: task });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
      void worker.terminate();
    };
    const timer = setTimeout(() => fail(new Error('the worker is stuck')), PATIENCE_MS);
    worker.once('message', (report: AgentReport) => {
      clearTimeout(timer);
      resolve(report);
    });
    worker.once('error', fail);
    worker.once('exit', () => fail(new Error('the worker ended without a report')));
  });

const runCall = async (func: FuncInstance, args: readonly RawValue[]): Promise<AgentReport[number]> => {
  const execution = startExecution(func, args);
  for (;;) {
    const result = execution.run();
    if (result === 'done') return execution.results;
    if (result === 'trap') {
      if (!isQuernError(execution.error)) throw execution.error;
      return execution.error.code;
    }
    await execution.waiter!.promise;
  }
};

if (!isMainThread) {
  const { makeInstance } = await import('./instance.ts');
  const { bytes, handle, calls, canBlock } = workerData as AgentTask;
  const store = new Store({ sharing: 'workers', canBlock });
  const { exports } = makeInstance(store, openSharedMemory(store, handle), bytes);
  // A pending waitAsync does not keep the event loop alive.
  const keepAlive = setInterval(() => {}, 1000);
  const report: AgentReport[number][] = [];
  for (const [name, ...args] of calls) report.push(await runCall(exports.get(name) as FuncInstance, args));
  clearInterval(keepAlive);
  parentPort!.postMessage(report);
}
