/** The texts of scopes and of what is evaluated inside them. */
import type { CodeUnit } from '../interpreter/code/compiled-module.ts';
import type { Module } from '../syntax/module.ts';
import { type FuncType, I64 } from '../syntax/types.ts';
import { hostCallText, interpretedCallText } from './call-texts.ts';
import { readText, writeText } from './frame-text.ts';
import type { GeneratedFunction } from './generate.ts';
import { isNumeric } from './generator.ts';
import { entryKey, environmentNames, LOOP_KEY, viewNames } from './scope.ts';

/**
 * The text of a scope: the body of a function of `E`, its environment. There is a variable for each function; those
 * that are not in it leave.
 *
 * @param evaluate another member of the result, or nothing
 */
export const editionText = (
  unit: CodeUnit,
  functions: readonly GeneratedFunction[],
  evaluate: string,
): string => {
  const { module } = unit;
  const typeOf = (index: number): FuncType => module.funcs[index]!.type.comp as FuncType;
  const entries = new Map<string, string>();
  for (const { index, isLoop } of functions)
    if (isLoop) entries.set(LOOP_KEY, loopEntryText);
    else entries.set(entryKey(typeOf(index)), entryText('g', typeOf(index)));
  const { texts, nameOf } = makersOf(module);
  const links = [...texts];
  // PERF: V8 treats the called function of the host as a constant if each has a separate text.
  const shared = evaluate === '' ? new Map<string, string>() : null;
  for (let index = 0; index < module.importedFuncCount; index++) {
    const type = typeOf(index);
    const interpreted = nameOf(type);
    if (interpreted === null) continue;
    let make = hostCallText(type);
    if (shared !== null) {
      const known = shared.get(make);
      const name = known ?? `c${shared.size}`;
      if (known === undefined) links.push(`const ${name}=${make};`);
      shared.set(make, name);
      make = name;
    }
    links.push(`f${index}=LH(${index},${make},${interpreted});`);
  }
  const made = new Set(functions.map(({ id }) => id));
  for (const { callees } of functions)
    for (const index of callees) {
      if (made.has(index)) continue;
      made.add(index);
      links.push(interpretedText(module, index));
    }
  return [
    '"use strict";',
    `const{${environmentNames(unit).join(',')}}=E;`,
    `var FU=0,HI=0,${viewNames.join(',')}${unit.funcs.map((_, index) => `,f${index}=XC`).join('')};`,
    ...links,
    ...functions.map(({ id, isLoop, text }) => `${isLoop ? 'var ' : ''}f${id}=${text};`),
    'return{getFuel:function(){return FU},setFuel:function(f){FU=f},',
    `setViews:function(V){({${viewNames.join(',')}}=V)},`,
    `functions:{${functions.map(({ id }) => `${id}:f${id}`).join(',')}},`,
    `entries:{${Array.from(entries, ([key, text]) => `"${key}":${text}`).join(',')}}${evaluate}};`,
  ].join('\n');
};

/** The statement that makes the interpreter run a function when it is called. */
export const interpretedText = (module: Module, index: number): string =>
  `f${index}=LI(${index},${makersOf(module).nameOf(module.funcs[index]!.type.comp as FuncType)!});`;

/**
 * The text of a function that is made later: when evaluated, it takes the views, installs the function, and returns
 * it with its entry.
 *
 * @param generation makes the text differ from an earlier one. PERF: V8 gives equal texts the same code, and then no
 * longer treats the views as constants. 0 for a function that takes views from the scope.
 * @param links statements that come first
 */
export const placedText = (
  { module }: CodeUnit,
  { index, isLoop, text }: GeneratedFunction,
  generation: number,
  links: string,
): string => {
  const taken = generation === 0 ? '' : viewNames.join(',');
  const body = isLoop
    ? `return[(${text}),${loopEntryText}]`
    : `f${index}=(${text});return[f${index},${entryText(`f${index}`, module.funcs[index]!.type.comp as FuncType)}]`;
  return `(function(${taken}){${links}${body}})//${generation}`;
};

/** Makes the calls of the interpreter: a variable for each function type. */
interface Makers {
  readonly texts: readonly string[];
  /** The name of the variable; null if a type has values that generated code does not support. */
  readonly nameOf: (type: FuncType) => string | null;
}

const makers = new WeakMap<Module, Makers>();
const makersOf = (module: Module): Makers => {
  let made = makers.get(module);
  if (made === undefined) makers.set(module, (made = makeMakers(module)));
  return made;
};

const makeMakers = ({ types }: Module): Makers => {
  const names = new Map<string, string>();
  const texts = types.flatMap(({ comp }, index) => {
    if (comp.kind !== 'func' || ![...comp.params, ...comp.results].every(isNumeric)) return [];
    const name = `i${index}`;
    const key = entryKey(comp);
    const known = names.get(key);
    if (known === undefined) names.set(key, name);
    return `const ${name}=${known ?? interpretedCallText(comp)};`;
  });
  return { texts, nameOf: (type) => names.get(entryKey(type)) ?? null };
};

/** A loop reads its frame itself. */
const loopEntryText = 'function(g,k,w){g(k,w)}';

/** The text that reads arguments from a frame, calls a function, and writes its results back. */
const entryText = (callee: string, { params, results }: FuncType): string => {
  const args = ['w'];
  params.forEach((type, i) => {
    args.push(readText(type, i));
    if (type === I64) args.push(`I[k+${2 * i + 1}]`);
  });
  const out = [`function(g,k,w){var r=${callee}(${args.join(',')});`];
  results.forEach((type, i) => {
    out.push(i === 0 ? writeText(type, 0, 'r', 'HI') : writeText(type, i, `R[${2 * i}]`, `R[${2 * i + 1}]`));
  });
  out.push('}');
  return out.join('');
};
