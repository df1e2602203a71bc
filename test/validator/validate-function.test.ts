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
  assemble,
  encode,
  encodeAll,
  type FuncSource,
  type Instruction,
  type ModuleSource,
  type Type,
} from '../assembler.ts';

const allFeatures: Features = new Set(Object.keys(featureTable) as FeatureKey[]);

const validate = (m: ModuleSource, features: Features = allFeatures) => {
  const module = decodeModule(assemble(m));
  validateModule(module, features);
  return module;
};
const findingOf = (m: ModuleSource, features: Features = allFeatures): QuernError => {
  try {
    validate(m, features);
  } catch (error) {
    assert.ok(isQuernError(error), String(error));
    return error;
  }
  return assert.fail('the module was accepted');
};
const stackSlots = (m: ModuleSource): number => validate(m).funcs.at(-1)!.body!.maxStackSlots;
const ofCode = (code: readonly Instruction[], results: readonly Type[] = []): ModuleSource => ({
  types: [{ results }],
  funcs: [{ code }],
});

const one: Instruction = ['i32.const', 1];
const v128Zero: Instruction = ['v128.const', new Array<number>(16).fill(0)];
const block: Instruction = ['block', null];

describe('maxStackSlots', () => {
  test('of an empty body is zero', () => {
    assert.equal(stackSlots(ofCode([])), 0);
  });
  test('is the highest point, not the last', () => {
    assert.equal(stackSlots(ofCode([one, one, one, 'i32.add', 'i32.add', 'drop'])), 3);
  });
  test('counts results that wait for the end', () => {
    assert.equal(stackSlots(ofCode([one], ['i32'])), 1);
  });
  test('counts two slots for a vector', () => {
    assert.equal(stackSlots(ofCode([v128Zero, one, 'drop', 'drop'])), 3);
  });
  test('counts what lies below a block', () => {
    assert.equal(stackSlots(ofCode([one, block, one, 'drop', 'end', 'drop'])), 2);
  });
  test('counts parameters of blocks', () => {
    const types = [{}, { params: ['i32', 'i32'], results: ['i32'] }] as const;
    const code: readonly Instruction[] = [one, one, ['block', 1], 'i32.add', 'end', 'drop'];
    assert.equal(stackSlots({ types, funcs: [{ code }] }), 2);
  });
  test('counts results of calls', () => {
    const types = [{}, { results: ['i32', 'i64', 'v128'] }] as const;
    const imports = [['m', 'f', [0, 1]]] as const;
    assert.equal(stackSlots({ types, imports, funcs: [{ code: [['call', 0], 'drop', 'drop', 'drop'] }] }), 4);
  });
  test('ignores unreachable code', () => {
    assert.equal(stackSlots(ofCode([one, 'drop', 'unreachable', one, one, one, 'drop', 'drop', 'drop'])), 1);
  });
  test('ignores constructs nested in unreachable code', () => {
    const code: readonly Instruction[] = ['unreachable', block, one, one, 'drop', 'drop', 'end'];
    assert.equal(stackSlots(ofCode(code)), 0);
  });
  test('counts again after the end of a construct whose rest was unreachable', () => {
    const code: readonly Instruction[] = [block, 'unreachable', 'end', one, one, 'drop', 'drop'];
    assert.equal(stackSlots(ofCode(code)), 2);
  });
  test('counts the else branch of an if whose first branch does not end', () => {
    const code: readonly Instruction[] = [
      one,
      ['if', null],
      'unreachable',
      'else',
      one,
      one,
      'drop',
      'drop',
      'end',
    ];
    assert.equal(stackSlots(ofCode(code)), 2);
  });
});

describe('a finding says where it is', () => {
  test('offset, function and instruction of a wrong operand', () => {
    const code: readonly Instruction[] = [['i64.const', 0n], one, 'i32.add', 'drop'];
    const m: ModuleSource = { funcs: [{ code: [] }, { code }] };
    const finding = findingOf(m);
    assert.equal(finding.code, 'invalid.type');
    assert.equal(finding.message, 'type mismatch: instruction requires [i32] but stack has [i64]');
    assert.equal(finding.details.funcIndex, 1);
    assert.equal(finding.details.instruction, 'i32.add');
    assert.deepEqual([assemble(m)[finding.details.offset!]], encode('i32.add'));
  });
  test('an empty stack', () => {
    assert.equal(
      findingOf(ofCode(['drop'])).message,
      'type mismatch: instruction requires [any] but stack has []',
    );
  });
  test('what is left at the end of a block', () => {
    const finding = findingOf(ofCode([one]));
    assert.equal(finding.message, 'type mismatch: block requires [] but stack has [i32]');
    assert.equal(finding.details.instruction, 'end');
  });
  test('the index that does not exist', () => {
    assert.equal(findingOf(ofCode([['local.get', 7], 'drop'])).message, 'unknown local 7');
    assert.equal(findingOf(ofCode([['call', 9]])).message, 'unknown function 9');
    assert.equal(findingOf(ofCode([['br', 3]])).message, 'unknown label 3');
  });
  test('half of a vector is no value', () => {
    const finding = findingOf(ofCode([v128Zero, 'drop', 'drop']));
    assert.equal(finding.code, 'invalid.type');
  });
});

