/** The parent's side of a worker: starts it, asks it, stops it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { noWasm, proof } from '../test/proof.ts';
import type { EngineName } from './engines/engine.ts';
import type { Preparation } from './prepared.ts';
import type { Workload } from './workloads.ts';

export interface WorkerRequest {
  readonly file: string;
  readonly kind: Workload['kind'];
  readonly units: number;
  readonly preparation?: Preparation;
}
export type WorkerAnswer = { readonly result: string; readonly ms: number } | { readonly error: string };

/** Our interpreter needs neither native Wasm nor code from strings, our compiler no native Wasm: so they are measured. */
const flagsOf: Readonly<Record<EngineName, readonly string[]>> = {
  quern: proof,
  'quern-compiled': noWasm,
  native: [],
  polywasm: [],
  wasm2js: [],
  sketch: [],
};

export class EngineProcess {
  readonly label: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  /**
   * @param folder what the engine is loaded from, where it has a choice
   * @param nodeFlags further options of Node, e.g. `--jitless`
   */
  constructor(label: string, engine: EngineName, folder: string, nodeFlags: readonly string[] = []) {
    this.label = label;
    const worker = fileURLToPath(new URL('worker.js', import.meta.url));
    const flags = engine === 'native' ? [] : [...flagsOf[engine], ...nodeFlags];
    this.#child = spawn(process.execPath, [...flags, worker, engine, folder]);
    this.#child.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Runs a workload once. */
  async ask(request: WorkerRequest): Promise<WorkerAnswer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    return done ? { error: 'the process ended' } : (JSON.parse(value as string) as WorkerAnswer);
  }

  stop(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
