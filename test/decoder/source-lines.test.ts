/**
 * Lines of source files from DWARF: hand-made line programs of versions 4 and 5, programs of clang where it is
 * installed, and both of them damaged.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { type SourceLine, sourceLines } from '../../src/inspect.ts';
import { createPlugin, isQuernError, type QuernError } from '../../src/node.ts';
import { decodeModule, type Module } from '../../src/wasm.ts';
import { assemble, sleb, u32 } from '../assembler.ts';
import { runQuern } from '../cli/run-quern.ts';

const cString = (text: string): number[] => [...Buffer.from(text), 0];
const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
/** A part that says how long it is. */
const sized = (...parts: readonly (readonly number[])[]): number[] => {
  const bytes = parts.flat();
  return [...word(bytes.length), ...bytes];
};

/** Steps of line programs. */
const setAddress = (address: number): number[] => [0, 5, 2, ...word(address)];
const endSequence = [0, 1, 1];
const copy = [1];
const advancePc = (by: number): number[] => [2, ...u32(by)];
const advanceLine = (by: number): number[] => [3, ...sleb(by)];
const setFile = (file: number): number[] => [4, ...u32(file)];
const setColumn = (column: number): number[] => [5, ...u32(column)];
const constAddPc = [8];
const fixedAdvance = (by: number): number[] => [9, by & 0xff, by >> 8];
/** Advances address and line at once. */
const special = (addressBy: number, lineBy: number): number[] => [13 + 14 * addressBy + lineBy + 5];

