/** The `fd_` functions of preview 1: reading, writing and attributes of descriptors. */

import type { DirectoryEntry, FileStat, FileTimes, OpenFile } from '../platform/files.ts';
import {
  FDFLAG_APPEND,
  FDFLAG_DSYNC,
  FDFLAG_SYNC,
  FDFLAGS_ALL,
  FSTFLAG_ATIM,
  FSTFLAG_ATIM_NOW,
  FSTFLAG_MTIM,
  FSTFLAG_MTIM_NOW,
  FSTFLAGS_ALL,
  filetypes,
  type WasiNameOn,
} from './abi.ts';
import {
  type Descriptor,
  type DirectoryDescriptor,
  type FileDescriptor,
  filetypeOf,
  type Stream,
} from './descriptors.ts';
import { ErrnoSignal } from './errno.ts';
import { MAX_VECTORS } from './guest-memory.ts';
import type { Preview1 } from './program.ts';
import { memoryOf, type WasiAnswer, type WasiCall } from './wasi-call.ts';

/** Largest size that a guest can give a file: beyond the size of disks, and far below the limit of exact numbers. */
const MAX_FILE_SIZE = 2 ** 43;
const ADVICE_LAST = 5;
const PREOPEN_DIRECTORY = 0;
const PRESTAT_SIZE = 8;
const FDSTAT_SIZE = 24;
const DIRENT_SIZE = 24;
/** Most entries of one listing; directories with more cannot be listed. */
const MAX_ENTRIES = 1 << 18;

/** A 64-bit operand as a position in a file. @throws ErrnoSignal */
const toPosition = (value: bigint): number => {
  if (BigInt.asIntN(64, value) < 0n) throw new ErrnoSignal('inval');
  if (value > BigInt(MAX_FILE_SIZE)) throw new ErrnoSignal('fbig');
  return Number(value);
};

/** Writes attributes in the layout of the caller's snapshot. */
export const writeFilestat = (call: WasiCall, at: number, stat: FileStat): WasiAnswer => {
  const { memory, layout } = call;
  const { size, nlink, nlinkWidth, rest } = layout.filestat;
  memory.slice(at, size).fill(0);
  memory.writeU64(at, stat.dev);
  memory.writeU64(at + 8, stat.ino);
  memory.writeU8(at + 16, filetypes[stat.filetype]);
  if (nlinkWidth === 8) memory.writeU64(at + nlink, stat.nlink);
  else memory.writeU32(at + nlink, Number(stat.nlink));
  [stat.size, stat.atim, stat.mtim, stat.ctim].forEach((value, i) => {
    memory.writeU64(at + rest + 8 * i, value);
  });
  return 'success';
};

/** Times to set, from the operands `first` (atim), `first + 1` (mtim) and `first + 2` (flags). @throws ErrnoSignal */
export const readTimes = (wasi: Preview1, call: WasiCall, first: number): FileTimes => {
  const flags = call.u32(first + 2);
  const choose = (own: bigint, fixed: number, current: number): bigint | null => {
    if ((flags & fixed) !== 0 && (flags & current) !== 0) throw new ErrnoSignal('inval');
    if ((flags & current) !== 0) return wasi.clock.realtime();
    return (flags & fixed) === 0 ? null : own;
  };
  if (flags > FSTFLAGS_ALL) throw new ErrnoSignal('inval');
  return {
    atim: choose(call.u64(first), FSTFLAG_ATIM, FSTFLAG_ATIM_NOW),
    mtim: choose(call.u64(first + 1), FSTFLAG_MTIM, FSTFLAG_MTIM_NOW),
  };
};

/** The buffers of the vectors at parameters 1 and 2, before anything is moved. @throws ErrnoSignal */
const buffersOf = (call: WasiCall): Uint8Array[] => {
  const count = call.u32(2);
  call.did('buffers', Math.min(count, MAX_VECTORS));
  return call.memory.vectors(call.u32(1), count);
};

