import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isQuernError, type QuernError } from '../../src/errors.ts';
import {
  decodeModule,
  defaultFeatures,
  type FeatureKey,
  type Features,
  featureTable,
  validateModule,
} from '../../src/wasm.ts';
import {
  FUNCREF,
  funcType,
  I32,
  I64,
  type ModuleBytes,
  moduleBytes,
  section,
  u32,
  V128,
} from './module-bytes.ts';

const allFeatures: Features = new Set(Object.keys(featureTable) as FeatureKey[]);

const validate = (m: ModuleBytes, features: Features = allFeatures) => {
  const module = decodeModule(moduleBytes(m));
  validateModule(module, features);
  return module;
};
const findingOf = (m: ModuleBytes, features: Features = allFeatures): QuernError => {
  try {
    validate(m, features);
  } catch (error) {
    assert.ok(isQuernError(error), String(error));
    return error;
  }
  return assert.fail('the module was accepted');
};
const stackSlots = (m: ModuleBytes): number => validate(m).funcs.at(-1)!.body!.maxStackSlots;
const ofCode = (code: readonly number[], results: readonly number[] = []): ModuleBytes => ({
  types: [funcType([], results)],
  funcs: [{ code }],
});

const END = 0x0b;
const DROP = 0x1a;
const UNREACHABLE = 0x00;
const ADD = 0x6a;
const one = [0x41, 1];
const v128Zero = [0xfd, 12, ...new Array<number>(16).fill(0)];

describe('maxStackSlots', () => {
  test('of an empty body is zero', () => {
    assert.equal(stackSlots(ofCode([END])), 0);
  });
  test('is the highest point, not the last', () => {
    assert.equal(stackSlots(ofCode([...one, ...one, ...one, ADD, ADD, DROP, END])), 3);
  });
  test('counts results that wait for the end', () => {
    assert.equal(stackSlots(ofCode([...one, END], [I32])), 1);
  });
  test('counts two slots for a vector', () => {
    assert.equal(stackSlots(ofCode([...v128Zero, ...one, DROP, DROP, END])), 3);
  });
  test('counts what lies below a block', () => {
    assert.equal(stackSlots(ofCode([...one, 0x02, 0x40, ...one, DROP, END, DROP, END])), 2);
  });
  test('counts parameters of blocks', () => {
    const types = [funcType([], []), funcType([I32, I32], [I32])];
    const code = [...one, ...one, 0x02, 1, ADD, END, DROP, END];
    assert.equal(stackSlots({ types, funcs: [{ code }] }), 2);
  });
  test('counts results of calls', () => {
    const types = [funcType([], []), funcType([], [I32, I64, V128])];
    const imports = [[1, 0x6d, 1, 0x66, 0, 1]];
    assert.equal(stackSlots({ types, imports, funcs: [{ code: [0x10, 0, DROP, DROP, DROP, END] }] }), 4);
  });
  test('ignores unreachable code', () => {
    assert.equal(
      stackSlots(ofCode([...one, DROP, UNREACHABLE, ...one, ...one, ...one, DROP, DROP, DROP, END])),
      1,
    );
  });
  test('ignores constructs nested in unreachable code', () => {
    const code = [UNREACHABLE, 0x02, 0x40, ...one, ...one, DROP, DROP, END, END];
    assert.equal(stackSlots(ofCode(code)), 0);
  });
  test('counts again behind the end of a construct whose rest was unreachable', () => {
    const code = [0x02, 0x40, UNREACHABLE, END, ...one, ...one, DROP, DROP, END];
    assert.equal(stackSlots(ofCode(code)), 2);
  });
  test('counts the else branch of an if whose first branch does not end', () => {
    const code = [...one, 0x04, 0x40, UNREACHABLE, 0x05, ...one, ...one, DROP, DROP, END, END];
    assert.equal(stackSlots(ofCode(code)), 2);
  });
});

describe('a finding says where it is', () => {
  test('offset, function and instruction of a wrong operand', () => {
    const code = [0x42, 0, ...one, ADD, DROP, END];
    const m: ModuleBytes = { funcs: [{ code: [END] }, { code }] };
    const finding = findingOf(m);
    assert.equal(finding.code, 'invalid.type');
    assert.equal(finding.message, 'type mismatch: instruction requires [i32] but stack has [i64]');
    assert.equal(finding.details.funcIndex, 1);
    assert.equal(finding.details.instruction, 'i32.add');
    assert.equal(moduleBytes(m)[finding.details.offset!], ADD);
  });
  test('an empty stack', () => {
    assert.equal(
      findingOf(ofCode([DROP, END])).message,
      'type mismatch: instruction requires [any] but stack has []',
    );
  });
  test('what is left at the end of a block', () => {
    const finding = findingOf(ofCode([...one, END]));
    assert.equal(finding.message, 'type mismatch: block requires [] but stack has [i32]');
    assert.equal(finding.details.instruction, 'end');
  });
  test('the index that does not exist', () => {
    assert.equal(findingOf(ofCode([0x20, 7, DROP, END])).message, 'unknown local 7');
    assert.equal(findingOf(ofCode([0x10, 9, END])).message, 'unknown function 9');
    assert.equal(findingOf(ofCode([0x0c, 3, END])).message, 'unknown label 3');
  });
  test('half of a vector is no value', () => {
    const finding = findingOf(ofCode([...v128Zero, 0x1a, 0x1a, END]));
    assert.equal(finding.code, 'invalid.type');
  });
});

