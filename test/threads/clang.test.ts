/**
 * A C program of threads, compiled by clang as toolchains do: passive data that the first instance copies under an
 * atomic flag, a stack for each thread, a mutex and a condition variable on futexes. It counts primes in chunks that
 * threads take from a shared counter.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import {
  type FuncInstance,
  I32,
  invoke,
  MemoryInstance,
  Scheduler,
  type SchedulerOptions,
  Store,
  shareMemory,
} from '../../src/wasm.ts';
import { startAgent } from './agent.ts';
import { makeInstance } from './instance.ts';

const THREADS = 3;
const LIMIT = 2000;

const source = `
#include <stdatomic.h>
#define EXPORT(name) __attribute__((export_name(#name))) name
#define WAIT(at, value) __builtin_wasm_memory_atomic_wait32((int *)(at), value, -1)
#define NOTIFY(at, count) __builtin_wasm_memory_atomic_notify((int *)(at), count)

typedef atomic_int mutex;
static void lock(mutex *m) {
  int c = 0;
  if (atomic_compare_exchange_strong(m, &c, 1)) return;
  if (c != 2) c = atomic_exchange(m, 2);
  while (c != 0) { WAIT(m, 2); c = atomic_exchange(m, 2); }
}
static void unlock(mutex *m) {
  if (atomic_fetch_sub(m, 1) != 1) { atomic_store(m, 0); NOTIFY(m, 1); }
}
typedef atomic_int condition;
static void await(condition *c, mutex *m) {
  int seen = atomic_load(c);
  unlock(m); WAIT(c, seen); lock(m);
}
static void announce(condition *c) { atomic_fetch_add(c, 1); NOTIFY(c, -1); }

static mutex work_lock;
static condition finished;
static int next = 2, chunk = 50, done;
static unsigned long long histogram[8], square_sum;
static _Atomic unsigned char turns;
static char stacks[8][4096] __attribute__((aligned(16)));

void EXPORT(enter)(int id) {
  char *top = stacks[id + 1];
  __asm__ volatile("local.get %0\\n global.set __stack_pointer" :: "r"(top));
}
static int is_prime(int n) { for (int i = 2; i * i <= n; i++) if (n % i == 0) return 0; return 1; }

int EXPORT(work)(void) {
  int taken = 0;
  for (;;) {
    lock(&work_lock);
    int from = next;
    next += chunk;
    unlock(&work_lock);
    if (from > ${LIMIT}) break;
    unsigned local[8] = {0};
    unsigned long long squares = 0;
    for (int n = from; n < from + chunk && n <= ${LIMIT}; n++)
      if (is_prime(n)) { local[n & 7]++; squares += (unsigned long long)n * n; }
    lock(&work_lock);
    for (int i = 0; i < 8; i++) histogram[i] += local[i];
    square_sum += squares;
    unlock(&work_lock);
    turns++;
    taken++;
  }
  lock(&work_lock);
  done++;
  announce(&finished);
  unlock(&work_lock);
  return taken;
}
unsigned long long EXPORT(collect)(int threads) {
  lock(&work_lock);
  while (done < threads) await(&finished, &work_lock);
  unlock(&work_lock);
  unsigned long long count = 0;
  for (int i = 0; i < 8; i++) count += histogram[i];
  return square_sum * 10000 + count;
}
int EXPORT(turns_taken)(void) { return turns; }`;

const PAGES = 4;
const flags = [
  ...['--target=wasm32', '-O2', '-nostdlib', '-matomics', '-mbulk-memory', '-x', 'c', '-'],
  ...['--shared-memory', '--import-memory', '--no-entry', '-z', 'stack-size=8192']
    .join(' ')
    .split(' ')
    .flatMap((flag) => ['-Xlinker', flag]),
  ...[`--initial-memory=${PAGES * 65_536}`, `--max-memory=${PAGES * 65_536}`].map((flag) => `-Wl,${flag}`),
];
const compile = (program: string): Uint8Array | null => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-threads-'));
  try {
    const { status } = spawnSync('clang', [...flags, '-o', join(folder, 'a.wasm')], { input: program });
    return status === 0 ? readFileSync(join(folder, 'a.wasm')) : null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const hasClang = compile('int x;') !== null;

/** What `collect` answers. */
const expected = (): bigint => {
  let count = 0n;
  let squares = 0n;
  for (let n = 2; n <= LIMIT; n++) {
    let isPrime = true;
    for (let i = 2; i * i <= n && isPrime; i++) isPrime = n % i !== 0;
    if (!isPrime) continue;
    count++;
    squares += BigInt(n * n);
  }
  return squares * 10_000n + count;
};

describe('a C program of threads', { skip: !hasClang && 'clang with wasm-ld not found' }, () => {
  let bytes = new Uint8Array(0);
  before(() => {
    bytes = new Uint8Array(compile(source)!);
  });
  const limits = { min: BigInt(PAGES), max: BigInt(PAGES), address: I32 };
  const type = { limits, isShared: true, pageSizeLog2: 16 };

  const inTurns = (options: SchedulerOptions): readonly unknown[] => {
    const store = new Store();
    const memory = new MemoryInstance(type, store);
    const scheduler = new Scheduler(options);
    const instances = Array.from({ length: THREADS + 1 }, () => makeInstance(store, memory, bytes));
    for (const [id, { exports }] of instances.entries()) {
      invoke(exports.get('enter') as FuncInstance, [BigInt(id)]);
      const isLast = id === THREADS;
      scheduler.spawn(
        exports.get(isLast ? 'collect' : 'work') as FuncInstance,
        isLast ? [BigInt(THREADS)] : [],
      );
    }
    assert.equal(scheduler.run(), 'done');
    return [
      ...scheduler.threads.map(({ execution }) => execution.results[0]),
      scheduler.fuelConsumed,
      invoke(instances[0]!.exports.get('turns_taken') as FuncInstance, []),
    ];
  };

  test('in turns, of any size, gives the right result and the same run each time', () => {
    for (const options of [
      {},
      { slice: 500 },
      { slice: 77 },
      { slice: 300, seed: 4 },
      { slice: 300, seed: 5 },
    ]) {
      const run = inTurns(options);
      assert.equal(run[THREADS], expected());
      assert.deepEqual(run.at(-1), [40n]);
      assert.equal(
        run.slice(0, THREADS).reduce((sum: bigint, taken) => sum + (taken as bigint), 0n),
        40n,
      );
      assert.deepEqual(inTurns(options), run);
    }
  });

  test('in workers gives the same result', async () => {
    const store = new Store({ sharing: 'workers' });
    const handle = shareMemory(new MemoryInstance(type, store));
    const task = { bytes, handle, canBlock: true };
    const work = Array.from({ length: THREADS }, (_, id) =>
      startAgent({ ...task, calls: [['enter', BigInt(id)], ['work']] }),
    );
    const collect = startAgent({
      ...task,
      calls: [['enter', BigInt(THREADS)], ['collect', BigInt(THREADS)], ['turns_taken']],
    });
    const taken = (await Promise.all(work)).map((report) => (report[1] as bigint[])[0]!);
    assert.equal(
      taken.reduce((sum, n) => sum + n),
      40n,
    );
    assert.deepEqual((await collect).slice(1), [[expected()], [40n]]);
  });
});
