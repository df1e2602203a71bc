/** Profiles: exact to the unit, by function, way and place. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlugin } from '../../src/node.ts';
import { type FuelProfile, formatProfile, fuelProfiler } from '../../src/profile.ts';
import {
  compileModule,
  type FuncInstance,
  hostFunction,
  I32,
  type ImportResolver,
  instantiate,
  invoke,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions } from '../plugins/recorded.ts';
import { needsShared } from '../shared.ts';
import { compileWat } from '../wat.ts';
import { stepThrough } from './stepped.ts';

const modules = compileWat({
  calls: `(module $calls
    (memory 1) (table funcref (elem $leaf $twice $fail))
    (type $unary (func (param i32) (result i32)))
    (tag $e (param i32))
    (func $leaf (type $unary) (i32.add (local.get 0) (i32.const 1)))
    (func $twice (type $unary) (call $leaf (call $leaf (local.get 0))))
    (func $fail (type $unary) (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 7)))) (i32.const 3))
    (func $deep (type $unary)
      (if (result i32) (local.get 0)
        (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (call $leaf (local.get 0))))
        (else (i32.const 0))))
    (func $tail (type $unary) (return_call $twice (local.get 0)))
    (func $catch (type $unary)
      (block $h (result i32)
        (try_table (result i32) (catch $e $h) (call $fail (call $leaf (local.get 0))))))
    (func $caught (type $unary)
      (i32.add
        (block $h (result i32) (try_table (result i32) (catch $e $h) (call $deepFail (local.get 0))))
        (call $leaf (i32.const 1))))
    (func $deepFail (type $unary) (call $fail (call $zero (local.get 0))))
    (func $zero (type $unary) (i32.const 0))
    (func $sized (type $unary)
      (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
      (memory.copy (i32.const 100) (i32.const 0) (i32.const 50))
      (drop (memory.grow (i32.const 1))) (call $leaf (i32.const 2)))
    (func $loop (type $unary) (local i32)
      (loop $l
        (local.set 1 (call_indirect (type $unary) (local.get 1) (i32.and (local.get 0) (i32.const 1))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get 0) (i32.const 0))))
      (block $a (block $b (block $c (br_table $a $b $c (i32.and (local.get 1) (i32.const 3))))
        (local.set 1 (i32.add (local.get 1) (i32.const 5)))) (local.set 1 (i32.const 9)))
      (select (local.get 1) (i32.const 4) (local.get 1)))
    (func $trap (type $unary)
      (local.set 0 (i32.div_u (i32.const 1) (local.get 0))) (i32.mul (local.get 0) (local.get 0)))
    (func (export "run") (param $which i32) (param $n i32) (result i32)
      (call_indirect $all (type $unary) (local.get $n) (local.get $which)))
    (table $all funcref (elem $deep $tail $catch $caught $sized $loop $trap $twice)))`,
  host: `(module $host (import "h" "f" (func $f (param i32) (result i32))) (table funcref (elem $f $inner))
    (func $inner (param i32) (result i32) (call $f (local.get 0)))
    (func (export "run") (param i32) (result i32)
      (i32.add (call $inner (local.get 0)) (call_indirect (param i32) (result i32) (i32.const 1) (i32.const 1)))))`,
  library: `(module $library (func (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))`,
});
const shapes = ['deep', 'tail', 'catch', 'caught', 'sized', 'loop', 'trap', 'twice'];

const sumOf = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0);
const selfOf = ({ functions }: FuelProfile): number => sumOf(functions.map(({ self }) => self));
const placed = ({ places, unplaced }: FuelProfile): number =>
  sumOf(places.map(({ fuel }) => fuel)) + unplaced;
const hostFuel = ({ functions }: FuelProfile): number =>
  sumOf(functions.filter(({ isHost }) => isHost).map(({ self }) => self));

/** The function `run` of a module, with its profiler. */
const observed = (bytes: Uint8Array, imports: ImportResolver = () => undefined) => {
  const profiler = fuelProfiler();
  const { exports } = instantiate(new Store({ compiler: profiler }), compileModule(bytes), imports);
  return { profiler, run: exports.get('run') as FuncInstance };
};

