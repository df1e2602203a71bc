/**
 * Writes `src/interpreter/loop/dispatch.generated.ts`: the loop, from the table in `isa.ts` and the bodies of
 * `bodies/scalar.ts`. Labels are numeric literals, since only those compile to a jump table.
 */
import ts from 'typescript';
import { MAX_PACKED_SLOT, OPCODE_BITS, OPCODE_MASK, SLOT_BITS } from '../../src/interpreter/code/encoding.ts';
import { LINKED } from '../../src/interpreter/code/fusing.ts';
import { firstColdOp, type Op, opOf, ops } from '../../src/interpreter/code/isa.ts';
import { FIRST_EVENT, NEXT_EVENT } from '../../src/interpreter/code/observer.ts';
import { COLD_OP } from '../../src/interpreter/loop/status.ts';
import type { Pipe } from './inliner/evaluate.ts';
import type { Call } from './inliner/inline.ts';
import {
  declarePlaces,
  expandBodies,
  importsOf,
  PART_SHIFT,
  type PartState,
  parse,
  readBodies,
  rowsOf,
  scalarTarget,
  step,
  Temporaries,
} from './loops.ts';

const { factory: make } = ts;

/** The expression of a packed slot: a place in the frames, for any operation. */
const packedPlace = (bits: number): string => `fp + (op >>> ${bits - 1} & ${2 * MAX_PACKED_SLOT}) | 0`;
/** The variables for the packed slots of the operation. */
const packedNames = ['slot1', 'slot2'] as const;
/** Statements that read the packed slots. */
export const readPacked = `slot1 = ${packedPlace(OPCODE_BITS)};
      slot2 = ${packedPlace(OPCODE_BITS + SLOT_BITS)};`;

/** The expressions that read the operands of an operation: packed slots or words; a branch has two. */
export const operandsOf = ({ operands, packed }: Op): ts.Expression[][] => {
  let offset = 1;
  // PERF: V8 computes an index with 32 bits anyway; `| 0` would take a tenth of the bytecode.
  const word = (): string => `code[pc + ${offset++}]`;
  return operands.map(({ role, holds }, n) => {
    if (role === 'branch') return [parse(word()), parse(word())];
    if (holds === undefined) return [parse(word())];
    const place = n < packed ? packedNames[n]! : `(fp + ${word()} | 0)`;
    return [parse(holds === 'f64' ? `${place} >> 1` : place)];
  });
};

interface Bodies {
  readonly plain: ReadonlyMap<string, ts.Expression>;
  /** For results that are passed as doubles from one part to the next, and are words in their slots. */
  readonly double: ReadonlyMap<string, ts.Expression>;
}

/** The bodies of an operation with their operands, and the pipes between them. */
const callsOf = (row: Op, bodies: Bodies, part: PartState): { calls: Call[]; pipes: Map<string, Pipe> } => {
  const operands = operandsOf(row);
  const pipes = new Map<string, Pipe>();
  const { parts } = row;
  /** Whether a part takes a double. */
  const takesDouble = (n: number): boolean => {
    const { name, takes } = parts[n] ?? { name: 'mov32', takes: -1 };
    if (takes < 0) return false;
    const { name: before } = parts[n - 1]!;
    return opOf[name].layout[takes] === 'S' || opOf[before].layout[0] === 'D';
  };
  const calls = parts.map(({ name, from, takes, gives }, n): Call => {
    const { layout } = opOf[name];
    const isDouble =
      (layout[0] === 'd' && gives !== 'no' && takesDouble(n + 1)) ||
      (layout[takes] === 's' && takesDouble(n));
    if (gives !== 'no') pipes.set(`$pipe${n}`, gives === 'alone' ? {} : { place: operands[from[0]!]![0]! });
    const args = from.flatMap((to, i) => {
      if (i === 0 && gives !== 'no') return [make.createIdentifier(`$pipe${n}`)];
      if (i === takes) return [make.createIdentifier(`$pipe${n - 1}`)];
      if (to === LINKED) throw new Error(`no link: ${row.name}`);
      return operands[to]!;
    });
    return {
      body:
        (isDouble ? bodies.double : bodies.plain).get(name) ??
        fail(`${row.name}: no body of ${name} for doubles`),
      makeArguments: (parameters) => args.slice(0, parameters.length).map((node) => ({ node })),
      begin: () => {
        part.number = n;
        part.isPiped = takes >= 0 || gives !== 'no';
      },
    };
  });
  return { calls, pipes };
};
const fail = (message: string): never => {
  throw new Error(message);
};

/**
 * The text of the generated file.
 *
 * @param isMetered false omits everything about fuel; only benchmarks use that, to measure its cost
 */
