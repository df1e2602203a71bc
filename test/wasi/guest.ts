/**
 * A guest that makes the WASI calls it is told to: a module that re-exports every function behind its own memory,
 * called through the engine, so that each test reads like the system calls of a program.
 *
 * Knows nothing of Node, since the same tests run in a browser page; `node-guest.ts` compiles the module for Node.
 */
import { createSeededRandom, createVirtualClock } from '../../src/host/platform/platform.ts';
import {
  layouts,
  OFLAG_CREAT,
  OFLAG_DIRECTORY,
  OFLAG_EXCL,
  OFLAG_TRUNC,
  rights,
  type WasiFunctionName,
  wasiAbi,
} from '../../src/host/wasi/abi.ts';
import { type Errno, errno } from '../../src/host/wasi/errno.ts';
import { createWasiImports } from '../../src/host/wasi/preview1.ts';
import { Preview1 } from '../../src/host/wasi/program.ts';
import type { FileTree, WasiOptions } from '../../src/index.ts';
import {
  type CompiledModule,
  compileModule,
  FuncInstance,
  I64,
  instantiate,
  type MemoryInstance,
  type ModuleInstance,
  quern1,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { assert } from './assertions.ts';

const names = Object.keys(wasiAbi) as WasiFunctionName[];
const typeText = (name: WasiFunctionName): string => {
  const params = wasiAbi[name].params.map((type) => (type === I64 ? 'i64' : 'i32')).join(' ');
  return `(param ${params}) ${wasiAbi[name].results.length > 0 ? '(result i32)' : ''}`;
};
const forward = (name: WasiFunctionName): string => {
  const operands = wasiAbi[name].params.map((_, i) => `(local.get ${i})`).join(' ');
  return `(func (export "${name}") ${typeText(name)} (call $${name} ${operands}))`;
};

/** The module in text form. */
export const guestText = `(module
    ${names.map((name) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${typeText(name)}))`).join('\n')}
    (memory (export "memory") 4)
    ${names.map(forward).join('\n')})`;

let compiled: CompiledModule | null = null;
/** Hands in the module in binary form; before the first `Guest`. */
export const provideGuest = (bytes: Uint8Array): void => {
  compiled = compileModule(bytes);
};

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Where the guest keeps paths, results and data. */
const PATH = 1024;
const OTHER_PATH = 16_384;
const OUT = 512;
const DATA = 65_536;
const VECTOR = 768;
const ROOT = 3;

const errnoNames = Object.fromEntries(
  Object.entries(errno).map(([name, value]) => [value, name]),
) as Readonly<Record<number, Errno>>;

/** What `open` asks for. */
export interface OpenOptions {
  readonly at?: number;
  readonly create?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  readonly directory?: boolean;
  readonly write?: boolean;
  readonly follow?: boolean;
  readonly append?: boolean;
  readonly rights?: bigint;
}
/** Attributes, as far as tests look at them. */
export interface Stat {
  readonly filetype: number;
  readonly ino: bigint;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly mtim: bigint;
}
/** An error by name, or a value. */
export type Result<T> = T | Errno;

const ALL_RIGHTS = (1n << 30n) - 1n;

/** A program in the hands of a test. Pre-opened directories have the numbers 3, 4, … */
export class Guest {
  readonly wasi: Preview1;
  readonly #instance: ModuleInstance;
  readonly #namespace: keyof typeof layouts;

  constructor(
    trees: Readonly<Record<string, FileTree>>,
    options: WasiOptions = {},
    namespace: keyof typeof layouts = 'wasi_snapshot_preview1',
  ) {
    this.wasi = new Preview1({ ...options, preopens: trees }, createVirtualClock(), createSeededRandom());
    const imports = createWasiImports(this.wasi, quern1, namespace);
    this.#namespace = namespace;
    assert.ok(compiled !== null, 'provideGuest was not called');
    this.#instance = instantiate(new Store(), compiled, (_, name) => imports.get(name));
  }

  get memory(): DataView {
    return (this.#instance.exports.get('memory') as MemoryInstance).view;
  }
  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }

  /** Any function by name; the answer is the name of the error. */
  call(name: WasiFunctionName, ...operands: readonly (number | bigint)[]): Errno {
    const func = this.#instance.exports.get(name);
    assert.ok(func instanceof FuncInstance);
    const args = operands.map((value, i) =>
      BigInt.asUintN(wasiAbi[name].params[i] === I64 ? 64 : 32, BigInt(value)),
    );
    const execution = startExecution(func, args);
    const end = execution.run();
    if (end !== 'done') throw execution.error ?? new Error(`${name}: ${end}`);
    return errnoNames[Number(execution.results[0])]!;
  }

  /** Puts a path into memory. */
  #put(path: string | Uint8Array, at: number = PATH): [number, number] {
    const bytes = typeof path === 'string' ? encode(path) : path;
    this.bytes.set(bytes, at);
    return [at, bytes.length];
  }

  open(path: string | Uint8Array, options: OpenOptions = {}): Result<number> {
    const { at = ROOT, follow = true, write = options.create ?? false, directory = false } = options;
    const flags =
      (options.create ? OFLAG_CREAT : 0) |
      (options.exclusive ? OFLAG_EXCL : 0) |
      (options.truncate ? OFLAG_TRUNC : 0) |
      (directory ? OFLAG_DIRECTORY : 0);
    const writing = rights.fd_write | rights.fd_allocate | rights.fd_filestat_set_size;
    const wanted = options.rights ?? (write ? ALL_RIGHTS : ALL_RIGHTS & ~writing);
    const [address, length] = this.#put(path);
    const inheriting = ALL_RIGHTS;
    const fdflags = options.append ? 1 : 0;
    const answer = this.call(
      'path_open',
      at,
      follow ? 1 : 0,
      address,
      length,
      flags,
      wanted,
      inheriting,
      fdflags,
      OUT,
    );
    return answer === 'success' ? this.memory.getUint32(OUT, true) : answer;
  }

  /** Opens what must open. */
  mustOpen(path: string, options: OpenOptions = {}): number {
    const fd = this.open(path, options);
    assert.equal(typeof fd, 'number', `open ${path}: ${fd}`);
    return fd as number;
  }

  read(fd: number, length = 4096): Result<string> {
    this.memory.setUint32(VECTOR, DATA, true);
    this.memory.setUint32(VECTOR + 4, length, true);
    const answer = this.call('fd_read', fd, VECTOR, 1, OUT);
    if (answer !== 'success') return answer;
    return decode(this.bytes.subarray(DATA, DATA + this.memory.getUint32(OUT, true)));
  }

  write(fd: number, text: string): Errno {
    const bytes = encode(text);
    this.bytes.set(bytes, DATA);
    this.memory.setUint32(VECTOR, DATA, true);
    this.memory.setUint32(VECTOR + 4, bytes.length, true);
    return this.call('fd_write', fd, VECTOR, 1, OUT);
  }

  seek(fd: number, offset: number | bigint, whence = 0): Result<bigint> {
    const answer = this.call('fd_seek', fd, offset, whence, OUT);
    return answer === 'success' ? this.memory.getBigUint64(OUT, true) : answer;
  }

  /** Opens, reads and closes; an error of any step is the answer. */
  readFile(path: string | Uint8Array, options: OpenOptions = {}): Result<string> {
    const fd = this.open(path, options);
    if (typeof fd === 'string') return fd;
    const text = this.read(fd);
    this.close(fd);
    return text;
  }

  /** Opens, writes and closes. */
  writeFile(path: string, text: string, options: OpenOptions = { create: true, truncate: true }): Errno {
    const fd = this.open(path, { write: true, ...options });
    if (typeof fd === 'string') return fd;
    const answer = this.write(fd, text);
    this.close(fd);
    return answer;
  }

  close(fd: number): Errno {
    return this.call('fd_close', fd);
  }
  mkdir(path: string, at = ROOT): Errno {
    return this.call('path_create_directory', at, ...this.#put(path));
  }
  rmdir(path: string, at = ROOT): Errno {
    return this.call('path_remove_directory', at, ...this.#put(path));
  }
  unlink(path: string, at = ROOT): Errno {
    return this.call('path_unlink_file', at, ...this.#put(path));
  }
  symlink(target: string | Uint8Array, path: string, at = ROOT): Errno {
    return this.call('path_symlink', ...this.#put(target), at, ...this.#put(path, OTHER_PATH));
  }
  readlink(path: string, at = ROOT): Result<string> {
    const answer = this.call('path_readlink', at, ...this.#put(path), DATA, 4096, OUT);
    if (answer !== 'success') return answer;
    return decode(this.bytes.subarray(DATA, DATA + this.memory.getUint32(OUT, true)));
  }
  link(from: string, to: string, { at = ROOT, toAt = ROOT, follow = false } = {}): Errno {
    return this.call('path_link', at, follow ? 1 : 0, ...this.#put(from), toAt, ...this.#put(to, OTHER_PATH));
  }
  rename(from: string, to: string, { at = ROOT, toAt = ROOT } = {}): Errno {
    return this.call('path_rename', at, ...this.#put(from), toAt, ...this.#put(to, OTHER_PATH));
  }
  stat(path: string, { at = ROOT, follow = true } = {}): Result<Stat> {
    const answer = this.call('path_filestat_get', at, follow ? 1 : 0, ...this.#put(path), DATA);
    return answer === 'success' ? this.#stat() : answer;
  }
  fstat(fd: number): Result<Stat> {
    const answer = this.call('fd_filestat_get', fd, DATA);
    return answer === 'success' ? this.#stat() : answer;
  }
  #stat(): Stat {
    const { nlink, nlinkWidth, rest } = layouts[this.#namespace].filestat;
    const { memory } = this;
    return {
      filetype: memory.getUint8(DATA + 16),
      ino: memory.getBigUint64(DATA + 8, true),
      nlink:
        nlinkWidth === 8
          ? memory.getBigUint64(DATA + nlink, true)
          : BigInt(memory.getUint32(DATA + nlink, true)),
      size: memory.getBigUint64(DATA + rest, true),
      mtim: memory.getBigUint64(DATA + rest + 16, true),
    };
  }
  setTimes(path: string, mtim: bigint, { at = ROOT, follow = true } = {}): Errno {
    return this.call('path_filestat_set_times', at, follow ? 1 : 0, ...this.#put(path), 0n, mtim, 4);
  }

  /** Names in a directory, read with a buffer of so many bytes. */
  list(fd = ROOT, bufferLength = 256): Result<string[]> {
    const found: string[] = [];
    for (let cookie = 0n; ; ) {
      const answer = this.call('fd_readdir', fd, DATA, bufferLength, cookie, OUT);
      if (answer !== 'success') return answer;
      const used = this.memory.getUint32(OUT, true);
      let at = DATA;
      while (at + 24 <= DATA + used) {
        const length = this.memory.getUint32(at + 16, true);
        if (at + 24 + length > DATA + used) break;
        found.push(decode(this.bytes.subarray(at + 24, at + 24 + length)));
        cookie = this.memory.getBigUint64(at, true);
        at += 24 + length;
      }
      if (used < bufferLength) return found;
    }
  }

  end(): void {
    this.wasi.close();
  }
}
