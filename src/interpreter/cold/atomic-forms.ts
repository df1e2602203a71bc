/** What each atomic instruction does, by opcode. Waits are an operation of their own. */
import { instructions, type MnemonicOf } from '../../syntax/instructions.ts';
import { signatures } from '../../syntax/signatures.ts';
import { I64 } from '../../syntax/types.ts';

/** Actions that read a value and write a result computed from it. */
type Modification = 'add' | 'sub' | 'and' | 'or' | 'xor' | 'xchg' | 'cmpxchg';
type Action = Modification | 'load' | 'store' | 'notify' | 'fence';

/** The action of one instruction. */
export interface AtomicForm {
  readonly action: Action;
  /** Bytes in memory. */
  readonly size: number;
  /** Whether the result is an i64. */
  readonly is64: boolean;
}

const widths = [
  'i32.atomic.rmw8',
  'i32.atomic.rmw16',
  'i64.atomic.rmw8',
  'i64.atomic.rmw16',
  'i64.atomic.rmw32',
];
const modification = <const A extends Modification>(
  action: A,
): Record<
  | `${'i32' | 'i64'}.atomic.rmw.${A}`
  | `${'i32' | 'i64'}.atomic.rmw${8 | 16}.${A}_u`
  | `i64.atomic.rmw32.${A}_u`,
  A
> =>
  Object.fromEntries(
    [
      `i32.atomic.rmw.${action}`,
      `i64.atomic.rmw.${action}`,
      ...widths.map((width) => `${width}.${action}_u`),
    ].map((name) => [name, action]),
  ) as never;

const actions = {
  'memory.atomic.notify': 'notify',
  'atomic.fence': 'fence',
  'i32.atomic.load': 'load',
  'i64.atomic.load': 'load',
  'i32.atomic.load8_u': 'load',
  'i32.atomic.load16_u': 'load',
  'i64.atomic.load8_u': 'load',
  'i64.atomic.load16_u': 'load',
  'i64.atomic.load32_u': 'load',
  'i32.atomic.store': 'store',
  'i64.atomic.store': 'store',
  'i32.atomic.store8': 'store',
  'i32.atomic.store16': 'store',
  'i64.atomic.store8': 'store',
  'i64.atomic.store16': 'store',
  'i64.atomic.store32': 'store',
  ...modification('add'),
  ...modification('sub'),
  ...modification('and'),
  ...modification('or'),
  ...modification('xor'),
  ...modification('xchg'),
  ...modification('cmpxchg'),
} satisfies Record<MnemonicOf<'atomic'>, Action>;

/** By opcode. */
export const forms: readonly (AtomicForm | undefined)[] = instructions.reduce<AtomicForm[]>(
  (list, row, i) => {
    if (row.fuel === 'atomic')
      list[row.code] = {
        action: actions[row.name as MnemonicOf<'atomic'>],
        size: row.access,
        is64: signatures[i]!.results[0] === I64,
      };
    return list;
  },
  [],
);
