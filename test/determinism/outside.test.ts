/** What `deterministic` does about each source of difference that a plug-in can reach. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { FileStat, OpenDirectory } from '../../src/host/platform/files.ts';
import { createVirtualClock } from '../../src/host/platform/platform.ts';
import { stableFiles } from '../../src/host/wasi/stable-files.ts';
import { Kernel } from '../../src/kernel.ts';
import { createPlugin, isQuernError, MemoryFiles, nodeDirectory } from '../../src/node.ts';
import { I32, MemoryInstance, Store } from '../../src/wasm.ts';
import { runQuern } from '../cli/run-quern.ts';
import { example } from '../examples/example-plugins.ts';
import { needsShared, shared } from '../shared.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const names = ['zeta', 'alpha', 'Beta', 'ärger', 'eta'];

/** A directory with the same files, made in some order and at some time. */
const directoryMade = (order: readonly string[], seconds: number): string => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-stable-'));
  folders.push(folder);
  for (const name of order) {
    writeFileSync(join(folder, name), `this is ${name}`);
    utimesSync(join(folder, name), seconds, seconds);
  }
  mkdirSync(join(folder, 'sub'));
  return folder;
};

/** Everything that a guest can learn of a directory, with changes in between. */
const lookAt = (root: OpenDirectory): unknown[] => {
  const seen: unknown[] = [root.entries(100), root.stat(), ...names.map((name) => root.statEntry(name))];
  const file = root.openFile('new', { read: true, write: true, create: true, truncate: false });
  file.write(Uint8Array.of(1, 2, 3), 2);
  seen.push(file.stat(), root.stat());
  root.removeFile('alpha');
  root.openFile('later', { read: true, write: true, create: true, truncate: false }).close();
  root.rename('new', root.openDirectory('sub'), 'moved');
  root.link('zeta', root, 'zeta2');
  root.setEntryTimes('eta', { atim: 5n, mtim: null });
  file.setTimes({ atim: null, mtim: 7n });
  seen.push(file.stat(), root.entries(100), root.statEntry('later'), root.statEntry('zeta2'));
  seen.push(root.openDirectory('sub').statEntry('moved'), root.statEntry('eta'), root.entries(3));
  file.close();
  return seen;
};

const openStable = (folder: string): OpenDirectory => {
  const clock = createVirtualClock(1000);
  return stableFiles(nodeDirectory(folder)).openRoot(() => clock.realtime());
};

describe('directories of a deterministic plug-in', () => {
  test('show nothing of when, where and in which order they were made', () => {
    const one = lookAt(openStable(directoryMade(names, 1_000_000_000)));
    const other = lookAt(openStable(directoryMade([...names].reverse(), 1_500_000_000)));
    assert.deepEqual(other, one);
  });

  test('are as those in memory, which have no host', () => {
    const files = new MemoryFiles();
    for (const name of names) files.writeFile(name, `this is ${name}`);
    files.writeFile('sub/x', '');
    const root = openStable(directoryMade(names, 1_000_000_000));
    const clock = createVirtualClock(1000);
    const inMemory = stableFiles(files).openRoot(() => clock.realtime());
    assert.deepEqual(inMemory.entries(100), root.entries(100));
    for (const name of [...names, 'sub'])
      assert.deepEqual(inMemory.statEntry(name), root.statEntry(name), name);
  });

  test('give a file that was removed and made again a number of its own', () => {
    const root = openStable(directoryMade(names, 1));
    const numberOf = (name: string): bigint => (root.statEntry(name) as FileStat).ino;
    const before = numberOf('alpha');
    for (let i = 0; i < 3; i++) {
      root.removeFile('alpha');
      root.openFile('alpha', { read: true, write: true, create: true, truncate: false }).close();
      assert.notEqual(numberOf('alpha'), before);
    }
  });
});

