/** Types: equal groups are the same objects, different ones are not, and who matches whom. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalise, defType, funcDefType } from '../../src/syntax/canonical-types.ts';
import { matchesDefType, matchesHeapType, matchesValType } from '../../src/syntax/matching.ts';
import { funcTypeName, valTypeName } from '../../src/syntax/type-names.ts';
import {
  BOT,
  type CompType,
  type DefType,
  EXNREF,
  exactHeap,
  F64,
  FUNCREF,
  HEAP_ANY,
  HEAP_ARRAY,
  HEAP_EQ,
  HEAP_EXN,
  HEAP_EXTERN,
  HEAP_FUNC,
  HEAP_I31,
  HEAP_NOEXN,
  HEAP_NOEXTERN,
  HEAP_NOFUNC,
  HEAP_NONE,
  HEAP_STRUCT,
  heapOf,
  I8,
  I32,
  I64,
  isNullable,
  isRef,
  refType,
  type SubType,
  V128,
  type ValType,
} from '../../src/syntax/types.ts';

const struct = (...fields: readonly ValType[]): CompType => ({
  kind: 'struct',
  fields: fields.map((storage) => ({ storage, isMutable: false })),
});
const sub = (comp: CompType, supertypes: readonly number[] = [], isFinal = true): SubType => ({
  isFinal,
  supertypes,
  comp,
});

/** Declares groups one after the other in one type space, as a module does. */
const declare = (...groups: readonly (readonly SubType[])[]): DefType[] => {
  const types: DefType[] = [];
  for (const group of groups) types.push(...canonicalise(group, types.length, types));
  return types;
};

describe('canonicalisation', () => {
  test('a type that refers to itself is the same at any index', () => {
    const [first] = declare([sub(struct(refType(0, true)))]);
    const [, , second] = declare([sub(struct(I32))], [sub(struct(I64))], [sub(struct(refType(2, true)))]);
    assert.equal(second, first);
  });

  test('references to earlier groups count by what they refer to, not by index', () => {
    const user = (index: number): SubType => sub(struct(refType(index, false)));
    const a = declare([sub(struct(I32))], [user(0)]);
    const b = declare([sub(struct(F64))], [sub(struct(I32))], [user(1)], [user(0)]);
    assert.equal(b[2], a[1]);
    assert.notEqual(b[3], a[1]);
  });

  test('a reference into the group is not a reference to an equal type outside', () => {
    const [own] = declare([sub(struct(refType(0, true)))]);
    const [outer, user] = declare([sub(struct(refType(0, true)))], [sub(struct(refType(0, true)))]);
    assert.equal(outer, own);
    assert.notEqual(user, own);
  });

  test('what else makes a type another one', () => {
    const plain = declare([sub(struct(I32))])[0];
    const others = [
      declare([sub(struct(I32), [], false)])[0],
      declare([sub(struct(I32)), sub(struct(I64))])[0],
      declare([sub({ kind: 'struct', fields: [{ storage: I32, isMutable: true }] })])[0],
      declare([sub({ kind: 'array', element: { storage: I32, isMutable: false } })])[0],
      declare([sub(struct(I32, I32))])[0],
      declare([sub({ kind: 'func', params: [I32], results: [] })])[0],
      declare([sub({ kind: 'func', params: [], results: [I32] })])[0],
    ];
    assert.equal(new Set([plain, ...others]).size, others.length + 1);
  });

  test('clauses are part of a type, and lead to the types of the group', () => {
    const pair = (earlier: number): SubType[] => [
      { ...sub(struct(I32)), descriptor: earlier + 1 },
      { ...sub(struct(I64)), describes: earlier },
    ];
    const [described, descriptor] = declare(pair(0));
    assert.equal(described.descriptor, descriptor);
    assert.equal(descriptor.describes, described);
    assert.equal(descriptor.descriptor, null);
    const later = declare([sub(struct(F64))], pair(1));
    assert.deepEqual(later.slice(1), [described, descriptor]);
    assert.notEqual(declare([sub(struct(I32)), sub(struct(I64))])[0], described);
  });

  test('an exact reference is not an inexact one', () => {
    const exact = (): SubType => sub(struct(refType(exactHeap(0), true)));
    const [first] = declare([exact()]);
    assert.equal(declare([exact()])[0], first);
    assert.notEqual(declare([sub(struct(refType(0, true)))])[0], first);
    assert.ok(first.comp.kind === 'struct');
    assert.equal(first.comp.fields[0].storage, refType(exactHeap(first.id), true));
  });

  test('the order in a group and the place in it are part of a type', () => {
    const [a, b] = declare([sub(struct(I32)), sub(struct(I32))]);
    assert.notEqual(a, b);
    const [c, d] = declare([sub(struct(I32)), sub(struct(I64))]);
    const [e, f] = declare([sub(struct(I64)), sub(struct(I32))]);
    assert.equal(new Set([c, d, e, f]).size, 4);
  });

  test('ids lead back to their types, and concrete types inside are canonical', () => {
    const types = declare([sub(struct(I32))], [sub(struct(refType(0, true), refType(1, false)))]);
    for (const type of types) assert.equal(defType(type.id), type);
    const { comp } = types[1];
    assert.ok(comp.kind === 'struct');
    assert.deepEqual(
      comp.fields.map(({ storage }) => heapOf(storage)),
      [types[0].id, types[1].id],
    );
  });

  test('function types that read alike but group their types differently are different', () => {
    const lists = fc.array(fc.constantFrom<ValType>(I32, I64, F64, V128, FUNCREF, EXNREF), { maxLength: 4 });
    const property = fc.property(lists, lists, lists, lists, (p1, r1, p2, r2) => {
      const areEqual = p1.join() === p2.join() && r1.join() === r2.join();
      assert.equal(funcDefType(p1, r1) === funcDefType(p2, r2), areEqual);
    });
    fc.assert(property);
  });
});

