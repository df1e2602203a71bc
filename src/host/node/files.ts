/**
 * Real directories as file trees for WASI. `anchors.ts` and, for paths, `../wasi/path-walk.ts` keep a guest inside;
 * this file reads, makes and removes single entries.
 */

import {
  type BigIntStats,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { badArgument } from '../../errors/arguments.ts';
import { UsageError } from '../../errors/errors.ts';
import { valueText } from '../../errors/texts.ts';
import { decodeUtf8 } from '../../syntax/utf8.ts';
import type {
  DirectoryEntry,
  FileStat,
  FileTimes,
  FileTree,
  Filetype,
  OpenDirectory,
  OpenFile,
  OpenMode,
} from '../platform/files.ts';
import { ErrnoSignal, errnoOfPosix } from '../wasi/errno.ts';
import { foreignDirectory } from '../wasi/read-only-files.ts';
import { type Anchor, type AnchorKind, anchorAt, bestAnchorKind, CAREFUL } from './anchors.ts';
import { ExactTimes } from './exact-times.ts';

/** Runs a system call; its error is passed to the guest as a number. */
const call = <T>(run: () => T): T => {
  try {
    return run();
  } catch (error) {
    if (error instanceof ErrnoSignal) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new ErrnoSignal(errnoOfPosix(code ?? ''));
  }
};

type Typed = Pick<
  BigIntStats | Dirent,
  'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isCharacterDevice' | 'isBlockDevice' | 'isSocket'
>;
const filetypeOf = (item: Typed): Filetype => {
  if (item.isFile()) return 'file';
  if (item.isDirectory()) return 'directory';
  if (item.isSymbolicLink()) return 'symbolic-link';
  if (item.isCharacterDevice()) return 'character-device';
  if (item.isBlockDevice()) return 'block-device';
  return item.isSocket() ? 'socket' : 'unknown';
};

const statOf = (stat: BigIntStats): FileStat => ({
  filetype: filetypeOf(stat),
  dev: stat.dev,
  ino: stat.ino,
  nlink: stat.nlink,
  size: stat.size,
  atim: stat.atimeNs,
  mtim: stat.mtimeNs,
  ctim: stat.ctimeNs,
});

/** Text of a name or link; null if it is not UTF-8, since no guest could use it. */
const textOf = (bytes: Uint8Array): string | null => decodeUtf8(bytes);

class NodeFile implements OpenFile {
  readonly kind = 'file';
  readonly #fd: number;
  readonly #times: ExactTimes;

  constructor(fd: number, times: ExactTimes) {
    this.#fd = fd;
    this.#times = times;
  }
  #stat(): FileStat {
    return statOf(fstatSync(this.#fd, { bigint: true }));
  }
  stat(): FileStat {
    return call(() => this.#times.refine(this.#stat()));
  }
  read(buffer: Uint8Array, position: number): number {
    return call(() => readSync(this.#fd, buffer, 0, buffer.length, position));
  }
  write(bytes: Uint8Array, position: number): number {
    return call(() => writeSync(this.#fd, bytes, 0, bytes.length, position));
  }
  setSize(size: number): void {
    call(() => ftruncateSync(this.#fd, size));
  }
  setTimes(times: FileTimes): void {
    call(() =>
      this.#times.set(
        times,
        () => this.#stat(),
        (atim, mtim) => futimesSync(this.#fd, atim, mtim),
      ),
    );
  }
  sync(): void {
    call(() => fsyncSync(this.#fd));
  }
  close(): void {
    call(() => closeSync(this.#fd));
  }
}

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const accessFlags = ({ read, write }: OpenMode): number => (write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY);

class NodeDirectory implements OpenDirectory {
  readonly kind = 'directory';
  readonly #anchor: Anchor;
  readonly #times: ExactTimes;

  constructor(anchor: Anchor, times: ExactTimes) {
    this.#anchor = anchor;
    this.#times = times;
  }

  #lstat(path: string): FileStat {
    return statOf(lstatSync(path, { bigint: true }));
  }
  stat(): FileStat {
    return call(() => this.#times.refine(this.#lstat(this.#anchor.path())));
  }
  setTimes(times: FileTimes): void {
    call(() =>
      this.#times.set(
        times,
        () => this.#lstat(this.#anchor.path()),
        (atim, mtim) => utimesSync(this.#anchor.path(), atim, mtim),
      ),
    );
  }
  sync(): void {
    call(() => {
      const fd = openSync(this.#anchor.path(), O_RDONLY);
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  }
  entries(limit: number): readonly DirectoryEntry[] | null {
    return call(() => {
      const found: DirectoryEntry[] = [];
      const directory = opendirSync(this.#anchor.path(), { encoding: 'buffer' as BufferEncoding });
      try {
        for (let item = directory.readSync(); item !== null; item = directory.readSync()) {
          const name = textOf(item.name as unknown as Uint8Array);
          if (name !== null) found.push({ name, filetype: filetypeOf(item) });
          if (found.length > limit) return null;
        }
      } finally {
        directory.closeSync();
      }
      return found;
    });
  }
  statEntry(name: string): FileStat | null {
    return call(() => {
      const stat = lstatSync(this.#anchor.entryPath(name), { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? null : this.#times.refine(statOf(stat));
    });
  }
  setEntryTimes(name: string, times: FileTimes): void {
    call(() =>
      this.#times.set(
        times,
        () => this.#lstat(this.#anchor.entryPath(name)),
        (atim, mtim) => lutimesSync(this.#anchor.entryPath(name), atim, mtim),
      ),
    );
  }
  reopen(): OpenDirectory {
    return call(() => new NodeDirectory(this.#anchor.reopen(), this.#times));
  }
  openDirectory(name: string): OpenDirectory {
    return call(() => new NodeDirectory(this.#anchor.openDirectory(name), this.#times));
  }
  openFile(name: string, mode: OpenMode): OpenFile {
    return call(() => {
      if (mode.create) {
        const flags = accessFlags(mode) | O_CREAT | O_EXCL | CAREFUL;
        return new NodeFile(openSync(this.#anchor.entryPath(name), flags, 0o666), this.#times);
      }
      const access = accessFlags({ ...mode, write: mode.write || mode.truncate });
      const file = new NodeFile(this.#anchor.openRegular(name, access | CAREFUL), this.#times);
      if (mode.truncate) file.setSize(0);
      return file;
    });
  }
  readLink(name: string): string {
    return call(() => {
      const target = textOf(readlinkSync(this.#anchor.entryPath(name), { encoding: 'buffer' }));
      if (target === null) throw new ErrnoSignal('ilseq');
      return target;
    });
  }
  createDirectory(name: string): void {
    call(() => mkdirSync(this.#anchor.entryPath(name)));
  }
  createLink(name: string, target: string): void {
    call(() => symlinkSync(target, this.#anchor.entryPath(name)));
  }
  /** Path of an entry in another directory of this kind. */
  #otherPath(to: OpenDirectory, name: string): string {
    if (!(to instanceof NodeDirectory)) throw foreignDirectory(to);
    return to.#anchor.entryPath(name);
  }
  link(name: string, to: OpenDirectory, toName: string): void {
    call(() => linkSync(this.#anchor.entryPath(name), this.#otherPath(to, toName)));
  }
  rename(name: string, to: OpenDirectory, toName: string): void {
    call(() => renameSync(this.#anchor.entryPath(name), this.#otherPath(to, toName)));
  }
  removeDirectory(name: string): void {
    call(() => rmdirSync(this.#anchor.entryPath(name)));
  }
  removeFile(name: string): void {
    call(() => unlinkSync(this.#anchor.entryPath(name)));
  }
  close(): void {
    call(() => this.#anchor.close());
  }
}

/**
 * A directory of this machine, for guests. Import it from `quern/node`: the types of `quern` are those of all hosts,
 * unless TypeScript resolves as Node does.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', {
 *   useWasi: true,
 *   wasi: { preopens: { '/data': readOnlyFiles(nodeDirectory('build/examples')) } },
 * });
 * console.log((await plugin.call('greet', 'Ada')).text()); // → Hello, Ada!
 * ```
 *
 * @param path the directory; symbolic links in this path are followed, links inside the directory never lead out of
 * it
 */
export const nodeDirectory = (path: string, anchorKind: AnchorKind = bestAnchorKind()): FileTree => {
  if (typeof path !== 'string')
    throw badArgument(`the path of a directory must be a string, not ${valueText(path)}`);
  const times = new ExactTimes();
  return {
    openRoot: () => {
      try {
        return new NodeDirectory(anchorAt(path, anchorKind), times);
      } catch (cause) {
        const reason = cause instanceof ErrnoSignal ? cause.name : (cause as Error).message;
        throw new UsageError('usage.argument', {
          cause,
          detail: `cannot open the directory "${path}": ${reason}`,
        });
      }
    },
  };
};
