/** `quern call`: makes a plug-in from files and flags, calls it and prints what it answers. */

import { basename } from 'node:path';
import { isRecord } from '../errors/checks.ts';
import { printableLines } from '../errors/texts.ts';
import type { CheckedManifest, ManifestWasm } from '../host/manifest/manifest.ts';
import { resolveManifest } from '../host/manifest/wasm-source.ts';
import { dumpWriter } from '../host/node/dumps.ts';
import { nodePlatform } from '../host/node/platform.ts';
import {
  type CompiledPlugin,
  compilePluginOn,
  type Logger,
  type LogLevel,
  type Manifest,
  type Plugin,
  type PluginOptions,
} from '../node.ts';
import { compilerOf } from './compiled.ts';
import {
  deterministicOf,
  type Flags,
  featuresOf,
  type NumberFlag,
  numberOf,
  type Parsed,
  type PluginFlags,
  usageError,
} from './flags.ts';
import { modulePlatform } from './modules.ts';
import { withProgress } from './progress.ts';
import { openRecording, readRecording, writeReceipt } from './recordings.ts';
import { scheduleOf } from './schedule.ts';
import { callOnce, openPlugin } from './snapshots.ts';

type CallFlags = Flags<'call'>;

/** A limit: as in the `extism` command, zero and negative numbers mean none. */
const limit = (flags: PluginFlags, name: NumberFlag<PluginFlags>): number | null => {
  const value = numberOf(flags, name);
  return value === undefined || value <= 0 ? null : value;
};

const isUrl = (source: string): boolean => /^(https?|file):\/\//i.test(source);
const wasmItem = (source: string, name?: string): ManifestWasm => ({
  ...(isUrl(source) ? { url: source } : { path: source }),
  ...(name === undefined ? {} : { name }),
});

/** `NAME=FILE`, or `FILE`, whose base name without the extension is the name. */
const linkedModule = (link: string): ManifestWasm => {
  // A URL may hold an equals sign of its own.
  const at = isUrl(link) ? -1 : link.indexOf('=');
  return at > 0
    ? wasmItem(link.slice(at + 1), link.slice(0, at))
    : wasmItem(link, basename(link).replace(/\.[^.]*$/, ''));
};

const configOf = (flags: PluginFlags): Record<string, string> => {
  const config = new Map<string, string>();
  if (flags['set-config'] !== undefined) {
    let values: unknown;
    try {
      values = JSON.parse(flags['set-config']);
    } catch {
      throw usageError('invalid value for --set-config: not JSON');
    }
    if (!isRecord(values)) {
      throw usageError('invalid value for --set-config: not an object');
    }
    for (const [key, value] of Object.entries(values)) {
      if (typeof value !== 'string')
        throw usageError(`invalid value for --set-config: "${key}" is not a string`);
      config.set(key, value);
    }
  }
  for (const item of flags.config ?? []) {
    const at = item.indexOf('=');
    if (at < 0) config.set(item, '');
    else config.set(item.slice(0, at), item.slice(at + 1));
  }
  return Object.fromEntries(config);
};

/** Guest path → host path. A leading `ro:` belongs to the host path. */
const pathsOf = (flags: PluginFlags): Record<string, string> =>
  Object.fromEntries(
    (flags['allow-path'] ?? []).map((item) => {
      const at = item.indexOf(':', item.startsWith('ro:') ? 3 : 0);
      return at < 0 ? [item.replace(/^ro:/, ''), item] : [item.slice(at + 1), item.slice(0, at)];
    }),
  );

/** The modules of a plug-in as `call` and `verify` name them. */
export const modulesOf = async (
  source: string,
  { link, manifest }: { readonly link?: readonly string[]; readonly manifest?: boolean },
): Promise<Manifest> => {
  const own = manifest ? (await readManifest(source)).wasm : [wasmItem(source)];
  return { wasm: [...(link ?? []).map(linkedModule), ...own] };
};

/** The manifest that the plug-in is made from: flags go before what a manifest file says. */
const buildManifest = async (source: string, flags: PluginFlags): Promise<Manifest> => {
  const base: CheckedManifest | null = flags.manifest ? await readManifest(source) : null;
  const memory = {
    maxPages: limit(flags, 'memory-max') ?? base?.memory?.maxPages,
    maxVarBytes: limit(flags, 'var-max') ?? base?.memory?.maxVarBytes,
    maxHttpResponseBytes: limit(flags, 'http-response-max') ?? base?.memory?.maxHttpResponseBytes,
  };
  return {
    wasm: [...(flags.link ?? []).map(linkedModule), ...(base?.wasm ?? [wasmItem(source)])],
    config: { ...Object.fromEntries(base?.config ?? []), ...configOf(flags) },
    memory,
    allowedHosts: [...(base?.allowedHosts ?? []), ...(flags['allow-host'] ?? [])],
    allowedPaths: { ...Object.fromEntries(base?.allowedPaths ?? []), ...pathsOf(flags) },
    timeoutMs: limit(flags, 'timeout') ?? base?.timeoutMs,
  };
};

