/**
 * Runs recorded plug-ins on the official Extism SDK: `child.js PACKAGE PORT ID…`. Prints a line of JSON for each
 * set-up, a `SetUpRun`. Which engine runs them is the global namespace's matter. Requests go to PORT of this machine
 * instead of the recorded one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  inputOf,
  moduleBytes,
  type RecordedCall,
  readSetUps,
  recordedFunctions,
  type SetUp,
} from '../../plugins/recorded.ts';
import { root } from '../../shared.ts';
import { callsOf, TIME_LIMIT } from './calls.ts';
import { ENDLESS, errorOutcome, notMade, outputOutcome, type SetUpRun } from './outcomes.ts';

/** The part of the SDK that is used. */
interface Sdk {
  createPlugin(manifest: object, options: object): Promise<SdkPlugin>;
}
interface SdkPlugin {
  call(name: string, input?: Uint8Array): Promise<{ bytes(): Uint8Array } | null>;
  close(): Promise<void>;
}

const [packageName, port, ...ids] = process.argv.slice(2) as [string, string, ...string[]];
const entry = join(root, 'node_modules', packageName, 'dist/esm/mod.js');
const sdk = (await import(pathToFileURL(entry).href)) as Sdk;

/** A copy, since version 1.0.3 takes the whole buffer of a view. */
const inputFor = (call: RecordedCall): Uint8Array | undefined => {
  if (call.in === null) return undefined;
  const text = call.in.text?.replace('127.0.0.1:18765', `127.0.0.1:${port}`);
  return Uint8Array.from(text === undefined ? inputOf(call) : Buffer.from(text));
};

/** What gives this process its namespace, for the SDK's worker. */
const preloads = process.execArgv.filter((flag) => flag.startsWith('--import='));

/** What a version throws at an error of its worker, nobody can catch. */
const workerFailure = (): Promise<never> =>
  new Promise((_, reject) => process.once('uncaughtException', reject));

const create = async (setUp: SetUp, told: string[], emptyDirectory: string): Promise<SdkPlugin> => {
  const { worker = false, hosts, paths, timeoutMs } = setUp;
  const allowedPaths = Object.fromEntries(
    Object.entries(paths ?? {}).map(([guest, host]) => [guest, host.replace('$EMPTY_DIR', emptyDirectory)]),
  );
  return sdk.createPlugin(
    { wasm: [{ data: moduleBytes(setUp) }] },
    {
      useWasi: setUp.wasi,
      config: setUp.config ?? {},
      functions: await recordedFunctions(setUp, told),
      allowedPaths,
      // By default the SDK starts its worker without the options of this process.
      ...(worker && { runInWorker: true, nodeWorkerArgs: { execArgv: preloads } }),
      ...(hosts && { allowedHosts: hosts, allowHttpResponseHeaders: true }),
      ...(timeoutMs !== undefined && { timeoutMs: TIME_LIMIT }),
    },
  );
};

/** The outcome of a call. Where there is a limit, the SDK may ignore it, or hang when it has passed. */
const outcomeOf = async (plugin: SdkPlugin, call: RecordedCall, setUp: SetUp): Promise<string> => {
  const end = plugin.call(call.fn, inputFor(call)).then(
    (output) => outputOutcome(output?.bytes()),
    (error: Error) => errorOutcome(error.message),
  );
  if (setUp.timeoutMs === undefined) return end;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(ENDLESS), 3 * TIME_LIMIT);
  });
  return Promise.race([end, limit]).finally(() => clearTimeout(timer));
};

/** CPU time of this process, its workers included. */
const cpuMilliseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const run = async (setUp: SetUp): Promise<SetUpRun> => {
  const start = cpuMilliseconds();
  const calls: string[] = [];
  const told: string[] = [];
  const emptyDirectory = mkdtempSync(join(tmpdir(), 'quern-extism-'));
  try {
    const plugin = await Promise.race([create(setUp, told, emptyDirectory), workerFailure()]);
    for (const call of callsOf(setUp)) calls.push(`${call.fn}: ${await outcomeOf(plugin, call, setUp)}`);
    await plugin.close();
  } catch (error) {
    calls.push(notMade(error as Error));
  } finally {
    rmSync(emptyDirectory, { recursive: true, force: true });
  }
  return { id: setUp.id, calls, told, milliseconds: Math.round(cpuMilliseconds() - start) };
};

for (const setUp of readSetUps().filter(({ id }) => ids.includes(id))) {
  process.stdout.write(`${JSON.stringify(await run(setUp))}\n`);
}
process.exit(0);
