/**
 * Files in memory, the smallest back end that behaves as a POSIX file system: hard and symbolic links, times,
 * files that remain while they are open, and a budget that no guest can exceed.
 */

import { checkWholeNumber } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { UsageError } from '../../errors/errors.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import type {
  DirectoryEntry,
  FileStat,
  FileTimes,
  FileTree,
  MemoryTree,
  OpenDirectory,
  OpenFile,
  OpenMode,
} from '../platform/files.ts';
import { checkTextOrBytes } from '../platform/given.ts';
import { ErrnoSignal } from './errno.ts';
import {
  type AnyMemoryNode,
  MemoryDirectoryNode,
  MemoryFileNode,
  MemoryLinkNode,
  MemoryVolume,
} from './memory-nodes.ts';
import { foreignDirectory } from './read-only-files.ts';

/**
 * Settings of a memory file system.
 *
 * ```ts
 * const options: MemoryFilesOptions = { maxBytes: 1 << 20 };
 * const files = new MemoryFiles({ 'note.txt': 'remember' }, options);
 * console.log(files.paths()); // → [ 'note.txt' ]
 * ```
 */
export interface MemoryFilesOptions {
  /** Most bytes of all files together, including 512 for each file or directory. Default: 64 MiB. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 1 << 26;

type Now = () => bigint;

class MemoryFile implements OpenFile {
  readonly kind = 'file';
  readonly #node: MemoryFileNode;
  readonly #now: Now;

  constructor(node: MemoryFileNode, now: Now) {
    this.#node = node;
    this.#now = now;
    node.holders++;
  }
  get node(): AnyMemoryNode {
    return this.#node;
  }
  stat(): FileStat {
    return this.#node.stat();
  }
  read(buffer: Uint8Array, position: number): number {
    const found = this.#node.contents.subarray(position, position + buffer.length);
    buffer.set(found);
    if (found.length > 0) this.#node.atim = this.#now();
    return found.length;
  }
  write(bytes: Uint8Array, position: number): number {
    this.#node.write(bytes, position);
    this.#node.touch(this.#now());
    return bytes.length;
  }
  setSize(size: number): void {
    this.#node.resize(size);
    this.#node.touch(this.#now());
  }
  setTimes(times: FileTimes): void {
    this.#node.setTimes(times, this.#now());
  }
  sync(): void {}
  close(): void {
    this.#node.holders--;
    this.#node.settle();
  }
}

class MemoryDirectory implements OpenDirectory {
  readonly kind = 'directory';
  readonly #node: MemoryDirectoryNode;
  readonly #now: Now;

  constructor(node: MemoryDirectoryNode, now: Now) {
    this.#node = node;
    this.#now = now;
    node.holders++;
  }

  get node(): AnyMemoryNode {
    return this.#node;
  }

  #entry(name: string): AnyMemoryNode {
    const node = this.#node.children.get(name);
    if (node === undefined) throw new ErrnoSignal('noent');
    return node;
  }
  #requireFree(name: string): void {
    if (this.#node.children.has(name)) throw new ErrnoSignal('exist');
    if (this.#node.isRemoved) throw new ErrnoSignal('noent');
  }
  #drop(name: string, node: AnyMemoryNode): void {
    this.#node.detach(name, this.#now());
    node.nlink--;
    node.ctim = this.#now();
    node.settle();
  }

  stat(): FileStat {
    return this.#node.stat();
  }
  setTimes(times: FileTimes): void {
    this.#node.setTimes(times, this.#now());
  }
  sync(): void {}
  entries(limit: number): readonly DirectoryEntry[] | null {
    if (this.#node.children.size > limit) return null;
    return Array.from(this.#node.children, ([name, { filetype }]) => ({ name, filetype }));
  }
  statEntry(name: string): FileStat | null {
    return this.#node.children.get(name)?.stat() ?? null;
  }
  setEntryTimes(name: string, times: FileTimes): void {
    this.#entry(name).setTimes(times, this.#now());
  }
  reopen(): OpenDirectory {
    return new MemoryDirectory(this.#node, this.#now);
  }
  openDirectory(name: string): OpenDirectory {
    const node = this.#entry(name);
    if (!(node instanceof MemoryDirectoryNode)) throw new ErrnoSignal('notdir');
    return new MemoryDirectory(node, this.#now);
  }
  openFile(name: string, { create, truncate }: OpenMode): OpenFile {
    if (create) {
      this.#requireFree(name);
      const made = new MemoryFileNode(this.#node.volume, this.#now());
      this.#node.attach(name, made, this.#now());
      return new MemoryFile(made, this.#now);
    }
    const node = this.#entry(name);
    if (node instanceof MemoryLinkNode) throw new ErrnoSignal('loop');
    if (node instanceof MemoryDirectoryNode) throw new ErrnoSignal('isdir');
    const file = new MemoryFile(node, this.#now);
    if (truncate) file.setSize(0);
    return file;
  }
  readLink(name: string): string {
    const node = this.#entry(name);
    if (!(node instanceof MemoryLinkNode)) throw new ErrnoSignal('inval');
    return node.target;
  }
  createDirectory(name: string): void {
    this.#requireFree(name);
    this.#node.attach(name, new MemoryDirectoryNode(this.#node.volume, this.#now()), this.#now());
  }
  createLink(name: string, target: string): void {
    this.#requireFree(name);
    const { length } = encodeUtf8(target);
    this.#node.attach(name, new MemoryLinkNode(this.#node.volume, this.#now(), target, length), this.#now());
  }
  link(name: string, to: OpenDirectory, toName: string): void {
    const node = this.#entry(name);
    if (node instanceof MemoryDirectoryNode) throw new ErrnoSignal('perm');
    const target = this.#sibling(to);
    target.#requireFree(toName);
    target.#node.attach(toName, node, this.#now());
    node.nlink++;
    node.ctim = this.#now();
  }
  /** Another directory of the same volume. */
  #sibling(to: OpenDirectory): MemoryDirectory {
    if (!(to instanceof MemoryDirectory) || to.#node.volume !== this.#node.volume) throw foreignDirectory(to);
    return to;
  }
  rename(name: string, to: OpenDirectory, toName: string): void {
    const node = this.#entry(name);
    const target = this.#sibling(to);
    const present = target.#node.children.get(toName);
    if (present === node) return;
    if (target.#node.isRemoved) throw new ErrnoSignal('noent');
    if (node instanceof MemoryDirectoryNode) {
      if (target.#node.isWithin(node)) throw new ErrnoSignal('inval');
      if (present !== undefined && !(present instanceof MemoryDirectoryNode)) throw new ErrnoSignal('notdir');
      if (present !== undefined && present.children.size > 0) throw new ErrnoSignal('notempty');
    } else if (present instanceof MemoryDirectoryNode) throw new ErrnoSignal('isdir');
    if (present !== undefined) target.#drop(toName, present);
    this.#node.detach(name, this.#now());
    target.#node.attach(toName, node, this.#now());
    node.ctim = this.#now();
  }
  removeDirectory(name: string): void {
    const node = this.#entry(name);
    if (!(node instanceof MemoryDirectoryNode)) throw new ErrnoSignal('notdir');
    if (node.children.size > 0) throw new ErrnoSignal('notempty');
    this.#drop(name, node);
    node.parent = null;
  }
  removeFile(name: string): void {
    const node = this.#entry(name);
    if (node instanceof MemoryDirectoryNode) throw new ErrnoSignal('isdir');
    this.#drop(name, node);
  }
  close(): void {
    this.#node.holders--;
    this.#node.settle();
  }
}

/**
 * A file tree in memory. The host fills and reads it by paths from its root; guests get it as a directory.
 *
 * ```js
 * const files = new MemoryFiles({ 'note.txt': 'remember' });
 * console.log(new TextDecoder().decode(files.readFile('note.txt'))); // → remember
 * ```
 */
export class MemoryFiles implements FileTree {
  readonly #root: MemoryDirectoryNode;

  /**
   * @param contents files by path, such as `{ 'etc/motd': 'hello' }`; directories on the way are made
   * @throws UsageError for paths that do not name a file, or if the contents exceed the budget
   */
  constructor(
    contents: Readonly<Record<string, string | Uint8Array>> = {},
    options: MemoryFilesOptions = {},
  ) {
    const { maxBytes = DEFAULT_MAX_BYTES } = options;
    checkWholeNumber(maxBytes, 'maxBytes');
    this.#root = reported('/', () => new MemoryDirectoryNode(new MemoryVolume(maxBytes), 0n));
    for (const [path, data] of Object.entries(contents)) this.writeFile(path, data);
  }

  get memory(): MemoryTree {
    return {
      root: this.#root,
      openNode: (node, now) => {
        if (node instanceof MemoryFileNode) return new MemoryFile(node, now);
        return node instanceof MemoryDirectoryNode ? new MemoryDirectory(node, now) : null;
      },
    };
  }

  openRoot(now: Now): OpenDirectory {
    return new MemoryDirectory(this.#root, now);
  }

  /** Contents of a file, as a copy; null if it does not exist. Does not follow symbolic links. */
  readFile(path: string): Uint8Array | null {
    let node: AnyMemoryNode | undefined = this.#root;
    for (const part of partsOf(path)) {
      node = node instanceof MemoryDirectoryNode ? node.children.get(part) : undefined;
    }
    return node instanceof MemoryFileNode ? node.contents.slice() : null;
  }

  /** Writes a file, making it and the directories on the way. @throws UsageError */
  writeFile(path: string, data: string | BytesLike): void {
    const bytes = checkTextOrBytes(data, 'contents of a file');
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined)
      throw new UsageError('usage.argument', { detail: `"${path}" does not name a file` });
    reported(path, () => {
      const directory = parts.reduce(childDirectory, this.#root);
      let node = directory.children.get(name);
      if (node === undefined) {
        node = new MemoryFileNode(directory.volume, 0n);
        directory.attach(name, node, 0n);
      }
      if (!(node instanceof MemoryFileNode)) throw new ErrnoSignal('isdir');
      node.resize(0);
      node.write(bytes, 0);
    });
  }

  /** Paths of all files, sorted. */
  paths(): string[] {
    const found: string[] = [];
    const pending: [string, MemoryDirectoryNode][] = [['', this.#root]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [prefix, directory] = next;
      for (const [name, node] of directory.children) {
        if (node instanceof MemoryDirectoryNode) pending.push([`${prefix}${name}/`, node]);
        else if (node instanceof MemoryFileNode) found.push(prefix + name);
      }
    }
    return found.sort();
  }
}

const partsOf = (path: string): string[] => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.includes('\0')) {
    throw new UsageError('usage.argument', { detail: `"${path}" is not a plain path` });
  }
  return parts;
};

const childDirectory = (directory: MemoryDirectoryNode, name: string): MemoryDirectoryNode => {
  const found = directory.children.get(name);
  if (found instanceof MemoryDirectoryNode) return found;
  if (found !== undefined) throw new ErrnoSignal('notdir');
  const made = new MemoryDirectoryNode(directory.volume, 0n);
  directory.attach(name, made, 0n);
  return made;
};

/** Errors of direct use by the host, as errors of the library. */
const reported = <T>(path: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ErrnoSignal)) throw error;
    throw new UsageError('usage.argument', { detail: `"${path}": ${error.name}` });
  }
};
