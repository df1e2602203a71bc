/**
 * Types for what crosses the boundary as bytes: plug-in functions as methods with types, and host functions whose
 * types are declared once, inferred in TypeScript and checked when a plug-in is linked.
 */

import { badArgument, checkFunction, reading, readOptions } from '../../errors/arguments.ts';
import { isThenable } from '../../errors/checks.ts';
import { PluginError, UsageError } from '../../errors/errors.ts';
import { nameText, valueText } from '../../errors/texts.ts';
import { F32, F64, type FuncType, I32, I64, type ValType } from '../../syntax/types.ts';
import { declareType, type HostFunction } from '../linking/host-function.ts';
import type { CurrentPlugin } from '../state/current-plugin.ts';
import type { PluginOutput } from '../state/output.ts';
import type { CallOptions } from './calling.ts';
import type { Plugin } from './plugin.ts';

/**
 * Converts a value to bytes and back.
 *
 * ```ts
 * const date: Codec<Date> = {
 *   encode: (value) => value.toISOString(),
 *   decode: (bytes) => new Date(bytes?.text() ?? 0),
 * };
 * console.log(date.encode(new Date(0))); // → 1970-01-01T00:00:00.000Z
 * ```
 */
export interface Codec<T> {
  encode(value: T): string | Uint8Array;
  /** @param bytes null if there was no output */
  decode(bytes: PluginOutput | null): T;
}

const text: Codec<string> = { encode: (value) => value, decode: (bytes) => bytes?.text() ?? '' };
const bytes: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (output) => output?.bytes() ?? new Uint8Array(0),
};
const nothing: Codec<void> = { encode: () => '', decode: () => undefined };
const json = <T>(): Codec<T> => ({
  encode: (value) => {
    const encoded: string | undefined = JSON.stringify(value);
    if (encoded === undefined)
      throw new UsageError('usage.argument', { detail: 'the value cannot be written as JSON' });
    return encoded;
  },
  decode: (output) => (output ?? failNoOutput()).json() as T,
});

const failNoOutput = (): never => {
  throw new UsageError('usage.state', { detail: 'there is no output to read JSON from' });
};

/**
 * The provided codecs: `text`, `bytes`, `json<T>()`, and `nothing` for no input or no output.
 *
 * ```js
 * const { encode } = codecs.json();
 * console.log(encode({ a: 1 }), codecs.text.encode('plain')); // → {"a":1} plain
 * ```
 */
export const codecs: {
  readonly text: Codec<string>;
  readonly bytes: Codec<Uint8Array>;
  readonly nothing: Codec<void>;
  /** JSON of one shape. The shape is not checked: check it if you do not trust the plug-in. */
  readonly json: <T>() => Codec<T>;
} = { text, bytes, nothing, json };

/**
 * Input and output of one function of a plug-in.
 *
 * Example: see `TypedPlugin`.
 */
export interface FunctionShape<I = unknown, O = unknown> {
  readonly input: Codec<I>;
  readonly output: Codec<O>;
}
// biome-ignore lint/suspicious/noExplicitAny: a codec is used in both directions, so no other type fits all
type AnyShape = FunctionShape<any, any>;

/**
 * The functions of a plug-in as methods.
 *
 * ```ts
 * const count: FunctionShape<string, { total: number }> = { input: codecs.text, output: codecs.json() };
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * const counter: TypedPlugin<{ count: typeof count }> = await typedPlugin(plugin, { count });
 * console.log((await counter.count('Hello')).total); // → 2
 * ```
 */
export type TypedPlugin<S extends Readonly<Record<string, AnyShape>>> = {
  readonly [N in keyof S]: S[N] extends FunctionShape<infer I, infer O>
    ? (input: I, hostContext?: unknown, options?: CallOptions) => Promise<O>
    : never;
};

/**
 * Adds types to the functions of a plug-in.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * const counter = await typedPlugin(plugin, { count: { input: codecs.text, output: codecs.json() } });
 * const { total } = await counter.count('Hello');
 * console.log(total); // → 2
 * ```
 *
 * @throws PluginError if the plug-in does not export one of them
 */
export const typedPlugin = async <const S extends Readonly<Record<string, AnyShape>>>(
  plugin: Plugin,
  functions: S,
): Promise<TypedPlugin<S>> => {
  checkFunction(
    reading('the plug-in', () => plugin?.functionExists),
    'functionExists of the plug-in',
  );
  const methods = new Map<string, unknown>();
  const shapes = Object.entries(readOptions(functions, 'the functions')).map(
    ([name, shape]) => [name, readShape(name, shape)] as const,
  );
  for (const [name, { input, output }] of shapes) {
    if (!(await plugin.functionExists(name)))
      throw new PluginError('plugin.function', {
        name,
        detail: `function "${nameText(name)}" does not exist`,
      });
    methods.set(name, async (value: unknown, hostContext?: unknown, options?: CallOptions) =>
      output.decode(await plugin.call(name, input.encode(value), hostContext, options)),
    );
  }
  return Object.fromEntries(methods) as TypedPlugin<S>;
};

