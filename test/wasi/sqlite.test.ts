/** SQLite on WASI files: the recorded calls on memory files, and what is left when a guest dies while it writes. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { FileTree } from '../../src/host/wasi/files.ts';
import { compileModule, createPlugin, MemoryFiles, nodeDirectory, type Plugin } from '../../src/node.ts';
import { needsShared, shared } from '../shared.ts';

interface SetUp {
  readonly id: string;
  readonly wasm: string;
  readonly calls: readonly {
    readonly fn: string;
    readonly in: { readonly text: string };
    readonly out: { readonly text: string };
  }[];
}

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
});
