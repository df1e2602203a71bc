/** The bodies of the vector loops, called as functions: each does what the rule of its instruction does. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loop, run, words } from '../../scripts/dispatch/bodies/loop.ts';
import { farBodies, vectorBodies } from '../../scripts/dispatch/bodies/vector.ts';
import { instructions } from '../../src/inspect.ts';
import { type VectorOperation, vectorNames } from '../../src/interpreter/code/vector-isa.ts';
import { type Fields, randomWords, ruleOutcome, typeOf } from './rule-of.ts';

type Bodies = Readonly<Record<VectorOperation, (...operands: number[]) => void>>;
const bodies = vectorBodies as unknown as Bodies;
const far = farBodies as unknown as Bodies;

const FRAME = 64;
const RESULT = FRAME + 24;
const slotOf = (n: number): number => FRAME + 4 * n;
const random = randomWords(56);
const NAN = 0x7fc00000;

/** Words at the edges of lanes of every width, and of floats; the rest at random. */
const edges = [
  0,
  -1,
  0x7fffffff,
  -0x80000000,
  0x7f7f7f7f,
  0x80808080 | 0,
  0x7fff8000,
  0x00ff0001,
  0x12345678,
];
const floats = [
  0x3fc00000,
  -0x40000000,
  0x4f000000,
  -0x31000000,
  0x7f800000,
  NAN,
  0x7f801234,
  0x3ff80000,
  0x40200000,
];
const anyWord = (): number => {
  const list = [edges, floats, []][(random() >>> 8) % 3]!;
  return list[(random() >>> 4) % (list.length || 1)] ?? random();
};
const set = (slot: number, count: number): void => {
  for (let i = 0; i < count; i++) words[slot + i] = anyWord();
};
const read = (slot: number, count: number): bigint =>
  Array.from(words.subarray(slot, slot + count)).reduceRight(
    (bits, value) => (bits << 32n) | BigInt(value >>> 0),
    0n,
  );
const wordsOf = (type: string): number => (type === 'v128' ? 4 : type.endsWith('64') ? 2 : 1);

/** A memory as the loop has it: a view, and how many places an access of some size can begin at. */
const memoryOfLoop = (memory: DataView | null, size: number): object => ({
  memory,
  ...Object.fromEntries([1, 2, 4, 8, 16].map((bytes) => [`places${bytes}`, Math.max(size - bytes + 1, 0)])),
});

const prepare = (): void => {
  words.fill(-1);
  Object.assign(loop, { pc: 50, next: 55, fp: FRAME });
};
/** Runs a body on sources that are set, and compares what it leaves with a rule's outcome. */
const check = (
  op: VectorOperation,
  operands: readonly number[],
  expected: bigint,
  to: number,
  type = 'v128',
): void => {
  assert.equal(
    run(() => bodies[op](...operands)),
    null,
    op,
  );
  assert.equal(read(to, wordsOf(type)), expected, `${op} ${operands.join(' ')}`);
};

const immediates = (op: VectorOperation): readonly string[] =>
  op.includes('.') ? instructions.find(({ name }) => name === op)!.immediates : ['own'];
const isAccess = (op: VectorOperation): boolean => /^v128\.(load|store)/.test(op);

describe('operators', () => {
  for (const op of vectorNames.filter((name) => immediates(name).length === 0)) {
    test(op, () => {
      const { operands, result } = typeOf(op);
      for (let round = 0; round < 60; round++) {
        for (let alias = -1; alias < operands.length; alias++) {
          prepare();
          operands.forEach((type, n) => {
            set(slotOf(n), wordsOf(type));
          });
          const sources = operands.map((_, n) => slotOf(n));
          const values = operands.map((type, n) => read(slotOf(n), wordsOf(type)));
          const to = alias < 0 ? RESULT : slotOf(alias);
          check(op, [to, ...sources], ruleOutcome(op, values).bits, to, result);
        }
      }
    });
  }
});

