import {
  createPlugin,
  type ManifestLike,
  type Plugin,
  type Receipt,
  replayRecording,
  restorePlugin,
  verifyReceipt,
} from '../../src/node.ts';
import { type RunResult, restoreSnapshot, takeSnapshot } from '../../src/wasm.ts';
import { makeZoo } from '../snapshots/zoo.ts';
import { bounds, codeOf } from './judge-module.ts';
import type { ForgedManifest, ForgedRecording, Mutants } from './mutants.ts';
import { worldOptions, worldPages } from './world-options.ts';

const { fuel } = bounds;
/** Deadline of what may spin. */
const TIMEOUT_MS = 500;
/** A replay may use what its recording names; one that names so much may run into the deadline. */
const MUCH_FUEL = 10_000_000;
const LATE = 'interrupted.timeout';
const MOST_CALLS = 2;
const MOST_SLICES = 20;

/** The code that something ends with; `fine` where it does not fail. */
const endOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
    return 'fine';
  } catch (error) {
    return codeOf(error);
  }
};

const judgeZoo = (bytes: Uint8Array): void => {
  const { instances } = makeZoo();
  // Whatever fuel a snapshot brings along, its owner can stop it.
  let slices = 0;
  const options = { onSlice: () => ++slices > MOST_SLICES };
  for (const execution of restoreSnapshot(bytes, { instances, options })) {
    let status: RunResult = execution.run();
    if (status === 'paused') {
      execution.addFuel(fuel);
      status = execution.run();
    }
    if (status === 'trap') codeOf(execution.error);
    const executions = status === 'paused' ? [execution] : [];
    takeSnapshot({ instances, executions });
  }
};

const callSome = async (plugin: Plugin, names: readonly string[]): Promise<void> => {
  for (const name of names.slice(0, MOST_CALLS))
    await endOf(() => plugin.call(name, 'input', undefined, { fuel }));
};

const judgeWorld = async (program: Uint8Array, bytes: Uint8Array): Promise<void> => {
  const plugin = await restorePlugin(program, bytes, { ...worldOptions(), fuel, timeoutMs: TIMEOUT_MS });
  const { memories } = await plugin.getInstance();
  const pages = memories.reduce((sum, { pageCount }) => sum + pageCount, 0);
  if (pages > worldPages) throw new Error(`${pages} pages, where ${worldPages} are the limit`);
  const call = plugin.activeCall;
  if (call !== null) {
    await endOf(async () => {
      if ((await call.run()) !== 'paused') return;
      call.addFuel(fuel);
      if ((await call.run()) !== 'paused') return;
      plugin.snapshot();
      await call.cancel();
    });
  }
  await endOf(() => plugin.snapshot());
  await callSome(plugin, ['files', 'stdin']);
  await plugin.close();
};

/** Fuel that a recording says its calls used; Infinity where it does not say so of every call. */
const namedFuel = (text: string): number => {
  let sum = 0;
  let open = text.match(/"event":"call"/g)?.length ?? 0;
  for (const [, digits] of text.matchAll(/"event":"end",.*"fuel":(\d+)[,}]/g)) {
    sum += Number(digits);
    open--;
  }
  return open > 0 ? Number.POSITIVE_INFINITY : sum;
};

/** Replays a recording, or verifies a receipt by it. @returns how it ended, or how the last call in it did */
const replay = async (program: Uint8Array, { text, receipt }: ForgedRecording): Promise<string> => {
  const options = { timeoutMs: TIMEOUT_MS, onLog: () => {} };
  try {
    if (receipt === null) {
      const error = (await replayRecording(program, text, options)).at(-1)?.error ?? null;
      return error === null ? 'fine' : codeOf(error);
    }
    await verifyReceipt(receipt as unknown as Receipt, program, text, options);
    return 'fine';
  } catch (error) {
    return codeOf(error);
  }
};

const judgeRecording = async (program: Uint8Array, forged: ForgedRecording): Promise<string> => {
  const before = process.cpuUsage();
  const end = await replay(program, forged);
  const { user, system } = process.cpuUsage(before);
  const named = namedFuel(forged.text);
  // On a busy machine the deadline passes while this process waits for its turn.
  const hasComputed = (user + system) / 1000 > TIMEOUT_MS / 2;
  if (end === LATE && named < MUCH_FUEL && hasComputed)
    throw new Error(`a replay ran into its deadline, though its recording names ${named} fuel`);
  return end;
};

const judgeManifest = async (forged: ForgedManifest): Promise<void> => {
  const manifest = 'text' in forged ? forged.text : (forged.value as unknown as ManifestLike);
  const plugin = await createPlugin(manifest, {
    useWasi: true,
    fuel,
    logLevel: 'silent',
    fetch: async () => {
      throw new Error('there is no network');
    },
  });
  const exports = await plugin.getExports();
  const names = exports.filter(({ kind }) => kind === 'function').map(({ name }) => name);
  await callSome(plugin, names);
  await plugin.close();
};

/** Programs by name, as bytes. */
export type Programs = Readonly<Record<'world' | 'command', Uint8Array>>;

/** Judges a mutant. @returns the code that it ended with @throws what is no error of Quern's */
export const judgeOther = (
  kind: 'snapshot' | 'recording' | 'manifest',
  seed: number,
  mutants: Mutants,
  programs: Programs,
): Promise<string> => {
  if (kind === 'manifest') return endOf(() => judgeManifest(mutants.manifest(seed)));
  if (kind === 'recording') {
    const forged = mutants.recording(seed);
    return judgeRecording(programs[forged.of], forged);
  }
  const { of, bytes } = mutants.snapshot(seed);
  return endOf(() => (of === 'zoo' ? judgeZoo(bytes) : judgeWorld(programs.world, bytes)));
};
