/** What Quern says to a mutated module, and what comes of running it. */
import { createHash } from 'node:crypto';
import { decodeModule, decodeNames, disassembleFunction, formatLine } from '../../src/inspect.ts';
import { compileModule, createPlugin, type ErrorDetails, isQuernError } from '../../src/node.ts';
import type { Features, Module } from '../../src/wasm.ts';
import { Random } from '../generators/random.ts';
import { EngineBackend, type EngineMode } from '../random-modules/engine-backend.ts';
import { coarsen, withoutCost } from '../random-modules/lines.ts';
import { ReferenceBackend } from '../random-modules/reference-backend.ts';
import { EXHAUSTED, runScenario } from '../random-modules/run-scenario.ts';
import { type Imported, makeScenario, type Scenario } from '../random-modules/scenario.ts';
import { allFeatures } from './native-features.ts';

/** What a mutant may use. */
export const bounds = { fuel: 20_000, maxPages: 64, maxHeapBytes: 8_388_608 } as const;
const MOST_CALLS = 5;
/** Every n-th module that runs, and each that native Wasm cannot, also runs on the other executors of Quern. */
const DEEP_EVERY = 8;
/** Every n-th module is listed, as `quern inspect` does. */
const LISTED_EVERY = 4;
const MOST_LINES = 500;

/** What came of a module. */
export interface ModuleVerdict {
  /** Code of the error that it was refused with; null if it is valid. */
  readonly refusal: string | null;
  /** Mnemonic of the instruction that it was refused for, if it was one. */
  readonly refusedAt: string | null;
  /** Whether it is in the features that native Wasm has, so that native Wasm must say the same. */
  readonly isComparable: boolean;
  /** Steps that ended, for native Wasm to do the same. */
  readonly steps: number;
  /** Of the lines of those steps. */
  readonly digest: string;
  /** Why it did not run, or not to its end. */
  readonly leftOut: string | null;
}

/** An error of Quern's that is not a bug; throws everything else. */
export const codeOf = (error: unknown): string => {
  if (!isQuernError(error) || error.code === 'internal.bug') throw error;
  return error.code;
};

/** Whether the JavaScript API has a way to make what a module imports. */
const canBeMade = ({ kind, signature, value, limited }: Imported): boolean => {
  if (kind === 'global') return value !== null;
  if (kind === 'memory' || kind === 'table') return limited !== null;
  return kind === 'func' || signature!.params.every((param) => /^[if]/.test(param.kind));
};

/** The scenario of a module, made alike in the process that has native Wasm; a text says why there is none. */
export const scenarioOf = (bytes: Uint8Array, seed: number): Scenario | string => {
  const random = new Random(~seed);
  const scenario = makeScenario(bytes, random, 1);
  // The JavaScript API makes tags of types that are groups of their own.
  const hasOtherTags = decodeModule(bytes).imports.some(
    ({ desc }) => desc.kind === 'tag' && desc.type.type.group.types.length > 1,
  );
  if (hasOtherTags) return 'imports that JavaScript cannot give';
  const seen = new Map<string, string>();
  for (const imported of scenario.imports) {
    const { module, name, kind, value } = imported;
    if (!canBeMade(imported)) return 'imports that JavaScript cannot give';
    if (imported.isMutable && /^(host|i31|func|null)/.test(value!))
      return 'imports that JavaScript cannot give';
    // Of two imports of the same name, an embedder can only give one thing.
    const text = JSON.stringify({ ...imported, module: '', name: '' });
    const key = JSON.stringify([module, name]);
    if (seen.has(key) && (seen.get(key) !== text || kind !== 'func')) return 'two imports of the same name';
    seen.set(key, text);
  }
  const calls = [...scenario.calls];
  while (calls.length > MOST_CALLS) calls.splice(random.below(calls.length), 1);
  return { ...scenario, calls };
};

/** Lines as both sides compare them. */
export const digestOf = (lines: readonly string[]): string =>
  createHash('sha1').update(lines.join('\n')).digest('hex').slice(0, 16);

const list = (module: Module): void => {
  const names = decodeNames(module);
  let count = 0;
  for (const [index, { body }] of module.funcs.entries()) {
    names.funcName(index);
    names.localName(index, 0);
    if (body === null) continue;
    for (const line of disassembleFunction(module, index)) {
      formatLine(line);
      if (++count > MOST_LINES) return;
    }
  }
};

const isForPlugins = ({ imports }: Module): boolean =>
  imports.length > 0 && imports.every(({ module }) => /^(extism:host\/env|wasi_\w+)$/.test(module));