describe('lanes', () => {
  for (const op of vectorNames.filter((name) => immediates(name).join() === 'laneidx')) {
    const lanes = Number(/x(\d+)/.exec(op)![1]);
    test(op, () => {
      const { operands, result } = typeOf(op);
      for (let lane = 0; lane < lanes; lane++) {
        for (const to of [RESULT, slotOf(0)]) {
          prepare();
          operands.forEach((type, n) => {
            set(slotOf(n), wordsOf(type));
          });
          const values = operands.map((type, n) => read(slotOf(n), wordsOf(type)));
          const expected = ruleOutcome(op, values, { lane }).bits;
          // An extraction takes a place in the frame; the first source lies at its beginning.
          const sources = operands.length > 1 ? [slotOf(0), slotOf(1)] : [];
          const place = lanes === 4 && operands.length === 1 ? FRAME + lane : lane;
          check(op, [to, ...sources, place], expected, to, result);
        }
      }
    });
  }

  test('shuffles', () => {
    for (let round = 0; round < 40; round++) {
      for (const to of [RESULT, slotOf(0), slotOf(1)]) {
        prepare();
        set(slotOf(0), 8);
        const values = [read(slotOf(0), 4), read(slotOf(1), 4)];
        const places = Array.from({ length: 16 }, () => (random() >>> 5) % 32);
        const bytes = ruleOutcome('i8x16.shuffle', values, { bytes: places } as unknown as Fields);
        check('i8x16.shuffle', [to, ...places], bytes.bits, to);
        set(slotOf(0), 8);
        const of32 = [7, 1, 1, 4];
        const expected = of32.reduceRight((bits, n) => (bits << 32n) | read(FRAME + n, 1), 0n);
        check('shuffle32', [to, ...of32], expected, to);
        set(slotOf(0), 8);
        const of16 = [15, 0, 3, 3, 8, 7, 1, 14];
        const halfAt = (n: number): bigint => (read(FRAME + (n >> 1), 1) >> BigInt(16 * (n % 2))) & 0xffffn;
        const joined = of16.reduceRight((bits, n) => (bits << 16n) | halfAt(n), 0n);
        check('shuffle16', [to, ...of16], joined, to);
      }
    }
  });
});

describe('accesses to memory', () => {
  const size = 64;
  const start = Uint8Array.from({ length: size }, random);
  const noMemory = memoryOfLoop(null, 0);
  const makeMemory = (): { bytes: Uint8Array; memory: { view: DataView; byteLength: number } } => {
    const bytes = new Uint8Array(start);
    return { bytes, memory: { view: new DataView(bytes.buffer), byteLength: size } };
  };
  const places = [
    [0, 0],
    [1, 3],
    [40, 8],
    [56, 0],
    [48, 8],
    [60, 1],
    [63, 0],
    [64, 0],
    [-1, 1],
    [0, -1],
    [-0x80000000, -0x80000000],
  ] as const;

  for (const op of vectorNames.filter(isAccess)) {
    test(op, () => {
      const isStore = op.includes('store');
      for (const [address, offset] of places) {
        for (const index of [0, 1]) {
          for (const lane of immediates(op).includes('laneidx') ? [0, 1] : [undefined]) {
            const { bytes, memory } = makeMemory();
            const expectedBytes = new Uint8Array(start);
            loop.instance = { memories: index === 0 ? [memory] : [null, memory] } as never;
            Object.assign(loop, index === 0 ? memoryOfLoop(memory.view, size) : noMemory);
            prepare();
            words[slotOf(0)] = address;
            set(slotOf(1), 4);
            const vector = read(slotOf(1), 4);
            const hasVector = isStore || lane !== undefined;
            const fields = { memory: 0, memoryOffset: BigInt(offset >>> 0), lane } as Fields;
            const values = [BigInt(address >>> 0), ...(hasVector ? [vector] : [])];
            const expected = ruleOutcome(op, values, fields, expectedBytes);
            const to = hasVector && !isStore ? slotOf(1) : slotOf(0);
            const sources = [slotOf(0), hasVector ? slotOf(1) : 0];
            const isFar = index !== 0 || offset < 0;
            const status = run(() =>
              isFar
                ? far[op](to, ...sources, offset, index, lane ?? 0)
                : bodies[op](to, ...sources, offset, lane ?? 0),
            );
            const shown = `${op} ${address} ${offset}`;
            assert.equal(status, expected.status, shown);
            assert.deepEqual(bytes, expectedBytes, shown);
            if (!isStore && status === null) assert.equal(read(to, 4), expected.bits, shown);
          }
        }
      }
    });
  }
});

