/** Snapshots of the engine: what comes back, what is refused, and what hostile bytes can do: nothing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isQuernError, type QuernError } from '../../src/errors.ts';
import {
  compileModule,
  defaultFeatures,
  type FuncInstance,
  flat1,
  hostFunction,
  I32,
  instantiate,
  type ModuleInstance,
  restoreSnapshot,
  Store,
  startExecution,
  takeSnapshot,
} from '../../src/wasm.ts';
import { assemble } from '../assembler.ts';
import { Random } from '../generators/random.ts';
import { flip, reseal } from './damage.ts';
import { makeZoo } from './zoo.ts';

const LOTS = 100_000;
/** Bytes at the start that say what a snapshot is bound to: nothing gets past a change there. */
const BOUND = 500;
const code = (error: unknown): string => {
  assert.ok(isQuernError(error), String((error as Error)?.stack ?? error));
  return error.code;
};
/** What an uninterrupted run gives. */
const whole = (() => {
  const { run } = makeZoo();
  const call = startExecution(run, []);
  assert.equal(call.run(), 'done', String(call.error));
  return { results: call.results, fuel: call.fuelConsumed };
})();
const pausedAt = (fuel: number): { instances: readonly ModuleInstance[]; bytes: Uint8Array } => {
  const { instances, run } = makeZoo();
  const call = startExecution(run, [], { fuel });
  assert.equal(call.run(), 'paused');
  return { instances, bytes: takeSnapshot({ instances, executions: [call] }) };
};

describe('a paused call', () => {
  test('continues from every place, and gives the same snapshot again', () => {
    for (let fuel = 0; fuel < whole.fuel; fuel += fuel < 200 ? 1 : 29) {
      const { bytes } = pausedAt(fuel);
      const { instances } = makeZoo();
      const [call] = restoreSnapshot(bytes, { instances });
      assert.deepEqual(takeSnapshot({ instances, executions: [call!] }), bytes, `fuel ${fuel}`);
      call!.addFuel(LOTS);
      assert.equal(call!.run(), 'done');
      assert.deepEqual([call!.results, call!.fuelConsumed], [whole.results, whole.fuel], `fuel ${fuel}`);
    }
  });

  test('gives the same bytes from fast and from careful code, but for the flag that says so', () => {
    for (let fuel = 0; fuel < whole.fuel; fuel += fuel < 200 ? 1 : 29) {
      const { instances, run } = makeZoo();
      const call = startExecution(run, [], { fuel, careful: true });
      assert.equal(call.run(), 'paused');
      const careful = takeSnapshot({ instances, executions: [call] });
      const { bytes } = pausedAt(fuel);
      assert.equal(careful.length, bytes.length);
      // The checksum has four bytes.
      const different = bytes.filter((byte, i) => byte !== careful[i]).length;
      assert.ok(different <= 1 + 4, `fuel ${fuel}: ${different} bytes differ`);
    }
  });

  test('that has not begun is kept with its arguments', () => {
    const { instances, run } = makeZoo();
    const bytes = takeSnapshot({ instances, executions: [startExecution(run, [], { fuel: 3 })] });
    const other = makeZoo();
    const [call] = restoreSnapshot(bytes, { instances: other.instances });
    assert.equal(call!.run(), 'paused');
    call!.addFuel(LOTS);
    assert.equal(call!.run(), 'done');
    assert.deepEqual(call!.results, whole.results);
  });
});