const readManifest = async (source: string): Promise<CheckedManifest> => {
  if (/^https?:\/\//i.test(source)) return resolveManifest(source, nodePlatform);
  const bytes = await nodePlatform.readFile!(source).catch((error: Error) => {
    throw usageError(`cannot read the manifest: ${error.message}`);
  });
  const text = new TextDecoder().decode(bytes);
  // A file that does not start with a brace would be taken for the path of a module.
  if (!/^\s*\{/.test(text))
    throw usageError(`${source} is not a manifest in JSON; leave -m out for a module`);
  return resolveManifest(text, nodePlatform);
};

const toStderr = (level: string) => (message: string) =>
  void process.stderr.write(`[${level}] ${printableLines(message)}\n`);
/** Log messages go to standard error, so that they never mix with the output. */
const logger: Logger = {
  trace: toStderr('trace'),
  debug: toStderr('debug'),
  info: toStderr('info'),
  warn: toStderr('warn'),
  error: toStderr('error'),
};

const optionsOf = async (flags: PluginFlags): Promise<PluginOptions> => ({
  logger,
  logLevel: (flags['log-level'] ?? 'error') as LogLevel,
  useWasi: flags.wasi ?? false,
  enableWasiOutput: flags.wasi ?? false,
  fuel: numberOf(flags, 'fuel'),
  features: featuresOf(flags),
  schedule: scheduleOf(flags.schedule),
  deterministic: deterministicOf(flags),
  onFailure: dumpWriter(flags),
  allowHttpResponseHeaders: flags['enable-http-response-headers'] ?? false,
  maxFileBytes: limit(flags, 'file-max'),
  compiler: await compilerOf(flags),
});

/** Reads, checks and compiles the plug-in that operands and flags name. */
export const compileFromFlags = async (source: string, flags: PluginFlags): Promise<CompiledPlugin> => {
  if (!flags.manifest && source.endsWith('.json'))
    throw usageError(`${source} seems to be a manifest; pass -m`);
  const { send, stop } = withProgress(nodePlatform.http!, process.stderr);
  try {
    const compile = compilePluginOn({ ...modulePlatform, http: send });
    return await compile(await buildManifest(source, flags), await optionsOf(flags));
  } finally {
    stop();
  }
};

/** The input of a call: of a flag, or from standard input. */
export const readInput = async (flags: Pick<CallFlags, 'input' | 'stdin'>): Promise<Uint8Array | string> => {
  if (!flags.stdin) return flags.input ?? '';
  if (flags.input !== undefined) throw usageError('--input and --stdin exclude each other');
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
};

/** Writes and waits, so that large outputs through pipes are complete. */
const write = (data: Uint8Array | string): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(data, () => resolve());
  });

/** One call that a snapshot is the beginning or the end of. */
const callWithSnapshot = async (
  plugin: Plugin,
  functionName: string | undefined,
  flags: CallFlags,
): Promise<void> => {
  if (flags.loop !== undefined) throw usageError('--loop goes without --snapshot and --resume');
  try {
    const output = await callOnce(plugin, functionName, () => readInput(flags), flags.snapshot);
    if (output !== null) await write(output.bytes());
    await write('\n');
  } finally {
    if (flags['show-fuel']) process.stderr.write(`fuel: ${plugin.fuelConsumed}\n`);
  }
};

const callInLoop = async (plugin: Plugin, functionName: string, flags: CallFlags): Promise<void> => {
  const input = await readInput(flags);
  const count = numberOf(flags, 'loop') ?? 1;
  for (let i = 0; i < count; i++) {
    try {
      const output = await plugin.call(functionName, input);
      if (output !== null) await write(output.bytes());
      // As the extism command does: a line ends each output, an empty one parts the outputs of a loop.
      await write(count > 1 ? '\n\n' : '\n');
    } finally {
      if (flags['show-fuel']) process.stderr.write(`fuel: ${plugin.fuelConsumed}\n`);
    }
  }
};

/** Runs `quern call`. */
export const runCall = async ({ operands, flags }: Parsed<'call'>): Promise<void> => {
  const [source, functionName] = operands as readonly [string, string | undefined];
  const isTaped = flags.record !== undefined || flags.replay !== undefined;
  if (functionName === undefined && flags.resume === undefined) throw usageError('FUNCTION is missing');
  if (flags.receipt !== undefined && !isTaped) throw usageError('--receipt needs --record or --replay');
  if (flags.resume !== undefined && isTaped) throw usageError('--resume goes without --record and --replay');
  const replay = flags.replay === undefined ? undefined : readRecording(flags.replay);
  const compiled = await compileFromFlags(source, flags);
  const sink = flags.record === undefined ? null : openRecording(flags.record);
  try {
    const plugin = isTaped
      ? await compiled.instantiate({ record: sink?.write, replay })
      : await openPlugin(compiled, numberOf(flags, 'fuel') ?? null, flags.resume);
    try {
      if (flags.snapshot !== undefined || flags.resume !== undefined)
        await callWithSnapshot(plugin, functionName, flags);
      else await callInLoop(plugin, functionName!, flags);
    } finally {
      if (flags.receipt !== undefined) writeReceipt(flags.receipt, plugin);
      await plugin.close();
    }
  } finally {
    sink?.close();
  }
};
