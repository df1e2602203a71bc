/** Cases: the part of WASI preview 1 that plug-ins use. WebAssembly/wasi-testsuite tests all of it. */
import type { Case } from './case.ts';
import { reporting } from './wat.ts';

const wasi = (name: string, type: string): string =>
  `  (import "wasi_snapshot_preview1" "${name}" (func $${name} ${type}))`;

const PATH_OPEN = [
  wasi('path_open', '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)'),
  wasi('fd_write', '(param i32 i32 i32 i32) (result i32)'),
  wasi('fd_read', '(param i32 i32 i32 i32) (result i32)'),
  wasi('fd_close', '(param i32) (result i32)'),
].join('\n');

/** Opens a path below the first preopened directory; says the error number. */
const open = (path: string, flags: number, rights: number): string => `
    (local.set $e (call $path_open (i32.const 3) (i32.const 0) @str("${path}") (i32.const ${flags})
      (i64.const ${rights}) (i64.const 0) (i32.const 0) (i32.const 512)))
    (local.set $fd (i32.load (i32.const 512)))`;
const CREATE = 1;
const READ = 2;
const WRITE = 64;

const program = (body: string, imports: string): string =>
  `${imports}
  (func (export "run") (result i32) (local $a i64) (local $e i32) (local $fd i32)
${body}
    (call $report)
    (i32.const 0))`;

export const wasiCases: readonly Case[] = [
  {
    id: 'wasi/off',
    title: 'A module that imports WASI does not link if WASI is off',
    source: 'all SDKs',
    modules: {
      main: `${wasi('sched_yield', '(result i32)')}
  (func (export "run") (result i32) (drop (call $sched_yield)) (i32.const 0))`,
    },
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'wasi/clock',
    title: 'The clock returns a time after 2020, in nanoseconds',
    source: 'WASI: clock_time_get',
    load: { wasi: true },
    modules: {
      main: reporting(
        `
    (call $say @str("errno") (i64.extend_i32_u (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 512))))
    (call $say @str("after 2020") (i64.extend_i32_u
      (i64.gt_u (i64.load (i32.const 512)) (i64.const 1577836800000000000))))`,
        wasi('clock_time_get', '(param i32 i64 i32) (result i32)'),
      ),
    },
    calls: [{ expect: { output: 'errno=0\nafter 2020=1\n' } }],
  },
  {
    id: 'wasi/random',
    title: 'Random bytes differ from each other',
    source: 'WASI: random_get',
    load: { wasi: true },
    modules: {
      main: reporting(
        `
    (call $say @str("errno") (i64.extend_i32_u (call $random_get (i32.const 512) (i32.const 16))))
    (call $say @str("differ") (i64.extend_i32_u
      (i64.ne (i64.load (i32.const 512)) (i64.load (i32.const 520)))))`,
        wasi('random_get', '(param i32 i32) (result i32)'),
      ),
    },
    calls: [{ expect: { output: 'errno=0\ndiffer=1\n' } }],
  },
  {
    id: 'wasi/no-environment',
    title: 'There are no environment variables of the host',
    source: 'all SDKs; a plug-in must not see secrets of its host',
    load: { wasi: true },
    modules: {
      main: reporting(
        `
    (drop (call $environ_sizes_get (i32.const 512) (i32.const 516)))
    (call $say @str("count") (i64.extend_i32_u (i32.load (i32.const 512))))`,
        wasi('environ_sizes_get', '(param i32 i32) (result i32)'),
      ),
    },
    calls: [{ expect: { output: 'count=0\n' } }],
  },
  {
    id: 'wasi/no-directories',
    title: 'Without allowed paths there is no directory',
    source: 'all SDKs',
    load: { wasi: true },
    modules: {
      main: reporting(
        '(call $say @str("errno") (i64.extend_i32_u (call $fd_prestat_get (i32.const 3) (i32.const 512))))',
        wasi('fd_prestat_get', '(param i32 i32) (result i32)'),
      ),
    },
    calls: [{ expect: { output: 'errno=8\n' } }],
  },
  {
    id: 'wasi/files',
    title: 'A file in an allowed path is written and read back',
    source: 'WASI: path_open, fd_write, fd_read',
    load: { wasi: true, allowedPaths: { '/data': 'data' } },
    modules: {
      main: program(
        `${open('note.txt', CREATE, WRITE)}
    (call $say @str("open") (i64.extend_i32_u (local.get $e)))
    (i32.store (i32.const 520) (i32.const 8)) (i32.store (i32.const 524) (i32.const 4))
    (call $say @str("write") (i64.extend_i32_u (call $fd_write (local.get $fd) (i32.const 520) (i32.const 1) (i32.const 516))))
    (drop (call $fd_close (local.get $fd)))${open('note.txt', 0, READ)}
    (i32.store (i32.const 520) (i32.const 600)) (i32.store (i32.const 524) (i32.const 100))
    (call $say @str("read") (i64.extend_i32_u (call $fd_read (local.get $fd) (i32.const 520) (i32.const 1) (i32.const 516))))
    (call $say @str("bytes") (i64.extend_i32_u (i32.load (i32.const 516))))
    (call $say @str("same") (i64.extend_i32_u (i32.eq (i32.load (i32.const 600)) (i32.load (i32.const 8)))))`,
        PATH_OPEN,
      ),
    },
    calls: [{ expect: { output: 'open=0\nwrite=0\nread=0\nbytes=4\nsame=1\n' } }],
  },
  {
    id: 'wasi/no-escape',
    title: 'A path does not lead out of its directory',
    source: 'WASI: path resolution; error 76 (not capable) or 63 (not permitted)',
    load: { wasi: true, allowedPaths: { '/data': 'data' } },
    modules: {
      main: program(
        `${open('../secret.txt', 0, READ)}
    (call $say @str("refused") (i64.extend_i32_u (i32.or (i32.eq (local.get $e) (i32.const 76)) (i32.eq (local.get $e) (i32.const 63)))))${open('/etc/hostname', 0, READ)}
    (call $say @str("refused") (i64.extend_i32_u (i32.ne (local.get $e) (i32.const 0))))`,
        PATH_OPEN,
      ),
    },
    calls: [{ expect: { output: 'refused=1\nrefused=1\n' } }],
  },
  {
    id: 'wasi/read-only',
    title: 'A directory that is allowed with "ro:" cannot be written to',
    source: 'Rust, Go',
    load: { wasi: true, allowedPaths: { '/data': 'ro:data' } },
    modules: {
      main: program(
        `${open('new.txt', CREATE, WRITE)}
    (call $say @str("refused") (i64.extend_i32_u (i32.ne (local.get $e) (i32.const 0))))`,
        PATH_OPEN,
      ),
    },
    calls: [{ expect: { output: 'refused=1\n' } }],
  },
];
