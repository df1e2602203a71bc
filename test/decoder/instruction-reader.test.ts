/** Every instruction, assembled and read back; and the edges of the number formats in instructions. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { isQuernError } from '../../src/errors.ts';
import { instructions, type Mnemonic } from '../../src/syntax/instructions.ts';
import {
  EXTERNREF,
  HEAP_FUNC,
  HEAP_STRUCT,
  heapOf,
  I32,
  isNullable,
  refType,
  V128,
} from '../../src/syntax/types.ts';
import { decodeModule } from '../../src/wasm.ts';
import { assemble, encode, type Operand, type Operands } from '../assembler.ts';

/** A module whose second type is a structure, and a body of the bytes given. */
const moduleWith = (bytes: readonly number[]) =>
  decodeModule(
    assemble({
      types: [{}, [0x5f, 1, 0x7f, 0], { params: ['i32'], results: ['i32'] }],
      funcs: [{ bytes }],
    }),
  );

const readerOn = (bytes: readonly number[]): InstructionReader => {
  const module = moduleWith([...bytes, ...encode('end')]);
  const reader = new InstructionReader(module.bytes, module.types);
  const { codeStart, end } = module.funcs[0].body!;
  reader.reset(codeStart, end);
  return reader;
};
const readOne = (name: Mnemonic, ...operands: Operand[]): InstructionReader => {
  const reader = readerOn(encode(name, ...operands));
  reader.read();
  return reader;
};

/** An operand of each kind that needs more than one byte where there is a choice. */
const samples: Operands = {
  blocktype: 'i32',
  labelidx: 200,
  labels: [3, 300, 70_000, 1],
  funcidx: 128,
  typeidx: 1,
  tableidx: 16_384,
  memidx: 3,
  localidx: 0xffff_ffff,
  globalidx: 5,
  tagidx: 6,
  elemidx: 7,
  dataidx: 2_097_152,
  fieldidx: 8,
  count: 9,
  memarg: { align: 0, offset: 0xffff_ffff_ffff_fff0n, memory: 300 },
  laneidx: 1,
  lanes16: Array.from({ length: 16 }, (_, lane) => 31 - lane),
  i32: -123_456_789,
  i64: -1_234_567_890_123_456_789n,
  f32: 0xffa0_0001n,
  f64: 0x7ff0_0000_0000_0001n,
  v128: Array.from({ length: 16 }, (_, byte) => byte * 16),
  heaptype: 1,
  valtypes: ['v128', 'externref'],
  catches: [
    { tag: 4, withRef: false, label: 0 },
    { tag: 500, withRef: true, label: 1 },
    { tag: null, withRef: false, label: 2 },
    { tag: null, withRef: true, label: 300 },
  ],
  cast: { label: 200, from: { heap: 'struct', nullable: true }, to: { heap: 1, nullable: false } },
  zero: null,
};

const unsigned64 = (r: InstructionReader): bigint =>
  BigInt.asUintN(32, BigInt(r.lo)) | (BigInt(r.hi >>> 0) << 32n);

/** What the reader says of an immediate, in the form of the samples. */
const readBack = (r: InstructionReader, kind: keyof Operands, at: number, concrete: number): Operand => {
  switch (kind) {
    case 'blocktype':
      return r.blockTypeIndex === -1 && r.valType === I32 ? 'i32' : null;
    case 'labels':
      return [...r.labels.subarray(0, r.labelCount)];
    case 'memarg':
      return { align: r.align, offset: unsigned64(r), memory: r.memory };
    case 'laneidx':
      return r.lane;
    case 'lanes16':
    case 'v128':
      return [...r.bytes16];
    case 'i32':
      return r.lo;
    case 'i64':
      return BigInt.asIntN(64, unsigned64(r));
    case 'f32':
      return BigInt(r.lo >>> 0);
    case 'f64':
      return unsigned64(r);
    case 'heaptype':
      return r.heapType === concrete ? 1 : 'none';
    case 'valtypes':
      return r.valTypes.map((type) => (type === V128 ? 'v128' : type === EXTERNREF ? 'externref' : 'i32'));
    case 'catches':
      return r.catches;
    case 'cast':
      return {
        label: r.index,
        from: { heap: r.heapType === HEAP_STRUCT ? 'struct' : 'none', nullable: r.isNullable },
        to: { heap: r.heapType2 === concrete ? 1 : 'none', nullable: r.isNullable2 },
      };
    case 'zero':
      return null;
    default:
      return at === 0 ? r.index : r.index2;
  }
};

test('every row reads back as it was assembled', () => {
  for (const [row, { name, immediates }] of instructions.entries()) {
    const operands = immediates.map((kind) => samples[kind]);
    const bytes = encode(name, ...operands);
    const module = moduleWith([...bytes, ...encode('end')]);
    const reader = new InstructionReader(module.bytes, module.types);
    const { codeStart, end } = module.funcs[0].body!;
    reader.reset(codeStart, end);
    reader.read();
    assert.equal(reader.row, row, name);
    assert.equal(reader.offset, codeStart, name);
    assert.equal(reader.pos, codeStart + bytes.length, name);
    const concrete = module.types[1].id;
    const back = immediates.map((kind, at) => readBack(reader, kind, at, concrete));
    assert.deepEqual(back, operands, name);
  }
});

