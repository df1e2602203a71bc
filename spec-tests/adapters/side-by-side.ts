/**
 * Two engines as one: every step runs on both, and a difference in results, traps, fuel or memory is a failure.
 */
import {
  type Awaitable,
  type Engine,
  EngineFailure,
  type EngineInstance,
  HostReference,
  type Invocation,
  type RawValue,
} from '../../src/scripts/engine.ts';

/** The two sides of a module, instance or reference. */
class Pair {
  readonly left: object;
  readonly right: object;
  constructor(left: object, right: object) {
    this.left = left;
    this.right = right;
  }
}

type Side<T> =
  | { readonly value: T; readonly failure: null }
  | { readonly value: null; readonly failure: EngineFailure };

const attempt = async <T>(step: () => Awaitable<T>): Promise<Side<T>> => {
  try {
    return { value: await step(), failure: null };
  } catch (error) {
    if (error instanceof EngineFailure) return { value: null, failure: error };
    throw error;
  }
};

const differ = (what: string, left: unknown, right: unknown): EngineFailure =>
  new EngineFailure('crash', `the engines differ in ${what}: ${String(left)} against ${String(right)}`);

/** The result of both sides, or the failure of both; throws if they differ. */
const both = async <T>(left: () => Awaitable<T>, right: () => Awaitable<T>): Promise<readonly [T, T]> => {
  // Both begin before either is awaited: calls of threads end turn by turn.
  const [l, r] = await Promise.all([attempt(left), attempt(right)]);
  if (l.failure === null && r.failure === null) return [l.value, r.value];
  const [lText, rText] = [l, r].map(({ failure }) =>
    failure === null ? 'success' : `${failure.kind} "${failure.message}"`,
  );
  if (l.failure === null || r.failure === null || l.failure.kind !== r.failure.kind)
    throw differ('outcome', lText, rText);
  if (l.failure.kind === 'trap' && lText !== rText) throw differ('trap', lText, rText);
  if (l.failure.trace !== r.failure.trace)
    throw differ(`pauses of ${lText}`, l.failure.trace, r.failure.trace);
  // Start functions report no fuel on the reference's side.
  const isMetered = l.failure.fuel !== null && r.failure.fuel !== null;
  if (isMetered && l.failure.fuel !== r.failure.fuel)
    throw differ(`fuel of ${lText}`, l.failure.fuel, r.failure.fuel);
  throw l.failure;
};

const isSame = (left: RawValue, right: RawValue): boolean =>
  typeof left === 'bigint' || left === null || left instanceof HostReference
    ? left === right
    : typeof right === 'object' && right !== null;

const pairValues = (left: readonly RawValue[], right: readonly RawValue[]): RawValue[] => {
  if (left.length !== right.length) throw differ('number of results', left.length, right.length);
  return left.map((value, i) => {
    const other = right[i]!;
    if (!isSame(value, other)) throw differ(`result ${i}`, value, other);
    return typeof value === 'object' && value !== null && !(value instanceof HostReference)
      ? new Pair(value, other as object)
      : value;
  });
};

const sideOf = (values: readonly RawValue[], side: 'left' | 'right'): RawValue[] =>
  values.map((value) => (value instanceof Pair ? value[side] : value));

const sidesOf = (
  registered: ReadonlyMap<string, EngineInstance>,
  side: 'left' | 'right',
): ReadonlyMap<string, EngineInstance> =>
  new Map([...registered].map(([name, instance]) => [name, (instance as Pair)[side]]));

/** @param right the oracle */
export const sideBySide = (left: Engine, right: Engine): Engine => {
  const compareMemories = ({ left: l, right: r }: Pair): void => {
    const lMemories = left.memories?.(l) ?? [];
    const rMemories = right.memories?.(r) ?? [];
    for (const [i, memory] of lMemories.entries()) {
      const other = rMemories[i] ?? new Uint8Array(0);
      if (Buffer.compare(memory, other) !== 0) throw differ(`memory ${i}`, memory.length, other.length);
    }
  };
  const invoke = async (pair: Pair, name: string, args: readonly RawValue[]): Promise<Invocation> => {
    const [l, r] = await both(
      () => left.invoke(pair.left, name, sideOf(args, 'left')),
      () => right.invoke(pair.right, name, sideOf(args, 'right')),
    );
    if (l.fuel !== r.fuel) throw differ('fuel', l.fuel, r.fuel);
    if (l.trace !== r.trace) throw differ('pauses', l.trace, r.trace);
    return { values: pairValues(l.values, r.values), fuel: l.fuel, trace: l.trace };
  };

  const { forThread: forThreadLeft, turn: turnLeft } = left;
  const { forThread: forThreadRight, turn: turnRight } = right;
  const threads =
    forThreadLeft && forThreadRight && turnLeft && turnRight
      ? {
          forThread: () => sideBySide(forThreadLeft(), forThreadRight()),
          turn: () => {
            const [l, r] = [turnLeft(), turnRight()];
            if (l !== r) throw differ('whether threads have ended', !l, !r);
            return l;
          },
        }
      : {};

  return {
    ...threads,
    name: `${left.name} beside ${right.name}`,
    traits: left.traits,
    startScript: async (features) =>
      new Pair(await left.startScript(features), await right.startScript(features)),
    async compile(bytes) {
      const [l, r] = await both(
        () => left.compile(bytes),
        () => right.compile(bytes),
      );
      return new Pair(l, r);
    },
    // The reference executes; it reads no custom sections.
    checkCustoms: (module) => left.checkCustoms?.((module as Pair).left),
    importedModules: (module) => left.importedModules((module as Pair).left),
    async instantiate(module, registered) {
      const [l, r] = await both(
        () => left.instantiate((module as Pair).left, sidesOf(registered, 'left')),
        () => right.instantiate((module as Pair).right, sidesOf(registered, 'right')),
      );
      const pair = new Pair(l, r);
      compareMemories(pair);
      return pair;
    },
    async invoke(instance, name, args) {
      try {
        return await invoke(instance as Pair, name, args);
      } finally {
        compareMemories(instance as Pair);
      }
    },
    async get(instance, name) {
      const [l, r] = await both(
        () => left.get((instance as Pair).left, name),
        () => right.get((instance as Pair).right, name),
      );
      return pairValues([l], [r])[0] ?? null;
    },
    kindOf(reference) {
      if (!(reference instanceof Pair)) return null;
      const [l, r] = [left.kindOf(reference.left), right.kindOf(reference.right)];
      if (l !== r) throw differ('the kind of a reference', l, r);
      return l;
    },
    async close() {
      await left.close?.();
      await right.close?.();
    },
  };
};
