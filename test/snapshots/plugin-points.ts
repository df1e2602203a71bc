/** Pause points in the recorded calls of real plug-ins. */
import {
  type CompiledPlugin,
  compilePlugin,
  type HostFunctions,
  isQuernError,
  MemoryFiles,
  type Plugin,
  type PluginCall,
  type PluginOptions,
} from '../../src/node.ts';
import type { Forced } from '../compiler/forced-compiler.ts';
import type { Random } from '../generators/random.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions, type SetUp } from '../plugins/recorded.ts';
import { digest, memoryText } from './digest.ts';
import { keptCompilerOption, type Sides } from './sides.ts';

/** How the call is paused. */
type Way = 'fuel' | 'slice' | 'host' | 'initialisation';

/** What the restoring process needs. */
export interface PluginRequest {
  readonly kind: 'plugin';
  readonly setUp: string;
  /** Calls of stateful host functions before the pause. */
  readonly journal: readonly JournalEntry[];
  readonly snapshot: string;
  /** Fuel until the call is moved once more; null for never. */
  readonly again: number | null;
  /** How code is compiled where the point is restored; null for the interpreter alone. */
  readonly compiled: Forced | null;
}

/** One point: what to restore, and what must come of it. */
export interface Point {
  readonly request: { readonly kind: string };
  readonly expected: string;
  readonly label: string;
}

/** A host function that keeps something, and the contents of the blocks that it was given. */
interface JournalEntry {
  readonly name: string;
  readonly blocks: readonly string[];
}

/** Calls that take longer are left out. */
const MOST_FUEL = 1_200_000;
/** Set-ups that need a server or never end. */
const leftOut: readonly string[] = ['kernel_http', 'kernel_timeout'];

const usable = (): readonly SetUp[] => readSetUps().filter(({ id }) => !leftOut.includes(id));

const compiled = new Map<string, Promise<CompiledPlugin>>();
const compile = (setUp: SetUp): Promise<CompiledPlugin> => {
  let found = compiled.get(setUp.wasm);
  if (found === undefined) {
    found = compilePlugin(moduleBytes(setUp));
    compiled.set(setUp.wasm, found);
  }
  return found;
};

const optionsOf = (
  setUp: SetUp,
  functions: HostFunctions,
  compiled: Forced | null = null,
): PluginOptions => ({
  ...keptCompilerOption(compiled),
  useWasi: setUp.wasi,
  config: setUp.config ?? {},
  functions,
  deterministic: { seed: 5 },
  renewAfterFailure: true,
  ...('paths' in setUp ? { wasi: { preopens: { '/db': new MemoryFiles() } } } : {}),
});

/** Stands in for the plug-in when a journal is played. */
const contextOf = (blocks: readonly string[]): unknown => ({
  read: (handle: number) => {
    const bytes = Buffer.from(blocks[handle]!, 'base64');
    return { text: () => bytes.toString(), bytes: () => new Uint8Array(bytes) };
  },
  store: () => 0n,
});

/** The recorded host functions, after a journal; `note` is told what those that keep something are given. */
const functionsOf = async (
  setUp: SetUp,
  journal: readonly JournalEntry[],
  onCall: (entry: JournalEntry) => Promise<never> | null,
): Promise<HostFunctions> => {
  const recorded = await recordedFunctions(setUp);
  return Object.fromEntries(
    Object.entries(recorded).map(([namespace, functions]) => {
      for (const { name, blocks } of journal) functions[name]!(contextOf(blocks) as never, 0, 1);
      const wrapped = Object.entries(functions).map(([name, fn]) => [
        name,
        (context: Parameters<typeof fn>[0], ...args: never[]) => {
          const blocks = /^kv_(write|put|del)/.test(name)
            ? args.map((handle) => Buffer.from(context.read(handle)?.bytes() ?? []).toString('base64'))
            : [];
          return onCall({ name, blocks }) ?? (fn(context, ...args) as unknown);
        },
      ]);
      return [namespace, Object.fromEntries(wrapped)];
    }),
  );
};

const codeOf = (error: unknown): string => (isQuernError(error) ? error.code : String(error));

/** Runs a call to its end, and says all that must not depend on where it ran. */
const finish = async (plugin: Plugin, call: PluginCall): Promise<string> => {
  let end = 'done';
  try {
    if ((await call.run()) === 'paused') end = 'paused';
  } catch (error) {
    end = codeOf(error);
  }
  const output = call.result?.output?.bytes() ?? null;
  const { memories } = await plugin.getInstance();
  return [
    end,
    call.fuelConsumed,
    output === null ? 'no output' : digest(output),
    call.result?.error ?? '',
    memoryText(memories),
    digest(plugin.snapshot()),
  ].join(' | ');
};

interface Subject {
  readonly setUp: SetUp;
  readonly call: number;
  readonly fuel: number;
  readonly initialisation: number;
  readonly hostCalls: number;
}

const start = async (
  { setUp, call }: Pick<Subject, 'setUp' | 'call'>,
  functions: HostFunctions,
  fuel: number | null,
  isRenewed: boolean,
  timeSliceMs: number | null = null,
  compiled: Forced | null = null,
): Promise<{ plugin: Plugin; call: PluginCall }> => {
  const recorded = setUp.calls[call]!;
  const plugin = await (await compile(setUp)).instantiate(optionsOf(setUp, functions, compiled));
  // A call that fails makes the next one begin with a new instance.
  if (isRenewed) await plugin.call(recorded.fn, inputOf(recorded), undefined, { fuel: 1 }).catch(() => {});
  return { plugin, call: await plugin.startCall(recorded.fn, inputOf(recorded), { fuel, timeSliceMs }) };
};

