/** The plug-in that operands and flags name: its manifest, and the options that it is created with. */

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
  type PluginOptions,
} from '../node.ts';
import { compilerOf } from './compiled.ts';
import type { PluginFlags } from './flags.ts';
import { readStdin, STDIN } from './input.ts';
import { moduleBytes, modulePlatform } from './modules.ts';
import { bytesOf, numberOf, usageError } from './parse.ts';
import { withProgress } from './progress.ts';
import { scheduleOf } from './schedule.ts';
import { deterministicOf, featuresOf } from './values.ts';

/** A limit: as in the `extism` command, zero and negative numbers mean none. */
const limit = (value: number | undefined): number | null =>
  value === undefined || value <= 0 ? null : value;

/** A module that an operand names: a file, a URL or standard input. */
const operandItem = async (source: string): Promise<ManifestWasm> =>
  source === STDIN ? { data: moduleBytes(await readStdin()) } : wasmItem(source);

const isUrl = (source: string): boolean => /^(https?|file):\/\//i.test(source);
const wasmItem = (source: string, name?: string): ManifestWasm => ({
  ...(isUrl(source) ? { url: source } : { path: source }),
  ...(name === undefined ? {} : { name }),
});

/** `NAME=FILE`, or `FILE`, whose base name without the extension is the name. */
const linkedModule = (link: string): ManifestWasm => {
  // A URL may contain an equals sign itself.
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

/** The length of the `C:` of a Windows path; 0 without one. Elsewhere, a folder may be named `c`. */
const driveLength = (path: string, isWindows: boolean): number =>
  (isWindows ? /^[a-z]:[\\/]/i : /^[a-z]:\\/i).test(path) ? 2 : 0;

/** Guest path → host path, from `[ro:]HOST[:GUEST]`. A leading `ro:` belongs to the host path. */
export const allowedPath = (item: string, isWindows: boolean): [guest: string, host: string] => {
  const prefix = item.startsWith('ro:') ? 3 : 0;
  const path = item.slice(prefix);
  const at = path.indexOf(':', driveLength(path, isWindows));
  return at < 0 ? [path, item] : [path.slice(at + 1), item.slice(0, prefix + at)];
};

/** The modules of a plug-in as `call` and `verify` name them. */
export const modulesOf = async (
  source: string,
  { link, manifest }: { readonly link?: readonly string[]; readonly manifest?: boolean },
): Promise<Manifest> => {
  const own = manifest ? (await readManifest(source)).wasm : [await operandItem(source)];
  return { wasm: [...(link ?? []).map(linkedModule), ...own] };
};

/** The manifest that the plug-in is made from: flags take precedence over a manifest file. */
const buildManifest = async (source: string, flags: PluginFlags): Promise<Manifest> => {
  const base: CheckedManifest | null = flags.manifest ? await readManifest(source) : null;
  const paths = (flags['allow-path'] ?? []).map((item) => allowedPath(item, process.platform === 'win32'));
  const memory = {
    maxPages: limit(numberOf(flags, 'memory-max')) ?? base?.memory?.maxPages,
    maxVarBytes: limit(bytesOf(flags, 'var-max')) ?? base?.memory?.maxVarBytes,
    maxHttpResponseBytes: limit(bytesOf(flags, 'http-response-max')) ?? base?.memory?.maxHttpResponseBytes,
  };
  return {
    wasm: [...(flags.link ?? []).map(linkedModule), ...(base?.wasm ?? [await operandItem(source)])],
    config: { ...Object.fromEntries(base?.config ?? []), ...configOf(flags) },
    memory,
    allowedHosts: [...(base?.allowedHosts ?? []), ...(flags['allow-host'] ?? [])],
    allowedPaths: { ...Object.fromEntries(base?.allowedPaths ?? []), ...Object.fromEntries(paths) },
    timeoutMs: limit(numberOf(flags, 'timeout')) ?? base?.timeoutMs,
  };
};

const readManifest = async (source: string): Promise<CheckedManifest> => {
  if (/^https?:\/\//i.test(source)) return resolveManifest(source, nodePlatform);
  const bytes = await (source === STDIN ? readStdin() : nodePlatform.readFile!(source)).catch(
    (error: Error) => {
      throw usageError(`cannot read the manifest: ${error.message}`);
    },
  );
  const text = new TextDecoder().decode(bytes);
  // A file that does not start with a brace would be taken for the path of a module.
  if (!/^\s*\{/.test(text)) throw usageError(`${source} is not a manifest in JSON; omit -m for a module`);
  return resolveManifest(text, nodePlatform);
};

/** Writes log messages of a level. */
export const toStderr = (level: string) => (message: string) =>
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
  maxFileBytes: limit(bytesOf(flags, 'file-max')),
  compiler: await compilerOf(flags),
});

/** Reads, checks and compiles the plug-in that operands and flags name. */
export const compileFromFlags = async (
  source: string,
  flags: PluginFlags,
  isQuiet: boolean,
): Promise<CompiledPlugin> => {
  if (!flags.manifest && source.endsWith('.json'))
    throw usageError(`${source} seems to be a manifest; pass -m`);
  const { send, stop } = withProgress(nodePlatform.http!, isQuiet ? { write: () => {} } : process.stderr);
  try {
    const compile = compilePluginOn({ ...modulePlatform, http: send });
    return await compile(await buildManifest(source, flags), await optionsOf(flags));
  } finally {
    stop();
  }
};
