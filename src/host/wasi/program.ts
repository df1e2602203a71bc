/** The state of one WASI program: arguments, environment, clock, descriptors; made from the options of the embedder. */
import { badArgument, reading } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { nameText } from '../../errors/texts.ts';
import type { MemoryInstance } from '../../interpreter/instances/memory.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import type { FileTree } from '../platform/files.ts';
import { checkTextOrBytes } from '../platform/given.ts';
import type { Clock, RandomSource } from '../platform/platform.ts';
import {
  bytesReader,
  checkedReader,
  DescriptorTable,
  inputStream,
  outputStream,
  preopenedDirectory,
  type Stream,
  type StreamReader,
} from './descriptors.ts';

/**
 * The environment of a WASI program.
 *
 * ```ts
 * const wasi: WasiOptions = {
 *   args: ['echo', '--loud'],
 *   env: { LANG: 'C' },
 *   stdin: 'from outside',
 *   stdout: (chunk) => console.log(new TextDecoder().decode(chunk)),
 *   preopens: { '/tmp': new MemoryFiles() },
 * };
 * await (await createPlugin(echoWasm, { wasi })).call('echo'); // → from outside
 * ```
 */
export interface WasiOptions {
  /** Arguments; by convention the first is the program's name. Default: none. */
  readonly args?: readonly string[];
  /** Environment variables. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Standard input: all of it, or a function that reads the next bytes, perhaps asynchronously; no bytes mean the
   * end. Default: empty.
   */
  readonly stdin?: string | BytesLike | StreamReader;
  /** Receives output to standard output. Default: dropped. */
  readonly stdout?: (chunk: Uint8Array) => void;
  /** Receives output to standard error. Default: dropped. */
  readonly stderr?: (chunk: Uint8Array) => void;
  /** Directories by the paths that the program uses, in addition to those of `allowedPaths`. Default: none. */
  readonly preopens?: Readonly<Record<string, FileTree>>;
}

/** C strings, each ending with a zero byte. */
export interface Strings {
  readonly strings: readonly Uint8Array[];
  /** Of all together. */
  readonly byteLength: number;
}

const cStrings = (list: readonly string[], what: string): Strings => {
  const strings = Array.from(list, (text) => {
    if (typeof text !== 'string' || text.includes('\0')) {
      throw badArgument(`${what} must be strings without zero characters`);
    }
    return encodeUtf8(`${text}\0`);
  });
  return { strings, byteLength: strings.reduce((sum, bytes) => sum + bytes.length, 0) };
};

const inputOf = (source: WasiOptions['stdin']): Stream => {
  if (typeof source === 'function') return inputStream({ read: checkedReader(source), available: () => 1 });
  return inputStream(bytesReader(checkTextOrBytes(source ?? '', 'wasi.stdin')));
};

const outputOf = (options: WasiOptions, name: 'stdout' | 'stderr'): Stream => {
  const write = options[name] ?? (() => {});
  if (typeof write !== 'function') throw badArgument(`wasi.${name} must be a function`);
  return outputStream(write);
};

/** State of the WASI of one plug-in; all of its modules share it. */
export class Preview1 {
  readonly args: Strings;
  readonly environ: Strings;
  readonly descriptors = new DescriptorTable();
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Registers a function to call when the running call is stopped; returns a function that unregisters it. */
  onStop: (listener: () => void) => () => void = () => () => {};
  /** The initial standard input, output and error. */
  readonly streams: readonly Stream[];
  /** Memory for calls by the embedder instead of a module; null for none. */
  memory: MemoryInstance | null = null;
  /** Pre-opened trees, with the paths that the program uses. */
  readonly trees: { readonly name: string; readonly tree: FileTree }[] = [];

  /** @throws UsageError for invalid options, and if a directory cannot be opened */
  constructor(options: WasiOptions, clock: Clock, random: RandomSource) {
    this.args = reading('wasi.args', () => cStrings(options.args ?? [], 'wasi.args'));
    this.environ = reading('wasi.env', () =>
      cStrings(
        Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
        'wasi.env',
      ),
    );
    this.clock = clock;
    this.random = random;
    this.streams = reading('wasi', () => [
      inputOf(options.stdin),
      outputOf(options, 'stdout'),
      outputOf(options, 'stderr'),
    ]);
    for (const stream of this.streams) this.descriptors.add(stream, 0);
    try {
      const trees = reading('wasi.preopens', () => Object.entries(options.preopens ?? {}));
      for (const [name, tree] of trees) this.#preopen(name, tree);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #preopen(name: string, tree: FileTree): void {
    if (reading('wasi.preopens', () => typeof tree?.openRoot !== 'function'))
      throw badArgument(`wasi.preopens["${nameText(name)}"] is not a file tree`);
    if (name.includes('\0')) throw badArgument('wasi.preopens: a path contains a zero character');
    tree.begin?.(this.now);
    const root = tree.openRoot(this.now);
    this.descriptors.add(preopenedDirectory(root, encodeUtf8(name), this.trees.length));
    this.trees.push({ name, tree });
  }

  /** The time for files. */
  readonly now = (): bigint => this.clock.realtime();

  /** The bytes of a file name. */
  encodeName(name: string): Uint8Array {
    return encodeUtf8(name);
  }

  /** Closes what the host has open for the program. */
  close(): void {
    this.descriptors.closeAll();
  }
}
