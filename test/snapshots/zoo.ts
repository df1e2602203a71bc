/**
 * A small program with a bit of everything that a snapshot holds: two instances, a ring of structures, an array
 * that leads to it, a caught exception, vectors, tables, two memories, a dropped segment, deep frames.
 */
import { compileModule, type FuncInstance, instantiate, type ModuleInstance, Store } from '../../src/wasm.ts';
import { assemble, type Instruction, type Type } from '../assembler.ts';

const NODE = 0;
const NODES = 1;
const nullable = (heap: number): Type => ({ heap, nullable: true });
const get = (index: number): Instruction => ['local.get', index];
const set = (index: number): Instruction => ['local.set', index];
const i32 = (value: number): Instruction => ['i32.const', value];

/** `sum(n)`: n + sum(n - 1), one frame for each; at the bottom it stores into memory and grows it. */
const helper = assemble({
  types: [{ params: ['i32'], results: ['i32'] }],
  memories: [{ min: 1, max: 3 }],
  funcs: [
    {
      locals: [[1, 'i64']],
      code: [
        ...[get(0), 'i64.extend_i32_u', set(1), get(0), 'i32.eqz', ['if', 'i32'], i32(8), i32(77)],
        ...[['i32.store', {}], i32(1), ['memory.grow', 0], 'else', get(1), 'i32.wrap_i64', get(0), i32(1)],
        ...['i32.sub', ['call', 0], 'i32.add', 'end'],
      ] as Instruction[],
    },
  ],
  exports: [['sum', 'func', 0]],
});

/** Locals of `run`: a node, an array, an exception, a vector, an i64. */
const main = assemble({
  types: [
    // A node leads to a node and holds a number.
    [0x5f, 2, 0x63, NODE, 1, 0x7f, 1],
    [0x5e, 0x63, NODE, 1],
    { params: ['i32'], results: ['i32'] },
    { params: ['i32'] },
    { results: ['i32'] },
  ],
  imports: [['helper', 'sum', [0, 2]]],
  tables: [{ min: 4, max: 9 }],
  memories: [{ min: 1 }, { min: 1, is64: true }],
  tags: [3],
  globals: [{ type: nullable(NODE), isMutable: true, init: [['ref.null', NODE]] }],
  funcs: [
    {
      type: 4,
      locals: [
        [1, nullable(NODE)],
        [1, nullable(NODES)],
        [1, 'exnref'],
        [1, 'v128'],
        [1, 'i64'],
      ],
      code: [
        ...[
          ['ref.null', NODE],
          i32(7),
          ['struct.new', NODE],
          ['local.tee', 0],
          get(0),
          ['struct.set', NODE, 0],
        ],
        ...[get(0), ['global.set', 0], get(0), get(0), ['array.new_fixed', NODES, 2], set(1)],
        ...[['block', 'exnref'], ['try_table', null, [{ tag: null, withRef: true, label: 0 }]], i32(5)],
        ...[['throw', 0], 'end', ['ref.null', 'exn'], 'end', set(2)],
        ...[['v128.const', Array.from({ length: 16 }, (_, i) => i * 9)], set(3)],
        ...[i32(1), ['ref.func', 1], ['table.set', 0], ['elem.drop', 0], ['i64.const', -5n], set(4)],
        ...[i32(3), ['call', 0], get(3), ['i32x4.extract_lane', 2], 'i32.add'],
        ...[
          get(1),
          i32(1),
          ['array.get', NODES],
          ['struct.get', NODE, 0],
          ['struct.get', NODE, 1],
          'i32.add',
        ],
        ...[get(2), 'ref.is_null', 'i32.add', get(4), 'i32.wrap_i64', 'i32.add'],
      ] as Instruction[],
    },
  ],
  exports: [['run', 'func', 1]],
  elements: [[1, 0, 1, 1]],
});

/** The program, linked; it has not run. */
export const makeZoo = (): { readonly instances: readonly ModuleInstance[]; readonly run: FuncInstance } => {
  const store = new Store({ maxMemoryPages: 16 });
  const first = instantiate(store, compileModule(helper), () => undefined);
  const second = instantiate(store, compileModule(main), (_, name) => first.exports.get(name));
  return { instances: [first, second], run: second.exports.get('run') as FuncInstance };
};
