/**
 * Files on a tape: every operation on something open is a request, with the number of the holder in the order of
 * opening. Closing is not recorded, since it has no answer.
 */
import { isWholeNumber } from '../../errors/checks.ts';
import { UsageError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
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
import type { Json } from '../state/operation.ts';
import { filetypes } from '../wasi/abi.ts';
import { ErrnoSignal } from '../wasi/errno.ts';
import { bytes, fingerprint, list, nothing, number, optional, text, wide } from './forms.ts';
import type { Form, Tape } from './tape.ts';

const filetype: Form<Filetype> = {
  write: (name) => name,
  read: (json) => {
    const name = text.read(json);
    if (!Object.hasOwn(filetypes, name)) throw new Error('not a file type');
    return name as Filetype;
  },
};
const numbers = ['dev', 'ino', 'nlink', 'size', 'atim', 'mtim', 'ctim'] as const;
const stat: Form<FileStat> = {
  write: (value) => [value.filetype, ...numbers.map((key) => wide.write(value[key]))],
  read: (json) => {
    const [type = null, ...rest] = json as readonly Json[];
    const values = Object.fromEntries(numbers.map((key, i) => [key, wide.read(rest[i] ?? null)]));
    return { filetype: filetype.read(type), ...(values as Omit<FileStat, 'filetype'> & object) } as FileStat;
  },
};
const entry: Form<DirectoryEntry> = {
  write: (value) => [value.name, value.filetype],
  read: (json) => {
    const [name = null, type = null] = json as readonly Json[];
    return { name: text.read(name), filetype: filetype.read(type) };
  },
};
const times = ({ atim, mtim }: FileTimes): Json => [optional(wide).write(atim), optional(wide).write(mtim)];

/** State shared by all holders of one plug-in. */
interface Drawer {
  readonly tape: Tape;
  /**
   * Open files and directories, by the number of their holders. On a rewound tape, holders are made again for what is
   * already open.
   */
  readonly open: Map<number, OpenFile | OpenDirectory>;
}

/** Something open, on a tape. */
abstract class Taped<T extends OpenFile | OpenDirectory> {
  protected readonly drawer: Drawer;
  readonly #number: number;

  constructor(live: T | null, drawer: Drawer) {
    this.drawer = drawer;
    this.#number = drawer.tape.holderCount++;
    if (live !== null) drawer.open.set(this.#number, live);
  }

  /** Null in a replay, and once it is closed. */
  protected get live(): T | null {
    return (this.drawer.open.get(this.#number) as T | undefined) ?? null;
  }

  protected take<R>(name: string, args: readonly Json[], form: Form<R>, run: (live: T) => R): R {
    return this.drawer.tape.take('files', [this.#number, name, ...args], form, () => run(this.live!));
  }
  stat(): FileStat {
    return this.take('stat', [], stat, (live) => live.stat());
  }
  setTimes(value: FileTimes): void {
    this.take('setTimes', [times(value)], nothing, (live) => live.setTimes(value));
  }
  sync(): void {
    this.take('sync', [], nothing, (live) => live.sync());
  }
  close(): void {
    const { live } = this;
    this.drawer.open.delete(this.#number);
    live?.close();
  }
}

class TapedFile extends Taped<OpenFile> implements OpenFile {
  readonly kind = 'file';

  read(buffer: Uint8Array, position: number): number {
    const { isReplay } = this.drawer.tape;
    const chunk = this.take('read', [buffer.length, position], bytes, (live) =>
      buffer.subarray(0, live.read(buffer, position)),
    );
    if (chunk.length > buffer.length) throw this.drawer.tape.damaged();
    if (isReplay) buffer.set(chunk);
    return chunk.length;
  }
  write(data: Uint8Array, position: number): number {
    const count = this.take('write', [fingerprint(data), position], number, (live) =>
      live.write(data, position),
    );
    if (!isWholeNumber(count, 0, data.length)) throw this.drawer.tape.damaged();
    return count;
  }
  setSize(size: number): void {
    this.take('setSize', [size], nothing, (live) => live.setSize(size));
  }
}

class TapedDirectory extends Taped<OpenDirectory> implements OpenDirectory {
  readonly kind = 'directory';

  /** Opens something; the holder has the next number, here and in the replay. */
  #open<L extends OpenFile | OpenDirectory, R>(
    name: string,
    args: readonly Json[],
    run: (live: OpenDirectory) => L,
    wrap: (live: L | null) => R,
  ): R {
    let opened: L | null = null;
    this.take(name, args, nothing, (live) => {
      opened = run(live);
    });
    return wrap(opened);
  }
  reopen(): OpenDirectory {
    return this.#open('reopen', [], (live) => live.reopen(), this.#wrapDirectory);
  }
  openDirectory(name: string): OpenDirectory {
    return this.#open('openDirectory', [name], (live) => live.openDirectory(name), this.#wrapDirectory);
  }
  openFile(name: string, mode: OpenMode): OpenFile {
    const { read, write, create, truncate } = mode;
    const wrap = (live: OpenFile | null): OpenFile => new TapedFile(live, this.drawer);
    return this.#open(
      'openFile',
      [name, { read, write, create, truncate }],
      (live) => live.openFile(name, mode),
      wrap,
    );
  }
  readonly #wrapDirectory = (live: OpenDirectory | null): OpenDirectory =>
    new TapedDirectory(live, this.drawer);

  entries(limit: number): readonly DirectoryEntry[] | null {
    return this.take('entries', [limit], optional(list(entry)), (live) => live.entries(limit));
  }
  statEntry(name: string): FileStat | null {
    return this.take('statEntry', [name], optional(stat), (live) => live.statEntry(name));
  }
  setEntryTimes(name: string, value: FileTimes): void {
    this.take('setEntryTimes', [name, times(value)], nothing, (live) => live.setEntryTimes(name, value));
  }
  readLink(name: string): string {
    return this.take('readLink', [name], text, (live) => live.readLink(name));
  }
  createDirectory(name: string): void {
    this.take('createDirectory', [name], nothing, (live) => live.createDirectory(name));
  }
  createLink(name: string, target: string): void {
    this.take('createLink', [name, target], nothing, (live) => live.createLink(name, target));
  }
  link(name: string, to: OpenDirectory, toName: string): void {
    this.#move('link', name, to, toName);
  }
  rename(name: string, to: OpenDirectory, toName: string): void {
    this.#move('rename', name, to, toName);
  }
  removeDirectory(name: string): void {
    this.take('removeDirectory', [name], nothing, (live) => live.removeDirectory(name));
  }
  removeFile(name: string): void {
    this.take('removeFile', [name], nothing, (live) => live.removeFile(name));
  }

  #move(how: 'link' | 'rename', name: string, to: OpenDirectory, toName: string): void {
    const target = to instanceof TapedDirectory ? (to.live ?? to) : to;
    this.take(how, [name, toName], nothing, (live) => live[how](name, target, toName));
  }
}

/**
 * Puts directory trees on a tape.
 *
 * @param now the time that the trees see: not that of the tape, since they are not used in a replay
 */
export const tapedTrees = (
  tape: Tape,
  trees: Readonly<Record<string, FileTree | null>>,
  now: () => bigint,
): Record<string, FileTree> => {
  const drawer: Drawer = { tape, open: new Map() };
  return Object.fromEntries(
    Object.entries(trees).map(([path, tree]) => [
      path,
      {
        openRoot: () => {
          let root: OpenDirectory | null = null;
          try {
            tape.take('open', path, nothing, () => {
              root = tree!.openRoot(now);
            });
          } catch (error) {
            if (!(error instanceof ErrnoSignal)) throw error;
            throw new UsageError('usage.argument', {
              detail: `cannot open "${nameText(path)}": ${error.name}`,
            });
          }
          return new TapedDirectory(root, drawer);
        },
      },
    ]),
  );
};
