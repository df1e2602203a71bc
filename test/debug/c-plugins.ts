/** Plug-ins of C with debug information, built by clang, for sessions of LLDB. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kernel = `
#include <stdint.h>
#define IMPORT(module, name) __attribute__((import_module(module), import_name(#name))) extern
IMPORT("extism:host/env", input_length) uint64_t input_length(void);
IMPORT("extism:host/env", alloc) uint64_t kernel_alloc(uint64_t);
IMPORT("extism:host/env", store_u8) void store_u8(uint64_t, uint32_t);
IMPORT("extism:host/env", output_set) void output_set(uint64_t, uint64_t);
IMPORT("extism:host/env", error_set) void error_set(uint64_t);
#define EXPORT(name) __attribute__((export_name(#name)))
#define NOINLINE __attribute__((noinline))
`;

/** TABLE: the sources, without what all have in common. Tests name their lines, counted from the first one here. */
export const sources = {
  main: `struct point { int x; int y; };
int table[16];
int total;
NOINLINE int square(int value) {
  int result = value * value;
  table[value & 15] = result;
  return result;
}
NOINLINE int sum(int n) {
  struct point p = { n, 2 * n };
  int acc = 0;
  for (int i = 1; i <= n; i++) {
    acc += square(i);
  }
  total = acc + p.x - p.y + n;
  return acc;
}
EXPORT(count) int count(void) {
  int n = (int)input_length();
  int s = sum(n);
  uint64_t out = kernel_alloc(1);
  store_u8(out, '0' + s % 10);
  output_set(out, 1);
  return 0;
}
EXPORT(crash) int crash(void) {
  int n = (int)input_length();
  volatile int zero = n - n;
  return sum(n) / zero;
}
EXPORT(complain) int complain(void) {
  uint64_t message = kernel_alloc(3);
  store_u8(message, 'b');
  store_u8(message + 1, 'a');
  store_u8(message + 2, 'd');
  error_set(message);
  return 1;
}`,
  linked: `IMPORT("math", twice) int twice(int value);
int mine = 5;
EXPORT(run) int run(void) {
  int before = (int)input_length();
  int after = twice(before + mine);
  return after == 16 ? 0 : 1;
}`,
  math: `int theirs = 7;
EXPORT(twice) int twice(int value) {
  int result = 2 * value;
  theirs += result;
  return result;
}`,
  long: `unsigned grid[65536];
volatile unsigned marker;
NOINLINE void mark(unsigned value) {
  marker = value;
}
NOINLINE unsigned work(unsigned n) {
  unsigned a = 1;
  for (unsigned i = 0; i < n; i++) {
    a = a * 1664525 + 1013904223;
    grid[a >> 16] += a;
  }
  return a;
}
EXPORT(run) int run(void) {
  mark(1);
  unsigned a = work(700000);
  mark(a);
  return 0;
}`,
} as const;
export type SourceName = keyof typeof sources;

/** Lines that stand before a source's own. */
export const linesBefore = kernel.split('\n').length - 1;

const flags = ['--target=wasm32', '-g', '-nostdlib', '-Wl,--no-entry'];

/** Builds plug-ins in a folder of their own, which `remove` takes away. Paths by name; null where clang cannot. */
export const buildPlugins = (): {
  readonly folder: string;
  path(name: SourceName): string;
  remove(): void;
} | null => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-debug-'));
  const path = (name: SourceName): string => join(folder, `${name}.wasm`);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  for (const name of Object.keys(sources) as SourceName[]) {
    const source = join(folder, `${name}.c`);
    writeFileSync(source, kernel + sources[name]);
    const level = name === 'long' ? '-O1' : '-O0';
    const { status } = spawnSync('clang', [...flags, level, '-o', path(name), source]);
    if (status === 0) continue;
    remove();
    return null;
  }
  return { folder, path, remove };
};

/** Name of the command of LLDB; null if there is none that knows Wasm. */
export const findLldb = (): string | null => {
  for (const command of ['lldb-22', 'lldb-23', 'lldb']) {
    const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
    const version = status === 0 ? /version (\d+)/.exec(stdout)?.[1] : undefined;
    if (version !== undefined && Number(version) >= 22) return command;
  }
  return null;
};
