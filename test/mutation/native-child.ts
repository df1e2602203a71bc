/** The child process that asks native Wasm about mutated modules, and runs them as far as Quern did. */
import type { FeatureKey } from '../../src/wasm.ts';
import { answerLines } from '../random-modules/line-process.ts';
import { coarsen } from '../random-modules/lines.ts';
import { NativeBackend, native, switchOn } from '../random-modules/native-backend.ts';
import { EXHAUSTED, runScenario } from '../random-modules/run-scenario.ts';
import { readCorpus } from './corpus-file.ts';
import { digestOf, scenarioOf } from './judge-module.ts';
import { Mutants } from './mutants.ts';
import { nativeFeatures } from './native-features.ts';

/** What comes in: modules by seed, with the number of steps to make. */
export interface NativeQuestion {
  readonly items: readonly { readonly seed: number; readonly steps: number }[];
  readonly isDetailed: boolean;
}
/** What goes out for a module. */
export interface NativeVerdict {
  readonly seed: number;
  /** Why it is not accepted. */
  readonly rejection: string | null;
  readonly digest: string;
  /** Whether native Wasm had not the stack or the memory to do as much. */
  readonly isExhausted: boolean;
  readonly lines: readonly string[] | null;
}
/** What goes out: the features that are known where nothing was asked. */
export interface NativeReply {
  readonly features: readonly FeatureKey[];
  readonly verdicts: readonly NativeVerdict[];
}

switchOn(['return-call', 'exnref', 'extended-const', 'relaxed-simd']);
const mutants = new Mutants(readCorpus(process.argv[2]!));

const isValid = (bytes: Uint8Array): boolean => {
  try {
    new native.Module(bytes);
    return true;
  } catch {
    return false;
  }
};
const features = nativeFeatures(isValid);

const judge = (seed: number, steps: number, isDetailed: boolean): NativeVerdict => {
  const bytes = mutants.module(seed);
  let module: object;
  try {
    module = new native.Module(bytes);
  } catch (error) {
    if (!(error instanceof native.CompileError)) throw error;
    return { seed, rejection: error.message, digest: '', isExhausted: false, lines: null };
  }
  const scenario = steps === 0 ? '' : scenarioOf(bytes, seed);
  if (typeof scenario === 'string')
    return { seed, rejection: null, digest: '', isExhausted: false, lines: null };
  void module;
  const whole = { ...scenario, calls: scenario.calls.slice(0, steps - 1) };
  const lines = runScenario(whole, new NativeBackend(whole, new native.Module(scenario.bytes))).map(coarsen);
  const isExhausted = lines.includes(EXHAUSTED);
  return { seed, rejection: null, digest: digestOf(lines), isExhausted, lines: isDetailed ? lines : null };
};

await answerLines(
  ({ items, isDetailed }: NativeQuestion): NativeReply => ({
    features,
    verdicts: items.map(({ seed, steps }) => judge(seed, steps, isDetailed)),
  }),
);
