/** Modules that break a rule of validation each. */
import { decodeBranchHints } from '../../src/decoder/branch-hints.ts';
import { decodeModule } from '../../src/wasm.ts';
import { assemble, type Instruction, section, type Type } from '../assembler.ts';
import { compileCode, compileSections, compileSource, i32, type Provocations } from './provocation.ts';

const I32 = 0x7f;
const ANYREF = 0x6e;
const types = {
  /** Of a function without parameters and results. */
  func: [0x60, 0, 0],
  /** An array of i32 that is immutable, and one that can change. */
  fixed: [0x5e, I32, 0],
  array: [0x5e, I32, 1],
  /** A structure of one immutable field. */
  struct: [0x5f, 1, I32, 0],
} as const;

const REC = 0x4e;
const DESCRIPTOR = 0x4d;
const DESCRIBES = 0x4c;
const empty = [0x5f, 0];
/** Types 0 and 1, which describe each other: 0 has the descriptor 1. */
const described = [REC, 2, DESCRIPTOR, 1, ...empty, DESCRIBES, 0, ...empty];
/** Compiles a recursive group of two types. */
const compilePair = (first: readonly number[], second: readonly number[]): unknown =>
  compileSource({ types: [[REC, 2, ...first, ...second]] });
/** A type that extends another and may be extended itself. */
const open = (supertype: number | null, ...form: readonly number[]): number[] => [
  0x50,
  ...(supertype === null ? [0] : [1, supertype]),
  ...form,
];
/** Compiles two described pairs of which the second extends the first as far as it says. */
const compileDerived = (type: readonly number[], descriptor: readonly number[]): unknown =>
  compileSource({
    types: [
      [REC, 2, ...open(null, DESCRIPTOR, 1, ...empty), ...open(null, DESCRIBES, 0, ...empty)],
      [REC, 2, ...type, ...descriptor],
    ],
  });

/** Compiles code of a function of type 1, where type 0 is the one given. */
const compileWith = (
  type: readonly number[],
  code: readonly Instruction[],
  more: { locals?: readonly (readonly [number, Type])[] } = {},
): unknown => compileSource({ types: [type, types.func], funcs: [{ type: 1, code, ...more }] });
/** The same, where types 0 and 1 are a structure and its descriptor. */
const compileDescribed = (...code: readonly Instruction[]): unknown =>
  compileSource({ types: [described, types.struct, types.func], funcs: [{ type: 3, code }] });

const global = { type: 'i32', init: [i32(0)] } as const;
const load: Instruction = ['i32.load', { align: 3 }];

