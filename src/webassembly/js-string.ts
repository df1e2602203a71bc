/**
 * The builtins `wasm:js-string`: strings of JavaScript without glue code.
 * @spec builtins-js-string
 *
 * A failure is a trap of the guest, which no handler of the guest catches.
 */
import type { ErrorCode } from '../errors/catalogue.ts';
import { TrapError } from '../errors/errors.ts';
import { bulkMemoryCost } from '../interpreter/fuel/schedules.ts';
import type { ArrayInstance } from '../interpreter/instances/aggregate.ts';
import {
  allocateHostFunc,
  type FuncInstance,
  type RawHostCode,
} from '../interpreter/instances/module-instance.ts';
import type { MachineState } from '../interpreter/loop/machine-state.ts';
import { canonicalise } from '../syntax/canonical-types.ts';
import { type DefType, EXTERNREF, HEAP_EXTERN, I16, I32, refType, type ValType } from '../syntax/types.ts';

/** A function that modules may import without getting it from the import object. */
interface Builtin {
  readonly type: DefType;
  readonly func: FuncInstance;
}

const STRING = refType(HEAP_EXTERN, false);
const arrayType = canonicalise(
  [{ isFinal: true, supertypes: [], comp: { kind: 'array', element: { storage: I16, isMutable: true } } }],
  0,
  [],
)[0]!;
/** The array type as the first type of a module. */
const ARRAY = refType(0, true);

type TrapCode = Extract<ErrorCode, `trap.${string}`>;
const trap = (code: TrapCode): never => {
  throw new TrapError(code);
};

const unwrap = (value: unknown): string => (typeof value === 'string' ? value : trap('trap.cast'));

/** Arguments as the builtins take them: references unchanged, numbers unsigned. */
type Argument = unknown;
/** What a builtin does; `pay` bills characters that are copied. */
type Body = (args: readonly Argument[], pay: (characters: number) => void) => unknown;

/** Characters per call of `String.fromCharCode`: arguments use room on the stack. */
const CHUNK = 4096;

const bodies: Readonly<
  Record<string, { readonly params: readonly ValType[]; readonly result: ValType; readonly body: Body }>
> = {
  cast: { params: [EXTERNREF], result: STRING, body: ([value]) => unwrap(value) },
  test: { params: [EXTERNREF], result: I32, body: ([value]) => (typeof value === 'string' ? 1 : 0) },
  fromCharCodeArray: {
    params: [ARRAY, I32, I32],
    result: STRING,
    body: ([array, start, end], pay) => {
      const { length, elements } = (array as ArrayInstance | null) ?? trap('trap.null-array');
      const [from, to] = [start as number, end as number];
      if (from > to || to > length) trap('trap.array-bounds');
      pay(to - from);
      let text = '';
      for (let i = from; i < to; i += CHUNK)
        text += String.fromCharCode(...(elements as Int16Array).subarray(i, Math.min(i + CHUNK, to)));
      return text;
    },
  },
  intoCharCodeArray: {
    params: [EXTERNREF, ARRAY, I32],
    result: I32,
    body: ([value, array, start], pay) => {
      const { length, elements } = (array as ArrayInstance | null) ?? trap('trap.null-array');
      const text = unwrap(value);
      const from = start as number;
      if (from + text.length > length) trap('trap.array-bounds');
      pay(text.length);
      for (let i = 0; i < text.length; i++) elements[from + i] = text.charCodeAt(i);
      return text.length;
    },
  },
  fromCharCode: {
    params: [I32],
    result: STRING,
    body: ([code]) => String.fromCharCode(code as number),
  },
  fromCodePoint: {
    params: [I32],
    result: STRING,
    body: ([point]) =>
      (point as number) > 0x10ffff ? trap('trap.code-point') : String.fromCodePoint(point as number),
  },
  charCodeAt: {
    params: [EXTERNREF, I32],
    result: I32,
    body: ([value, index]) => {
      const text = unwrap(value);
      return (index as number) < text.length ? text.charCodeAt(index as number) : trap('trap.string-bounds');
    },
  },
  codePointAt: {
    params: [EXTERNREF, I32],
    result: I32,
    body: ([value, index]) => unwrap(value).codePointAt(index as number) ?? trap('trap.string-bounds'),
  },
  length: { params: [EXTERNREF], result: I32, body: ([value]) => unwrap(value).length },
  concat: {
    params: [EXTERNREF, EXTERNREF],
    result: STRING,
    body: ([first, second], pay) => {
      const [head, tail] = [unwrap(first), unwrap(second)];
      pay(head.length + tail.length);
      return head + tail;
    },
  },
  substring: {
    params: [EXTERNREF, I32, I32],
    result: STRING,
    body: ([value, start, end], pay) => {
      const text = unwrap(value);
      const [from, to] = [start as number, Math.min(end as number, text.length)];
      if (from > (end as number) || from > text.length) return '';
      pay(to - from);
      return text.substring(from, to);
    },
  },
  equals: {
    params: [EXTERNREF, EXTERNREF],
    result: I32,
    body: ([first, second], pay) => {
      const [a, b] = [first === null ? null : unwrap(first), second === null ? null : unwrap(second)];
      if (a !== null && a.length === b?.length) pay(a.length);
      return a === b ? 1 : 0;
    },
  },
  compare: {
    params: [EXTERNREF, EXTERNREF],
    result: I32,
    body: ([first, second], pay) => {
      const [a, b] = [unwrap(first), unwrap(second)];
      pay(Math.min(a.length, b.length));
      return a === b ? 0 : a < b ? -1 : 1;
    },
  },
};

const makeBuiltin = (params: readonly ValType[], result: ValType, body: Body): Builtin => {
  const code: RawHostCode = (words, base, caller, refs) => {
    const args = params.map((type, i) =>
      type === I32 ? words[base + 2 * i]! >>> 0 : (refs[(base >> 1) + i] ?? null),
    );
    const value = body(args, (characters) => {
      // The caller of a host function is the running call itself.
      caller.charge(bulkMemoryCost((caller as MachineState).schedule, 2 * characters));
    });
    if (result === I32) words[base] = value as number;
    else {
      while (refs.length <= base >> 1) refs.push(null);
      refs[base >> 1] = value;
    }
    return undefined;
  };
  const group = [
    { isFinal: true, supertypes: [], comp: { kind: 'func', params, results: [result] } },
  ] as const;
  const type = canonicalise(group, 1, [arrayType])[0]!;
  return { type, func: allocateHostFunc(type, code) };
};

/** Sets of builtins, by the name that options give them. */
const sets: ReadonlyMap<string, ReadonlyMap<string, Builtin>> = new Map([
  [
    'js-string',
    new Map(
      Object.entries(bodies).map(([name, { params, result, body }]) => [
        name,
        makeBuiltin(params, result, body),
      ]),
    ),
  ],
]);

/** The builtin that an import names, if its set is enabled; null otherwise. @spec find-a-builtin */
export const builtinOf = (module: string, name: string, builtins: readonly string[]): Builtin | null => {
  if (!module.startsWith('wasm:')) return null;
  const set = module.slice('wasm:'.length);
  return builtins.includes(set) ? (sets.get(set)?.get(name) ?? null) : null;
};
