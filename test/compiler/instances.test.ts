/**
 * Compiled code among others: host functions in the middle of calls, which look at and change what the code knows
 * (memory, tables, globals) and call back; several instances of a module; stores with and without a compiler; code that
 * was released.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  compileModule,
  type FuncInstance,
  type FuncType,
  type GlobalInstance,
  hostFunction,
  type ImportResolver,
  instantiate,
  type MemoryInstance,
  type ModuleInstance,
  type Ref,
  Store,
  startExecution,
  type TableInstance,
} from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';
import { assertSame, type Call, manyWays, open, type Program, start } from './beside.ts';
import { forcedCompiler } from './forced-compiler.ts';

const { guest, shared, user, slow } = compileWat({
  guest: `(module
    (type $t (func (param i32) (result i32)))
    (import "env" "host" (func $host (param i32 i64 f64) (result i64)))
    (memory (export "memory") 1 8)
    (table (export "table") 4 8 funcref)
    (elem (i32.const 0) $one $two)
    (global $g (export "g") (mut f64) (f64.const 0.5))
    (func $one (export "one") (type $t) (i32.add (local.get 0) (i32.const 1)))
    (func $two (export "two") (type $t) (i32.mul (local.get 0) (i32.const 2)))
    (func $inner (export "inner") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (local.get $s) (i32.load (i32.shl (local.get $n) (i32.const 2)))))
        (i32.store (i32.const 8) (local.get $s))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
      (local.get $s))
    (func $call (param $what i32) (param $i i32) (result i64)
      (i64.sub (i64.const 1000)
        (call $host (local.get $what) (i64.extend_i32_s (local.get $i)) (global.get $g))))
    ;; calls the host again and again, with operands that wait, through a frame of its own
    (func (export "run") (param $what i32) (result i64) (local $i i32) (local $s i64)
      (loop $l
        (local.set $s
          (i64.add
            (i64.mul (local.get $s) (i64.const 3))
            (i64.add
              (call $call (local.get $what) (local.get $i))
              (i64.extend_i32_s (call_indirect (type $t) (local.get $i)
                (i32.and (local.get $i) (i32.const 1)))))))
        (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (memory.size)))
        (global.set $g (f64.add (global.get $g) (f64.convert_i32_s (call $inner (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_s (local.get $i) (i32.const 6))))
      (i64.add (local.get $s) (i64.extend_i32_s (i32.load (i32.const 65536))))))`,
  shared: `(module
    (type $t (func (param i32) (result i32)))
    (memory (export "memory") 1 8)
    (table (export "table") 4 funcref)
    (global $g (export "g") (mut i64) (i64.const 1))
    (elem (i32.const 0) $own)
    (func $own (export "own") (type $t)
      (global.set $g (i64.mul (global.get $g) (i64.const 5)))
      (i32.add (local.get 0) (i32.load (i32.const 4))))
    (func (export "grow") (type $t) (memory.grow (local.get 0))))`,
  user: `(module
    (type $t (func (param i32) (result i32)))
    (import "shared" "memory" (memory 1 8))
    (import "shared" "table" (table 4 funcref))
    (import "shared" "g" (global $g (mut i64)))
    (import "shared" "own" (func $own (type $t)))
    (import "shared" "grow" (func $grow (type $t)))
    (elem (i32.const 1) $mine $own $grow)
    (func $mine (type $t) (i32.store (i32.const 4) (local.get 0)) (i32.xor (local.get 0) (i32.const 0xff)))
    (func (export "run") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (local.get $s) (call_indirect (type $t) (local.get $n)
          (i32.rem_u (local.get $n) (i32.const 3)))))
        (local.set $s (i32.add (local.get $s) (call $own (local.get $n))))
        (if (i32.eq (local.get $n) (i32.const 4))
          (then (local.set $s (i32.add (local.get $s) (call_indirect (type $t) (i32.const 2) (i32.const 3))))))
        (i32.store (i32.const 12) (memory.size))
        (i32.store (i32.add (i32.shl (memory.size) (i32.const 16)) (i32.const -4)) (local.get $s))
        (global.set $g (i64.add (global.get $g) (i64.extend_i32_s (local.get $s))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
      (local.get $s)))`,
  slow: `(module
    (func (export "run") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.xor (i32.add (local.get $s) (local.get $n)) (i32.shr_u (local.get $s) (i32.const 3))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))
      (local.get $s)))`,
});

const exported = <T>(instance: ModuleInstance, name: string): T => instance.exports.get(name) as T;

/** What the host does when it is called, by the first argument. */
const deeds: readonly ((instance: ModuleInstance, round: number) => void)[] = [
  () => {},
  (instance, round) => {
    new DataView(exported<MemoryInstance>(instance, 'memory').view.buffer).setInt32(4 * round, 77, true);
  },
  (instance) => {
    exported<MemoryInstance>(instance, 'memory').grow(1);
  },
  (instance, round) => {
    const { elements } = exported<TableInstance>(instance, 'table');
    elements[round & 1] = exported<Ref>(instance, round & 2 ? 'one' : 'inner');
  },
  (instance, round) => {
    exported<TableInstance>(instance, 'table').elements[1] =
      round < 4 ? exported<Ref>(instance, 'one') : null;
  },
  (instance) => {
    // A NaN that compiled code cannot hold.
    exported<GlobalInstance>(instance, 'g').value = 0xfff4_0000_0000_0001n;
  },
  (instance) => {
    const call = start(instance, ['inner', 5n], 1e6);
    assert.equal(call.run(), 'done');
  },
  (instance, round) => {
    if (round < 3) assert.equal(start(instance, ['run', 6n], 1e6).run(), 'done');
  },
  (instance, round) => {
    exported<MemoryInstance>(instance, 'memory').grow(round === 2 ? 3 : 0);
    if (round === 4) throw new Error('the host gives up');
  },
];
const imports = (log: string[], instance: () => ModuleInstance): ImportResolver => {
  return (_module, _name, desc) =>
    desc.kind === 'func'
      ? hostFunction(desc.type.comp as FuncType, ([what, round, g]) => {
          log.push(`host ${what} ${round} ${g}`);
          deeds[Number(what)]!(instance(), Number(round));
          return [BigInt.asUintN(64, (round as bigint) * 7n - 3n)];
        })
      : undefined;
};

