/**
 * A quota for real directories: how many bytes a plug-in may add to them. Anything beyond it fails with `dquot`.
 *
 * Files count by their sizes, including holes, and each new entry by a fixed amount. What the plug-in frees by
 * truncating and removing it can use again; removing files that existed before cannot free more than it has used. A
 * removed file counts as long as the plug-in has it open.
 */

import type { FileStat, FileTimes, FileTree, OpenDirectory, OpenFile, OpenMode } from '../platform/files.ts';
import { ErrnoSignal } from './errno.ts';
import { foreignDirectory } from './read-only-files.ts';
import { WrappedDirectory, WrappedFile } from './wrapped-files.ts';

/** What an entry of a directory counts as, in addition to the contents of a file. */
const ENTRY_BYTES = 512;

const keyOf = ({ dev, ino }: FileStat): string => `${dev}:${ino}`;

/** The quota of one plug-in, for all of its directories together. */
export class FileQuota {
  readonly #maxBytes: number;
  #usedBytes = 0;
  /** How often each file is open. */
  readonly #holders = new Map<string, number>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws ErrnoSignal `dquot`, without taking anything */
  take(byteCount: number): void {
    if (byteCount > this.#maxBytes - this.#usedBytes) throw new ErrnoSignal('dquot');
    this.#usedBytes += byteCount;
  }

  give(byteCount: number): void {
    this.#usedBytes = Math.max(0, this.#usedBytes - byteCount);
  }

  /** Takes from the quota, acts, and returns it if the action failed. */
  spend<T>(byteCount: number, run: () => T): T {
    this.take(byteCount);
    try {
      return run();
    } catch (error) {
      this.give(byteCount);
      throw error;
    }
  }

  hold(key: string): void {
    this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
  }

  /** Returns whether the file is no longer open. */
  release(key: string): boolean {
    const left = (this.#holders.get(key) ?? 1) - 1;
    if (left > 0) this.#holders.set(key, left);
    else this.#holders.delete(key);
    return left <= 0;
  }

  isHeld(key: string): boolean {
    return this.#holders.has(key);
  }

  /** What is freed when the last name of an entry is removed. */
  freedBy(stat: FileStat | null): number {
    if (stat === null) return 0;
    const isGone = stat.filetype === 'file' && stat.nlink === 1n && !this.isHeld(keyOf(stat));
    return ENTRY_BYTES + (isGone ? Number(stat.size) : 0);
  }
}

class LimitedFile extends WrappedFile implements OpenFile {
  readonly #quota: FileQuota;
  readonly #key: string;

  constructor(file: OpenFile, quota: FileQuota) {
    super(file);
    this.#quota = quota;
    this.#key = keyOf(file.stat());
    quota.hold(this.#key);
  }
  write(bytes: Uint8Array, position: number): number {
    if (bytes.length === 0) return this.inner.write(bytes, position);
    const size = Number(this.inner.stat().size);
    const grown = (count: number): number => Math.max(0, position + count - size);
    const count = this.#quota.spend(grown(bytes.length), () => this.inner.write(bytes, position));
    this.#quota.give(grown(bytes.length) - (count === 0 ? 0 : grown(count)));
    return count;
  }
  setSize(size: number): void {
    const grown = size - Number(this.inner.stat().size);
    this.#quota.spend(Math.max(0, grown), () => this.inner.setSize(size));
    this.#quota.give(Math.max(0, -grown));
  }
  setTimes(times: FileTimes): void {
    this.inner.setTimes(times);
  }
  override close(): void {
    if (this.#quota.release(this.#key)) {
      const { nlink, size } = this.inner.stat();
      if (nlink === 0n) this.#quota.give(Number(size));
    }
    this.inner.close();
  }
}

class LimitedDirectory extends WrappedDirectory implements OpenDirectory {
  readonly #quota: FileQuota;

  constructor(directory: OpenDirectory, quota: FileQuota) {
    super(directory);
    this.#quota = quota;
  }
  protected wrap(directory: OpenDirectory): OpenDirectory {
    return new LimitedDirectory(directory, this.#quota);
  }
  setTimes(times: FileTimes): void {
    this.inner.setTimes(times);
  }
  setEntryTimes(name: string, times: FileTimes): void {
    this.inner.setEntryTimes(name, times);
  }
  openFile(name: string, mode: OpenMode): OpenFile {
    const made = mode.create ? ENTRY_BYTES : 0;
    // Truncated through the wrapper, so that the freed bytes are counted.
    const open = (): OpenFile =>
      this.inner.openFile(name, { ...mode, write: mode.write || mode.truncate, truncate: false });
    const file = new LimitedFile(this.#quota.spend(made, open), this.#quota);
    if (mode.truncate) file.setSize(0);
    return file;
  }
  createDirectory(name: string): void {
    this.#quota.spend(ENTRY_BYTES, () => this.inner.createDirectory(name));
  }
  createLink(name: string, target: string): void {
    this.#quota.spend(ENTRY_BYTES + target.length, () => this.inner.createLink(name, target));
  }
  #inner(to: OpenDirectory): OpenDirectory {
    if (!(to instanceof LimitedDirectory)) throw foreignDirectory(to);
    return to.inner;
  }
  link(name: string, to: OpenDirectory, toName: string): void {
    this.#quota.spend(ENTRY_BYTES, () => this.inner.link(name, this.#inner(to), toName));
  }
  rename(name: string, to: OpenDirectory, toName: string): void {
    const target = this.#inner(to);
    const [source, replaced] = [this.inner.statEntry(name), target.statEntry(toName)];
    // Two names of one file: no effect.
    const isSame = source !== null && replaced !== null && keyOf(source) === keyOf(replaced);
    const freed = isSame ? 0 : this.#quota.freedBy(replaced);
    this.inner.rename(name, target, toName);
    this.#quota.give(freed);
  }
  removeDirectory(name: string): void {
    this.inner.removeDirectory(name);
    this.#quota.give(ENTRY_BYTES);
  }
  removeFile(name: string): void {
    const freed = this.#quota.freedBy(this.inner.statEntry(name));
    this.inner.removeFile(name);
    this.#quota.give(freed);
  }
}

/** The same files, with writes limited by a quota. */
export const limitedFiles = (tree: FileTree, quota: FileQuota): FileTree => ({
  openRoot: (now) => new LimitedDirectory(tree.openRoot(now), quota),
});
