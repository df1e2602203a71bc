/**
 * Loops of the functions of the kernel and of the host. What is dear about them are blocks: many, large ones, and
 * headers that the plug-in has written over, so that the kernel must walk from block to block.
 */
import { KERNEL_NAMESPACE, type KernelAbiName, kernelAbi } from '../../../src/kernel.ts';
import type { Instruction } from '../../assembler.ts';
import { FIRST_IMPORT, type Forms, get, i32, i64, type LoopSpec, type Needs, set } from './loop.ts';

/** Blocks that dear forms have made. */
const BLOCKS = 3000;
const LARGE = 65_536;
const UNROLLED = 16;
const drop: Instruction = 'drop';

/** What a loop may import beside its own function. */
const helpers = ['alloc', 'free', 'store_u8', 'var_set', 'http_request'] as const satisfies KernelAbiName[];
const helper = (name: (typeof helpers)[number]): Instruction => [
  'call',
  FIRST_IMPORT + 1 + helpers.indexOf(name),
];
const OWN: Instruction = ['call', FIRST_IMPORT];

/** Locals: a handle, a counter, another handle. */
const HANDLE = 0;
const COUNTER = 1;
const OTHER = 2;
const locals = [
  [1, 'i64'],
  [1, 'i32'],
  [1, 'i64'],
] as const;

/** Does something so often; the counter goes down from `count` to 1. */
const counted = (count: number, ...code: readonly Instruction[]): Instruction[] => [
  i32(count),
  set(COUNTER),
  ['loop', null],
  ...code,
  ...[get(COUNTER), i32(1), 'i32.sub' as const, ['local.tee', COUNTER] as const, ['br_if', 0] as const],
  'end',
];
const alloc = (length: number): Instruction[] => [i64(length), helper('alloc')];
const hold = (length: number, local = HANDLE): Instruction[] => [...alloc(length), set(local)];
const manyBlocks = counted(BLOCKS, ...hold(8));
/** Writes over the header of the first block, so that the index of headers is no longer trusted. */
const forged: Instruction[] = [
  ...hold(8, OTHER),
  ...manyBlocks,
  get(OTHER),
  i64(12),
  'i64.sub',
  i32(1),
  helper('store_u8'),
];
/** Puts a text into a new block. */
const write = (text: string, local = HANDLE): Instruction[] => [
  ...hold(text.length, local),
  ...Array.from(text, (character, i) => [
    get(local),
    i64(i),
    'i64.add' as const,
    i32(character.charCodeAt(0)),
    helper('store_u8'),
  ]).flat(),
];
const REQUEST = '{"url":"http://a.test/"}';
const POST = '{"url":"http://a.test/","method":"POST"}';

type Parts = Pick<LoopSpec, 'before' | 'times' | 'needs'>;
/** The loops of a row: `call` puts the operands on the stack, calls and takes the result. */
const formsFor =
  (name: KernelAbiName) =>
  (forms: Readonly<Record<'cheap' | 'dear' | string, readonly [readonly Instruction[], Parts?]>>): Forms =>
    Object.fromEntries(
      Object.entries(forms).map(([form, [turn, parts = {}]]): [string, LoopSpec] => [
        form,
        {
          turn,
          locals,
          imports: [name, ...helpers].map((one) => ({
            namespace: KERNEL_NAMESPACE,
            name: one,
            row: kernelAbi[one],
          })),
          ...parts,
        },
      ]),
    ) as unknown as Forms;

const handle = get(HANDLE);
const many: Parts = { before: manyBlocks, times: UNROLLED };
const walking: Parts = { before: forged };
const large: Parts = { before: hold(LARGE) };
/** Reads and writes of single values: of a block, and far outside. */
const access = (name: KernelAbiName, value: readonly Instruction[], result: readonly Instruction[]): Forms =>
  formsFor(name)({
    cheap: [[handle, ...value, OWN, ...result], { before: hold(8) }],
    dear: [[handle, ...value, OWN, ...result], many],
    'over a header': [[handle, i64(9), 'i64.sub', ...value, OWN, ...result], { ...walking, times: UNROLLED }],
    outside: [[i64(-1), ...value, OWN, ...result], { times: UNROLLED }],
  });
/** Values without operands. */
const register = (name: KernelAbiName): Forms =>
  formsFor(name)({ cheap: [[OWN, drop]], dear: [[OWN, drop], many] });
const range = (name: 'input_set' | 'output_set'): Forms =>
  formsFor(name)({
    cheap: [[handle, i64(8), OWN], { before: hold(8) }],
    dear: [[handle, i64(LARGE), OWN], { ...large, times: UNROLLED }],
    outside: [[i64(-1), i64(-1), OWN], { times: UNROLLED }],
  });
const log = (name: KernelAbiName): Forms =>
  formsFor(name)({
    cheap: [[i64(0), OWN]],
    dear: [[...alloc(LARGE), OWN]],
    'a few bytes': [[...alloc(64), OWN]],
    'not a block': [[i64(99_999), OWN], { times: UNROLLED }],
    walking: [[i64(99_999), OWN], { ...walking, times: UNROLLED }],
    'not logged': [[...alloc(LARGE), OWN], { needs: { isSilent: true } }],
  });
