/**
 * Host functions on a tape. The recording has the arguments, every change that the function made to the plug-in
 * (blocks, variables, the error, the cost of reading), and what it returned or threw. In a replay the changes are
 * repeated in the same order, and no host code runs.
 */

import { isObject, isThenable } from '../../errors/checks.ts';
import { declareTypeOf, type HostFunction, unreadable } from '../linking/host-function.ts';
import type { CurrentPlugin } from '../state/current-plugin.ts';
import type { Json, Operation } from '../state/operation.ts';
import { wide } from './forms.ts';
import { failed, type Tape, throwFailure } from './tape.ts';

const odd: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '-0': -0,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** A value that crosses; a value that cannot cross is recorded as far as its error needs it. */
const writeValue = (value: unknown): Json => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint')
    return BigInt.asIntN(65, value) === value ? `${value}n` : { other: 'bigint' };
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return '-0';
    return Number.isFinite(value) ? value : String(value);
  }
  return value === undefined ? null : { other: value === null ? 'null' : typeof value };
};

const readValue = (json: Json): unknown => {
  if (typeof json === 'number' || typeof json === 'boolean') return json;
  if (typeof json === 'string') return json.endsWith('n') ? wide.read(json.slice(0, -1)) : odd[json];
  switch (json !== null && (json as { readonly other?: Json }).other) {
    case 'null':
      return null;
    case 'bigint':
      return 1n << 64n;
    case 'string':
      return '';
    case 'function':
      return () => {};
    case 'symbol':
      return Symbol();
    case 'object':
      return {};
    default:
      return undefined;
  }
};

/** Several results are any iterable; it is iterated once, so a list is passed on. */
const settled = (value: unknown): unknown =>
  isObject(value) && Symbol.iterator in value ? [...(value as Iterable<unknown>)] : value;
const writeResult = (value: unknown): Json =>
  Array.isArray(value) ? { list: value.map(writeValue) } : writeValue(value);
const readResult = (json: Json): unknown => {
  const items = isObject(json) ? (json as { readonly list?: Json }).list : undefined;
  return Array.isArray(items) ? items.map(readValue) : readValue(json);
};

interface Answer {
  /** Whether the function answered later, so that the call paused. */
  readonly later?: boolean;
  readonly did: readonly Operation[];
  readonly value?: Json;
  readonly failed?: Json;
}

/** Calls the function and records what it does. */
const record = (
  tape: Tape,
  fn: HostFunction,
  ask: Json,
  context: CurrentPlugin,
  args: readonly unknown[],
): unknown => {
  const did: Operation[] = [];
  const { call } = tape;
  context.takeDown(did);
  tape.openOperations = did;
  const end = (answer: Json, isLater: boolean): PromiseLike<void> | undefined => {
    // The end of a call that was stopped in the meantime is already on the tape.
    if (tape.call !== call) return undefined;
    context.takeDown(null);
    tape.openOperations = null;
    const later = isLater && tape.isTimed ? { later: true } : {};
    return tape.write('host', ask, { ...later, did, ...(answer as object) });
  };
  const fail = (error: unknown, isLater: boolean): PromiseLike<never> => {
    const kept = end(failed(error), isLater);
    const refuse = (): never => {
      throw error;
    };
    return kept === undefined ? refuse() : kept.then(refuse);
  };
  const finish = (value: unknown, isLater: boolean): unknown => {
    let result: unknown;
    let written: Json;
    try {
      result = settled(value);
      written = writeResult(result);
    } catch (cause) {
      return fail(unreadable(cause), isLater);
    }
    const kept = end({ value: written }, isLater);
    return kept === undefined ? result : kept.then(() => result);
  };
  let result: unknown;
  try {
    result = fn(context, ...args);
  } catch (error) {
    return fail(error, false);
  }
  let isLater = false;
  try {
    isLater = isThenable(result);
  } catch (cause) {
    return fail(unreadable(cause), false);
  }
  if (!isLater) return finish(result, false);
  return Promise.resolve(result).then(
    (value) => finish(value, true),
    (error: unknown) => fail(error, true),
  );
};

const isOperation = (json: Json): boolean => Array.isArray(json) && typeof json[0] === 'string';

/** Repeats what the function did, and answers as it did. */
const replay = (tape: Tape, ask: Json, context: CurrentPlugin): unknown => {
  const answer = tape.expect('host', ask).answer as unknown as Partial<Answer> | null | undefined;
  if (!Array.isArray(answer?.did)) throw tape.damaged();
  const { did, later, value = null } = answer as Answer;
  const perform = (): unknown => {
    for (const operation of did) {
      if (!isOperation(operation)) throw tape.damaged();
      try {
        if (!tape.redo(operation)) context.redo(operation);
      } catch {
        // The function's reaction to it is in its answer.
      }
      // SAFETY: a short line of a recording can request a lot of work; the recorded call has paid for all of it.
      if (context.charged > tape.mostFuel) throw tape.diverge({ event: 'host', ask: 'more work' });
    }
    throwFailure(answer as Json);
    try {
      return readResult(value);
    } catch {
      throw tape.damaged();
    }
  };
  return later ? Promise.resolve().then(perform) : perform();
};

const taped =
  (tape: Tape, fn: HostFunction | null, names: readonly [module: string, name: string]): HostFunction =>
  (context, ...args) => {
    const ask = [...names, args.map(writeValue)];
    return tape.isReplay ? replay(tape, ask, context) : record(tape, fn!, ask, context, args);
  };

/** Host functions by namespace and name. */
export type FunctionTable = ReadonlyMap<string, ReadonlyMap<string, HostFunction>>;

/** Puts host functions on a tape. */
export const tapedFunctions = (tape: Tape, functions: FunctionTable): FunctionTable =>
  new Map(
    Array.from(functions, ([module, members]) => [
      module,
      new Map(
        Array.from(members, ([name, fn]) => {
          const on = taped(tape, fn, [module, name]);
          declareTypeOf(on, fn);
          return [name, on];
        }),
      ),
    ]),
  );

/** Replaces host functions in a replay. */
export const replayedFunctions = (
  tape: Tape,
  names: readonly (readonly [module: string, names: readonly string[]])[],
): FunctionTable =>
  new Map(
    names.map(([module, members]) => [
      module,
      new Map(members.map((name) => [name, taped(tape, null, [module, name])])),
    ]),
  );
