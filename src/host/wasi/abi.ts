/**
 * TABLE: every function of WASI preview 1 with its type, its price, the descriptor it works on, the right that it
 * requires, and the errors for descriptors of other kinds. Also the numbers of clocks, file types, flags, rights.
 *
 * Names, types and rights are written only here; wrapper, link checks and documentation derive from them.
 */
import { I32, I64, type ValType } from '../../syntax/types.ts';
import type { Filetype } from '../platform/files.ts';
import type { Errno } from './errno.ts';

/** The namespace of preview 1. */
export const WASI_NAMESPACE = 'wasi_snapshot_preview1';
/** The namespace of the preceding snapshot, with the same functions; see `layouts` for the differences. */
export const WASI_UNSTABLE_NAMESPACE = 'wasi_unstable';

/** Identifiers of clocks. */
export const CLOCK_REALTIME = 0;
/** The highest identifier; everything but the real time is measured on the monotonic clock. */
export const CLOCK_LAST = 3;

/** Kinds of files, with their numbers. */
export const filetypes = {
  unknown: 0,
  'block-device': 1,
  'character-device': 2,
  directory: 3,
  file: 4,
  socket: 6,
  'symbolic-link': 7,
} as const satisfies Readonly<Record<Filetype, number>>;

/** Tags of subscriptions and events. */
export const EVENT_CLOCK = 0;
export const EVENT_FD_READ = 1;
export const EVENT_FD_WRITE = 2;
/** Flag of a clock subscription: its timeout is an absolute time. */
export const SUBSCRIPTION_ABSTIME = 1;

/** Flags of a descriptor. */
export const FDFLAG_APPEND = 1;
export const FDFLAG_DSYNC = 2;
export const FDFLAG_SYNC = 16;
export const FDFLAGS_ALL = 31;

/** Flag of a lookup: a symbolic link as the last component is followed. */
export const LOOKUP_FOLLOW = 1;

/** Flags of `path_open`. */
export const OFLAG_CREAT = 1;
export const OFLAG_DIRECTORY = 2;
export const OFLAG_EXCL = 4;
export const OFLAG_TRUNC = 8;
export const OFLAGS_ALL = 15;

/** Flags of `*_set_times`. */
export const FSTFLAG_ATIM = 1;
export const FSTFLAG_ATIM_NOW = 2;
export const FSTFLAG_MTIM = 4;
export const FSTFLAG_MTIM_NOW = 8;
export const FSTFLAGS_ALL = 15;

const rightNames = [
  ...[
    'fd_datasync',
    'fd_read',
    'fd_seek',
    'fd_fdstat_set_flags',
    'fd_sync',
    'fd_tell',
    'fd_write',
    'fd_advise',
  ],
  ...['fd_allocate', 'path_create_directory', 'path_create_file', 'path_link_source', 'path_link_target'],
  ...['path_open', 'fd_readdir', 'path_readlink', 'path_rename_source', 'path_rename_target'],
  ...['path_filestat_get', 'path_filestat_set_size', 'path_filestat_set_times', 'fd_filestat_get'],
  ...['fd_filestat_set_size', 'fd_filestat_set_times', 'path_symlink', 'path_remove_directory'],
  ...['path_unlink_file', 'poll_fd_readwrite', 'sock_shutdown', 'sock_accept'],
] as const;
/** Name of a right. */
export type Right = (typeof rightNames)[number];
/** Rights by name, each a bit. */
export const rights: Readonly<Record<Right, bigint>> = Object.freeze(
  Object.fromEntries(rightNames.map((name, i) => [name, 1n << BigInt(i)])) as Record<Right, bigint>,
);
/** Rights that are implied by another one, by the standard. */
export const impliedBy: Readonly<Partial<Record<Right, Right>>> = {
  fd_tell: 'fd_seek',
  fd_datasync: 'fd_sync',
};
const allOf = (names: readonly Right[]): bigint => names.reduce((mask, name) => mask | rights[name], 0n);

const anyRights = ['fd_fdstat_set_flags', 'fd_filestat_get', 'poll_fd_readwrite'] as const;
const storedRights = ['fd_datasync', 'fd_sync', 'fd_filestat_set_times', 'fd_advise'] as const;