const small: Needs = { http: { bodyBytes: 0, headers: 0 } };
const rich: Needs = { http: { bodyBytes: LARGE, headers: 200 } };
const request = (operand: Instruction): Instruction[] => [
  handle,
  operand,
  helper('http_request'),
  helper('free'),
];

/** The loops, by function. */
export const kernelLoops: Readonly<Record<KernelAbiName, Forms>> = {
  alloc: formsFor('alloc')({
    cheap: [[i64(0), OWN, drop]],
    // No freed block is large enough, and there is no room after the last one: all are looked at.
    dear: [
      [i64(4096), OWN, drop],
      {
        before: [
          ...manyBlocks,
          ...counted(BLOCKS, handle, helper('free'), handle, i64(20), 'i64.sub', set(HANDLE)),
        ],
        needs: { maxPages: 17 },
      },
    ],
    'freed at once': [[i64(8), OWN, helper('free')], { times: UNROLLED }],
    growth: [[i64(LARGE), OWN, drop], { needs: { maxPages: 2048 } }],
    refused: [[i64(-1), OWN, drop], { times: UNROLLED }],
    'large and freed': [[i64(LARGE), OWN, helper('free')]],
  }),
  free: formsFor('free')({
    cheap: [[i64(0), OWN]],
    dear: [[handle, OWN], walking],
    trusted: [[...alloc(8), OWN], many],
  }),
  length: formsFor('length')({
    cheap: [[i64(0), OWN, drop]],
    dear: [[handle, OWN, drop], walking],
    trusted: [[handle, OWN, drop], many],
  }),
  length_unsafe: access('length_unsafe', [], [drop]),
  load_u8: access('load_u8', [], [drop]),
  load_u64: access('load_u64', [], [drop]),
  store_u8: access('store_u8', [i32(1)], []),
  store_u64: access('store_u64', [i64(1)], []),
  input_length: register('input_length'),
  input_offset: register('input_offset'),
  input_load_u8: access('input_load_u8', [], [drop]),
  input_load_u64: access('input_load_u64', [], [drop]),
  input_set: range('input_set'),
  output_set: range('output_set'),
  output_offset: register('output_offset'),
  output_length: register('output_length'),
  error_set: formsFor('error_set')({
    cheap: [[i64(0), OWN]],
    dear: [[handle, OWN], walking],
  }),
  error_get: register('error_get'),
  reset: formsFor('reset')({
    cheap: [[OWN]],
    dear: [[...alloc(16 * LARGE), drop, OWN]],
    'many blocks': [[...manyBlocks, OWN]],
    'one block': [[...alloc(8), drop, OWN]],
  }),
  memory_bytes: register('memory_bytes'),
  config_get: formsFor('config_get')({
    cheap: [[i64(0), OWN, drop]],
    dear: [[i64(0), OWN, helper('free')], { needs: { config: 'x'.repeat(LARGE) } }],
    'long key': [[...alloc(LARGE), OWN, drop]],
    'wide characters': [[i64(0), OWN, helper('free')], { needs: { config: '\u{1f600}'.repeat(LARGE >> 2) } }],
  }),
  var_get: formsFor('var_get')({
    cheap: [[i64(0), OWN, drop]],
    dear: [[i64(0), OWN, helper('free')], { before: [...hold(LARGE), i64(0), handle, helper('var_set')] }],
    'long key': [[...alloc(LARGE), OWN, drop]],
    'many variables': [
      [...alloc(500), OWN, helper('free')],
      {
        before: [
          ...hold(1, OTHER),
          ...counted(1000, get(COUNTER), 'i64.extend_i32_u', helper('alloc'), get(OTHER), helper('var_set')),
        ],
      },
    ],
  }),
  var_set: formsFor('var_set')({
    cheap: [[i64(0), i64(0), OWN]],
    dear: [[i64(0), handle, OWN], large],
    'long key': [[handle, handle, OWN], large],
    'one byte': [[i64(0), handle, OWN], { before: hold(1), times: UNROLLED }],
    'set and deleted': [[handle, handle, OWN, handle, i64(0), OWN], { before: hold(8) }],
    refused: [[i64(0), handle, OWN], { before: hold(32 * LARGE) }],
    walking: [[handle, handle, OWN], walking],
  }),
  http_request: formsFor('http_request')({
    cheap: [[handle, i64(0), OWN, helper('free')], { before: write(REQUEST), needs: small }],
    dear: [
      [handle, get(OTHER), OWN, helper('free')],
      { before: [...write(POST), ...hold(LARGE, OTHER)], needs: rich },
    ],
  }),
  http_status_code: formsFor('http_status_code')({
    cheap: [[OWN, drop]],
    dear: [[OWN, drop], { before: [...write(REQUEST), ...request(i64(0))], needs: rich, times: UNROLLED }],
  }),
  http_headers: formsFor('http_headers')({
    cheap: [[OWN, drop]],
    dear: [[OWN, helper('free')], { before: [...write(REQUEST), ...request(i64(0))], needs: rich }],
  }),
  log_trace: log('log_trace'),
  log_debug: log('log_debug'),
  log_info: log('log_info'),
  log_warn: log('log_warn'),
  log_error: log('log_error'),
  get_log_level: register('get_log_level'),
};
