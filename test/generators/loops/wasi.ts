/**
 * Loops of the functions of WASI, on the tree of `surroundings.ts`. What is dear about them are paths with many
 * components and links, many small buffers, large ones, long listings, descriptors, and what makes files grow.
 */
import { rights, type WasiFunctionName, wasiAbi } from '../../../src/host/wasi/abi.ts';
import type { Instruction } from '../../assembler.ts';
import { type Forms, i32, i64, type NoLoop } from './loop.ts';
import {
  ALL_RIGHTS,
  CREAT,
  clocks,
  close,
  DATA,
  empty,
  FD,
  files,
  formsFor,
  helper,
  MAX_SUBSCRIPTIONS,
  MAX_VECTORS,
  manyDescriptors,
  ONE_MIB,
  OUT,
  OWN,
  onFile,
  onNew,
  open,
  opened,
  type Parts,
  path,
  ROOM,
  ROOT,
  rewind,
  type Text,
  TRUNC,
  unlink,
  VECTORS,
  vectors,
} from './wasi-parts.ts';

/** Functions of paths: each kind of path, and one that leads nowhere. */
const pathForms = (
  name: WasiFunctionName,
  turn: (text: Text) => readonly Instruction[],
  parts: Parts = {},
): Forms =>
  formsFor(name)({
    cheap: [turn('file'), parts],
    dear: [turn('walk'), parts],
    down: [turn('down'), parts],
    links: [turn('links'), parts],
    linked: [turn('linked'), parts],
    dots: [turn('dots'), parts],
    missing: [turn('missing'), parts],
  });
/** Functions that make an entry: it is removed again at once. */
const makingForms = (
  name: WasiFunctionName,
  turn: (text: Text) => readonly Instruction[],
  undo: (text: Text) => readonly Instruction[],
): Forms =>
  formsFor(name)({
    cheap: [[...turn('new'), ...undo('new')]],
    dear: [[...turn('walkNew'), ...undo('new')]],
    exists: [turn('file')],
  });
const onDescriptor = (name: WasiFunctionName, operands: readonly Instruction[]): Forms =>
  formsFor(name)({
    cheap: [[FD, ...operands, ...OWN], { before: onFile }],
    dear: [[ROOT, ...operands, ...OWN], { before: manyDescriptors, times: 16 }],
    stream: [[i32(1), ...operands, ...OWN], { times: 16 }],
    closed: [[i32(99_999), ...operands, ...OWN], { times: 16 }],
  });
const syncForms = (name: 'fd_sync' | 'fd_datasync'): Forms =>
  formsFor(name)({
    cheap: [[FD, ...OWN], { before: onFile }],
    dear: [
      [...rewind, FD, i32(VECTORS), i32(1), i32(OUT), ...helper('fd_write'), FD, ...OWN],
      { before: onNew, bytes: vectors(1, 0x1_0000) },
    ],
  });
/** Reads and writes; `operands` follow descriptor and vectors. */
const transferForms = (
  name: 'fd_read' | 'fd_write' | 'fd_pread' | 'fd_pwrite',
  first: readonly Instruction[],
  operands: readonly Instruction[],
): Forms => {
  const writes = name.endsWith('write');
  const before = writes ? onNew : onFile;
  const turn = (count: number): Instruction[] => [
    ...first,
    FD,
    i32(VECTORS),
    i32(count),
    ...operands,
    ...OWN,
  ];
  return formsFor(name)({
    cheap: [turn(1), { before, bytes: vectors(1, 1) }],
    dear: [turn(MAX_VECTORS), { before, bytes: vectors(MAX_VECTORS, 1) }],
    large: [turn(1), { before, bytes: vectors(1, ROOM) }],
    'a page': [turn(1), { before, bytes: vectors(1, 0x1_0000) }],
    'empty buffers': [turn(MAX_VECTORS), { before, bytes: vectors(MAX_VECTORS, 0) }],
    ...(writes && { growing: [[...turn(1), ...empty], { before, bytes: vectors(1, 0x1_0000) }] }),
    ...(name === 'fd_pwrite' && {
      gap: [
        [FD, i32(VECTORS), i32(1), i64(32 * ONE_MIB), i32(OUT), ...OWN, ...empty],
        { before, bytes: vectors(1, 1) },
      ],
    }),
  });
};
const stringForms = (name: WasiFunctionName): Forms =>
  formsFor(name)({
    cheap: [[i32(VECTORS), i32(DATA), ...OWN], { needs: { strings: { count: 1, length: 1 } } }],
    dear: [[i32(VECTORS), i32(DATA), ...OWN], { needs: { strings: { count: 5000, length: 0 } } }],
    long: [[i32(VECTORS), i32(DATA), ...OWN], { needs: { strings: { count: 1, length: ROOM >> 1 } } }],
  });
