/** SQLite on WASI files: the recorded calls on memory files, and what is left when a guest dies while it writes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  compileModule,
  createPlugin,
  type FileTree,
  MemoryFiles,
  nodeDirectory,
  type Plugin,
} from '../../src/node.ts';
import { needsShared, root, shared } from '../shared.ts';

interface SetUp {
  readonly id: string;
  readonly wasm: string;
  readonly calls: readonly {
    readonly fn: string;
    readonly in: { readonly text: string };
    readonly out: { readonly text: string };
  }[];
}

/** How often a writing process is killed; `QUERN_KILLS=300 npm test -- wasi/sqlite` for a long run. */
const KILLS = Number(process.env['QUERN_KILLS'] ?? 8);

/** Most file operations of two transactions; each kill hits one of them. */
const OPERATIONS = 60;

/** Lets a process write until it kills itself at a file operation, and returns the last row it told of. */
const writeUntilKilled = (folder: string, wasm: string, operation: number): number => {
  const writer = join(root, 'build/test/wasi/sqlite-writer.js');
  const run = spawnSync(process.execPath, [writer, wasm, folder, String(operation)], { encoding: 'utf8' });
  assert.equal(run.signal, 'SIGKILL', run.stderr);
  return Number(run.stdout.trim().split('\n').at(-1));
};

describe('SQLite on WASI files', needsShared, () => {
  if (needsShared.skip) return;
  const setUps = JSON.parse(readFileSync(shared('plugins/golden.json'), 'utf8')) as SetUp[];
  const setUp = setUps.find(({ id }) => id === 'sqlite_file')!;
  const module = compileModule(readFileSync(shared('plugins', setUp.wasm)));
  const open = (tree: FileTree, fuel?: number): Promise<Plugin> =>
    createPlugin(
      { wasm: [{ module }] },
      { config: { path: '/db/t.db' }, fuel, wasi: { preopens: { '/db': tree } } },
    );
  const query = async (tree: FileTree, sql: string, fuel?: number): Promise<string> => {
    const plugin = await open(tree, fuel);
    try {
      return (await plugin.call('exec_file', sql))?.text() ?? '';
    } finally {
      await plugin.close();
    }
  };

  test('the recorded calls give the same on memory files', async () => {
    const files = new MemoryFiles();
    const plugin = await open(files);
    for (const call of setUp.calls) {
      assert.equal((await plugin.call(call.fn, call.in.text))?.text(), call.out.text);
    }
    assert.deepEqual(files.paths(), ['t.db']);
    assert.equal(Buffer.from(files.readFile('t.db')!.subarray(0, 13)).toString(), 'SQLite format');
  });

  /** Lets a guest run out of fuel at many points of one transaction, and looks at the database afterwards. */
  const crash = async (tree: FileTree): Promise<void> => {
    await query(tree, 'create table t(a integer primary key, b); insert into t(b) values (zeroblob(9000))');
    const insert = 'insert into t(b) select zeroblob(3000) from (values (1), (2), (3), (4), (5))';
    let count = 1;
    let cut = 0;
    let fuel = 60_000;
    for (; cut < 60; fuel += 12_000) {
      const error = await query(tree, insert, fuel).then(
        () => null,
        (reason: { code: string }) => reason,
      );
      if (error !== null) assert.equal(error.code, 'exhaustion.fuel');
      const answer = JSON.parse(await query(tree, 'select count(*) from t; pragma integrity_check')) as [
        [[number]],
        [[string]],
      ];
      assert.equal(answer[1][0][0], 'ok', `integrity after ${fuel} units of fuel`);
      const found = answer[0][0][0];
      assert.ok(found === count || found === count + 5, `${found} rows where ${count} were committed`);
      assert.ok(error !== null || found === count + 5);
      count = found;
      if (error === null) break;
      cut++;
    }
    assert.ok(cut > 10, `cut off only ${cut} times`);
  };

  test('a guest that dies while it writes loses nothing committed: memory files', () =>
    crash(new MemoryFiles()));
  test('a guest that dies while it writes loses nothing committed: a real directory', async () => {
    const path = mkdtempSync(join(tmpdir(), 'quern-sqlite-'));
    try {
      await crash(nodeDirectory(path));
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });

  test('a process that is killed while it writes loses nothing committed', async (t) => {
    const path = mkdtempSync(join(tmpdir(), 'quern-sqlite-'));
    t.after(() => rmSync(path, { recursive: true, force: true }));
    const tree = nodeDirectory(path);
    await query(tree, 'create table t(a integer primary key, b)');
    const seed = Number(process.env['QUERN_SEED'] ?? Date.now() % 1_000_000);
    let state = seed;
    let inTheMiddle = 0;
    let rows = 0;
    for (let i = 0; i < KILLS; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const operation = 1 + ((state >>> 16) % OPERATIONS);
      const acknowledged = writeUntilKilled(path, shared('plugins', setUp.wasm), operation);
      // What is left of a transaction that had begun; SQLite rolls it back when the database is opened.
      if (existsSync(join(path, 't.db-journal'))) inTheMiddle++;
      const sql = 'select count(*), max(a), sum(length(b)) from t; pragma integrity_check';
      const [[[count, last, length]], [[integrity]]] = JSON.parse(await query(tree, sql)) as [
        [[number, number | null, number | null]],
        [[string]],
      ];
      assert.equal(integrity, 'ok', `seed ${seed}, kill ${i} at operation ${operation}`);
      assert.ok(
        count >= acknowledged,
        `seed ${seed}, kill ${i} at operation ${operation}: row ${acknowledged} of ${count} is lost`,
      );
      // Whole rows only; at most the one that was not acknowledged any more.
      assert.ok(count <= acknowledged + 1, `${count} rows where ${acknowledged} were told of`);
      assert.deepEqual([last ?? 0, length ?? 0], [count, 20_000 * count]);
      rows = count;
    }
    t.diagnostic(`seed ${seed}: ${KILLS} kills, ${inTheMiddle} in a transaction, ${rows} rows`);
    assert.ok(rows >= KILLS, 'each process commits at least one row before it dies');
  });
});
