/**
 * Every function of the kernel, the host and WASI is paid for: its fixed price before it runs, what it moves by size.
 *
 * The fixed prices are read off the tables, row by row. Every row that the tables call sized, and every function of
 * WASI, must be in a list here, so that a new one without a price by size does not pass unnoticed.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { COMMAND_WEIGHTS } from '../../src/host/linking/command-module.ts';
import {
  FDFLAG_SYNC,
  LOOKUP_FOLLOW,
  OFLAG_CREAT,
  OFLAG_TRUNC,
  rights,
  WASI_NAMESPACE,
  type WasiFunctionName,
  type WasiFunctionRow,
  type WasiWork,
  wasiAbi,
  wasiWorkCost,
} from '../../src/host/wasi/abi.ts';
import { WRITING } from '../../src/host/wasi/path-functions.ts';
import {
  bulkMemoryCost,
  bulkTableCost,
  entryCost,
  type FuelSchedule,
  flat1,
  growMemoryCost,
  hostBytesCost,
  quern1,
} from '../../src/interpreter/fuel/schedules.ts';
import { REF_BYTES } from '../../src/interpreter/instances/table.ts';
import {
  KERNEL_NAMESPACE,
  type KernelAbiName,
  type KernelFunctionRow,
  kernelAbi,
  TEXT_WEIGHT,
} from '../../src/kernel/abi.ts';
import { takeWorkCost, writeU64 } from '../../src/kernel/imports.ts';
import { Kernel, runKernelFunction } from '../../src/kernel.ts';
import { createPlugin, isQuernError, MemoryFiles, type PluginOptions } from '../../src/node.ts';
import { defineSchedule, I64, type ValType } from '../../src/wasm.ts';
import { assemble, type Instruction, type ModuleSource, u32 } from '../assembler.ts';
import { oddSchedule } from '../differential/compare.ts';

/** One call: where the function is, its type, its operands. */
interface HostCall {
  readonly namespace: string;
  readonly name: string;
  readonly row: { readonly params: readonly ValType[]; readonly results: readonly ValType[] };
  readonly args: readonly number[];
}
const kernelCall = (name: KernelAbiName, ...args: number[]): HostCall => ({
  namespace: KERNEL_NAMESPACE,
  name,
  row: kernelAbi[name],
  args,
});
const wasiCall = (name: WasiFunctionName, ...args: number[]): HostCall => ({
  namespace: WASI_NAMESPACE,
  name,
  row: wasiAbi[name],
  args,
});
const withZeros = (call: HostCall): HostCall => ({ ...call, args: call.row.params.map(() => 0) });

const typeName = (type: ValType): 'i32' | 'i64' => (type === I64 ? 'i64' : 'i32');

/** A plug-in whose `run` makes the calls one after the other; `data` lies at address 0 of its memory. */
const pluginOf = (calls: readonly HostCall[], data: readonly number[] = []): Uint8Array =>
  assemble({
    types: [
      {},
      ...calls.map(({ row }) => ({ params: row.params.map(typeName), results: row.results.map(typeName) })),
    ],
    imports: calls.map(({ namespace, name }, i) => [namespace, name, [0, ...u32(i + 1)]] as const),
    memories: [{ min: 4 }],
    data: [[0, 0x41, 0, 0x0b, ...u32(data.length), ...data]],
    funcs: [
      {
        code: calls.flatMap(({ row, args }, i): Instruction[] => [
          ...row.params.map(
            (type, p): Instruction =>
              type === I64 ? ['i64.const', BigInt(args[p] ?? 0)] : ['i32.const', args[p] ?? 0],
          ),
          ['call', i],
          ...row.results.map((): Instruction => 'drop'),
        ]),
      },
    ],
    exports: [['run', 'func', calls.length]],
  });

/** What calls cost but for the functions' own prices and sizes. */
const frame = (schedule: FuelSchedule, calls: readonly HostCall[]): number =>
  calls.reduce(
    (sum, { row }) => sum + row.params.length * schedule.cost.simple + schedule.cost.call + schedule.hostCall,
    entryCost(schedule, 0),
  );

