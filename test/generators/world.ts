/**
 * A generated program: one or two modules that are linked to each other and to the host functions, and the
 * functions to call, in order. Entry functions take nothing and give integers only, so that any engine can be
 * asked without a number passing through JavaScript.
 */
import {
  assemble,
  encodeAll,
  type FuncSource,
  type Instruction,
  limits,
  list,
  u32,
  valType,
} from '../assembler.ts';
import { BodyWriter } from './body.ts';
import {
  type Plan,
  type PlannedGlobal,
  type Profile,
  type Signature,
  typeIndex,
  type Value,
  valuesOf,
} from './plan.ts';
import { Random } from './random.ts';

export interface Entry {
  /** Position of the module. */
  readonly module: number;
  /** Name of the exported function: of type `[] -> integers`. */
  readonly name: string;
}

/** What executors run. */
export interface Program {
  /** In order of instantiation; each exports everything, the second imports from the first as `m0`. */
  readonly modules: readonly Uint8Array[];
  readonly entries: readonly Entry[];
}

export interface World extends Program {
  readonly seed: number;
  readonly profile: Profile;
}

export interface HostSignature extends Signature {
  readonly name: string;
}

/** What the executors provide as `env`. */
export const hostSignatures: readonly HostSignature[] = [
  { name: 'mix', params: ['i32', 'i64'], results: ['i32'] },
  { name: 'log', params: ['i32'], results: [] },
  { name: 'pair', params: [], results: ['i64', 'i32'] },
];

const BUDGET = 12;
const TABLE_MIN = 30;

/** Signatures that functions of a module may have. */
const randomSignature = (random: Random, values: readonly Value[]): Signature => {
  const some = (most: number): Value[] =>
    Array.from({ length: random.below(most + 1) }, () => random.pick(values));
  return { params: some(4), results: random.chance(50) ? [random.pick(values)] : some(3) };
};

const randomProfile = (random: Random): Profile => ({
  floats: random.pick(['none', 'plain', 'canonical', 'canonical'] as const),
  hasVectors: random.chance(25),
  hasReferences: random.chance(50),
  hasManyMemories: random.chance(20),
  hasWideFrames: random.chance(20),
});

interface Source {
  readonly plan: Plan;
  readonly bytes: Uint8Array;
  readonly entries: readonly string[];
}

const planModule = (random: Random, profile: Profile, imported: Plan | null): Plan => {
  const values = valuesOf(profile);
  const reachable = imported === null ? [] : imported.funcs.slice(imported.importedFuncCount);
  const own = Array.from({ length: 2 + random.below(4) }, () => randomSignature(random, values));
  const budget: PlannedGlobal = { type: 'i32', isMutable: true };
  const sharedGlobals = imported === null ? [] : imported.globals;
  const ownGlobals = Array.from({ length: random.below(4) }, () => ({
    type: random.pick(values),
    isMutable: random.chance(75),
  }));
  const memories = imported?.memories ?? [
    { min: 1 + random.below(2), max: 4 },
    ...(profile.hasManyMemories ? [{ min: 1, max: 3, is64: random.chance(60) }] : []),
  ];
  return {
    profile,
    types: [],
    funcs: [...hostSignatures, ...reachable, ...own],
    importedFuncCount: hostSignatures.length + reachable.length,
    globals: imported === null ? [budget, ...ownGlobals] : [...sharedGlobals, ...ownGlobals],
    importedGlobalCount: sharedGlobals.length,
    memories,
    tables: imported?.tables ?? [
      { min: TABLE_MIN, max: TABLE_MIN + 9, element: 'funcref' },
      ...(profile.hasReferences ? [{ min: 6, max: 12, element: 'externref' } as const] : []),
    ],
    data: [3, 10],
    elements: [1, 3],
    tableBase: imported === null ? 0 : 12,
    budget: 0,
  };
};

const zeroOf = (random: Random, type: Value): Instruction => {
  switch (type) {
    case 'i32':
      return ['i32.const', random.i32()];
    case 'i64':
      return ['i64.const', random.i64()];
    case 'f32':
      return ['f32.const', random.f32()];
    case 'f64':
      return ['f64.const', random.f64()];
    case 'v128':
      return ['v128.const', Array.from({ length: 16 }, () => random.below(256))];
    default:
      return ['ref.null', type === 'funcref' ? 'func' : 'extern'];
  }
};

/** Code that turns the value in a local into integers, and their types. */
const asIntegers = (type: Value, get: Instruction): readonly (readonly [Instruction[], Value])[] => {
  switch (type) {
    case 'f32':
      return [[[get, 'i32.reinterpret_f32'], 'i32']];
    case 'f64':
      return [[[get, 'i64.reinterpret_f64'], 'i64']];
    case 'v128':
      return [
        [[get, ['i64x2.extract_lane', 0]], 'i64'],
        [[get, ['i64x2.extract_lane', 1]], 'i64'],
      ];
    case 'funcref':
    case 'externref':
      return [[[get, 'ref.is_null'], 'i32']];
    default:
      return [[[get], type]];
  }
};

/** An entry that calls a function with constants. */
const entryFor = (random: Random, plan: Plan, index: number): FuncSource => {
  const { params, results } = plan.funcs[index]!;
  const code: Instruction[] = [
    ['i32.const', BUDGET],
    ['global.set', plan.budget],
    ...params.map((type) => zeroOf(random, type)),
    ['call', index],
  ];
  for (let i = results.length; i > 0; i--) code.push(['local.set', i - 1]);
  const integers = results.flatMap((type, i) => asIntegers(type, ['local.get', i]));
  code.push(...integers.flatMap(([read]) => read));
  return {
    type: typeIndex(plan, { params: [], results: integers.map(([, type]) => type) }),
    locals: results.map((type) => [1, type] as const),
    code,
  };
};