/** Runs a module as a plug-in: any error of Quern's will do. */
const runPlugin = async (bytes: Uint8Array, { exports }: Module): Promise<void> => {
  try {
    const { fuel, maxPages, maxHeapBytes } = bounds;
    const memory = { maxPages, maxHeapBytes };
    const plugin = await createPlugin(bytes, {
      useWasi: true,
      fuel,
      memory,
      timeoutMs: 1000,
      logLevel: 'silent',
    });
    for (const { name, kind } of exports.slice(0, MOST_CALLS))
      if (kind === 'func') await plugin.call(name, 'input').catch(codeOf);
    await plugin.close();
  } catch (error) {
    codeOf(error);
  }
};

const modes = {
  fast: { careful: false, inPieces: false, bounds },
  careful: { careful: true, inPieces: false, bounds },
} as const satisfies Record<string, EngineMode>;

const run = (scenario: Scenario, features: Features, mode: EngineMode): string[] =>
  runScenario(scenario, new EngineBackend(scenario, features, mode));

/** The lines of the steps that ended. */
const ended = (lines: readonly string[]): readonly string[] => {
  const end = lines.indexOf(EXHAUSTED);
  return end < 0 ? lines : lines.slice(0, end);
};

/** The lines of the steps that ended, as native Wasm should give them. */
export const linesOf = (scenario: Scenario, features: Features): string[] =>
  ended(run(scenario, features, modes.fast))
    .map(withoutCost)
    .map(coarsen);

/** Runs in careful code and on the reference executor, which must give the same lines, fuel included. */
const compareExecutors = (scenario: Scenario, features: Features, lines: readonly string[]): void => {
  const expect = (name: string, found: readonly string[], expected: readonly string[]): void => {
    const at = expected.findIndex((line, i) => line !== found[i]);
    if (at >= 0 || found.length !== expected.length)
      throw new Error(`${name} gives, at step ${at}:\n${found[at]}\nand fast code:\n${expected[at]}`);
  };
  expect('careful code', run(scenario, features, modes.careful), lines);
  // The reference executor has no bounds, makes no memories or tables for others, and bills a host function where it
  // is called from Wasm only.
  const whole = ended(lines);
  const hostCount = scenario.imports.filter(({ kind }) => kind === 'func').length;
  const isBeyond =
    scenario.imports.some(({ limited }) => limited !== null) ||
    scenario.calls.some(({ func }) => func < hostCount);
  if (whole.length === 0 || isBeyond) return;
  const finite = { ...scenario, calls: scenario.calls.slice(0, whole.length - 1) };
  expect('the reference executor', runScenario(finite, new ReferenceBackend(finite, features)), whole);
};

/** Judges a module. @throws what is no error of Quern's, and where executors of Quern's differ */
export const judgeModule = async (
  bytes: Uint8Array,
  seed: number,
  known: Features,
): Promise<ModuleVerdict> => {
  const refused = (error: unknown, isComparable: boolean): ModuleVerdict => ({
    ...{ refusal: codeOf(error), isComparable, steps: 0, digest: '', leftOut: null },
    refusedAt: (error as { details: ErrorDetails }).details.instruction ?? null,
  });
  let features = known;
  let compiled: ReturnType<typeof compileModule>;
  try {
    if (seed % LISTED_EVERY === 0) list(decodeModule(bytes));
    compiled = compileModule(bytes, features);
  } catch (error) {
    const code = codeOf(error);
    if (!code.startsWith('unsupported.')) return refused(error, !code.startsWith('limit.'));
    features = allFeatures;
    try {
      compiled = compileModule(bytes, features);
    } catch (second) {
      return refused(second, false);
    }
  }
  const isComparable = features === known;
  const { module } = compiled;
  if (isForPlugins(module)) await runPlugin(bytes, module);
  const scenario = scenarioOf(bytes, seed);
  if (typeof scenario === 'string')
    return { refusal: null, refusedAt: null, isComparable, steps: 0, digest: '', leftOut: scenario };
  const lines = run(scenario, features, modes.fast);
  if (!isComparable || seed % DEEP_EVERY === 0) compareExecutors(scenario, features, lines);
  const steps = ended(lines).map(withoutCost).map(coarsen);
  const isWhole = steps.length === scenario.calls.length + 1;
  return {
    refusal: null,
    refusedAt: null,
    isComparable,
    steps: steps.length,
    digest: digestOf(steps),
    leftOut: isWhole ? null : 'fuel, memory or stack exhausted here',
  };
};