export const invalid: Provocations<'InvalidError'> = {
  'invalid.type': () => compileCode(['i32.eqz']),
  'invalid.unknown-type': () => compileSource({ funcs: [{ type: 7 }] }),
  'invalid.unknown-function': () => compileCode([['call', 7]]),
  'invalid.unknown-table': () => compileCode([['table.size', 0], 'drop']),
  'invalid.unknown-memory': () => compileCode([['memory.size', 0], 'drop']),
  'invalid.unknown-global': () => compileCode([['global.get', 0], 'drop']),
  'invalid.unknown-tag': () => compileCode([['throw', 0]]),
  'invalid.unknown-local': () => compileCode([['local.get', 0], 'drop']),
  'invalid.unknown-label': () => compileCode([['br', 7]]),
  'invalid.rethrow-label': () => compileCode([['rethrow', 0]]),
  'invalid.unknown-element': () => compileCode([['elem.drop', 0]]),
  'invalid.unknown-data': () => compileCode([['data.drop', 0]], { dataCount: 0, data: [] }),
  'invalid.unknown-field': () => compileWith(types.struct, [['ref.null', 0], ['struct.get', 0, 7], 'drop']),
  'invalid.alignment': () => compileCode([i32(0), load, 'drop'], { memories: [{ min: 1 }] }),
  'invalid.atomic-alignment': () =>
    compileCode([i32(0), ['i32.atomic.load', { align: 0 }], 'drop'], { memories: [{ min: 1 }] }),
  'invalid.offset': () =>
    compileCode([i32(0), ['i32.load', { offset: 2n ** 32n }], 'drop'], { memories: [{ min: 1 }] }),
  'invalid.immutable-global': () => compileCode([i32(0), ['global.set', 0]], { globals: [global] }),
  'invalid.immutable-field': () => compileWith(types.struct, [['ref.null', 0], i32(0), ['struct.set', 0, 0]]),
  'invalid.immutable-array': () =>
    compileWith(types.fixed, [['ref.null', 0], i32(0), i32(0), ['array.set', 0]]),
  'invalid.constant': () => compileSource({ globals: [{ type: 'i32', init: [i32(0), 'i32.eqz'] }] }),
  'invalid.declaration': () => compileCode([['ref.func', 0], 'drop']),
  'invalid.duplicate-export': () =>
    compileSource({
      globals: [global],
      exports: [
        ['a', 'global', 0],
        ['a', 'global', 0],
      ],
    }),
  'invalid.start': () => compileSource({ types: [{ params: ['i32'] }], funcs: [{}], start: 0 }),
  'invalid.result-arity': () => compileCode([i32(1), i32(2), i32(3), ['select t', ['i32', 'i32']]]),
  'invalid.memory-size': () => compileSource({ memories: [{ min: 65_537 }] }),
  'invalid.table-size': () => compileSource({ tables: [{ min: 2n ** 32n }] }),
  'invalid.limits': () => compileSource({ memories: [{ min: 2, max: 1 }] }),
  'invalid.lane': () =>
    compileCode([['v128.const', Array<number>(16).fill(0)], ['i32x4.extract_lane', 4], 'drop']),
  'invalid.local-uninitialised': () =>
    compileWith(types.struct, [['local.get', 0], 'drop'], { locals: [[1, { heap: 0, nullable: false }]] }),
  'invalid.sub-type': () => compileSource({ types: [types.struct, open(0, ...types.array)] }),
  'invalid.tag-result': () => compileSource({ types: [{ results: ['i32'] }], tags: [0] }),
  'invalid.not-packed': () => compileWith(types.struct, [['ref.null', 0], ['struct.get_s', 0, 0], 'drop']),
  'invalid.packed': () => compileWith([0x5f, 1, 0x78, 0], [['ref.null', 0], ['struct.get', 0, 0], 'drop']),
  'invalid.not-defaultable': () =>
    compileWith([0x5f, 1, 0x64, ANYREF, 0], [['struct.new_default', 0], 'drop']),
  'invalid.array-type': () =>
    compileSource({
      types: [[0x5e, ANYREF, 1], types.func],
      dataCount: 1,
      data: [[1, 0]],
      funcs: [{ type: 1, code: [i32(0), i32(0), ['array.new_data', 0, 0], 'drop'] }],
    }),
  'invalid.array-mismatch': () =>
    compileSource({
      types: [types.array, [0x5e, 0x7e, 1], types.func],
      funcs: [
        { type: 2, code: [['ref.null', 0], i32(0), ['ref.null', 1], i32(0), i32(0), ['array.copy', 0, 1]] },
      ],
    }),
  'invalid.shared-maximum': () => compileSource({ memories: [{ min: 1, isShared: true }] }),
  'invalid.page-size': () => compileSections(...section(5, [1, 8, 0, 1])),

  // Custom descriptors
  'invalid.descriptor-group': () => compileSource({ types: [[DESCRIPTOR, 1, ...empty]] }),
  'invalid.described-group': () => compileSource({ types: [[DESCRIBES, 7, ...empty]] }),
  'invalid.described-order': () => compilePair([DESCRIBES, 1, ...empty], [DESCRIPTOR, 0, ...empty]),
  'invalid.not-described': () => compilePair([DESCRIPTOR, 1, ...empty], empty),
  'invalid.not-descriptor': () => compilePair(empty, [DESCRIBES, 0, ...empty]),
  'invalid.descriptor-kind': () => compilePair([DESCRIPTOR, 1, ...types.array], [DESCRIBES, 0, ...empty]),
  'invalid.described-kind': () => compilePair([DESCRIPTOR, 1, ...empty], [DESCRIBES, 0, ...types.array]),
  'invalid.descriptor': () =>
    compileDerived([...open(0, DESCRIPTOR, 3, ...empty)], [...open(null, DESCRIBES, 2, ...empty)]),
  'invalid.described': () =>
    compileDerived([...open(null, DESCRIPTOR, 3, ...empty)], [...open(1, DESCRIBES, 2, ...empty)]),
  'invalid.descriptor-required': () => compileDescribed(['struct.new', 0], 'drop'),
  'invalid.descriptor-refused': () =>
    compileDescribed(i32(0), ['ref.null', 1], ['struct.new_desc', 2], 'drop'),
  'invalid.no-descriptor': () => compileDescribed(['ref.null', 2], ['ref.get_desc', 2], 'drop'),

  'invalid.branch-hint': () => {
    const hint = [1, 0, 1, 1, 1, 0];
    const customs = [['metadata.code.branch_hint', hint] as const];
    decodeBranchHints(decodeModule(assemble({ funcs: [{ code: [i32(0), 'drop'] }], customs })));
  },
};