/** The rights that are meaningful for each kind of descriptor. */
export const INPUT_RIGHTS: bigint = allOf([...anyRights, 'fd_read']);
export const OUTPUT_RIGHTS: bigint = allOf([...anyRights, 'fd_write']);
export const FILE_RIGHTS: bigint = allOf([
  ...anyRights,
  ...storedRights,
  ...(['fd_read', 'fd_seek', 'fd_tell', 'fd_write', 'fd_allocate', 'fd_filestat_set_size'] as const),
]);
export const DIRECTORY_RIGHTS: bigint = allOf([
  ...anyRights,
  ...storedRights,
  ...rightNames.filter((name) => name.startsWith('path_') || name === 'fd_readdir'),
]);

/** The subject of a function. */
type Subject = 'nothing' | 'descriptor' | 'file' | 'directory' | 'socket';

/** The cost of a kind of work: `fuel` for each `per`, rounded up. */
interface WorkRow {
  readonly fuel: number;
  readonly per: number;
  readonly what: string;
}

/**
 * TABLE: work of functions by size, in addition to bytes that cross the boundary. It costs the same for all kinds of
 * file trees, so that fuel does not depend on them.
 *
 * PERF: a unit represents at most 300 ns on directories of Linux (Node 20: 2 µs to enter a directory, 20 to find that
 * a name is a link, 7 to stat an entry, 1 to read or write), and for far less in memory.
 */
export const wasiWork = {
  pathBytes: { fuel: 1, per: 4, what: 'bytes of a path, and of the text of a link that is read' },
  steps: { fuel: 16, per: 1, what: 'components of a path, and of links in it, before the last' },
  links: { fuel: 64, per: 1, what: 'symbolic links that are followed' },
  made: { fuel: 128, per: 1, what: 'files that are created by opening' },
  buffers: { fuel: 2, per: 1, what: 'buffers of a read or write' },
  transfers: { fuel: 8, per: 1, what: 'buffers that are filled or emptied' },
  syncs: { fuel: 256, per: 1, what: 'writes through a descriptor that synchronises them' },
  sizes: { fuel: 1, per: 512, what: 'bytes that a file grows by without being written, or shrinks by' },
  listed: { fuel: 4, per: 1, what: 'entries of a directory that is listed again' },
  entries: { fuel: 24, per: 1, what: 'entries that are returned' },
  subscriptions: { fuel: 8, per: 1, what: 'subscriptions of a poll' },
  sleeps: { fuel: 1024, per: 1, what: 'polls that must wait for a clock' },
  strings: { fuel: 1, per: 1, what: 'strings' },
  random: { fuel: 1, per: 32, what: 'random bytes' },
} as const satisfies Readonly<Record<string, WorkRow>>;

/** Kinds of work. */
export type WasiWork = keyof typeof wasiWork;

/** The cost of an amount of work. */
export const wasiWorkCost = (kind: WasiWork, count: number): number =>
  wasiWork[kind].fuel * Math.ceil(count / wasiWork[kind].per);

/** One function. Fuel is on top of the schedule's `hostCall` and paid before it runs; bytes moved cost extra. */
export interface WasiFunctionRow {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly fuel: number;
  readonly subject: Subject;
  /** Which parameter is the descriptor. */
  readonly fdParam: number;
  /** The right that it requires, or null. */
  readonly right: Right | null;
  /** The errors for descriptors that do not support it: streams; directories instead of files, and vice versa. */
  readonly onStream: Errno;
  readonly onOther: Errno;
  /** What adds to the price of a call, besides the bytes that cross the boundary. */
  readonly work: readonly WasiWork[];
  readonly summary: string;
}
type RowOn<S extends Subject> = WasiFunctionRow & { readonly subject: S };

const row = <S extends Subject>(
  subject: S,
  fuel: number,
  params: readonly ValType[],
  summary: string,
  work: readonly WasiWork[],
  extra: Partial<WasiFunctionRow> = {},
): RowOn<S> => ({
  params,
  results: [I32],
  fuel,
  fdParam: 0,
  right: null,
  onStream: 'badf',
  onOther: 'badf',
  work,
  summary,
  ...extra,
  subject,
});

