/** One random module on every executor; throws at the first difference. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { InvalidError } from '../../src/errors.ts';
import { compileModule, defaultFeatures, type Features } from '../../src/wasm.ts';
import type { Forced } from '../compiler/forced-compiler.ts';
import { Random } from '../generators/random.ts';
import { type BinaryenProcess, chooseRecipe, type Recipe } from './binaryen.ts';
import { EngineBackend, type EngineMode } from './engine-backend.ts';
import { LineProcess } from './line-process.ts';
import { coarsen, upToExhaustion, withoutCost } from './lines.ts';
import type { NativeAnswer, NativeQuestion } from './native-child.ts';
import { ReferenceBackend } from './reference-backend.ts';
import { EXHAUSTED, runScenario } from './run-scenario.ts';
import { makeScenario, type Scenario } from './scenario.ts';

const features: Features = new Set([...defaultFeatures, 'legacy-exceptions']);
const TIMEOUT_MS = 20_000;

/** Native Wasm of a Node. @param node its executable */
export const startNative = (node: string): LineProcess => {
  const child = fileURLToPath(new URL('./native-child.js', import.meta.url));
  return new LineProcess(node, [child], TIMEOUT_MS);
};

/** Why a module was not, or not wholly, compared with native Wasm. */
export type LeftOut = 'invalid' | 'mixed-exceptions' | 'unknown-to-native' | 'exhausted';

/** Why V8 may reject what is valid: binaryen also uses `ref.as_non_null` where it only has references. */
const rejections: readonly (readonly [RegExp, LeftOut])[] = [
  [/legacy .*exception|exception .*legacy/, 'mixed-exceptions'],
  [/enable with --experimental-wasm/, 'unknown-to-native'],
];

/** What came of a module, for statistics. */
export interface ModuleComparison {
  readonly recipe: Recipe;
  readonly bytes: Uint8Array;
  /** Steps that were compared with native Wasm; 0 if it was not asked or did not take the module. */
  readonly nativeSteps: number;
  readonly traps: number;
  readonly leftOut: LeftOut | null;
  readonly isDeep: boolean;
}

const questionOf = (bytes: Uint8Array, scenario: Scenario | null): NativeQuestion => ({
  bytes: Buffer.from(bytes).toString('base64'),
  scenario: scenario && { ...scenario, bytes: null },
});

const isValid = (bytes: Uint8Array): boolean => {
  try {
    compileModule(bytes, features);
    return true;
  } catch (error) {
    if (error instanceof InvalidError) return false;
    throw error;
  }
};

const runEngine = (scenario: Scenario, mode: EngineMode): string[] =>
  runScenario(scenario, new EngineBackend(scenario, features, mode));

/** Compares the executors on a module. @param isDeep also careful code, fuel in pieces, and the reference executor */
export const compareOn = async (
  scenario: Scenario,
  native: LineProcess | null,
  isDeep: boolean,
  compiled: readonly Forced[] = [],
): Promise<Pick<ModuleComparison, 'nativeSteps' | 'leftOut' | 'traps'>> => {
  const lines = runEngine(scenario, { careful: false, inPieces: false });
  if (isDeep) {
    assert.deepEqual(
      runEngine(scenario, { careful: true, inPieces: false }),
      lines,
      'careful against fast code',
    );
    assert.deepEqual(
      runEngine(scenario, { careful: false, inPieces: true }),
      lines,
      'pieces against fast code',
    );
    const reference = runScenario(scenario, new ReferenceBackend(scenario, features));
    assert.deepEqual(reference, lines, 'reference against fast code');
  }
  for (const forced of compiled)
    for (const inPieces of [false, true])
      assert.deepEqual(
        runEngine(scenario, { careful: false, inPieces, compiled: forced }),
        lines,
        `compiled against fast code, in pieces: ${inPieces}, ${JSON.stringify(forced)}`,
      );
  const traps = lines.filter((line) => line.includes('→ trap.')).length;
  const isExhausted = lines.includes(EXHAUSTED);
  if (native === null) return { nativeSteps: 0, leftOut: isExhausted ? 'exhausted' : null, traps };
  const answer = await native.ask<NativeAnswer>(questionOf(scenario.bytes, scenario));
  if (answer.rejection !== null) {
    const known = rejections.find(([text]) => text.test(answer.rejection!));
    if (known === undefined) throw new Error(`native Wasm rejects the module: ${answer.rejection}`);
    return { nativeSteps: 0, leftOut: known[1], traps };
  }
  const [left, right] = upToExhaustion(answer.lines.map(coarsen), lines.map(withoutCost).map(coarsen));
  assert.deepEqual(right, left, 'Quern against native Wasm');
  const leftOut = isExhausted || answer.lines.includes(EXHAUSTED) ? 'exhausted' : null;
  return { nativeSteps: left.length, leftOut, traps };
};

/** The tool crashes on some inputs; the next recipe of the same seed is then taken. */
const MOST_ATTEMPTS = 20;

/** The module of a seed. */
export const makeModule = async (
  seed: number,
  binaryen: BinaryenProcess,
  isOld: boolean,
): Promise<{ readonly recipe: Recipe; readonly bytes: Uint8Array }> => {
  const random = new Random(seed);
  for (let attempt = 1; ; attempt++) {
    const recipe = chooseRecipe(random, isOld);
    try {
      return { recipe, bytes: await binaryen.make(recipe, random) };
    } catch (error) {
      if (attempt === MOST_ATTEMPTS) throw error;
    }
  }
};

/** How code for a target is left in the module of a seed. */
const forcedFor = (seed: number, target: Forced['target']): Forced => ({
  target,
  exits: new Random(seed ^ target.length).pick([0, 0.01, 0.1, 0.5, 1]),
  seed,
});

/** What is compared. */
export interface Depth {
  /** Whether native Wasm is that of an old Node. */
  readonly isOld: boolean;
  readonly isDeep: boolean;
  /** Compiled code, too: it takes code from strings. */
  readonly isCompiled?: boolean;
}

/** Makes the module of a seed and compares the executors on it. */
export const compareModules = async (
  seed: number,
  binaryen: BinaryenProcess,
  native: LineProcess | null,
  { isOld, isDeep, isCompiled = false }: Depth,
): Promise<ModuleComparison> => {
  const { recipe, bytes } = await makeModule(seed, binaryen, isOld);
  if (!isValid(bytes)) {
    const answer = await native?.ask<NativeAnswer>(questionOf(bytes, null));
    if (answer?.rejection === null) throw new Error('native Wasm accepts the module');
    return { recipe, bytes, isDeep: false, nativeSteps: 0, traps: 0, leftOut: 'invalid' };
  }
  const scenario = makeScenario(bytes, new Random(~seed));
  const compiled = isCompiled
    ? (['jit', 'nojit', 'pieces'] as const).map((target) => forcedFor(seed, target))
    : [];
  return { recipe, bytes, isDeep, ...(await compareOn(scenario, native, isDeep, compiled)) };
};