describe('a call that waits for the host', () => {
  const bytes = assemble({
    types: [{ params: ['i32'], results: ['i32'] }],
    imports: [['env', 'ask', [0, 0]]],
    memories: [{ min: 1 }],
    funcs: [
      { code: [['local.get', 0], ['call', 0], ['i32.const', 1], 'i32.add'] },
      {
        code: [
          ['local.get', 0],
          ['return_call', 0],
        ],
      },
    ],
    exports: [
      ['ask', 'func', 1],
      ['tail', 'func', 2],
      ['host', 'func', 0],
    ],
  });
  const type = { kind: 'func', params: [I32], results: [I32] } as const;
  const link = (ask: (n: bigint) => bigint | Promise<bigint>, cost = 5): ModuleInstance =>
    instantiate(new Store(), compileModule(bytes), () =>
      hostFunction(type, ([n], caller) => {
        caller.charge(cost);
        return ask(n as bigint);
      }),
    );
  const start = (instance: ModuleInstance, name: string) =>
    startExecution(instance.exports.get(name) as FuncInstance, [20n], { fuel: 1000 });

  for (const name of ['ask', 'tail', 'host']) {
    test(`calls the function again (${name}), and pays for it once`, async () => {
      const plain = start(
        link((n) => n * 2n),
        name,
      );
      assert.equal(plain.run(), 'done');
      const instance = link(() => new Promise(() => {}));
      const call = start(instance, name);
      assert.equal(call.run(), 'paused');
      const taken = takeSnapshot({ instances: [instance], executions: [call] });
      for (const later of [false, true]) {
        const other = link((n) => (later ? Promise.resolve(n * 2n) : n * 2n));
        const [restored] = restoreSnapshot(taken, { instances: [other] });
        assert.equal(restored!.pause, 'host');
        assert.deepEqual(takeSnapshot({ instances: [other], executions: [restored!] }), taken);
        if (later) {
          assert.equal(restored!.run(), 'paused');
          restored!.resolveHost(await restored!.hostPromise!);
        }
        assert.equal(restored!.run(), 'done');
        assert.deepEqual(restored!.results, plain.results);
        assert.equal(restored!.fuelConsumed, plain.fuelConsumed);
      }
    });
  }

  test('has no frames when the embedder called the function', () => {
    const instance = link((n) => n);
    const taken = (name: string, fuel: number): Uint8Array => {
      const call = startExecution(instance.exports.get(name) as FuncInstance, [20n], { fuel });
      assert.equal(call.run(), 'paused');
      return takeSnapshot({ instances: [instance], executions: [call] });
    };
    // They differ in the function first; the number before that of `ask` is that of the host function.
    const [bytes, other] = [taken('ask', 2), taken('tail', 2)];
    const at = bytes.findIndex((byte, i) => byte !== other[i]);
    assert.equal(other[at], bytes[at]! + 1);
    bytes[at]! -= 1;
    assert.throws(() => restoreSnapshot(reseal(bytes), { instances: [instance] }), {
      code: 'snapshot.corrupt',
      message: /has frames/,
    });
  });

  test('and owes what the host has charged', () => {
    const instance = link((n) => n, 5000);
    const call = start(instance, 'ask');
    assert.equal(call.run(), 'paused');
    assert.equal(call.pause, 'fuel');
    const other = link((n) => n);
    const [restored] = restoreSnapshot(takeSnapshot({ instances: [instance], executions: [call] }), {
      instances: [other],
    });
    assert.equal(restored!.fuelOwed, call.fuelOwed);
    assert.equal(restored!.run(), 'paused');
    restored!.addFuel(LOTS);
    assert.equal(restored!.run(), 'done');
    assert.deepEqual(restored!.results, [21n]);
  });
});

describe('values of the host', () => {
  const bytes = assemble({
    types: [{ params: ['externref'], results: ['externref'] }],
    globals: [{ type: 'externref', isMutable: true, init: [['ref.null', 'extern']] }],
    funcs: [
      {
        code: [
          ['local.get', 0],
          ['global.set', 0],
          ['local.get', 0],
        ],
      },
    ],
    exports: [
      ['keep', 'func', 0],
      ['kept', 'global', 0],
    ],
  });
  const link = (): ModuleInstance => instantiate(new Store(), compileModule(bytes), () => undefined);
  const kept = (instance: ModuleInstance): unknown =>
    (instance.exports.get('kept') as { value: unknown }).value;
  const keep = (value: unknown): { instance: ModuleInstance; call: ReturnType<typeof startExecution> } => {
    const instance = link();
    const call = startExecution(instance.exports.get('keep') as FuncInstance, [value as object], { fuel: 3 });
    assert.equal(call.run(), 'paused');
    (instance.exports.get('kept') as { value: unknown }).value = value;
    return { instance, call };
  };

  test('plain ones are kept as they are', () => {
    for (const value of [5, 0, -0, 2 ** 40, 1.5, Number.NaN, 'text \ud800', '', true, false]) {
      const { instance, call } = keep(value);
      const other = link();
      const [restored] = restoreSnapshot(takeSnapshot({ instances: [instance], executions: [call] }), {
        instances: [other],
      });
      assert.deepEqual(kept(other), value);
      restored!.addFuel(100);
      restored!.run();
      assert.deepEqual(restored!.results, [value]);
    }
  });

  test('objects go by the names that the embedder gives them, and are one object again', () => {
    const { instance, call } = keep({ secret: 1 });
    const source = { instances: [instance], executions: [call] };
    assert.throws(() => takeSnapshot(source), { code: 'snapshot.unsupported' });
    const taken = takeSnapshot({ ...source, nameHostValue: () => 'the object' });
    const other = link();
    assert.throws(() => restoreSnapshot(taken, { instances: [other] }), { code: 'snapshot.foreign' });
    const found = { found: true };
    const [restored] = restoreSnapshot(taken, { instances: [other], findHostValue: () => found });
    assert.equal(kept(other), found);
    restored!.addFuel(100);
    restored!.run();
    assert.equal(restored!.results[0], found);
  });
});

