/** Files of snapshots: a paused call, with its program and all that another page needs. */
import type { CallRequest, LogLine, Mode, SavedCall } from '../protocol.ts';
import {
  base64Of,
  bytesOfBase64,
  bytesOfText,
  canCompress,
  compress,
  decompress,
  textOfBytes,
} from './codec.ts';
import { readSource, type WrittenSource, writeSource } from './written-source.ts';

/** Most bytes of a file that is unpacked. */
const MAX_BYTES = 512 * 2 ** 20;

/** The end of the name of such a file. */
export const SAVED_ENDING = '.quern-call';

interface Written extends WrittenSource {
  readonly format: SavedCall['format'];
  readonly version: SavedCall['version'];
  readonly mode: Mode;
  readonly request: Omit<CallRequest, 'input'> & { readonly input: string };
  readonly log: readonly LogLine[];
  readonly snapshot: string;
}

export const writeSavedCall = async (saved: SavedCall): Promise<Uint8Array> => {
  const { source, request, snapshot, format, version, mode, log } = saved;
  const written: Written = {
    ...{ format, version, ...writeSource(source) },
    ...{ mode, log, request: { ...request, input: base64Of(request.input) }, snapshot: base64Of(snapshot) },
  };
  const bytes = bytesOfText(JSON.stringify(written));
  return canCompress ? compress(bytes, 'gzip') : bytes;
};

const isPacked = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Whether a file may be one that `writeSavedCall` has written. */
export const isSavedCall = (bytes: Uint8Array): boolean =>
  isPacked(bytes) || textOfBytes(bytes.subarray(0, 30)).startsWith('{"format":"quern-playground"');

/** What the page itself reads; the engine checks the rest. */
const isComplete = ({ name, text, wasm, mode, request, log, snapshot }: Partial<Written>): boolean =>
  [name, text ?? wasm, snapshot, request?.input, request?.functionName].every(
    (part) => typeof part === 'string',
  ) &&
  (mode === 'plugin' || mode === 'core') &&
  [log, request?.args, request?.settings?.allowedHosts].every(Array.isArray) &&
  typeof request?.fuel === 'number' &&
  typeof request.settings.config === 'object';

/** @throws Error for a file of another kind */
export const readSavedCall = async (bytes: Uint8Array): Promise<SavedCall> => {
  const json = textOfBytes(isPacked(bytes) ? await decompress(bytes, 'gzip', MAX_BYTES) : bytes);
  const written = (JSON.parse(json) ?? {}) as Written;
  if (written.format !== 'quern-playground' || written.version !== 1)
    throw new Error('it is no snapshot of this page, or of a newer one');
  const { mode, request, log, snapshot } = written;
  if (!isComplete(written)) throw new Error('parts of it are missing');
  const source = readSource(written);
  return {
    ...{ format: written.format, version: written.version, source, mode, log },
    request: { ...request, input: bytesOfBase64(request.input) },
    snapshot: bytesOfBase64(snapshot),
  };
};
