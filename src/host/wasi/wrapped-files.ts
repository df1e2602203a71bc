/**
 * The common part of file trees that show another tree: operations that only read are passed on.
 *
 * SAFETY: operations that change files are not. Each tree must implement them; otherwise it does not compile.
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

  /** Wraps a directory of the other tree. */
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
