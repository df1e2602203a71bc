/** The loops as targets of the inliner: their names, and what the primitives of `bodies/loop.ts` access. */
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import {
  COST_AHEAD,
  ENTRY_COST,
  FRAME_WORDS,
  ZERO_END,
  ZERO_START,
} from '../../src/interpreter/code/encoding.ts';
import { EVENT_WORDS, EVENTS_END, NEXT_EVENT } from '../../src/interpreter/code/observer.ts';
import {
  COLD_OP,
  DONE,
  FIRST_TRAP,
  NEED_FUEL,
  NO_FUEL,
  type TrapCode,
  trapCodes,
  trapStatus,
} from '../../src/interpreter/loop/status.ts';
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from '../../src/interpreter/numerics/floats.ts';
import type { Pipe } from './inliner/evaluate.ts';
import { type Call, Inliner } from './inliner/inline.ts';
import { DOUBLE, INT, type Kind } from './inliner/kinds.ts';
import { type Library, readLibrary } from './inliner/library.ts';
import { constantOf, makeAssignment, neverEnds } from './inliner/nodes.ts';
import { comment, print } from './inliner/print.ts';
import type { Argument, Target } from './inliner/target.ts';
import { nameTemporaries } from './inliner/temporaries.ts';

const { factory: make } = ts;
const root = resolve(fileURLToPath(import.meta.url), '../../../..');

const folder = 'scripts/dispatch/bodies';
/** The functions that both loops consist of. */
const shared = ['loop', 'i32', 'i64', 'floats'];
/** Reads bodies, with what they share. */
export const readBodies = (...names: readonly string[]): Library =>
  readLibrary(
    root,
    [...shared, ...names].map((name) => join(folder, `${name}.ts`)),
  );

const parseSource = (text: string): ts.Expression => {
  const { statements } = ts.createSourceFile('text.ts', text, ts.ScriptTarget.ES2023, true);
  return (statements[0] as ts.ExpressionStatement).expression;
};
/** An operand from its text. */
export const parse = (text: string): ts.Expression => rebuild(parseSource(text));
/** The same expression, with nodes that belong to no file. */
const rebuild = (node: ts.Expression): ts.Expression => {
  if (ts.isIdentifier(node)) return make.createIdentifier(node.text);
  if (ts.isNumericLiteral(node)) return make.createNumericLiteral(node.text);
  if (ts.isParenthesizedExpression(node)) return rebuild(node.expression);
  if (ts.isPropertyAccessExpression(node))
    return make.createPropertyAccessExpression(rebuild(node.expression), node.name.text);
  if (ts.isElementAccessExpression(node))
    return make.createElementAccessExpression(rebuild(node.expression), rebuild(node.argumentExpression));
  if (ts.isBinaryExpression(node))
    return make.createBinaryExpression(rebuild(node.left), node.operatorToken.kind, rebuild(node.right));
  throw new Error(`no part of an operand: ${node.getText()}`);
};

// What the names of `bodies/loop.ts` access. The low and the high words of slots are separate: slots begin at even
// words.
const LOW = 'low words';
const HIGH = 'high words';
const FRAME = [LOW, HIGH];
const MEMORY = 'memory';
const divisions = ['i64_div_s', 'i64_div_u', 'i64_rem_s', 'i64_rem_u'];
const primitives = {
  lo: { reads: [LOW] },
  hi: { reads: [HIGH] },
  setLo: { writes: [LOW] },
  setHi: { writes: [HIGH] },
  f32: { reads: [LOW] },
  f64: { reads: FRAME },
  putF32: { writes: [LOW] },
  putF64: { writes: FRAME },
  big: { reads: FRAME },
  putBig: { writes: FRAME },
  signedBig: { reads: FRAME },
  putSignedBig: { writes: FRAME },
  word: { reads: FRAME },
  setWord: { writes: FRAME },
  f32Lane: { reads: FRAME },
  putF32Lane: { writes: FRAME },
  f64Lane: { reads: FRAME },
  putF64Lane: { writes: FRAME },
};
const frameArrays = ['words', 'doubles', 'floats', 'bigs', 'signedBigs', 'int8', 'uint8', 'int16', 'uint16'];

const statuses = { COLD_OP, DONE, NEED_FUEL, NO_FUEL };
const nans = { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH };
const events = { EVENT_WORDS, EVENTS_END, NEXT_EVENT };
const distances = { COST_AHEAD, ENTRY_COST, FRAME_WORDS, ZERO_END, ZERO_START };
const nameOfStatus = (status: number): string =>
  Object.entries(statuses).find(([, value]) => value === status)?.[0] ?? trapCodes[status - FIRST_TRAP]!;

