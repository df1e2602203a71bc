/**
 * A program that keeps the loop busy for a while with code of every kind, for the tests that watch V8; run in a
 * process of its own.
 */
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';

/** Instructions that belong together. */
const line = (...code: readonly Instruction[]): readonly Instruction[] => code;
const get = (index: number): Instruction => ['local.get', index];
const set = (index: number): Instruction => ['local.set', index];
const i32 = (value: number): Instruction => ['i32.const', value];

/** Locals of `run`: 0 rounds, 1 index, 2 i64 hash, 3 f64 sum, 4 i32 sum. */
const body: readonly Instruction[] = [
  ['loop', null],
  // A hash in 64 bits.
  ...line(get(2), ['i64.const', 0x100_0000_01b3n], 'i64.mul', get(1), 'i64.extend_i32_u'),
  ...line('i64.xor', ['local.tee', 2], ['i64.const', 29n], 'i64.rotl', set(2)),
  // Memory.
  ...line(get(1), i32(0xfff8), 'i32.and', get(2), ['i64.store', {}]),
  ...line(get(1), i32(0x7ffc), 'i32.and', ['i32.load', { offset: 64 }], get(4), 'i32.add', set(4)),
  // Floats.
  ...line(get(3), get(1), 'f64.convert_i32_s', ['f64.const', 1.000001], 'f64.div'),
  ...line('f64.sqrt', 'f64.add', set(3)),
  // Calls: direct, indirect, by br_table.
  ...line(get(1), ['call', 1], get(4), 'i32.xor', set(4)),
  ...line(get(4), get(1), i32(1), 'i32.and', i32(1), 'i32.add', ['call_indirect', 1, 0], set(4)),
  ...line(get(1), i32(1), 'i32.add', ['local.tee', 1], get(0), 'i32.lt_u', ['br_if', 0]),
  'end',
  ...line(get(4), get(2), 'i32.wrap_i64', 'i32.add', get(3), 'i32.trunc_sat_f64_s', 'i32.add'),
];

const bytes = assemble({
  types: [
    { params: ['i32'], results: ['i32'] },
    { params: ['i32'], results: ['i32'] },
  ],
  funcs: [
    {
      type: 0,
      locals: [
        [1, 'i32'],
        [1, 'i64'],
        [1, 'f64'],
        [1, 'i32'],
      ],
      code: body,
    },
    {
      type: 1,
      code: [
        ...line(['block', null], ['block', null], ['block', null]),
        ...line(get(0), i32(3), 'i32.and', ['br_table', [0, 1, 2]], 'end'),
        ...line(get(0), i32(7), 'i32.mul', 'return', 'end'),
        ...line(get(0), i32(5), 'i32.div_u', 'return', 'end'),
        ...line(get(0), i32(3), 'i32.shr_s'),
      ],
    },
    { type: 1, code: [get(0), i32(-1), 'i32.xor', 'i32.popcnt', get(0), 'i32.add'] },
  ],
  tables: [{ min: 3 }],
  memories: [{ min: 2 }],
  exports: [['run', 'func', 0]],
  elements: [[0, 0x41, 0, 0x0b, 3, 0, 1, 2]],
});

const { exports } = instantiate(new Store(), compileModule(bytes), () => undefined);
const run = exports.get('run') as FuncInstance;
// In calls of different length, as plug-ins are used.
for (const rounds of [1, 1000, 20_000, 400_000, 5, 400_000, 400_000]) invoke(run, [BigInt(rounds)]);
