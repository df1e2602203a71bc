/**
 * Entry of the bundle that every JavaScript engine runs: prints what Quern does with a program, line by line.
 *
 * Nothing here or below may need more than the language: no modules, timers, files or text decoders.
 */

import { isQuernError } from '../../src/index.ts';
import { startExecution } from '../../src/interpreter/calls/invoke.ts';
import type { FuncInstance } from '../../src/interpreter/instances/module-instance.ts';
import { precompiled } from '../../src/precompiled.ts';
import { compileModule, instantiate, Store } from '../../src/wasm.ts';
import type { PrecompiledCode, Program, RunProgram, Transcribe } from '../program.ts';
import { transcribeDeepCalls } from './deep-calls.ts';
import { memoryDigest } from './digest.ts';
import { bytesOf, transcribePlugin } from './plugins.ts';
import { transcribeRecording } from './recordings.ts';
import { transcribeScript } from './scripts.ts';
import { transcribeVectors } from './vectors.ts';

/** Calls `run` of a module without imports, until it ends or its fuel does. */
const transcribeRun = ({ id, wasm, fuel }: RunProgram, code: PrecompiledCode): string => {
  const store = new Store({ precompiled: code[id]?.(precompiled) });
  const { exports, memories } = instantiate(store, compileModule(bytesOf(wasm)), () => undefined);
  const execution = startExecution(exports.get('run') as FuncInstance, [1n], { fuel });
  const status = execution.run();
  const { error } = execution;
  const end = status !== 'trap' ? status : isQuernError(error) ? error.code : String(error);
  const results = execution.results.map(String).join();
  return `${id} | ${end} [${results}] | fuel ${execution.fuelConsumed} | memory ${memoryDigest(memories)}`;
};

/** A line in ASCII: shells truncate lines at zero characters and differ beyond ASCII. */
const plain = (line: string): string =>
  line.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const transcribe: Transcribe = async (
  { plugins, runs, deepCalls, scripts, recordings, vectors }: Program,
  code,
  printLine,
) => {
  const print = (line: string): void => printLine(plain(line));
  for (const run of runs) print(transcribeRun(run, code));
  transcribeDeepCalls(deepCalls, print);
  transcribeVectors(vectors, print);
  for (const plugin of plugins)
    await transcribePlugin(plugin, print, { precompiled: code[plugin.id]?.(precompiled) });
  for (const script of scripts) await transcribeScript(script, print);
  for (const recording of recordings) await transcribeRecording(recording, print);
  print('end of the transcript');
};

(globalThis as { quernTranscribe?: Transcribe }).quernTranscribe = transcribe;
