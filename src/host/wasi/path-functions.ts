/**
 * The `path_` functions of preview 1. Each resolves its path to a held directory and the name of one entry, and
 * then acts on that entry without following it; see `path-walk.ts`.
 */

import type { FileStat, OpenDirectory } from '../platform/files.ts';
import {
  DIRECTORY_RIGHTS,
  FDFLAGS_ALL,
  FILE_RIGHTS,
  LOOKUP_FOLLOW,
  OFLAG_CREAT,
  OFLAG_DIRECTORY,
  OFLAG_EXCL,
  OFLAG_TRUNC,
  OFLAGS_ALL,
  type Right,
  rights,
  type WasiNameOn,
} from './abi.ts';
import { fd_readdir, readTimes, writeFilestat } from './descriptor-functions.ts';
import type { DirectoryDescriptor, Origin } from './descriptors.ts';
import { ErrnoSignal } from './errno.ts';
import { decodePath, MAX_PATH, meansDirectory, type Place, walkPath } from './path-walk.ts';
import type { Preview1 } from './program.ts';
import type { WasiAnswer, WasiCall } from './wasi-call.ts';

/** The path at parameters `i` and `i + 1`. @throws ErrnoSignal */
const readPath = (call: WasiCall, i: number): string => {
  const bytes = call.memory.slice(call.u32(i), call.u32(i + 1));
  call.did('pathBytes', Math.min(bytes.length, MAX_PATH));
  return decodePath(bytes);
};

const follows = (call: WasiCall, i: number): boolean => (call.u32(i) & LOOKUP_FOLLOW) !== 0;

const requireRight = (descriptor: DirectoryDescriptor, right: Right): void => {
  if ((descriptor.rights & rights[right]) === 0n) throw new ErrnoSignal('notcapable');
};

/** The second descriptor of a function, which must be a directory with a right. @throws ErrnoSignal */
const secondDirectory = (wasi: Preview1, call: WasiCall, i: number, right: Right): DirectoryDescriptor => {
  const descriptor = wasi.descriptors.get(call.u32(i));
  if (descriptor.kind !== 'directory') throw new ErrnoSignal('notdir');
  requireRight(descriptor, right);
  return descriptor;
};

/**
 * Attributes of the entry at a place. @throws ErrnoSignal `noent`, or `notdir` if a trailing slash requires a
 * directory
 */
const statPlace = ({ directory, name, mustBeDirectory }: Place): FileStat => {
  if (name === null) return directory.stat();
  const stat = directory.statEntry(name);
  if (stat === null) throw new ErrnoSignal('noent');
  if (mustBeDirectory && stat.filetype !== 'directory') throw new ErrnoSignal('notdir');
  return stat;
};

/** Runs an action on an existing entry, which is not followed; `whole` is the answer for the directory itself. */
const onEntry = (
  call: WasiCall,
  descriptor: DirectoryDescriptor,
  pathAt: number,
  whole: 'busy' | 'inval' | 'isdir' | 'exist',
  act: (directory: OpenDirectory, name: string, stat: FileStat) => void,
): WasiAnswer =>
  walkPath(call.did, descriptor.directory, readPath(call, pathAt), false, (place) => {
    if (place.name === null) throw new ErrnoSignal(whole);
    act(place.directory, place.name, statPlace(place));
    return 'success';
  });

/** Runs an action on the name of an entry to make. */
const onNewEntry = (
  call: WasiCall,
  descriptor: DirectoryDescriptor,
  pathAt: number,
  makesDirectory: boolean,
  act: (directory: OpenDirectory, name: string) => void,
): WasiAnswer =>
  walkPath(
    call.did,
    descriptor.directory,
    readPath(call, pathAt),
    false,
    ({ directory, name, mustBeDirectory }) => {
      if (name === null) throw new ErrnoSignal('exist');
      if (mustBeDirectory && !makesDirectory) {
        const present = directory.statEntry(name);
        throw new ErrnoSignal(
          present === null ? 'noent' : present.filetype === 'directory' ? 'exist' : 'notdir',
        );
      }
      act(directory, name);
      return 'success';
    },
  );

/** The request of `path_open`. */
interface OpenRequest {
  readonly flags: number;
  readonly fdflags: number;
  readonly rights: bigint;
  readonly inheriting: bigint;
  readonly path: string;
}
/** Rights that need a file open for writing. */
export const WRITING = rights.fd_write | rights.fd_allocate | rights.fd_filestat_set_size;

/** Longest path that is kept for a descriptor; opening descriptors repeatedly down and up makes it longer. */
const MAX_ORIGIN = 16_384;