/** A status has the number of the part of a fused operation above this many bits. */
export const PART_SHIFT = 6;
/** Leaves the loop. */
const stop = (status: number, part = 0): ts.Statement[] => [
  comment(
    makeAssignment(make.createIdentifier('status'), make.createNumericLiteral(status + (part << PART_SHIFT))),
    part === 0 ? nameOfStatus(status) : `${nameOfStatus(status)} in part ${part}`,
  ),
  make.createBreakStatement('out'),
];
const trapOf = (name: ts.Expression): TrapCode => constantOf(name) as TrapCode;

/** The common part of the loops. */
const common = {
  effects: {
    functions: {
      ...primitives,
      ...Object.fromEntries(divisions.map((name) => [name, { reads: FRAME, writes: FRAME }])),
    },
    arrays: {
      ...Object.fromEntries(frameArrays.map((name) => [name, FRAME])),
      code: ['code'],
      calls: ['calls'],
    },
    methods: MEMORY,
  },
  kinds: {
    doubleArrays: ['doubles', 'floats'],
    doubleFunctions: ['f32', 'f64', 'f32Lane', 'f64Lane', 'nearest'],
  },
  variables: new Set([...frameArrays, 'code', 'calls', 'globals', 'slot1', 'slot2']),
  constants: { ...statuses, ...distances, ...events, ...nans },
  primitives: new Set(Object.keys(primitives)),
  numberTypes: new Set(['Slot', 'DoubleSlot', 'Pc', 'number']),
} satisfies Partial<Target>;

// PERF: without `| 0` the indices of high words take less bytecode, of which these loops have little left.
const highWord = parseSource('(a) => words[a + 1]');
const setHighWord = parseSource('(a, value) => { words[a + 1] = value; }');

/** Names of registers as the loops declare them. */
const plain = (...names: readonly string[]): Record<string, ts.Expression> =>
  Object.fromEntries(names.map((name) => [name, make.createIdentifier(name)]));

/** Which part of a fused operation is inlined, and whether it takes or returns a result through a pipe. */
export interface PartState {
  number: number;
  isPiped: boolean;
}

/**
 * The loop of `dispatch.generated.ts`.
 *
 * @param part which part of a fused operation is inlined; each traps at its own program counter
 */
export const scalarTarget = (
  next: ts.Expression,
  isMetered: boolean,
  part: PartState = { number: 0, isPiped: false },
): Target => ({
  ...common,
  registers: {
    ...plain('pc', 'fp', 'sp', 'fuel', 'callLimit', 'stackLimit', 'instance', 'memory'),
    ...plain('places1', 'places2', 'places4', 'places8'),
    next,
    // Words are passed from one part to the next.
    get isWide() {
      return part.isPiped ? make.createFalse() : make.createIdentifier('isWide');
    },
    need: parse('state.need'),
    isArmed: parse('state.isArmed'),
  },
  statements: {
    stop: ([status]) => stop(constantOf(status!) as number),
    trap: ([code]) => stop(trapStatus(trapOf(code!)), part.number),
    resume: () => [make.createContinueStatement()],
  },
  definitions: { hi: highWord, setHi: setHighWord },
  omitted: new Set(isMetered ? [] : ['charge', 'correct', 'stopUnpaid']),
});

/** The loops of `vector.generated.ts`. They stay in one frame, so that it is a constant. */
export const vectorTarget = (next: ts.Expression): Target => ({
  ...common,
  variables: new Set([...common.variables, 'memory']),
  registers: {
    ...plain('pc', 'fp', 'fuel', 'instance', 'memory'),
    ...plain('places1', 'places2', 'places4', 'places8', 'places16'),
    isWide: make.createFalse(),
    next,
  },
  statements: {
    stop: ([status]) => stop(constantOf(status!) as number),
    trap: ([code]) => stop(trapStatus(trapOf(code!))),
    resume: () => [make.createContinueStatement()],
  },
  definitions: { hi: highWord, setHi: setHighWord },
  omitted: new Set(),
});

/** Declares at how many places of memory 0 an access of some sizes can begin: the variables `loop.places…`. */
export const declarePlaces = (...sizes: readonly number[]): string =>
  [
    '// At how many places of memory an access of a size can begin.',
    'const places1 = memorySize >>> 0;',
    ...sizes.map((size) => `const places${size} = Math.max(memorySize - ${size - 1}, 0) >>> 0;`),
  ].join('\n    ');

/** Names of temporaries: by kind, and how many of each are needed. */
export class Temporaries {
  private readonly objects: Readonly<Record<Kind, string>>;
  private readonly counts = new Map<Kind, number>();