describe('of several findings', () => {
  const invalid: FuncSource = { code: [one] };
  const malformed = { bytes: [0xff, 0x0b] };
  const unsupported: FuncSource = { code: [v128Zero, 'drop'] };

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
    const finding = findingOf({ funcs: [{ code: [] }, unsupported] }, features);
    assert.equal(finding.code, 'unsupported.feature');
    assert.equal(finding.details.feature, 'simd');
    assert.equal(finding.details.funcIndex, 1);
    assert.equal(finding.details.instruction, 'v128.const');
  });

  test('a memory access that names the first memory needs several memories', () => {
    const features = new Set([...defaultFeatures].filter((key) => key !== 'multi-memory'));
    // i32.load with the bit of a memory index in its alignment, and index 0.
    const bytes = [...encodeAll([one]), 0x28, 0x42, 0, 0, ...encodeAll(['drop', 'end'])];
    const source: ModuleSource = { funcs: [{ bytes }], memories: [{ min: 1 }] };
    assert.equal(findingOf(source, features).details.feature, 'multi-memory');
    validate(source);
    validate({ ...source, funcs: [{ code: [one, ['i32.load'], 'drop'] }] }, features);
  });
  test('a feature that is on is not missed', () => {
    validate({ funcs: [unsupported] }, allFeatures);
  });
});

describe('limits', () => {
  test('too many locals are refused before they are laid out', () => {
    const finding = findingOf({ funcs: [{ locals: [[4_000_000, 'i32']], code: [] }] });
    assert.equal(finding.code, 'limit.module');
  });
  test('locals beyond the expanded part have their types', () => {
    const locals = [
      [10_000, 'i32'],
      [10_000, 'i64'],
      [1, 'i32'],
    ] as const;
    const get = (index: number): readonly Instruction[] => [['local.get', index], 'drop'];
    const add = (index: number): readonly Instruction[] => [['local.get', index], one, 'i32.add', 'drop'];
    validate({ funcs: [{ locals, code: [...get(15_000), ...add(9_999), ...add(20_000)] }] });
    assert.equal(findingOf({ funcs: [{ locals, code: add(10_000) }] }).code, 'invalid.type');
    assert.equal(findingOf({ funcs: [{ locals, code: add(19_999) }] }).code, 'invalid.type');
    assert.equal(findingOf({ funcs: [{ locals, code: get(20_001) }] }).code, 'invalid.unknown-local');
  });
  test('nesting beyond the limit is refused, nesting up to it accepted', () => {
    const nested = (depth: number): ModuleSource =>
      ofCode([...new Array<Instruction>(depth).fill(block), ...new Array<Instruction>(depth).fill('end')]);
    validate(nested(99_999));
    assert.equal(findingOf(nested(100_000)).code, 'limit.module');
  });
  test('an operand stack beyond any frame is refused', () => {
    const types = [{}, { results: new Array<'i32'>(1000).fill('i32') }];
    const imports = [['m', 'f', [0, 1]]] as const;
    const code = new Array<Instruction>(1001).fill(['call', 0]);
    assert.equal(findingOf({ types, imports, funcs: [{ code }] }).code, 'limit.module');
  });
});

describe('references', () => {
  test('ref.func needs a declaration', () => {
    const code: readonly Instruction[] = [['ref.func', 0], 'drop'];
    assert.equal(findingOf(ofCode(code)).code, 'invalid.declaration');
    validate({ funcs: [{ code }], elements: [[3, 0, 1, 0]] }, defaultFeatures);
    validate({ funcs: [{ code }], exports: [['f', 'func', 0]] }, defaultFeatures);
  });
  test('a local without a default value must be set, in the same construct', () => {
    const local = { heap: 'func', nullable: false } as const;
    const check = (code: readonly Instruction[]): unknown =>
      validate({ funcs: [{ locals: [[1, local]], code }], exports: [['f', 'func', 0]] });
    const set: readonly Instruction[] = [
      ['ref.func', 0],
      ['local.set', 0],
    ];
    const get: readonly Instruction[] = [['local.get', 0], 'drop'];
    check([...set, ...get]);
    assert.throws(() => check(get), { code: 'invalid.local-uninitialised' });
    assert.throws(() => check([block, ...set, 'end', ...get]), { code: 'invalid.local-uninitialised' });
    check([...set, block, ...get, 'end', ...get]);
  });
});
