/**
 * Loops of exceptions, thrown and caught at each turn. What is dear about them is the search for a handler: clauses
 * that do not fit, handlers around handlers, frames without any.
 */
import type { SpecialMnemonic } from '../../../src/syntax/instructions.ts';
import type { CatchClause, Instruction, Type } from '../../assembler.ts';
import { block, drop, nested } from './control.ts';
import { FIRST_FUNC, FIRST_TYPE, type Forms, get, i32, i64, type LoopSpec, repeat, set } from './loop.ts';

const MANY_CLAUSES = 1000;
const NESTED = 200;
const WIDE = 1000;
/** Frames that an exception passes. */
const FRAMES = 1000;

/** Tag 0 is thrown; tag 1 is named by clauses that do not fit. */
const tags = { tags: [0, 0] };
const clause = (tag: number | null, label = 0): CatchClause => ({ tag, withRef: false, label });
const all: CatchClause = clause(null);
const caught = (code: readonly Instruction[], clauses: readonly CatchClause[] = [all]): Instruction[] => [
  block,
  ['try_table', null, clauses],
  ...code,
  'end',
  'end',
];
const wideTypes = repeat<Type>(WIDE, 'i64');

/** Ways that something thrown takes: `raise` throws, with the locals and preparation of `spec`. */
const throwForms = (raise: readonly Instruction[], spec: Partial<LoopSpec> = {}): Forms => ({
  cheap: { ...tags, ...spec, turn: caught(raise) },
  dear: { ...tags, ...spec, turn: caught(raise, [...repeat(MANY_CLAUSES, clause(1)), all]) },
  nested: {
    ...tags,
    ...spec,
    turn: caught(nested([['try_table', null, [clause(1)]]], raise, ['end'], NESTED)),
  },
});

/** An exception in local 0. */
const held: Partial<LoopSpec> = {
  locals: [[1, 'exnref']],
  before: [
    ['block', 'exnref'],
    ['try_table', null, [{ tag: null, withRef: true, label: 0 }]],
    ['throw', 0],
    'end',
    'unreachable',
    'end',
    set(0),
  ],
};

const legacy = (code: readonly Instruction[], ...handlers: readonly Instruction[]): Instruction[] => [
  ['try', null],
  ...code,
  ...handlers,
  'end',
];
const raise: readonly Instruction[] = [['throw', 0]];
const others = repeat<Instruction>(MANY_CLAUSES, ['catch', 1]);
const legacyForms = (last: Instruction): Forms => ({
  cheap: { ...tags, turn: legacy(raise, last) },
  dear: { ...tags, turn: legacy(raise, ...others, last) },
  nested: {
    ...tags,
    turn: legacy(nested([['try', null]], raise, [['catch', 1], 'end'], NESTED), last),
  },
});

type ExceptionMnemonic = Extract<
  SpecialMnemonic,
  'throw' | 'throw_ref' | 'try_table' | 'try' | 'catch' | 'catch_all' | 'delegate' | 'rethrow'
>;

/** The loops, by instruction. */
export const exceptionLoops: Readonly<Record<ExceptionMnemonic, Forms>> = {
  throw: {
    ...throwForms(raise),
    wide: {
      types: [{ params: wideTypes }, { results: wideTypes }],
      tags: [FIRST_TYPE],
      turn: [
        ['block', FIRST_TYPE + 1],
        ['try_table', null, [clause(0)]],
        ...repeat(WIDE, i64(1)),
        ['throw', 0],
        'end',
        'unreachable',
        'end',
        ...repeat(WIDE, drop),
      ],
    },
    frames: {
      types: [{ params: ['i32'] }],
      ...tags,
      turn: caught([i32(FRAMES), ['call', FIRST_FUNC]]),
      funcs: [
        {
          type: FIRST_TYPE,
          code: [
            get(0),
            'i32.eqz',
            ['if', null],
            ['throw', 0],
            'end',
            get(0),
            i32(1),
            'i32.sub',
            ['call', FIRST_FUNC],
          ],
        },
      ],
    },
  },
  throw_ref: throwForms([get(0), 'throw_ref'], held),
  try_table: {
    cheap: { ...tags, turn: caught([]) },
    dear: { ...tags, turn: caught([], repeat(MANY_CLAUSES, clause(1))) },
    nested: { ...tags, turn: caught(nested([['try_table', null, [clause(1)]]], [], ['end'], NESTED)) },
  },
  try: {
    cheap: { ...tags, turn: legacy([], 'catch_all') },
    dear: { ...tags, turn: legacy([], ...others, 'catch_all') },
    nested: { ...tags, turn: nested([['try', null]], [], ['catch_all', 'end'], NESTED) },
  },
  catch: legacyForms(['catch', 0]),
  catch_all: legacyForms('catch_all'),
  delegate: {
    cheap: { ...tags, turn: legacy([['try', null], ...raise, ['delegate', 0]], 'catch_all') },
    dear: {
      ...tags,
      turn: legacy(nested([['try', null]], raise, [['delegate', 0]], NESTED), ...others, 'catch_all'),
    },
  },
  rethrow: {
    cheap: { ...tags, turn: legacy(legacy(raise, 'catch_all', ['rethrow', 0]), 'catch_all') },
    dear: {
      ...tags,
      turn: legacy(legacy(raise, 'catch_all', ['rethrow', 0]), ...others, 'catch_all'),
    },
    nested: {
      ...tags,
      turn: legacy(nested([['try', null]], raise, ['catch_all', ['rethrow', 0], 'end'], NESTED), 'catch_all'),
    },
  },
};