const plain = (
  fuel: number,
  params: readonly ValType[],
  summary: string,
  work: readonly WasiWork[] = [],
): RowOn<'nothing'> => row('nothing', fuel, params, summary, work);
const onFile = (
  fuel: number,
  params: readonly ValType[],
  right: Right,
  [onStream, onOther]: readonly [Errno, Errno],
  summary: string,
  work: readonly WasiWork[] = [],
): RowOn<'file'> => row('file', fuel, params, summary, work, { right, onStream, onOther });
const onAny = (
  fuel: number,
  params: readonly ValType[],
  right: Right | null,
  summary: string,
  work: readonly WasiWork[] = [],
  onStream: Errno = 'badf',
): RowOn<'descriptor'> => row('descriptor', fuel, params, summary, work, { right, onStream });
const onDirectory = (
  fuel: number,
  params: readonly ValType[],
  right: Right,
  summary: string,
  work: readonly WasiWork[] = walked,
  fdParam = 0,
): RowOn<'directory'> =>
  row('directory', fuel, params, summary, work, { right, fdParam, onStream: 'notdir', onOther: 'notdir' });
const onSocket = (params: readonly ValType[], summary: string): RowOn<'socket'> =>
  row('socket', 16, params, summary, [], { onStream: 'notsock', onOther: 'notsock' });

/** The work of resolving a path. */
const walked = ['pathBytes', 'steps', 'links'] as const;
const moves = ['buffers', 'transfers'] as const;
const writes = [...moves, 'sizes', 'syncs'] as const;

/** Every function of the namespace. Key = import name. */
export const wasiAbi = {
  args_get: plain(16, [I32, I32], 'Writes the arguments.', ['strings']),
  args_sizes_get: plain(16, [I32, I32], 'Number and total size of the arguments.'),
  environ_get: plain(16, [I32, I32], 'Writes the environment.', ['strings']),
  environ_sizes_get: plain(16, [I32, I32], 'Number and total size of the environment.'),
  clock_res_get: plain(16, [I32, I32], 'Resolution of a clock.'),
  clock_time_get: plain(16, [I32, I64, I32], 'Reads a clock.'),
  fd_advise: onFile(16, [I32, I64, I64, I32], 'fd_advise', ['spipe', 'badf'], 'Advice on the use of a file.'),
  fd_allocate: onFile(32, [I32, I64, I64], 'fd_allocate', ['spipe', 'isdir'], 'Allocates space in a file.', [
    'sizes',
  ]),
  fd_close: onAny(16, [I32], null, 'Closes a descriptor.'),
  fd_datasync: onAny(256, [I32], 'fd_datasync', 'Synchronises the data of a file.', [], 'inval'),
  fd_fdstat_get: onAny(16, [I32, I32], null, 'Kind, flags and rights of a descriptor.'),
  fd_fdstat_set_flags: onAny(16, [I32, I32], 'fd_fdstat_set_flags', 'Sets the flags of a descriptor.'),
  fd_fdstat_set_rights: onAny(16, [I32, I64, I64], null, 'Removes rights of a descriptor.'),
  fd_filestat_get: onAny(32, [I32, I32], 'fd_filestat_get', 'Attributes of an open file.'),
  fd_filestat_set_size: onFile(
    32,
    [I32, I64],
    'fd_filestat_set_size',
    ['inval', 'isdir'],
    'Sets the size of an open file.',
    ['sizes'],
  ),
  fd_filestat_set_times: onAny(
    128,
    [I32, I64, I64, I32],
    'fd_filestat_set_times',
    'Sets the times of an open file.',
    [],
    'inval',
  ),
  fd_pread: onFile(
    32,
    [I32, I32, I32, I64, I32],
    'fd_read',
    ['spipe', 'isdir'],
    'Reads at an offset.',
    moves,
  ),
  fd_prestat_get: onAny(16, [I32, I32], null, 'Describes a pre-opened directory.'),
  fd_prestat_dir_name: onAny(16, [I32, I32, I32], null, 'Name of a pre-opened directory.'),
  fd_pwrite: onFile(
    32,
    [I32, I32, I32, I64, I32],
    'fd_write',
    ['spipe', 'isdir'],
    'Writes at an offset.',
    writes,
  ),
  fd_read: onAny(32, [I32, I32, I32, I32], 'fd_read', 'Reads from a descriptor.', moves),
  fd_readdir: onDirectory(128, [I32, I32, I32, I64, I32], 'fd_readdir', 'Lists a directory.', [
    'listed',
    'entries',
  ]),
  fd_renumber: onAny(16, [I32, I32], null, 'Moves a descriptor to another number.'),
  fd_seek: onFile(32, [I32, I64, I32, I32], 'fd_seek', ['spipe', 'isdir'], 'Moves the position of a file.'),
  fd_sync: onAny(256, [I32], 'fd_sync', 'Synchronises a file.', [], 'inval'),
  fd_tell: onFile(16, [I32, I32], 'fd_tell', ['spipe', 'isdir'], 'Position of a file.'),
  fd_write: onAny(32, [I32, I32, I32, I32], 'fd_write', 'Writes to a descriptor.', writes),
  path_create_directory: onDirectory(256, [I32, I32, I32], 'path_create_directory', 'Creates a directory.'),
  path_filestat_get: onDirectory(64, [I32, I32, I32, I32, I32], 'path_filestat_get', 'Attributes of a file.'),
  path_filestat_set_times: onDirectory(
    128,
    [I32, I32, I32, I32, I64, I64, I32],
    'path_filestat_set_times',
    'Sets the times of a file.',
  ),
  path_link: onDirectory(256, [I32, I32, I32, I32, I32, I32, I32], 'path_link_source', 'Makes a hard link.'),
  path_open: onDirectory(128, [I32, I32, I32, I32, I32, I64, I64, I32, I32], 'path_open', 'Opens a file.', [
    ...walked,
    'made',
    'sizes',
  ]),
  path_readlink: onDirectory(64, [I32, I32, I32, I32, I32, I32], 'path_readlink', 'Reads a symbolic link.'),
  path_remove_directory: onDirectory(256, [I32, I32, I32], 'path_remove_directory', 'Removes a directory.'),
  path_rename: onDirectory(256, [I32, I32, I32, I32, I32, I32], 'path_rename_source', 'Renames a file.'),
  path_symlink: onDirectory(
    256,
    [I32, I32, I32, I32, I32],
    'path_symlink',
    'Makes a symbolic link.',
    walked,
    2,
  ),
  path_unlink_file: onDirectory(256, [I32, I32, I32], 'path_unlink_file', 'Removes a file.'),
  poll_oneoff: plain(32, [I32, I32, I32, I32], 'Waits for events.', ['subscriptions', 'sleeps']),
  proc_exit: { ...plain(0, [I32], 'Ends the program.'), results: [] },
  proc_raise: plain(16, [I32], 'Sends a signal to the program itself.'),
  sched_yield: plain(16, [], 'Lets others run.'),
  random_get: plain(16, [I32, I32], 'Random bytes.', ['random']),
  sock_accept: onSocket([I32, I32, I32], 'Accepts a connection.'),
  sock_recv: onSocket([I32, I32, I32, I32, I32, I32], 'Receives from a socket.'),
  sock_send: onSocket([I32, I32, I32, I32, I32], 'Sends to a socket.'),
  sock_shutdown: onSocket([I32, I32], 'Shuts a socket down.'),
} as const satisfies Readonly<Record<string, WasiFunctionRow>>;