/** The origin of the entry that a path names. */
const originOf = ({ origin }: DirectoryDescriptor, { path }: OpenRequest): Origin => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const whole = [...(origin.path ? [origin.path] : []), ...parts].join('/');
  const isKnown = origin.path !== null && whole.length <= MAX_ORIGIN;
  return { tree: origin.tree, path: isKnown ? whole : null };
};

const has = ({ flags }: OpenRequest, flag: number): boolean => (flags & flag) !== 0;

const openDirectoryAt = (
  wasi: Preview1,
  parent: DirectoryDescriptor,
  { directory, name }: Place,
  request: OpenRequest,
): number => {
  if (has(request, OFLAG_CREAT) && has(request, OFLAG_EXCL)) throw new ErrnoSignal('exist');
  const changes = has(request, OFLAG_CREAT) || has(request, OFLAG_TRUNC);
  if (changes || (request.rights & rights.fd_write) !== 0n) throw new ErrnoSignal('isdir');
  return wasi.descriptors.add({
    kind: 'directory',
    origin: originOf(parent, request),
    directory: name === null ? directory.reopen() : directory.openDirectory(name),
    preopenName: null,
    flags: request.fdflags,
    rights: request.rights & parent.inheriting & DIRECTORY_RIGHTS,
    inheriting: request.inheriting & parent.inheriting,
  });
};

const openFileAt = (
  wasi: Preview1,
  parent: DirectoryDescriptor,
  { directory, name }: Place,
  request: OpenRequest,
  create: boolean,
): number => {
  const writes = (request.rights & WRITING & parent.inheriting) !== 0n;
  const reads = (request.rights & rights.fd_read) !== 0n;
  const truncate = has(request, OFLAG_TRUNC) && !create;
  const file = directory.openFile(name!, { read: reads || !writes, write: writes, create, truncate });
  return wasi.descriptors.add({
    kind: 'file',
    origin: originOf(parent, request),
    file,
    position: 0,
    flags: request.fdflags,
    rights: request.rights & parent.inheriting & FILE_RIGHTS,
    inheriting: 0n,
  });
};

const openPlace = (
  wasi: Preview1,
  call: WasiCall,
  parent: DirectoryDescriptor,
  place: Place,
  request: OpenRequest,
): number => {
  const { directory, name, mustBeDirectory } = place;
  if (name === null) return openDirectoryAt(wasi, parent, place, request);
  const present = directory.statEntry(name);
  const filetype = present?.filetype;
  if (filetype === 'directory') return openDirectoryAt(wasi, parent, place, request);
  if (filetype === undefined) {
    if (!has(request, OFLAG_CREAT)) throw new ErrnoSignal('noent');
    if (mustBeDirectory) throw new ErrnoSignal('isdir');
    requireRight(parent, 'path_create_file');
    call.did('made', 1);
    try {
      return openFileAt(wasi, parent, place, request, true);
    } catch (error) {
      // Another process was faster; then it is as if the file had existed.
      if (!(error instanceof ErrnoSignal) || error.name !== 'exist' || has(request, OFLAG_EXCL)) throw error;
      return openFileAt(wasi, parent, place, request, false);
    }
  }
  if (has(request, OFLAG_CREAT) && has(request, OFLAG_EXCL)) throw new ErrnoSignal('exist');
  if (filetype === 'symbolic-link') throw new ErrnoSignal('loop');
  if (mustBeDirectory || has(request, OFLAG_DIRECTORY)) throw new ErrnoSignal('notdir');
  if (has(request, OFLAG_TRUNC)) call.did('sizes', Number(present!.size));
  return openFileAt(wasi, parent, place, request, false);
};

const pathOpen = (wasi: Preview1, call: WasiCall, parent: DirectoryDescriptor): WasiAnswer => {
  const flags = { flags: call.u32(4), rights: call.u64(5), inheriting: call.u64(6), fdflags: call.u32(7) };
  const path = readPath(call, 2);
  const request = { ...flags, path };
  call.memory.slice(call.u32(8), 4);
  if (request.flags > OFLAGS_ALL || request.fdflags > FDFLAGS_ALL) return 'inval';
  if (has(request, OFLAG_CREAT) && has(request, OFLAG_DIRECTORY)) return 'inval';
  // A file that is opened to read or write must be able to; other rights are only masked.
  if ((request.rights & ~parent.inheriting & (rights.fd_read | rights.fd_write)) !== 0n) return 'notcapable';
  if (has(request, OFLAG_TRUNC)) requireRight(parent, 'path_filestat_set_size');
  wasi.descriptors.requireRoom();
  // POSIX: an exclusive open does not follow the last link, dangling or not.
  const isExclusive = has(request, OFLAG_CREAT) && has(request, OFLAG_EXCL);
  const followsLast = !isExclusive && (follows(call, 1) || meansDirectory(path));
  const number = walkPath(call.did, parent.directory, path, followsLast, (place) =>
    openPlace(wasi, call, parent, place, request),
  );
  call.memory.writeU32(call.u32(8), number);
  return 'success';
};