describe('supertypes', () => {
  const [top, middle, bottom, sibling] = declare(
    [sub(struct(), [], false)],
    [sub(struct(I32), [0], false)],
    [sub(struct(I32, I64), [1])],
    [sub(struct(F64), [0])],
  );

  test('match upwards only, at any distance', () => {
    assert.ok(matchesDefType(bottom, top) && matchesDefType(bottom, middle) && matchesDefType(top, top));
    assert.ok(!matchesDefType(top, bottom) && !matchesDefType(sibling, middle));
    assert.deepEqual(
      [top, middle, bottom, sibling].map(({ depth }) => depth),
      [0, 1, 2, 1],
    );
  });

  test('nullability may only be added', () => {
    const of = (type: DefType, nullable: boolean): ValType => refType(type.id, nullable);
    assert.ok(matchesValType(of(bottom, false), of(top, true)));
    assert.ok(!matchesValType(of(bottom, true), of(top, false)));
  });
});

describe('matching', () => {
  const [structure, array] = declare(
    [sub(struct(), [], false)],
    [sub({ kind: 'array', element: { storage: I8, isMutable: true } })],
  );
  const [, substructure] = declare([sub(struct(), [], false)], [sub(struct(), [0])]);
  const func = funcDefType([], []);
  /** Every heap type and those directly above it, as the spec's figure of the hierarchy has them. */
  const above: ReadonlyMap<number, readonly number[]> = new Map([
    [HEAP_ANY, []],
    [HEAP_EQ, [HEAP_ANY]],
    [HEAP_I31, [HEAP_EQ]],
    [HEAP_STRUCT, [HEAP_EQ]],
    [HEAP_ARRAY, [HEAP_EQ]],
    [structure.id, [HEAP_STRUCT]],
    [array.id, [HEAP_ARRAY]],
    [substructure.id, [structure.id]],
    // Exact types are below their own type only.
    [exactHeap(structure.id), [structure.id]],
    [exactHeap(substructure.id), [substructure.id]],
    [exactHeap(array.id), [array.id]],
    [exactHeap(func.id), [func.id]],
    [HEAP_NONE, [HEAP_I31, exactHeap(structure.id), exactHeap(substructure.id), exactHeap(array.id)]],
    [HEAP_FUNC, []],
    [func.id, [HEAP_FUNC]],
    [HEAP_NOFUNC, [exactHeap(func.id)]],
    [HEAP_EXTERN, []],
    [HEAP_NOEXTERN, [HEAP_EXTERN]],
    [HEAP_EXN, []],
    [HEAP_NOEXN, [HEAP_EXN]],
  ]);
  const reaches = (from: number, to: number): boolean =>
    from === to || above.get(from)!.some((heap) => reaches(heap, to));
  const heaps = [...above.keys()];

  test('heap types match along the hierarchy and nowhere else', () => {
    for (const a of heaps) {
      for (const b of heaps) assert.equal(matchesHeapType(a, b), reaches(a, b), `${a} <: ${b}`);
    }
  });

  test('value types: numbers only themselves, references by heap type and nullability, bottom everything', () => {
    const numbers: ValType[] = [I32, I64, F64, V128];
    const references = heaps.flatMap((heap) => [refType(heap, true), refType(heap, false)]);
    const types = [...numbers, ...references];
    for (const a of types) {
      for (const b of types) {
        const areRefs = isRef(a) && isRef(b);
        const expected = areRefs
          ? reaches(heapOf(a), heapOf(b)) && (isNullable(b) || !isNullable(a))
          : a === b;
        assert.equal(matchesValType(a, b), expected, `${valTypeName(a)} <: ${valTypeName(b)}`);
      }
      assert.ok(matchesValType(BOT, a));
    }
  });
});

test('the text of types', () => {
  assert.deepEqual(
    [I32, V128, FUNCREF, refType(HEAP_NONE, true), refType(HEAP_I31, false), refType(7, true)].map(
      valTypeName,
    ),
    ['i32', 'v128', 'funcref', 'nullref', '(ref i31)', '(ref null $7)'],
  );
  assert.equal(funcTypeName({ kind: 'func', params: [I64, I32], results: [I64] }), '(i64, i32) -> i64');
  assert.equal(funcTypeName({ kind: 'func', params: [], results: [] }), '() -> ()');
});
