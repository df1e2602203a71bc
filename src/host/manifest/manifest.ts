/**
 * Manifests: their shape, and the checks of input from outside.
 *
 * Both spellings of every key are accepted from every source: camelCase, as in `@extism/extism`, and snake_case, as
 * in the JSON that all SDKs share. Unknown keys are ignored, as other SDKs do.
 */
import { asBytes, type BytesLike } from '../../errors/bytes.ts';
import { isObject, isRecord, isWholeNumber, wholeNumberText } from '../../errors/checks.ts';
import { ManifestError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { CompiledModule } from '../../interpreter/code/compiled-module.ts';
import { hostPatternFault } from '../http/host-patterns.ts';

/**
 * A `URL`, or anything that converts to a string in the same way.
 *
 * ```ts
 * import { pathToFileURL } from 'node:url';
 * const url: UrlLike = pathToFileURL('build/examples/greet.wasm');
 * const plugin = await createPlugin(url);
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export interface UrlLike {
  readonly href: string;
}

/**
 * The part of `Response` of the Fetch API that is used.
 *
 * Example: see `ManifestWasmResponse`.
 */
export interface ResponseLike {
  readonly status?: number;
  readonly url?: string;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Name and hash of a module in a manifest. */
interface ManifestWasmBase {
  /** Name by which other modules import it; the plug-in itself is `main`. */
  readonly name?: string | undefined;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly hash?: string | undefined;
}
/**
 * A module given as bytes, or as base64 text.
 *
 * ```ts
 * import { createHash } from 'node:crypto';
 * import { readFileSync } from 'node:fs';
 * const data = readFileSync('build/examples/greet.wasm');
 * const item: ManifestWasmData = { data, hash: createHash('sha256').update(data).digest('hex') };
 * const plugin = await createPlugin({ wasm: [item] });
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export interface ManifestWasmData extends ManifestWasmBase {
  readonly data: BytesLike | string;
}
/**
 * A module in a file.
 *
 * ```ts
 * const remark: ManifestWasmPath = { name: 'extism:host/user', path: 'build/examples/remark.wasm' };
 * const counter: ManifestWasmPath = { path: 'build/examples/counter.wasm' };
 * const plugin = await createPlugin({ wasm: [remark, counter] });
 * console.log((await plugin.call('count', 'Hello'))?.json().remark); // → a few
 * ```
 */
export interface ManifestWasmPath extends ManifestWasmBase {
  readonly path: string;
}
/**
 * A module at a URL.
 *
 * ```ts
 * const url = 'https://example.com/double.wasm';
 * const item: ManifestWasmUrl = { url, headers: { accept: 'application/wasm' } };
 * const fetch: FetchLike = async (asked, { headers }) => {
 *   console.log(asked, headers.accept); // → https://example.com/double.wasm application/wasm
 *   return { status: 200, headers: new Map<string, string>(), arrayBuffer: async () => doubleWasm.buffer };
 * };
 * await createPlugin({ wasm: [item] }, { fetch });
 * ```
 */
export interface ManifestWasmUrl extends ManifestWasmBase {
  readonly url: string | UrlLike;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}
/**
 * A module in the response of a request that was already made.
 *
 * ```ts
 * // What `fetch` would resolve to.
 * const response: ResponseLike = {
 *   status: 200,
 *   headers: { get: () => null },
 *   arrayBuffer: async () => doubleWasm.buffer,
 * };
 * const item: ManifestWasmResponse = { response };
 * const plugin = await createPlugin({ wasm: [item] });
 * console.log(await plugin.functionExists('double')); // → true
 * ```
 */
export interface ManifestWasmResponse extends ManifestWasmBase {
  readonly response: ResponseLike | PromiseLike<ResponseLike>;
}
/**
 * An already compiled module.
 *
 * ```ts
 * const item: ManifestWasmModule = { module: compileModule(doubleWasm) };
 * const plugin = await createPlugin({ wasm: [item] });
 * console.log(await plugin.functionExists('double')); // → true
 * ```
 */
export interface ManifestWasmModule extends ManifestWasmBase {
  readonly module: CompiledModule;
}
/**
 * One module of a manifest.
 *
 * Example: see `Manifest`.
 */
export type ManifestWasm =
  | ManifestWasmData
  | ManifestWasmPath
  | ManifestWasmUrl
  | ManifestWasmResponse
  | ManifestWasmModule;

/**
 * Configuration of a plug-in: keys and values, which it reads as text.
 *
 * Example: see `Manifest`.
 */
export type PluginConfig = Readonly<Record<string, string | number | boolean>>;
/**
 * What `@extism/extism` calls `PluginConfig`.
 *
 * Example: see `Manifest`.
 */
export type PluginConfigLike = PluginConfig;

/**
 * Limits on memory. Absent, null or 0 means the default.
 *
 * Example: see `Manifest`.
 */
export interface MemoryOptions {
  /** Most 64 KiB pages of the plug-in's memories and of the kernel's growth together. */
  readonly maxPages?: number | null | undefined;
  /**
   * Most bytes of GC objects, exceptions and table elements: those that exist before a call, and all that it makes.
   * Default: 512 MiB.
   */
  readonly maxHeapBytes?: number | null | undefined;
  /** Most bytes of the body of one HTTP response. Default: 50 MiB. */
  readonly maxHttpResponseBytes?: number | null | undefined;
  /** Most bytes of all variables together. Default: 1 MiB. */
  readonly maxVarBytes?: number | null | undefined;
  /** Most bytes of log messages of one call; the rest is dropped. Default: 1 MiB. */
  readonly maxLogBytes?: number | null | undefined;
  // The spelling of JSON manifests; if both are present, camel case takes precedence.
  /** `maxPages` in JSON. */
  readonly max_pages?: number | null | undefined;
  /** `maxHeapBytes` in JSON. */
  readonly max_heap_bytes?: number | null | undefined;
  /** `maxHttpResponseBytes` in JSON. */
  readonly max_http_response_bytes?: number | null | undefined;
  /** `maxVarBytes` in JSON. */
  readonly max_var_bytes?: number | null | undefined;
  /** `maxLogBytes` in JSON. */
  readonly max_log_bytes?: number | null | undefined;
}

/**
 * A manifest: the modules of a plug-in, and settings, which `PluginOptions` of the same names replace.
 *
 * ```ts
 * const wasm: ManifestWasm[] = [{ path: 'build/examples/greet.wasm' }];
 * const config: PluginConfig = { greeting: 'Salut', volume: 11, polite: true };
 * const same: PluginConfigLike = config;
 * const memory: MemoryOptions = { maxPages: 64, maxVarBytes: 4096 };
 * const manifest: Manifest = { wasm, config: same, memory, timeoutMs: 1000 };
 * const plugin = await createPlugin(manifest);
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Salut, Ada!
 * ```
 */
export interface Manifest {
  readonly wasm: readonly ManifestWasm[];
  readonly config?: PluginConfig | null | undefined;
  readonly memory?: MemoryOptions | null | undefined;
  readonly allowedHosts?: readonly string[] | null | undefined;
  /**
   * Directories that the plug-in may use: path of the guest → path of the host, as in `@extism/extism`. In the
   * spelling of other SDKs, `allowed_paths`, it is path of the host → path of the guest.
   */
  readonly allowedPaths?: Readonly<Record<string, string>> | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  // The spelling of JSON manifests; if both are present, camel case takes precedence.
  readonly allowed_hosts?: readonly string[] | null | undefined;
  readonly allowed_paths?: Readonly<Record<string, string>> | null | undefined;
  readonly timeout_ms?: number | null | undefined;
}

/**
 * Everything that `createPlugin` takes for a manifest. A string is a path or a URL.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const path = 'build/examples/greet.wasm';
 * const sources: ManifestLike[] = [path, readFileSync(path), { wasm: [{ path }] }];
 * const plugins = await Promise.all(sources.map((source) => createPlugin(source)));
 * const outputs = await Promise.all(plugins.map((plugin) => plugin.call('greet', 'Ada')));
 * console.log(outputs.map((output) => output?.text())); // → [ 'Hello, Ada!', 'Hello, Ada!', 'Hello, Ada!' ]
 * ```
 */
export type ManifestLike = Manifest | ResponseLike | CompiledModule | BytesLike | UrlLike | string;

/** The settings of a manifest after checking; null if absent. */
export interface ManifestSettings {
  readonly config: ReadonlyMap<string, string> | null;
  readonly memory: CheckedMemoryOptions | null;
  readonly allowedHosts: readonly string[] | null;
  /** Path of the guest → path of the host, prefixed with `ro:` if it is read-only. */
  readonly allowedPaths: ReadonlyMap<string, string> | null;
  readonly timeoutMs: number | null;
}
/** Memory limits after checking; null = default. */
export interface CheckedMemoryOptions {
  readonly maxPages: number | null;
  readonly maxHeapBytes: number | null;
  readonly maxHttpResponseBytes: number | null;
  readonly maxVarBytes: number | null;
  readonly maxLogBytes: number | null;
}
/** A manifest after checking. */
export interface CheckedManifest extends ManifestSettings {
  readonly wasm: readonly ManifestWasm[];
}

const bad = (path: string, detail: string): Error =>
  new ManifestError('manifest.shape', { path, detail: path === '' ? detail : `${path}: ${detail}` });

const fail = (path: string, detail: string): never => {
  throw bad(path, detail);
};

type Fields = Readonly<Record<string, unknown>>;

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Own property under its camelCase or its snake_case name; null counts as absent. */
const field = (fields: Fields, key: string): unknown => {
  for (const name of [key, snakeCase(key)]) {
    if (Object.hasOwn(fields, name) && fields[name] !== null && fields[name] !== undefined)
      return fields[name];
  }
  return null;
};

/** Checks a map of strings, as config and allowed paths are. */
const checkStringMap = (value: unknown, path: string): ReadonlyMap<string, string> | null => {
  if (value === null || value === undefined) return null;
  if (!isRecord(value)) throw bad(path, 'expected an object of strings');
  const map = new Map<string, string>();
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string')
      throw bad(`${path}.${nameText(key)}`, `expected a string, got ${typeof item}`);
    map.set(key, item);
  }
  return map;
};

/** A value of the configuration as the plug-in reads it; null for an invalid one. */
export const configText = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;

/** Checks configuration: numbers and booleans are written as JavaScript writes them. */
export const checkConfig = (value: unknown): ReadonlyMap<string, string> | null => {
  if (value === null || value === undefined) return null;
  if (!isRecord(value)) throw bad('config', 'expected an object of strings');
  return new Map(
    Object.entries(value).map(([key, item]) => {
      const text = configText(item);
      if (text !== null) return [key, text];
      const actual = item === null ? 'null' : Array.isArray(item) ? 'a list' : typeof item;
      throw bad(`config.${nameText(key)}`, `expected a string, number or boolean, got ${actual}`);
    }),
  );
};

/** Checks a list of strings. */
const checkStringList = (value: unknown, path: string): readonly string[] | null => {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) throw bad(path, 'expected an array of strings');
  value.forEach((item, i) => {
    if (typeof item !== 'string') throw bad(`${path}[${i}]`, `expected a string, got ${typeof item}`);
  });
  return value.slice();
};

