/**
 * File descriptors of a WASI program: the standard streams, pre-opened directories, and what it opens.
 */

import { checkBytes } from '../../errors/arguments.ts';
import { isThenable } from '../../errors/checks.ts';
import type { DirectoryEntry, Filetype, OpenDirectory, OpenFile } from '../platform/files.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, INPUT_RIGHTS, OUTPUT_RIGHTS } from './abi.ts';
import { ErrnoSignal } from './errno.ts';

/** Most descriptors of one program. */
export const MAX_DESCRIPTORS = 1024;
/**
 * A file that a program opens never gets the number of a standard stream, so that no output goes to a file by
 * accident.
 */
const FIRST_OPENED = 3;

/** The origin of a descriptor: what is needed to open it again. */
export interface Origin {
  /** Index of the pre-opened tree. */
  readonly tree: number;
  /** Path from its root, as the guest composed it; null if it is too long to keep. */
  readonly path: string | null;
}

interface DescriptorBase {
  flags: number;
  rights: bigint;
  /** Rights that descriptors opened through this one can have. */
  inheriting: bigint;
}

/**
 * Reads up to this many bytes; an empty answer means the end.
 *
 * ```ts
 * const lines = ['one', 'two'].map((line) => new TextEncoder().encode(line));
 * const stdin: StreamReader = async () => lines.shift() ?? new Uint8Array(0);
 * const stdout = (chunk: Uint8Array): void => console.log(new TextDecoder().decode(chunk));
 * const plugin = await createPlugin(echoWasm, { wasi: { stdin, stdout } });
 * await plugin.call('echo');
 * // → one
 * // → two
 * ```
 */
export type StreamReader = (maxBytes: number) => Uint8Array | Promise<Uint8Array>;

/** A reader of the embedder, whose result may be from another realm, or not be bytes. */
export const checkedReader = (read: StreamReader): StreamReader => {
  const check = (chunk: Uint8Array): Uint8Array => checkBytes(chunk, 'the result of wasi.stdin');
  return (maxBytes) => {
    const chunk = read(maxBytes);
    return isThenable(chunk) ? Promise.resolve(chunk).then(check) : check(chunk);
  };
};

/** A stream: bytes go in or out, there is no position. */
export interface Stream extends DescriptorBase {
  readonly kind: 'stream';
  /** Position in a stream of known bytes. */
  readonly progress?: { position: number } | undefined;
  /** Null if it cannot be read. */
  readonly read: StreamReader | null;
  /** Bytes that can be read without waiting. */
  readonly available: () => number;
  /** Writes all of a chunk, which the callee may keep. Null if it cannot be written. */
  readonly write: ((chunk: Uint8Array) => void) | null;
}

/** An open file with its position. */
export interface FileDescriptor extends DescriptorBase {
  readonly kind: 'file';
  readonly origin: Origin;
  readonly file: OpenFile;
  position: number;
}

/** An open directory. */
export interface DirectoryDescriptor extends DescriptorBase {
  readonly kind: 'directory';
  readonly origin: Origin;
  readonly directory: OpenDirectory;
  /** Path of the guest, for pre-opened ones. */
  readonly preopenName: Uint8Array | null;
}

/** Anything that has a descriptor number. */
export type Descriptor = Stream | FileDescriptor | DirectoryDescriptor;

/** The file type of a descriptor. Streams are character devices, so that C libraries send lines as they are ready. */
export const filetypeOf = (descriptor: Descriptor): Filetype =>
  descriptor.kind === 'stream' ? 'character-device' : descriptor.kind;

const closeDescriptor = (descriptor: Descriptor): void => {
  if (descriptor.kind === 'file') descriptor.file.close();
  else if (descriptor.kind === 'directory') descriptor.directory.close();
};

/** A stream of bytes that are all available. */
export const bytesReader = (contents: Uint8Array): Pick<Stream, 'read' | 'available' | 'progress'> => {
  const progress = { position: 0 };
  return {
    progress,
    read: (maxBytes) => {
      const chunk = contents.subarray(progress.position, progress.position + maxBytes);
      progress.position += chunk.length;
      return chunk;
    },
    available: () => Math.max(0, contents.length - progress.position),
  };
};

/** A descriptor that can be read. */
export const inputStream = (source: Pick<Stream, 'read' | 'available' | 'progress'>): Stream => ({
  kind: 'stream',
  ...source,
  write: null,
  flags: 0,
  rights: INPUT_RIGHTS,
  inheriting: 0n,
});

/** A descriptor that can be written. */
export const outputStream = (write: (chunk: Uint8Array) => void): Stream => ({
  kind: 'stream',
  read: null,
  available: () => 0,
  write,
  flags: 0,
  rights: OUTPUT_RIGHTS,
  inheriting: 0n,
});