describe('what is refused', () => {
  const { bytes } = pausedAt(60);
  const refused = (snapshot: Uint8Array, instances: readonly ModuleInstance[]): string => {
    try {
      restoreSnapshot(snapshot, { instances });
    } catch (error) {
      return code(error);
    }
    return 'nothing';
  };

  test('another module, another linking, another schedule, other features', () => {
    const zoo = makeZoo().instances;
    const empty = instantiate(new Store(), compileModule(assemble({})), () => undefined);
    assert.equal(refused(bytes, [empty]), 'snapshot.foreign');
    assert.equal(refused(bytes, [zoo[1]!, zoo[0]!]), 'snapshot.foreign');
    assert.equal(refused(bytes, [zoo[1]!]), 'snapshot.foreign');
    const simple = assemble({ funcs: [{ code: [] }], exports: [['f', 'func', 0]] });
    const inStore = (store: Store): ModuleInstance =>
      instantiate(store, compileModule(simple), () => undefined);
    const taken = takeSnapshot({ instances: [inStore(new Store())] });
    assert.equal(refused(taken, [inStore(new Store())]), 'nothing');
    assert.equal(refused(taken, [inStore(new Store({ schedule: flat1 }))]), 'snapshot.foreign');
    const featureless = instantiate(new Store(), compileModule(simple, new Set(['mvp'])), () => undefined);
    assert.equal(refused(taken, [featureless]), 'snapshot.foreign');
  });

  test('a memory that workers share', () => {
    const bytes = assemble({ memories: [{ min: 1, max: 1, isShared: true }] });
    const features = new Set([...defaultFeatures, 'threads' as const]);
    const store = new Store({ sharing: 'workers' });
    const instance = instantiate(store, compileModule(bytes, features), () => undefined);
    assert.throws(
      () => takeSnapshot({ instances: [instance], executions: [] }),
      (error) => code(error) === 'snapshot.unsupported',
    );
  });

  test('another version, and bytes that are not a snapshot', () => {
    const newer = bytes.slice();
    newer[8] = 2;
    assert.equal(refused(reseal(newer), makeZoo().instances), 'snapshot.version');
    assert.equal(refused(new Uint8Array(0), makeZoo().instances), 'snapshot.truncated');
    assert.equal(refused(new Uint8Array(100), makeZoo().instances), 'snapshot.corrupt');
    assert.throws(() => restoreSnapshot('no bytes' as never, makeZoo()), { code: 'usage.argument' });
  });

  test('a snapshot of a call that has ended', () => {
    const { instances, run } = makeZoo();
    const call = startExecution(run, []);
    call.run();
    assert.throws(() => takeSnapshot({ instances, executions: [call] }), { code: 'usage.state' });
  });

  test('a snapshot, and restoring one, from inside a call', () => {
    const importing = assemble({
      types: [{}],
      imports: [['env', 'now', [0, 0]]],
      funcs: [{ code: [['call', 0]] }],
      exports: [['run', 'func', 1]],
    });
    let tries = 0;
    const instance: ModuleInstance = instantiate(new Store(), compileModule(importing), () =>
      hostFunction({ kind: 'func', params: [], results: [] }, () => {
        assert.throws(() => takeSnapshot({ instances: [instance] }), { code: 'usage.state' });
        assert.throws(() => restoreSnapshot(taken, { instances: [instance] }), { code: 'usage.state' });
        // Other stores are at rest.
        assert.equal(refused(bytes, makeZoo().instances), 'nothing');
        tries++;
        return [];
      }),
    );
    const taken = takeSnapshot({ instances: [instance] });
    assert.equal(startExecution(instance.exports.get('run') as FuncInstance, []).run(), 'done');
    assert.equal(tries, 1);
  });

  test('every cut-off snapshot', () => {
    for (let length = 0; length < bytes.length; length++)
      assert.match(
        refused(bytes.subarray(0, length), makeZoo().instances),
        /^snapshot\.(truncated|corrupt)$/,
      );
  });

  test('every changed byte', () => {
    const { instances } = makeZoo();
    for (let at = 0; at < bytes.length; at++) {
      const copy = bytes.slice();
      copy[at]! ^= 1 << (at % 8);
      assert.match(refused(copy, instances), /^snapshot\./);
    }
  });
});

test('forged snapshots are refused, or are programs like others', () => {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);
  const random = new Random(seed);
  const sources = [5, 40, 60, 90, 120].map((fuel) => pausedAt(Math.min(fuel, whole.fuel - 1)).bytes);
  let restored = 0;
  for (let i = 0; i < 1200; i++) {
    const bytes = reseal(flip(random, random.pick(sources), BOUND));
    const { instances } = makeZoo();
    try {
      const [call] = restoreSnapshot(bytes, { instances });
      restored++;
      if (call === undefined) continue;
      call.addFuel(Math.min(LOTS, Number.MAX_SAFE_INTEGER));
      if (call.run() === 'trap') assert.notEqual(code(call.error), 'internal.bug', `FC_SEED=${seed}, ${i}`);
      takeSnapshot({ instances });
    } catch (error) {
      assert.match(code(error), /^snapshot\./, `FC_SEED=${seed}, ${i}: ${(error as QuernError).stack}`);
    }
  }
  // Many fields are plain contents, so some get through.
  assert.ok(restored > 20, String(restored));
});
