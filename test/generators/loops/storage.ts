/** Loops of what moves values between the stack and locals, globals, tables and memories, and of bulk operations. */
import type { Mnemonic, SpecialMnemonic } from '../../../src/syntax/instructions.ts';
import type { Instruction, LimitsSource, Type } from '../../assembler.ts';
import { u32 } from '../../assembler.ts';
import { drop } from './control.ts';
import { type Forms, get, i32, i64, type LoopSpec, RUN, repeat, set } from './loop.ts';

const UNROLLED = 16;
/** Most locals, but for the ones that loops add. */
const FAR = 49_900;
const far: LoopSpec['locals'] = [
  [FAR, 'i32'],
  [2, 'v128'],
];
const near: LoopSpec['locals'] = [[2, 'i32']];
/** Elements of the tables that dear forms move. */
const ELEMENTS = 1_000_000;
const PAGES = 256;
const BYTES = PAGES << 16;
/** Bytes and elements of the segments that dear forms copy. */
const SEGMENT = 60_000;

const anyref: Type = 'anyref';
const smallTable: Partial<LoopSpec> = { tables: [{ min: 8 }] };
const largeTable: Partial<LoopSpec> = {
  tables: [{ min: 1 }, { min: ELEMENTS, is64: true, element: anyref }],
};
const smallMemory: Partial<LoopSpec> = { memories: [{ min: 1 }] };
const sizes = (pages: number): LimitsSource[] => [
  { min: 1 },
  { min: pages, max: Math.max(pages, 4096), is64: true },
];
const largeMemory: Partial<LoopSpec> = { memories: sizes(PAGES) };
const passiveData = (length: number): readonly number[] => [1, ...u32(length), ...repeat(length, 1)];
const passiveElements = (count: number): readonly number[] => [
  ...[1, 0],
  ...u32(count),
  ...repeat(count, ...u32(RUN)),
];
const values = (...counts: readonly number[]): Instruction[] => counts.map(i64);
const i31: readonly Instruction[] = [i32(5), 'ref.i31'];

type StorageMnemonic = Extract<
  SpecialMnemonic,
  | ('drop' | 'select' | 'select t' | 'local.get' | 'local.set' | 'local.tee' | 'global.get' | 'global.set')
  | `table.${string}`
  | `memory.${string}`
  | ('data.drop' | 'elem.drop')
>;