export const generateDispatch = (isMetered = true): string => {
  const library = readBodies('memory', 'control', 'forms', 'scalar');
  const bodies = { plain: rowsOf(library, 'scalarBodies'), double: rowsOf(library, 'doubleBodies') };
  const temporaries = new Temporaries({ 'readonly unknown[]': 'elements', 'FuncInstance | null': 'func' });
  const imports = new Set<string>();
  const cases = ops.slice(0, firstColdOp).map((row) => {
    const next = parse(`pc + ${row.length} | 0`);
    const part: PartState = { number: 0, isPiped: false };
    const { calls, pipes } = callsOf(row, bodies, part);
    const text = expandBodies(
      library,
      scalarTarget(next, isMetered, part),
      calls,
      pipes,
      temporaries,
      () => step(next, ts.factory.createContinueStatement()),
      imports,
    );
    return `        case ${row.code}: {\n          // ${row.name}\n${text}\n        }`;
  });
  imports.delete('isSubtype');
  return `/**
 * GENERATED by scripts/dispatch/generate-dispatch.ts from isa.ts and scripts/dispatch/bodies; do not edit.
 * \`npm run gen\` writes it.
 */
${importsOf(library, imports, 'src/interpreter/loop/dispatch.generated.ts')}
import type { MachineState } from './machine-state.ts';

/** Runs until something stops it; returns a status of status.ts. */
export type Dispatch = (state: MachineState) => number;

/**
 * Everything of a process that the loop sees as constants. PERF: V8 embeds their addresses. Operations outside the
 * loop, and calls of other code, are made around it: made inside, they cost all other paths registers, and
 * \`mandel\`, \`collatz\` and \`sieve\` 15 to 20 % of their time.
 */
export const createDispatch = (
  codeArray: Int32Array,
  callStack: Int32Array,
  wordArray: Int32Array,
  doubleArray: Float64Array,
  floatArray: Float32Array,
  isWide: boolean,
  cold: (state: MachineState, op: number) => number,
  isSubtype: (func: FuncInstance, typeId: number) => boolean,
  handOver: (state: MachineState) => void,
): Dispatch => {
  // PERF: a constant for V8, which drops the other branch.
  const bigArray = isWide ? new BigUint64Array(wordArray.buffer) : (null as unknown as BigUint64Array);
  const signedBigArray = isWide ? new BigInt64Array(wordArray.buffer) : (null as unknown as BigInt64Array);
  const loop = (state: MachineState): number => {
    // PERF: local names save each access a context lookup, and half of its bytecode.
    const code = codeArray;
    // Return pc and caller's frame of each call.
    const calls = callStack;
    // The frames, as 32-bit words, doubles and floats: a slot is two words.
    const words = wordArray;
    const doubles = doubleArray;
    const floats = floatArray;
    const bigs = bigArray;
    const signedBigs = signedBigArray;
    // The operation that runs, and its frame as an index of words.
    let pc = state.pc | 0;
    let fp = state.fp | 0;
    // Words in use on the call stack.
    let sp = state.sp | 0;
    // Fuel in hand beyond what remains of the current stretch.
    let fuel = state.fuel | 0;
    // Most words of the call stack, and of all frames.
    const callLimit = state.callLimit | 0;
    const stackLimit = state.stackLimit | 0;
    // The instance, its memory 0, and its own globals.
    const instance = state.instance;
    const memory = instance.memory0.view;
    // PERF: V8 tests at each access whether a number is a small integer, unless it knows that: sieve and matmul, 5 to
    // 8 %.
    const memorySize = instance.memory0.byteLength | 0;
    ${declarePlaces(2, 4, 8)}
    const globals = instance.globalWords;
    // The first word of the operation, and the status to leave with.
    let op = 0;
    // Its packed slots. PERF: read before the switch, they take a quarter less bytecode; V8 computes them where needed.
    let slot1 = 0;
    let slot2 = 0;
    let status = 0;
    ${temporaries.declare()}
    out: for (;;) {
      op = code[pc];
      ${readPacked}
      switch (op & ${OPCODE_MASK}) {
${cases.join('\n')}
        default: {
          status = ${COLD_OP}; // COLD_OP
          break out;
        }
      }
    }
    // A part of a fused operation that traps has its own program counter.
    state.pc = pc + (status >> ${PART_SHIFT}) | 0;
    state.fp = fp;
    state.sp = sp;
    state.fuel = fuel;
    return status & ${2 ** PART_SHIFT - 1};
  };
  return (state: MachineState): number => {
    for (;;) {
      let status = loop(state);
      if (callStack[${NEXT_EVENT}] !== ${FIRST_EVENT}) handOver(state);
      if (status !== ${COLD_OP}) return status;
      status = cold(state, codeArray[state.pc]! & ${OPCODE_MASK});
      if (status !== 0) return status;
    }
  };
};
`;
};
