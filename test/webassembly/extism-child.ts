/**
 * Runs recorded plug-ins on the official Extism SDK: `extism-child.js PACKAGE BUILD PORT ID…`. Prints a line of
 * JSON for each set-up: what became of its calls. Which engine runs them is the global namespace's matter. Requests
 * go to PORT of this machine in place of the recorded one.
 *
 * BUILD is `node` or `browser`. Node's own WASI insists on native memories, so that plug-ins with WASI need the
 * build that brings its own.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  inputOf,
  moduleBytes,
  type RecordedCall,
  readSetUps,
  recordedFunctions,
} from '../plugins/recorded.ts';
import { root } from '../shared.ts';

/** The part of the SDK that is used. */
interface Sdk {
  createPlugin(manifest: object, options: object): Promise<SdkPlugin>;
}
interface SdkPlugin {
  call(name: string, input?: Uint8Array): Promise<{ bytes(): Uint8Array } | null>;
  close(): Promise<void>;
}
interface SetUpOptions {
  readonly worker?: boolean;
  readonly hosts?: readonly string[];
}

const [packageName, build, port, ...ids] = process.argv.slice(2) as [
  string,
  'node' | 'browser',
  string,
  ...string[],
];
const entry = build === 'node' ? 'dist/esm/mod.js' : 'dist/browser/mod.js';
const sdk = (await import(pathToFileURL(join(root, 'node_modules', packageName, entry)).href)) as Sdk;

/** A copy, since version 1.0.3 takes the whole buffer behind a view. */
const inputFor = (call: RecordedCall): Uint8Array | undefined => {
  if (call.in === null) return undefined;
  const text = call.in.text?.replace('127.0.0.1:18765', `127.0.0.1:${port}`);
  return Uint8Array.from(text === undefined ? inputOf(call) : Buffer.from(text));
};

/** Traps are compared by kind: engines word them differently. */
const kindOf = (error: unknown): string => {
  const { name, message } = error as Error;
  if (name === 'RuntimeError' || name === 'RangeError') return 'trap';
  return /unreachable|out of bounds|divide by zero|call stack/i.test(message) ? 'trap' : message;
};

const describe = (bytes: Uint8Array | undefined): string =>
  bytes === undefined
    ? 'null'
    : bytes.length <= 200
      ? Buffer.from(bytes).toString('latin1')
      : `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;

/** What gives this process its namespace, for the SDK's worker. */
const preloads = process.execArgv.filter((flag) => flag.startsWith('--import='));

for (const setUp of readSetUps().filter(({ id }) => ids.includes(id))) {
  const { worker = false, hosts } = setUp as SetUpOptions;
  const calls: string[] = [];
  const report = (): void => void process.stdout.write(`${JSON.stringify({ id: setUp.id, calls })}\n`);
  const functions = await recordedFunctions(setUp);
  const made = sdk.createPlugin(
    { wasm: [{ data: moduleBytes(setUp) }] },
    {
      useWasi: setUp.wasi,
      config: setUp.config ?? {},
      functions,
      // By default the SDK starts its worker without the options of this process.
      ...(worker && { runInWorker: true, nodeWorkerArgs: { execArgv: preloads } }),
      ...(hosts && { allowedHosts: hosts }),
      // The time covers the start of the worker.
      ...(setUp.timeoutMs !== undefined && { timeoutMs: 10 * setUp.timeoutMs }),
    },
  );
  const plugin = await made.catch((error: unknown) => {
    calls.push(`not made: ${(error as Error).name}`);
    return null;
  });
  for (const call of plugin === null ? [] : setUp.calls) {
    const end = await plugin!.call(call.fn, inputFor(call)).then(
      (output) => describe(output?.bytes()),
      (error: unknown) => `error: ${kindOf(error)}`,
    );
    calls.push(`${call.fn}: ${end}`);
  }
  report();
  await plugin?.close();
}
process.exit(0);