  /** @param objects names of the variables for objects, by type */
  constructor(objects: Readonly<Record<Kind, string>>) {
    this.objects = objects;
  }

  readonly nameOf = (kind: Kind, number: number): string => {
    this.counts.set(kind, Math.max(this.counts.get(kind) ?? 0, number + 1));
    if (kind === INT) return `i${number}`;
    if (kind === DOUBLE) return `f${number}`;
    const name = this.objects[kind];
    if (name === undefined) throw new Error(`no temporary for ${kind}`);
    return number === 0 ? name : `${name}${number + 1}`;
  };

  /** Declarations of the numbers. */
  declare(): string {
    const list = (kind: Kind, initial: string): string[] => {
      const names = Array.from({ length: this.counts.get(kind) ?? 0 }, (_, i) => this.nameOf(kind, i));
      return names.length === 0 ? [] : [`let ${names.map((name) => `${name} = ${initial}`).join(', ')};`];
    };
    return [
      '// Temporaries of one operation: numbers of 32 bits, doubles, objects. PERF: V8 would not treat 0 as a double.',
      ...list(INT, '0'),
      ...list(DOUBLE, '0.5'),
      ...Object.entries(this.objects).flatMap(([type, name]) =>
        this.counts.has(type) ? [`let ${name}: ${type};`] : [],
      ),
    ].join('\n    ');
  }
}

/** The lines of a body in a loop; the jump to the next operation is omitted if control does not reach it. */
export const expandBody = (
  library: Library,
  target: Target,
  body: ts.Expression,
  makeArguments: (parameters: readonly ts.ParameterDeclaration[]) => readonly Argument[],
  temporaries: Temporaries,
  goOn: () => readonly ts.Statement[],
  imports: Set<string>,
): string => expandBodies(library, target, [{ body, makeArguments }], new Map(), temporaries, goOn, imports);

/** The same for consecutive bodies, between which results are passed through pipes. */
export const expandBodies = (
  library: Library,
  target: Target,
  calls: readonly Call[],
  pipes: ReadonlyMap<string, Pipe>,
  temporaries: Temporaries,
  goOn: () => readonly ts.Statement[],
  imports: Set<string>,
): string => {
  const inliner = new Inliner(library, target);
  const residual = inliner.applyAll(calls, pipes);
  const statements = neverEnds(residual.statements)
    ? residual.statements
    : [...residual.statements, ...goOn()];
  const types = [...residual.kinds.values()].flatMap((kind) => kind.match(/[A-Z]\w+/g) ?? []);
  for (const name of [...residual.imports, ...types]) if (library.imports.has(name)) imports.add(name);
  const named = nameTemporaries(statements, residual.kinds, temporaries.nameOf);
  const text = print(inliner.lower(named), '          ');
  const left = text.match(/\$\w+/);
  if (left !== null) throw new Error(`${left[0]} is not a place in the frames:\n${text}`);
  return text;
};

/** Statements from their text. */
export const step = (length: ts.Expression, leave: ts.Statement): readonly ts.Statement[] => [
  makeAssignment(make.createIdentifier('pc'), length),
  leave,
];

/** The properties of an object that is a constant of a library: its rows. */
export const rowsOf = (library: Library, name: string): ReadonlyMap<string, ts.Expression> => {
  const object = library.constants.get(name)!;
  const literal = ts.isSatisfiesExpression(object) ? object.expression : object;
  if (!ts.isObjectLiteralExpression(literal)) throw new Error(`${name} is not a table`);
  return new Map(
    literal.properties.map((property) => {
      if (ts.isShorthandPropertyAssignment(property)) return [property.name.text, property.name];
      if (!ts.isPropertyAssignment(property)) throw new Error(`no row: ${property.getText()}`);
      return [(property.name as ts.StringLiteral | ts.Identifier).text, property.initializer];
    }),
  );
};

/** Import statements of a generated file for names that a library imports. */
export const importsOf = (library: Library, names: ReadonlySet<string>, generated: string): string => {
  const lists = new Map<string, string[]>();
  for (const name of [...names].sort()) {
    const { file, isType } = library.imports.get(name)!;
    const path = relative(dirname(generated), file);
    const from = `'${path.startsWith('.') ? path : `./${path}`}'`;
    const key = `import ${isType ? 'type ' : ''}{ @ } from ${from};`;
    lists.set(key, [...(lists.get(key) ?? []), name]);
  }
  return [...lists].map(([statement, list]) => statement.replace('@', list.join(', '))).join('\n');
};
