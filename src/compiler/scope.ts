/**
 * The scope that the generated functions of an instance share, and how text becomes functions of it.
 *
 * PERF: fuel and high words between functions are variables of this scope: in a typed array they cost fib 50 % more,
 * in the field of an object 30 %. Functions that are made later are evaluated inside of the scope, by its own
 * `evaluate`; a call of one is a variable and a comparison, which costs nothing that could be measured.
 */
import type { CodeUnit } from '../interpreter/code/compiled-module.ts';
import { type FuncType, I64 } from '../syntax/types.ts';
import { readText, writeText } from './frame-text.ts';
import type { GeneratedFunction } from './generate.ts';

/** Reads arguments from a frame, calls, and writes the results there. */
export type Entry = (k: number, w: number) => void;

/** What the scope gives out. */
export interface Scope {
  readonly getFuel: () => number;
  readonly setFuel: (fuel: number) => void;
  /** Evaluates an expression inside of the scope. */
  readonly evaluate: (text: string) => unknown;
}

/** Makes the scope from its text: the host's function constructor. */
export type MakeScope = (names: readonly string[], text: string) => (...values: unknown[]) => Scope;

/** Names that stand for views of memory, and what depends on them: they change when the memory grows. */
export const viewNames = [
  'DV',
  'I8',
  'U8',
  'I16',
  'U16',
  'I32',
  'F32',
  'F64',
  'loadI16',
  'loadU16',
  'loadI32',
  'loadF32',
  'loadF64',
  'storeI16',
  'storeI32',
  'storeI64',
  'storeF32',
  'storeF64',
  'canonicalF32',
  'canonicalF64',
  'memoryFill',
  'memoryCopy',
] as const;

/** The text of the scope: a variable for each function, which leaves until there is one. */
export const scopeText = (unit: CodeUnit): string => {
  return [
    '"use strict";',
    `var FU=0,HI=0${unit.funcs.map((_, index) => `,f${index}=XC`).join('')};`,
    'return{getFuel:function(){return FU},setFuel:function(f){FU=f},evaluate:function(t){return eval(t)}};',
  ].join('\n');
};

/**
 * The text of a function: evaluated, it takes the views, puts the function in its place, and gives its entry.
 *
 * @param generation makes the text differ from an earlier one. PERF: V8 gives equal texts the same code, and then no
 * longer takes the views for constants.
 */
export const placedText = (unit: CodeUnit, func: GeneratedFunction, generation: number): string => {
  const { index, text } = func;
  if (func.isLoop) return `(function(${viewNames.join(',')}){return[null,(${text})]})//${generation}`;
  const type = unit.module.funcs[index]!.type.comp as FuncType;
  return `(function(${viewNames.join(',')}){f${index}=(${text});return[f${index},${entryText(index, type)}]})//${generation}`;
};

/** The text that reads arguments from a frame, calls a function, and writes its results back. */
const entryText = (index: number, { params, results }: FuncType): string => {
  const args = ['w'];
  params.forEach((type, i) => {
    args.push(readText(type, i));
    if (type === I64) args.push(`I[k+${2 * i + 1}]`);
  });
  const out = [`function(k,w){var r=f${index}(${args.join(',')});`];
  results.forEach((type, i) => {
    out.push(i === 0 ? writeText(type, 0, 'r', 'HI') : writeText(type, i, `R[${2 * i}]`, `R[${2 * i + 1}]`));
  });
  out.push('}');
  return out.join('');
};
