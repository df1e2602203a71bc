/**
 * The adapter for hosts with the interface of `@extism/extism`: `node javascript-adapter.js PACKAGE`, where PACKAGE
 * is the specifier to import. Without it, the host is Quern.
 *
 * It does what a user who knows the SDK would: settings go into the options, and a worker is used if the SDK needs
 * one and has one. It has no workarounds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Answer,
  PROTOCOL,
  type Request,
  type WireLog,
  type WireSettings,
} from '../../conformance/protocol/protocol.ts';
import { onLine } from './lines.ts';

/** The part of the SDK that is used. */
interface Sdk {
  readonly createPlugin: (manifest: unknown, options: unknown) => Promise<SdkPlugin>;
  readonly CAPABILITIES?: {
    readonly hasWorkerCapability?: boolean;
    readonly supportsJSPromiseInterface?: boolean;
  };
}
interface SdkPlugin {
  call(name: string, input: Uint8Array): Promise<{ bytes(): Uint8Array } | null>;
  close(): Promise<void>;
}
interface SdkContext {
  read(address: bigint): { string?(): string; text?(): string } | null;
  store(value: string): bigint;
}

const packageName = process.argv[2];

/** The package belongs to the user: it is resolved from the folder that the command was started in. */
const findPackage = (name: string): { url: string; version: string } => {
  const require = createRequire(join(process.cwd(), 'from-here.js'));
  let folder = dirname(require.resolve(name));
  while (!existsSync(join(folder, 'package.json')) || !readVersion(folder)) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`${name} has no package.json with a version`);
    folder = above;
  }
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest;
  const entry = moduleEntry(manifest);
  const file = entry === null ? require.resolve(name) : join(folder, entry);
  return { url: pathToFileURL(file).href, version: manifest.version! };
};
interface PackageManifest {
  readonly version?: string;
  readonly exports?: { readonly node?: { readonly import?: { readonly default?: string } } };
}
const readVersion = (folder: string): string | undefined =>
  (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest).version;
/** The ES module for Node, as an import would resolve it. */
const moduleEntry = ({ exports }: PackageManifest): string | null => exports?.node?.import?.default ?? null;

const own = (): { url: string; version: string } => ({
  url: new URL('../../node.js', import.meta.url).href,
  version: readVersion(dirname(createRequire(import.meta.url).resolve('quern/package.json')))!,
});

const { url, version } = packageName === undefined ? own() : findPackage(packageName);
const sdk = (await import(url)) as Sdk;
/** Version 1 ignores the settings in manifests and has no log levels; it needs a worker for HTTP. */
const hasWorker = sdk.CAPABILITIES?.hasWorkerCapability === true;

let calls: string[] = [];
let logs: WireLog[] = [];

const textOf = (context: SdkContext, address: bigint): string => {
  const block = context.read(address);
  return block === null ? '' : (block.text?.() ?? block.string?.() ?? '');
};

// biome-ignore lint/suspicious/noExplicitAny: what a plug-in passes is not known to the type system
type AnyFunction = (context: SdkContext, ...args: any[]) => unknown;
const allFunctions: Readonly<Record<string, AnyFunction>> = {
  increment: (_, x: bigint) => BigInt.asIntN(64, x + 1n),
  add: (_, a: number, b: number) => (a + b) | 0,
  double: (_, x: number) => Math.fround(x * 2),
  halve: (_, x: number) => x / 2,
  mix: (_, a: number, b: bigint, c: number, d: number) => a + Number(b) + c + d,
  upper: (context, address: bigint) => context.store(textOf(context, address).toUpperCase()),
  note: (context, address: bigint) => {
    calls.push(textOf(context, address));
  },
  fail: (context, address: bigint) => {
    throw new Error(textOf(context, address));
  },
  later: async (context, address: bigint) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return context.store(textOf(context, address).toUpperCase());
  },
};

const logger = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (...parts: unknown[]) => void logs.push({ level, message: parts.join(' ') }),
  ]),
);

const without = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<T>;

/** Settings that manifests also have: omitted from the options if there is a manifest, since they would override it. */
const manifestOptions = ({
  config,
  memory,
  timeoutMs,
  allowedHosts,
  allowedPaths,
}: WireSettings): object => ({
  config,
  memory: without(memory),
  ...(timeoutMs === null ? {} : { timeoutMs }),
  allowedHosts,
  allowedPaths,
});

const optionsOf = (settings: WireSettings, hasManifest: boolean): object => {
  const { functions, wasi, timeoutMs, allowedHosts, httpResponseHeaders, logLevel } = settings;
  const needsWorker = allowedHosts.length > 0 || timeoutMs !== null || functions.includes('later');
  return {
    useWasi: wasi,
    ...(hasManifest ? {} : manifestOptions(settings)),
    allowHttpResponseHeaders: httpResponseHeaders,
    logger,
    logLevel,
    functions: {
      'extism:host/user': Object.fromEntries(functions.map((name) => [name, allFunctions[name]])),
    },
    ...(needsWorker && hasWorker ? { runInWorker: true } : {}),
  };
};

/** Any thrown value, as text: SDKs throw errors, strings, symbols and plain objects. */
const messageOf = (thrown: unknown): string => {
  const { message } = (thrown ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(thrown);
};

let plugin: SdkPlugin | null = null;

const handlers: { [M in Request['method']]: (request: Extract<Request, { method: M }>) => Promise<Answer> } =
  {
    hello: async () => ({
      host: packageName === undefined ? 'quern' : '@extism/extism',
      version,
      protocol: PROTOCOL,
    }),
    load: async ({ modules, manifest, settings }) => {
      await handlers.close({ method: 'close' });
      const items = modules.map(({ name, data }) => ({
        name,
        data: new Uint8Array(Buffer.from(data, 'base64')),
      }));
      plugin = await sdk.createPlugin(manifest ?? { wasm: items }, optionsOf(settings, manifest !== null));
      return {};
    },
    call: async ({ function: name, input }) => {
      if (plugin === null) throw new Error('no plug-in is loaded');
      const output = await plugin.call(name, new Uint8Array(Buffer.from(input, 'base64')));
      return { output: output === null ? null : Buffer.from(output.bytes()).toString('base64') };
    },
    close: async () => {
      const closing = plugin;
      plugin = null;
      await closing?.close();
      return {};
    },
  };

const answer = async (line: string): Promise<Answer> => {
  calls = [];
  logs = [];
  try {
    const request = JSON.parse(line) as Request;
    const result = await handlers[request.method](request as never);
    return { ...result, logs, calls };
  } catch (thrown) {
    return { error: messageOf(thrown), logs, calls };
  }
};

// One request at a time, in order.
let last = Promise.resolve();
onLine(process.stdin, (line) => {
  last = last.then(async () => {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  });
});
