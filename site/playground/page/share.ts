/** Links that hold a program: in the fragment, which no server is sent. */
import type { Mode, Source } from '../protocol.ts';
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

/** Longest link: what mail programs and chats still take as one. */
export const MAX_LINK = 16_000;
/** Most bytes that a link may hold. */
const MAX_BYTES = 4 * 2 ** 20;

/** What a link holds. */
export interface Shared {
  readonly source: Source;
  readonly mode: Mode | null;
  readonly functionName: string;
  readonly inputKind: 'text' | 'hex' | 'json';
  readonly input: string;
  readonly args: readonly string[];
  readonly fuel: number;
}

type Written = Omit<Shared, 'source'> & WrittenSource;

/** The fragment of a link, without `#`. `p1` is compressed, `p0` is not. */
export const writeLink = async ({ source, ...rest }: Shared): Promise<string> => {
  const written: Written = { ...rest, ...writeSource(source) };
  const bytes = bytesOfText(JSON.stringify(written));
  return canCompress ? `p1.${base64Of(await compress(bytes, 'deflate-raw'))}` : `p0.${base64Of(bytes)}`;
};

const isText = (value: unknown): value is string => typeof value === 'string';

/** What a fragment holds; null for one that is no program. @throws Error for one that is damaged */
export const readLink = async (fragment: string): Promise<Shared | null> => {
  const [, kind, data = ''] = /^#?p([01])\.([\w-]*)$/.exec(fragment) ?? [];
  if (kind === undefined) return null;
  const bytes = bytesOfBase64(data);
  const json = textOfBytes(kind === '1' ? await decompress(bytes, 'deflate-raw', MAX_BYTES) : bytes);
  const written = (JSON.parse(json) ?? {}) as Partial<Written>;
  const { name, text, wasm, functionName, input, args, fuel, mode, inputKind } = written;
  if (!isText(text) && !isText(wasm)) throw new Error('it holds no program');
  const program = isText(text) ? { text } : { wasm: wasm as string };
  return {
    source: readSource({ name: isText(name) ? name : 'shared', ...program }),
    mode: mode === 'plugin' || mode === 'core' ? mode : null,
    functionName: isText(functionName) ? functionName : '',
    inputKind: inputKind === 'hex' || inputKind === 'json' ? inputKind : 'text',
    input: isText(input) ? input : '',
    args: Array.isArray(args) ? args.filter(isText) : [],
    fuel: typeof fuel === 'number' && fuel > 0 ? Math.floor(fuel) : 1_000_000,
  };
};