/** Checks patterns of hosts. @throws ManifestError for patterns that can never match, since they allow nothing */
export const checkAllowedHosts = (value: unknown): readonly string[] | null => {
  const patterns = checkStringList(value, 'allowedHosts');
  patterns?.forEach((pattern, i) => {
    const fault = hostPatternFault(pattern);
    if (fault !== null) throw bad(`allowedHosts[${i}]`, `"${nameText(pattern)}" ${fault}`);
  });
  return patterns;
};

/** Prefix of a path: the directory is read-only. */
export const READ_ONLY_PREFIX = 'ro:';

/** Pairs of guest and host path. The prefix is accepted on either side, since SDKs differ in the order of the sides. */
const pairPaths = (
  pairs: Iterable<readonly [guest: string, host: string]>,
  path: string,
): ReadonlyMap<string, string> => {
  const map = new Map<string, string>();
  const plain = (text: string): string =>
    text.startsWith(READ_ONLY_PREFIX) ? text.slice(READ_ONLY_PREFIX.length) : text;
  for (const [guest, host] of pairs) {
    const [name, target] = [plain(guest), plain(host)];
    if (name === '' || target === '') throw bad(path, 'a path is empty');
    if (map.has(name)) throw bad(path, `two directories for "${nameText(name)}"`);
    map.set(name, name === guest && target === host ? host : READ_ONLY_PREFIX + target);
  }
  return map;
};

