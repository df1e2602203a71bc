/**
 * A file tree whose attributes reveal nothing about the host: what `deterministic` shows of directories.
 *
 * DETERMINISM: names and contents are a plug-in's input; the order of a listing, numbers of inodes and devices, sizes
 * and link counts of directories, and the times of files depend on the host. Listings are sorted, numbers are
 * assigned in the order in which files are first seen, and times come from the plug-in's clock: its beginning, or the
 * last change of the file by the plug-in.
 */

import type {
  AttributeMemory,
  DirectoryEntry,
  FileStat,
  FileTimes,
  FileTree,
  OpenDirectory,
  OpenFile,
  OpenMode,
  ShownAttributes,
} from '../platform/files.ts';
import { ErrnoSignal } from './errno.ts';
import { WrappedDirectory, WrappedFile } from './wrapped-files.ts';

const DEVICE = 1n;

interface Attributes {
  readonly ino: bigint;
  atim: bigint;
  mtim: bigint;
  ctim: bigint;
}

/** The visible attributes of the files of one tree. */
class AttributeTable implements AttributeMemory {
  beginning: bigint;
  readonly #now: () => bigint;
  readonly #byInode = new Map<string, Attributes>();
  #lastInode = 0n;

  constructor(now: () => bigint) {
    this.#now = now;
    this.beginning = now();
  }