/** The loops, by instruction. */
export const storageLoops: Readonly<Record<StorageMnemonic, Forms>> = {
  drop: {
    cheap: { turn: [i32(1), drop] },
    dear: { turn: [['ref.null', 'any'], drop], times: UNROLLED },
  },
  select: {
    cheap: { locals: near, turn: [get(0), get(1), get(0), 'select', set(1)] },
    dear: { locals: far, turn: [get(FAR), get(FAR + 1), get(0), 'select', set(FAR)], times: UNROLLED },
  },
  'select t': {
    cheap: { locals: near, turn: [get(0), get(1), get(0), ['select t', ['i32']], set(1)] },
    dear: {
      locals: [[FAR, 'anyref']],
      turn: [get(0), get(FAR - 1), i32(1), ['select t', [anyref]], set(FAR - 1)],
      times: UNROLLED,
    },
  },
  'local.get': {
    cheap: { locals: near, turn: [get(0), drop] },
    dear: { locals: far, turn: [get(FAR), set(FAR + 1)], times: UNROLLED },
  },
  'local.set': {
    cheap: { locals: near, turn: [i32(1), set(0)] },
    dear: {
      locals: [[FAR, 'anyref']],
      turn: [get(0), set(FAR - 1), ['ref.null', 'any'], set(0)],
      times: UNROLLED,
    },
  },
  'local.tee': {
    cheap: { locals: near, turn: [get(1), ['local.tee', 0], drop] },
    dear: { locals: far, turn: [get(FAR), ['local.tee', FAR + 1], set(FAR)], times: UNROLLED },
  },
  'global.get': {
    cheap: { globals: [{ type: 'i32', init: [i32(1)] }], turn: [['global.get', 0], drop] },
    dear: {
      globals: [{ type: 'v128', isMutable: true, init: [['v128.const', repeat(16, 1)]] }],
      turn: [['global.get', 0], drop],
      times: UNROLLED,
    },
    reference: {
      globals: [{ type: anyref, isMutable: true, init: [['ref.null', 'any']] }],
      turn: [['global.get', 0], drop],
      times: UNROLLED,
    },
  },
  'global.set': {
    cheap: {
      globals: [{ type: 'i32', isMutable: true, init: [i32(1)] }],
      turn: [i32(2), ['global.set', 0]],
    },
    dear: {
      globals: [{ type: 'v128', isMutable: true, init: [['v128.const', repeat(16, 1)]] }],
      locals: far,
      turn: [get(FAR), ['global.set', 0]],
      times: UNROLLED,
    },
    reference: {
      globals: [{ type: anyref, isMutable: true, init: [['ref.null', 'any']] }],
      turn: [...i31, ['global.set', 0]],
      times: UNROLLED,
    },
  },
  'table.get': {
    cheap: { ...smallTable, turn: [i32(0), ['table.get', 0], drop] },
    dear: { ...largeTable, turn: [i64(ELEMENTS - 1), ['table.get', 1], drop], times: UNROLLED },
  },
  'table.set': {
    cheap: { ...smallTable, turn: [i32(0), ['ref.null', 'func'], ['table.set', 0]] },
    dear: { ...largeTable, turn: [i64(ELEMENTS - 1), ...i31, ['table.set', 1]], times: UNROLLED },
  },
  'table.size': {
    cheap: { ...smallTable, turn: [['table.size', 0], drop] },
    dear: { ...largeTable, turn: [['table.size', 1], drop], times: UNROLLED },
  },
  'table.grow': {
    cheap: { ...smallTable, turn: [['ref.null', 'func'], i32(0), ['table.grow', 0], drop] },
    dear: { ...largeTable, turn: [...i31, i64(1), ['table.grow', 1], drop] },
    many: { ...largeTable, turn: [...i31, i64(10_000), ['table.grow', 1], drop] },
    refused: { ...smallTable, turn: [['ref.null', 'func'], i32(-1), ['table.grow', 0], drop] },
  },
  'table.fill': {
    cheap: { ...smallTable, turn: [i32(0), ['ref.null', 'func'], i32(8), ['table.fill', 0]] },
    dear: { ...largeTable, turn: [i64(0), ...i31, i64(ELEMENTS), ['table.fill', 1]] },
    'one element': { ...largeTable, turn: [i64(9), ...i31, i64(1), ['table.fill', 1]], times: UNROLLED },
  },
  'table.copy': {
    cheap: { ...smallTable, turn: [i32(0), i32(1), i32(4), ['table.copy', 0, 0]] },
    dear: {
      ...largeTable,
      before: [i64(0), ...i31, i64(ELEMENTS), ['table.fill', 1]],
      turn: [...values(1, 0, ELEMENTS - 1), ['table.copy', 1, 1]],
    },
    downwards: { ...largeTable, turn: [...values(0, 1, ELEMENTS - 1), ['table.copy', 1, 1]] },
    'two tables': {
      tables: [
        { min: ELEMENTS, element: anyref },
        { min: ELEMENTS, element: anyref },
      ],
      turn: [i32(0), i32(0), i32(ELEMENTS), ['table.copy', 0, 1]],
    },
  },
  'table.init': {
    cheap: {
      ...smallTable,
      elements: [passiveElements(1)],
      turn: [i32(0), i32(0), i32(1), ['table.init', 0, 0]],
    },
    dear: {
      tables: [{ min: SEGMENT }],
      elements: [passiveElements(SEGMENT)],
      turn: [i32(0), i32(0), i32(SEGMENT), ['table.init', 0, 0]],
    },
  },
  'elem.drop': {
    cheap: { elements: [passiveElements(1)], turn: [['elem.drop', 0]] },
    dear: { elements: [passiveElements(SEGMENT)], turn: [['elem.drop', 0]], times: UNROLLED },
  },
  'memory.size': {
    cheap: { ...smallMemory, turn: [['memory.size', 0], drop] },
    dear: { ...largeMemory, turn: [['memory.size', 1], drop], times: UNROLLED },
  },
  'memory.grow': {
    cheap: { ...smallMemory, turn: [i32(0), ['memory.grow', 0], drop] },
    dear: { memories: sizes(1), turn: [i64(1), ['memory.grow', 1], drop] },
    refused: { ...smallMemory, turn: [i32(65_535), ['memory.grow', 0], drop] },
    'by nothing': { ...largeMemory, turn: [i64(0), ['memory.grow', 1], drop], times: UNROLLED },
  },
  'memory.fill': {
    cheap: { ...smallMemory, turn: [i32(0), i32(1), i32(8), ['memory.fill', 0]] },
    dear: { ...largeMemory, turn: [i64(0), i32(1), i64(BYTES), ['memory.fill', 1]] },
    'one byte': {
      ...largeMemory,
      turn: [i64(BYTES - 1), i32(1), i64(1), ['memory.fill', 1]],
      times: UNROLLED,
    },
    odd: { ...largeMemory, turn: [i64(1), i32(1), i64(64), ['memory.fill', 1]], times: UNROLLED },
  },
  'memory.copy': {
    cheap: { ...smallMemory, turn: [i32(0), i32(8), i32(8), ['memory.copy', 0, 0]] },
    dear: { ...largeMemory, turn: [...values(1, 0, BYTES - 1), ['memory.copy', 1, 1]] },
    'one byte': { ...largeMemory, turn: [...values(1, 0, 1), ['memory.copy', 1, 1]], times: UNROLLED },
    odd: { ...largeMemory, turn: [...values(1, 0, 64), ['memory.copy', 1, 1]], times: UNROLLED },
  },
  'memory.init': {
    cheap: {
      ...smallMemory,
      data: [passiveData(8)],
      turn: [i32(0), i32(0), i32(8), ['memory.init', 0, 0]],
    },
    dear: {
      ...largeMemory,
      data: [passiveData(SEGMENT)],
      turn: [i64(1), i32(0), i32(SEGMENT), ['memory.init', 0, 1]],
    },
    'one byte': {
      ...largeMemory,
      data: [passiveData(SEGMENT)],
      turn: [i64(1), i32(SEGMENT - 1), i32(1), ['memory.init', 0, 1]],
      times: UNROLLED,
    },
  },
  'data.drop': {
    cheap: { data: [passiveData(8)], turn: [['data.drop', 0]] },
    dear: { data: [passiveData(SEGMENT)], turn: [['data.drop', 0]], times: UNROLLED },
  },
};

const shared: readonly LimitsSource[] = [{ min: 1, max: 1, isShared: true }];
const wait = (name: 'memory.atomic.wait32' | 'memory.atomic.wait64', expected: Instruction): LoopSpec => ({
  memories: shared,
  turn: [i32(8), expected, i64(0), [name, {}], drop],
});
/** Rows with a fixed type that want other operands than their neighbours. */
export const otherLoops = {
  'memory.atomic.wait32': {
    cheap: wait('memory.atomic.wait32', i32(1)),
    dear: wait('memory.atomic.wait32', i32(0)),
  },
  'memory.atomic.wait64': {
    cheap: wait('memory.atomic.wait64', i64(1)),
    dear: wait('memory.atomic.wait64', i64(0)),
  },
  'memory.atomic.notify': {
    cheap: { memories: shared, turn: [i32(8), i32(1), ['memory.atomic.notify', {}], drop] },
    dear: { memories: shared, turn: [i32(8), i32(-1), ['memory.atomic.notify', {}], drop], times: UNROLLED },
  },
} satisfies Partial<Record<Mnemonic, Forms>>;