describe('operations of no instruction', () => {
  test('moves, constants, select', () => {
    prepare();
    set(slotOf(0), 4);
    check('mov', [RESULT, slotOf(0)], read(slotOf(0), 4), RESULT);
    check('const', [RESULT, 1, -2, 3, -4], 0xfffffffc_00000003_fffffffe_00000001n, RESULT);
    set(slotOf(1), 4);
    const [first, second] = [read(slotOf(0), 4), read(slotOf(1), 4)];
    words[slotOf(2)] = 0;
    check('select', [RESULT, slotOf(0), slotOf(1), slotOf(2)], second, RESULT);
    words[slotOf(2)] = 3;
    check('select', [slotOf(1), slotOf(0), slotOf(1), slotOf(2)], first, slotOf(1));
  });

  test('a product that is added', () => {
    for (let round = 0; round < 60; round++) {
      prepare();
      for (const n of [0, 1, 2]) set(slotOf(n), 4);
      const [x, y, z] = [0, 1, 2].map((n) => read(slotOf(n), 4)) as [bigint, bigint, bigint];
      const product = ruleOutcome('f32x4.mul', [x, y]).bits;
      const expected = ruleOutcome('f32x4.add', [z, product]).bits;
      check('f32x4_mul_add', [RESULT, slotOf(0), slotOf(1), slotOf(2)], expected, RESULT);
    }
  });

  test('a load from a sum with a constant', () => {
    const bytes = Uint8Array.from({ length: 64 }, random);
    Object.assign(loop, memoryOfLoop(new DataView(bytes.buffer), 64));
    for (const [address, summand, offset] of [
      [0, 0, 0],
      [8, 40, 0],
      [50, -10, 8],
      [-4, 8, 0],
      [8, 41, 0],
      [0, -1, 0],
      [-1, 1, 49],
    ] as const) {
      prepare();
      words[slotOf(0)] = address;
      const expected = ruleOutcome(
        'v128.load',
        [BigInt((address + summand) >>> 0)],
        { memory: 0, memoryOffset: BigInt(offset) } as Fields,
        bytes,
      );
      const status = run(() => bodies.load_at(RESULT, slotOf(0), summand, offset));
      assert.equal(status, expected.status);
      if (status === null) assert.equal(read(RESULT, 4), expected.bits);
    }
  });

  test('globals', () => {
    const globalWords = new Int32Array(8);
    const far = { offset: 3, words: new Int32Array(8) };
    loop.instance = { globalWords, globals: [null, far] } as never;
    prepare();
    set(slotOf(0), 4);
    const value = read(slotOf(0), 4);
    assert.equal(
      run(() => bodies.global_set(0, slotOf(0), 2)),
      null,
    );
    assert.equal(
      run(() => bodies.global_set_far(0, slotOf(0), 1)),
      null,
    );
    assert.deepEqual(globalWords.subarray(2, 6), words.subarray(slotOf(0), slotOf(1)));
    assert.deepEqual(far.words.subarray(3, 7), words.subarray(slotOf(0), slotOf(1)));
    check('global_get', [RESULT, 2], value, RESULT);
    words.fill(0, RESULT, RESULT + 4);
    check('global_get_far', [RESULT, 1], value, RESULT);
  });
});

test('every operation is tested here', () => {
  const own = [
    'mov',
    'const',
    'select',
    'shuffle32',
    'shuffle16',
    'load_at',
    'f32x4_mul_add',
    'global_get',
    'global_set',
    'global_get_far',
    'global_set_far',
  ];
  const left = vectorNames.filter(
    (op) => immediates(op).length > 0 && immediates(op).join() !== 'laneidx' && !isAccess(op),
  );
  assert.deepEqual(left.toSorted(), [...own, 'i8x16.shuffle'].toSorted());
});