const wholes = new Map<string, Promise<string>>();
/** The result of an uninterrupted call. */
const whole = (subject: Subject, isRenewed: boolean): Promise<string> => {
  const key = `${subject.setUp.id} ${subject.call} ${isRenewed}`;
  let found = wholes.get(key);
  if (found === undefined) {
    found = (async () => {
      const functions = await functionsOf(subject.setUp, [], () => null);
      const { plugin, call } = await start(subject, functions, null, isRenewed);
      return finish(plugin, call);
    })();
    wholes.set(key, found);
  }
  return found;
};

/** Names of what a plug-in exports. */
const namesOf = async (setUp: SetUp): Promise<Set<string>> => {
  const plugin = await (await compile(setUp)).instantiate(
    optionsOf(setUp, await functionsOf(setUp, [], () => null)),
  );
  const names = new Set((await plugin.getExports()).map(({ name }) => name));
  await plugin.close();
  return names;
};

/**
 * The calls that are short enough, with what they take.
 *
 * @param names set-ups; all of them by default
 */
export const findSubjects = async (names: readonly string[] | null = null): Promise<Subject[]> => {
  const subjects: Subject[] = [];
  for (const setUp of usable().filter(({ id }) => names?.includes(id) ?? true)) {
    const names = await namesOf(setUp);
    for (let index = 0; index < setUp.calls.length; index++) {
      if (!names.has(setUp.calls[index]!.fn)) continue;
      let hostCalls = 0;
      const functions = await functionsOf(setUp, [], () => {
        hostCalls++;
        return null;
      });
      const { plugin, call } = await start({ setUp, call: index }, functions, MOST_FUEL, false);
      const initialisation = plugin.fuelConsumed;
      const end = await call.run().catch(() => 'failed');
      if (end === 'paused') await call.cancel();
      else subjects.push({ setUp, call: index, fuel: call.fuelConsumed, initialisation, hostCalls });
      await plugin.close();
    }
  }
  return subjects;
};

const chooseWay = (random: Random, { fuel, hostCalls, setUp }: Subject): Way => {
  const die = random.below(10);
  if (hostCalls > 0 && die < 4) return 'host';
  if (fuel > 250_000 && die < 6) return 'slice';
  // Only modules with an initialiser can pause in it; the others pause in the call after it.
  return die === 9 && setUp.id !== 'kernel_all' ? 'initialisation' : 'fuel';
};

/** Makes a random point in a subject; none when the call ended first. */
export const pluginPoint = async (
  random: Random,
  subject: Subject,
  sides: Sides,
): Promise<readonly Point[]> => {
  const { setUp, hostCalls } = subject;
  const way = chooseWay(random, subject);
  const isRenewed = way === 'initialisation';
  const journal: JournalEntry[] = [];
  let countdown = way === 'host' ? 1 + random.below(hostCalls) : 0;
  let call: PluginCall | null = null;
  const functions = await functionsOf(setUp, [], (entry) => {
    countdown--;
    if (countdown === 0) {
      call!.requestPause();
      return new Promise<never>(() => {});
    }
    if (entry.blocks.length > 0) journal.push(entry);
    return null;
  });
  const limit =
    way === 'fuel' ? random.below(subject.fuel) : isRenewed ? random.below(subject.fuel + 30_000) : null;
  const timeSliceMs = way === 'slice' ? 1 : null;
  const started = await start(subject, functions, limit, isRenewed, timeSliceMs, sides.taken);
  call = started.call;
  const running = call.run().catch(() => 'failed');
  if (way === 'slice') {
    for (let turns = random.below(4); turns > 0; turns--) await new Promise(setImmediate);
    call.requestPause();
  }
  const status = await running;
  if (status !== 'paused') return [];
  const snapshot = started.plugin.snapshot();
  const place = `${call.pause} at ${call.fuelConsumed}`;
  await started.plugin.close();
  const request: PluginRequest = {
    kind: 'plugin',
    setUp: setUp.id,
    journal,
    snapshot: Buffer.from(snapshot).toString('base64'),
    again: random.chance(30) ? random.below(20_000) : null,
    compiled: sides.restored,
  };
  const expected = await whole(subject, isRenewed);
  return [{ request, expected, label: `${setUp.id} call ${subject.call}, ${way}: ${place}` }];
};

/** Restores a point and runs it to its end. */
export const restorePlugin = async ({
  setUp: id,
  journal,
  snapshot,
  again,
  compiled,
}: PluginRequest): Promise<string> => {
  const setUp = usable().find((item) => item.id === id)!;
  const source = await compile(setUp);
  const functions = await functionsOf(setUp, journal, () => null);
  const options = optionsOf(setUp, functions, compiled);
  let plugin = await source.restore(new Uint8Array(Buffer.from(snapshot, 'base64')), options);
  if (again !== null && plugin.activeCall!.fuelLeft !== null) {
    const first = plugin.activeCall!;
    first.addFuel(again);
    if ((await first.run().catch(() => 'failed')) === 'paused')
      plugin = await source.restore(plugin.snapshot(), options);
    else return finish(plugin, first);
  }
  const call = plugin.activeCall!;
  call.addFuel(2 ** 50);
  return finish(plugin, call);
};