/** Minimal length, operations, statement flag, line base -5, line range 14, opcode base 13, operand counts. */
const parameters = [1, 1, 1, 251, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

const unit4 = (tables: readonly number[], program: readonly number[]): number[] =>
  sized([4, 0], sized(parameters, tables), program);
const unit5 = (tables: readonly number[], program: readonly number[]): number[] =>
  sized([5, 0, 4, 0], sized(parameters, tables), program);

const tables4 = [
  ...cString('src'),
  ...cString('/abs'),
  0,
  ...[...cString('a.c'), 1, 0, 0],
  ...[...cString('b.c'), 2, 0, 0],
  ...[...cString('c.c'), 0, 0, 0],
  0,
];
const program = [
  ...[...setAddress(10), ...setColumn(7), ...copy], // 10: a.c:1:7
  ...special(2, 3), // 12: line 4
  ...[...advancePc(3), ...advanceLine(-2), ...setFile(2), ...setColumn(0), ...copy], // 15: b.c:2
  ...[...constAddPc, ...setFile(3), ...copy], // 32: c.c:2
  ...[...fixedAdvance(4), ...advanceLine(-2), ...copy], // 36: line 0
  ...[...advancePc(4), ...endSequence], // to 40
  ...[...setAddress(4), ...copy, ...advancePc(2), ...endSequence], // 4 and 5: a.c:1
  ...[...setAddress(0), ...copy, ...advancePc(50), ...endSequence], // A function that the linker dropped
];
const expected: Readonly<Record<number, SourceLine | null>> = {
  3: null,
  4: { file: 'src/a.c', line: 1 },
  5: { file: 'src/a.c', line: 1 },
  6: null,
  10: { file: 'src/a.c', line: 1, column: 7 },
  11: { file: 'src/a.c', line: 1, column: 7 },
  12: { file: 'src/a.c', line: 4, column: 7 },
  14: { file: 'src/a.c', line: 4, column: 7 },
  15: { file: '/abs/b.c', line: 2 },
  31: { file: '/abs/b.c', line: 2 },
  32: { file: 'c.c', line: 2 },
  36: null,
  39: null,
  40: null,
};

const bytesWith = (customs: readonly (readonly [string, readonly number[]])[]): Uint8Array =>
  assemble({ funcs: [{ code: Array.from({ length: 60 }, () => ['nop'] as const) }], customs });
const moduleWith = (...args: Parameters<typeof bytesWith>): Module => decodeModule(bytesWith(...args));
/** Where the contents of the code section begin. */
const codeStart = (module: Module): number => module.sections.find(({ id }) => id === 10)!.start;
const linesAt = (module: Module, addresses: readonly number[]): (SourceLine | null)[] =>
  sourceLines(
    module,
    addresses.map((address) => codeStart(module) + address),
  );
const addresses = Object.keys(expected).map(Number);

describe('hand-made line programs', () => {
  test('version 4: directories and files as lists', () => {
    const module = moduleWith([['.debug_line', unit4(tables4, program)]]);
    assert.deepEqual(linesAt(module, addresses), Object.values(expected));
  });

  for (const [form, place] of [
    [0x08, 'in place'],
    [0x0e, 'in .debug_str'],
  ] as const) {
    test(`version 5: tables that say what they hold, names of files ${place}`, () => {
      const names = ['a.c', 'a.c', 'b.c', 'c.c'];
      // Directories: a path in .debug_line_str. Files: a path, a directory, a checksum, a block of two bytes.
      const directories = [1, 1, 0x1f, 3, ...word(0), ...word(6), ...word(10)];
      const files = [
        ...[4, 1, form, 2, 0x0b, 5, 0x1e, 3, 0x09, names.length],
        ...names.flatMap((name, i) => [
          ...(form === 0x08 ? cString(name) : word(4 * i)),
          ...[[1, 1, 2, 0][i]!, ...Array.from({ length: 16 }, () => 0), 2, 7, 7],
        ]),
      ];
      const module = moduleWith([
        ['.debug_line', unit5([...directories, ...files], program)],
        ['.debug_line_str', ['/home', 'src', '/abs'].flatMap(cString)],
        ['.debug_str', names.flatMap(cString)],
      ]);
      const inFolder = (file: string): string => (file.startsWith('/') ? file : `/home/${file}`);
      const absolute = Object.values(expected).map((line) => line && { ...line, file: inFolder(line.file) });
      assert.deepEqual(linesAt(module, addresses), absolute);
    });
  }

  test('several units; those of other versions are passed over', () => {
    const later = [...setAddress(42), ...copy, ...advancePc(2), ...endSequence];
    const units = [...unit4(tables4, program), ...sized([9, 0, 1, 2, 3]), ...unit4(tables4, later)];
    const module = moduleWith([['.debug_line', units]]);
    assert.deepEqual(linesAt(module, [43, 12]), [{ file: 'src/a.c', line: 1 }, expected[12]]);
  });

  test('modules without lines have none', () => {
    for (const customs of [[], [['.debug_line', []]], [['.debug_info', [1, 2, 3]]]] as const)
      assert.deepEqual(linesAt(moduleWith(customs as never), [4, 5]), [null, null]);
  });

  test('control characters of names are not shown', () => {
    const tables = [...[0, ...cString('\x1b[2Jevil.c'), 0, 0, 0], 0];
    const module = moduleWith([['.debug_line', unit4(tables, program)]]);
    assert.equal(linesAt(module, [10])[0]!.file, '\ufffd[2Jevil.c');
  });

  test('counts that no bytes stand for take no time', () => {
    const endless = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const tables of [
      [0, ...endless, 0, ...endless],
      [1, 1, 0x08, ...endless, 1, 1, 0x08, ...endless],
      [1, 3, 0x09, ...endless, ...endless],
    ]) {
      const module = moduleWith([['.debug_line', unit5(tables, program)]]);
      assert.deepEqual(linesAt(module, [10]), [null]);
    }
  });
});

/** A program that fails in the middle of two files; `FAIL` and `CALL` mark the lines. */
const sources = {
  'deep.h': `
namespace deep {
template <typename T> __attribute__((noinline)) T divide(T a, T b) {
  volatile T zero = b;
  return a /
         zero; // FAIL
}
}`,
  'main.cc': `
#include "deep.h"
struct Account {
  int balance;
  __attribute__((noinline)) int share(int among) const { return deep::divide(balance, among); } // SHARE
};
extern "C" __attribute__((export_name("run"))) int run() {
  Account account = {100};
  return account.share(0); // CALL
}`,
};
const lineOf = (file: keyof typeof sources, mark: string): number =>
  sources[file].split('\n').findIndex((line) => line.includes(mark)) + 1;

