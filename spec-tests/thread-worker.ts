/**
 * A thread of a script in a separate worker, on memories that all workers share: both ends of the worker.
 *
 * Started as a worker, this file runs the commands of one thread; threads that those start in turn also get workers.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { EngineFailure } from '../src/scripts/engine.ts';
import type { ScriptResult } from '../src/scripts/outcome.ts';
import { runScript, type StartWorker, type ThreadRequest } from '../src/scripts/runner.ts';
import type { Forced } from '../test/compiler/forced-compiler.ts';
import { settle, suiteEngine } from './adapters/quern.ts';

/** After this time a thread counts as stuck; a whole script takes a fraction of a second. */
const PATIENCE_MS = 60_000;

/** How a worker runs code. */
export interface WorkerCode {
  readonly careful: boolean;
  readonly compiled: Forced | null;
}
/** The message to a worker. */
interface WorkerTask {
  readonly request: ThreadRequest;
  readonly code: WorkerCode;
}

/** Starts workers for the threads of scripts. */
export const workerStarter =
  (code: WorkerCode): StartWorker =>
  (request) =>
    new Promise<ScriptResult>((resolve, reject) => {
      const task: WorkerTask = { request, code };
      const worker = new Worker(new URL(import.meta.url), { workerData: task });
      const fail = (text: string): void => {
        clearTimeout(timer);
        reject(new EngineFailure('crash', text));
        void worker.terminate();
      };
      const timer = setTimeout(() => fail('the thread is stuck'), PATIENCE_MS);
      worker.once('message', (result: ScriptResult) => {
        clearTimeout(timer);
        resolve(result);
      });
      worker.once('error', (error) => fail(`the worker failed: ${error.message}`));
      worker.once('exit', (code) => fail(`the worker ended with code ${code}`));
    });

const runTask = async ({ request, code }: WorkerTask): Promise<ScriptResult> => {
  const { script, shared, ...options } = request;
  const engine = suiteEngine({ ...code, unitFuel: false, workers: true });
  const instances = new Map([...shared].map(([name, memories]) => [name, engine.adopt!(memories)]));
  return runScript(script, engine, { ...options, instances, settle, startWorker: workerStarter(code) });
};

if (!isMainThread) parentPort!.postMessage(await runTask(workerData as WorkerTask));
