/**
 * The typing rule of every instruction. Most rows of the instruction table state their type; from those come the
 * columns that the main loop reads (`validate-function.ts`). The rows marked `special` have a function each, and
 * TypeScript checks that none is missing.
 */
import { type InstructionRow, instructions, type SpecialMnemonic } from '../syntax/instructions.ts';
import { laneCountOf } from '../syntax/shapes.ts';
import { ADDRESS, type Signature, signatures } from '../syntax/signatures.ts';
import { I32, V128, type ValType } from '../syntax/types.ts';
import * as aggregate from './aggregate-rules.ts';
import * as control from './control-rules.ts';
import type { BodyState } from './stacks.ts';
import * as variable from './variable-rules.ts';

/** Checks one instruction and applies its effect to the stacks. */
type Rule = (state: BodyState) => void;

/** Shapes that the main loop knows; the numbers are repeated there as literals. */
const KIND = {
  special: 0,
  /** `-> c` */
  push: 1,
  /** `a -> c` */
  unary: 2,
  /** `a b -> c` */
  binary: 3,
  /** `addr -> c` with a memory argument */
  load: 4,
  /** `addr b ->` with a memory argument */
  store: 5,
  /** any other signature */
  general: 6,
  localGet: 7,
  localSet: 8,
  localTee: 9,
} as const;

const rows: readonly InstructionRow[] = instructions;
const hasMemArg = (row: InstructionRow): boolean => row.immediates.includes('memarg');

const kindOf = (row: InstructionRow, signature: Signature | null): number => {
  if (row.name === 'local.get') return KIND.localGet;
  if (row.name === 'local.set') return KIND.localSet;
  if (row.name === 'local.tee') return KIND.localTee;
  if (signature === null) return KIND.special;
  const { params, results } = signature;
  if ([...params, ...results].includes(V128) || laneCountOf(row) > 0 || row.prefix === 0xfe)
    return KIND.general;
  if (hasMemArg(row)) {
    if (params.length === 1 && results.length === 1) return KIND.load;
    return params.length === 2 && results.length === 0 ? KIND.store : KIND.general;
  }
  if (params.includes(ADDRESS) || results.length !== 1) return KIND.general;
  return [KIND.push, KIND.unary, KIND.binary][params.length] ?? KIND.general;
};

/** How the main loop treats each row: a value of `KIND`. */
export const rowKind: Uint8Array = Uint8Array.from(rows, (row, i) => kindOf(row, signatures[i]!));
/** First and last operand type and result type of the rows of a simple kind. */
export const rowFirst: Int8Array = Int8Array.from(signatures, (s) => s?.params[0] ?? 0);
export const rowLast: Int8Array = Int8Array.from(signatures, (s) => s?.params[s.params.length - 1] ?? 0);
export const rowResult: Int8Array = Int8Array.from(signatures, (s) => s?.results[0] ?? 0);
/** log2 of the bytes that a load or store touches: the largest alignment it may declare. */
export const rowAlignment: Uint8Array = Uint8Array.from(rows, (row) =>
  row.access ? 31 - Math.clz32(row.access) : 0,
);
const rowLanes: Uint8Array = Uint8Array.from(rows, laneCountOf);
const rowHasMemArg: readonly boolean[] = rows.map(hasMemArg);
const rowIsAtomic: readonly boolean[] = rows.map((row) => row.prefix === 0xfe);

/** Address type of the memory argument at hand. @spec valid-memarg */
const checkMemArg = (s: BodyState): ValType => {
  const { reader } = s;
  const natural = rowAlignment[reader.row]!;
  const address = variable.memoryAt(s, reader.memory >>> 0);
  if (reader.namesMemory) s.use('multi-memory');
  if (rowIsAtomic[reader.row]) {
    if (reader.align !== natural) s.fail('invalid.atomic-alignment', `2^${reader.align}`);
  } else if (reader.align > natural) s.fail('invalid.alignment', `2^${reader.align}`);
  if (reader.hi !== 0 && address === I32) s.fail('invalid.offset');
  return address;
};

const checkLanes = (s: BodyState, count: number): void => {
  const { reader } = s;
  if (count < 32) {
    if (reader.lane >= count) s.fail('invalid.lane', `${reader.lane}`);
  } else if (reader.bytes16.some((lane) => lane >= count)) s.fail('invalid.lane');
};

/** Applies the signature of any row. */
export const applySignature: Rule = (s) => {
  const { row } = s.reader;
  const { params, results } = signatures[row]!;
  const lanes = rowLanes[row]!;
  if (lanes > 0) checkLanes(s, lanes);
  let address = 0;
  if (rowHasMemArg[row]) address = checkMemArg(s);
  for (let i = params.length - 1; i >= 0; i--) {
    const type = params[i]!;
    s.pop(type === ADDRESS ? address : type);
  }
  for (let i = 0; i < results.length; i++) {
    const type = results[i]!;
    s.push(type === ADDRESS ? address : type);
  }
};

