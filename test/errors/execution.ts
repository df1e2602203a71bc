/** Modules that are legal, and fail when they are linked or run: each error of the engine. */
import { MAX_BLOCK_DEPTH, MAX_CODE_WORDS } from '../../src/syntax/limits.ts';
import {
  compileModule,
  type ExternInstance,
  type FuncInstance,
  instantiate,
  invoke,
  MemoryInstance,
  Store,
  type StoreOptions,
} from '../../src/wasm.ts';
import { WebAssembly } from '../../src/webassembly.ts';
import { assemble, type Instruction, type ModuleSource, type Ref } from '../assembler.ts';
import { allFeatures, compileCode, i32, i64, type Provocations } from './provocation.ts';

type Resolver = (module: string, name: string) => ExternInstance | undefined;
const link = (
  bytes: Uint8Array,
  options: StoreOptions = {},
  resolve: Resolver = () => undefined,
): ReadonlyMap<string, ExternInstance> =>
  instantiate(new Store(options), compileModule(bytes, allFeatures), resolve).exports;

/** Runs code as a function of the last type, which takes and gives nothing. */
const run = (
  code: readonly Instruction[],
  { types = [], ...more }: ModuleSource = {},
  options: StoreOptions = {},
): unknown => {
  const funcs = [{ type: types.length, code }];
  const bytes = assemble({ ...more, types: [...types, {}], funcs, exports: [['run', 'func', 0]] });
  const { run: func } = Object.fromEntries(link(bytes, options));
  return invoke(func as FuncInstance, []);
};

const memory: ModuleSource = { memories: [{ min: 1 }] };
const sharedMemory: ModuleSource = { memories: [{ min: 1, max: 1, isShared: true }] };
/** A table of one place, which holds no function. */
const table: ModuleSource = { tables: [{ min: 1 }] };
const array: ModuleSource = { types: [[0x5e, 0x7f, 1]] };
const structure: ModuleSource = { types: [[0x5f, 1, 0x7f, 1]] };
/** Type 0, an empty structure, and type 1, which describes it. */
const described: ModuleSource = { types: [[0x4e, 2, 0x4d, 1, 0x5f, 0, 0x4c, 0, 0x5f, 0]] };
/** The group is one entry of two types, so functions are of type 2. */
const runDescribed = (...code: readonly Instruction[]): unknown => {
  const funcs = [{ type: 2, code }];
  const bytes = assemble({ types: [...described.types!, {}], funcs, exports: [['run', 'func', 0]] });
  return invoke(link(bytes).get('run') as FuncInstance, []);
};

/** Calls a builtin for strings, and throws the engine's own error. */
const callBuiltin = (
  name: string,
  code: readonly Instruction[],
  params: readonly ('externref' | 'i32')[],
): void => {
  const bytes = assemble({
    types: [{ params, results: name === 'fromCodePoint' ? [string] : ['i32'] }, {}],
    imports: [
      ['wasm:js-string', name, [0, 0]],
      ['text', 'ab', [3, 0x64, 0x6f, 0]],
    ],
    funcs: [{ type: 1, code: [...code, ['call', 0], 'drop'] }],
    exports: [['run', 'func', 1]],
  });
  const module = new WebAssembly.Module(bytes, { builtins: ['js-string'], importedStringConstants: 'text' });
  const { run: func } = new WebAssembly.Instance(module, {}).exports;
  try {
    (func as () => void)();
  } catch (error) {
    throw (error as Error).cause;
  }
};
const string: Ref = { heap: 'extern', nullable: false };

/** A body that calls a function of 200 results and adds them up is short for what it stands for. */
const exhaustCode = (): unknown => {
  const width = 200;
  const add: Instruction[] = Array.from({ length: width }, () => 'i32.add');
  const line: Instruction[] = [['call', 1], ...add];
  const count = Math.ceil(MAX_CODE_WORDS / 8 / width) + 1;
  const bytes = assemble({
    types: [{ results: ['i32'] }, { results: Array<'i32'>(width).fill('i32') }],
    funcs: [
      { locals: [[3000, 'i32']], code: [i32(0), ...Array.from({ length: count }, () => line).flat()] },
      { type: 1, code: Array.from({ length: width }, () => i32(1)) },
    ],
    exports: [['run', 'func', 0]],
  });
  return invoke(link(bytes).get('run') as FuncInstance, []);
};

/** Makes a memory that grows strictly on a host without room for it. */
const exhaustMemory = (): unknown => {
  const type = { limits: { min: 1n, max: null, address: -1 }, isShared: false, pageSizeLog2: 16 };
  const instance = new MemoryInstance(type, new Store({ strictGrowth: true }));
  const real = globalThis.ArrayBuffer;
  globalThis.ArrayBuffer = class {
    constructor() {
      throw new RangeError('Array buffer allocation failed');
    }
  } as never;
  try {
    return instance.grow(1);
  } finally {
    globalThis.ArrayBuffer = real;
  }
};

/** Makes a memory for workers on a host that cannot share. */
const shareNothing = (): unknown => {
  const real = globalThis.SharedArrayBuffer;
  Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
  try {
    return link(assemble(sharedMemory), { sharing: 'workers' });
  } finally {
    globalThis.SharedArrayBuffer = real;
  }
};

