/**
 * Resolves paths of guests, one component at a time, from a held directory to a held directory.
 *
 * SAFETY: `..` goes back to the directory that the walk came from, never to the parent on the host, and not beyond
 * the one it started at. Symbolic links are read and walked in the same way, so they are resolved in the guest's
 * tree; absolute ones are refused. Paths are never compared as text, which would be error-prone.
 */
import { decodeUtf8, encodeUtf8 } from '../../syntax/utf8.ts';
import type { OpenDirectory } from '../platform/files.ts';
import { ErrnoSignal } from './errno.ts';

/** Longest path, in bytes, as on Linux. */
export const MAX_PATH = 4096;
/** Longest component, in bytes. */
const MAX_NAME = 255;
/** Most symbolic links of one walk, as on Linux. */
const MAX_LINKS = 40;
/** Most components of one walk, including those of links: bounds the host's work of one call. */
const MAX_STEPS = 4096;
/** Most directories that one walk holds at the same time: bounds the host's descriptors. */
const MAX_DEPTH = 256;

/** Decodes the path of a guest. @throws ErrnoSignal for an impossible file name */
export const decodePath = (bytes: Uint8Array): string => {
  if (bytes.length > MAX_PATH) throw new ErrnoSignal('nametoolong');
  const path = decodeUtf8(bytes);
  if (path === null) throw new ErrnoSignal('ilseq');
  if (path.includes('\0')) throw new ErrnoSignal('inval');
  if (path === '') throw new ErrnoSignal('noent');
  return path;
};

/** Whether a path requires a directory: `x/`, `x/.`, `.`. Then a link at its end is followed. */
export const meansDirectory = (path: string): boolean => /(^|\/)\.?$/.test(path);

/** UTF-8 length, for names near the limit; a code unit takes at most three bytes. */
const isTooLong = (name: string): boolean => {
  if (name.length * 3 <= MAX_NAME) return false;
  let length = 0;
  for (const character of name) {
    const point = character.codePointAt(0)!;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  }
  return length > MAX_NAME;
};

/** The place that a path leads to. */
export interface Place {
  /** The directory of the entry; the directory itself if `name` is null. Only valid in the callback. */
  readonly directory: OpenDirectory;
  /** The entry, which need not exist; null if the path ends with `.` or `..`. */
  readonly name: string | null;
  /** Whether a trailing slash requires a directory. */
  readonly mustBeDirectory: boolean;
}

/** Receives the work of a walk. */
type WalkListener = (work: 'pathBytes' | 'steps' | 'links', count: number) => void;

class Walk {
  readonly #did: WalkListener;
  /** Directories from the start to the current one; all but the first belong to the walk. */
  readonly #held: OpenDirectory[];
  /** Remaining components, the next one last. */
  readonly #pending: string[] = [];
  #mustBeDirectory = false;
  #links = 0;
  #steps = 0;

  constructor(start: OpenDirectory, did: WalkListener) {
    this.#did = did;
    this.#held = [start];
  }

  get #current(): OpenDirectory {
    return this.#held[this.#held.length - 1]!;
  }

  /** Puts a path before the pending components. */
  #push(path: string): void {
    if (path.startsWith('/')) throw new ErrnoSignal('notcapable');
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    // The very end of the path decides whether a directory is required.
    if (this.#pending.length === 0 && meansDirectory(path)) this.#mustBeDirectory = true;
    this.#pending.push(...parts.reverse());
  }

  #goUp(): void {
    if (this.#held.length === 1) throw new ErrnoSignal('notcapable');
    this.#held.pop()!.close();
  }

  #goDown(name: string): void {
    if (this.#held.length >= MAX_DEPTH) throw new ErrnoSignal('nametoolong');
    this.#held.push(this.#current.openDirectory(name));
  }

  #followLink(name: string): void {
    this.#links++;
    this.#did('links', 1);
    if (this.#links > MAX_LINKS) throw new ErrnoSignal('loop');
    const target = this.#current.readLink(name);
    this.#did('pathBytes', encodeUtf8(target).length);
    if (target === '') throw new ErrnoSignal('noent');
    this.#push(target);
  }

  #isLink(name: string): boolean {
    return this.#current.statEntry(name)?.filetype === 'symbolic-link';
  }

  #enter(name: string): void {
    try {
      this.#goDown(name);
    } catch (error) {
      // Only an entry that is not a directory is examined further: most components are directories.
      if (!(error instanceof ErrnoSignal) || (error.name !== 'notdir' && error.name !== 'loop')) throw error;
      if (!this.#isLink(name)) throw error;
      this.#followLink(name);
    }
  }

  /** Walks to the end. */
  resolve(path: string, followsLast: boolean): Place {
    this.#push(path);
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) {
      this.#steps++;
      if (this.#steps > MAX_STEPS) throw new ErrnoSignal(this.#links > 0 ? 'loop' : 'nametoolong');
      if (isTooLong(name)) throw new ErrnoSignal('nametoolong');
      if (name === '..' || this.#pending.length > 0) this.#did('steps', 1);
      if (name === '..') this.#goUp();
      else if (this.#pending.length > 0) this.#enter(name);
      else if (followsLast && this.#isLink(name)) this.#followLink(name);
      else return { directory: this.#current, name, mustBeDirectory: this.#mustBeDirectory };
    }
    return { directory: this.#current, name: null, mustBeDirectory: true };
  }

  close(): void {
    for (const directory of this.#held.slice(1)) directory.close();
  }
}

/**
 * Resolves a path and passes the place to `use`; the directories on the way are closed afterwards.
 *
 * @param did receives the work before it is done
 * @param follows whether a symbolic link as the last component is followed
 * @throws ErrnoSignal
 */
export const walkPath = <T>(
  did: WalkListener,
  start: OpenDirectory,
  path: string,
  follows: boolean,
  use: (place: Place) => T,
): T => {
  const walk = new Walk(start, did);
  try {
    return use(walk.resolve(path, follows));
  } finally {
    walk.close();
  }
};
