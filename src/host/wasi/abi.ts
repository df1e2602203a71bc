/**
 * WASI preview 1: every function of the namespace with its type, its price and, where there is no code for it
 * yet, what it answers. Also the numbers of errors, clocks and file types.
 *
 * Names, types and errnos are written here only; wrapper, link checks and documentation derive from them.
 */
import { I32, I64, type ValType } from '../../syntax/types.ts';

/** The namespace of preview 1. */
export const WASI_NAMESPACE = 'wasi_snapshot_preview1';

/** Error numbers that are answered; those of the standard. */
export const errno = {
  success: 0,
  badf: 8,
  fault: 21,
  inval: 28,
  io: 29,
  nosys: 52,
  notdir: 54,
  notsock: 57,
  spipe: 70,
  notcapable: 76,
} as const;
export type Errno = keyof typeof errno;

/** Identifiers of clocks. */
export const CLOCK_REALTIME = 0;
/** The highest identifier; everything but the real time is measured on the monotonic clock. */
export const CLOCK_LAST = 3;

export const FILETYPE_CHARACTER_DEVICE = 2;

/** Tags of subscriptions and events. */
export const EVENT_CLOCK = 0;
export const EVENT_FD_READ = 1;
export const EVENT_FD_WRITE = 2;
/** Flag of a clock subscription: its timeout is a point in time. */
export const SUBSCRIPTION_ABSTIME = 1;

/** Rights of descriptors that are streams. */
export const RIGHT_FD_READ = 1n << 1n;
export const RIGHT_FD_FDSTAT_SET_FLAGS = 1n << 3n;
export const RIGHT_FD_WRITE = 1n << 6n;
export const RIGHT_FD_FILESTAT_GET = 1n << 21n;
export const RIGHT_POLL_FD_READWRITE = 1n << 27n;
/** All flags of a descriptor. */
export const FDFLAGS_ALL = 31;

/** One function of preview 1. Fuel is on top of the schedule's `hostCall`; bytes moved cost extra. */
export interface WasiFunctionRow {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly fuel: number;
  /** What a stream descriptor answers, where the function has no code; null where it has. */
  readonly onStream: Errno | null;
  /** Which parameter is the descriptor that decides; for rows without code. */
  readonly fdParam: number;
  readonly summary: string;
}

interface RowWithCode extends WasiFunctionRow {
  readonly onStream: null;
}
interface RowWithoutCode extends WasiFunctionRow {
  readonly onStream: Errno;
}

const coded = (params: readonly ValType[], fuel: number, summary: string): RowWithCode => ({
  params,
  results: [I32],
  fuel,
  onStream: null,
  fdParam: 0,
  summary,
});
const refused = (
  params: readonly ValType[],
  onStream: Errno,
  summary: string,
  fdParam = 0,
): RowWithoutCode => ({
  params,
  results: [I32],
  fuel: 4,
  onStream,
  fdParam,
  summary,
});

