/**
 * Initialisation of runtimes that a compiler linked into a module: constructors of C, runtimes of Go and Haskell.
 *
 * The rule is the same with and without WASI, and for linked modules: `_initialize` if it is exported, otherwise
 * `__wasm_call_ctors`; then `hs_init`, which in Haskell reactors depends on the former. `_start` is a program, not an
 * initialisation, and never runs on its own.
 */
import { FuncInstance, type ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import type { RawValue } from '../../interpreter/instances/values.ts';
import { I32, type ValType } from '../../syntax/types.ts';

/** A call that initialises a module. */
export interface Initialiser {
  readonly func: FuncInstance;
  readonly args: readonly RawValue[];
}

const exportedFunction = (
  instance: ModuleInstance,
  name: string,
  params: readonly ValType[],
): FuncInstance | null => {
  const item = instance.exports.get(name);
  if (!(item instanceof FuncInstance)) return null;
  const { signature } = item;
  return signature.params.length === params.length && signature.params.every((type, i) => type === params[i])
    ? item
    : null;
};

/** The calls that initialise an instance, in order. */
export const initialisersOf = (instance: ModuleInstance): Initialiser[] => {
  const calls: Initialiser[] = [];
  const { start } = instance.compiled.module;
  if (start !== null) calls.push({ func: instance.funcs[start]!, args: [] });
  const own =
    exportedFunction(instance, '_initialize', []) ?? exportedFunction(instance, '__wasm_call_ctors', []);
  if (own !== null) calls.push({ func: own, args: [] });
  // argc and argv, both null: the Haskell runtime uses its defaults.
  const haskell = exportedFunction(instance, 'hs_init', [I32, I32]);
  if (haskell !== null) calls.push({ func: haskell, args: [0n, 0n] });
  return calls;
};
