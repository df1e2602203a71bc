/**
 * Ways to hold a directory of the host so that names in it refer to its entries, even if paths change.
 *
 * SAFETY: Node has no `openat`. On Linux, `/proc/self/fd/N/name` is equivalent: the kernel starts at the held
 * directory and not at a path, so no other process can replace a directory on the way by a link. Elsewhere a
 * directory is identified by path and identity, and both are compared before each use, and for files again after
 * opening. Against another process of the host that exchanges directories, this is an obstacle, not a guarantee.
 */
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ErrnoSignal } from '../wasi/errno.ts';

/** A directory of the host. */
export interface Anchor {
  /** Path of the directory, valid for the next system call. @throws ErrnoSignal `stale` */
  path(): string;
  /** Path of an entry, valid for the next system call. @throws ErrnoSignal `stale` */
  entryPath(name: string): string;
  /** Holds an entry that is a directory, and not a link to one. */
  openDirectory(name: string): Anchor;
  reopen(): Anchor;
  /** Opens an existing regular file. */
  openRegular(name: string, flags: number): number;
  close(): void;
}

const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0, O_RDONLY } = constants;
/** Linux: holds a place without opening it. Node has no name for this flag. */
const O_PATH = 0o10_000_000;
const HOLD_DIRECTORY = O_PATH | O_DIRECTORY;

/** Opening never follows a link, waits for the other end or becomes the controlling process of a terminal. */
export const CAREFUL: number = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

const requireRegular = (stat: {
  isFile(): boolean;
  isSymbolicLink(): boolean;
  isDirectory(): boolean;
}): void => {
  if (stat.isFile()) return;
  if (stat.isSymbolicLink()) throw new ErrnoSignal('loop');
  // Opening a pipe or a device can block, or have effects.
  throw new ErrnoSignal(stat.isDirectory() ? 'isdir' : 'notsup');
};

class HeldAnchor implements Anchor {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }
  path(): string {
    return `/proc/self/fd/${this.#fd}/.`;
  }
  entryPath(name: string): string {
    return `/proc/self/fd/${this.#fd}/${name}`;
  }
  openDirectory(name: string): Anchor {
    return new HeldAnchor(openSync(this.entryPath(name), HOLD_DIRECTORY | O_NOFOLLOW));
  }
  reopen(): Anchor {
    return new HeldAnchor(openSync(this.path(), HOLD_DIRECTORY));
  }
  openRegular(name: string, flags: number): number {
    // First held and checked, then opened by its descriptor: the opened file is the checked one.
    const fd = openSync(this.entryPath(name), O_PATH | O_NOFOLLOW);
    try {
      requireRegular(fstatSync(fd));
      return openSync(`/proc/self/fd/${fd}`, flags & ~O_NOFOLLOW);
    } finally {
      closeSync(fd);
    }
  }
  close(): void {
    closeSync(this.#fd);
  }
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}
const isSame = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;

class NamedAnchor implements Anchor {
  readonly #path: string;
  readonly #identity: Identity;

  /** @param path absolute, without links */
  constructor(path: string) {
    this.#path = path;
    const stat = lstatSync(path, { bigint: true });
    if (!stat.isDirectory()) throw new ErrnoSignal('notdir');
    this.#identity = stat;
  }
  path(): string {
    const isHere =
      realpathSync.native(this.#path) === this.#path &&
      isSame(lstatSync(this.#path, { bigint: true }), this.#identity);
    if (!isHere) throw new ErrnoSignal('stale');
    return this.#path;
  }
  entryPath(name: string): string {
    requireHostName(name);
    return join(this.path(), name);
  }
  openDirectory(name: string): Anchor {
    const opened = new NamedAnchor(this.entryPath(name));
    this.path();
    return opened;
  }
  reopen(): Anchor {
    return new NamedAnchor(this.path());
  }
  openRegular(name: string, flags: number): number {
    const path = this.entryPath(name);
    const before = lstatSync(path, { bigint: true });
    requireRegular(before);
    const fd = openSync(path, flags | CAREFUL);
    try {
      const opened = fstatSync(fd, { bigint: true });
      // The opened file must be the one of that name in the right directory, before and afterwards.
      const after = lstatSync(this.entryPath(name), { bigint: true });
      this.path();
      if (!isSame(before, opened) || !isSame(after, opened)) throw new ErrnoSignal('stale');
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
  close(): void {}
}

/** Names that Windows treats as devices, with any extension. */
const windowsDevice = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\u00b9\u00b2\u00b3])(\.|$)/i;

/** Whether a name is one plain entry on a system that gives some names other meanings. */
export const isPlainOnWindows = (name: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the ones to find
  !/[\\/:*?"<>|\u0000-\u001f]/.test(name) && !/[. ]$/.test(name) && !windowsDevice.test(name);

/** @throws ErrnoSignal for names that are not entries on this system */
const requireHostName = (name: string): void => {
  if (process.platform === 'win32' && !isPlainOnWindows(name)) throw new ErrnoSignal('noent');
};

/** How directories are held. */
export type AnchorKind = 'held' | 'named';
/** The safest way on this host. */
export const bestAnchorKind = (): AnchorKind =>
  process.platform === 'linux' && existsSync('/proc/self/fd') ? 'held' : 'named';

/** Holds a directory by its path; links in it are the host's own and are followed. */
export const anchorAt = (path: string, kind: AnchorKind): Anchor => {
  if (kind === 'held') return new HeldAnchor(openSync(path, HOLD_DIRECTORY | O_RDONLY));
  return new NamedAnchor(realpathSync.native(path));
};