const pathRename = (wasi: Preview1, call: WasiCall, from: DirectoryDescriptor): WasiAnswer => {
  const to = secondDirectory(wasi, call, 3, 'path_rename_target');
  const target = readPath(call, 4);
  return onEntry(call, from, 1, 'busy', (directory, name, { filetype }) => {
    walkPath(call.did, to.directory, target, false, (place) => {
      if (place.name === null) throw new ErrnoSignal('busy');
      if (place.mustBeDirectory && filetype !== 'directory') throw new ErrnoSignal('notdir');
      directory.rename(name, place.directory, place.name);
    });
  });
};

const pathLink = (wasi: Preview1, call: WasiCall, from: DirectoryDescriptor): WasiAnswer => {
  const to = secondDirectory(wasi, call, 4, 'path_link_target');
  // POSIX systems may or may not allow a hard link to the target of a symbolic link.
  if (follows(call, 1)) return 'inval';
  return onEntry(call, from, 2, 'inval', (directory, name, { filetype }) => {
    onNewEntry(call, to, 5, false, (place, newName) => {
      if (filetype === 'directory') throw new ErrnoSignal('perm');
      directory.link(name, place, newName);
    });
  });
};

const pathSymlink = (call: WasiCall, descriptor: DirectoryDescriptor): WasiAnswer => {
  const target = readPath(call, 0);
  // It would lead out, here and for everything else that walks these directories.
  if (target.startsWith('/')) return 'notcapable';
  return onNewEntry(call, descriptor, 3, false, (directory, name) => directory.createLink(name, target));
};

const pathReadlink = (wasi: Preview1, call: WasiCall, descriptor: DirectoryDescriptor): WasiAnswer => {
  const buffer = call.memory.slice(call.u32(3), call.u32(4));
  call.memory.slice(call.u32(5), 4);
  return onEntry(call, descriptor, 1, 'inval', (directory, name) => {
    const target = directory.readLink(name);
    const text = wasi.encodeName(target);
    call.did('pathBytes', text.length);
    // The text of an absolute link would reveal locations on the host.
    if (target.startsWith('/')) throw new ErrnoSignal('notcapable');
    const bytes = text.subarray(0, buffer.length);
    buffer.set(bytes);
    call.moved(bytes.length);
    call.memory.writeU32(call.u32(5), bytes.length);
  });
};

/** Code of the functions that work on directories. */
export const directoryFunctions: Readonly<
  Record<
    WasiNameOn<'directory'>,
    (wasi: Preview1, call: WasiCall, descriptor: DirectoryDescriptor) => WasiAnswer
  >
> = {
  fd_readdir,
  path_create_directory: (_, call, descriptor) =>
    onNewEntry(call, descriptor, 1, true, (directory, name) => directory.createDirectory(name)),
  path_filestat_get: (_, call, descriptor) => {
    const path = readPath(call, 2);
    call.memory.slice(call.u32(4), call.layout.filestat.size);
    const stat = walkPath(
      call.did,
      descriptor.directory,
      path,
      follows(call, 1) || meansDirectory(path),
      statPlace,
    );
    return writeFilestat(call, call.u32(4), stat);
  },
  path_filestat_set_times: (wasi, call, descriptor) => {
    const path = readPath(call, 2);
    const times = readTimes(wasi, call, 4);
    return walkPath(
      call.did,
      descriptor.directory,
      path,
      follows(call, 1) || meansDirectory(path),
      (place) => {
        statPlace(place);
        if (place.name === null) place.directory.setTimes(times);
        else place.directory.setEntryTimes(place.name, times);
        return 'success';
      },
    );
  },
  path_link: pathLink,
  path_open: pathOpen,
  path_readlink: pathReadlink,
  path_remove_directory: (_, call, descriptor) =>
    onEntry(call, descriptor, 1, 'inval', (directory, name) => directory.removeDirectory(name)),
  path_rename: pathRename,
  path_symlink: (_, call, descriptor) => pathSymlink(call, descriptor),
  path_unlink_file: (_, call, descriptor) =>
    onEntry(call, descriptor, 1, 'isdir', (directory, name, { filetype }) => {
      // Hosts differ in the error for this.
      if (filetype === 'directory') throw new ErrnoSignal('isdir');
      directory.removeFile(name);
    }),
};