interface Bill {
  readonly fuel: number;
  /** Code of the error that ended the call, or null. */
  readonly end: string | null;
}

const bill = async (
  calls: readonly HostCall[],
  schedule: FuelSchedule,
  options: PluginOptions = {},
  data: readonly number[] = [],
): Promise<Bill> => {
  const plugin = await createPlugin(
    { wasm: [{ data: pluginOf(calls, data) }] },
    { useWasi: true, ...options, schedule },
  );
  const end = await plugin.call('run').then(
    () => null,
    (error: unknown) => (isQuernError(error) ? error.code : String(error)),
  );
  await plugin.close();
  return { fuel: plugin.fuelConsumed, end };
};

const own = defineSchedule({
  ...quern1,
  name: 'own-1',
  functions: Object.fromEntries([
    ...Object.keys(kernelAbi).map((name, i) => [`${KERNEL_NAMESPACE} ${name}`, 3 * i] as const),
    ...Object.keys(wasiAbi).map((name, i) => [`${WASI_NAMESPACE} ${name}`, 5 * i] as const),
  ]),
});
const priceOf = (schedule: FuelSchedule, { namespace, name }: HostCall): number =>
  schedule.functions?.[`${namespace} ${name}`] ??
  (namespace === KERNEL_NAMESPACE
    ? (kernelAbi as Readonly<Record<string, KernelFunctionRow>>)[name]!.fuel
    : (wasiAbi as Readonly<Record<string, WasiFunctionRow>>)[name]!.fuel);

describe('fixed prices', () => {
  const all = [
    ...(Object.keys(kernelAbi) as KernelAbiName[]).map((name) => withZeros(kernelCall(name))),
    ...(Object.keys(wasiAbi) as WasiFunctionName[]).map((name) => withZeros(wasiCall(name))),
  ];
  for (const schedule of [quern1, flat1, defineSchedule(oddSchedule), own]) {
    test(`of every row, with ${schedule.name}; what is not paid for does not run`, async () => {
      for (const call of all) {
        const total = frame(schedule, [call]) + priceOf(schedule, call);
        const whole = await bill([call], schedule);
        assert.equal(whole.fuel, total, call.name);
        assert.deepEqual(
          await bill([call], schedule, { fuel: total }),
          whole,
          `${call.name} with the true cost`,
        );
        const short = await bill([call], schedule, { fuel: total - 1 });
        assert.equal(short.end, 'exhaustion.fuel', `${call.name} with one unit less`);
        // The price of the entry is due with the first instruction.
        const before =
          call.args.length === 0
            ? 0
            : total - schedule.cost.call - schedule.hostCall - priceOf(schedule, call);
        assert.equal(short.fuel, before, call.name);
      }
    });
  }
});

/** Sizes around the steps of the prices. */
const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 150_000 }));
const few = { numRuns: 25 };