const compile = (folder: string, flags: readonly string[]): string => {
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(folder, name), text);
  const file = join(folder, 'program.wasm');
  const fixed = [
    '--target=wasm32',
    '-nostdlib',
    '-Wl,--no-entry',
    '-Wl,--no-demangle',
    'main.cc',
    '-o',
    file,
  ];
  // Where clang finds a wasm-opt (npm puts that of a package in the path), it runs it, and names and lines are lost.
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((place) => !place.includes('node_modules'));
  const env = { ...process.env, PATH: path.join(delimiter) };
  const { status } = spawnSync('clang++', [...flags, ...fixed], { cwd: folder, env });
  return status === 0 ? file : '';
};

/** What a call of a program's `run` rejects with. */
const failureOf = async (file: string): Promise<QuernError> => {
  const plugin = await createPlugin({ wasm: [{ data: new Uint8Array(readFileSync(file)) }] });
  try {
    await plugin.call('run');
  } catch (error) {
    if (isQuernError(error)) return error;
    throw error;
  }
  return assert.fail('the call succeeded');
};

const folder = mkdtempSync(join(tmpdir(), 'quern-lines-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const hasClang = compile(folder, []) !== '';

describe('C++ by clang', { skip: !hasClang && 'clang++ for wasm32 not found' }, () => {
  for (const flags of [
    ['-gdwarf-4', '-O0'],
    ['-gdwarf-5', '-O1'],
  ]) {
    test(flags.join(' '), async () => {
      const file = compile(folder, flags);
      const error = await failureOf(file);
      const frames = error.details.backtrace!.map(({ funcName, file, line, column }) => ({
        // The linker writes the type of a template's result in front.
        name: funcName.replace(/^int /, ''),
        file: basename(file ?? ''),
        line,
        hasColumn: (column ?? 0) > 0,
      }));
      assert.equal(error.code, 'trap.divide-by-zero');
      assert.deepEqual(frames.slice(0, 3), [
        // The division is where its operator is.
        {
          name: 'deep::divide<int>(int, int)',
          file: 'deep.h',
          line: lineOf('deep.h', 'FAIL') - 1,
          hasColumn: true,
        },
        {
          name: 'Account::share(int) const',
          file: 'main.cc',
          line: lineOf('main.cc', 'SHARE'),
          hasColumn: true,
        },
        { name: 'run', file: 'main.cc', line: lineOf('main.cc', 'CALL'), hasColumn: true },
      ]);
    });
  }

  test('the command shows them', () => {
    const { stderr, status } = runQuern(['call', compile(folder, ['-g']), 'run']);
    assert.equal(status, 1);
    const line = lineOf('main.cc', 'SHARE');
    assert.match(stderr, new RegExp(`\n    at Account::share\\(int\\) const \\(\\S*main.cc:${line}:\\d+, `));
  });

  test('without -g there are names only', async () => {
    const error = await failureOf(compile(folder, []));
    assert.deepEqual(Object.keys(error.details.backtrace![0]!), [
      'moduleName',
      'funcIndex',
      'funcName',
      'offset',
    ]);
  });
});

describe('damage', () => {
  test('never is an error', () => {
    const wholes = [
      bytesWith([['.debug_line', unit4(tables4, program)]]),
      bytesWith([
        [
          '.debug_line',
          unit5([1, 1, 0x08, 1, ...cString('/w'), 2, 1, 0x08, 2, 0x0b, 1, ...cString('a.c'), 0], program),
        ],
      ]),
      ...(hasClang ? [new Uint8Array(readFileSync(compile(folder, ['-g'])))] : []),
    ];
    const modules = wholes.map((bytes) => decodeModule(bytes));
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.nat(modules.length - 1), damage, (which, changes) => {
        const { bytes, customs } = modules[which]!;
        const lines = customs.filter(({ name }) => name.startsWith('.debug_'));
        const places = lines.flatMap(({ start, end }) =>
          Array.from({ length: end - start }, (_, i) => start + i),
        );
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[places[at % places.length]!] = value;
        const module = { ...modules[which]!, bytes: damaged };
        const start = codeStart(module);
        for (const line of sourceLines(
          module,
          Array.from({ length: 64 }, (_, i) => start + 3 * i),
        )) {
          if (line === null) continue;
          assert.ok(Number.isSafeInteger(line.line) && line.line > 0 && line.file.length < 4096);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