const socketForms = (name: WasiFunctionName): Forms => {
  const operands = wasiAbi[name].params.slice(1).map(() => i32(0));
  return formsFor(name)({
    cheap: [[ROOT, ...operands, ...OWN]],
    dear: [[FD, ...operands, ...OWN], { before: onFile, times: 16 }],
  });
};
/** Rights without those that need a file. */
const READING = ALL_RIGHTS & ~rights.fd_write;
const times = [i64(1), i64(1), i32(5)];
const setTimesNow = [i64(1), i64(1), i32(10)];

/** The loops, by function. */
export const wasiLoops: Readonly<Record<WasiFunctionName, Forms | NoLoop>> = {
  args_get: stringForms('args_get'),
  args_sizes_get: stringForms('args_sizes_get'),
  environ_get: stringForms('environ_get'),
  environ_sizes_get: stringForms('environ_sizes_get'),
  clock_res_get: formsFor('clock_res_get')({
    cheap: [[i32(0), i32(OUT), ...OWN]],
    dear: [[i32(3), i32(OUT), ...OWN], { times: 16 }],
  }),
  clock_time_get: formsFor('clock_time_get')({
    cheap: [[i32(0), i64(1), i32(OUT), ...OWN]],
    dear: [[i32(1), i64(1), i32(OUT), ...OWN], { times: 16 }],
  }),
  fd_advise: formsFor('fd_advise')({
    cheap: [[FD, i64(0), i64(0), i32(0), ...OWN], { before: onFile }],
    dear: [[FD, i64(0), i64(ONE_MIB), i32(4), ...OWN], { before: onFile, times: 16 }],
  }),
  fd_allocate: formsFor('fd_allocate')({
    cheap: [[FD, i64(0), i64(1), ...OWN], { before: onFile }],
    dear: [[FD, i64(0), i64(32 * ONE_MIB), ...OWN, ...empty], { before: onNew }],
    'a page': [[FD, i64(0), i64(0x1_0000), ...OWN, ...empty], { before: onNew }],
    refused: [[FD, i64(0), i64(1n << 50n), ...OWN], { before: onNew }],
  }),
  fd_close: formsFor('fd_close')({
    cheap: [[i32(99_999), ...OWN]],
    dear: [[...open('file'), ...opened, FD, ...OWN], { before: manyDescriptors }],
    'opened and closed': [[...open('file'), ...opened, FD, ...OWN]],
  }),
  fd_datasync: syncForms('fd_datasync'),
  fd_fdstat_get: onDescriptor('fd_fdstat_get', [i32(OUT)]),
  fd_fdstat_set_flags: onDescriptor('fd_fdstat_set_flags', [i32(0)]),
  fd_fdstat_set_rights: onDescriptor('fd_fdstat_set_rights', [i64(0), i64(0)]),
  fd_filestat_get: onDescriptor('fd_filestat_get', [i32(OUT)]),
  fd_filestat_set_size: formsFor('fd_filestat_set_size')({
    cheap: [[FD, i64(8), ...OWN], { before: onNew }],
    dear: [[FD, i64(32 * ONE_MIB), ...OWN, ...empty], { before: onNew }],
    'a page': [[FD, i64(0x1_0000), ...OWN, ...empty], { before: onNew }],
    refused: [[FD, i64(1n << 50n), ...OWN], { before: onNew }],
  }),
  fd_filestat_set_times: formsFor('fd_filestat_set_times')({
    cheap: [[FD, ...times, ...OWN], { before: onFile }],
    dear: [[ROOT, ...setTimesNow, ...OWN], { times: 16 }],
  }),
  fd_pread: transferForms('fd_pread', [], [i64(0), i32(OUT)]),
  fd_prestat_get: onDescriptor('fd_prestat_get', [i32(OUT)]),
  fd_prestat_dir_name: onDescriptor('fd_prestat_dir_name', [i32(OUT), i32(64)]),
  fd_pwrite: transferForms('fd_pwrite', [], [i64(0), i32(OUT)]),
  fd_read: transferForms('fd_read', rewind, [i32(OUT)]),
  fd_readdir: formsFor('fd_readdir')({
    cheap: [
      [FD, i32(DATA), i32(64), i64(0), i32(OUT), ...OWN],
      { before: [...open('directory', 0, READING), ...opened] },
    ],
    dear: [
      [FD, i32(DATA), i32(24), i64(0), i32(OUT), ...OWN],
      { before: [...open('many', 0, READING), ...opened] },
    ],
    'all entries': [
      [FD, i32(DATA), i32(ROOM), i64(0), i32(OUT), ...OWN],
      { before: [...open('many', 0, READING), ...opened] },
    ],
    'listed before': [
      [FD, i32(DATA), i32(64), i64(1000), i32(OUT), ...OWN],
      { before: [...open('many', 0, READING), ...opened] },
    ],
  }),
  fd_renumber: formsFor('fd_renumber')({
    cheap: [[FD, FD, ...OWN], { before: onFile }],
    dear: [
      [...open('file'), i32(OUT), ['i32.load', {}], FD, ...OWN],
      { before: [...manyDescriptors, ...onFile] },
    ],
  }),
  fd_seek: formsFor('fd_seek')({
    cheap: [[FD, i64(0), i32(0), i32(OUT), ...OWN], { before: onFile }],
    dear: [[FD, i64(-1), i32(2), i32(OUT), ...OWN], { before: onFile, times: 16 }],
  }),
  fd_sync: syncForms('fd_sync'),
  fd_tell: formsFor('fd_tell')({
    cheap: [[FD, i32(OUT), ...OWN], { before: onFile }],
    dear: [[FD, i32(OUT), ...OWN], { before: [...manyDescriptors, ...opened], times: 16 }],
  }),
  fd_write: {
    ...transferForms('fd_write', rewind, [i32(OUT)]),
    ...formsFor('fd_write')({
      'to a stream': [
        [i32(1), i32(VECTORS), i32(MAX_VECTORS), i32(OUT), ...OWN],
        { bytes: vectors(MAX_VECTORS, 1) },
      ],
    }),
  } as Forms,
  path_create_directory: makingForms(
    'path_create_directory',
    (text) => [ROOT, ...path(text), ...OWN],
    (text) => [ROOT, ...path(text), ...helper('path_remove_directory')],
  ),
  path_filestat_get: pathForms('path_filestat_get', (text) => [
    ...[ROOT, i32(1), ...path(text), i32(OUT)],
    ...OWN,
  ]),
  path_filestat_set_times: pathForms('path_filestat_set_times', (text) => [
    ...[ROOT, i32(1), ...path(text), ...times],
    ...OWN,
  ]),
  path_link: makingForms(
    'path_link',
    (text) => [ROOT, i32(0), ...path(text === 'new' ? 'file' : 'walk'), ROOT, ...path(text), ...OWN],
    unlink,
  ),
  path_open: {
    ...pathForms('path_open', (text) => [
      ...[ROOT, i32(1), ...path(text), i32(0), i64(ALL_RIGHTS), i64(ALL_RIGHTS), i32(0), i32(OUT)],
      ...[...OWN, i32(OUT), ['i32.load', {}] as const, ...helper('fd_close')],
    ]),
    ...formsFor('path_open')({
      'many descriptors': [
        [
          ...[ROOT, i32(1), ...path('file'), i32(0), i64(2), i64(0), i32(0), i32(OUT)],
          ...[...OWN, ...opened, ...close],
        ],
        { before: manyDescriptors },
      ],
      'made again': [
        [
          ...[ROOT, i32(1), ...path('new'), i32(CREAT | TRUNC), i64(66), i64(0), i32(0), i32(OUT)],
          ...[...OWN, ...opened, ...close, ...unlink('new')],
        ],
      ],
    }),
  } as Forms,
  path_readlink: formsFor('path_readlink')({
    cheap: [[ROOT, ...path('link'), i32(DATA), i32(64), i32(OUT), ...OWN]],
    dear: [[ROOT, ...path('walkLink'), i32(DATA), i32(8192), i32(OUT), ...OWN]],
    'no room': [[ROOT, ...path('longLink'), i32(DATA), i32(1), i32(OUT), ...OWN]],
    'no link': [[ROOT, ...path('file'), i32(DATA), i32(64), i32(OUT), ...OWN]],
  }),
  path_remove_directory: formsFor('path_remove_directory')({
    cheap: [[ROOT, ...path('missing'), ...OWN]],
    dear: [[ROOT, ...path('walk'), ...OWN]],
    'not empty': [[ROOT, ...path('directory'), ...OWN]],
  }),
  path_rename: formsFor('path_rename')({
    cheap: [
      [
        ROOT,
        ...path('new'),
        ROOT,
        ...path('other'),
        ...OWN,
        ROOT,
        ...path('other'),
        ROOT,
        ...path('new'),
        ...OWN,
      ],
      { before: onNew },
    ],
    dear: [
      [
        ...[ROOT, ...path('walkNew'), ROOT, ...path('walkOther'), ...OWN],
        ...[ROOT, ...path('other'), ROOT, ...path('new'), ...OWN],
      ],
      { before: onNew },
    ],
    missing: [[ROOT, ...path('missing'), ROOT, ...path('other'), ...OWN]],
  }),
  path_symlink: makingForms(
    'path_symlink',
    (text) => [...path(text === 'new' ? 'file' : 'target'), ROOT, ...path(text), ...OWN],
    unlink,
  ),
  path_unlink_file: formsFor('path_unlink_file')({
    cheap: [[ROOT, ...path('missing'), ...OWN]],
    dear: [[...open('new', CREAT), ...opened, ...close, ROOT, ...path('walkNew'), ...OWN]],
    'a directory': [[ROOT, ...path('directory'), ...OWN]],
  }),
  poll_oneoff: formsFor('poll_oneoff')({
    cheap: [[i32(VECTORS), i32(DATA + ROOM), i32(1), i32(OUT), ...OWN], { bytes: clocks(1, 0) }],
    dear: [
      [i32(VECTORS), i32(DATA + ROOM), i32(MAX_SUBSCRIPTIONS), i32(OUT), ...OWN],
      { bytes: clocks(MAX_SUBSCRIPTIONS, 0) },
    ],
    files: [
      [i32(VECTORS), i32(DATA + ROOM), i32(MAX_SUBSCRIPTIONS), i32(OUT), ...OWN],
      { before: onFile, bytes: files(MAX_SUBSCRIPTIONS, 4) },
    ],
    waiting: [[i32(VECTORS), i32(DATA + ROOM), i32(1), i32(OUT), ...OWN], { bytes: clocks(1, 1000) }],
  }),
  proc_exit: 'it ends the program',
  proc_raise: formsFor('proc_raise')({ cheap: [[i32(1), ...OWN]], dear: [[i32(9), ...OWN], { times: 16 }] }),
  sched_yield: formsFor('sched_yield')({ cheap: [OWN], dear: [OWN, { times: 16 }] }),
  random_get: formsFor('random_get')({
    cheap: [[i32(DATA), i32(1), ...OWN]],
    dear: [[i32(DATA), i32(ROOM), ...OWN]],
    'a page': [[i32(DATA), i32(0x1_0000), ...OWN]],
  }),
  sock_accept: socketForms('sock_accept'),
  sock_recv: socketForms('sock_recv'),
  sock_send: socketForms('sock_send'),
  sock_shutdown: socketForms('sock_shutdown'),
};