describe('a profile of small modules', () => {
  for (const [which, shape] of shapes.entries()) {
    for (const n of [0, 1, 5])
      test(`${shape} of ${n}: the same as step by step`, () => {
        const plain = instantiate(new Store(), compileModule(modules.calls), () => undefined);
        const args = [BigInt(which), BigInt(n)];
        const expected = stepThrough(plain.exports.get('run') as FuncInstance, args);
        const { profiler, run } = observed(modules.calls);
        const trapped = (() => {
          try {
            invoke(run, args);
            return false;
          } catch {
            return true;
          }
        })();
        const profile = profiler.profile();
        const lines = formatProfile(profile, 'folded').replaceAll('calls!', '').trimEnd().split('\n');
        const found = new Map(lines.map((line) => line.split(' ') as [string, string]));
        // What is paid before anything runs is for the function that the host called.
        const steps = new Map<string, number>();
        for (const [way, fuel] of expected) steps.set(way || 'run', (steps.get(way || 'run') ?? 0) + fuel);
        assert.deepEqual([...found].map(([way, fuel]) => [way, Number(fuel)]).sort(), [...steps].sort());
        assert.equal(selfOf(profile), profile.fuel);
        assert.equal(placed(profile), profile.fuel);
        // Of a stretch in which the call failed, some was not done.
        if (!trapped) assert.equal(profile.unplaced, 0);
        else assert.ok(profile.unplaced < 0);
      });
  }

  test('functions of the host have what they charge', () => {
    const type = { kind: 'func', params: [I32], results: [I32] } as const;
    const host = hostFunction(type, (args, caller) => {
      caller.charge(100);
      return args;
    });
    const { profiler, run } = observed(modules.host, () => host);
    invoke(run, [4n]);
    const profile = profiler.profile();
    const f = profile.functions.find(({ isHost }) => isHost)!;
    assert.deepEqual([f.name, f.calls], ['h.f', 2]);
    assert.ok(f.self >= 200 && profile.unplaced === f.self, String(f.self));
    assert.equal(selfOf(profile), profile.fuel);
  });

  test('a function of another module has its module', () => {
    const profiler = fuelProfiler();
    const store = new Store({ compiler: profiler });
    const library = instantiate(store, compileModule(modules.library), () => undefined);
    const { exports } = instantiate(store, compileModule(modules.host), () => library.exports.get('f'));
    invoke(exports.get('run') as FuncInstance, [4n]);
    const profile = profiler.profile();
    assert.deepEqual(profile.functions.map(({ module, isHost }) => [module, isHost]).sort(), [
      ['host', false],
      ['host', false],
      ['library', false],
    ]);
    assert.equal(profile.unplaced, 0);
    assert.equal(selfOf(profile), profile.fuel);
  });

  test('recursion counts once in totals', () => {
    const { profiler, run } = observed(modules.calls);
    invoke(run, [0n, 30n]);
    const profile = profiler.profile();
    const deep = profile.functions.find(({ name }) => name === 'deep')!;
    assert.equal(deep.calls, 31);
    assert.ok(deep.total < profile.fuel && deep.total > deep.self);
  });

  test('pauses and fuel that is added change nothing', () => {
    const whole = observed(modules.calls);
    invoke(whole.run, [0n, 9n]);
    const parts = observed(modules.calls);
    const execution = startExecution(parts.run, [0n, 9n], { fuel: 3 });
    while (execution.run() === 'paused') execution.addFuel(3);
    assert.deepEqual(parts.profiler.profile(), whole.profiler.profile());
  });
});

describe('a profile of recorded plug-ins', needsShared, () => {
  if (needsShared.skip) return;
  for (const setUp of readSetUps()) {
    // Requests and time limits need a server and a worker.
    if (setUp.hosts !== undefined || setUp.timeoutMs !== undefined) continue;
    test(setUp.id, async () => {
      const profiler = fuelProfiler();
      const plugin = await createPlugin(moduleBytes(setUp), {
        useWasi: setUp.wasi,
        config: setUp.config ?? {},
        functions: await recordedFunctions(setUp),
        compiler: profiler,
      });
      profiler.reset();
      let fuel = 0;
      let failures = 0;
      for (const call of setUp.calls) {
        await plugin.call(call.fn, inputOf(call)).catch(() => failures++);
        fuel += plugin.fuelConsumed;
      }
      const profile = profiler.profile();
      assert.equal(profile.fuel, fuel);
      assert.equal(selfOf(profile), fuel);
      assert.equal(placed(profile), fuel);
      if (failures === 0) assert.equal(profile.unplaced, hostFuel(profile));
      await plugin.close();
    });
  }
});
