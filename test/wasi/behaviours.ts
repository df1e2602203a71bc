/** What programs can do with files, the same on every back end and on every host; see `files.test.ts`. */
import { rights } from '../../src/host/wasi/abi.ts';
import { assert } from './assertions.ts';
import type { Guest, Stat } from './guest.ts';

const DIRECTORY = 3;
const FILE = 4;
const LINK = 7;

/** Attributes that must be there. */
export const statOf = (answer: unknown): Stat => {
  assert.equal(typeof answer, 'object', String(answer));
  return answer as Stat;
};

/** Each works on an empty directory. */
export const behaviours: Readonly<Record<string, (g: Guest) => void>> = {
  'what is written is read, at positions that move': (g) => {
    const fd = g.mustOpen('f', { create: true });
    assert.equal(g.write(fd, 'hello world'), 'success');
    assert.equal(g.seek(fd, 6), 6n);
    assert.equal(g.read(fd), 'world');
    assert.equal(g.read(fd), '');
    assert.equal(g.seek(fd, -5, 1), 6n);
    assert.equal(g.seek(fd, 2, 2), 13n);
    assert.equal(g.write(fd, '!'), 'success');
    assert.equal(g.seek(fd, 0), 0n);
    assert.equal(g.read(fd), 'hello world\0\0!');
    assert.equal(g.seek(fd, -1), 'inval');
    assert.equal(g.seek(fd, 0, 3), 'inval');
  },
  'append writes at the end, wherever the position is': (g) => {
    g.writeFile('f', 'one');
    const fd = g.mustOpen('f', { write: true, append: true });
    assert.equal(g.seek(fd, 0), 0n);
    g.write(fd, 'two');
    assert.equal(g.seek(fd, 0, 1), 6n);
    assert.equal(g.call('fd_fdstat_set_flags', fd, 0), 'success');
    g.seek(fd, 0);
    g.write(fd, 'ONE');
    assert.equal(g.readFile('f'), 'ONEtwo');
  },
  'pread and pwrite leave the position alone': (g) => {
    const fd = g.mustOpen('f', { create: true });
    g.write(fd, 'abcdef');
    g.bytes.set(new TextEncoder().encode('XY'), 65_536);
    g.memory.setUint32(772, 2, true);
    assert.equal(g.call('fd_pwrite', fd, 768, 1, 1n, 512), 'success');
    assert.equal(g.seek(fd, 0, 1), 6n);
    g.memory.setUint32(772, 64, true);
    assert.equal(g.call('fd_pread', fd, 768, 1, 2n, 512), 'success');
    assert.equal(g.memory.getUint32(512, true), 4);
    assert.equal(new TextDecoder().decode(g.bytes.subarray(65_536, 65_540)), 'Ydef');
    assert.equal(g.seek(fd, 0, 1), 6n);
    assert.equal(g.readFile('f'), 'aXYdef');
  },
  'making, exclusive making, truncation': (g) => {
    assert.equal(g.open('f'), 'noent');
    g.writeFile('f', 'contents');
    assert.equal(g.open('f', { create: true, exclusive: true }), 'exist');
    assert.equal(g.readFile('f', { create: true }), 'contents');
    g.close(g.mustOpen('f', { write: true, truncate: true }));
    assert.equal(g.readFile('f'), '');
    assert.equal(g.open('f', { create: true, directory: true }), 'inval');
    assert.equal(g.open('new/', { create: true }), 'isdir');
  },
  'sizes: set, allocate, holes of zeros': (g) => {
    const fd = g.mustOpen('f', { create: true });
    g.write(fd, 'abc');
    assert.equal(g.call('fd_filestat_set_size', fd, 5n), 'success');
    assert.equal(g.readFile('f'), 'abc\0\0');
    assert.equal(g.call('fd_filestat_set_size', fd, 2n), 'success');
    assert.equal(g.call('fd_filestat_set_size', fd, 4n), 'success');
    assert.equal(g.readFile('f'), 'ab\0\0');
    assert.equal(g.call('fd_allocate', fd, 2n, 10n), 'success');
    assert.equal(statOf(g.fstat(fd)).size, 12n);
    assert.equal(g.call('fd_allocate', fd, 0n, 3n), 'success');
    assert.equal(statOf(g.fstat(fd)).size, 12n);
    assert.equal(g.call('fd_allocate', fd, 0n, 0n), 'inval');
    assert.equal(g.call('fd_advise', fd, 0n, 0n, 6), 'inval');
    assert.equal(g.call('fd_sync', fd), 'success');
    assert.equal(g.call('fd_datasync', fd), 'success');
  },
  'directories: made, listed, removed when empty': (g) => {
    assert.equal(g.mkdir('d'), 'success');
    assert.equal(g.mkdir('d'), 'exist');
    assert.equal(g.mkdir('d/e/'), 'success');
    assert.equal(g.mkdir('x/y'), 'noent');
    g.writeFile('d/f', '');
    assert.equal(g.mkdir('d/f/g'), 'notdir');
    const fd = g.mustOpen('d', { directory: true });
    assert.deepEqual((g.list(fd) as string[]).sort(), ['.', '..', 'e', 'f']);
    assert.equal(g.rmdir('d'), 'notempty');
    assert.equal(g.rmdir('d/f'), 'notdir');
    assert.equal(g.unlink('d/e'), 'isdir');
    assert.equal(g.unlink('d/f/'), 'notdir');
    assert.equal(g.unlink('d/f'), 'success');
    assert.equal(g.rmdir('d/e/'), 'success');
    assert.equal(g.rmdir('d'), 'success');
    assert.equal(g.stat('d'), 'noent');
    assert.notEqual(g.writeFile('f', '', { at: fd, create: true }), 'success');
  },
  'listings continue where they stopped, whatever the size of the buffer': (g) => {
    const names = Array.from({ length: 60 }, (_, i) => `name-${i}-${'x'.repeat(i)}`);
    for (const name of names) g.writeFile(name, '');
    for (const size of [100, 256, 4096]) {
      assert.deepEqual((g.list(3, size) as string[]).sort(), ['.', '..', ...names].sort());
    }
    // Nine listings at once are more than are kept.
    const fds = Array.from({ length: 9 }, () => g.mustOpen('.', { directory: true }));
    for (const fd of fds) assert.equal((g.list(fd, 100) as string[]).length, 62);
  },
  'inode numbers of a listing are those of stat': (g) => {
    g.writeFile('f', '');
    const { ino } = statOf(g.stat('f'));
    assert.equal(g.call('fd_readdir', 3, 65_536, 256, 2n, 512), 'success');
    const { memory } = g;
    assert.equal(memory.getBigUint64(65_536 + 8, true), ino);
    assert.equal(memory.getUint8(65_536 + 20), FILE);
  },
  'hard links share a file': (g) => {
    g.writeFile('f', 'x');
    g.mkdir('d');
    assert.equal(g.link('f', 'd/g'), 'success');
    assert.equal(statOf(g.stat('f')).nlink, 2n);
    assert.equal(statOf(g.stat('f')).ino, statOf(g.stat('d/g')).ino);
    g.writeFile('d/g', 'changed');
    assert.equal(g.readFile('f'), 'changed');
    assert.equal(g.link('f', 'd/g'), 'exist');
    assert.equal(g.link('f', 'new/'), 'noent');
    assert.ok(['perm', 'acces'].includes(g.link('d', 'e')));
    g.unlink('f');
    assert.equal(g.readFile('d/g'), 'changed');
  },
  'symbolic links are followed inside, also through ..': (g) => {
    g.mkdir('d');
    g.writeFile('d/f', 'x');
    assert.equal(g.symlink('d/f', 'to-file'), 'success');
    assert.equal(g.symlink('../d', 'd/self'), 'success');
    assert.equal(g.readFile('to-file'), 'x');
    assert.equal(g.readFile('d/self/self/f'), 'x');
    assert.equal(g.open('to-file', { follow: false }), 'loop');
    assert.equal(g.readlink('d/self'), '../d');
    assert.equal(g.readlink('d/f'), 'inval');
    assert.equal(statOf(g.stat('to-file', { follow: false })).filetype, LINK);
    assert.equal(statOf(g.stat('d/self')).filetype, DIRECTORY);
    assert.equal(g.symlink('x', 'd'), 'exist');
    assert.equal(g.symlink('x', 'new/'), 'noent');
    g.symlink('made', 'dangling');
    assert.equal(g.open('dangling'), 'noent');
    g.writeFile('dangling', 'through');
    assert.equal(g.readFile('made'), 'through');
  },
  'renames replace what may be replaced': (g) => {
    g.writeFile('a', 'a');
    g.writeFile('b', 'b');
    g.mkdir('d');
    g.mkdir('e');
    assert.equal(g.rename('a', 'b'), 'success');
    assert.equal(g.readFile('b'), 'a');
    assert.equal(g.rename('a', 'c'), 'noent');
    assert.equal(g.rename('b', 'd'), 'isdir');
    assert.equal(g.rename('d', 'b'), 'notdir');
    assert.equal(g.rename('d/', 'e/'), 'success');
    assert.equal(g.rename('e', 'e/inside'), 'inval');
    g.writeFile('e/f', '');
    g.mkdir('d');
    assert.equal(g.rename('d', 'e'), 'notempty');
    assert.equal(g.rename('b', 'e/b'), 'success');
    assert.equal(g.rename('e/b', 'b/'), 'notdir');
    assert.equal(g.rename('e/b', 'e/b'), 'success');
  },
  'times are kept to the nanosecond': (g) => {
    g.writeFile('f', '');
    g.symlink('f', 'l');
    const time = 1_600_000_000_123_456_789n;
    assert.equal(g.setTimes('f', time), 'success');
    assert.equal(statOf(g.stat('f')).mtim, time);
    assert.equal(g.setTimes('l', time - 1n, { follow: false }), 'success');
    assert.equal(statOf(g.stat('l', { follow: false })).mtim, time - 1n);
    assert.equal(statOf(g.stat('l')).mtim, time);
    const fd = g.mustOpen('f', { write: true });
    assert.equal(g.call('fd_filestat_set_times', fd, 0n, 5n, 4), 'success');
    assert.equal(statOf(g.fstat(fd)).mtim, 5n);
    assert.equal(g.call('fd_filestat_set_times', fd, 0n, 0n, 12), 'inval');
    assert.equal(g.call('fd_filestat_set_times', fd, 0n, 0n, 3), 'inval');
    assert.equal(g.call('fd_filestat_set_times', fd, 0n, 0n, 16), 'inval');
    g.write(fd, 'x');
    assert.ok(statOf(g.fstat(fd)).mtim > 5n);
  },
  'a file lives on while it is open': (g) => {
    const fd = g.mustOpen('f', { create: true });
    g.write(fd, 'still here');
    assert.equal(g.unlink('f'), 'success');
    g.seek(fd, 0);
    assert.equal(g.read(fd), 'still here');
    assert.equal(g.close(fd), 'success');
  },
  'streams, files and directories answer what they cannot do': (g) => {
    const file = g.mustOpen('f', { create: true });
    assert.equal(g.read(3), 'isdir');
    assert.equal(g.write(3, 'x'), 'isdir');
    assert.equal(g.seek(3, 0), 'isdir');
    assert.equal(g.call('fd_readdir', file, 0, 64, 0n, 512), 'notdir');
    assert.equal(g.mkdir('d', file), 'notdir');
    assert.equal(g.call('fd_prestat_get', file, 512), 'badf');
    assert.equal(g.call('sock_send', file, 0, 0, 0, 512), 'notsock');
    assert.equal(g.call('sock_send', 99, 0, 0, 0, 512), 'badf');
    assert.equal(g.open('.', { write: true, directory: true }), 'isdir');
    assert.equal(g.open('f', { directory: true }), 'notdir');
    assert.equal(g.open('f/'), 'notdir');
  },
  'rights are passed on, and only they': (g) => {
    g.writeFile('f', 'x');
    const directory = g.mustOpen('.', { directory: true, rights: rights.path_open });
    assert.equal(g.mkdir('d', directory), 'notcapable');
    assert.equal(g.readFile('f', { at: directory, rights: rights.fd_read }), 'x');
    assert.equal(g.call('fd_fdstat_set_rights', directory, rights.path_open, rights.fd_tell), 'success');
    assert.equal(g.open('f', { at: directory, rights: rights.fd_read }), 'notcapable');
  },
};
