/** The kernel answers as the official one does, operation by operation, memory pages included. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readU64 } from '../../src/kernel/imports.ts';
import { Kernel, type KernelFunctionName, kernelAbi, runKernelFunction } from '../../src/kernel.ts';
import { I32 } from '../../src/wasm.ts';
import { needsShared, shared } from '../shared.ts';

/** Operation, arguments as unsigned decimals, result, kernel memory pages afterwards. */
type Step = readonly [KernelFunctionName, readonly string[], string | number | null, number];

const slots = new Int32Array(8);

const run = (kernel: Kernel, [name, args]: Step): string | number | null => {
  slots.fill(0);
  args.forEach((arg, i) => {
    slots[2 * i] = Number(BigInt.asIntN(32, BigInt(arg)));
    slots[2 * i + 1] = Number(BigInt.asIntN(32, BigInt(arg) >> 32n));
  });
  runKernelFunction(kernel, name, slots);
  const [result] = kernelAbi[name].results;
  if (result === undefined) return null;
  return result === I32 ? slots[0] : String((BigInt(slots[1] >>> 0) << 32n) | BigInt(slots[0] >>> 0));
};

describe('kernel traces', needsShared, () => {
  if (needsShared.skip) return;
  const { traces } = JSON.parse(readFileSync(shared('vectors/kernel-traces.json'), 'utf8')) as {
    traces: Step[][];
  };

  test(`${traces.length} traces agree with the official kernel`, () => {
    let count = 0;
    traces.forEach((trace, t) => {
      const kernel = new Kernel();
      trace.forEach((step, s) => {
        const where = `trace ${t}, step ${s}: ${step[0]}(${step[1].join()})`;
        assert.equal(run(kernel, step), step[2], where);
        assert.equal(kernel.memory.pageCount, step[3], `${where}: pages`);
        count++;
      });
    });
    assert.ok(count > 6000, `${count} operations`);
  });
});

describe('kernel', () => {
  const call = (kernel: Kernel, name: KernelFunctionName, ...args: bigint[]): string | number | null =>
    run(kernel, [name, args.map((arg) => String(BigInt.asUintN(64, arg))), null, 0]);

  test('addresses of a fresh kernel start at 77', () => {
    const kernel = new Kernel();
    const handles = [1n, 8n, 3n, 100n].map((n) => call(kernel, 'alloc', n));
    assert.deepEqual(handles, ['77', '90', '110', '125']);
    assert.equal(call(kernel, 'alloc', 0n), '0');
  });

  test('sizes and addresses that wrap or lie outside answer 0 and change nothing', () => {
    const kernel = new Kernel();
    const handle = BigInt(call(kernel, 'alloc', 8n) as string);
    for (const wild of [-1n, -8n, -12n, 1n << 48n, 1n << 32n, 1_048_576n, 1_048_575n, 1_048_569n]) {
      assert.equal(call(kernel, 'load_u8', wild), 0, `load_u8(${wild})`);
      assert.equal(call(kernel, 'load_u64', wild), '0', `load_u64(${wild})`);
      assert.equal(call(kernel, 'length', wild), '0', `length(${wild})`);
      assert.equal(call(kernel, 'length_unsafe', wild), '0', `length_unsafe(${wild})`);
      assert.equal(call(kernel, 'input_load_u64', wild), '0', `input_load_u64(${wild})`);
      assert.equal(call(kernel, 'input_load_u8', wild), 0, `input_load_u8(${wild})`);
      for (const name of ['store_u8', 'store_u64', 'output_set', 'input_set'] as const)
        call(kernel, name, wild, 8n);
      if (wild > 1n << 31n || wild < 0n) assert.equal(call(kernel, 'alloc', wild), '0', `alloc(${wild})`);
      call(kernel, 'free', wild);
      call(kernel, 'error_set', wild);
      call(kernel, 'output_set', handle, wild);
    }
    assert.equal(call(kernel, 'output_length'), '0');
    assert.equal(call(kernel, 'error_get'), '0');
    assert.equal(call(kernel, 'length', handle), '8');
  });

  test('the output is the range that was set, inside a block or across two', () => {
    const kernel = new Kernel();
    const handle = kernel.store(Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]));
    assert.equal(kernel.output(), null);
    kernel.outputSet(handle + 2, 3);
    assert.deepEqual([...(kernel.output() ?? [])], [2, 3, 4]);
    kernel.outputSet(0, 0);
    assert.deepEqual([...(kernel.output() ?? [])], [2, 3, 4], 'the registers ignore address 0');
    kernel.outputSet(handle, 0);
    assert.equal(kernel.output()?.length, 0);
  });

  test('an empty output is not the same as none', () => {
    const kernel = new Kernel();
    kernel.outputSet(0, 0);
    assert.equal(kernel.output()?.length, 0);
    kernel.reset();
    assert.equal(kernel.output(), null);
  });

  test('error_set(0) clears the error; an empty or freed message is none', () => {
    const kernel = new Kernel();
    const handle = kernel.store(Uint8Array.of(33));
    kernel.errorSet(handle);
    assert.deepEqual([...(kernel.errorMessage() ?? [])], [33]);
    kernel.errorSet(0);
    assert.equal(kernel.errorMessage(), null);
    kernel.errorSet(handle);
    kernel.free(handle);
    assert.equal(kernel.errorMessage(), null);
  });

  test('reset zeroes what was in use and keeps the memory that was grown', () => {
    const kernel = new Kernel();
    const handle = kernel.store(new Uint8Array(200_000).fill(7));
    const pages = kernel.memory.pageCount;
    assert.ok(pages > 16);
    kernel.reset();
    assert.equal(kernel.memory.pageCount, pages);
    assert.equal(kernel.read(handle), null);
    assert.equal(kernel.memory.alloc(200_000), handle);
    assert.ok(kernel.read(handle)?.every((byte) => byte === 0));
  });

  test('a refused growth makes alloc answer 0 and leaves the kernel usable', () => {
    const kernel = new Kernel({ mayGrow: () => false });
    assert.equal(kernel.memory.alloc(65_397), 0);
    assert.equal(kernel.memory.alloc(65_396), 77);
  });

  test('headers that a plug-in wrote over cannot hang or crash the kernel', () => {
    const kernel = new Kernel();
    for (const n of [10, 70_000, 200]) kernel.memory.alloc(n);
    for (let address = 64; address < 120; address++) kernel.memory.storeU8(address, 0xff);
    kernel.memory.storeU8(77 - 12, 2);
    for (const n of [1, 60_000, 70_000, 100_000]) kernel.memory.alloc(n);
    kernel.outputSet(77, 5);
    kernel.memory.storeU8(64, 0xff);
    assert.equal(kernel.output()?.length, 0);
    assert.equal(readU64(Int32Array.of(-1, -1), 0), 2 ** 64);
  });
});