describe('immediates', () => {
  test('block types: none, a value type, a reference type, an index', () => {
    const none = readOne('block', null);
    assert.deepEqual([none.valType, none.blockTypeIndex], [0, -1]);
    const reference = readOne('block', { heap: 'func', nullable: false });
    assert.deepEqual([reference.valType, reference.blockTypeIndex], [refType(HEAP_FUNC, false), -1]);
    for (const index of [0, 63, 64, 127, 128, 0xffff_ffff]) {
      const r = readOne('block', index);
      assert.deepEqual([r.valType, r.blockTypeIndex], [0, index]);
    }
  });

  test('integers at the edges', () => {
    for (const value of [0, 63, 64, -64, -65, 2 ** 27 - 1, -(2 ** 27) - 1, 2 ** 31 - 1, -(2 ** 31)]) {
      assert.equal(readOne('i32.const', value).lo, value);
    }
    for (let bit = 0n; bit < 64n; bit++) {
      for (const near of [-1n, 0n, 1n]) {
        const value = BigInt.asIntN(64, (1n << bit) + near);
        assert.equal(BigInt.asIntN(64, unsigned64(readOne('i64.const', value))), value);
        const offset = BigInt.asUintN(64, (1n << bit) + near);
        assert.equal(unsigned64(readOne('i32.load', { offset })), offset);
      }
    }
  });

  test('types are canonical', () => {
    const r = readOne('br_on_cast', { ...samples.cast, to: { heap: 1, nullable: true } });
    const same = readOne('select t', [{ heap: 1, nullable: true }]);
    assert.equal(heapOf(same.valTypes[0]), r.heapType2);
    assert.ok(isNullable(same.valTypes[0]));
  });

  test('a long vector of labels is read whole, and an overlong one is refused before anything is allocated', () => {
    const labels = Array.from({ length: 5_000 }, (_, i) => i);
    assert.deepEqual([...readOne('br_table', labels).labels.subarray(0, 5_000)], labels);
    const reader = readerOn([0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert.throws(() => reader.read(), { code: 'malformed.section-overrun' });
  });
});

describe('damage', () => {
  const cases: [what: string, bytes: number[], code: string, offset: number][] = [
    ['unknown opcode', [0x27], 'malformed.opcode', 0],
    ['unknown opcode after a prefix', [0xfc, 0x17], 'malformed.opcode', 0],
    ['prefix without instructions', [0xff, 0x00], 'malformed.opcode', 0],
    ['opcode out of every page', [0xfd, 0xff, 0xff, 0x03], 'malformed.opcode', 0],
    ['s32 with a sixth byte', [0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 'malformed.integer-long', 5],
    ['s32 with bits beyond the sign', [0x41, 0x80, 0x80, 0x80, 0x80, 0x10], 'malformed.integer-large', 5],
    ['s64 with an eleventh byte', [0x42, ...Array(10).fill(0x80), 0], 'malformed.integer-long', 10],
    ['s64 with bits beyond the sign', [0x42, ...Array(9).fill(0x80), 0x01], 'malformed.integer-large', 10],
    ['u32 with bits beyond the top', [0x20, 0xff, 0xff, 0xff, 0xff, 0x1f], 'malformed.integer-large', 5],
    [
      'u64 offset with bits beyond the top',
      [0x28, 0, ...Array(9).fill(0xff), 2],
      'malformed.integer-large',
      11,
    ],
    ['alignment with the eighth bit', [0x28, 0x80, 0x01, 0x00], 'malformed.memop', 1],
    ['catch clause', [0x1f, 0x40, 1, 4, 0, 0], 'malformed.catch', 3],
    ['flags of a cast', [0xfb, 0x18, 4, 0, 0x6e, 0x6e], 'malformed.cast', 2],
    ['reserved byte', [0xfe, 0x03, 1], 'malformed.zero-byte', 2],
    ['value type', [0x1c, 1, 0x7a], 'malformed.type', 2],
    ['heap type', [0xd0, 0x7f], 'malformed.reference-type', 1],
    ['unknown concrete type', [0xd0, 0x09], 'invalid.unknown-type', 1],
  ];
  for (const [what, bytes, code, at] of cases) {
    test(what, () => {
      const reader = readerOn([...bytes, ...encode('nop')]);
      const start = reader.pos;
      assert.throws(
        () => reader.read(),
        (error: unknown) => {
          assert.ok(isQuernError(error));
          assert.equal(error.code, code);
          assert.equal(error.details.offset, start + at);
          return true;
        },
      );
    });
  }

  test('an instruction cut anywhere is the end of the section or function', () => {
    for (const { name, immediates } of instructions) {
      const bytes = encode(name, ...immediates.map((kind) => samples[kind]));
      const module = moduleWith([...bytes, ...encode('end')]);
      const reader = new InstructionReader(module.bytes, module.types);
      const { codeStart } = module.funcs[0].body!;
      for (let length = 0; length < bytes.length; length++) {
        reader.reset(codeStart, codeStart + length);
        assert.throws(() => reader.read(), { code: 'malformed.section-overrun' }, `${name} cut to ${length}`);
      }
    }
  });
});
