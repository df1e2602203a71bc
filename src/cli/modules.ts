/** The modules that commands are given: files of bytes, or of text. */
import { asBytes } from '../errors/bytes.ts';
import type { CheckedManifest } from '../host/manifest/manifest.ts';
import { resolveManifest } from '../host/manifest/wasm-source.ts';
import { nodePlatform } from '../host/node/platform.ts';
import type { Platform } from '../host/platform/platform.ts';
import { ManifestError } from '../node.ts';
import { parseModule } from '../text.ts';
import { readStdin, STDIN } from './input.ts';
import { usageError } from './parse.ts';

/** Whether a file is a module in the text format: it begins with a parenthesis, or with a comment. */
const isText = (bytes: Uint8Array): boolean => {
  const first = bytes.find((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d));
  return first === 0x28 || first === 0x3b;
};

/** A module of bytes or text as bytes. */
export const moduleBytes = (bytes: Uint8Array): Uint8Array => (isText(bytes) ? parseModule(bytes) : bytes);

/** Most white space before the brace of a manifest. */
const MAX_SPACE = 1024;

/** The platform of Node, except that a file with a module as text reads as the bytes of the module. */
export const modulePlatform: Platform = {
  ...nodePlatform,
  readFile: async (path) => moduleBytes(await nodePlatform.readFile!(path)),
};

/** Reads a file, or standard input. */
export const readFile = async (path: string): Promise<Uint8Array> => {
  if (path === STDIN) return readStdin();
  try {
    return await nodePlatform.readFile!(path);
  } catch (cause) {
    const detail = `${path}: ${(cause as Error).message}`;
    throw new ManifestError('manifest.source', { path, cause, detail });
  }
};

/** Reads a module, or a manifest, from a file, a URL or standard input. */
export const readSource = async (source: string): Promise<Uint8Array | CheckedManifest> => {
  if (/^https?:\/\//i.test(source)) {
    const manifest = await resolveManifest(source, nodePlatform);
    const item = manifest.wasm[0];
    // A file that was not a manifest is the only module of one.
    return (item !== undefined && 'data' in item ? asBytes(item.data) : null) ?? manifest;
  }
  const bytes = await readFile(source);
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_SPACE));
  return /^\s*\{/.test(text)
    ? resolveManifest(new TextDecoder().decode(bytes), nodePlatform)
    : moduleBytes(bytes);
};

/** Reads a module. @throws UsageError where it is a manifest */
export const readModule = async (source: string): Promise<Uint8Array> => {
  const read = await readSource(source);
  if (read instanceof Uint8Array) return read;
  throw usageError(`${source} is a manifest, not a module`);
};
