/** The modules that commands are given: files of bytes, or of text. */
import { asBytes } from '../errors/bytes.ts';
import { resolveManifest } from '../host/manifest/wasm-source.ts';
import { nodePlatform } from '../host/node/platform.ts';
import type { Platform } from '../host/platform/platform.ts';
import { ManifestError } from '../node.ts';
import { parseModule } from '../text.ts';
import { usageError } from './flags.ts';

/** Whether a file is a module in the text format: it begins with a parenthesis, or with a comment. */
const isText = (bytes: Uint8Array): boolean => {
  const first = bytes.find((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d));
  return first === 0x28 || first === 0x3b;
};

/** A module of bytes or text as bytes. */
const moduleBytes = (bytes: Uint8Array): Uint8Array => (isText(bytes) ? parseModule(bytes) : bytes);

/** Node, where a file that is a module of text reads as its bytes. */
export const modulePlatform: Platform = {
  ...nodePlatform,
  readFile: async (path) => moduleBytes(await nodePlatform.readFile!(path)),
};

/** Reads a file. */
export const readFile = async (path: string): Promise<Uint8Array> => {
  try {
    return await nodePlatform.readFile!(path);
  } catch (cause) {
    const detail = `${path}: ${(cause as Error).message}`;
    throw new ManifestError('manifest.source', { path, cause, detail });
  }
};

/** Reads a module from a file or a URL. */
export const readModule = async (source: string): Promise<Uint8Array> => {
  if (!/^https?:\/\//i.test(source)) return moduleBytes(await readFile(source));
  const { wasm } = await resolveManifest(source, nodePlatform);
  const item = wasm[0];
  const bytes = item !== undefined && 'data' in item ? asBytes(item.data) : null;
  if (bytes !== null) return bytes;
  throw usageError(`${source} is a manifest, not a module`);
};