/** Moves bytes between buffers and a descriptor; the count goes to parameter `countAt`. */
const transfer = (
  call: WasiCall,
  buffers: readonly Uint8Array[],
  countAt: number,
  move: (buffer: Uint8Array) => number,
): WasiAnswer => {
  let total = 0;
  call.memory.slice(call.u32(countAt), 4);
  for (const buffer of buffers) {
    if (buffer.length === 0) continue;
    call.did('transfers', 1);
    const count = move(buffer);
    call.moved(count);
    total += count;
    if (count < buffer.length) break;
  }
  call.memory.writeU32(call.u32(countAt), total);
  return 'success';
};

/** Returns what a stream has read. A stream returns what it has: never more than one chunk per call. */
const readStream = (wasi: Preview1, read: NonNullable<Stream['read']>, call: WasiCall): WasiAnswer => {
  const buffers = buffersOf(call);
  const room = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  call.memory.slice(call.u32(3), 4);
  const deliver = (current: WasiCall, into: readonly Uint8Array[], chunk: Uint8Array): WasiAnswer => {
    let at = 0;
    return transfer(current, into, 3, (buffer) => {
      const part = chunk.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.length;
      return part.length;
    });
  };
  const chunk = room === 0 ? new Uint8Array(0) : read(room);
  if (chunk instanceof Uint8Array) return deliver(call, buffers, chunk.subarray(0, room));
  // After waiting, the operands are no longer in place, and the memory may have been replaced.
  const operands = [0, 1, 2, 3].map(call.u32);
  return chunk.then((late) => () => {
    const current = { ...call, memory: memoryOf(wasi, call.caller), u32: (i: number) => operands[i]! };
    const into = current.memory.vectors(current.u32(1), current.u32(2));
    deliver(current, into, late.subarray(0, room));
    return 'success';
  });
};

/** @param known size of the file, if known */
const writeFile = (
  descriptor: FileDescriptor,
  call: WasiCall,
  countAt: number,
  start: number,
  known: number | null,
): number => {
  const { file, flags } = descriptor;
  let position = start;
  transfer(call, buffersOf(call), countAt, (buffer) => {
    if (position + buffer.length > MAX_FILE_SIZE) throw new ErrnoSignal('fbig');
    // The gap between the end and the first byte becomes zeros.
    const gap = position > start || start === 0 ? 0 : start - (known ?? Number(file.stat().size));
    const count = file.write(buffer, position);
    call.did('sizes', Math.max(0, gap));
    position += count;
    return count;
  });
  if ((flags & (FDFLAG_SYNC | FDFLAG_DSYNC)) !== 0) {
    call.did('syncs', 1);
    file.sync();
  }
  return position;
};

const readFile = (descriptor: FileDescriptor, call: WasiCall, countAt: number, start: number): number => {
  let position = start;
  transfer(call, buffersOf(call), countAt, (buffer) => {
    const count = descriptor.file.read(buffer, position);
    position += count;
    return count;
  });
  return position;
};

const resize = (call: WasiCall, file: OpenFile, from: number, to: number): void => {
  file.setSize(to);
  call.did('sizes', Math.abs(to - from));
};

const sync = (descriptor: Descriptor): WasiAnswer => {
  if (descriptor.kind === 'stream') return 'inval';
  if (descriptor.kind === 'file') descriptor.file.sync();
  else descriptor.directory.sync();
  return 'success';
};

const seek = (call: WasiCall, descriptor: FileDescriptor): WasiAnswer => {
  const origin = call.layout.whence[call.u32(2)];
  if (origin === undefined) return 'inval';
  call.memory.slice(call.u32(3), 8);
  const base =
    origin === 'set' ? 0n : origin === 'end' ? descriptor.file.stat().size : BigInt(descriptor.position);
  const target = base + BigInt.asIntN(64, call.u64(1));
  if (target < 0n) return 'inval';
  if (target > BigInt(MAX_FILE_SIZE)) return 'overflow';
  descriptor.position = Number(target);
  call.memory.writeU64(call.u32(3), target);
  return 'success';
};

