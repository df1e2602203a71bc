/**
 * Attempts of hostile guests to get out of their directory, by the guest alone: the same on every back end and host.
 * The directory holds `file` with the text `mine`, and an empty directory `dir`. See `escape.test.ts`.
 */
import { assert } from './assertions.ts';
import type { Guest } from './guest.ts';

/** What must not be read. */
export const SECRET = 'the secret of the host';
/** Where things are on the host, for attempts by absolute paths. */
export interface Places {
  readonly inside: string;
  readonly outside: string;
}
/** An attempt; throws when it was not refused as it should be. */
export type Attempt<P extends Places = Places> = (guest: Guest, places: P) => void;
/** Requires an answer that is an error: its name. */
export const refused = (answer: unknown, ...expected: readonly string[]): void => {
  assert.ok(expected.includes(String(answer)), `${String(answer)} is none of ${expected.join(', ')}`);
};
/** The answer to who wants to get out. */
export const OUT = ['notcapable'];
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Attempts by the guest alone. */
export const guestAttempts: Readonly<Record<string, Attempt>> = {
  'read: ../': (g) => refused(g.readFile('../outside/secret'), ...OUT),
  'read: .. through a directory': (g) => refused(g.readFile('dir/../../outside/secret'), ...OUT),
  'read: many ..': (g) => refused(g.readFile(`${'../'.repeat(64)}etc/passwd`), ...OUT),
  'read: .. after dots and slashes': (g) => refused(g.readFile('.//./dir/.././/..//outside/secret'), ...OUT),
  'read: .. of a directory that is not there': (g) =>
    refused(g.readFile('nothing/../../outside/secret'), 'noent'),
  'read: .. of a file': (g) => refused(g.readFile('file/../../outside/secret'), 'notdir'),
  'read: sibling whose name begins the same': (g) => refused(g.readFile('../inside-twin/secret'), ...OUT),
  'read: absolute path': (g) => refused(g.readFile('/etc/passwd'), ...OUT),
  'read: absolute path with two slashes': (g) => refused(g.readFile('//etc/passwd'), ...OUT),
  'read: absolute path of the directory itself': (g, s) => refused(g.readFile(`${s.inside}/file`), ...OUT),
  'read: backslashes are no separators': (g) => refused(g.readFile('..\\outside\\secret'), 'noent'),
  'read: drive and stream names': (g) => {
    for (const path of ['C:/x', 'C:\\Windows\\win.ini', 'file::$DATA', '\\\\?\\C:\\x'])
      refused(g.readFile(path), 'noent');
  },
  'read: device names': (g) => {
    for (const path of ['CON', 'NUL', 'aux.txt', 'dev/null', 'proc/self/environ'])
      refused(g.readFile(path), 'noent');
  },
  'read: percent escapes and look-alikes': (g) => {
    for (const path of [
      '%2e%2e/outside/secret',
      '\u2024\u2024/outside/secret',
      '\uff0e\uff0e/outside/secret',
      '..\u2215outside',
    ]) {
      refused(g.readFile(path), 'noent');
    }
  },
  'read: overlong UTF-8 dots and slashes': (g) => {
    for (const path of ['c0aec0ae2f6f757473696465', '2e2ec0af6f757473696465', 'e080ae2e2f78'])
      refused(g.readFile(hex(path)), 'ilseq');
  },
  'read: lone surrogates and bytes that are no text': (g) => {
    for (const path of ['eda080', 'ff', '80', 'f4908080', 'c3']) refused(g.readFile(hex(path)), 'ilseq');
  },
  'read: zero bytes': (g) => {
    refused(g.readFile(encode('file\0')), 'inval');
    refused(g.readFile(encode('../outside/secret\0file')), 'inval');
  },
  'read: names with spaces and dots at the end are other names': (g) => {
    for (const path of ['.. /outside/secret', '.../secret', 'file.', 'file '])
      refused(g.readFile(path), 'noent');
  },
  'read: other case is another name or the same file, never another one': (g) => {
    assert.ok(['noent', 'mine'].includes(g.readFile('FILE')));
  },
  'open: the parent as a directory': (g) => refused(g.open('..', { directory: true }), ...OUT),
  'open: .. of an opened directory does not climb': (g) => {
    const fd = g.mustOpen('dir', { directory: true });
    refused(g.readFile('../file', { at: fd }), ...OUT);
    refused(g.open('..', { at: fd, directory: true }), ...OUT);
  },
  'write: make a file above': (g) => refused(g.open('../new', { create: true }), ...OUT),
  'write: truncate a file above': (g) =>
    refused(g.open('../outside/secret', { truncate: true, write: true }), ...OUT),
  'write: make a directory above': (g) => refused(g.mkdir('../new'), ...OUT),
  'write: make a directory at an absolute path': (g, s) => refused(g.mkdir(`${s.outside}/new`), ...OUT),
  'write: remove a file above': (g) => refused(g.unlink('../outside/secret'), ...OUT),
  'write: remove a directory above': (g) => refused(g.rmdir('../outside'), ...OUT),
  'write: set times above': (g) => refused(g.setTimes('../outside/secret', 5n), ...OUT),
  'write: rename out': (g) => refused(g.rename('file', '../outside/file'), ...OUT),
  'write: rename in': (g) => refused(g.rename('../outside/secret', 'mine'), ...OUT),
  'write: rename the directory itself': (g) => {
    for (const path of ['.', 'dir/..', './']) refused(g.rename(path, 'dir/x'), 'busy');
    refused(g.rename('dir', '..'), ...OUT);
  },
  'write: remove the directory itself': (g) => refused(g.rmdir('.'), 'inval'),
  'write: hard link to a file above': (g) => refused(g.link('../outside/secret', 'mine'), ...OUT),
  'write: hard link out': (g) => refused(g.link('file', '../outside/mine'), ...OUT),
  'stat: above': (g) => refused(g.stat('../outside/secret'), ...OUT),
  'readlink: above': (g) => refused(g.readlink('../outside/link'), ...OUT),
  'link: absolute targets cannot be made': (g, s) => {
    for (const target of ['/', '/etc/passwd', s.outside]) refused(g.symlink(target, 'link'), ...OUT);
  },
  'link: to a file above': (g) => {
    g.symlink('../outside/secret', 'link');
    refused(g.readFile('link'), ...OUT);
    refused(g.stat('link'), ...OUT);
    refused(g.open('link', { write: true, truncate: true }), ...OUT);
  },
  'link: to a directory above, walked through': (g) => {
    g.symlink('../outside', 'link');
    refused(g.readFile('link/secret'), ...OUT);
    refused(g.mkdir('link/new'), ...OUT);
    refused(g.unlink('link/secret'), ...OUT);
    refused(g.rename('file', 'link/file'), ...OUT);
    refused(g.link('file', 'link/file'), ...OUT);
    refused(g.symlink('x', 'link/x'), ...OUT);
    refused(g.setTimes('link/secret', 1n), ...OUT);
  },
  'link: to a directory above, with a slash at the end': (g) => {
    g.symlink('../outside', 'link');
    refused(g.open('link/', { directory: true, follow: false }), ...OUT);
    refused(g.rmdir('link/'), 'notdir');
    refused(g.open('link/.', { directory: true, follow: false }), ...OUT);
  },
  'link: chain of links, the last one out': (g) => {
    g.symlink('two', 'one');
    g.symlink('dir/three', 'two');
    g.symlink('../../outside/secret', 'dir/three');
    refused(g.readFile('one'), ...OUT);
  },
  'link: .. after a link goes back to where the link leads, not above': (g) => {
    g.mkdir('dir/deep');
    g.symlink('dir/deep', 'link');
    assert.notEqual(g.stat('link/../../file'), 'notcapable');
    refused(g.readFile('link/../../../outside/secret'), ...OUT);
  },
  'link: dangling link out cannot make a file': (g) => {
    g.symlink('../outside/new', 'link');
    refused(g.open('link', { create: true }), ...OUT);
    refused(g.open('link', { create: true, exclusive: true }), 'exist');
  },
  'link: to itself': (g) => {
    g.symlink('loop', 'loop');
    refused(g.readFile('loop'), 'loop');
    refused(g.readFile('loop/x'), 'loop');
  },
  'link: ring of links': (g) => {
    g.symlink('b', 'a');
    g.symlink('c', 'b');
    g.symlink('a', 'c');
    refused(g.stat('a'), 'loop');
  },
  'link: each doubles the path': (g) => {
    g.symlink('.', 'l0');
    for (let i = 1; i < 30; i++) g.symlink(`l${i - 1}/l${i - 1}`, `l${i}`);
    refused(g.stat('l29'), 'loop');
  },
  'link: long targets, many times': (g) => {
    const target = `${'./'.repeat(2000)}dir`;
    g.symlink(target, 'long');
    for (let i = 0; i < 20; i++) g.stat(`${'long/../'.repeat(30)}file`);
  },
  'link: made by hard link and renamed between directories': (g) => {
    g.mkdir('dir/deep');
    g.symlink('../../outside/secret', 'dir/link');
    g.link('dir/link', 'link');
    g.rename('dir/link', 'dir/deep/link');
    refused(g.readFile('link'), ...OUT);
    // One level deeper the same text stays inside, and leads to nothing.
    refused(g.readFile('dir/deep/link'), 'noent');
  },
  'link: follow flag on hard links is refused': (g) => {
    g.symlink('../outside/secret', 'link');
    refused(g.link('link', 'copy', { follow: true }), 'inval');
    assert.equal(g.link('link', 'copy'), 'success');
    refused(g.readFile('copy'), ...OUT);
  },
  'link: rename over a link replaces the link': (g) => {
    g.symlink('../outside/secret', 'link');
    assert.equal(g.rename('file', 'link'), 'success');
    assert.equal(g.readFile('link'), 'mine');
  },
  'link: unlink removes the link': (g) => {
    g.symlink('../outside/secret', 'link');
    assert.equal(g.unlink('link'), 'success');
  },
  'link: a directory replaced by a link after it was opened': (g) => {
    const fd = g.mustOpen('dir', { directory: true });
    g.rename('dir', 'old');
    g.symlink('../outside', 'dir');
    assert.notEqual(g.readFile('secret', { at: fd }), SECRET);
    refused(g.readFile('dir/secret'), ...OUT);
  },
  'descriptor: used after close': (g) => {
    const fd = g.mustOpen('dir', { directory: true });
    g.close(fd);
    refused(g.readFile('x', { at: fd }), 'badf');
    refused(g.call('fd_readdir', fd, 0, 64, 0n, 512), 'badf');
    refused(g.close(fd), 'badf');
  },
  'descriptor: numbers of the host are not numbers of the guest': (g) => {
    for (const fd of [4, 5, 10, 20, 100, 1023, 0xffff_ffff]) refused(g.read(fd), 'badf');
  },
  'descriptor: a file is no directory': (g) => {
    const fd = g.mustOpen('file');
    refused(g.readFile('../outside/secret', { at: fd }), 'notdir');
    refused(g.mkdir('x', fd), 'notdir');
  },
  'descriptor: a stream is no directory': (g) => refused(g.readFile('file', { at: 1 }), 'notdir'),
  'descriptor: renumbered over the pre-opened directory': (g) => {
    const fd = g.mustOpen('dir', { directory: true });
    assert.equal(g.call('fd_renumber', fd, 3), 'success');
    refused(g.readFile('../file'), ...OUT);
    refused(g.call('fd_prestat_get', 3, 512), 'badf');
  },
  'rights: dropped permanently, also through new descriptors': (g) => {
    const fd = g.mustOpen('dir', { directory: true, rights: (1n << 13n) | (1n << 14n) });
    refused(g.call('fd_fdstat_set_rights', fd, (1n << 30n) - 1n, 0n), 'notcapable');
    refused(g.mkdir('x', fd), 'notcapable');
    refused(g.open('x', { at: fd, create: true, rights: 2n }), 'notcapable');
  },
  'rights: a file opened for reading is not written': (g) => {
    const fd = g.mustOpen('file');
    refused(g.write(fd, 'x'), 'notcapable');
    refused(g.call('fd_filestat_set_size', fd, 0n), 'notcapable');
    refused(g.call('fd_allocate', fd, 0n, 100n), 'notcapable');
    assert.equal(g.readFile('file'), 'mine');
  },
  'rights: truncation by opening needs a right': (g) => {
    const fd = g.mustOpen('.', { directory: true, rights: (1n << 13n) | (1n << 10n) });
    refused(g.open('file', { at: fd, truncate: true, rights: 0n }), 'notcapable');
    assert.equal(g.readFile('file'), 'mine');
  },
  'bomb: long paths and names': (g) => {
    refused(g.open('a'.repeat(5000)), 'nametoolong');
    refused(g.open('a'.repeat(256)), 'nametoolong');
    refused(g.open('\u00e9'.repeat(128)), 'nametoolong');
    refused(g.stat('a/'.repeat(2000)), 'noent');
    assert.notEqual(g.stat('./'.repeat(2000)), 'notcapable');
  },
  'bomb: path length beyond memory': (g) => {
    refused(g.call('path_open', 3, 0, 1024, 0xffff_ffff, 0, 0n, 0n, 0, 512), 'fault');
    refused(g.call('path_unlink_file', 3, 0xffff_fff0, 64), 'fault');
  },
  'bomb: directories in directories': (g) => {
    let at = 3;
    let made = 0;
    for (; made < 300; made++) {
      if (g.mkdir('d', at) !== 'success') break;
      const next = g.open('d', { at, directory: true });
      if (at !== 3) g.close(at);
      if (typeof next === 'string') break;
      at = next;
    }
    refused(g.stat('d/'.repeat(290)), 'nametoolong');
  },
  'bomb: descriptors': (g) => {
    const answers = new Set<unknown>();
    for (let i = 0; i < 1100; i++) answers.add(typeof g.open('file') === 'number' ? 'opened' : 'mfile');
    assert.deepEqual([...answers], ['opened', 'mfile']);
  },
  'bomb: sizes': (g) => {
    const fd = g.mustOpen('big', { create: true });
    refused(g.call('fd_filestat_set_size', fd, 1n << 60n), 'fbig');
    refused(g.call('fd_filestat_set_size', fd, -1n), 'inval');
    refused(g.call('fd_allocate', fd, 1n << 62n, 1n << 62n), 'fbig');
    refused(g.seek(fd, (1n << 63n) - 1n), 'overflow');
    refused(g.call('fd_pread', fd, 768, 0, 1n << 63n, 512), 'inval');
  },
  'bomb: vectors': (g) => {
    const fd = g.mustOpen('file');
    refused(g.call('fd_read', fd, 0, 0x7fff_ffff, 512), 'inval');
    refused(g.call('fd_read', fd, 0xffff_fff8, 1, 512), 'fault');
  },
  'listing: shows nothing of what is above': (g) => {
    assert.deepEqual((g.list() as string[]).sort(), ['.', '..', 'dir', 'file']);
  },
  'listing: cookies out of range': (g) => {
    for (const cookie of [1n << 63n, (1n << 64n) - 1n, 1n << 53n, 99n]) {
      assert.equal(g.call('fd_readdir', 3, 65_536, 256, cookie, 512), 'success');
      assert.equal(g.memory.getUint32(512, true), 0);
    }
  },
};
