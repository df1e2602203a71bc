/**
 * TABLE: real programs from npm that need a `WebAssembly` namespace: what each is, and one unit of work, whose
 * result is text. The same code runs on native Wasm, on Quern and on polywasm; which one is the global namespace
 * when a program is loaded.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const fileOf = (name: string): Buffer<ArrayBuffer> =>
  readFileSync(require.resolve(name)) as Buffer<ArrayBuffer>;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** A program that is ready: does one unit of work. */
export type Unit = () => string | Promise<string>;
export interface Program {
  readonly what: string;
  load(): Promise<Unit>;
}

/** Text that compresses and parses in interesting ways, always the same. */
const sampleText = (lines: number): string => {
  let seed = 1;
  const words = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
  return Array.from({ length: lines }, (_, i) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return `${i}: ${words[seed % 8]!} ${words[(seed >> 8) % 8]!} ${seed % 1000}`;
  }).join('\n');
};

interface Esbuild {
  initialize(options: { wasmModule: object; worker: false }): Promise<void>;
  transform(code: string, options: object): Promise<{ code: string }>;
}
const esbuild = async (): Promise<Unit> => {
  // Its build for browsers runs in this thread; it takes the names of its global scope from `self`.
  (globalThis as { self?: unknown }).self ??= globalThis;
  const service = require('esbuild-wasm/lib/browser.js') as Esbuild;
  const { Module } = (globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } })
    .WebAssembly;
  await service.initialize({ wasmModule: new Module(fileOf('esbuild-wasm/esbuild.wasm')), worker: false });
  const source = `
    const x: number = 1 ?? 2;
    enum Colour { Red, Green = 'green' }
    export class A<T> { #p = x ** 3; static async *all() { yield* [Colour.Red]; } get y() { return this.#p; } }`;
  return async () => (await service.transform(source, { loader: 'ts', target: 'es2017', minify: true })).code;
};

interface SqlJs {
  Database: new () => {
    run(sql: string, params?: readonly unknown[]): void;
    exec(sql: string): { values: unknown[][] }[];
    create_function(name: string, fn: (...args: number[]) => number): void;
    export(): Uint8Array;
    close(): void;
  };
}
const sqlJs = async (): Promise<Unit> => {
  const initialise = require('sql.js') as (options: object) => Promise<SqlJs>;
  const { Database } = await initialise({ wasmBinary: fileOf('sql.js/dist/sql-wasm.wasm') });
  return () => {
    const db = new Database();
    db.create_function('twice', (n) => 2 * n);
    db.run('CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT, n REAL)');
    db.run('BEGIN');
    for (const [i, line] of sampleText(300).split('\n').entries())
      db.run('INSERT INTO t VALUES (?, ?, ?)', [i, line, i / 7]);
    db.run('COMMIT');
    db.run('CREATE INDEX words ON t (word)');
    const [rows] = db.exec(
      'SELECT substr(word, 1, 3), count(*), sum(twice(n)) FROM t GROUP BY 1 ORDER BY 2, 1',
    );
    const text = JSON.stringify(rows!.values.slice(0, 20)) + digest(db.export());
    db.close();
    return text;
  };
};

interface Wabt {
  parseWat(
    name: string,
    text: string,
  ): { toBinary(options: object): { buffer: Uint8Array }; destroy(): void };
  readWasm(bytes: Uint8Array, options: object): { toText(options: object): string; destroy(): void };
}
const wabt = async (): Promise<Unit> => {
  const tools = await (require('wabt') as () => Promise<Wabt>)();
  const text = `(module (memory 1) (func (export "f") (param i32) (result i64)
    ${'(i32.store8 (local.get 0) (i32.const 7))\n'.repeat(200)} (i64.extend_i32_s (i32.load (local.get 0)))))`;
  return () => {
    const parsed = tools.parseWat('sample.wat', text);
    const { buffer } = parsed.toBinary({});
    const read = tools.readWasm(buffer, { readDebugNames: true });
    const result = digest(buffer) + digest(Buffer.from(read.toText({ foldExprs: true })));
    parsed.destroy();
    read.destroy();
    return result;
  };
};

type Hash = (data: string, key?: number) => Promise<string>;
const hashWasm = async (): Promise<Unit> => {
  const hashes = require('hash-wasm') as Readonly<Record<string, Hash>> & {
    argon2id(options: object): Promise<string>;
  };
  const data = sampleText(400);
  return async () => {
    const names = [
      'md5',
      'sha1',
      'sha256',
      'sha512',
      'sha3',
      'blake2b',
      'blake3',
      'crc32',
      'xxhash64',
      'whirlpool',
    ];
    const digests: string[] = [];
    for (const name of names) digests.push(`${name} ${await hashes[name]!(data)}`);
    const argon2 = {
      password: 'secret',
      salt: 'saltsaltsalt',
      parallelism: 1,
      iterations: 1,
      memorySize: 64,
    };
    digests.push(await hashes.argon2id({ ...argon2, hashLength: 32, outputType: 'hex' }));
    return digests.join('\n');
  };
};

