/**
 * A file tree that cannot be changed through this view: the meaning of `ro:`.
 *
 * Hard links and renames out of it are also refused, since they would make its files writable elsewhere.
 */
import { checkFunction, reading } from '../../errors/arguments.ts';
import type { FileTree, OpenDirectory, OpenFile, OpenMode } from '../platform/files.ts';
import { ErrnoSignal } from './errno.ts';
import { WrappedDirectory, WrappedFile } from './wrapped-files.ts';

const refuse = (): never => {
  throw new ErrnoSignal('rofs');
};

class ReadOnlyFile extends WrappedFile implements OpenFile {
  readonly write: () => never = refuse;
  readonly setSize: () => never = refuse;
  readonly setTimes: () => never = refuse;

  get node(): OpenFile['node'] {
    return this.inner.node;
  }
  /** There are no pending writes. */
  override sync(): void {}
}

class ReadOnlyDirectory extends WrappedDirectory implements OpenDirectory {
  readonly setTimes: () => never = refuse;
  readonly setEntryTimes: () => never = refuse;
  readonly createDirectory: () => never = refuse;
  readonly createLink: () => never = refuse;
  readonly link: () => never = refuse;
  readonly rename: () => never = refuse;
  readonly removeDirectory: () => never = refuse;
  readonly removeFile: () => never = refuse;

  get node(): OpenDirectory['node'] {
    return this.inner.node;
  }
  override sync(): void {}
  protected wrap(directory: OpenDirectory): OpenDirectory {
    return new ReadOnlyDirectory(directory);
  }
  openFile(name: string, mode: OpenMode): OpenFile {
    if (mode.write || mode.create || mode.truncate) return refuse();
    return new ReadOnlyFile(this.inner.openFile(name, mode));
  }
}

/**
 * The same files, but they cannot be changed: every attempt fails with `rofs`.
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
