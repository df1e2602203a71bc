/** Files through WASI: what programs can do in their directories, the same on real and on memory files. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { FileTree } from '../../src/host/wasi/files.ts';
import { createPlugin, MemoryFiles, nodeDirectory } from '../../src/node.ts';
import { behaviours, statOf } from './behaviours.ts';
import { Guest } from './node-guest.ts';

const onTree = (tree: FileTree, run: (guest: Guest) => void): void => {
  const guest = new Guest({ '/': tree });
  try {
    run(guest);
  } finally {
    guest.end();
  }
};
const backEnds: Readonly<Record<string, (run: (guest: Guest) => void) => void>> = {
  'real directory': (run) => {
    const path = mkdtempSync(join(tmpdir(), 'quern-files-'));
    try {
      onTree(nodeDirectory(path), run);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  },
  'real directory, by name': (run) => {
    const path = mkdtempSync(join(tmpdir(), 'quern-files-'));
    try {
      onTree(nodeDirectory(path, 'named'), run);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  },
  'memory files': (run) => onTree(new MemoryFiles(), run),
};

for (const [name, backEnd] of Object.entries(backEnds)) {
  describe(name, () => {
    for (const [title, run] of Object.entries(behaviours)) test(title, () => backEnd(run));
  });
}

describe('pre-opened directories', () => {
  test('are found by number and name; several are separate', () => {
    const guest = new Guest({ '/one': new MemoryFiles({ f: '1' }), two: new MemoryFiles({ f: '2' }) });
    assert.equal(guest.call('fd_prestat_get', 4, 512), 'success');
    assert.deepEqual([guest.memory.getUint8(512), guest.memory.getUint32(516, true)], [0, 3]);
    assert.equal(guest.call('fd_prestat_dir_name', 4, 512, 2), 'nametoolong');
    assert.equal(guest.call('fd_prestat_dir_name', 4, 512, 8), 'success');
    assert.equal(Buffer.from(guest.bytes.subarray(512, 515)).toString(), 'two');
    assert.equal(guest.call('fd_prestat_get', 5, 512), 'badf');
    assert.equal(guest.readFile('f', { at: 4 }), '2');
    assert.equal(guest.rename('f', 'g', { at: 3, toAt: 4 }), 'xdev');
    assert.equal(guest.link('f', 'g', { at: 3, toAt: 4 }), 'xdev');
  });
  test('the older snapshot has its own layouts and origins of seeking', () => {
    const guest = new Guest({ '/': new MemoryFiles({ f: 'abcdef' }) }, {}, 'wasi_unstable');
    const stat = statOf(guest.stat('f'));
    assert.deepEqual([stat.size, stat.nlink], [6n, 1n]);
    const fd = guest.mustOpen('f');
    assert.equal(guest.seek(fd, -2, 1), 4n);
    assert.equal(guest.seek(fd, 1, 2), 1n);
    assert.equal(guest.seek(fd, 1, 0), 2n);
  });
});

describe('memory files for the host', () => {
  test('are filled and read by path', () => {
    const files = new MemoryFiles({ 'a/b': 'text', c: new Uint8Array([1]) });
    const guest = new Guest({ '/': files });
    assert.equal(guest.readFile('a/b'), 'text');
    guest.writeFile('a/new', 'made');
    assert.equal(Buffer.from(files.readFile('/a/new') ?? []).toString(), 'made');
    assert.deepEqual(files.paths(), ['a/b', 'a/new', 'c']);
    assert.equal(files.readFile('a'), null);
    assert.equal(files.readFile('a/b/c'), null);
    files.writeFile('a/b', 'changed');
    assert.equal(guest.readFile('a/b'), 'changed');
  });
  test('refuse what is no plain path, and more than their budget', () => {
    const files = new MemoryFiles({ a: '' }, { maxBytes: 2000 });
    for (const path of ['', '/', '../x', 'a/../b', 'a\0', 'a/b']) {
      assert.throws(() => files.writeFile(path, ''), { name: 'UsageError' }, path);
    }
    assert.throws(() => files.writeFile('big', new Uint8Array(2000)), { name: 'UsageError' });
    assert.throws(() => new MemoryFiles({}, { maxBytes: -1 }), { name: 'UsageError' });
  });
});

describe('allowed paths', () => {
  const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  test('a directory that is not there fails the creation, where WASI is used', async () => {
    const manifest = { wasm: [{ data: bytes }], allowedPaths: { '/x': '/nothing/here' } };
    await assert.rejects(
      createPlugin(manifest, { useWasi: true }),
      /cannot open the directory "\/nothing\/here"/,
    );
    await (await createPlugin(manifest)).close();
  });
  test('what is no file tree is refused', async () => {
    const preopens = { '/': {} as FileTree };
    await assert.rejects(createPlugin({ wasm: [{ data: bytes }] }, { wasi: { preopens } }), {
      name: 'UsageError',
    });
  });
});
