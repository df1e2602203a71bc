/**
 * From the argument of `createPlugin` to compiled modules: reads files and URLs through the platform, decodes base64,
 * checks hashes, compiles.
 */
import { checkBytes, reading } from '../../errors/arguments.ts';
import { asBytes } from '../../errors/bytes.ts';
import { ManifestError } from '../../errors/errors.ts';
import { messageOf } from '../../errors/texts.ts';
import { CompiledModule } from '../../interpreter/code/compiled-module.ts';
import { compileModule } from '../../interpreter/instantiate/instantiate.ts';
import type { Features } from '../../syntax/features.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import { decodeUtf8Lossy } from '../../syntax/utf8.ts';
import { exchange, headerOf } from '../http/http-client.ts';
import { parseAnyUrl } from '../http/url.ts';
import type { Platform } from '../platform/platform.ts';
import { decodeBase64 } from './base64.ts';
import { isDataUrl, parseDataUrl } from './data-url.ts';
import {
  type CheckedManifest,
  checkManifest,
  isResponse,
  isUrl,
  type ManifestLike,
  type ManifestWasm,
  manifestOf,
  parseManifest,
  type ResponseLike,
  type UrlLike,
} from './manifest.ts';

/** A module of a plug-in, compiled. */
export interface LoadedModule {
  /** As in the manifest, or null. */
  readonly name: string | null;
  readonly hash: string | null;
  readonly compiled: CompiledModule;
  /** Whether nothing else has the compiled module. */
  readonly isOwn: boolean;
}

/** Most bytes of a module or manifest at a URL. */
const MAX_DOWNLOAD_BYTES = 0x4000_0000;

