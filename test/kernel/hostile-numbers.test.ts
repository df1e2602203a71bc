/** Whatever 64-bit number a plug-in hands to the kernel or the host, nothing but an error of the catalogue comes of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Kernel, type KernelAbiName, kernelAbi, runKernelFunction } from '../../src/kernel.ts';
import { type CurrentPlugin, createPlugin, isQuernError } from '../../src/node.ts';
import { I32, I64 } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';

/** Numbers as they are, and what is added to a handle. */
const plain = [0n, 1n, 8n, 57n, 63n, 64n, 65n, 77n, 65_536n, 1_048_569n, 1_048_576n, -1n, -8n, -12n];
const edges = [1n << 31n, 1n << 32n, 1n << 52n, 1n << 53n, (1n << 63n) - 1n, -(1n << 63n), 0xffff_ffffn];
const offsets = [0n, 1n, -1n, 12n, 1n << 31n, 1n << 32n, 3n << 33n, 1n << 53n, -(1n << 63n), -(1n << 32n)];

type Argument = readonly Instruction[];
const wideArguments: readonly Argument[] = [
  ...[...plain, ...edges].map((value): Argument => [['i64.const', value]]),
  ...offsets.map((offset): Argument => [['local.get', 0], ['i64.const', offset], 'i64.add']),
];
const narrowArguments: readonly Argument[] = [0, -1, 255].map((value) => [['i32.const', value]]);

const codeOf = { [I32]: 'i32', [I64]: 'i64' } as const;
const typeOf = (type: number): 'i32' | 'i64' => codeOf[type as typeof I32];

/** All tuples of arguments of a row. */
const tuplesOf = (name: KernelAbiName): Argument[] =>
  kernelAbi[name].params.reduce<Argument[]>(
    (tuples, type) =>
      tuples.flatMap((tuple) =>
        (type === I64 ? wideArguments : narrowArguments).map((argument) => [...tuple, ...argument]),
      ),
    [[]],
  );

/** One function per tuple: a block of 40 bytes is made, the row is called, and kernel state is looked at. */
const moduleOf = (name: KernelAbiName, tuples: readonly Argument[]): Uint8Array => {
  const { params, results } = kernelAbi[name];
  const env = 'extism:host/env';
  return assemble({
    types: [
      { params: params.map(typeOf), results: results.map(typeOf) },
      { params: ['i64'], results: ['i64'] },
      { params: ['i64'] },
      {},
    ],
    imports: [
      [env, name, [0, 0]],
      [env, 'alloc', [0, 1]],
      [env, 'error_set', [0, 2]],
    ],
    funcs: tuples.map((tuple) => ({
      type: 3,
      locals: [[1, 'i64']],
      code: [
        ['i64.const', 40n],
        ['call', 1],
        ['local.set', 0],
        ...tuple,
        ['call', 0],
        ...results.map((): Instruction => 'drop'),
        ['local.get', 0],
        ['call', 2],
      ],
    })),
    exports: tuples.map((_, i) => [`f${i}`, 'func', 3 + i]),
  });
};

describe('hostile numbers as arguments of', () => {
  for (const name of Object.keys(kernelAbi) as KernelAbiName[]) {
    test(name, async () => {
      const tuples = tuplesOf(name);
      const plugin = await createPlugin(moduleOf(name, tuples), {
        fuel: 1_000_000,
        memory: { maxPages: 64 },
        logLevel: 'trace',
        onLog: () => {},
        allowedHosts: ['*'],
        fetch: async () => {
          throw new Error('no network');
        },
      });
      for (let i = 0; i < tuples.length; i++) {
        const where = `${name}: ${JSON.stringify(tuples[i], (_, value) => (typeof value === 'bigint' ? String(value) : value))}`;
        await plugin.call(`f${i}`).catch((error: unknown) => {
          assert.ok(isQuernError(error), `${where}: ${String(error)}`);
          assert.doesNotMatch(error.code, /^(internal|usage)/, where);
        });
      }
      await plugin.close();
    });
  }
});

test('a handle plus 2^32 is no handle, to the plug-in and to host functions', () => {
  const kernel = new Kernel();
  const handle = kernel.store(Uint8Array.of(1, 2, 3));
  for (const offset of [2 ** 32, 2 ** 33, 2 ** 35, 2 ** 52]) {
    assert.equal(kernel.memory.length(handle + offset), 0);
    assert.equal(kernel.read(handle + offset), null);
    kernel.free(handle + offset);
  }
  assert.equal(kernel.memory.length(handle), 3);
});

test('output_length returns all 64 bits that a plug-in wrote over it', () => {
  const kernel = new Kernel();
  const slots = Int32Array.of(57, 0, 0x1234_5679, -2);
  runKernelFunction(kernel, 'store_u64', slots);
  runKernelFunction(kernel, 'output_length', slots);
  assert.deepEqual([slots[0], slots[1]], [0x1234_5679, -2]);
  assert.equal(kernel.output(), null);
  kernel.outputSet(0, 0);
  assert.equal(kernel.output()?.length, 0);
});

test('host functions are told what is no address, in words of the catalogue', async () => {
  const seen: unknown[] = [];
  const bytes = assemble({
    imports: [['env', 'look', [0, 0]]],
    funcs: [{ code: [['call', 0]] }],
    exports: [['f', 'func', 1]],
  });
  const addresses = [
    2 ** 32 + 77,
    2 ** 53,
    1e300,
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1n,
    1n << 70n,
  ];
  const look = (plugin: CurrentPlugin): void => {
    for (const address of [...addresses, Symbol('no number'), null, {}]) {
      for (const ask of [plugin.length, plugin.read, plugin.free, plugin.alloc]) {
        try {
          seen.push(ask.call(plugin, address as number));
        } catch (error) {
          assert.ok(isQuernError(error, 'usage.argument'), String(error));
        }
      }
    }
  };
  const plugin = await createPlugin(bytes, { functions: { env: { look } }, memory: { maxPages: 64 } });
  await plugin.call('f');
  assert.ok(seen.length > 0);
});