/** Checks allowed paths in the direction of `@extism/extism`, guest → host. @throws ManifestError */
export const checkAllowedPaths = (value: unknown): ReadonlyMap<string, string> | null => {
  const map = checkStringMap(value, 'allowedPaths');
  return map === null ? null : pairPaths(map, 'allowedPaths');
};

/** The allowed paths of a manifest: each spelling has the direction of the SDKs that use it. */
const allowedPathsOf = (fields: Fields): ReadonlyMap<string, string> | null => {
  const own = checkAllowedPaths(Object.hasOwn(fields, 'allowedPaths') ? fields['allowedPaths'] : null);
  if (own !== null) return own;
  const key = 'allowed_paths';
  const map = checkStringMap(Object.hasOwn(fields, key) ? fields[key] : null, key);
  return map === null
    ? null
    : pairPaths(
        Array.from(map, ([host, guest]) => [guest, host] as const),
        key,
      );
};

/** Checks a limit: a whole number, where 0 stands for the default. */
export const checkLimit = (value: unknown, path: string): number | null => {
  if (value === null || value === undefined || value === 0) return null;
  if (isWholeNumber(value)) return value;
  throw bad(path, `expected ${wholeNumberText()}`);
};

/** Checks memory limits. */
export const checkMemoryOptions = (value: unknown, path: string): CheckedMemoryOptions | null => {
  if (value === null || value === undefined) return null;
  if (!isRecord(value)) throw bad(path, 'expected an object');
  const limit = (key: string): number | null => checkLimit(field(value, key), `${path}.${key}`);
  return {
    maxPages: limit('maxPages'),
    maxHeapBytes: limit('maxHeapBytes'),
    maxHttpResponseBytes: limit('maxHttpResponseBytes'),
    maxVarBytes: limit('maxVarBytes'),
    maxLogBytes: limit('maxLogBytes'),
  };
};

