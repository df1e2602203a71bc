/**
 * Attempts of hostile guests to get out of their directory. None may read, write, make or remove anything outside.
 *
 * Each runs on both ways of holding real directories and, where no host is needed, on memory files. What the guest
 * is told matters less than what happens: every attempt is followed by a comparison of everything outside.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bestAnchorKind, isPlainOnWindows } from '../../src/host/node/anchors.ts';
import { MemoryFiles, nodeDirectory, readOnlyFiles } from '../../src/node.ts';
import { type Attempt, guestAttempts, OUT, refused, SECRET } from './attempts.ts';
import { Guest } from './node-guest.ts';
import { Sandbox } from './sandbox.ts';

/** Attempts that have the help of somebody on the host, or find something there. */
const hostAttempts: Readonly<Record<string, Attempt<Sandbox>>> = {
  'host link: absolute, to a file': (g, s) => {
    symlinkSync(join(s.outside, 'secret'), join(s.inside, 'link'));
    refused(g.readFile('link'), ...OUT);
    refused(g.readlink('link'), ...OUT);
    refused(g.open('link', { follow: false }), 'loop');
  },
  'host link: absolute, to the root of the host': (g, s) => {
    symlinkSync('/', join(s.inside, 'link'));
    refused(g.readFile('link/etc/passwd'), ...OUT);
    refused(g.readFile(`link${s.outside}/secret`), ...OUT);
  },
  'host link: absolute, back into the directory': (g, s) => {
    symlinkSync(join(s.inside, 'file'), join(s.inside, 'link'));
    refused(g.readFile('link'), ...OUT);
  },
  'host link: to what the kernel follows by itself': (g, s) => {
    symlinkSync('/proc/self/root', join(s.inside, 'link'));
    symlinkSync('/proc/self/fd', join(s.inside, 'fds'));
    refused(g.readFile('link/etc/passwd'), ...OUT);
    refused(g.readFile('fds/0'), ...OUT);
  },
  'host link: as the only entry, listed but not entered': (g, s) => {
    symlinkSync(s.outside, join(s.inside, 'link'));
    assert.ok((g.list() as string[]).includes('link'));
    refused(g.open('link', { directory: true }), ...OUT);
    refused(g.open('link', { directory: true, follow: false }), 'loop', 'notdir');
  },
  'host link: times are set on the link, or refused': (g, s) => {
    symlinkSync(join(s.outside, 'secret'), join(s.inside, 'link'));
    refused(g.setTimes('link', 7n), ...OUT);
    g.setTimes('link', 7n, { follow: false });
  },
  'host link: removing it leaves its target': (g, s) => {
    symlinkSync(s.outside, join(s.inside, 'link'));
    refused(g.rmdir('link'), 'notdir');
    assert.equal(g.unlink('link'), 'success');
  },
  'host: a name that is no text is not shown': (g, s) => {
    writeFileSync(Buffer.concat([Buffer.from(`${s.inside}/`), Buffer.from([0xff, 0xfe])]), '');
    assert.deepEqual((g.list() as string[]).sort(), ['.', '..', 'dir', 'file']);
  },
  'host: a directory moved out while the guest holds it keeps its borders': (g, s) => {
    const fd = g.mustOpen('dir', { directory: true });
    renameSync(join(s.inside, 'dir'), join(s.base, 'moved'));
    s.seal();
    refused(g.readFile('../outside/secret', { at: fd }), ...OUT);
    refused(g.open('..', { at: fd, directory: true }), ...OUT);
  },
  'host: the directory itself renamed and another put in its place': (g, s) => {
    renameSync(s.inside, `${s.inside}-old`);
    mkdirSync(s.inside);
    writeFileSync(join(s.inside, 'file'), SECRET);
    assert.notEqual(g.readFile('file'), SECRET);
    rmSync(s.inside, { recursive: true });
    renameSync(`${s.inside}-old`, s.inside);
  },
  'host: the directory itself replaced by a link': (g, s) => {
    renameSync(s.inside, `${s.inside}-old`);
    symlinkSync(s.outside, s.inside);
    assert.notEqual(g.readFile('secret'), SECRET);
    assert.notEqual(g.writeFile('secret', 'mine'), 'written outside');
    rmSync(s.inside);
    rmSync(join(`${s.inside}-old`, 'secret'), { force: true });
    renameSync(`${s.inside}-old`, s.inside);
  },
  'host: a hard link from outside is a file of the directory': (g, s) => {
    writeFileSync(join(s.outside, 'shared'), 'shared');
    linkSync(join(s.outside, 'shared'), join(s.inside, 'shared'));
    s.seal();
    assert.equal(g.readFile('shared'), 'shared');
    assert.equal(g.unlink('shared'), 'success');
    rmSync(join(s.outside, 'shared'));
    s.seal();
  },
};

const withSandbox = (makeGuest: (sandbox: Sandbox) => Guest, attempt: Attempt<Sandbox>): void => {
  const sandbox = new Sandbox();
  const guest = makeGuest(sandbox);
  try {
    attempt(guest, sandbox);
    sandbox.verify();
  } finally {
    guest.end();
    sandbox.remove();
  }
};

