/**
 * What file trees that show another tree have in common: whatever only looks at it is handed on.
 *
 * SAFETY: whatever changes files is not. Each tree has to say what it makes of it, and does not compile before.
 */
import type { DirectoryEntry, FileStat, OpenDirectory, OpenFile } from '../platform/files.ts';

abstract class Wrapped<T extends OpenFile | OpenDirectory> {
  protected readonly inner: T;

  constructor(inner: T) {
    this.inner = inner;
  }
  stat(): FileStat {
    return this.inner.stat();
  }
  sync(): void {
    this.inner.sync();
  }
  close(): void {
    this.inner.close();
  }
}

/** A file of another tree. */
export abstract class WrappedFile extends Wrapped<OpenFile> {
  readonly kind = 'file';

  read(buffer: Uint8Array, position: number): number {
    return this.inner.read(buffer, position);
  }
}

/** A directory of another tree. */
export abstract class WrappedDirectory extends Wrapped<OpenDirectory> {
  readonly kind = 'directory';

  /** What a directory of the other tree is shown as. */
  protected abstract wrap(directory: OpenDirectory): OpenDirectory;

  entries(limit: number): readonly DirectoryEntry[] | null {
    return this.inner.entries(limit);
  }
  statEntry(name: string): FileStat | null {
    return this.inner.statEntry(name);
  }
  readLink(name: string): string {
    return this.inner.readLink(name);
  }
  reopen(): OpenDirectory {
    return this.wrap(this.inner.reopen());
  }
  openDirectory(name: string): OpenDirectory {
    return this.wrap(this.inner.openDirectory(name));
  }
}
