/**
 * Splitting a call into any slices changes nothing: not the output, not the bill, not memory. Fuel that is left never
 * goes below zero, not even where host functions charge more than there is.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type CurrentPlugin, createPlugin, isQuernError, type Plugin } from '../../src/node.ts';
import { needsShared } from '../shared.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';
import { dataDigest, memoryDigest } from './plugin-session.ts';
import { inputOf, moduleBytes, readSetUps, recordedFunctions } from './recorded.ts';

/** The result of a call, as data. */
interface End {
  readonly output: string | null;
  readonly error: string | null;
  readonly fuel: number;
  readonly memory: string;
}
type Make = () => Promise<Plugin>;

const endOf = async (plugin: Plugin, run: () => Promise<Uint8Array | null>): Promise<End> => {
  let output: string | null = null;
  let error: string | null = null;
  try {
    const bytes = await run();
    output = bytes === null ? null : dataDigest(bytes);
  } catch (cause) {
    error = isQuernError(cause) ? cause.code : String(cause);
  }
  const { memories } = await plugin.getInstance();
  return { output, error, fuel: plugin.fuelConsumed, memory: memoryDigest(memories) };
};

const whole = async (make: Make, name: string, input: Uint8Array): Promise<End> => {
  const plugin = await make();
  return endOf(plugin, async () => (await plugin.call(name, input))?.bytes() ?? null);
};

/** The same call with fuel in portions: those that are given, then ever larger ones. */
const inPortions = async (
  make: Make,
  name: string,
  input: Uint8Array,
  portions: readonly number[],
): Promise<End> => {
  const plugin = await make();
  let given = portions[0] ?? 0;
  const call = await plugin.startCall(name, input, { fuel: given });
  return endOf(plugin, async () => {
    let before = 0;
    for (let i = 1; (await call.run()) === 'paused'; i++) {
      assert.equal(call.pause, 'fuel');
      assert.ok(call.fuelLeft !== null && call.fuelLeft >= 0);
      assert.ok(call.fuelConsumed >= before && call.backtrace.length > 0);
      // What host functions charged beyond the fuel is all that can be used beyond what was given.
      assert.equal(call.fuelLeft, Math.max(0, given - call.fuelConsumed));
      before = call.fuelConsumed;
      const more = portions[i] ?? 1000 * i;
      given += more;
      call.addFuel(more);
    }
    return call.output?.bytes() ?? null;
  });
};

const portions = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3000 })), {
  maxLength: 60,
});

const check = async (make: Make, name: string, input: Uint8Array, numRuns: number): Promise<void> => {
  const expected = await whole(make, name, input);
  assert.ok(expected.fuel > 0);
  await fc.assert(
    fc.asyncProperty(portions, async (list) => {
      assert.deepEqual(await inPortions(make, name, input, list), expected);
    }),
    { numRuns },
  );
};

describe('own plug-ins', () => {
  const { plugin: bytes } = compileWat({
    plugin: `(module ${kernelImports}
      (import "extism:host/user" "later" (func $later (param i64) (result i64))) ${outputI64}
      (memory (export "memory") 1 8)
      (func (export "run") (local $i i32) (local $sum i64)
        (loop $again
          (memory.fill (i32.mul (local.get $i) (i32.const 1000)) (local.get $i) (i32.const 700))
          (drop (memory.grow (i32.const 1)))
          (local.set $sum (i64.add (local.get $sum) (call $later (i64.extend_i32_u (local.get $i)))))
          (call $log_info (call $alloc (i64.const 100)))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
        (call $output_i64 (local.get $sum)))
      (func (export "fail") (call $log_info (call $alloc (i64.const 5000)))
        (i32.store (i32.const 0) (i32.const 7)) (i32.store (i32.const -1) (i32.const 7))))`,
  });
  const later = async (context: CurrentPlugin, n: bigint): Promise<bigint> => {
    context.charge(300);
    await Promise.resolve();
    context.read(context.store('x'.repeat(Number(n) * 1000)));
    return n * n;
  };
  const make: Make = () =>
    createPlugin(
      { wasm: [{ data: bytes }] },
      { functions: { 'extism:host/user': { later } }, onLog: () => {} },
    );
  test('host functions that answer later, bulk operations, growth', () =>
    check(make, 'run', new Uint8Array(0), 40));
  test('a trap after a debt', () => check(make, 'fail', new Uint8Array(0), 20));
});

describe('recorded plug-ins', needsShared, () => {
  if (needsShared.skip) return;
  const setUps = readSetUps();
  for (const [id, name] of [
    ['kernel_all', 'mem'],
    ['kernel_all', 'host'],
    ['kernel_all', 'divzero'],
    ['fs_text', 'count_vowels'],
  ] as const) {
    const setUp = setUps.find((item) => item.id === id);
    const recorded = setUp?.calls.find(({ fn }) => fn === name);
    if (setUp === undefined || recorded === undefined) continue;
    test(`${id} ${name}`, async () => {
      const make: Make = async () =>
        createPlugin(
          { wasm: [{ data: moduleBytes(setUp) }] },
          {
            useWasi: setUp.wasi,
            config: setUp.config,
            functions: await recordedFunctions(setUp),
            deterministic: true,
          },
        );
      await check(make, name, inputOf(recorded), 8);
    });
  }
});