const kinds = bestAnchorKind() === 'held' ? (['held', 'named'] as const) : (['named'] as const);
for (const kind of kinds) {
  describe(`real directory, ${kind}`, () => {
    const makeGuest = (sandbox: Sandbox): Guest => new Guest({ '/': nodeDirectory(sandbox.inside, kind) });
    for (const [name, attempt] of Object.entries({ ...guestAttempts, ...hostAttempts })) {
      test(name, { skip: process.platform === 'win32' && 'links need rights there' }, () =>
        withSandbox(makeGuest, attempt),
      );
    }
  });
}

describe('memory files', () => {
  const makeGuest = (): Guest => {
    const files = new MemoryFiles({ file: 'mine', 'dir/x': '' });
    const guest = new Guest({ '/': files });
    guest.unlink('dir/x');
    return guest;
  };
  for (const [name, attempt] of Object.entries(guestAttempts)) {
    test(name, () => withSandbox(makeGuest, attempt));
  }
  test('bomb: more bytes than the budget', () => {
    const guest = new Guest({ '/': new MemoryFiles({}, { maxBytes: 100_000 }) });
    const fd = guest.mustOpen('big', { create: true });
    refused(guest.call('fd_filestat_set_size', fd, 1n << 40n), 'nospc');
    assert.equal(guest.call('fd_filestat_set_size', fd, 90_000n), 'success');
    refused(guest.write(guest.mustOpen('other', { create: true }), 'x'.repeat(20_000)), 'nospc');
  });
  test('bomb: more files than the budget, released when they go', () => {
    const guest = new Guest({ '/': new MemoryFiles({}, { maxBytes: 51_200 }) });
    let made = 0;
    while (guest.mkdir(`d${made}`) === 'success') made++;
    assert.ok(made > 50 && made < 100, String(made));
    for (let i = 0; i < made; i++) assert.equal(guest.rmdir(`d${i}`), 'success');
    assert.equal(guest.mkdir('again'), 'success');
  });
});

describe('read-only directories', () => {
  const attempts: Readonly<Record<string, Attempt>> = {
    'open for writing': (g) => refused(g.open('file', { write: true }), 'rofs'),
    'open to make': (g) => refused(g.open('new', { create: true }), 'rofs'),
    'open to truncate': (g) => refused(g.open('file', { truncate: true }), 'rofs'),
    'make and remove directories': (g) => {
      refused(g.mkdir('new'), 'rofs');
      refused(g.rmdir('dir'), 'rofs');
    },
    'unlink, rename, link, symlink': (g) => {
      refused(g.unlink('file'), 'rofs');
      refused(g.rename('file', 'other'), 'rofs');
      refused(g.link('file', 'other'), 'rofs');
      refused(g.symlink('file', 'other'), 'rofs');
    },
    'set times': (g) => {
      refused(g.setTimes('file', 1n), 'rofs');
      refused(g.setTimes('.', 1n), 'rofs');
      refused(g.call('fd_filestat_set_times', g.mustOpen('file'), 0n, 0n, 8), 'rofs');
    },
    'link out of it into a directory that can be written': (g) => {
      refused(g.link('file', 'file', { toAt: 4 }), 'rofs');
      refused(g.rename('file', 'file', { toAt: 4 }), 'rofs');
    },
    'link or rename into it': (g) => {
      g.writeFile('own', 'x', { at: 4, create: true });
      refused(g.link('own', 'own', { at: 4 }), 'rofs');
      refused(g.rename('own', 'own', { at: 4 }), 'rofs');
    },
    'through a directory opened in it': (g) => {
      const fd = g.mustOpen('dir', { directory: true });
      refused(g.open('new', { at: fd, create: true }), 'rofs');
      refused(g.mkdir('new', fd), 'rofs');
    },
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    test(name, () => {
      withSandbox(
        (sandbox) => {
          const work = join(sandbox.base, 'inside', 'dir');
          const tree = nodeDirectory(sandbox.inside);
          return new Guest({ '/': readOnlyFiles(tree), '/work': nodeDirectory(work) });
        },
        (guest, sandbox) => {
          const before = statSync(join(sandbox.inside, 'file'), { bigint: true });
          attempt(guest, sandbox);
          const after = statSync(join(sandbox.inside, 'file'), { bigint: true });
          assert.equal(readFileSync(join(sandbox.inside, 'file'), 'utf8'), 'mine');
          assert.deepEqual([after.mtimeNs, after.nlink], [before.mtimeNs, 1n]);
          assert.deepEqual(readdirSync(sandbox.inside).sort(), ['dir', 'file']);
        },
      );
      withSandbox(
        () =>
          new Guest({
            '/': readOnlyFiles(new MemoryFiles({ file: 'mine', 'dir/x': 'x' })),
            '/work': new MemoryFiles(),
          }),
        attempt,
      );
    });
  }
});

/**
 * Another process that swaps the directory `swap` for a link to the outside and back, as fast as it can, until it is
 * stopped. A guest that is checked by path is sooner or later let through.
 */
