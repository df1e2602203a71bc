/** Files through WASI: what programs can do in their directories, the same on real and on memory files. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FileQuota, limitedFiles } from '../../src/host/wasi/limited-files.ts';
import { createPlugin, type FileTree, MemoryFiles, nodeDirectory } from '../../src/node.ts';
import { assemble } from '../assembler.ts';
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
  test('move no directory into one that lies too deep: the work of one call is bounded', () => {
    const depth = 4200;
    const guest = new Guest({ '/': new MemoryFiles({ [`${'d/'.repeat(depth)}f`]: '', 'other/f': '' }) });
    const openAt = (levels: number): number => {
      let at = 3;
      for (let left = levels; left > 0; left -= 200)
        at = guest.mustOpen('d/'.repeat(Math.min(left, 200)), { at, directory: true });
      return at;
    };
    assert.equal(guest.rename('other', 'other', { toAt: openAt(depth) }), 'nametoolong');
    assert.equal(guest.rename('other', 'other', { toAt: openAt(4000) }), 'success');
  });
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

describe('a quota', () => {
  const onQuota = (maxBytes: number, run: (guest: Guest) => void): void => {
    const path = mkdtempSync(join(tmpdir(), 'quern-quota-'));
    try {
      if (maxBytes < 1e6) writeFileSync(join(path, 'old'), new Uint8Array(3000));
      onTree(limitedFiles(nodeDirectory(path), new FileQuota(maxBytes)), run);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  };

  for (const [title, run] of Object.entries(behaviours))
    test(`that is large is not noticed: ${title}`, () => onQuota(1e9, run));

  test('bounds what files grow by, by whatever function', () =>
    onQuota(2000, (g) => {
      const fd = g.mustOpen('a', { create: true });
      assert.equal(g.write(fd, 'x'.repeat(1000)), 'success');
      assert.equal(g.call('fd_allocate', fd, 0n, 1488n), 'success');
      assert.equal(g.call('fd_allocate', fd, 0n, 1489n), 'dquot');
      assert.equal(g.call('fd_filestat_set_size', fd, 1489n), 'dquot');
      assert.equal(g.seek(fd, 1488, 0), 1488n);
      assert.equal(g.write(fd, 'x'), 'dquot');
      assert.equal(g.seek(fd, 0, 0), 0n);
      assert.equal(g.write(fd, 'y'.repeat(1488)), 'success', 'writing over is free');
      assert.equal(g.call('fd_filestat_set_size', fd, 500n), 'success');
      assert.equal(g.call('fd_allocate', fd, 0n, 1488n), 'success', 'what was released');
      assert.equal(g.open('b', { create: true }), 'dquot');
      assert.equal(g.unlink('a'), 'success');
      assert.equal(
        typeof g.open('b', { create: true }),
        'number',
        'the entry of a, whose contents are still held',
      );
    }));

  test('takes back what is removed, once nobody holds it; old files give no more than was used', () =>
    onQuota(2000, (g) => {
      g.writeFile('a', 'x'.repeat(1400));
      assert.equal(g.unlink('a'), 'success');
      g.writeFile('a', 'x'.repeat(1400));
      assert.equal(g.unlink('old'), 'success');
      assert.equal(g.unlink('a'), 'success');
      const fd = g.mustOpen('b', { create: true });
      assert.equal(g.call('fd_allocate', fd, 0n, 1489n), 'dquot');
      assert.equal(g.call('fd_allocate', fd, 0n, 1488n), 'success');
    }));

  test('is an option of plug-ins', async () => {
    const wasm = [{ data: assemble({}) }];
    await assert.rejects(createPlugin({ wasm }, { maxFileBytes: -1 }), { code: 'manifest.shape' });
    await (
      await createPlugin({ wasm }, { maxFileBytes: 1000, allowedPaths: { '/': '.' }, useWasi: true })
    ).close();
  });
});

describe('allowed paths', () => {
  const bytes = assemble({});
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