/** The entry that reads all globals. */
const stateEntry = (plan: Plan): FuncSource => {
  const integers = plan.globals.flatMap(({ type }, i) => asIntegers(type, ['global.get', i]));
  return {
    type: typeIndex(plan, { params: [], results: integers.map(([, type]) => type) }),
    code: integers.flatMap(([read]) => read),
  };
};

const importsOf = (plan: Plan, imported: Plan | null): (readonly [string, string, readonly number[]])[] => {
  const func = (signature: Signature): number[] => [0, ...u32(typeIndex(plan, signature))];
  const imports: (readonly [string, string, readonly number[]])[] = hostSignatures.map((host) => [
    'env',
    host.name,
    func(host),
  ]);
  if (imported === null) return imports;
  imported.funcs.forEach((signature, i) => {
    if (i >= imported.importedFuncCount) imports.push(['m0', `f${i}`, func(signature)]);
  });
  imported.tables.forEach((table, i) => {
    imports.push(['m0', `t${i}`, [1, ...valType(table.element), ...limits(table)]]);
  });
  imported.memories.forEach((memory, i) => {
    imports.push(['m0', `memory${i}`, [2, ...limits(memory)]]);
  });
  imported.globals.forEach(({ type, isMutable }, i) => {
    imports.push(['m0', `g${i}`, [3, ...valType(type as never), isMutable ? 1 : 0]]);
  });
  return imports;
};

const elementSegments = (random: Random, plan: Plan): number[][] => {
  const funcs = (count: number): number[] =>
    list(Array.from({ length: count }, () => u32(random.below(plan.funcs.length))));
  const passive = plan.elements.map((count) => [1, 0, ...funcs(count)]);
  const all = list(plan.funcs.map((_, i) => u32(i)));
  return [...passive, [0, ...encodeAll([['i32.const', plan.tableBase], 'end']), ...all]];
};

const dataSegments = (random: Random, plan: Plan): number[][] => {
  const bytes = (count: number): number[] => [
    ...u32(count),
    ...Array.from({ length: count }, () => random.below(256)),
  ];
  const passive = plan.data.map((count) => [1, ...bytes(count)]);
  return [...passive, [0, ...encodeAll([['i32.const', random.below(100)], 'end']), ...bytes(64)]];
};

/** Runs of equal types become one declaration. */
const localRuns = (types: readonly Value[]): [number, Value][] => {
  const runs: [number, Value][] = [];
  for (const type of types) {
    const last = runs[runs.length - 1];
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  return runs;
};

const makeModule = (random: Random, profile: Profile, imported: Plan | null): Source => {
  const plan = planModule(random, profile, imported);
  const values = valuesOf(profile);
  const imports = importsOf(plan, imported);
  const own = plan.funcs.slice(plan.importedFuncCount);
  const funcs = own.map((signature): FuncSource => {
    const writer = new BodyWriter(random, plan, signature, values, 30 + random.below(130));
    const code = writer.write();
    const locals = localRuns(writer.locals.slice(signature.params.length).map((local) => local.type));
    return { type: typeIndex(plan, signature), locals, code };
  });
  const calls = own.flatMap((_, i) =>
    Array.from({ length: 2 }, () => entryFor(random, plan, plan.importedFuncCount + i)),
  );
  const entries = [...calls.map((_, i) => `run${i}`), 'state'];
  const allFuncs = [...funcs, ...calls, stateEntry(plan)];
  const firstEntry = plan.funcs.length;
  const ownGlobals = plan.globals.slice(plan.importedGlobalCount);
  const bytes = assemble({
    types: plan.types,
    imports,
    funcs: allFuncs,
    ...(imported === null ? { tables: plan.tables, memories: plan.memories } : {}),
    globals: ownGlobals.map(({ type, isMutable }) => ({ type, isMutable, init: [zeroOf(random, type)] })),
    exports: [
      ...own.map((_, i) => [`f${plan.importedFuncCount + i}`, 'func', plan.importedFuncCount + i] as const),
      ...entries.map((name, i) => [name, 'func', firstEntry + i] as const),
      ...plan.tables.map((_, i) => [`t${i}`, 'table', i] as const),
      ...plan.memories.map((_, i) => [`memory${i}`, 'memory', i] as const),
      ...plan.globals.map((_, i) => [`g${i}`, 'global', i] as const),
    ],
    elements: elementSegments(random, plan),
    dataCount: plan.data.length + 1,
    data: dataSegments(random, plan),
  });
  return { plan, bytes, entries };
};

/** The program of a seed. */
export const generateWorld = (seed: number): World => {
  const random = new Random(seed);
  const profile = randomProfile(random);
  const first = makeModule(random, profile, null);
  const sources = random.chance(40) ? [first, makeModule(random, profile, first.plan)] : [first];
  const entries = sources.flatMap(({ entries: names }, module) =>
    names.flatMap((name) =>
      name === 'state'
        ? [{ module, name }]
        : [
            { module, name },
            { module, name: 'state' },
          ],
    ),
  );
  return { seed, profile, modules: sources.map(({ bytes }) => bytes), entries };
};