const specialRules: Record<SpecialMnemonic, Rule> = {
  unreachable: control.unreachable,
  block: control.block,
  loop: control.loop,
  if: control.if_,
  else: control.else_,
  end: control.end,
  try: control.try_,
  catch: control.catch_,
  throw: control.throw_,
  rethrow: control.rethrow,
  throw_ref: control.throw_ref,
  br: control.br,
  br_if: control.br_if,
  br_table: control.br_table,
  return: control.return_,
  call: control.call,
  call_indirect: control.call_indirect,
  return_call: control.return_call,
  return_call_indirect: control.return_call_indirect,
  call_ref: control.call_ref,
  return_call_ref: control.return_call_ref,
  delegate: control.delegate,
  catch_all: control.catch_all,
  try_table: control.try_table,
  drop: control.drop,
  select: control.select,
  'select t': control.select_t,
  'local.get': variable.local_get,
  'local.set': variable.local_set,
  'local.tee': variable.local_tee,
  'global.get': variable.global_get,
  'global.set': variable.global_set,
  'table.get': variable.table_get,
  'table.set': variable.table_set,
  'table.init': variable.table_init,
  'elem.drop': variable.elem_drop,
  'table.copy': variable.table_copy,
  'table.grow': variable.table_grow,
  'table.size': variable.table_size,
  'table.fill': variable.table_fill,
  'memory.size': variable.memory_size,
  'memory.grow': variable.memory_grow,
  'memory.init': variable.memory_init,
  'data.drop': variable.data_drop,
  'memory.copy': variable.memory_copy,
  'memory.fill': variable.memory_fill,
  'ref.null': variable.ref_null,
  'ref.is_null': variable.ref_is_null,
  'ref.func': variable.ref_func,
  'ref.eq': variable.ref_eq,
  'ref.as_non_null': variable.ref_as_non_null,
  br_on_null: control.br_on_null,
  br_on_non_null: control.br_on_non_null,
  'ref.test': variable.ref_test,
  'ref.test null': variable.ref_test_null,
  'ref.cast': variable.ref_cast,
  'ref.cast null': variable.ref_cast_null,
  br_on_cast: control.br_on_cast,
  br_on_cast_fail: control.br_on_cast_fail,
  'ref.get_desc': variable.ref_get_desc,
  'ref.cast_desc_eq': variable.ref_cast_desc_eq,
  'ref.cast_desc_eq null': variable.ref_cast_desc_eq_null,
  br_on_cast_desc_eq: control.br_on_cast_desc_eq,
  br_on_cast_desc_eq_fail: control.br_on_cast_desc_eq_fail,
  'any.convert_extern': variable.any_convert_extern,
  'extern.convert_any': variable.extern_convert_any,
  'ref.i31': aggregate.ref_i31,
  'i31.get_s': aggregate.i31_get,
  'i31.get_u': aggregate.i31_get,
  'struct.new': aggregate.struct_new,
  'struct.new_default': aggregate.struct_new_default,
  'struct.new_desc': aggregate.struct_new_desc,
  'struct.new_default_desc': aggregate.struct_new_default_desc,
  'struct.get': aggregate.struct_get,
  'struct.get_s': aggregate.struct_get_packed,
  'struct.get_u': aggregate.struct_get_packed,
  'struct.set': aggregate.struct_set,
  'array.new': aggregate.array_new,
  'array.new_default': aggregate.array_new_default,
  'array.new_fixed': aggregate.array_new_fixed,
  'array.new_data': aggregate.array_new_data,
  'array.new_elem': aggregate.array_new_elem,
  'array.get': aggregate.array_get,
  'array.get_s': aggregate.array_get_packed,
  'array.get_u': aggregate.array_get_packed,
  'array.set': aggregate.array_set,
  'array.len': aggregate.array_len,
  'array.fill': aggregate.array_fill,
  'array.copy': aggregate.array_copy,
  'array.init_data': aggregate.array_init_data,
  'array.init_elem': aggregate.array_init_elem,
};

/** The rule of each row. */
export const rules: readonly Rule[] = rows.map((row) =>
  row.type === 'special' ? specialRules[row.name as SpecialMnemonic] : applySignature,
);

/** Whether a row is allowed in a constant expression. @spec valid-constant */
export const rowIsConstant: readonly boolean[] = rows.map(
  (row) => row.constant !== 'never' || row.name === 'end',
);
/** Whether the extended-const proposal allowed it. */
export const rowIsExtendedConstant: readonly boolean[] = rows.map((row) => row.constant === 'extended');