interface QuickJs {
  evalCode(code: string, options?: object): unknown;
}
const quickJs = async (): Promise<Unit> => {
  const { getQuickJS } = require('quickjs-emscripten') as { getQuickJS(): Promise<QuickJs> };
  const engine = await getQuickJS();
  return () =>
    JSON.stringify(
      engine.evalCode(`
        const sieve = new Uint8Array(2000);
        const primes = [];
        for (let i = 2; i < sieve.length; i++) {
          if (sieve[i]) continue;
          primes.push(i);
          for (let j = i * i; j < sieve.length; j += i) sieve[j] = 1;
        }
        const text = 'x'.repeat(50).replace(/x{3}/g, (m, at) => m + at);
        let caught = '';
        try { null.x } catch (e) { caught = String(e) }
        JSON.stringify([primes.length, primes.at(-1), text, caught, (2n ** 200n).toString()])`),
    );
};

interface TreeSitter {
  Parser: {
    init(options?: object): Promise<void>;
    new (): { setLanguage(language: unknown): void; parse(text: string): SyntaxTree };
  };
  Language: { load(bytes: Uint8Array): Promise<unknown> };
}
interface SyntaxTree {
  readonly rootNode: { toString(): string; readonly descendantCount: number };
  delete(): void;
}
const treeSitter = async (): Promise<Unit> => {
  const { Parser, Language } = require('web-tree-sitter') as TreeSitter;
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(fileOf('tree-sitter-json/tree-sitter-json.wasm')));
  const json = JSON.stringify(
    sampleText(100)
      .split('\n')
      .map((line, n) => ({ line, n, half: n / 2, list: [n, null, true] })),
  );
  return () => {
    const tree = parser.parse(`${json} {"broken": `);
    const text = tree.rootNode.toString();
    const result = `${tree.rootNode.descendantCount} ${digest(Buffer.from(text))} ${text.slice(-60)}`;
    tree.delete();
    return result;
  };
};

interface Zstd {
  init(): Promise<void>;
  compress(data: Uint8Array, level: number): Uint8Array;
  decompress(data: Uint8Array): Uint8Array;
}
const zstd = async (): Promise<Unit> => {
  const { init, compress, decompress } = require('@bokuweb/zstd-wasm') as Zstd;
  await init();
  const data = Buffer.from(sampleText(1000));
  return () => {
    const compressed = compress(data, 5);
    return `${compressed.length} ${digest(compressed)} ${digest(decompress(compressed))}`;
  };
};

interface Wasmoon {
  LuaFactory: new () => { createEngine(): Promise<LuaEngine> };
}
interface LuaEngine {
  readonly global: { set(name: string, value: unknown): void; close(): void };
  doString(code: string): Promise<unknown>;
}
const wasmoon = async (): Promise<Unit> => {
  const { LuaFactory } = require('wasmoon') as Wasmoon;
  const factory = new LuaFactory();
  return async () => {
    const lua = await factory.createEngine();
    lua.global.set('twice', (n: number) => 2 * n);
    const result = await lua.doString(`
      local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
      local words = {}
      for word in ('the quick brown fox'):gmatch('%a+') do words[#words + 1] = word:upper() end
      local ok, message = pcall(function() error('caught') end)
      return table.concat(words, ',') .. fib(15) .. twice(21) .. tostring(ok) .. message .. (7 // 2) .. 0.1 + 0.2`);
    lua.global.close();
    return String(result);
  };
};

/** Every program, by the name of its package. */
export const programs = {
  'esbuild-wasm': { what: 'Go: transform of TypeScript', load: esbuild },
  'sql.js': { what: 'Emscripten: SQLite, with a function of JavaScript', load: sqlJs },
  wabt: { what: 'Emscripten: text to binary and back', load: wabt },
  'hash-wasm': { what: 'small modules: eleven hashes', load: hashWasm },
  'quickjs-emscripten': { what: 'Emscripten: QuickJS', load: quickJs },
  'web-tree-sitter': { what: 'Emscripten with dynamic linking: a JSON parser', load: treeSitter },
  '@bokuweb/zstd-wasm': { what: 'Emscripten: compression', load: zstd },
  wasmoon: { what: 'Emscripten: Lua', load: wasmoon },
} as const satisfies Readonly<Record<string, Program>>;
export type ProgramName = keyof typeof programs;
export const programNames = Object.keys(programs) as ProgramName[];
