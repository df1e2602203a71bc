/**
 * Endless loops around one instruction or one function of the host: what a loop is made of, and its module.
 *
 * Every module has the type `[] -> []` as type 0, `ready` of the host as function 0 and the function of the loop,
 * `run`, after its imports. `ready` is called once, when the loop begins: what lies before it is preparation.
 */
import { I32, I64, type ValType } from '../../../src/wasm.ts';
import {
  assemble,
  type FuncSource,
  type Instruction,
  type LimitsSource,
  type ModuleSource,
  type Type,
  type TypeSource,
  u32,
} from '../../assembler.ts';

/** Namespace and name of the function that a loop calls when it begins. */
export const READY = ['extism:host/user', 'ready'] as const;
/** First type, function and imported function that a loop adds. */
export const FIRST_TYPE = 1;
export const FIRST_IMPORT = 1;
/** The function of the loop, and the first one that it adds; without imports. */
export const RUN = 1;
export const FIRST_FUNC = 2;

/** What the host must offer a loop. */
export interface Needs {
  /** Directories of WASI: the tree of `surroundings.ts`, and descriptors. */
  readonly files?: boolean;
  /** A host that answers requests with a body of so many bytes and so many headers. */
  readonly http?: { readonly bodyBytes: number; readonly headers: number };
  /** Configuration under the empty key. */
  readonly config?: string;
  /** Arguments and environment: how many, and the bytes of each. */
  readonly strings?: { readonly count: number; readonly length: number };
  readonly isSilent?: boolean;
  readonly maxPages?: number;
}

/** A function of a table that a loop imports. */
export interface ImportedFunction {
  readonly namespace: string;
  readonly name: string;
  readonly row: { readonly params: readonly ValType[]; readonly results: readonly ValType[] };
}

/** One loop. */
export interface LoopSpec {
  /** What a turn does; it leaves the stack as it was. */
  readonly turn: readonly Instruction[];
  /** How often the turn stands in the loop. Default: 1. */
  readonly times?: number;
  /** Runs once, before the loop. */
  readonly before?: readonly Instruction[];
  /** Type of the loop, where it has parameters. */
  readonly loopType?: number;
  /** Whether the turn ends by itself in a way that continues: then no loop is put around it. */
  readonly isWhole?: boolean;
  readonly locals?: FuncSource['locals'];
  readonly types?: ModuleSource['types'];
  readonly imports?: readonly ImportedFunction[];
  readonly funcs?: readonly FuncSource[];
  readonly tables?: ModuleSource['tables'];
  readonly memories?: readonly LimitsSource[];
  readonly tags?: readonly number[];
  readonly globals?: ModuleSource['globals'];
  readonly elements?: ModuleSource['elements'];
  readonly data?: ModuleSource['data'];
  readonly needs?: Needs;
}

/** The loops of one row: with operands that make it cheap, with ones that make it dear, and more of the latter. */
export interface Forms {
  readonly cheap: LoopSpec;
  readonly dear: LoopSpec;
  readonly [more: string]: LoopSpec;
}
/** Why there is no loop of a row: it cannot be passed and continue. */
export type NoLoop = string;

/** A loop with its name. */
export interface Loop {
  /** The mnemonic, or namespace and name of the function. */
  readonly row: string;
  readonly form: string;
  readonly kind: 'instruction' | 'kernel' | 'wasi';
  readonly spec: LoopSpec;
}

const wordOf = (type: ValType): Type => {
  if (type !== I32 && type !== I64) throw new Error('functions of tables take and give integers');
  return type === I32 ? 'i32' : 'i64';
};
const typeOf = ({ row }: ImportedFunction): TypeSource => ({
  params: row.params.map(wordOf),
  results: row.results.map(wordOf),
});

/** The turns of a loop, with the branch back. */
const bodyOf = (spec: LoopSpec): Instruction[] => {
  const { turn, times = 1, before = [], loopType = null, isWhole = false } = spec;
  const turns = Array.from({ length: times }, () => turn).flat();
  const loop: Instruction[] = isWhole ? turns : [['loop', loopType], ...turns, ['br', 0], 'end'];
  return [...before, ['call', 0], ...loop];
};

/** The module of a loop. */
export const moduleOf = (spec: LoopSpec): Uint8Array => {
  const { types = [], imports = [], funcs = [], data, locals = [] } = spec;
  // A recursive group is one entry and several types; its second byte is their number.
  const typeCount = types.reduce<number>((sum, type) => sum + (isGroup(type) ? type[1]! : 1), FIRST_TYPE);
  const { tables, memories, tags, globals, elements } = spec;
  return assemble({
    types: [{}, ...types, ...imports.map(typeOf)],
    imports: [
      [...READY, [0, 0]] as const,
      ...imports.map(({ namespace, name }, i) => [namespace, name, [0, ...u32(typeCount + i)]] as const),
    ],
    funcs: [{ locals, code: bodyOf(spec) }, ...funcs],
    exports: [['run', 'func', FIRST_IMPORT + imports.length]],
    ...(tables && { tables }),
    ...(memories && { memories }),
    ...(tags && { tags }),
    ...(globals && { globals }),
    ...(elements && { elements }),
    ...(data && { data, dataCount: data.length }),
  });
};

const REC = 0x4e;
const isGroup = (type: TypeSource | readonly number[]): type is readonly number[] =>
  Array.isArray(type) && type[0] === REC;

/** Short forms of instructions. */
export const i32 = (value: number): Instruction => ['i32.const', value | 0];
export const i64 = (value: bigint | number): Instruction => ['i64.const', BigInt.asIntN(64, BigInt(value))];
export const get = (index: number): Instruction => ['local.get', index];
export const set = (index: number): Instruction => ['local.set', index];
/** Something so many times. */
export const repeat = <T>(count: number, ...items: readonly T[]): T[] =>
  items.length === 1
    ? new Array<T>(count).fill(items[0]!)
    : Array.from({ length: count }, () => items).flat();
