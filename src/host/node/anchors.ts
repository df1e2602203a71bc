/**
 * Ways to hold a directory of the host such that names in it mean its entries, whatever happens to paths.
 *
 * SAFETY: Node has no `openat`. On Linux `/proc/self/fd/N/name` is just that: the kernel starts at the held
 * directory and not at a path, so no other process can swap a directory on the way for a link. Elsewhere a
 * directory is known by path and identity, and both are compared before each use, and for files again after
 * opening. Against another process of the host that exchanges directories this is a hurdle and not a proof.
 */
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ErrnoSignal } from '../wasi/errno.ts';

/** A directory of the host. */
export interface Anchor {
  /** Path of the directory, good for the next system call. @throws ErrnoSignal `stale` */
  path(): string;
  /** Path of an entry, good for the next system call. @throws ErrnoSignal `stale` */
  entryPath(name: string): string;
  /** Holds an entry that is a directory, and not a link to one. */
  openDirectory(name: string): Anchor;
  reopen(): Anchor;
  /** Opens a file that is there and regular. */
  openRegular(name: string, flags: number): number;
  close(): void;
}

const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0, O_RDONLY } = constants;
/** Linux: holds a place without opening what is there. Node has no name for it. */
const O_PATH = 0o10_000_000;
const HOLD_DIRECTORY = O_PATH | O_DIRECTORY;

/** Opening never follows a link, waits for another end or takes a terminal. */
export const CAREFUL: number = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

const requireRegular = (stat: {
  isFile(): boolean;
  isSymbolicLink(): boolean;
  isDirectory(): boolean;
}): void => {
  if (stat.isFile()) return;
  if (stat.isSymbolicLink()) throw new ErrnoSignal('loop');
  // Opening a pipe or a device can block, or do things by itself.
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
    // Held first and looked at, then opened by its descriptor: what is opened is what was looked at.
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
      // What was opened must be what the name means in the right directory, before and afterwards.
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

/** What Windows takes for a device, with any extension. */
const windowsDevice = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\u00b9\u00b2\u00b3])(\.|$)/i;

/** Whether a name is one plain entry for a system that takes some names for more than that. */
export const isPlainOnWindows = (name: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  !/[\\/:*?"<>|\u0000-\u001f]/.test(name) && !/[. ]$/.test(name) && !windowsDevice.test(name);

/** @throws ErrnoSignal for names that this system takes for something else than an entry */
const requireHostName = (name: string): void => {
  if (process.platform === 'win32' && !isPlainOnWindows(name)) throw new ErrnoSignal('noent');
};

/** How directories are held. */
export type AnchorKind = 'held' | 'named';
/** The best that this host can do. */
export const bestAnchorKind = (): AnchorKind =>
  process.platform === 'linux' && existsSync('/proc/self/fd') ? 'held' : 'named';

/** Holds a directory by its path; links in it are the host's own and are followed. */
export const anchorAt = (path: string, kind: AnchorKind): Anchor => {
  if (kind === 'held') return new HeldAnchor(openSync(path, HOLD_DIRECTORY | O_RDONLY));
  return new NamedAnchor(realpathSync.native(path));
};