const preopenName = (descriptor: Descriptor): Uint8Array => {
  if (descriptor.kind !== 'directory' || descriptor.preopenName === null) throw new ErrnoSignal('badf');
  return descriptor.preopenName;
};

/** One entry of a listing in the guest's form. */
const direntOf = (
  descriptor: DirectoryDescriptor,
  entry: DirectoryEntry,
  next: number,
  name: Uint8Array,
): Uint8Array => {
  const { directory } = descriptor;
  // The parent's number would reveal something outside of a pre-opened directory.
  const isDots = entry.name === '.' || entry.name === '..';
  const ino = isDots ? directory.stat().ino : (directory.statEntry(entry.name)?.ino ?? 0n);
  const bytes = new Uint8Array(DIRENT_SIZE + name.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setBigUint64(8, ino, true);
  view.setUint32(16, name.length, true);
  view.setUint8(20, filetypes[entry.filetype]);
  bytes.set(name, DIRENT_SIZE);
  return bytes;
};

const dots: readonly DirectoryEntry[] = [
  { name: '.', filetype: 'directory' },
  { name: '..', filetype: 'directory' },
];

const readDirectory = (wasi: Preview1, call: WasiCall, descriptor: DirectoryDescriptor): WasiAnswer => {
  const buffer = call.memory.slice(call.u32(1), call.u32(2));
  call.memory.slice(call.u32(4), 4);
  const cookie = call.u64(3);
  const entries = wasi.descriptors.listing(descriptor, cookie === 0n, () => {
    // The whole listing is read, even if little of it fits into the buffer.
    const found = descriptor.directory.entries(MAX_ENTRIES);
    call.did('listed', found?.length ?? MAX_ENTRIES);
    if (found === null) throw new ErrnoSignal('overflow');
    return [...dots, ...found];
  });
  let used = 0;
  // A cookie is the position in the listing; one beyond its end reads nothing.
  for (let i = Number(cookie); i < entries.length && used < buffer.length; i++) {
    const entry = entries[i]!;
    call.did('entries', 1);
    const dirent = direntOf(descriptor, entry, i + 1, wasi.encodeName(entry.name));
    const part = dirent.subarray(0, buffer.length - used);
    buffer.set(part, used);
    used += part.length;
  }
  call.moved(used);
  call.memory.writeU32(call.u32(4), used);
  return 'success';
};

/** Code of the functions that work on any descriptor. */
export const anyDescriptorFunctions: Readonly<
  Record<WasiNameOn<'descriptor'>, (wasi: Preview1, call: WasiCall, descriptor: Descriptor) => WasiAnswer>
> = {
  fd_close: (wasi, call) => {
    wasi.descriptors.close(call.u32(0));
    return 'success';
  },
  fd_datasync: (_, __, descriptor) => sync(descriptor),
  fd_sync: (_, __, descriptor) => sync(descriptor),
  fd_fdstat_get: (_, { memory, u32 }, descriptor) => {
    const at = u32(1);
    memory.slice(at, FDSTAT_SIZE).fill(0);
    memory.writeU8(at, filetypes[filetypeOf(descriptor)]);
    memory.writeU16(at + 2, descriptor.flags);
    memory.writeU64(at + 8, descriptor.rights);
    memory.writeU64(at + 16, descriptor.inheriting);
    return 'success';
  },
  fd_fdstat_set_flags: (_, call, descriptor) => {
    if (call.u32(1) > FDFLAGS_ALL) return 'inval';
    descriptor.flags = call.u32(1);
    return 'success';
  },
  fd_fdstat_set_rights: (_, call, descriptor) => {
    const [own, inheriting] = [call.u64(1), call.u64(2)];
    if ((own & ~descriptor.rights) !== 0n || (inheriting & ~descriptor.inheriting) !== 0n)
      return 'notcapable';
    descriptor.rights = own;
    descriptor.inheriting = inheriting;
    return 'success';
  },
  fd_filestat_get: (_, call, descriptor) => {
    if (descriptor.kind === 'file') return writeFilestat(call, call.u32(1), descriptor.file.stat());
    if (descriptor.kind === 'directory') return writeFilestat(call, call.u32(1), descriptor.directory.stat());
    call.memory.slice(call.u32(1), call.layout.filestat.size).fill(0);
    call.memory.writeU8(call.u32(1) + 16, filetypes['character-device']);
    return 'success';
  },
  fd_filestat_set_times: (wasi, call, descriptor) => {
    if (descriptor.kind === 'stream') return 'inval';
    const times = readTimes(wasi, call, 1);
    if (descriptor.kind === 'file') descriptor.file.setTimes(times);
    else descriptor.directory.setTimes(times);
    return 'success';
  },
  fd_prestat_get: (_, call, descriptor) => {
    const name = preopenName(descriptor);
    call.memory.slice(call.u32(1), PRESTAT_SIZE).fill(0);
    call.memory.writeU8(call.u32(1), PREOPEN_DIRECTORY);
    call.memory.writeU32(call.u32(1) + 4, name.length);
    return 'success';
  },
  fd_prestat_dir_name: (_, call, descriptor) => {
    const name = preopenName(descriptor);
    if (call.u32(2) < name.length) return 'nametoolong';
    call.moved(name.length);
    call.memory.slice(call.u32(1), name.length).set(name);
    return 'success';
  },
  fd_read: (wasi, call, descriptor) => {
    if (descriptor.kind === 'directory') return 'isdir';
    if (descriptor.kind === 'stream')
      return descriptor.read === null ? 'badf' : readStream(wasi, descriptor.read, call);
    descriptor.position = readFile(descriptor, call, 3, descriptor.position);
    return 'success';
  },
  fd_write: (_, call, descriptor) => {
    if (descriptor.kind === 'directory') return 'isdir';
    if (descriptor.kind === 'file') {
      const isAppend = (descriptor.flags & FDFLAG_APPEND) !== 0;
      const end = isAppend ? Number(descriptor.file.stat().size) : null;
      descriptor.position = writeFile(descriptor, call, 3, end ?? descriptor.position, end);
      return 'success';
    }
    const { write } = descriptor;
    if (write === null) return 'badf';
    return transfer(call, buffersOf(call), 3, (buffer) => {
      write(buffer.slice());
      return buffer.length;
    });
  },
  fd_renumber: (wasi, call) => {
    wasi.descriptors.renumber(call.u32(0), call.u32(1));
    return 'success';
  },
};

/** Code of the functions that work on regular files. */
export const fileFunctions: Readonly<
  Record<WasiNameOn<'file'>, (wasi: Preview1, call: WasiCall, descriptor: FileDescriptor) => WasiAnswer>
> = {
  fd_advise: (_, call) => {
    if (call.u32(3) > ADVICE_LAST) return 'inval';
    toPosition(call.u64(1));
    return BigInt.asIntN(64, call.u64(2)) < 0n ? 'inval' : 'success';
  },
  fd_allocate: (_, call, { file }) => {
    if (call.u64(2) === 0n) return 'inval';
    const end = toPosition(BigInt(toPosition(call.u64(1)) + toPosition(call.u64(2))));
    const size = Number(file.stat().size);
    if (end > size) resize(call, file, size, end);
    return 'success';
  },
  fd_filestat_set_size: (_, call, { file }) => {
    resize(call, file, Number(file.stat().size), toPosition(call.u64(1)));
    return 'success';
  },
  fd_pread: (_, call, descriptor) => {
    readFile(descriptor, call, 4, toPosition(call.u64(3)));
    return 'success';
  },
  // At the offset even with `append`, as in POSIX; only Linux differs.
  fd_pwrite: (_, call, descriptor) => {
    writeFile(descriptor, call, 4, toPosition(call.u64(3)), null);
    return 'success';
  },
  fd_seek: (_, call, descriptor) => seek(call, descriptor),
  fd_tell: (_, call, descriptor) => {
    call.memory.writeU64(call.u32(1), BigInt(descriptor.position));
    return 'success';
  },
};

/** Lists a directory; the only `fd_` function for directories alone. */
export const fd_readdir = readDirectory;
