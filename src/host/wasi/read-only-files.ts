/**
 * A file tree that cannot be changed through this view: what `ro:` means.
 *
 * Hard links and renames out of it are refused too, since they would make its files writable elsewhere.
 */
import { checkFunction, reading } from '../../errors/arguments.ts';
import type {
  DirectoryEntry,
  FileStat,
  FileTree,
  OpenDirectory,
  OpenFile,
  OpenMode,
} from '../platform/files.ts';
import { ErrnoSignal } from './errno.ts';

const refuse = (): never => {
  throw new ErrnoSignal('rofs');
};

class ReadOnlyFile implements OpenFile {
  readonly kind = 'file';
  readonly #file: OpenFile;
  readonly write: () => never = refuse;
  readonly setSize: () => never = refuse;
  readonly setTimes: () => never = refuse;

  constructor(file: OpenFile) {
    this.#file = file;
  }
  get node(): OpenFile['node'] {
    return this.#file.node;
  }
  stat(): FileStat {
    return this.#file.stat();
  }
  read(buffer: Uint8Array, position: number): number {
    return this.#file.read(buffer, position);
  }
  /** Nothing can be waiting to be written. */
  sync(): void {}
  close(): void {
    this.#file.close();
  }
}

class ReadOnlyDirectory implements OpenDirectory {
  readonly kind = 'directory';
  readonly #directory: OpenDirectory;
  readonly setTimes: () => never = refuse;
  readonly setEntryTimes: () => never = refuse;
  readonly createDirectory: () => never = refuse;
  readonly createLink: () => never = refuse;
  readonly link: () => never = refuse;
  readonly rename: () => never = refuse;
  readonly removeDirectory: () => never = refuse;
  readonly removeFile: () => never = refuse;

  constructor(directory: OpenDirectory) {
    this.#directory = directory;
  }
  get node(): OpenDirectory['node'] {
    return this.#directory.node;
  }
  stat(): FileStat {
    return this.#directory.stat();
  }
  sync(): void {}
  entries(limit: number): readonly DirectoryEntry[] | null {
    return this.#directory.entries(limit);
  }
  statEntry(name: string): FileStat | null {
    return this.#directory.statEntry(name);
  }
  reopen(): OpenDirectory {
    return new ReadOnlyDirectory(this.#directory.reopen());
  }
  openDirectory(name: string): OpenDirectory {
    return new ReadOnlyDirectory(this.#directory.openDirectory(name));
  }
  openFile(name: string, mode: OpenMode): OpenFile {
    if (mode.write || mode.create || mode.truncate) return refuse();
    return new ReadOnlyFile(this.#directory.openFile(name, mode));
  }
  readLink(name: string): string {
    return this.#directory.readLink(name);
  }
  close(): void {
    this.#directory.close();
  }
}

/**
 * The same files, but nothing of them can be changed: every attempt fails with `rofs`.
 *
 * ```js
 * const files = new MemoryFiles({ 'note.txt': 'remember' });
 * const plugin = await createPlugin('build/examples/greet.wasm', {
 *   useWasi: true,
 *   wasi: { preopens: { '/data': readOnlyFiles(files) } },
 * });
 * console.log((await plugin.call('greet', 'Ada')).text()); // → Hello, Ada!
 * ```
 */
export const readOnlyFiles = (tree: FileTree): FileTree => {
  const memory = reading('a file tree', () => {
    checkFunction(tree?.openRoot, 'openRoot of a file tree');
    return tree.memory;
  });
  return {
    openRoot: (now) => new ReadOnlyDirectory(tree.openRoot(now)),
    memory: memory && {
      root: memory.root,
      openNode: (node, now) => {
        const open = memory.openNode(node, now);
        if (open === null) return null;
        return open.kind === 'file' ? new ReadOnlyFile(open) : new ReadOnlyDirectory(open);
      },
    },
  };
};

/** The error of linking or renaming into a directory of another file system. */
export const foreignDirectory = (to: OpenDirectory): ErrnoSignal =>
  new ErrnoSignal(to instanceof ReadOnlyDirectory ? 'rofs' : 'xdev');