/** Every function of the namespace. Key = import name. */
export const wasiAbi = {
  args_get: coded([I32, I32], 8, 'Writes the arguments.'),
  args_sizes_get: coded([I32, I32], 4, 'Number and total size of the arguments.'),
  environ_get: coded([I32, I32], 8, 'Writes the environment.'),
  environ_sizes_get: coded([I32, I32], 4, 'Number and total size of the environment.'),
  clock_res_get: coded([I32, I32], 4, 'Resolution of a clock.'),
  clock_time_get: coded([I32, I64, I32], 4, 'Reads a clock.'),
  fd_advise: refused([I32, I64, I64, I32], 'spipe', 'Advice on the use of a file.'),
  fd_allocate: refused([I32, I64, I64], 'spipe', 'Allocates space in a file.'),
  fd_close: coded([I32], 4, 'Closes a descriptor.'),
  fd_datasync: refused([I32], 'inval', 'Synchronises the data of a file.'),
  fd_fdstat_get: coded([I32, I32], 4, 'Kind, flags and rights of a descriptor.'),
  fd_fdstat_set_flags: coded([I32, I32], 4, 'Sets the flags of a descriptor.'),
  fd_fdstat_set_rights: coded([I32, I64, I64], 4, 'Gives up rights of a descriptor.'),
  fd_filestat_get: coded([I32, I32], 4, 'Attributes of an open file.'),
  fd_filestat_set_size: refused([I32, I64], 'inval', 'Sets the size of an open file.'),
  fd_filestat_set_times: refused([I32, I64, I64, I32], 'inval', 'Sets the times of an open file.'),
  fd_pread: refused([I32, I32, I32, I64, I32], 'spipe', 'Reads at an offset.'),
  fd_prestat_get: refused([I32, I32], 'badf', 'Describes a pre-opened directory.'),
  fd_prestat_dir_name: refused([I32, I32, I32], 'badf', 'Name of a pre-opened directory.'),
  fd_pwrite: refused([I32, I32, I32, I64, I32], 'spipe', 'Writes at an offset.'),
  fd_read: coded([I32, I32, I32, I32], 8, 'Reads from a descriptor.'),
  fd_readdir: refused([I32, I32, I32, I64, I32], 'notdir', 'Lists a directory.'),
  fd_renumber: coded([I32, I32], 4, 'Moves a descriptor to another number.'),
  fd_seek: refused([I32, I64, I32, I32], 'spipe', 'Moves the position of a file.'),
  fd_sync: refused([I32], 'inval', 'Synchronises a file.'),
  fd_tell: refused([I32, I32], 'spipe', 'Position of a file.'),
  fd_write: coded([I32, I32, I32, I32], 8, 'Writes to a descriptor.'),
  path_create_directory: refused([I32, I32, I32], 'notdir', 'Creates a directory.'),
  path_filestat_get: refused([I32, I32, I32, I32, I32], 'notdir', 'Attributes of a file.'),
  path_filestat_set_times: refused(
    [I32, I32, I32, I32, I64, I64, I32],
    'notdir',
    'Sets the times of a file.',
  ),
  path_link: refused([I32, I32, I32, I32, I32, I32, I32], 'notdir', 'Makes a hard link.'),
  path_open: refused([I32, I32, I32, I32, I32, I64, I64, I32, I32], 'notdir', 'Opens a file.'),
  path_readlink: refused([I32, I32, I32, I32, I32, I32], 'notdir', 'Reads a symbolic link.'),
  path_remove_directory: refused([I32, I32, I32], 'notdir', 'Removes a directory.'),
  path_rename: refused([I32, I32, I32, I32, I32, I32], 'notdir', 'Renames a file.'),
  path_symlink: refused([I32, I32, I32, I32, I32], 'notdir', 'Makes a symbolic link.', 2),
  path_unlink_file: refused([I32, I32, I32], 'notdir', 'Removes a file.'),
  poll_oneoff: coded([I32, I32, I32, I32], 16, 'Waits for events.'),
  proc_exit: { ...coded([I32], 0, 'Ends the program.'), results: [] },
  proc_raise: coded([I32], 0, 'Sends a signal to the program itself.'),
  sched_yield: coded([], 0, 'Lets others run.'),
  random_get: coded([I32, I32], 8, 'Random bytes.'),
  sock_accept: refused([I32, I32, I32], 'notsock', 'Accepts a connection.'),
  sock_recv: refused([I32, I32, I32, I32, I32, I32], 'notsock', 'Receives from a socket.'),
  sock_send: refused([I32, I32, I32, I32, I32], 'notsock', 'Sends to a socket.'),
  sock_shutdown: refused([I32, I32], 'notsock', 'Shuts a socket down.'),
} as const satisfies Readonly<Record<string, WasiFunctionRow>>;

/** Name of a function of the namespace. */
export type WasiFunctionName = keyof typeof wasiAbi;
/** Names of the functions that have code. */
export type CodedWasiName = {
  [K in WasiFunctionName]: (typeof wasiAbi)[K] extends { readonly onStream: null } ? K : never;
}[WasiFunctionName];
