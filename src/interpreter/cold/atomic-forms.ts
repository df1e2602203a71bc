/** What each atomic instruction does, by opcode. */
import { instructions } from '../../syntax/instructions.ts';

type Action =
  | 'load'
  | 'store'
  | 'add'
  | 'sub'
  | 'and'
  | 'or'
  | 'xor'
  | 'xchg'
  | 'cmpxchg'
  | 'notify'
  | 'fence';

/** What one instruction does. */
export interface AtomicForm {
  readonly action: Action;
  /** Bytes in memory. */
  readonly size: number;
  /** Whether the result is an i64. */
  readonly is64: boolean;
}

const prefix = 0xfe;
/** By opcode, from the names: `i32.atomic.rmw8.add_u`. Waits are an operation of their own. */
export const forms: readonly (AtomicForm | undefined)[] = instructions.reduce<AtomicForm[]>((list, row) => {
  const match = /\b(load|store|add|sub|and|or|xor|xchg|cmpxchg|notify|fence)[0-9]*(_u)?$/.exec(row.name);
  if (row.prefix === prefix && match !== null)
    list[row.code] = { action: match[1] as Action, size: row.access, is64: row.name.startsWith('i64') };
  return list;
}, []);