/** A directory that is open when a program begins. */
export const preopenedDirectory = (
  directory: OpenDirectory,
  name: Uint8Array,
  tree: number,
): DirectoryDescriptor => ({
  kind: 'directory',
  origin: { tree, path: '' },
  directory,
  preopenName: name,
  flags: 0,
  rights: DIRECTORY_RIGHTS,
  inheriting: DIRECTORY_RIGHTS | FILE_RIGHTS,
});

/**
 * Directories whose listings are kept, so that programs that continue reading do not list again; bounds the host's
 * memory.
 */
export const KEPT_LISTINGS = 8;

/** Descriptors by number. */
export class DescriptorTable {
  readonly #byNumber = new Map<number, Descriptor>();
  /** Oldest first. */
  readonly #listings = new Map<DirectoryDescriptor, readonly DirectoryEntry[]>();

  /** All descriptors, by number. */
  get entries(): readonly (readonly [number: number, descriptor: Descriptor])[] {
    return [...this.#byNumber].sort(([a], [b]) => a - b);
  }

  /** The listings that are kept, oldest first. */
  get listings(): ReadonlyMap<DirectoryDescriptor, readonly DirectoryEntry[]> {
    return this.#listings;
  }

  /** Takes the descriptors and listings of a snapshot instead of its own, which are closed. */
  replace(
    entries: readonly (readonly [number: number, descriptor: Descriptor])[],
    listings: readonly (readonly [directory: DirectoryDescriptor, entries: readonly DirectoryEntry[]])[],
  ): void {
    this.closeAll();
    this.exchange(entries, listings);
  }

  /** The same, but its own stay open, since they may be restored. */
  exchange(
    entries: readonly (readonly [number: number, descriptor: Descriptor])[],
    listings: readonly (readonly [directory: DirectoryDescriptor, entries: readonly DirectoryEntry[]])[],
  ): void {
    this.#byNumber.clear();
    this.#listings.clear();
    for (const [number, descriptor] of entries) this.#byNumber.set(number, descriptor);
    for (const [directory, kept] of listings) this.#listings.set(directory, kept);
  }

  /** @throws ErrnoSignal `badf` */
  get(number: number): Descriptor {
    const found = this.#byNumber.get(number);
    if (found === undefined) throw new ErrnoSignal('badf');
    return found;
  }

  find(number: number): Descriptor | undefined {
    return this.#byNumber.get(number);
  }

  /** @throws ErrnoSignal `mfile` when no more can be opened */
  requireRoom(): void {
    if (this.#byNumber.size >= MAX_DESCRIPTORS) throw new ErrnoSignal('mfile');
  }

  /** Adds a descriptor and returns its number: the lowest free one from `from` on. */
  add(descriptor: Descriptor, from: number = FIRST_OPENED): number {
    let number = from;
    while (this.#byNumber.has(number)) number++;
    this.#byNumber.set(number, descriptor);
    return number;
  }

  /** @throws ErrnoSignal */
  close(number: number): void {
    const descriptor = this.get(number);
    this.#byNumber.delete(number);
    this.#forget(descriptor);
    closeDescriptor(descriptor);
  }

  /** Gives a descriptor another number that is in use; the descriptor that had it is closed. @throws ErrnoSignal */
  renumber(from: number, to: number): void {
    const descriptor = this.get(from);
    this.get(to);
    if (from === to) return;
    this.close(to);
    this.#byNumber.delete(from);
    this.#byNumber.set(to, descriptor);
  }

  closeAll(): void {
    for (const number of [...this.#byNumber.keys()]) {
      try {
        this.close(number);
      } catch (error) {
        // An error in closing is ignored: there is nothing to report it to.
        if (!(error instanceof ErrnoSignal)) throw error;
      }
    }
  }

  /** The listing of a directory from the last call of `list`: at a rewind, or after it was dropped. */
  listing(
    directory: DirectoryDescriptor,
    isRewind: boolean,
    list: () => readonly DirectoryEntry[],
  ): readonly DirectoryEntry[] {
    const kept = isRewind ? undefined : this.#listings.get(directory);
    if (kept !== undefined) return kept;
    const entries = list();
    this.#listings.delete(directory);
    if (this.#listings.size >= KEPT_LISTINGS) this.#forget(this.#listings.keys().next().value!);
    this.#listings.set(directory, entries);
    return entries;
  }

  #forget(descriptor: Descriptor): void {
    if (descriptor.kind === 'directory') this.#listings.delete(descriptor);
  }
}
