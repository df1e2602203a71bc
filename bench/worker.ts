/**
 * One engine in a separate process: `worker.js ENGINE [FOLDER]`. Reads requests as JSON lines, answers each with the
 * result and the CPU time of the run, compiler threads included.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { WorkerAnswer, WorkerRequest } from './engine-process.ts';
import type { BenchEngine, EngineName, LoadedWorkload } from './engines/engine.ts';
import { makeNative, makePolywasm } from './engines/javascript-api.ts';
import { makeQuern } from './engines/quern.ts';
import { makeSketch } from './engines/sketch.ts';
import { makeWasm2js } from './engines/wasm2js.ts';

const makeEngine = async (name: EngineName, folder: string): Promise<BenchEngine> => {
  switch (name) {
    case 'quern':
      return makeQuern(folder);
    case 'quern-compiled':
      return makeQuern(folder, true);
    case 'native':
      return makeNative();
    case 'polywasm':
      return makePolywasm();
    case 'wasm2js':
      return makeWasm2js();
    case 'sketch':
      return makeSketch(folder);
  }
};

const MICROSECONDS_PER_MILLISECOND = 1000;
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS_PER_MILLISECOND;
};

const engine = await makeEngine(process.argv[2] as EngineName, process.argv[3] ?? '');
const loaded = new Map<string, LoadedWorkload>();

const load = ({ file, kind, preparation }: WorkerRequest): LoadedWorkload => {
  // A copy: in a view that does not begin at 0, polywasm 0.2.0 reads constants from the wrong place.
  const bytes = new Uint8Array(readFileSync(file));
  if (kind === 'micro') return engine.loadMicro(bytes);
  const workload =
    kind === 'prepared' ? engine.loadPrepared?.(bytes, preparation!) : engine.loadProgram?.(bytes);
  if (workload === undefined) throw new Error('cannot run programs');
  return workload;
};

const answer = (request: WorkerRequest): WorkerAnswer => {
  try {
    const { file, units } = request;
    const workload = loaded.get(file) ?? load(request);
    loaded.set(file, workload);
    const start = cpuMs();
    const result = workload.run(units);
    const ms = cpuMs() - start;
    return { result: result + (workload.state?.() ?? ''), ms };
  } catch (error) {
    return { error: String(error) };
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line) as WorkerRequest))}\n`);
}
