/** Host functions of a call's stack, by the names that modules import them by. */
import { InstructionReader } from '../decoder/instruction-reader.ts';
import type { FuncInstance, ModuleInstance } from '../interpreter/instances/module-instance.ts';
import { instructions, rowOf } from '../syntax/instructions.ts';
import type { CallFrame } from './call-places.ts';
import type { NamedInstance } from './target.ts';

const CALL = instructions[rowOf['call']]!.code;

/** The name by which an instance imports a function; null if it does not import it. */
export const importName = ({ funcs, compiled }: ModuleInstance, func: FuncInstance): string | null => {
  const index = funcs.indexOf(func);
  const imports = compiled.module.imports.filter(({ desc }) => desc.kind === 'func');
  const found = imports[index];
  return found === undefined ? null : `${found.module}.${found.name}`;
};

/** Names of all host functions that instances import, each once. */
export const hostNames = (instances: readonly NamedInstance[]): readonly string[] => [
  ...new Set(
    instances.flatMap(({ instance }) =>
      instance.funcs.flatMap((func) => (func.host === null ? [] : (importName(instance, func) ?? []))),
    ),
  ),
];

/** The host function that the instruction of a frame calls; null if it calls none, or calls by a reference. */
export const calledHost = ({ instance, func, offset }: CallFrame): FuncInstance | null => {
  const { bytes, types, funcs } = func.unit.module;
  if (bytes[offset] !== CALL) return null;
  const reader = new InstructionReader(bytes, types);
  reader.reset(offset, funcs[func.index]!.body!.end);
  reader.read();
  const callee = instance.funcs[reader.index]!;
  return callee.host === null ? null : callee;
};
