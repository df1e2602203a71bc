/** Every state that a plug-in can bring the kernel into can be restored, and behaves from there on as the first did. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Kernel,
  type KernelFunctionName,
  type KernelOptions,
  kernelAbi,
  runKernelFunction,
} from '../../src/kernel.ts';
import { createPlugin, restorePlugin } from '../../src/node.ts';
import { assemble } from '../assembler.ts';
import { Random } from '../generators/random.ts';

const copyOf = (kernel: Kernel, options: KernelOptions): Kernel => {
  const copy = new Kernel(options);
  const { memory } = kernel;
  const { pageCount, isTrusted, bytes } = memory;
  const refusal = copy.restore(kernel.isOutputSet, pageCount, isTrusted, (target) => target.set(bytes));
  assert.equal(refusal, null);
  copy.memory.work = memory.work;
  return copy;
};

const names = Object.keys(kernelAbi).filter(
  (name) => kernelAbi[name as 'alloc'].by === 'kernel',
) as KernelFunctionName[];
const wild = [0n, 1n, 57n, 60n, 64n, 65n, 1n << 31n, 1n << 32n, 1n << 53n, -1n, -(1n << 63n)];

/** Arguments that meet blocks, their headers and the kernel's registers far more often than chance would. */
const argumentOf = (random: Random, handles: readonly bigint[]): bigint => {
  if (random.chance(15)) return random.pick(wild);
  if (handles.length > 0 && random.chance(60))
    return random.pick(handles) + BigInt(random.chance(50) ? -random.below(13) : random.below(3));
  return BigInt(random.below(random.chance(50) ? 300 : 40_000));
};

const run = (kernel: Kernel, name: KernelFunctionName, args: readonly bigint[]): bigint => {
  const slots = new Int32Array(4);
  const view = new DataView(slots.buffer);
  args.forEach((arg, i) => {
    view.setBigInt64(8 * i, BigInt.asIntN(64, arg), true);
  });
  runKernelFunction(kernel, name, slots);
  return view.getBigInt64(0, true);
};

test('random calls, with a copy taken in the middle', () => {
  const seed = Number(process.env['FC_SEED'] ?? 11);
  const random = new Random(seed);
  for (let round = 0; round < 400; round++) {
    const options: KernelOptions = { mayGrow: () => round % 3 === 0 };
    let kernel = new Kernel(options);
    let copy: Kernel | null = null;
    const handles: bigint[] = [];
    for (let step = 0; step < 80; step++) {
      const where = `FC_SEED=${seed}, round ${round}, step ${step}`;
      const name = random.chance(35) ? 'alloc' : random.chance(20) ? 'store_u8' : random.pick(names);
      if (name === 'reset' && random.chance(50)) continue;
      const args = kernelAbi[name].params.map(() => argumentOf(random, handles));
      const result = run(kernel, name, args);
      if (name === 'alloc' && result > 0n) handles.push(result);
      if (copy === null) {
        if (random.chance(4)) copy = copyOf(kernel, options);
        continue;
      }
      assert.equal(run(copy, name, args), result, `${where}: ${name}(${args.join()})`);
      assert.deepEqual(copy.memory.work, kernel.memory.work, `${where}: work`);
      assert.equal(copy.memory.isTrusted, kernel.memory.isTrusted, where);
      for (const handle of handles)
        assert.equal(copy.memory.length(Number(handle)), kernel.memory.length(Number(handle)), where);
      if (random.chance(10)) {
        assert.ok(Buffer.from(copy.memory.bytes).equals(kernel.memory.bytes), where);
        [kernel, copy] = [copy, null];
      }
    }
  }
});

test('a plug-in that wrote over the register of its output is restored with it', async () => {
  const bytes = assemble({
    types: [{ params: ['i64', 'i64'] }, {}],
    imports: [['extism:host/env', 'store_u64', [0, 0]]],
    funcs: [
      {
        type: 1,
        code: [
          ['i64.const', 57n],
          ['i64.const', -1n],
          ['call', 0],
        ],
      },
    ],
    exports: [['f', 'func', 1]],
  });
  const plugin = await createPlugin(bytes);
  await plugin.call('f');
  const taken = plugin.snapshot();
  const restored = await restorePlugin(bytes, taken);
  assert.deepEqual(restored.snapshot(), taken);
  assert.equal(await restored.call('f'), null);
});

test('a block that a forged header put after the last one is none after the next reset', () => {
  const kernel = new Kernel({ mayGrow: () => false });
  const { memory } = kernel;
  const first = memory.alloc(200);
  memory.alloc(60_000);
  // The size of the first block: what is split off it lies after all blocks.
  for (const [i, byte] of [0xa0, 0x09, 0x01].entries()) memory.storeU8(first - 8 + i, byte);
  memory.free(first);
  const forged = memory.alloc(6000);
  assert.ok(forged > 60_300);
  kernel.reset();
  assert.equal(memory.isTrusted, true);
  assert.equal(memory.length(forged), 0);
});