/** Codes of these classes that only a host or a plug-in provokes, see `plugins.ts`. */
type OfPlugins = 'exhaustion.fuel' | 'exhaustion.pool' | 'exhaustion.queue';
type OfEngine =
  | 'UnsupportedError'
  | 'LimitError'
  | 'UnlinkableError'
  | 'TrapError'
  | 'ExhaustionError'
  | 'ThrownException'
  | 'InternalError';

export const execution: Omit<Provocations<OfEngine>, OfPlugins> = {
  'unsupported.feature': () => compileModule(assemble({ memories: [{ min: 1, is64: true }] }), new Set()),
  'unsupported.agents': shareNothing,
  'limit.module': () =>
    compileCode(Array.from({ length: MAX_BLOCK_DEPTH + 1 }, (): Instruction => ['block', null])),
  'limit.memory': () => link(assemble({ memories: [{ min: 65_536 }] })),
  'limit.table': () => link(assemble({ tables: [{ min: 0xffff_ffff }] })),
  'unlinkable.unknown-import': () => link(assemble({ imports: [['m', 'f', [0, 0]]] })),
  'unlinkable.incompatible-import': () => {
    const [exported] = link(assemble({ ...memory, exports: [['m', 'memory', 0]] })).values();
    link(assemble({ imports: [['m', 'f', [0, 0]]] }), {}, () => exported);
  },

  'trap.unreachable': () => run(['unreachable']),
  'trap.divide-by-zero': () => run([i32(1), i32(0), 'i32.div_u', 'drop']),
  'trap.integer-overflow': () => run([['f64.const', 1e10], 'i32.trunc_f64_s', 'drop']),
  'trap.invalid-conversion': () => run([['f64.const', Number.NaN], 'i32.trunc_f64_s', 'drop']),
  'trap.memory-bounds': () => run([i32(65_536), ['i32.load', null], 'drop'], memory),
  'trap.table-bounds': () => run([i32(1), ['table.get', 0], 'drop'], table),
  'trap.undefined-element': () => run([i32(1), ['call_indirect', 0, 0]], table),
  'trap.uninitialised-element': () => run([i32(0), ['call_indirect', 0, 0]], table),
  'trap.indirect-call-type': () =>
    run([i32(0), i32(0), ['call_indirect', 0, 0]], {
      types: [{ params: ['i32'] }],
      ...table,
      elements: [[0, 0x41, 0, 0x0b, 1, 0]],
    }),
  'trap.null-reference': () => run([['ref.null', 'any'], 'ref.as_non_null', 'drop']),
  'trap.null-function': () =>
    run([
      ['ref.null', 0],
      ['call_ref', 0],
    ]),
  'trap.null-structure': () => run([['ref.null', 0], ['struct.get', 0, 0], 'drop'], structure),
  'trap.null-array': () => run([['ref.null', 0], 'array.len', 'drop'], array),
  'trap.null-i31': () => run([['ref.null', 'i31'], 'i31.get_s', 'drop']),
  'trap.null-exception': () => run([['ref.null', 'exn'], 'throw_ref']),
  'trap.null-descriptor': () =>
    runDescribed(['ref.null', { exact: 1 }], ['struct.new_default_desc', 0], 'drop'),
  'trap.array-bounds': () => run([i32(1), ['array.new_default', 0], i32(1), ['array.get', 0], 'drop'], array),
  'trap.cast': () => run([i32(1), 'ref.i31', ['ref.cast', 'struct'], 'drop']),
  'trap.string-bounds': () => callBuiltin('charCodeAt', [['global.get', 0], i32(2)], ['externref', 'i32']),
  'trap.code-point': () => callBuiltin('fromCodePoint', [i32(0x11_0000)], ['i32']),
  'trap.descriptor-cast': () =>
    runDescribed(
      ['struct.new_default', 1],
      ['struct.new_default_desc', 0],
      ['struct.new_default', 1],
      ['ref.cast_desc_eq', 0],
      'drop',
    ),
  'trap.unaligned-atomic': () => run([i32(1), ['i32.atomic.load', null], 'drop'], memory),
  'trap.expected-shared': () =>
    run([i32(0), i32(0), i64(0n), ['memory.atomic.wait32', null], 'drop'], memory),
  'trap.deadlock': () =>
    run([i32(0), i32(0), i64(-1n), ['memory.atomic.wait32', null], 'drop'], sharedMemory),
  'trap.allocation-size': () => run([i32(-1), ['array.new_default', 0], 'drop'], array),

  'exhaustion.call-stack': () => run([['call', 0]]),
  'exhaustion.code': exhaustCode,
  'exhaustion.heap': () => run([i32(1000), ['array.new_default', 0], 'drop'], array, { maxHeapBytes: 1000 }),
  'exhaustion.memory': exhaustMemory,
  'exception.uncaught': () => run([['throw', 0]], { tags: [0] }),

  // Only a fault of the engine throws it. This is the nearest: bytes that change after they were validated.
  'internal.bug': () => {
    const module = compileModule(assemble({ globals: [{ type: 'i32', init: [i32(5)] }] }));
    const { bytes } = module.module;
    bytes[bytes.lastIndexOf(0x41)] = 0x20;
    instantiate(new Store(), module, () => undefined);
  },
};
