/** The plug-in of `bench:host`: exports that do almost nothing, so that what remains is the host's work. */
import { assemble, type Instruction } from '../test/assembler.ts';

/** Stores and loads of one call of `store_and_load`. */
export const KERNEL_ROUNDS = 1000;
/** What `ask` passes to the host function, and expects back. */
export const QUESTION = 41n;
export const ANSWER = 42n;

const types = [
  { results: ['i64'] },
  { params: ['i64'], results: ['i64'] },
  { params: ['i64', 'i64'] },
  { results: ['i32'] },
] as const;
const [GET, MAP, PUT, EXPORT] = [0, 1, 2, 3];

const imports = [
  ['extism:host/env', 'input_offset', GET],
  ['extism:host/env', 'input_length', GET],
  ['extism:host/env', 'alloc', MAP],
  ['extism:host/env', 'load_u64', MAP],
  ['extism:host/env', 'store_u64', PUT],
  ['extism:host/env', 'output_set', PUT],
  ['extism:host/user', 'answer', MAP],
] as const;
const call = (name: (typeof imports)[number][1]): Instruction => [
  'call',
  imports.findIndex((row) => row[1] === name),
];
const ok: Instruction = ['i32.const', 0];

/** An empty export. */
const empty: Instruction[] = [ok];
/** Returns its input. */
const echo: Instruction[] = [call('input_offset'), call('input_length'), call('output_set'), ok];
/** Calls a host function, and fails if the result is wrong. */
const ask: Instruction[] = [
  ...([['i64.const', QUESTION], call('answer'), ['i64.const', ANSWER], 'i64.ne'] as const),
  ...([['if', null], 'unreachable', 'end', ok] as const),
];
/** Stores and loads each number below the rounds, and outputs their sum. */
const storeAndLoad: Instruction[] = (() => {
  const [ADDRESS, INDEX, SUM] = [0, 1, 2];
  return [
    ...([['i64.const', 8n], call('alloc'), ['local.set', ADDRESS], ['loop', null]] as const),
    ...([['local.get', ADDRESS], ['local.get', INDEX], call('store_u64')] as const),
    ...([
      ['local.get', SUM],
      ['local.get', ADDRESS],
      call('load_u64'),
      'i64.add',
      ['local.set', SUM],
    ] as const),
    ...([['local.get', INDEX], ['i64.const', 1n], 'i64.add', ['local.tee', INDEX]] as const),
    ...([['i64.const', BigInt(KERNEL_ROUNDS)], 'i64.lt_u', ['br_if', 0], 'end'] as const),
    ...([['local.get', ADDRESS], ['local.get', SUM], call('store_u64')] as const),
    ...([['local.get', ADDRESS], ['i64.const', 8n], call('output_set'), ok] as const),
  ];
})();

const exported = { empty, echo, ask, store_and_load: storeAndLoad };

/** The module. */
export const hostPlugin: Uint8Array = assemble({
  types,
  imports: imports.map(([module, name, type]) => [module, name, [0, type]]),
  memories: [{ min: 1 }],
  funcs: Object.values(exported).map((code) => ({ type: EXPORT, locals: [[3, 'i64']], code })),
  exports: Object.keys(exported).map((name, i) => [name, 'func', imports.length + i]),
});
