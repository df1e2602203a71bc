/** What a snapshot holds of the heap counts against the budget of the store that it is restored to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compileModule,
  type FuncInstance,
  instantiate,
  invoke,
  type ModuleInstance,
  type RawValue,
  restoreSnapshot,
  Store,
  takeSnapshot,
} from '../../src/wasm.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';

const BUDGET = 100_000;
const ARRAY = 0;
const anArray = (length: Instruction): Instruction[] => [length, ['array.new_default', ARRAY]];
const nullable: Type = { heap: ARRAY, nullable: true };
/**
 * Begins with an array in a global that takes almost all of the budget; `drop` lets it go, `keep` puts another there,
 * `grow` makes the table larger.
 */
const compiled = compileModule(
  assemble({
    types: [
      [0x5e, 0x78, 1],
      { params: [], results: [] },
      { params: ['i32'], results: [] },
      { params: ['i32'], results: ['i32'] },
    ],
    tables: [{ min: 0 }],
    globals: [{ type: nullable, isMutable: true, init: anArray(['i32.const', 95_000]) }],
    funcs: [
      {
        type: 1,
        code: [
          ['ref.null', ARRAY],
          ['global.set', 0],
        ],
      },
      { type: 2, code: [...anArray(['local.get', 0]), ['global.set', 0]] },
      {
        type: 3,
        code: [
          ['ref.null', 'func'],
          ['local.get', 0],
          ['table.grow', 0],
        ],
      },
    ],
    exports: [
      ['drop', 'func', 0],
      ['keep', 'func', 1],
      ['grow', 'func', 2],
    ],
  }),
);
const makeInstance = (maxHeapBytes: number): ModuleInstance =>
  instantiate(new Store({ maxHeapBytes }), compiled, () => undefined);
const call = (instance: ModuleInstance, name: string, ...args: RawValue[]): readonly RawValue[] =>
  invoke(instance.exports.get(name) as FuncInstance, args);

test('a table has its size again, though nothing of the beginning was let go', () => {
  const instance = makeInstance(BUDGET);
  call(instance, 'drop');
  assert.deepEqual(call(instance, 'grow', 4000n), [0n]);
  const restored = makeInstance(BUDGET);
  restoreSnapshot(takeSnapshot({ instances: [instance] }), { instances: [restored] });
  assert.equal(restored.tables[0]!.elements.length, 4000);
  assert.equal(restored.store.heapBytes, instance.store.heapBytes);
  assert.deepEqual(call(restored, 'grow', 500n), [4000n]);
});

/** Takes a snapshot that says that nothing counts. */
const forge = (change: (instance: ModuleInstance) => void): Uint8Array => {
  const instance = makeInstance(10 * BUDGET);
  call(instance, 'drop');
  change(instance);
  instance.store.heapBytes = 0;
  return takeSnapshot({ instances: [instance] });
};

const forgeries: Readonly<Record<string, (instance: ModuleInstance) => void>> = {
  objects: (instance) => call(instance, 'keep', BigInt(BUDGET + 1)),
  'a table': (instance) => call(instance, 'grow', BigInt(BUDGET / 16 + 1)),
  'both together': (instance) => {
    call(instance, 'keep', BigInt(BUDGET / 2));
    call(instance, 'grow', BigInt(BUDGET / 32));
  },
};
for (const [what, change] of Object.entries(forgeries)) {
  test(`${what} that the budget has no room for, whatever the snapshot says`, () => {
    const bytes = forge(change);
    assert.throws(() => restoreSnapshot(bytes, { instances: [makeInstance(BUDGET)] }), {
      code: 'snapshot.foreign',
    });
    const instance = makeInstance(2 * BUDGET);
    restoreSnapshot(bytes, { instances: [instance] });
    assert.ok(instance.store.heapBytes > BUDGET);
  });
}
