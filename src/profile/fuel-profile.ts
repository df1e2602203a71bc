/** A profile: plain data, which can be written as JSON. */
import { decodeNames } from '../decoder/name-section.ts';
import { frameName } from '../errors/texts.ts';
import { demangle } from '../symbols/demangle/demangle.ts';
import { sourceLines } from '../symbols/dwarf/source-lines.ts';
import type { Module } from '../syntax/module.ts';
import { type CallTree, ROOT } from './call-tree.ts';
import { type CountedInstruction, countedInstructions, type ObservedUnit } from './places.ts';

/**
 * A function of a profile.
 *
 * Example: see `FuelProfile`.
 */
export interface ProfiledFunction {
  /** Its name, or `func[INDEX]`; for a function of the host, the name of the import. */
  readonly name: string;
  /** Name of the module; empty if it has none. */
  readonly module: string;
  /** In the function index space of that module. */
  readonly index: number;
  readonly isHost: boolean;
  readonly calls: number;
  /** Fuel that the function used itself. */
  readonly self: number;
  /** Fuel of the function and of all that it called; recursion counts once. */
  readonly total: number;
}

/**
 * A function as called by one caller; callers are distinguished by their own callers in the same way.
 *
 * Example: see `FuelProfile`.
 */
export interface ProfiledCall {
  /** Position of the caller among the calls, lower than its own; -1 if the host called. */
  readonly caller: number;
  /** Position of the function among the functions. */
  readonly function: number;
  readonly calls: number;
  readonly self: number;
}

/**
 * What a place in the code used: a line of source if the module names it, otherwise a stretch without branches.
 *
 * Example: see `FuelProfile`.
 */
export interface ProfiledPlace {
  /** Position of the function among the functions. */
  readonly function: number;
  /** Path and line, from 1; absent where the module has no debug information for it. */
  readonly file?: string;
  readonly line?: number;
  /** Offset in the module of its first instruction. */
  readonly offset: number;
  /** How often it ran. */
  readonly times: number;
  readonly fuel: number;
}

/**
 * Exactly what calls used: the sum over all functions is the total.
 *
 * ```ts
 * const profiler = fuelProfiler();
 * const plugin = await createPlugin('build/examples/greet.wasm', { compiler: profiler });
 * await plugin.call('greet', 'Ada');
 * const { fuel, functions, calls, places, unplaced }: FuelProfile = profiler.profile();
 * const sum = (list: readonly number[]): number => list.reduce((all, value) => all + value, 0);
 * console.log(sum(functions.map(({ self }: ProfiledFunction) => self)) === fuel); // → true
 * console.log(sum(calls.map(({ self }: ProfiledCall) => self)) === fuel); // → true
 * console.log(sum(places.map((place: ProfiledPlace) => place.fuel)) + unplaced === fuel); // → true
 * ```
 */
export interface FuelProfile {
  readonly version: 1;
  /** Fuel of all calls. */
  readonly fuel: number;
  /** Largest use first. */
  readonly functions: readonly ProfiledFunction[];
  readonly calls: readonly ProfiledCall[];
  /** Largest use first. */
  readonly places: readonly ProfiledPlace[];
  /**
   * Fuel that belongs to no place: fuel of functions of the host, less the unused rest of a stretch in which a call
   * failed.
   */
  readonly unplaced: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** @param units modules, in the order of the numbers of their functions */
export const makeProfile = (tree: CallTree, units: readonly ObservedUnit[]): FuelProfile => {
  const totals = tree.totals();
  const outermost = tree.outermost();
  const byNumber = new Map<number, Mutable<ProfiledFunction>>();
  // Functions that were called but not entered are included.
  for (let node = ROOT + 1; node < tree.size; node++) {
    const number = tree.functions[node]!;
    let row = byNumber.get(number);
    if (row === undefined) byNumber.set(number, (row = describe(number, units)));
    row.calls += tree.calls[node]!;
    row.self += tree.self[node]!;
    if (outermost[node] === 1) row.total += totals[node]!;
  }
  if (tree.self[ROOT]! > 0) byNumber.set(-1, { ...host, self: tree.self[ROOT]!, total: tree.self[ROOT]! });
  const numbers = [...byNumber.keys()].sort((a, b) => byNumber.get(b)!.self - byNumber.get(a)!.self || a - b);
  const positions = new Map(numbers.map((number, i) => [number, i]));
  const calls = tree.parents.slice(1).map((parent, i): ProfiledCall => {
    const node = i + 1;
    const position = positions.get(tree.functions[node]!)!;
    return { caller: parent - 1, function: position, calls: tree.calls[node]!, self: tree.self[node]! };
  });
  const fuel = totals[ROOT]!;
  const places = units.flatMap((observed) => placesOf(observed, positions)).sort((a, b) => b.fuel - a.fuel);
  return {
    version: 1,
    fuel,
    functions: numbers.map((number) => byNumber.get(number)!),
    calls,
    places,
    unplaced: fuel - places.reduce((sum, place) => sum + place.fuel, 0),
  };
};

/** Fuel of functions of the host that the embedder called. */
const host: ProfiledFunction = {
  ...{ name: '(host)', module: '', index: -1, isHost: true },
  ...{ calls: 0, self: 0, total: 0 },
};

const describe = (number: number, units: readonly ObservedUnit[]): Mutable<ProfiledFunction> => {
  const { unit, base } = units.filter((item) => item.base <= number).pop()!;
  const index = number - base;
  const { module } = unit;
  const names = decodeNames(module);
  const counts = { calls: 0, self: 0, total: 0 };
  const moduleName = frameName(names.moduleName ?? '');
  if (index < module.importedFuncCount) {
    const { module: from, name } = importOf(module, index);
    return { name: frameName(`${from}.${name}`), module: moduleName, index, isHost: true, ...counts };
  }
  const name = frameName(demangle(names.funcName(index) ?? `func[${index}]`));
  return { name, module: moduleName, index, isHost: false, ...counts };
};

const importOf = (module: Module, index: number): Module['imports'][number] =>
  module.imports.filter(({ desc }) => desc.kind === 'func')[index]!;

/** Lines, or stretches, of the functions of a module that were called. */
const placesOf = (
  { unit, base, byOffset }: ObservedUnit,
  positions: ReadonlyMap<number, number>,
): ProfiledPlace[] => {
  const all: [position: number, instruction: CountedInstruction][] = [];
  for (const [index, list] of countedInstructions(unit)) {
    const position = positions.get(base + index);
    if (position !== undefined) for (const item of list) all.push([position, item]);
  }
  const lines = sourceLines(
    unit.module,
    all.map(([, { offset }]) => offset),
  );
  const places = new Map<string, Mutable<ProfiledPlace>>();
  all.forEach(([position, { offset, start, times, fuel }], i) => {
    const source = lines[i];
    const key = source ? `${position} ${source.line} ${source.file}` : `${position} ${start}`;
    const place = places.get(key);
    const more = fuel + (byOffset.get(offset) ?? 0);
    if (place !== undefined) {
      place.fuel += more;
      return;
    }
    const { file, line } = source ?? {};
    places.set(key, {
      function: position,
      ...(file !== undefined && line !== undefined && { file, line }),
      ...{ offset, times, fuel: more },
    });
  });
  return [...places.values()].filter(({ fuel }) => fuel > 0);
};