/** The contents of a URL. */
interface FetchedBytes {
  /** Lower case, without parameters; empty if there is none. */
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

const ACCEPT = 'application/wasm;q=0.9,application/octet-stream;q=0.8,application/json;q=0.7';
const jsonTypes: readonly string[] = ['application/json', 'text/json'];
const wasmTypes: readonly string[] = ['application/wasm', 'application/octet-stream', ''];

/**
 * Makes a checked manifest from any of the forms that `createPlugin` takes.
 *
 * @throws ManifestError
 */
export const resolveManifest = async (input: ManifestLike, platform: Platform): Promise<CheckedManifest> => {
  if (typeof input === 'string') {
    if (/^\s*\{/.test(input)) return parseManifest(input);
    if (/^file:\/\//i.test(input)) return manifestOf({ url: input });
    const isAbsolute = /^https?:\/\//i.test(input) || isDataUrl(input);
    // Without files but with a page, a text that is not a URL is relative to the page.
    const isRelative = platform.readFile === undefined && baseOf(platform) !== null;
    return isAbsolute || isRelative ? fetchManifest(input, platform) : manifestOf({ path: input });
  }
  // A proxy that was revoked, or whose handler throws, fails here.
  const data = reading('the manifest', () => asBytes(input));
  if (data !== null) return manifestOf({ data });
  if (reading('the manifest', () => input instanceof CompiledModule))
    return manifestOf({ module: input as CompiledModule });
  if (reading('the manifest', () => isResponse(input)))
    return manifestOfFetched(await readResponse(input as ResponseLike), (input as ResponseLike).url ?? '');
  if (reading('the manifest', () => isUrl(input))) {
    const url = input as UrlLike;
    return /^file:/i.test(url.href) ? manifestOf({ url }) : fetchManifest(url.href, platform);
  }
  // A native module is refused like an item that has one.
  return reading('the manifest', () =>
    checkManifest(isNativeModule(input) ? { wasm: [{ module: input }] } : input),
  );
};

/** Whether a value is a compiled module of the host's own engine. */
const isNativeModule = (input: unknown): boolean =>
  /^\[object \w+\.Module\]$/.test(Object.prototype.toString.call(input));

/** A URL may lead to a module or to a JSON manifest; its content type decides. */
const fetchManifest = async (url: string, platform: Platform): Promise<CheckedManifest> =>
  manifestOfFetched(await fetchBytes(url, 'GET', {}, platform), url);

const manifestOfFetched = ({ contentType, bytes }: FetchedBytes, url: string): CheckedManifest => {
  if (jsonTypes.includes(contentType)) return parseManifest(decodeUtf8Lossy(bytes));
  if (wasmTypes.includes(contentType)) return manifestOf({ data: bytes });
  throw new ManifestError('manifest.source', {
    path: url,
    detail: `While processing manifest URL "${url}"; expected content-type of "text/json", "application/json", "application/octet-stream", or "application/wasm"; got "${contentType}" after stripping off charset.`,
  });
};

/** A content type without its parameters. */
const mediaType = (header: string | null): string => (header ?? '').split(';')[0]!.trim().toLowerCase();

const readResponse = async (response: ResponseLike): Promise<FetchedBytes> => {
  const { status, url } = response;
  const what = url || 'the response';
  // The response of an error has status 0.
  if (status !== undefined && !isSuccess(status)) throw unreadable(what, `status ${status}`);
  const contentType = mediaType(response.headers.get('content-type'));
  try {
    return { contentType, bytes: checkBytes(await response.arrayBuffer(), 'the body') };
  } catch (cause) {
    throw unreadable(what, messageOf(cause), cause);
  }
};

const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/** The base of relative URLs; null without a page. */
const baseOf = ({ baseUrl }: Platform): string | null => baseUrl?.() ?? null;

const fetchBytes = async (
  source: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  platform: Platform,
): Promise<FetchedBytes> => {
  if (isDataUrl(source)) {
    const data = parseDataUrl(source);
    if (data === null) throw unreadable(`${source.slice(0, 32)}…`, 'not a data URL');
    return { contentType: mediaType(data.contentType), bytes: data.bytes };
  }
  if (platform.http === undefined) throw unreadable(source, 'this host cannot fetch URLs');
  const base = baseOf(platform);
  const url = (base === null ? null : parseAnyUrl(source, base)?.href) ?? source;
  const request = { url, method, headers: { accept: ACCEPT, ...headers }, body: null, cancelled: null };
  // The author of a manifest may name any server; only plug-ins are restricted to an allow-list.
  const rules = { check: null, maxBytes: MAX_DOWNLOAD_BYTES };
  const answer = await exchange(platform.http, request, rules).catch((cause: unknown) => {
    throw unreadable(url, messageOf(cause), cause);
  });
  if (!isSuccess(answer.status)) throw unreadable(url, `status ${answer.status}`);
  return { contentType: mediaType(headerOf(answer, 'content-type')), bytes: answer.body };
};

const readFile = async (path: string, platform: Platform): Promise<Uint8Array> => {
  if (platform.readFile === undefined) throw unreadable(path, 'this host has no file system');
  try {
    return checkBytes(await platform.readFile(path), 'a file');
  } catch (cause) {
    throw unreadable(path, messageOf(cause), cause);
  }
};

const unreadable = (path: string, detail: string, cause?: unknown): Error =>
  new ManifestError('manifest.source', {
    path,
    detail: `${path}: ${detail}`,
    ...(cause === undefined ? {} : { cause }),
  });

const readItem = async (item: ManifestWasm, index: number, platform: Platform): Promise<Uint8Array> => {
  if ('data' in item) {
    const bytes = typeof item.data === 'string' ? decodeBase64(item.data) : asBytes(item.data);
    if (bytes !== null) return bytes;
    throw new ManifestError('manifest.shape', {
      path: `wasm[${index}].data`,
      detail: `wasm[${index}].data: not base64`,
    });
  }
  if ('path' in item) return readFile(item.path, platform);
  if ('url' in item) {
    const url = typeof item.url === 'string' ? item.url : item.url.href;
    if (/^file:/i.test(url)) return readFile(url, platform);
    return (await fetchBytes(url, item.method ?? 'GET', item.headers ?? {}, platform)).bytes;
  }
  if ('response' in item) return (await readResponse(await item.response)).bytes;
  return item.module.module.bytes;
};

/** Compares case-insensitively, since the digits of a hash are one number. */
const checkHash = (bytes: Uint8Array, expected: string, index: number): void => {
  const actual = sha256Hex(bytes);
  if (actual === expected.toLowerCase()) return;
  throw new ManifestError('manifest.hash', {
    path: `wasm[${index}].hash`,
    expected,
    actual,
    detail: `Expected: ${expected}. Actual: ${actual}`,
  });
};

/**
 * Reads, checks and compiles every module of a manifest.
 *
 * @throws ManifestError, or the errors of `compileModule`
 */
export const loadModules = (
  manifest: CheckedManifest,
  platform: Platform,
  features: Features,
): Promise<LoadedModule[]> =>
  Promise.all(
    manifest.wasm.map(async (item, index) => {
      const source = await readItem(item, index, platform);
      if (item.hash !== undefined) checkHash(source, item.hash, index);
      // A copy: the embedder may change its bytes while the module is in use. (A Buffer's slice would be a view.)
      const isOwn = !('module' in item);
      const compiled = isOwn ? compileModule(new Uint8Array(source), features) : item.module;
      return { name: item.name ?? null, hash: item.hash ?? null, compiled, isOwn };
    }),
  );

/** The same modules for other features; modules that the embedder compiled stay unchanged. @throws UnsupportedError */
export const recompileModules = (
  modules: ReadonlyMap<string, LoadedModule>,
  features: Features,
): Map<string, LoadedModule> =>
  new Map(
    Array.from(modules, ([name, item]) => {
      const { compiled, isOwn } = item;
      return [name, isOwn ? { ...item, compiled: compileModule(compiled.module.bytes, features) } : item];
    }),
  );
