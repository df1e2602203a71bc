/**
 * Makes the fuel vectors: from generated programs (ours, so their modules are in the file), from the official suite
 * and from the recorded plug-ins (named by file and hash). The reference executor says what programs cost.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createPlugin, isQuernError } from '../../src/node.ts';
import { decodeModule, defineSchedule, type FuelSchedule, flat1, quern1 } from '../../src/wasm.ts';
import { oddSchedule } from '../differential/compare.ts';
import { Random } from '../generators/random.ts';
import { generateWorld } from '../generators/world.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions, type SetUp } from '../plugins/recorded.ts';
import { shared } from '../shared.ts';
import { type CallPlan, execute, pauseAt } from './execute.ts';
import type {
  FileReference,
  FuelVectors,
  PluginVector,
  PluginVectorCall,
  VectorCall,
  VectorProgram,
} from './format.ts';

/** The schedules of the vectors: ours, and one that distinguishes all classes. */
export const vectorSchedules: readonly FuelSchedule[] = [quern1, flat1, defineSchedule(oddSchedule)];

const PROGRAMS = 60;
/** Larger ones are left out, so that the file stays small. */
const MOST_BYTES = 3_500;
/** Calls of a program that get a table of pauses, and entries of each. */
const PAUSED_CALLS = 4;
const PAUSES = 8;

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const withPauses = (
  random: Random,
  modules: readonly Uint8Array[],
  schedule: FuelSchedule,
  calls: readonly VectorCall[],
): VectorCall[] => {
  let count = 0;
  return calls.map((call, i) => {
    if (call.fuel < 20 || count >= PAUSED_CALLS) return call;
    count++;
    const amounts = new Set([
      0,
      call.fuel - 1,
      ...Array.from({ length: PAUSES - 2 }, () => random.below(call.fuel)),
    ]);
    const sorted = [...amounts].sort((a, b) => a - b);
    const before = calls.slice(0, i + 1);
    return { ...call, pauses: sorted.map((n) => pauseAt('reference', modules, schedule, before, n)) };
  });
};

const randomPrograms = (): VectorProgram[] => {
  const programs: VectorProgram[] = [];
  for (let seed = 1; programs.length < PROGRAMS; seed++) {
    const { modules, entries } = generateWorld(seed);
    if (modules.reduce((sum, { length }) => sum + length, 0) > MOST_BYTES) continue;
    const schedule = vectorSchedules[programs.length % vectorSchedules.length]!;
    const calls = execute('reference', modules, schedule, entries);
    programs.push({
      id: `random-${seed}`,
      schedule: schedule.name,
      modules: modules.map(toBase64),
      calls: withPauses(new Random(seed), modules, schedule, calls),
    });
  }
  return programs;
};

interface SuiteValue {
  readonly type: string;
  readonly value?: unknown;
}
interface SuiteCommand {
  readonly type: string;
  readonly at?: readonly [number, number];
  readonly module_type?: string;
  readonly action?: { type: string; field: string; module?: string; args: readonly SuiteValue[] };
}

const isNumber = ({ type, value }: SuiteValue): boolean =>
  ['i32', 'i64', 'f32', 'f64'].includes(type) && /^\d+$/.test(String(value));

/** Modules of one file of the suite that stand alone, with a few calls each. */
const suiteProgramsOf = (name: string): VectorProgram[] => {
  const { commands } = JSON.parse(readFileSync(shared('spec-suite/core', `${name}.json`), 'utf8')) as {
    commands: readonly SuiteCommand[];
  };
  const file = readFileSync(shared('spec-suite/core', `${name}.bin`));
  const programs: VectorProgram[] = [];
  commands.forEach((command, i) => {
    if (command.type !== 'module' || command.module_type !== 'binary' || programs.length >= 2) return;
    const [start, length] = command.at!;
    const bytes = new Uint8Array(file.subarray(start, start + length));
    const plans: CallPlan[] = [];
    for (const { type, action } of commands.slice(i + 1)) {
      if (type === 'module' || plans.length === 5) break;
      const isPlain = action?.type === 'invoke' && action.module === undefined && action.args.every(isNumber);
      if (isPlain && /^assert_(return|trap)$/.test(type))
        plans.push({ module: 0, name: action.field, args: action.args.map(({ value }) => String(value)) });
    }
    const { imports, start: startFunction } = decodeModule(bytes);
    if (plans.length === 0 || imports.length > 0 || startFunction !== null) return;
    const calls = execute('reference', [bytes], quern1, plans);
    // References have no form here.
    const told = calls.findIndex(({ results }) => results?.some((text) => !/^\d+$/.test(text)));
    const kept = told < 0 ? calls : calls.slice(0, told);
    if (kept.length === 0) return;
    const suite: FileReference = { file: `core/${name}.bin`, at: [start, length], sha256: sha256(bytes) };
    programs.push({ id: `suite-${name}-${start}`, schedule: quern1.name, suite, calls: kept });
  });
  return programs;
};

const suitePrograms = (): VectorProgram[] =>
  readdirSync(shared('spec-suite/core'))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => suiteProgramsOf(name.slice(0, -'.json'.length)));

/** Set-ups whose answers depend on nothing outside. */
const isClosed = ({ id, timeoutMs }: SetUp): boolean =>
  timeoutMs === undefined && id !== 'kernel_http' && id !== 'sqlite_file';

/** Makes the calls of a set-up; with a budget, only the first ones that stay below it. */
export const runPlugin = async (
  setUp: SetUp,
  schedule: FuelSchedule,
  budget = Number.POSITIVE_INFINITY,
): Promise<PluginVector> => {
  const bytes = moduleBytes(setUp);
  const plugin = await createPlugin(
    { wasm: [{ data: bytes }] },
    {
      useWasi: setUp.wasi,
      config: setUp.config,
      functions: await recordedFunctions(setUp),
      deterministic: true,
      schedule,
    },
  );
  const initialisation = plugin.fuelConsumed;
  const calls: PluginVectorCall[] = [];
  let sum = initialisation;
  for (const call of setUp.calls) {
    const end = await plugin.call(call.fn, inputOf(call)).then(
      (output) => (output === null ? {} : { output: sha256(output.bytes()) }),
      (error: unknown) => ({ error: isQuernError(error) ? error.code : String(error) }),
    );
    calls.push({ call: call.fn, fuel: plugin.fuelConsumed, ...end });
    sum += plugin.fuelConsumed;
    if (sum > budget) break;
  }
  await plugin.close();
  const file: FileReference = { file: setUp.wasm, sha256: sha256(bytes) };
  return { id: setUp.id, schedule: schedule.name, plugin: file, initialisation, calls };
};

/** The set-ups that are in the vectors. */
export const vectorSetUps = (): readonly SetUp[] => readSetUps().filter(isClosed);

/** All vectors. Needs the reference data. */
export const makeVectors = async (): Promise<FuelVectors> => {
  const plugins: PluginVector[] = [];
  for (const setUp of vectorSetUps()) plugins.push(await runPlugin(setUp, quern1));
  return {
    format: 'fuel-vectors',
    version: 1,
    schedules: vectorSchedules,
    programs: [...randomPrograms(), ...suitePrograms()],
    plugins,
  };
};
