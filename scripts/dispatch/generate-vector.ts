/**
 * Writes `src/interpreter/loop/vector.generated.ts`: the second-level loops for vector operations, from the bodies of
 * `bodies/vector.ts`. Each runs until it reaches an operation that it does not have. Both have the other operations
 * of inner loops of vector code (addresses, comparisons, branches), so that such a loop never leaves them.
 */
import ts from 'typescript';
import { OPCODE_BITS, OPCODE_MASK } from '../../src/interpreter/code/encoding.ts';
import { type Op, type OpName, opOf } from '../../src/interpreter/code/isa.ts';
import {
  firstSeldom,
  firstWide,
  ownNames,
  type VectorOperation,
  vectorNames,
} from '../../src/interpreter/code/vector-isa.ts';
import { scalarsOfVectors, scalarsOfWide } from '../../src/interpreter/code/vector-scalars.ts';
import { CONTINUE } from '../../src/interpreter/loop/status.ts';
import { readPacked, operandsOf as scalarOperandsOf } from './generate-dispatch.ts';
import type { Argument } from './inliner/target.ts';
import {
  declarePlaces,
  expandBody,
  importsOf,
  parse,
  readBodies,
  rowsOf,
  step,
  Temporaries,
  vectorTarget,
} from './loops.ts';

/** The loop has the first three words as vectors. */
const loaded = ['d', 'a', 'b'];

/** The words of an operation, by the types of its body's parameters. */
const operandsOf = (parameters: readonly ts.ParameterDeclaration[]): Argument[] =>
  parameters.map(({ type }, i) => {
    const word = `code[pc + ${i + 1} | 0]`;
    if (type?.getText() !== 'Slot') return { node: parse(word) };
    const name = loaded[i];
    return name === undefined ? { node: parse(`fp + ${word} | 0`) } : { node: parse(name), isOwned: true };
  });

/** Operations of the first loop that the second also has. */
const shared: ReadonlySet<VectorOperation> = new Set<VectorOperation>([
  ...ownNames,
  'v128.load',
  'v128.load32_splat',
  'v128.load64_splat',
  'v128.load32_zero',
  'v128.load64_zero',
  'v128.store',
  'v128.not',
  'v128.and',
  'v128.andnot',
  'v128.or',
  'v128.xor',
  'v128.bitselect',
  'v128.any_true',
  'i32x4.splat',
  'i32x4.extract_lane',
  'i32x4.replace_lane',
  'i32x4.eq',
  'i32x4.ne',
  'i32x4.lt_s',
  'i32x4.le_s',
  'i32x4.min_s',
  'i32x4.max_s',
  'i32x4.neg',
  'i32x4.abs',
  'i32x4.bitmask',
  'i32x4.all_true',
  'i32x4.add',
  'i32x4.sub',
  'i32x4.mul',
  'i32x4.shl',
  'i32x4.shr_s',
  'i32x4.shr_u',
]);

/** Views of the stacks that not every loop needs. */
const laneViews = {
  doubles: 'doubleArray',
  floats: 'floatArray',
  int8: 'int8Array',
  uint8: 'uint8Array',
  int16: 'int16Array',
  uint16: 'uint16Array',
};

const library = readBodies(
  ...['memory', 'control', 'forms', 'scalar'],
  ...['vector-forms', 'packed', 'widening', 'lanes', 'vector-memory', 'vector'],
);
const bodies = rowsOf(library, 'vectorBodies');
const farBodies = rowsOf(library, 'farBodies');
const scalarBodies = rowsOf(library, 'scalarBodies');

/** The cases of the vector operations that a predicate selects. */
const vectorCases = (
  bodies: ReadonlyMap<string, ts.Expression>,
  has: (name: VectorOperation, number: number) => boolean,
  leave: () => ts.Statement,
  temporaries: Temporaries,
  imports: Set<string>,
): readonly string[] =>
  vectorNames.flatMap((op, number) => {
    if (!has(op, number)) return [];
    const body = bodies.get(op)!;
    let length = 0;
    const makeArguments = (parameters: readonly ts.ParameterDeclaration[]): Argument[] => {
      length = parameters.length + 1;
      return operandsOf(parameters);
    };
    const goOn = (): readonly ts.Statement[] => step(parse(`pc + ${length} | 0`), leave());
    const target = vectorTarget(ts.factory.createIdentifier('next'));
    const text = expandBody(library, target, body, makeArguments, temporaries, goOn, imports);
    return [`        case ${number}: {\n          // ${op}\n${text}\n        }`];
  });

/** The cases of the operations of the main loop that vector loops also have. */
const scalarCases = (
  names: ReadonlySet<OpName>,
  temporaries: Temporaries,
  imports: Set<string>,
): readonly string[] =>
  (Object.entries(opOf) as [OpName, Op][])
    .filter(([name]) => names.has(name))
    .map(([name, op]) => {
      const next = parse(`pc + ${op.length} | 0`);
      const text = expandBody(
        library,
        vectorTarget(next),
        scalarBodies.get(name)!,
        (parameters) =>
          scalarOperandsOf(op)
            .flat()
            .slice(0, parameters.length)
            .map((node) => ({ node })),
        temporaries,
        () => step(next, ts.factory.createContinueStatement()),
        imports,
      );
      return `        case ${op.code}: {\n          // ${name}\n${text}\n        }`;
    });