  get entries(): readonly ShownAttributes[] {
    return Array.from(this.#byInode, ([key, attributes]) => ({ key, ...attributes }));
  }
  set entries(entries: readonly ShownAttributes[]) {
    this.#byInode.clear();
    this.#lastInode = 0n;
    for (const { key, ...attributes } of entries) {
      this.#byInode.set(key, attributes);
      if (attributes.ino > this.#lastInode) this.#lastInode = attributes.ino;
    }
  }

  /** The attributes of a file, as the plug-in sees them. */
  shown(stat: FileStat): FileStat {
    const isFile = stat.filetype === 'file';
    const { ino, atim, mtim, ctim } = this.#of(stat);
    const [nlink, size] = [isFile ? stat.nlink : 1n, stat.filetype === 'directory' ? 0n : stat.size];
    return { filetype: stat.filetype, dev: DEVICE, ino, nlink, size, atim, mtim, ctim };
  }

  /** Records that a file was made: the host may have used the number of its inode before. */
  made(stat: FileStat): void {
    this.#byInode.delete(keyOf(stat));
    this.changed(stat);
  }

  /** Records that contents were changed. */
  changed(stat: FileStat): void {
    const now = this.#now();
    Object.assign(this.#of(stat), { mtim: now, ctim: now });
  }

  /** Records times that the plug-in set. */
  setTimes(stat: FileStat, { atim, mtim }: FileTimes): void {
    const own = this.#of(stat);
    own.ctim = this.#now();
    if (atim !== null) own.atim = atim;
    if (mtim !== null) own.mtim = mtim;
  }

  #of(stat: FileStat): Attributes {
    const key = keyOf(stat);
    let found = this.#byInode.get(key);
    if (found === undefined) {
      this.#lastInode += 1n;
      const time = this.beginning;
      found = { ino: this.#lastInode, atim: time, mtim: time, ctim: time };
      this.#byInode.set(key, found);
    }
    return found;
  }
}

const keyOf = ({ dev, ino }: FileStat): string => `${dev}:${ino}`;

class StableFile extends WrappedFile implements OpenFile {
  readonly #table: AttributeTable;

  constructor(file: OpenFile, table: AttributeTable) {
    super(file);
    this.#table = table;
  }
  get node(): OpenFile['node'] {
    return this.inner.node;
  }
  override stat(): FileStat {
    return this.#table.shown(this.inner.stat());
  }
  override read(buffer: Uint8Array, position: number): number {
    // The host may return fewer bytes than requested; this must not be visible.
    let total = 0;
    while (total < buffer.length) {
      const count = this.inner.read(buffer.subarray(total), position + total);
      if (count === 0) break;
      total += count;
    }
    return total;
  }
  write(bytes: Uint8Array, position: number): number {
    const count = this.inner.write(bytes, position);
    this.#table.changed(this.inner.stat());
    return count;
  }
  setSize(size: number): void {
    this.inner.setSize(size);
    this.#table.changed(this.inner.stat());
  }
  setTimes(times: FileTimes): void {
    this.inner.setTimes(times);
    this.#table.setTimes(this.inner.stat(), times);
  }
}

class StableDirectory extends WrappedDirectory implements OpenDirectory {
  readonly #table: AttributeTable;

  constructor(directory: OpenDirectory, table: AttributeTable) {
    super(directory);
    this.#table = table;
  }
  protected wrap(directory: OpenDirectory): OpenDirectory {
    return new StableDirectory(directory, this.#table);
  }
  get node(): OpenDirectory['node'] {
    return this.inner.node;
  }
  override stat(): FileStat {
    return this.#table.shown(this.inner.stat());
  }
  setTimes(times: FileTimes): void {
    this.inner.setTimes(times);
    this.#table.setTimes(this.inner.stat(), times);
  }
  override entries(limit: number): readonly DirectoryEntry[] | null {
    const found = this.inner.entries(limit);
    return found === null ? null : [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  override statEntry(name: string): FileStat | null {
    const stat = this.inner.statEntry(name);
    return stat === null ? null : this.#table.shown(stat);
  }
  setEntryTimes(name: string, times: FileTimes): void {
    this.inner.setEntryTimes(name, times);
    this.#table.setTimes(this.#statOf(name), times);
  }
  openFile(name: string, mode: OpenMode): OpenFile {
    const file = this.inner.openFile(name, mode);
    if (mode.create) this.#made(name);
    else if (mode.truncate) this.#table.changed(file.stat());
    return new StableFile(file, this.#table);
  }
  createDirectory(name: string): void {
    this.inner.createDirectory(name);
    this.#made(name);
  }
  createLink(name: string, target: string): void {
    this.inner.createLink(name, target);
    this.#made(name);
  }
  link(name: string, to: OpenDirectory, toName: string): void {
    this.inner.link(name, unwrapped(to), toName);
    changedDirectory(to);
  }
  rename(name: string, to: OpenDirectory, toName: string): void {
    this.inner.rename(name, unwrapped(to), toName);
    this.#changed();
    changedDirectory(to);
  }
  removeDirectory(name: string): void {
    this.inner.removeDirectory(name);
    this.#changed();
  }
  removeFile(name: string): void {
    this.inner.removeFile(name);
    this.#changed();
  }

  #statOf(name: string): FileStat {
    const stat = this.inner.statEntry(name);
    if (stat === null) throw new ErrnoSignal('noent');
    return stat;
  }
  #made(name: string): void {
    this.#table.made(this.#statOf(name));
    this.#changed();
  }
  #changed(): void {
    this.#table.changed(this.inner.stat());
  }

  static inner(directory: OpenDirectory): OpenDirectory {
    return directory instanceof StableDirectory ? directory.inner : directory;
  }
  static noteChange(directory: OpenDirectory): void {
    if (directory instanceof StableDirectory) directory.#changed();
  }
}

const unwrapped = StableDirectory.inner;
const changedDirectory = StableDirectory.noteChange;

/** The same files, with listings and attributes that depend on nothing but names, contents and the plug-in. */
export const stableFiles = (tree: FileTree): FileTree => {
  let table: AttributeTable | null = null;
  const tableFor = (now: () => bigint): AttributeTable => {
    table ??= new AttributeTable(now);
    return table;
  };
  return {
    begin: (now) => {
      tree.begin?.(now);
      table = new AttributeTable(now);
    },
    get attributes() {
      return table ?? undefined;
    },
    openRoot: (now) => new StableDirectory(tree.openRoot(now), tableFor(now)),
    memory: tree.memory && {
      root: tree.memory.root,
      openNode: (node, now) => {
        const open = tree.memory?.openNode(node, now) ?? null;
        if (open === null) return null;
        return open.kind === 'file'
          ? new StableFile(open, tableFor(now))
          : new StableDirectory(open, tableFor(now));
      },
    },
  };
};
