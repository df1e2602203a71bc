/**
 * The file system interface of WASI: directories that are held open, and files in them.
 *
 * SAFETY: there are no paths here. Every operation takes the name of one entry of a directory that is already
 * held, and never follows a symbolic link; `path-walk.ts` resolves paths with these steps. So a back end cannot be
 * led out of its directory: its interface cannot name anything outside.
 */

/** Kind of a file. */
export type Filetype =
  | 'unknown'
  | 'block-device'
  | 'character-device'
  | 'directory'
  | 'file'
  | 'socket'
  | 'symbolic-link';

/** Attributes of a file. Times are nanoseconds since 1970. */
export interface FileStat {
  readonly filetype: Filetype;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

/** Times to set; null leaves one unchanged. */
export interface FileTimes {
  readonly atim: bigint | null;
  readonly mtim: bigint | null;
}

/** How a file is opened. */
export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  /** Makes the file, which must not exist. */
  readonly create: boolean;
  readonly truncate: boolean;
}

/** An open regular file. Positions are kept by the descriptor, not here. Members throw `ErrnoSignal`. */
export interface OpenFile {
  readonly kind: 'file';
  /** For files in memory: what snapshots store. */
  readonly node?: StoredNode | undefined;
  stat(): FileStat;
  /** Reads up to `buffer.length` bytes; 0 at the end. */
  read(buffer: Uint8Array, position: number): number;
  /** Writes bytes and returns how many; a gap before `position` becomes zeros. */
  write(bytes: Uint8Array, position: number): number;
  setSize(size: number): void;
  setTimes(times: FileTimes): void;
  sync(): void;
  close(): void;
}

/** An entry of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly filetype: Filetype;
}

/**
 * A directory that is held open. `name` is always one component: not empty, not `.` or `..`, without slash and
 * zero character. No member follows symbolic links. Members throw `ErrnoSignal`.
 */
export interface OpenDirectory {
  readonly kind: 'directory';
  /** For directories in memory: what snapshots store. */
  readonly node?: StoredNode | undefined;
  stat(): FileStat;
  setTimes(times: FileTimes): void;
  sync(): void;
  /** The entries, without `.` and `..`; null when there are more than `limit`. */
  entries(limit: number): readonly DirectoryEntry[] | null;
  /** Attributes of an entry; null if it does not exist. */
  statEntry(name: string): FileStat | null;
  setEntryTimes(name: string, times: FileTimes): void;
  /** The same directory, held again. */
  reopen(): OpenDirectory;
  /** @throws ErrnoSignal `notdir` for anything but a directory, including links to one */
  openDirectory(name: string): OpenDirectory;
  /** @throws ErrnoSignal `loop` for a symbolic link, `notsup` for what is not a regular file */
  openFile(name: string, mode: OpenMode): OpenFile;
  /** Text of a symbolic link. @throws ErrnoSignal `inval` for anything else */
  readLink(name: string): string;
  createDirectory(name: string): void;
  createLink(name: string, target: string): void;
  /** Makes a hard link to an entry, in a directory of the same file system. */
  link(name: string, to: OpenDirectory, toName: string): void;
  rename(name: string, to: OpenDirectory, toName: string): void;
  removeDirectory(name: string): void;
  removeFile(name: string): void;
  close(): void;
}

/** A file, directory or link of a tree in memory; `wasi/memory-nodes.ts` defines its contents. */
export type StoredNode = object;

/** The inner interface of a tree in memory. */
export interface MemoryTree {
  readonly root: StoredNode;
  /** Opens a file or directory that may have lost its name. Null for a link. */
  openNode(node: StoredNode, now: () => bigint): OpenFile | OpenDirectory | null;
}

/** Attributes of one file that a guest sees instead of those of the host. */
export interface ShownAttributes {
  /** Device and inode of the host. */
  readonly key: string;
  readonly ino: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

/** The stored state of the attributes that a tree shows; part of snapshots. */
export interface AttributeMemory {
  /** The time of unchanged files. */
  beginning: bigint;
  /** In the order in which they were first seen. */
  entries: readonly ShownAttributes[];
}

/**
 * A directory tree that a host gives to guests: `MemoryFiles`, `nodeDirectory` or `readOnlyFiles`.
 *
 * ```ts
 * const trees: Record<string, FileTree> = {
 *   '/data': new MemoryFiles({ 'note.txt': 'remember' }),
 *   '/examples': readOnlyFiles(nodeDirectory('build/examples')),
 * };
 * const plugin = await createPlugin('build/examples/greet.wasm', { wasi: { preopens: trees } });
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export interface FileTree {
  /** Drops what was shown to an earlier program. Called before `openRoot` when a program begins. */
  begin?(now: () => bigint): void;
  /** For trees that show their own attributes. */
  readonly attributes?: AttributeMemory | undefined;
  /** For trees in memory, which are part of snapshots; other trees are opened again. */
  readonly memory?: MemoryTree | undefined;
  /** Holds the root open. @param now the time of the guest, for back ends that set times themselves */
  openRoot(now: () => bigint): OpenDirectory;
}