describe('host functions in the middle of calls', () => {
  deeds.forEach((_, what) => {
    test(`deed ${what}`, () => {
      const calls: Call[] = [
        ['run', BigInt(what)],
        ['run', 0n],
        ['inner', 3n],
      ];
      const program: Program = { bytes: guest, calls, imports };
      assertSame(program);
    });
  });

  test('that answer later', async () => {
    const seen: string[][] = [];
    for (const compiler of [null, ...manyWays.map(forcedCompiler)]) {
      const lines: string[] = [];
      const answers: ImportResolver = (_module, _name, desc) =>
        desc.kind === 'func'
          ? hostFunction(desc.type.comp as FuncType, async ([, round]) => [(round as bigint) + 5n])
          : undefined;
      const instance = open({ bytes: guest, calls: [], imports: () => answers }, compiler);
      const call = start(instance, ['run', 0n], 1e6);
      const other = start(instance, ['inner', 4n], 20);
      while (call.run() === 'paused') {
        lines.push(`${call.pause} ${call.fuelConsumed} ${call.backtrace.map(({ offset }) => offset)}`);
        // Another call continues in the meantime.
        other.addFuel(13);
        if (other.run() === 'paused') lines.push(`other ${other.fuelConsumed}`);
        call.resolveHost((await call.hostPromise)!);
      }
      lines.push(`${call.results} ${call.fuelConsumed}`);
      seen.push(lines);
    }
    assert.ok(seen[0]!.length > 6);
    for (const lines of seen) assert.deepEqual(lines, seen[0]);
  });
});

describe('several instances', () => {
  /** Two instances that share memory, table and global, and a second user of the same compiled module. */
  const playShared = (compilerOf: (n: number) => ReturnType<typeof forcedCompiler> | null): string[] => {
    const compiled = [shared, user].map((bytes) => compileModule(bytes));
    const lines: string[] = [];
    const worlds = [0, 1].map((n) => {
      const compiler = compilerOf(n);
      const store = new Store(compiler === null ? {} : { compiler });
      const owner = instantiate(store, compiled[0]!, () => undefined);
      const users = [0, 1].map(() => instantiate(store, compiled[1]!, (_, name) => owner.exports.get(name)));
      return { owner, users };
    });
    for (const n of [5, 7, 2])
      for (const { owner, users } of worlds)
        for (const instance of users) {
          const call = start(instance, ['run', BigInt(n)], 90);
          while (call.run() === 'paused') {
            lines.push(`${call.fuelConsumed} ${call.backtrace.map(({ offset }) => offset)}`);
            call.addFuel(90);
          }
          const [memory] = owner.memories;
          lines.push(`${call.results} ${call.fuelConsumed} ${memory!.byteLength} ${owner.globals[0]!.value}`);
        }
    return lines;
  };

  test('share a memory that grows, a table and a global', () => {
    const expected = playShared(() => null);
    for (const way of manyWays)
      assert.deepEqual(
        playShared(() => forcedCompiler(way)),
        expected,
        JSON.stringify(way),
      );
  });

  test('a store with a compiler beside one without', () => {
    const expected = playShared(() => null);
    const compiler = forcedCompiler(manyWays[0]!);
    assert.deepEqual(
      playShared((n) => (n === 0 ? compiler : null)),
      expected,
    );
    assert.deepEqual(
      playShared(() => compiler),
      expected,
    );
  });
});

describe('code that is released', () => {
  test('is made again, where other code lay in the meantime', () => {
    const compiler = forcedCompiler({ target: 'jit', exits: 0.2, seed: 5 });
    const store = new Store({ compiler });
    const play = (bytes: Uint8Array, give: boolean): string => {
      const compiled = compileModule(bytes);
      const seen: string[] = [];
      for (let i = 0; i < 3; i++) {
        const instance = instantiate(store, compiled, () =>
          hostFunction({ kind: 'func', params: [], results: [] }, () => []),
        );
        const call = start(instance, ['run', 50n], 1e6);
        call.run();
        seen.push(`${call.results} ${call.fuelConsumed}`);
        if (give) compiled.giveBack();
      }
      return seen.join();
    };
    const kept = play(slow, false);
    for (let i = 0; i < 30; i++) assert.equal(play(slow, true), kept);
  });

  test('a paused call continues in careful code, and ends', () => {
    const instance = open({ bytes: slow, calls: [] }, forcedCompiler({ target: 'jit', exits: 0, seed: 5 }));
    const func = instance.exports.get('run') as FuncInstance;
    const careful = startExecution(func, [300n], { careful: true });
    const call = startExecution(func, [300n], { fuel: 1234 });
    assert.equal(call.run(), 'paused');
    assert.equal(careful.run(), 'done');
    assert.equal(call.takeFuel(), 0);
    const abandoned = startExecution(func, [300n], { fuel: 777 });
    assert.equal(abandoned.run(), 'paused');
    abandoned.abandon(new Error('enough'));
    call.addFuel(1e6);
    assert.equal(call.run(), 'done');
    assert.deepEqual([call.results, call.fuelConsumed], [careful.results, careful.fuelConsumed]);
  });
});
