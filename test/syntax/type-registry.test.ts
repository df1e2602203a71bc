/**
 * Canonical types come and go with what uses them: modules that were refused or dropped leave nothing, and whatever
 * outlives its module keeps its type, so that modules that declare it later mean the same one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isQuernError } from '../../src/errors.ts';
import { defType, funcDefType } from '../../src/syntax/canonical-types.ts';
import { countGroups, releaseTypes } from '../../src/syntax/type-registry.ts';
import { heapOf, I32, I64, type ValType } from '../../src/syntax/types.ts';
import {
  compileModule,
  decodeModule,
  type FuncInstance,
  instantiate,
  invoke,
  type Ref,
  Store,
  type TableInstance,
} from '../../src/wasm.ts';
import { assemble } from '../assembler.ts';
import { collect } from '../garbage.ts';

let serial = 0;
/** Function types that no other module has: the digits of a number as parameters. */
const freshTypes = (count: number): { params: ('i32' | 'i64')[] }[] =>
  Array.from({ length: count }, () => {
    serial++;
    return { params: Array.from({ length: 24 }, (_, bit) => ((serial >> bit) & 1 ? 'i32' : 'i64')) };
  });

/** Waits until nothing that can be collected is left. */
const settle = async (isDone: () => boolean): Promise<void> => {
  for (let i = 0; i < 100 && !isDone(); i++) {
    collect();
    await sleep(10);
  }
};

test('modules that are refused leave no types', () => {
  const before = countGroups();
  const types = freshTypes(100);
  const malformed = assemble({ types }).slice();
  // A section of an id that nobody knows.
  assert.throws(() => decodeModule(Uint8Array.of(...malformed, 99, 0)), { code: 'malformed.section-id' });
  const invalid = assemble({ types: [...types, {}], funcs: [{ type: 100, code: ['drop'] }] });
  assert.throws(
    () => compileModule(invalid),
    (error) => isQuernError(error),
  );
  // Cut in the middle of the types.
  assert.throws(() => decodeModule(malformed.slice(0, 1500)));
  assert.equal(countGroups(), before);
});

test('a group lasts until its last module is released', () => {
  const before = countGroups();
  const [a, b] = [freshTypes(1), freshTypes(1)];
  const one = decodeModule(assemble({ types: a }));
  const two = decodeModule(assemble({ types: [...b, ...a, ...a] }));
  assert.equal(one.types[0], two.types[1]);
  assert.equal(two.types[1], two.types[2]);
  assert.equal(countGroups(), before + 2);
  releaseTypes(two.types);
  releaseTypes(two.types);
  assert.equal(countGroups(), before + 1);
  assert.equal(decodeModule(assemble({ types: a })).types[0], one.types[0]);
  assert.equal(defType(one.types[0]!.id), one.types[0]);
});

test('a type that the embedder has outlives the release of a module', () => {
  const params: ValType[] = [I64, I64, I64, I32, I32, I64, I32];
  const names = params.map((type) => (type === I32 ? 'i32' : 'i64'));
  const mine = funcDefType(params, []);
  const module = decodeModule(assemble({ types: [{ params: names }] }));
  assert.equal(module.types[0], mine);
  releaseTypes(module.types);
  assert.equal(funcDefType(params, []), mine);
  assert.equal(defType(mine.id), mine);
});

test('types of dropped modules are collected, more than a few of them at once', async () => {
  await settle(() => countGroups() < 200);
  const before = countGroups();
  for (let i = 0; i < 5; i++) compileModule(assemble({ types: freshTypes(8000) }));
  assert.equal(countGroups(), before + 40_000);
  await settle(() => countGroups() <= before);
  assert.ok(countGroups() <= before, `${countGroups()} groups, ${before} before`);
});

/** `make` makes a structure of an own type, `is` tests for it. `t` is a table of them. */
const structures = (fields: number): Uint8Array =>
  assemble({
    types: [
      [0x5f, fields, ...Array.from({ length: fields }, () => [0x7e, 0]).flat()],
      { results: ['externref'] },
      { params: ['externref'], results: ['i32'] },
    ],
    tables: [{ element: { heap: 0, nullable: true }, min: 1 }],
    funcs: [
      { type: 1, code: [['struct.new_default', 0], 'extern.convert_any'] },
      { type: 2, code: [['local.get', 0], 'any.convert_extern', ['ref.test', 0]] },
    ],
    exports: [
      ['make', 'func', 0],
      ['is', 'func', 1],
      ['t', 'table', 0],
    ],
  });

const load = (bytes: Uint8Array) => {
  const { exports } = instantiate(new Store(), compileModule(bytes), () => undefined);
  const call = (name: string, args: Ref[]) => invoke(exports.get(name) as FuncInstance, args)[0];
  return { call, table: exports.get('t') as TableInstance };
};

test('a structure keeps its type when its module is gone', async () => {
  const struct = load(structures(7)).call('make', []) as Ref;
  const { table } = load(structures(8));
  const before = countGroups();
  // Pushes the groups out of those that are held strongly.
  compileModule(assemble({ types: freshTypes(20_000) }));
  await settle(() => countGroups() <= before);
  assert.equal(load(structures(7)).call('is', [struct]), 1n);
  assert.equal(load(structures(9)).call('is', [struct]), 0n);
  const { element } = table.type;
  assert.equal(defType(heapOf(element)).comp.kind, 'struct');
  assert.equal(load(structures(8)).table.type.element, element);
});

test('modules that come and are released in one job do not add up', () => {
  const cycle = (): void => {
    for (let i = 0; i < 10; i++) releaseTypes(decodeModule(assemble({ types: freshTypes(500) })).types);
  };
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  cycle();
  const before = heap();
  for (let round = 0; round < 10; round++) cycle();
  const growth = heap() - before;
  assert.ok(growth < 4e6, `${growth} bytes for 50,000 types`);
});