describe('work of the kernel', () => {
  const names = (Object.keys(kernelAbi) as KernelAbiName[]).filter((name) => kernelAbi[name].by === 'kernel');
  const operations = fc.array(
    fc.record({
      name: fc.constantFrom(...names),
      size,
      pick: fc.nat(),
      offset: fc.integer({ min: -16, max: 16 }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  test('blocks looked at, growth and zeroing are paid as a kernel beside says', async () => {
    await fc.assert(
      fc.asyncProperty(operations, fc.constantFrom(quern1, flat1, own), async (list, schedule) => {
        const kernel = new Kernel();
        const slots = new Int32Array(8);
        const handles: number[] = [0];
        let expected = 0;
        const calls = list.map(({ name, size: length, pick, offset }) => {
          // A large block, a handle, or an address near one: stores there spoil the headers.
          const operand =
            name === 'alloc'
              ? length
              : Math.max(0, handles[pick % handles.length]! + (name.startsWith('store') ? offset : 0));
          const call = kernelCall(name, operand, name.startsWith('store') ? pick % 256 : length);
          slots.fill(0);
          writeU64(slots, 0, operand);
          writeU64(slots, 2, call.args[1]!);
          runKernelFunction(kernel, name as never, slots);
          if (name === 'alloc') handles.push(slots[0]!);
          expected += priceOf(schedule, call) + takeWorkCost(kernel, schedule);
          return call;
        });
        const { fuel } = await bill(calls, schedule);
        assert.equal(fuel, frame(schedule, calls) + expected);
      }),
      few,
    );
  });
  test('a reset costs what it zeroes, growth what it grows', async () => {
    const n = 1_000_000;
    const twice = [kernelCall('alloc', n), kernelCall('reset'), kernelCall('alloc', n), kernelCall('reset')];
    const { fuel } = await bill(twice, quern1);
    const pages = growMemoryCost(quern1, Math.floor(n / 65_536));
    const least = pages + 2 * bulkMemoryCost(quern1, n);
    assert.ok(fuel > least && fuel < least + 1024 + 200, String(fuel));
  });
});

/** An allocated block of `n` bytes is at this address when it is the first. */
const FIRST = 77;
const HEADER = 12;

describe('bytes that cross', () => {
  interface Probe {
    /** Calls whose last one is the function. */
    readonly calls: (n: number, m: number) => readonly HostCall[];
    /** Bytes that the last one moves. */
    readonly bytes: (n: number, m: number) => readonly number[];
    readonly options?: (n: number, m: number) => PluginOptions;
  }
  const key = (n: number): string => '\0'.repeat(n);
  const log = (name: KernelAbiName): Probe => ({
    calls: (n) => [kernelCall('alloc', n), kernelCall(name, n === 0 ? 0 : FIRST)],
    bytes: (n) => [n * TEXT_WEIGHT],
    options: () => ({ onLog: () => {}, logLevel: 'trace' }),
  });
  const handleOf = (n: number): number => (n === 0 ? 0 : FIRST);
  const second = (n: number, m: number): number => (m === 0 ? 0 : n === 0 ? FIRST : FIRST + n + HEADER);
  const probes: Readonly<Partial<Record<KernelAbiName, Probe>>> = {
    config_get: {
      calls: (n) => [kernelCall('alloc', n), kernelCall('config_get', handleOf(n))],
      bytes: (n, m) => [(n + m) * TEXT_WEIGHT],
      options: (n, m) => ({ config: { [key(n)]: 'v'.repeat(m) } }),
    },
    var_set: {
      calls: (n, m) => [
        kernelCall('alloc', n),
        kernelCall('alloc', m),
        kernelCall('var_set', handleOf(n), second(n, m)),
      ],
      bytes: (n, m) => [n * TEXT_WEIGHT + m],
    },
    var_get: {
      calls: (n, m) => [
        kernelCall('alloc', n),
        kernelCall('alloc', m),
        kernelCall('var_set', handleOf(n), second(n, m)),
        kernelCall('var_get', handleOf(n)),
      ],
      // Without a value nothing is set.
      bytes: (n, m) => [n * TEXT_WEIGHT + m, n * TEXT_WEIGHT + m],
    },
    log_trace: log('log_trace'),
    log_debug: log('log_debug'),
    log_info: log('log_info'),
    log_warn: log('log_warn'),
    log_error: log('log_error'),
  };
  const sized = (Object.keys(kernelAbi) as KernelAbiName[]).filter(
    (name) => kernelAbi[name].perSize === 'text' || kernelAbi[name].perSize === 'key',
  );
  test('every row by bytes has a probe', () => {
    // HTTP needs more than constants, see below.
    const others: readonly KernelAbiName[] = ['http_request', 'http_headers'];
    assert.deepEqual(sized.filter((name) => !others.includes(name)).sort(), Object.keys(probes).sort());
  });
  for (const [name, { calls, bytes, options }] of Object.entries(probes)) {
    test(name, async () => {
      await fc.assert(
        fc.asyncProperty(size, size, fc.constantFrom(quern1, flat1), async (n, m, schedule) => {
          const list = calls(n, m);
          // The same blocks on a kernel beside: growth and search are not what this is about.
          const kernel = new Kernel();
          for (const call of list) if (call.name === 'alloc') kernel.memory.alloc(call.args[0]!);
          const isLookUp = name.endsWith('_get');
          if (isLookUp) kernel.free(handleOf(n));
          if (isLookUp && (m > 0 || name === 'config_get')) kernel.storePresent(new Uint8Array(m));
          const work = takeWorkCost(kernel, schedule);
          const fixed = list.reduce((sum, call) => sum + priceOf(schedule, call), frame(schedule, list));
          const moved = bytes(n, m).reduce((sum, count) => sum + hostBytesCost(schedule, count), 0);
          const { fuel, end } = await bill(list, schedule, options?.(n, m));
          assert.equal(end, null);
          assert.equal(fuel, fixed + moved + work);
        }),
        few,
      );
    });
  }
});

describe('calls of a linked command', () => {
  /** What the parts of a module add to the bill of a call; `exports` lists more names of its function. */
  const billOf = async (
    parts: ModuleSource,
    exports: NonNullable<ModuleSource['exports']> = [],
  ): Promise<number> => {
    const command = assemble({
      funcs: [{ code: [] }, ...(parts.funcs ?? [])],
      ...(({ funcs: _, ...rest }) => rest)(parts),
      exports: [['_start', 'func', 0], ['go', 'func', 0], ...exports],
    });
    const main = assemble({
      imports: [['command', 'go', [0, 0]]],
      funcs: [{ code: [['call', 0]] }],
      exports: [['run', 'func', 1]],
    });
    const plugin = await createPlugin({
      wasm: [
        { name: 'command', data: command },
        { name: 'main', data: main },
      ],
    });
    await plugin.call('run');
    await plugin.close();
    return plugin.fuelConsumed;
  };
  const many = <T>(item: T): T[] => new Array<T>(800).fill(item);
  const { part, element, heapByte } = COMMAND_WEIGHTS;
  const global = { type: 'i64', isMutable: true, init: [['i64.const', 1n]] } as const;
  const zeros = Array.from({ length: 800 }, () => 0);
  test('pay for every part of the new instance', async () => {
    const none = await billOf({});
    const pays = async (what: string, bill: Promise<number>, elements: number): Promise<void> =>
      assert.equal((await bill) - none, bulkTableCost(quern1, elements), what);
    await pays('functions', billOf({ funcs: many({ code: [] }) }), 800 * part);
    await pays('globals', billOf({ globals: many(global) }), 800 * part);
    await pays('tags', billOf({ tags: zeros }), 800 * part);
    const names = zeros.map((_, i): readonly [string, 'func', number] => [`e${i}`, 'func', 0]);
    await pays('exports', billOf({}, names), 800 * part);
    await pays('elements', billOf({ elements: [[1, 0, ...u32(800), ...zeros]] }), part + 800 * element);
  });
  test('pay for tables and for objects of constant expressions', async () => {
    const table = await billOf({ tables: [{ min: 80_000 }] });
    assert.equal(
      table - (await billOf({ tables: [{ min: 0 }] })),
      bulkTableCost(quern1, 80_000 * 2 * REF_BYTES * heapByte),
    );
    const array = (length: number): Promise<number> =>
      billOf({
        types: [{}, [0x5e, 0x7f, 1]],
        globals: [
          {
            type: { heap: 1, nullable: false },
            init: [
              ['i32.const', length],
              ['array.new_default', 1],
            ],
          },
        ],
      });
    assert.equal((await array(80_000)) - (await array(0)), bulkTableCost(quern1, 80_000 * 4 * heapByte));
  });
});

describe('bytes that cross to WASI, and work', () => {
  const PATH = 256;
  const SECOND = 8192;
  const free = 16_384;
  const DATA = 3;
  /** What is opened first. */
  const OPENED = 4;
  /** A call with what it is to be billed beyond its price, what lies in memory, and the calls before it. */
  interface Probe {
    readonly args: readonly number[];
    readonly bytes?: number;
    readonly work?: readonly (readonly [WasiWork, number])[];
    readonly data?: readonly number[];
    readonly before?: readonly HostCall[];
  }
  const words = (...values: number[]): number[] =>
    values.flatMap((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]);
  const text = (value: string): number[] => [...Buffer.from(value)];
  /** Memory with lists of bytes at addresses, in order. */
  const memory = (...parts: readonly (readonly [address: number, bytes: readonly number[]])[]): number[] => {
    const bytes: number[] = [];
    for (const [address, part] of parts) {
      while (bytes.length < address) bytes.push(0);
      bytes.push(...part);
    }
    return bytes;
  };
  /** At address 0: two buffers of `n` bytes each; the count goes to 64. */
  const twoBuffers = (n: number): number[] => words(free, n, free + n, n);
  const twice = (n: number): readonly (readonly [WasiWork, number])[] => [
    ['buffers', 2],
    ['transfers', n === 0 ? 0 : 2],
  ];
  const FILE = 'file';
  const openFile = (flags: number, fdflags: number): HostCall =>
    wasiCall(
      'path_open',
      DATA,
      0,
      PATH,
      FILE.length,
      flags,
      Number(rights.fd_read | rights.fd_seek | WRITING),
      0,
      fdflags,
      128,
    );
  const fileAt = (bytes: readonly number[]): number[] => memory([0, bytes], [PATH, text(FILE)]);
  /** A path with components to go down and up again, and its bill. */
  const winding = (n: number): { readonly path: string; readonly steps: number } => {
    const turns = n % 200;
    return { path: `${'d/../'.repeat(turns)}file`, steps: 2 * turns };
  };
  const onPath =
    (args: (length: number) => readonly number[], walks = 1, paths = walks) =>
    (n: number): Probe => {
      const { path, steps } = winding(n);
      return {
        args: args(path.length),
        work: [
          ...Array.from({ length: paths }, () => ['pathBytes', path.length] as const),
          ['steps', walks * steps],
        ],
        data: memory([PATH, text(path)]),
      };
    };
  /** The link `l`, made first; its text is `length` bytes long and leads to the file. */
  const onLink =
    (args: readonly number[], work: readonly (readonly [WasiWork, number])[], bytes = 0) =>
    (n: number): Probe => {
      const target = `${'./'.repeat(n)}file`;
      return {
        args,
        bytes: Math.min(bytes, target.length),
        work: [['pathBytes', 1], ['pathBytes', target.length], ...work],
        data: memory([PATH, text('l')], [SECOND, text(target)]),
        before: [wasiCall('path_symlink', SECOND, target.length, DATA, PATH, 1)],
      };
    };
  /** The entries of the directory as they are given out, with what each takes. */
  const entries = ['.', '..', 'd', 'file'].map((name) => 24 + name.length);
  const before = (i: number): number => entries.slice(0, i).reduce((sum, count) => sum + count, 0);

  const probes: Readonly<Partial<Record<WasiFunctionName, readonly ((n: number) => Probe)[]>>> = {
    args_get: [(n) => ({ args: [0, free], bytes: n + 1, work: [['strings', 1]] })],
    environ_get: [(n) => ({ args: [0, free], bytes: n + 3, work: [['strings', 1]] })],
    random_get: [(n) => ({ args: [free, n], work: [['random', n]] })],
    fd_read: [
      (n) => ({
        args: [0, 0, 2, 64],
        bytes: 2 * n,
        work: [
          ['buffers', 2],
          ['transfers', n === 0 ? 0 : 2],
        ],
        data: twoBuffers(n),
      }),
    ],
    fd_pread: [
      (n) => ({
        args: [OPENED, 0, 2, 0, 64],
        bytes: Math.min(n, 1),
        work: [
          ['buffers', 2],
          ['transfers', n === 1 ? 2 : Math.min(n, 1)],
        ],
        data: fileAt(twoBuffers(n)),
        before: [openFile(0, 0)],
      }),
    ],
    fd_write: [
      (n) => ({ args: [1, 0, 2, 64], bytes: 2 * n, work: twice(n), data: twoBuffers(n) }),
      (n) => ({
        args: [OPENED, 0, 2, 64],
        bytes: 2 * n,
        work: [...twice(n), ['syncs', 1]],
        data: fileAt(twoBuffers(n)),
        before: [openFile(0, FDFLAG_SYNC)],
      }),
      (n) => ({
        args: [OPENED, 0, 1, 64],
        bytes: 1,
        work: [
          ['buffers', 1],
          ['transfers', 1],
          ['sizes', 1000 * n],
        ],
        data: fileAt(words(free, 1)),
        before: [openFile(0, 0), wasiCall('fd_seek', OPENED, 1000 * n + 1, 0, 128)],
      }),
    ],
    fd_pwrite: [
      (n) => ({
        args: [OPENED, 0, 2, 0, 64],
        bytes: 2 * n,
        work: [...twice(n), ['syncs', 1]],
        data: fileAt(twoBuffers(n)),
        before: [openFile(0, FDFLAG_SYNC)],
      }),
      (n) => ({
        args: [OPENED, 0, 2, 1000 * n + 1, 64],
        bytes: 4,
        work: [...twice(2), ['sizes', 1000 * n]],
        data: fileAt(twoBuffers(2)),
        before: [openFile(0, 0)],
      }),
    ],
    fd_allocate: [
      (n) => ({
        args: [OPENED, 1000 * n, 1],
        work: [['sizes', 1000 * n]],
        data: fileAt([]),
        before: [openFile(0, 0)],
      }),
    ],
    fd_filestat_set_size: [
      (n) => ({
        args: [OPENED, 1000 * n + 1],
        work: [['sizes', 1000 * n]],
        data: fileAt([]),
        before: [openFile(0, 0)],
      }),
      (n) => ({
        args: [OPENED, 0],
        work: [['sizes', 1000 * n]],
        data: fileAt([]),
        before: [openFile(0, 0), wasiCall('fd_filestat_set_size', OPENED, 1000 * n)],
      }),
    ],
    fd_prestat_dir_name: [() => ({ args: [DATA, free, 64], bytes: 5 })],
    fd_readdir: [
      (n) => ({
        args: [DATA, free, n, 0, 64],
        bytes: Math.min(n, before(4)),
        work: [
          ['listed', 2],
          ['entries', entries.filter((_, i) => before(i) < n).length],
        ],
      }),
    ],
    poll_oneoff: [
      (n) => {
        const count = 1 + (n % 50);
        // Subscriptions to a clock that has long reached its time.
        return { args: [0, free, count, 64 * 49], work: [['subscriptions', count]] };
      },
      // A clock that has not reached its time: so many nanoseconds from now.
      (n) => ({
        args: [0, free, 1, 64 * 49],
        work: [
          ['subscriptions', 1],
          ['sleeps', n === 0 ? 0 : 1],
        ],
        data: memory([24, [n % 256]]),
      }),
    ],
    path_filestat_get: [
      onPath((length) => [DATA, 0, PATH, length, free]),
      onLink([DATA, LOOKUP_FOLLOW, PATH, 1, free], [['links', 1]]),
    ],
    path_filestat_set_times: [onPath((length) => [DATA, 0, PATH, length])],
    path_open: [
      onPath((length) => [DATA, 0, PATH, length, 0, 2, 0, 0, free]),
      (n) => ({
        args: [DATA, 0, PATH, FILE.length, OFLAG_TRUNC, Number(WRITING), 0, 0, 128],
        work: [
          ['pathBytes', FILE.length],
          ['sizes', 1000 * n],
        ],
        data: fileAt([]),
        before: [openFile(0, 0), wasiCall('fd_filestat_set_size', OPENED, 1000 * n)],
      }),
      () => ({
        args: [DATA, 0, PATH, 3, OFLAG_CREAT, Number(WRITING), 0, 0, 128],
        work: [
          ['pathBytes', 3],
          ['made', 1],
        ],
        data: memory([PATH, text('new')]),
      }),
    ],
    path_readlink: [
      onPath((length) => [DATA, PATH, length, free, 8, 64]),
      onLink([DATA, PATH, 1, free, 100, 64], [], 100),
    ],
    path_create_directory: [onPath((length) => [DATA, PATH, length])],
    path_remove_directory: [onPath((length) => [DATA, PATH, length])],
    path_unlink_file: [onPath((length) => [DATA, PATH, length])],
    path_symlink: [onPath((length) => [PATH, length, DATA, PATH, length], 1, 2)],
    path_rename: [onPath((length) => [DATA, PATH, length, DATA, PATH, length], 2)],
    path_link: [onPath((length) => [DATA, 0, PATH, length, DATA, PATH, length], 2)],
  };
  const options = (n: number): PluginOptions => ({
    wasi: {
      args: ['a'.repeat(n)],
      env: { A: 'b'.repeat(n) },
      stdin: new Uint8Array(2 * n),
      stdout: () => {},
      preopens: { '/data': new MemoryFiles({ file: 'x', 'd/inner': 'y' }) },
    },
    deterministic: true,
  });
  /** Their bills do not depend on anything but the row. */
  const constant = [
    ...[
      'args_sizes_get',
      'environ_sizes_get',
      'clock_res_get',
      'clock_time_get',
      'proc_exit',
      'proc_raise',
      'sched_yield',
    ],
    ...['fd_advise', 'fd_close', 'fd_datasync', 'fd_fdstat_get', 'fd_fdstat_set_flags'],
    ...['fd_fdstat_set_rights', 'fd_filestat_get', 'fd_filestat_set_times', 'fd_prestat_get'],
    ...[
      'fd_renumber',
      'fd_seek',
      'fd_sync',
      'fd_tell',
      'sock_accept',
      'sock_recv',
      'sock_send',
      'sock_shutdown',
    ],
  ];
  test('every function is known to move bytes or not', () => {
    assert.deepEqual(Object.keys(wasiAbi).sort(), [...Object.keys(probes), ...constant].sort());
  });
  test('every kind of work has a probe with the function that does it', () => {
    for (const [name, row] of Object.entries<WasiFunctionRow>(wasiAbi)) {
      const tried = new Set(
        (probes[name as WasiFunctionName] ?? []).flatMap((probe) =>
          (probe(7).work ?? []).map(([kind]) => kind),
        ),
      );
      // All paths are walked by the same code.
      tried.add('links');
      for (const kind of row.work) assert.ok(tried.has(kind), `${name}: ${kind}`);
      for (const kind of tried)
        assert.ok(kind === 'links' || row.work.includes(kind), `${name}: ${kind} in the row`);
    }
  });
  for (const [name, list] of Object.entries(probes)) {
    for (const [i, probe] of list.entries()) {
      test(`${name} (${i})`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.integer({ min: 0, max: 1500 }), async (n) => {
            const { args, bytes = 0, work = [], data, before: first = [] } = probe(n);
            const call = wasiCall(name as WasiFunctionName, ...args);
            const { fuel, end } = await bill([...first, call], quern1, options(n), data);
            assert.equal(end, null);
            const others = await bill(first, quern1, options(n), data);
            const fixed = frame(quern1, [call]) - entryCost(quern1, 0) + priceOf(quern1, call);
            const expected = work.reduce((sum, [kind, count]) => sum + wasiWorkCost(kind, count), 0);
            assert.equal(fuel - others.fuel - fixed, expected + hostBytesCost(quern1, bytes));
          }),
          { numRuns: 12 },
        );
      });
    }
  }
});
