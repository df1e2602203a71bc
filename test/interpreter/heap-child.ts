/**
 * The process of `heap-of-host.test.ts`: a guest that makes and holds objects of one kind as fast as it can, under the
 * budget that the arguments give. Prints the code of the error that ends it.
 */
import { isQuernError } from '../../src/errors.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';

const [kind = '', budget] = process.argv.slice(2);

const [EMPTY, WORDS, LINK, REFS, BYTES, LONGS, RUN, THROWN] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const link: Instruction[] = [
  ['global.get', 0],
  ['struct.new', LINK],
  ['global.set', 0],
];
const array = (type: number, length: number): Instruction[] => [
  ['i32.const', length],
  ['array.new_default', type],
  ...link,
];

/** One object of the kind, held by a list. */
const kinds: Readonly<Record<string, readonly Instruction[]>> = {
  empty: [['struct.new_default', EMPTY], ...link],
  words: [['struct.new_default', WORDS], ...link],
  arrays: array(REFS, 0),
  bytes: array(BYTES, 1),
  longs: array(LONGS, 1000),
  refs: array(REFS, 1_000_000),
  exceptions: [
    ['block', { heap: 'exn', nullable: true }],
    ['try_table', null, [{ tag: null, withRef: true, label: 0 }]],
    ['i64.const', 1],
    ['throw', 0],
    'end',
    'unreachable',
    'end',
    ['local.set', 0],
    ['local.get', 0],
    ['i32.const', 1],
    ['table.grow', 1],
    'drop',
  ],
  elements: [
    ['ref.null', 'func'],
    ['i32.const', 10_000],
    ['table.grow', 0],
    ['i32.const', 0],
    'i32.lt_s',
    ['if', null],
    // No table may have more, so what is left of the budget goes to the list.
    ...array(REFS, 1_000_000),
    'end',
  ],
};

const bytes = assemble({
  types: [
    [0x5f, 0],
    [0x5f, 10, ...Array.from({ length: 10 }, () => [0x7e, 1]).flat()],
    [0x5f, 2, 0x6e, 1, 0x63, LINK, 1],
    [0x5e, 0x6e, 1],
    [0x5e, 0x78, 1],
    [0x5e, 0x7e, 1],
    {},
    { params: ['i64'] },
  ],
  tables: [
    { element: 'funcref', min: 0 },
    { element: { heap: 'exn', nullable: true }, min: 0 },
  ],
  tags: [THROWN],
  globals: [{ type: { heap: LINK, nullable: true }, isMutable: true, init: [['ref.null', LINK]] }],
  funcs: [
    {
      type: RUN,
      locals: [[1, { heap: 'exn', nullable: true }]],
      code: [['loop', null], ...kinds[kind]!, ['br', 0], 'end'],
    },
  ],
  exports: [['run', 'func', 0]],
});

const store = new Store(budget === undefined ? {} : { maxHeapBytes: Number(budget) });
const { exports } = instantiate(store, compileModule(bytes), () => undefined);
for (let call = 0; call < 3; call++) {
  try {
    invoke(exports.get('run') as FuncInstance, []);
  } catch (error) {
    console.log(isQuernError(error) ? error.code : error);
  }
}