const makeTemporaries = (): Temporaries =>
  new Temporaries({ MemoryInstance: 'farMemory', DataView: 'view', Int32Array: 'globalWords' });

/** The variables of a function over vector operations, by the text of its cases. */
const variables = (cases: string): string => {
  const views = Object.entries(laneViews)
    .filter(([view]) => new RegExp(`\\b${view}\\[`).test(cases))
    .map(([view, array]) => `\n    const ${view} = ${array};`);
  return `// PERF: local names save each access a context lookup, and half of its bytecode.
    const code = codeArray;
    // The frames: as 32-bit words, and in other units.
    const words = wordArray;${views.join('')}
    // The frame, as an index of words.
    const fp = state.fp | 0;
    const instance = state.instance;
    // The operation that runs, and its first word.
    let pc = state.pc | 0;
    let op = 0;
    // The status to leave with.
    let status = ${CONTINUE};
    // The first three operands of a vector operation, if they are vectors: the destination and two sources, as indices of
    // words.
    let d = 0;
    let a = 0;
    let b = 0;`;
};
const load = `d = fp + code[pc + 1 | 0] | 0;
        a = fp + code[pc + 2 | 0] | 0;
        b = fp + code[pc + 3 | 0] | 0;`;

/** A loop over the vector operations that a predicate selects. */
const loop = (
  name: string,
  has: (name: VectorOperation, number: number) => boolean,
  scalarNames: ReadonlySet<OpName>,
  imports: Set<string>,
): string => {
  const temporaries = makeTemporaries();
  const goOn = (): ts.Statement => ts.factory.createContinueStatement();
  const vectors = vectorCases(bodies, has, goOn, temporaries, imports).join('\n');
  const scalars = scalarCases(scalarNames, temporaries, imports).join('\n');
  return `  const ${name} = (state: MachineState): number => {
    ${variables(vectors + scalars)}
    // Fuel in hand beyond what remains of the current stretch.
    let fuel = state.fuel | 0;
    // Memory 0 of the instance, and its own globals.
    const memory = instance.memory0.view;
    const memorySize = instance.memory0.byteLength | 0;
    ${declarePlaces(2, 4, 8, 16)}
    const globals = instance.globalWords;
    // The packed slots of a scalar operation.
    let slot1 = 0;
    let slot2 = 0;
    ${temporaries.declare()}
    out: for (;;) {
      op = code[pc];
      if ((op & ${OPCODE_MASK}) === ${opOf.vector.code}) {
        ${load}
        switch (op >>> ${OPCODE_BITS}) {
${vectors}
          default:
            break out;
        }
      }
      ${readPacked}
      switch (op & ${OPCODE_MASK}) {
${scalars}
        default:
          break out;
      }
    }
    state.pc = pc;
    state.fuel = fuel;
    return status;
  };`;
};

/** A function that executes one operation: a rare one, or an access to any memory. */
const single = (imports: Set<string>): string => {
  const temporaries = makeTemporaries();
  const leave = (): ts.Statement => ts.factory.createBreakStatement('out');
  const all = new Map([...bodies, ...farBodies]);
  const has = (name: VectorOperation, number: number): boolean =>
    farBodies.has(name) || number >= firstSeldom;
  const cases = vectorCases(all, has, leave, temporaries, imports).join('\n');
  return `  const oneVector = (state: MachineState): number => {
    ${variables(cases)}
    ${temporaries.declare()}
    out: {
        op = code[pc];
        ${load}
        switch (op >>> ${OPCODE_BITS}) {
${cases}
        }
    }
    state.pc = pc;
    return status;
  };`;
};

const isInWide = (name: VectorOperation, number: number): boolean =>
  (number >= firstWide && number < firstSeldom) || shared.has(name);

/** The text of the generated file. */
export const generateVector = (): string => {
  const imports = new Set<string>();
  const loops = [
    loop('vectors', (_, number) => number < firstWide, scalarsOfVectors, imports),
    loop('wideVectors', isInWide, scalarsOfWide, imports),
    single(imports),
  ];
  return `/**
 * GENERATED by scripts/dispatch/generate-vector.ts from vector-isa.ts and scripts/dispatch/bodies; do not edit.
 * \`npm run gen\` writes it.
 */
${importsOf(library, imports, 'src/interpreter/loop/vector.generated.ts')}
import type { MachineState } from './machine-state.ts';

/**
 * Runs vector operations, and others of the loop, from the machine's position to the first operation that the loop
 * does not have (\`CONTINUE\`), or until another status stops it.
 */
export type RunVectors = (state: MachineState) => number;

export interface VectorLoops {
  readonly vectors: RunVectors;
  /** For operations of 64 bits and floats. */
  readonly wideVectors: RunVectors;
  /** One rare operation, or an access to any memory. */
  readonly oneVector: RunVectors;
}

export const createVectors = (
  codeArray: Int32Array,
  wordArray: Int32Array,
  doubleArray: Float64Array,
  floatArray: Float32Array,
): VectorLoops => {
  const { buffer } = wordArray;
  const int8Array = new Int8Array(buffer);
  const uint8Array = new Uint8Array(buffer);
  const int16Array = new Int16Array(buffer);
  const uint16Array = new Uint16Array(buffer);
${loops.join('\n')}
  return { vectors, wideVectors, oneVector };
};
`;
};
