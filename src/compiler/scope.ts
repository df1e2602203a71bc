/**
 * The scope that the generated functions of an instance share: what its text takes and returns.
 *
 * PERF: fuel and high words between functions are variables of the scope: in a typed array, fib took 50 % longer; in
 * a field of an object, 30 %.
 */
import type { CodeUnit } from '../interpreter/code/compiled-module.ts';
import type { FuncInstance } from '../interpreter/instances/module-instance.ts';
import type { FuncType } from '../syntax/types.ts';
import type { ExitTable } from './exits.ts';
import { arithmeticNames } from './helpers.ts';

/** Facts about the JavaScript of a function, or of one of its loops. */
export interface CompiledFunction {
  readonly index: number;
  /** Its number among the functions of the unit and their loops. */
  readonly id: number;
  /** Whether it is a loop of the function: it is called with only the frame. */
  readonly isLoop: boolean;
  readonly exits: ExitTable;
  /** What each piece saves when it is left: numbers of names. */
  readonly pieces: readonly (readonly number[])[];
  /** Room that it uses on the JavaScript stack, in words. */
  readonly frameWords: number;
  /** Least fuel for entering it. */
  readonly entryNeed: number;
}

/** A function as other generated code calls it. */
export type Run = NonNullable<FuncInstance['run']>;
/** Reads arguments from a frame, calls, and writes the results there. */
export type Entry = (run: Run, k: number, w: number) => void;

/** What the scope returns. */
export interface Scope {
  readonly getFuel: () => number;
  readonly setFuel: (fuel: number) => void;
  /** Sets the views of memory for functions without their own. */
  readonly setViews: (views: Readonly<Record<ViewName, unknown>>) => void;
  /** Functions and loops by number. */
  readonly functions: Readonly<Record<number, Run>>;
  /** By key of the type. */
  readonly entries: Readonly<Record<string, Entry>>;
  /** Evaluates an expression inside the scope; absent if the host cannot, and in precompiled code. */
  readonly evaluate?: (text: string) => unknown;
}

/** Functions of a unit in one text, which makes a scope for each instance. */
export interface Edition {
  /** Of its text, as far as it had to be read. */
  readonly characters: number;
  readonly functions: ReadonlyMap<number, CompiledFunction>;
  /** @param environment the names of `environmentNames` */
  readonly makeScope: (environment: Readonly<Record<string, unknown>>) => Scope;
}

/** Names for views of memory, and for what depends on them: they change when the memory grows. */
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
export type ViewName = (typeof viewNames)[number];

/** Names that every scope takes. */
export const commonNames = [
  'Q',
  'R',
  'I',
  'F',
  'D',
  'X',
  'XC',
  'XI',
  'V',
  'LH',
  'LI',
  'more',
  'chance',
  'G',
  'GF',
  'GD',
] as const;

/** What the text of a scope takes from its target. */
export const environmentNames = ({ module }: CodeUnit): readonly string[] => [
  ...commonNames,
  ...arithmeticNames,
  ...module.tables.map((_, index) => `T${index}`),
  ...module.types.flatMap(({ comp }, index) => (comp.kind === 'func' ? [`k${index}`] : [])),
  ...module.globals.flatMap(({ init }, index) =>
    init === null ? [`G${index}`, `GF${index}`, `GD${index}`] : [],
  ),
];

/** Names an entry: functions with the same numbers share one. */
export const entryKey = ({ params, results }: FuncType): string => `${params.join()}>${results.join()}`;
export const LOOP_KEY = 'loop';
