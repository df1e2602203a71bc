/**
 * Runs the preview-1 tests of WebAssembly/wasi-testsuite in this process, on real or on memory files:
 * `node build/spec-tests/wasi/main.js SUITE [--files real|memory] [--strict] [NAME…]`.
 *
 * SUITE is a checkout of the branch `prod/testsuite-base`, which holds the tests as modules. With `--strict` those
 * in Rust insist on the errors of Unix where they would accept several. The official runner is driven by `quern.py` instead.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createPlugin, type FileTree, isQuernError, MemoryFiles, nodeDirectory } from '../../src/node.ts';

/** What a test file says beside its module; absent members have the values of the official specification. */
interface Specification {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string | null;
  readonly exit_code?: number;
  readonly stdout?: string;
}
type FilesKind = 'real' | 'memory';

const languages = ['rust', 'c', 'assemblyscript'] as const;
const isLeftover = (path: string): boolean => path.endsWith('.cleanup');

/** Copies a directory into memory. */
const intoMemory = (root: string): MemoryFiles => {
  const files = new MemoryFiles();
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!isLeftover(path) && statSync(join(root, path)).isFile()) {
      files.writeFile(path, readFileSync(join(root, path)));
    }
  }
  return files;
};

/** A fresh copy of the directory that a test works in, and how to remove it. */
const copyOf = (root: string, kind: FilesKind): { tree: FileTree; remove: () => void } => {
  if (kind === 'memory') return { tree: intoMemory(root), remove: () => {} };
  const copy = mkdtempSync(join(tmpdir(), 'quern-wasi-'));
  cpSync(root, copy, { recursive: true, filter: (path) => !isLeftover(path) });
  return { tree: nodeDirectory(copy), remove: () => rmSync(copy, { recursive: true, force: true }) };
};

/** Runs one test; null when it passes, else why it does not. */
const runTest = async (file: string, kind: FilesKind, isStrict: boolean): Promise<string | null> => {
  const described = file.replace(/\.wasm$/, '.json');
  const spec = (existsSync(described) ? JSON.parse(readFileSync(described, 'utf8')) : {}) as Specification;
  const files = spec.root ? copyOf(join(file, '..', spec.root), kind) : null;
  const output = { stdout: '', stderr: '' };
  try {
    const plugin = await createPlugin(
      { wasm: [{ path: file }] },
      {
        wasi: {
          args: [file, ...(spec.args ?? [])],
          env: { ...(isStrict ? { ERRNO_MODE_UNIX: '1' } : {}), ...spec.env },
          stdout: (chunk) => void (output.stdout += Buffer.from(chunk)),
          stderr: (chunk) => void (output.stderr += Buffer.from(chunk)),
          preopens: files === null ? {} : { '/': files.tree },
        },
      },
    );
    const exitCode = await plugin.call('_start').then(
      () => 0,
      (error: unknown) => (isQuernError(error, 'exit.code') ? error.details.exitCode : String(error)),
    );
    await plugin.close();
    if (exitCode !== (spec.exit_code ?? 0)) return `exit code ${exitCode}: ${output.stderr}`;
    const isSame = spec.stdout === undefined || output.stdout === spec.stdout;
    return isSame ? null : `standard output: ${output.stdout}`;
  } finally {
    files?.remove();
  }
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: 'string', default: 'real' }, strict: { type: 'boolean', default: false } },
});
const [suite, ...names] = positionals;
if (suite === undefined || (values.files !== 'real' && values.files !== 'memory')) {
  process.stderr.write('usage: main.js SUITE [--files real|memory] [--strict] [NAME…]\n');
  process.exit(2);
}
let failureCount = 0;
for (const language of languages) {
  const folder = join(suite, 'tests', language, 'testsuite/wasm32-wasip1');
  const tests = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  let passed = 0;
  let count = 0;
  for (const test of tests.sort()) {
    const name = basename(test, '.wasm');
    if (names.length > 0 && !names.includes(name)) continue;
    count++;
    const failure = await runTest(join(folder, test), values.files, values.strict && language === 'rust');
    if (failure === null) passed++;
    else process.stdout.write(`FAIL ${language}/${name}: ${failure}\n`);
  }
  process.stdout.write(`${language}: ${passed} of ${count}\n`);
  failureCount += count - passed;
}
process.exitCode = failureCount === 0 ? 0 : 1;