/** Name of a function of the namespace. */
export type WasiFunctionName = keyof typeof wasiAbi;
/** Names of the functions that work on a subject. */
export type WasiNameOn<S extends Subject> = {
  [K in WasiFunctionName]: (typeof wasiAbi)[K] extends RowOn<S> ? K : never;
}[WasiFunctionName];

/** Offsets of the fields of structures that differ between the two snapshots. */
export interface Layout {
  readonly filestat: {
    readonly size: number;
    readonly nlink: number;
    /** Width of `nlink` in bytes. */
    readonly nlinkWidth: 4 | 8;
    /** Offset of size, atim, mtim and ctim. */
    readonly rest: number;
  };
  readonly subscription: {
    readonly size: number;
    readonly clockId: number;
    readonly timeout: number;
    readonly flags: number;
  };
  /** The meaning of the numbers of `whence`. */
  readonly whence: readonly ('set' | 'current' | 'end')[];
}

/** Layouts by namespace. */
export const layouts: Readonly<Record<typeof WASI_NAMESPACE | typeof WASI_UNSTABLE_NAMESPACE, Layout>> = {
  [WASI_NAMESPACE]: {
    filestat: { size: 64, nlink: 24, nlinkWidth: 8, rest: 32 },
    subscription: { size: 48, clockId: 16, timeout: 24, flags: 40 },
    whence: ['set', 'current', 'end'],
  },
  [WASI_UNSTABLE_NAMESPACE]: {
    filestat: { size: 56, nlink: 20, nlinkWidth: 4, rest: 24 },
    subscription: { size: 56, clockId: 24, timeout: 32, flags: 48 },
    whence: ['current', 'end', 'set'],
  },
};