const startSwapping = (sandbox: Sandbox): ChildProcess => {
  mkdirSync(join(sandbox.inside, 'swap'));
  writeFileSync(join(sandbox.inside, 'swap', 'secret'), 'mine');
  symlinkSync(sandbox.outside, join(sandbox.inside, 'link'));
  const script = `
    const { renameSync } = require('node:fs');
    process.on('disconnect', () => process.exit());
    const turn = () => {
      for (let i = 0; i < 200; i++) {
        renameSync('swap', 'away'); renameSync('link', 'swap');
        renameSync('swap', 'link'); renameSync('away', 'swap');
      }
      setImmediate(turn);
    };
    turn();`;
  return spawn(process.execPath, ['-e', script], {
    cwd: sandbox.inside,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
};

/** Attempts of each race; `QUERN_RACE_ROUNDS=200000 npm test -- wasi/escape` for a long run. */
const ROUNDS = Number(process.env['QUERN_RACE_ROUNDS'] ?? 4000);

/** How long a race continues in which nothing was swapped. */
const PATIENCE_MS = 30_000;

describe('races with a process that swaps a directory for a link', () => {
  const race = async (
    kind: 'held' | 'named',
    step: (guest: Guest, seen: Set<unknown>, i: number) => void,
  ): Promise<void> => {
    const sandbox = new Sandbox();
    const guest = new Guest({ '/': nodeDirectory(sandbox.inside, kind) });
    const other = startSwapping(sandbox);
    const seen = new Set<unknown>();
    try {
      // Counted from when a swap was seen: on a busy machine the other process begins late.
      const deadline = Date.now() + PATIENCE_MS;
      for (let i = 0, left = ROUNDS; left > 0 && Date.now() < deadline; i++) {
        step(guest, seen, i);
        if (seen.size > 1) left--;
      }
      assert.ok(!seen.has(SECRET), 'the secret was read');
      assert.ok(seen.size > 1, 'nothing was swapped');
      sandbox.verify();
    } finally {
      other.disconnect();
      await once(other, 'exit');
      guest.end();
      sandbox.remove();
    }
  };
  const skip = process.platform !== 'linux' && 'directories can be held on Linux only';

  test('a check of the path before use is let through: the races are real', { skip }, async (t) => {
    const sandbox = new Sandbox();
    const other = startSwapping(sandbox);
    const path = join(sandbox.inside, 'swap', 'secret');
    /** What a sandbox by string prefix would do. */
    const readChecked = (): string => {
      try {
        return realpathSync(path).startsWith(`${sandbox.inside}/`) ? readFileSync(path, 'utf8') : 'refused';
      } catch {
        return 'refused';
      }
    };
    try {
      // Counted from when the other process has started.
      while (readChecked() === 'mine');
      let attempts = 1;
      while (readChecked() !== SECRET) {
        assert.ok(attempts < 2_000_000, 'never let through: the races prove nothing');
        attempts++;
      }
      t.diagnostic(`let through at attempt ${attempts}; the tests below make ${ROUNDS} each`);
    } finally {
      other.disconnect();
      await once(other, 'exit');
      sandbox.remove();
    }
  });

  for (const kind of kinds) {
    test(`reading through it, ${kind}`, () => race(kind, (g, seen) => seen.add(g.readFile('swap/secret'))));
  }
  test('writing through it', { skip }, () =>
    race('held', (g, seen) => seen.add(g.writeFile('swap/secret', 'overwritten', { truncate: true }))),
  );
  test('making and removing through it', { skip }, () =>
    race('held', (g, seen, i) => {
      seen.add(g.mkdir(`swap/d${i}`));
      seen.add(g.rmdir(`swap/d${i}`));
      seen.add(g.writeFile(`swap/f${i}`, 'x', { create: true }));
      seen.add(g.unlink(`swap/f${i}`));
    }),
  );
  test('renaming and linking through it', { skip }, () =>
    race('held', (g, seen, i) => {
      seen.add(g.link('file', `swap/l${i}`));
      seen.add(g.rename(`swap/l${i}`, `swap/m${i}`));
      seen.add(g.symlink('x', `swap/s${i}`));
      seen.add(g.setTimes('swap/secret', BigInt(i)));
    }),
  );
  test('opening it, then listing and reading in it', { skip }, () =>
    race('held', (g, seen) => {
      const fd = g.open('swap', { directory: true });
      if (typeof fd === 'string') return void seen.add(fd);
      seen.add(g.readFile('secret', { at: fd }));
      g.close(fd);
    }),
  );
  test('up and down again through it', { skip }, () =>
    race('held', (g, seen) => seen.add(g.readFile('swap/../swap/../swap/secret'))),
  );
});

test('names that Windows takes for devices, streams or paths are no names there', () => {
  const odd = ['CON', 'nul.txt', 'COM1', 'lpt\u00b9', 'a:b', 'a\\b', 'a*', 'x.', 'x ', 'a\u0001', 'C:'];
  assert.deepEqual(odd.filter(isPlainOnWindows), []);
  assert.deepEqual(
    ['console', 'a.b', '.hidden', 'com0x', '\u00e9'].filter((name) => !isPlainOnWindows(name)),
    [],
  );
});