/** The sources that an item may have, in order of precedence. */
const sourceKeys = ['data', 'path', 'url', 'response', 'module'] as const;

const optionalString = (fields: Fields, key: string, path: string): string | undefined => {
  const value = field(fields, key);
  if (value === null) return undefined;
  if (typeof value !== 'string')
    throw bad(`${path}.${nameText(key)}`, `expected a string, got ${typeof value}`);
  return value;
};

const checkItem = (item: unknown, index: number): ManifestWasm => {
  const path = `wasm[${index}]`;
  if (!isRecord(item)) throw bad(path, 'expected an object');
  const base = { name: optionalString(item, 'name', path), hash: optionalString(item, 'hash', path) };
  const source = sourceKeys.find((key) => field(item, key) !== null);
  const value = source === undefined ? null : field(item, source);
  switch (source) {
    case 'data':
      if (typeof value === 'string') return { ...base, data: value };
      return { ...base, data: asBytes(value) ?? fail(`${path}.data`, 'expected bytes or base64 text') };
    case 'path':
      if (typeof value === 'string') return { ...base, path: value };
      throw bad(`${path}.path`, 'expected a string');
    case 'url': {
      if (typeof value !== 'string' && !isUrl(value)) throw bad(`${path}.url`, 'expected a string or URL');
      const headers = Object.fromEntries(checkStringMap(field(item, 'headers'), `${path}.headers`) ?? []);
      return { ...base, url: value, method: optionalString(item, 'method', path), headers };
    }
    case 'response':
      return { ...base, response: value as ResponseLike };
    case 'module':
      if (value instanceof CompiledModule) return { ...base, module: value };
      throw bad(
        `${path}.module`,
        'expected a module that compileModule returned; a native module has no bytes to run',
      );
    default:
      throw bad(
        path,
        `Expected every item in "manifest.wasm" to include either a "data", "url", or "path" key; got bad item at index ${index}`,
      );
  }
};

/**
 * Checks a manifest object, whether written in code or parsed from JSON.
 *
 * @throws ManifestError with `path` naming the key
 */
export const checkManifest = (value: unknown): CheckedManifest => {
  if (!isRecord(value) || field(value, 'wasm') === null) throw bad('', 'Expected "wasm" key in manifest');
  const wasm = field(value, 'wasm');
  if (!Array.isArray(wasm)) throw bad('wasm', 'Expected "manifest.wasm" to be array');
  return {
    wasm: wasm.map(checkItem),
    config: checkConfig(field(value, 'config')),
    memory: checkMemoryOptions(field(value, 'memory'), 'memory'),
    allowedHosts: checkAllowedHosts(field(value, 'allowedHosts')),
    allowedPaths: allowedPathsOf(value),
    timeoutMs: checkLimit(field(value, 'timeoutMs'), 'timeoutMs'),
  };
};

/** Parses a JSON manifest. @throws ManifestError */
export const parseManifest = (json: string): CheckedManifest => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ManifestError('manifest.shape', { cause, detail: `not JSON: ${(cause as Error).message}` });
  }
  return checkManifest(value);
};

/** A manifest of one module and no settings. */
export const manifestOf = (item: ManifestWasm): CheckedManifest => ({
  wasm: [item],
  config: null,
  memory: null,
  allowedHosts: null,
  allowedPaths: null,
  timeoutMs: null,
});

/** Whether a value is a `URL`, without assuming that the class exists. */
export const isUrl = (value: unknown): value is UrlLike =>
  isObject(value) && typeof (value as { href?: unknown }).href === 'string';

/** Whether a value is a `Response`, of any implementation. */
export const isResponse = (value: unknown): value is ResponseLike =>
  isObject(value) &&
  typeof (value as { arrayBuffer?: unknown }).arrayBuffer === 'function' &&
  typeof (value as { headers?: { get?: unknown } }).headers?.get === 'function';