describe('growth of a deterministic plug-in', () => {
  /** Runs something on a host that has no room for more than so many bytes. */
  const withRoomFor = (most: number, run: () => void): void => {
    const real = globalThis.ArrayBuffer;
    const RealBytes = globalThis.Uint8Array;
    const refuse = (length: unknown): void => {
      if (typeof length === 'number' && length > most) throw new RangeError('Array buffer allocation failed');
    };
    globalThis.ArrayBuffer = class extends real {
      constructor(length: number) {
        refuse(length);
        super(length);
      }
    } as typeof ArrayBuffer;
    globalThis.Uint8Array = new Proxy(RealBytes, {
      construct: (target, args, self) => {
        refuse(args[0]);
        return Reflect.construct(target, args, self) as object;
      },
    });
    try {
      run();
    } finally {
      globalThis.ArrayBuffer = real;
      globalThis.Uint8Array = RealBytes;
    }
  };
  const type = { limits: { min: 1n, max: null, address: I32 }, isShared: false, pageSizeLog2: 16 };
  const isOutOfMemory = (error: unknown): boolean => isQuernError(error, 'exhaustion.memory');

  test('ends the call where the host has no room, and is a result where a limit forbids it', () => {
    const lenient = new MemoryInstance(type, new Store());
    const strict = new MemoryInstance(type, new Store({ strictGrowth: true, maxMemoryPages: 100 }));
    withRoomFor(2 ** 20, () => {
      assert.equal(lenient.grow(50), -1);
      assert.throws(() => strict.grow(50), isOutOfMemory);
      assert.equal(strict.grow(10_000), -1);
    });
    assert.equal(strict.grow(1), 1);
  });

  test('does so in the kernel too', () => {
    withRoomFor(2 ** 20, () => {
      assert.equal(new Kernel().memory.alloc(2 ** 22), 0);
      assert.throws(() => new Kernel({ isStrict: true }).memory.alloc(2 ** 22), isOutOfMemory);
    });
  });
});

describe('the network of a deterministic plug-in', needsShared, () => {
  if (needsShared.skip) return;
  const options = { allowedHosts: ['127.0.0.1'], deterministic: true };

  test('is not there', async () => {
    const plugin = await createPlugin(shared('plugins/kernel_all.wasm'), {
      ...options,
      functions: { 'extism:host/user': hostStubs() },
    });
    const request = JSON.stringify({ url: 'http://127.0.0.1:1/' });
    await assert.rejects(
      plugin.call('http', request),
      (error) => isQuernError(error, 'host.http-failed') && /deterministic/.test(error.message),
    );
  });

  test('is what the fetch option makes of it', async () => {
    const asked: string[] = [];
    const plugin = await createPlugin(shared('plugins/kernel_all.wasm'), {
      ...options,
      functions: { 'extism:host/user': hostStubs() },
      fetch: async (url) => {
        asked.push(String(url));
        return { status: 200, headers: new Map(), arrayBuffer: async () => new ArrayBuffer(3) };
      },
    });
    await plugin.call('http_get', JSON.stringify({ url: 'http://127.0.0.1:1/x' }));
    assert.deepEqual(asked, ['http://127.0.0.1:1/x']);
  });
});

/** Host functions that the plug-in imports and these tests do not call. */
const hostStubs = (): Record<string, () => number> =>
  Object.fromEntries(
    ['host_i64', 'host_i32', 'host_f32', 'host_f64', 'host_mix', 'host_void', 'host_upper'].map((name) => [
      name,
      () => 0,
    ]),
  );

describe('quern --deterministic', () => {
  const greet = (...flags: string[]) => runQuern(['call', example('greet'), 'greet', '-i', 'Ada', ...flags]);

  test('takes a seed and an epoch', () => {
    for (const epoch of ['2026-01-31', '2026-01-31T12:00:00Z', '2026-01-31T12:00', '1700000000000']) {
      const run = greet('--deterministic', '--seed', '7', '--epoch', epoch);
      assert.equal(run.status, 0, `${epoch}: ${run.stderr}`);
    }
  });

  for (const [flags, message] of [
    [['--seed', '7'], /--seed needs --deterministic/],
    [['--epoch', '0'], /--epoch needs --deterministic/],
    [['--deterministic', '--seed', 'x'], /--seed must be a whole number/],
    [['--deterministic', '--epoch', 'yesterday'], /--epoch must be a date/],
  ] as const) {
    test(`refuses ${flags.join(' ')}`, () => {
      const run = greet(...flags);
      assert.equal(run.status, 2);
      assert.match(run.stderr, message);
    });
  }
});