describe('of several findings', () => {
  const invalid = { code: [...one, END] };
  const malformed = { code: [0xff, END] };
  const unsupported = { code: [...v128Zero, DROP, END] };

  test('malformed comes before invalid, wherever it is', () => {
    assert.equal(findingOf({ funcs: [invalid, malformed] }).name, 'MalformedError');
    assert.equal(findingOf({ funcs: [malformed, invalid] }).name, 'MalformedError');
  });
  test('invalid comes before unsupported, wherever it is', () => {
    assert.equal(findingOf({ funcs: [unsupported, invalid] }, new Set()).name, 'InvalidError');
    assert.equal(findingOf({ funcs: [invalid, unsupported] }, new Set()).name, 'InvalidError');
  });
  test('a valid module names the first feature that is missing', () => {
    const features = new Set([...defaultFeatures].filter((key) => key !== 'simd'));
    const finding = findingOf({ funcs: [{ code: [END] }, unsupported] }, features);
    assert.equal(finding.code, 'unsupported.feature');
    assert.equal(finding.details.feature, 'simd');
    assert.equal(finding.details.funcIndex, 1);
    assert.equal(finding.details.instruction, 'v128.const');
  });

  test('a memory access that names the first memory needs several memories', () => {
    const features = new Set([...defaultFeatures].filter((key) => key !== 'multi-memory'));
    // i32.load with the bit of a memory index in its alignment, and index 0.
    const code = [...one, 0x28, 0x42, 0, 0, DROP, END];
    const source: ModuleBytes = { funcs: [{ code }], memories: [[0, 1]] };
    assert.equal(findingOf(source, features).details.feature, 'multi-memory');
    validate(source);
    validate({ ...source, funcs: [{ code: [...one, 0x28, 2, 0, DROP, END] }] }, features);
  });
  test('a feature that is on is not missed', () => {
    validate({ funcs: [unsupported] }, allFeatures);
  });
});

describe('limits', () => {
  test('too many locals are refused before they are laid out', () => {
    const finding = findingOf({ funcs: [{ locals: [[4_000_000, I32]], code: [END] }] });
    assert.equal(finding.code, 'limit.module');
  });
  test('locals beyond the expanded part have their types', () => {
    const locals = [
      [10_000, I32],
      [10_000, I64],
      [1, I32],
    ] as const;
    const get = (index: number): number[] => [0x20, ...u32(index), DROP];
    const add = (index: number): number[] => [0x20, ...u32(index), ...one, ADD, DROP];
    validate({ funcs: [{ locals, code: [...get(15_000), ...add(9_999), ...add(20_000), END] }] });
    assert.equal(findingOf({ funcs: [{ locals, code: [...add(10_000), END] }] }).code, 'invalid.type');
    assert.equal(findingOf({ funcs: [{ locals, code: [...add(19_999), END] }] }).code, 'invalid.type');
    assert.equal(
      findingOf({ funcs: [{ locals, code: [...get(20_001), END] }] }).code,
      'invalid.unknown-local',
    );
  });
  test('nesting beyond the limit is refused, nesting up to it accepted', () => {
    const nested = (depth: number): ModuleBytes =>
      ofCode([...new Array(depth).fill([0x02, 0x40]).flat(), ...new Array(depth).fill(END), END]);
    validate(nested(99_999));
    assert.equal(findingOf(nested(100_000)).code, 'limit.module');
  });
  test('an operand stack beyond any frame is refused', () => {
    const types = [funcType([], []), funcType([], new Array(1000).fill(I32))];
    const imports = [[1, 0x6d, 1, 0x66, 0, 1]];
    const code = [...new Array(1001).fill([0x10, 0]).flat(), END];
    assert.equal(findingOf({ types, imports, funcs: [{ code }] }).code, 'limit.module');
  });
});

describe('references', () => {
  test('ref.func needs a declaration', () => {
    const code = [0xd2, 0, DROP, END];
    assert.equal(findingOf(ofCode(code)).code, 'invalid.declaration');
    const declared = section(9, [1, 3, 0, 1, 0]);
    validate({ funcs: [{ code }], between: [declared] }, defaultFeatures);
    const exported = section(7, [1, 1, 0x66, 0, 0]);
    validate({ funcs: [{ code }], between: [exported] }, defaultFeatures);
  });
  test('a local without a default value must be set, in the same construct', () => {
    const types = [funcType([], [])];
    // One local of type (ref func), declared as 0x64 0x70.
    const withLocal = (instructions: readonly number[]): Uint8Array => {
      const code = [1, 1, 0x64, FUNCREF, ...instructions, END];
      return Uint8Array.from([
        ...moduleBytes({ types }),
        ...section(3, [1, 0]),
        ...section(7, [1, 1, 0x66, 0, 0]),
        ...section(10, [1, ...u32(code.length), ...code]),
      ]);
    };
    const check = (instructions: readonly number[]): void =>
      validateModule(decodeModule(withLocal(instructions)), allFeatures);
    const set = [0xd2, 0, 0x21, 0];
    const get = [0x20, 0, DROP];
    check([...set, ...get]);
    assert.throws(() => check(get), { code: 'invalid.local-uninitialised' });
    assert.throws(() => check([0x02, 0x40, ...set, END, ...get]), { code: 'invalid.local-uninitialised' });
    check([...set, 0x02, 0x40, ...get, END, ...get]);
  });
});
