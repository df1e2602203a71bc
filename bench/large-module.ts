/** A module of many megabytes, all of whose functions are called: what compilers make of large programs, in sizes and kinds. */
import { assemble, encodeAll, type FuncSource, type Instruction } from '../test/assembler.ts';

/** TABLE: bytes of a body, and how many functions have some so long. Few are large, as in what Go makes. */
const sizes: readonly (readonly [bytes: number, count: number])[] = [
  [300, 2500],
  [1500, 1500],
  [4000, 900],
  [12_000, 250],
  [40_000, 45],
  [150_000, 6],
  [400_000, 2],
];
/** Functions that the start function's helpers call each. */
const GROUP = 100;
/** How often all functions are called. */
const ROUNDS = 60;
/** Rounds after which the memory grows. */
const GROWING = 20;

// Locals of each function.
const [N, S, ADDRESS, WIDE, FLOAT] = [0, 1, 2, 3, 4];

/** TABLE: a few statements each, as compilers write them; the number makes them differ. */
const fragments: readonly ((k: number) => readonly Instruction[])[] = [
  (k) => [...get(S, k), 'i32.xor', ...get(N, 5), 'i32.rotl', 'i32.add', ['local.set', S]],
  (k) => [
    ...get(S, 0xfff8),
    'i32.and',
    ['local.tee', ADDRESS],
    ['local.get', ADDRESS],
    ['i32.load', { offset: 8 * (k & 63) }],
    ['local.get', S],
    'i32.add',
    ['i32.store', { offset: k & 1023 }],
  ],
  (k) => [
    ['local.get', WIDE],
    ['i64.const', BigInt(k) * 0x1_0000_0001n],
    'i64.mul',
    ['local.get', S],
    'i64.extend_i32_u',
    'i64.add',
    ['local.set', WIDE],
  ],
  (k) => [
    ['block', null],
    ...get(S, k & 7),
    'i32.and',
    'i32.eqz',
    ['br_if', 0],
    ...get(S, k),
    'i32.add',
    ['local.set', S],
    'end',
  ],
  (k) => [
    ['local.get', S],
    ['if', null],
    ...get(S, k),
    'i32.sub',
    ['local.set', S],
    'else',
    ['i32.const', k],
    ['local.set', S],
    'end',
  ],
  (k) => [
    ['local.get', FLOAT],
    ['f64.const', k + 0.5],
    'f64.mul',
    ['local.get', S],
    'f64.convert_i32_s',
    'f64.add',
    ['local.set', FLOAT],
  ],
  // Loops are rare.
  (k) =>
    (k & 15) !== 0
      ? fragments[0]!(k)
      : [
          ['i32.const', 2 + (k & 16) / 16],
          ['local.set', N],
          ['loop', null],
          ...get(S, k & 0xff8),
          'i32.and',
          ['i64.load', { offset: 16 }],
          ['local.get', WIDE],
          'i64.xor',
          ['local.set', WIDE],
          ...get(N, 1),
          'i32.sub',
          ['local.tee', N],
          ['br_if', 0],
          'end',
        ],
  (k) => [
    ['block', null],
    ['block', null],
    ['block', null],
    ...get(S, 3),
    'i32.and',
    ['br_table', [0, 1, 2]],
    'end',
    ...get(S, k),
    'i32.or',
    ['local.set', S],
    'end',
    ...get(S, 3),
    'i32.shl',
    ['local.set', S],
    'end',
  ],
  () => [
    ['local.get', S],
    ['call', 0],
    ['local.set', S],
  ],
];
const get = (local: number, k: number): readonly Instruction[] => [
  ['local.get', local],
  ['i32.const', k],
];

/** Fragments as bytes, some hundred of them: so a module is made fast. */
const texts: readonly (readonly number[])[] = Array.from({ length: 64 * fragments.length }, (_, i) =>
  encodeAll(fragments[i % fragments.length]!(Math.imul(i, 7919) & 0x7fff)),
);

const bodyOf = (bytes: number, seed: number): FuncSource => {
  const code: number[] = [];
  for (let i = seed; code.length < bytes; i = (Math.imul(i, 1_103_515_245) + 12_345) & 0x7fff_ffff)
    for (const byte of texts[(i >> 8) % texts.length]!) code.push(byte);
  code.push(...encodeAll([['local.get', S], 'end']));
  return {
    type: 1,
    locals: [
      [2, 'i32'],
      [1, 'i64'],
      [1, 'f64'],
    ],
    bytes: code,
  };
};

/** The module: its start function calls everything, so often that all of it is compiled before the end. */
export const largeModule = (): Uint8Array => {
  const leaf: FuncSource = { type: 1, code: [...get(0, 3), 'i32.rotl'] };
  const large: FuncSource[] = [];
  for (const [bytes, count] of sizes)
    for (let i = 0; i < count; i++) large.push(bodyOf(bytes, bytes + 977 * i));
  // Mixed, so that large and small ones are called in turn; the step has no factor in common with the count.
  const mixed = large.map((_, i) => large[(i * 1999) % large.length]!);
  const groups: FuncSource[] = [];
  for (let from = 0; from < mixed.length; from += GROUP) {
    const code: Instruction[] = [];
    for (let i = from; i < Math.min(from + GROUP, mixed.length); i++)
      code.push(['i32.const', i], ['call', i + 1], 'drop');
    groups.push({ code });
  }
  const first = 1 + mixed.length;
  const start: FuncSource = {
    locals: [[1, 'i32']],
    code: [
      ['loop', null],
      ...groups.map((_, i): Instruction => ['call', first + i]),
      ...get(0, 1),
      'i32.add',
      ['local.tee', 0],
      ['i32.const', GROWING],
      'i32.rem_u',
      'i32.eqz',
      ['if', null],
      ['i32.const', 1],
      ['memory.grow', 0],
      'drop',
      'end',
      ...get(0, ROUNDS),
      'i32.lt_u',
      ['br_if', 0],
      'end',
    ],
  };
  const funcs = [leaf, ...mixed, ...groups, start];
  return assemble({
    types: [{}, { params: ['i32'], results: ['i32'] }],
    funcs,
    memories: [{ min: 2, max: 64 }],
    exports: [['run', 'func', funcs.length - 1]],
  });
};
