/**
 * `node:wasi` in processes whose namespace is ours: the same programs, with the same lines around them, do what they
 * do on native Wasm with Node's own WASI.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { proof } from '../proof.ts';
import { root } from '../shared.ts';
import { compileC, hasClang, programs, runByNode } from '../wasi/c-programs.ts';
import { compileWat } from '../wat.ts';
import { preload, runNode } from './children.ts';

const modes = { 'no native Wasm': [...proof, preload], jitless: ['--jitless', preload] } as const;

describe('C programs by node:wasi', { skip: !hasClang() && 'clang with wasi-libc not found' }, () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'quern-node-wasi-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, source] of Object.entries(programs)) {
    test(name, () => {
      const file = join(folder, `${name}.wasm`);
      compileC(source, file);
      const runIn = (place: string, flags?: readonly string[]): unknown[] => {
        const directory = join(folder, `${name}-${place}`);
        mkdirSync(directory);
        const { stdout, stderr, status } = runByNode(file, directory, flags);
        return [stdout, stderr, status, readdirSync(directory)];
      };
      const expected = runIn('native');
      for (const [mode, flags] of Object.entries(modes)) {
        // Node says that --jitless takes Wasm away.
        const [stdout, stderr, ...rest] = runIn(mode, flags) as [string, string];
        const ownErrors = stderr.replace(/^Warning: disabling flag --expose_wasm .*\n/m, '');
        assert.deepEqual([stdout, ownErrors, ...rest], expected, mode);
      }
    });
  }
});

const { command, reactor } = compileWat({
  command: `(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 5))))`,
  reactor: `(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello")
    (global $count (export "count") (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $count (i32.add (global.get $count) (i32.const 1))))
    (func (export "write") (param $fd i32) (result i32)
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 5))
      (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))`,
});

/** Runs lines that find `WASI`, `command` and `reactor`, and gives what they printed. */
const evaluate = (lines: string, flags: readonly string[]): Promise<string> => {
  const literal = (bytes: Uint8Array): string => `Uint8Array.of(${bytes.join()})`;
  const code = `
    import { WASI } from 'node:wasi';
    const command = new WebAssembly.Module(${literal(command)});
    const reactor = new WebAssembly.Module(${literal(reactor)});
    ${lines}`;
  return runNode([...flags, '--no-warnings', '--input-type=module', '-e', code]);
};

/** Programs, and what they print on native Wasm too. */
const scripts: Readonly<Record<string, readonly [lines: string, printed: string]>> = {
  'start gives the exit code': [
    `const wasi = new WASI({ version: 'preview1' });
     console.log(wasi.start(new WebAssembly.Instance(command, wasi.getImportObject())));`,
    '5\n',
  ],
  'initialize runs the initialiser of a reactor, whose functions are called later': [
    `const wasi = new WASI({ version: 'preview1' });
     const { exports } = new WebAssembly.Instance(reactor, { wasi_snapshot_preview1: wasi.wasiImport });
     wasi.initialize({ exports });
     console.log(exports.count.value, exports.write(1), exports.write(99));`,
    'hello1 0 8\n',
  ],
  'functions may be wrapped': [
    `const wasi = new WASI({ version: 'preview1' });
     const seen = [];
     const fd_write = (...args) => { seen.push(args[0]); return wasi.wasiImport.fd_write(...args); };
     const { exports } = new WebAssembly.Instance(reactor, { wasi_snapshot_preview1: { fd_write } });
     wasi.initialize({ exports });
     console.log(exports.write(1), ...seen);`,
    'hello0 1\n',
  ],
  'a process that shall end with its program does': [
    `const wasi = new WASI({ version: 'preview1', returnOnExit: false });
     try { wasi.start(new WebAssembly.Instance(command, wasi.getImportObject())); } finally { console.log('never'); }`,
    '',
  ],
  'a program starts once, and is of one kind': [
    `const wasi = new WASI({ version: 'preview1' });
     const instance = new WebAssembly.Instance(reactor, wasi.getImportObject());
     const tries = [() => wasi.start(instance), () => wasi.initialize(instance), () => new WASI({}),
       () => new WASI({ version: 'preview1' }).initialize({ exports: { memory: {} } })];
     for (const each of tries) { try { each(); console.log('done'); } catch (error) { console.log(error instanceof Error); } }`,
    'true\ntrue\ntrue\ntrue\n',
  ],
};

describe('the class of node:wasi', () => {
  for (const [name, [lines, printed]] of Object.entries(scripts)) {
    test(name, async () => {
      for (const flags of [[], ...Object.values(modes)]) {
        const run = evaluate(lines, flags);
        if (printed === '') await assert.rejects(run, /exit code 5/, flags.join(' '));
        else assert.equal(await run, printed, flags.join(' '));
      }
    });
  }

  test('stays as it is where native Wasm stays', async () => {
    const lines = `console.log(WASI === (await import('quern/node/wasi')).WASI);`;
    assert.equal(await evaluate(lines, [preload]), 'false\n');
    assert.equal(await evaluate(lines, [...proof, preload]), 'true\n');
  });

  test('is the same for both ways to load it, and nobody is warned of the one that is not used', () => {
    const code = `
      import { createRequire } from 'node:module';
      import { WASI } from 'wasi';
      import { WASI as own } from 'quern/node/wasi';
      console.log(WASI === own, createRequire(import.meta.url)('node:wasi').WASI === own);`;
    const flags = [...proof, preload, '--input-type=module', '-e', code];
    const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd: root, encoding: 'utf8' });
    assert.deepEqual([stdout, stderr], ['true true\n', '']);
  });
});