/** @throws UsageError for a shape without codecs */
const readShape = (name: string, shape: AnyShape): AnyShape =>
  reading(`the shape of "${nameText(name)}"`, () => {
    const { input, output } = shape;
    checkFunction(input.encode, 'encode of an input');
    checkFunction(output.decode, 'decode of an output');
    return { input, output };
  });

const numberTypes: { readonly [K in keyof NumberKinds]: ValType } = {
  i32: I32,
  i64: I64,
  f32: F32,
  f64: F64,
};
interface NumberKinds {
  readonly i32: number;
  readonly i64: bigint;
  readonly f32: number;
  readonly f64: number;
}

/**
 * Type of a parameter or result: a Wasm number type, or a codec for a block that is passed by its handle.
 *
 * ```ts
 * const params = ['i64'] as const satisfies readonly ValueKind[];
 * const result = codecs.text satisfies ValueKind;
 * const remark = typedHostFunction({ params, result }, (_, total) => `${total} so far`);
 * const plugin = await createPlugin('build/examples/counter.wasm', {
 *   functions: { 'extism:host/user': { remark } },
 * });
 * console.log((await plugin.call('count', 'Hello'))?.json().remark); // → 2 so far
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type ValueKind = keyof NumberKinds | Codec<any>;
/** The TypeScript type of a kind. */
type ValueOf<K> = K extends keyof NumberKinds ? NumberKinds[K] : K extends Codec<infer T> ? T : never;
type ValuesOf<P extends readonly ValueKind[]> = { -readonly [I in keyof P]: ValueOf<P[I]> };
// biome-ignore lint/suspicious/noConfusingVoidType: an implementation without a result may end without return
type ResultOf<R> = R extends ValueKind ? ValueOf<R> : void;

/**
 * Parameters and result of a host function.
 *
 * ```ts
 * const signature: HostSignature<readonly ['i64'], Codec<string>> = { params: ['i64'], result: codecs.text };
 * const remark = typedHostFunction(signature, (_, total) => `${total} so far`);
 * const functions = { 'extism:host/user': { remark } };
 * const plugin = await createPlugin('build/examples/counter.wasm', { functions });
 * console.log((await plugin.call('count', 'Hello'))?.json().remark); // → 2 so far
 * ```
 */
export interface HostSignature<P extends readonly ValueKind[], R extends ValueKind | null> {
  readonly params: P;
  /** Default: no result. */
  readonly result?: R;
}

/** @throws UsageError for unknown kinds */
const readSignature = <S extends HostSignature<readonly ValueKind[], ValueKind | null>>(signature: S): S =>
  reading('the signature of a host function', () => {
    const { params, result } = signature;
    if (!Array.isArray(params)) throw badArgument('params must be an array');
    for (const kind of [...params, ...(result === undefined || result === null ? [] : [result])]) {
      if (typeof kind === 'string' ? !Object.hasOwn(numberTypes, kind) : typeof kind?.decode !== 'function')
        throw badArgument(`${valueText(kind)} is not a kind of value`);
    }
    return { ...signature, params, result };
  });

const valTypeOf = (kind: ValueKind): ValType => (typeof kind === 'string' ? numberTypes[kind] : I64);

const readParam = (context: CurrentPlugin, kind: ValueKind, value: number | bigint): unknown => {
  if (typeof kind === 'string') return value;
  const block = context.read(value);
  if (block === null)
    throw new UsageError('usage.argument', { detail: `${value} is not the handle of a block` });
  return kind.decode(block);
};

/**
 * Declares a host function: the types of its implementation are inferred, and linking refuses a plug-in that imports
 * it with another type.
 *
 * ```js
 * const remark = typedHostFunction(
 *   { params: ['i64'], result: codecs.text },
 *   async (plugin, total) => `${total} so far`,
 * );
 * const plugin = await createPlugin('build/examples/counter.wasm', {
 *   functions: { 'extism:host/user': { remark } },
 * });
 * console.log((await plugin.call('count', 'Hello')).json().remark); // → 2 so far
 * ```
 */
export const typedHostFunction = <
  const P extends readonly ValueKind[],
  const R extends ValueKind | null = null,
>(
  signature: HostSignature<P, R>,
  implementation: (context: CurrentPlugin, ...args: ValuesOf<P>) => ResultOf<R> | PromiseLike<ResultOf<R>>,
): HostFunction => {
  const { params, result } = readSignature(signature);
  checkFunction(implementation, 'the implementation of a host function');
  const finish = (context: CurrentPlugin, value: unknown): unknown => {
    if (result === undefined || result === null) return undefined;
    return typeof result === 'string' ? value : context.store(result.encode(value));
  };
  const fn: HostFunction = (context: CurrentPlugin, ...args: (number | bigint)[]) => {
    const values = params.map((kind, i) => readParam(context, kind, args[i]!)) as ValuesOf<P>;
    const value: unknown = implementation(context, ...values);
    return isThenable(value) ? value.then((settled) => finish(context, settled)) : finish(context, value);
  };
  const type: FuncType = {
    kind: 'func',
    params: params.map(valTypeOf),
    results: result === undefined || result === null ? [] : [valTypeOf(result)],
  };
  declareType(fn, type);
  return fn;
};
