/**
 * TABLE: how many operands instructions take and how many results they have, if their type depends on context.
 * Folding puts operands into the parentheses of their instruction; a wrong number would be bad style, but not an
 * error: the order of instructions stays the same.
 */
import type { InstructionReader } from '../decoder/instruction-reader.ts';
import { type InstructionRow, instructions, type SpecialMnemonic } from '../syntax/instructions.ts';
import type { Module } from '../syntax/module.ts';
import { signatures } from '../syntax/signatures.ts';
import type { FuncType } from '../syntax/types.ts';

export type Arity = readonly [operands: number, results: number];
type ArityOf = Arity | ((reader: InstructionReader, module: Module) => Arity);

const none: Arity = [0, 0];

const funcType = (module: Module, index: number): FuncType | null => {
  const comp = module.types[index]?.comp;
  return comp?.kind === 'func' ? comp : null;
};
const callOf = (type: FuncType | null, more: number): Arity =>
  type === null ? none : [type.params.length + more, type.results.length];
const call: ArityOf = ({ index }, module) =>
  callOf(funcType(module, module.funcs[index]?.typeIndex ?? -1), 0);
const callByType: ArityOf = ({ index }, module) => callOf(funcType(module, index), 1);
const fieldCount = (module: Module, index: number): number => {
  const comp = module.types[index]?.comp;
  return comp?.kind === 'struct' ? comp.fields.length : 0;
};

/** For branches, only the operands that are not values of the label. */
const arities: Readonly<Record<SpecialMnemonic, ArityOf>> = {
  unreachable: none,
  block: none,
  loop: none,
  if: [1, 0],
  else: none,
  try: none,
  catch: none,
  throw: ({ index }, { tags, types }) => {
    const comp = types[tags[index]?.type.id ?? -1]?.comp;
    return comp?.kind === 'func' ? [comp.params.length, 0] : none;
  },
  rethrow: none,
  throw_ref: [1, 0],
  end: none,
  br: none,
  br_if: [1, 0],
  br_table: [1, 0],
  return: none,
  call,
  call_indirect: callByType,
  return_call: call,
  return_call_indirect: callByType,
  call_ref: callByType,
  return_call_ref: callByType,
  delegate: none,
  catch_all: none,
  drop: [1, 0],
  select: [3, 1],
  'select t': [3, 1],
  try_table: none,
  'local.get': [0, 1],
  'local.set': [1, 0],
  'local.tee': [1, 1],
  'global.get': [0, 1],
  'global.set': [1, 0],
  'table.get': [1, 1],
  'table.set': [2, 0],
  'memory.size': [0, 1],
  'memory.grow': [1, 1],
  'ref.null': [0, 1],
  'ref.is_null': [1, 1],
  'ref.func': [0, 1],
  'ref.eq': [2, 1],
  'ref.as_non_null': [1, 1],
  br_on_null: [1, 1],
  br_on_non_null: [1, 0],
  'struct.new': ({ index }, module) => [fieldCount(module, index), 1],
  'struct.new_default': [0, 1],
  'struct.get': [1, 1],
  'struct.get_s': [1, 1],
  'struct.get_u': [1, 1],
  'struct.set': [2, 0],
  'array.new': [2, 1],
  'array.new_default': [1, 1],
  'array.new_fixed': ({ index2 }) => [index2, 1],
  'array.new_data': [2, 1],
  'array.new_elem': [2, 1],
  'array.get': [2, 1],
  'array.get_s': [2, 1],
  'array.get_u': [2, 1],
  'array.set': [3, 0],
  'array.len': [1, 1],
  'array.fill': [4, 0],
  'array.copy': [5, 0],
  'array.init_data': [4, 0],
  'array.init_elem': [4, 0],
  'ref.test': [1, 1],
  'ref.test null': [1, 1],
  'ref.cast': [1, 1],
  'ref.cast null': [1, 1],
  br_on_cast: [1, 1],
  br_on_cast_fail: [1, 1],
  'any.convert_extern': [1, 1],
  'extern.convert_any': [1, 1],
  'ref.i31': [1, 1],
  'i31.get_s': [1, 1],
  'i31.get_u': [1, 1],
  'struct.new_desc': ({ index }, module) => [fieldCount(module, index) + 1, 1],
  'struct.new_default_desc': [1, 1],
  'ref.get_desc': [1, 1],
  'ref.cast_desc_eq': [2, 1],
  'ref.cast_desc_eq null': [2, 1],
  br_on_cast_desc_eq: [2, 1],
  br_on_cast_desc_eq_fail: [2, 1],
  'memory.init': [3, 0],
  'data.drop': none,
  'memory.copy': [3, 0],
  'memory.fill': [3, 0],
  'table.init': [3, 0],
  'elem.drop': none,
  'table.copy': [3, 0],
  'table.grow': [2, 1],
  'table.size': [0, 1],
  'table.fill': [3, 0],
};

const byRow: readonly ArityOf[] = (instructions as readonly InstructionRow[]).map((row, i) => {
  const signature = signatures[i];
  if (signature === null || signature === undefined) return arities[row.name as SpecialMnemonic];
  return [signature.params.length, signature.results.length];
});

/** Operands and results of the instruction that was just read. */
export const arityOf = (reader: InstructionReader, module: Module): Arity => {
  const arity = byRow[reader.row]!;
  return typeof arity === 'function' ? arity(reader, module) : arity;
};
