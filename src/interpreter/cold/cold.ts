/**
 * The operations outside the loop: calls that leave the instance, sized operations, references, tables, and rare
 * conversions. Without them the loop is small enough for V8's optimiser; `dispatch.generated.ts` calls them outside
 * of the loop.
 *
 * Each gets the machine with `pc` already after the operation, and `at`, the operation's own pc.
 */

import type { CodeSpace } from '../code/code-space.ts';
import type { FuncCode } from '../code/compiled-module.ts';
import { opcodeOf, vectorNumberOf } from '../code/encoding.ts';
import { type ColdOp, opOf, ops } from '../code/isa.ts';
import { firstSeldom, firstWide } from '../code/vector-isa.ts';
import type { MachineState } from '../loop/machine-state.ts';
import { CONTINUE, FIRST_TRAP, LAY_FRAMES, NEED_FUEL } from '../loop/status.ts';
import type { VectorLoops } from '../loop/vector.generated.ts';
import { createAggregateOps } from './aggregates.ts';
import { createAtomicOps } from './atomics.ts';
import { createCalls, type DebugOps, type FirstCalls } from './calls.ts';
import { createConversionOps } from './conversions.ts';
import { createExceptionOps } from './exceptions.ts';
import { createMemoryOps } from './memories.ts';
import { observation } from './observation.ts';
import { createReferenceOps } from './references.ts';
import { createTableOps } from './tables.ts';
import { type Cold, type ColdTools, createOperands, type Stacks } from './tools.ts';
import { createVariableOps } from './variables.ts';
import { createWideOps } from './wide.ts';

/**
 * @param translate makes the fast code of a function; returns its entry
 * @param enterCompiled makes a call in code of another tier; returns a status, or null when the call has returned
 * @param debugOps executes the operations that a debugger has put into the code
 */
export const createCold = (
  space: CodeSpace,
  stacks: Stacks,
  { vectors, wideVectors, oneVector }: VectorLoops,
  translate: (code: FuncCode) => number,
  enterCompiled: (m: MachineState, at: number) => number | null,
  debugOps: DebugOps,
): FirstCalls & { readonly cold: (m: MachineState, op: number) => number } => {
  const operands = createOperands(space.words, stacks);
  const { C } = operands;
  const calls = createCalls(space, stacks, operands, translate, enterCompiled, debugOps);
  const { callFunction, callHost, repeatHostCall } = calls;
  const vectorCode = opOf.vector.code;
  const tools: ColdTools = { ...operands, ...calls };
  const table: Record<ColdOp | 'call_indirect' | 'observe', Cold> = {
    ...calls.operations,
    ...createVariableOps(tools),
    ...createConversionOps(tools, stacks),
    ...createMemoryOps(tools),
    ...createTableOps(tools),
    ...createReferenceOps(tools),
    ...createAggregateOps(tools),
    ...createExceptionOps(stacks, tools),
    ...createWideOps(tools),
    ...createAtomicOps(tools),
    ...observation,
    // PERF: called from the main loop itself, the vector loops made all scalar code 8 % slower (14 micros).
    vector: (m, at) => {
      m.pc = at;
      for (;;) {
        const number = vectorNumberOf(C[m.pc]!);
        const status = number < firstWide ? vectors(m) : number < firstSeldom ? wideVectors(m) : oneVector(m);
        if (status !== CONTINUE || opcodeOf(C[m.pc]!) !== vectorCode) return status;
      }
    },
    vector_far: (m, at) => {
      m.pc = at;
      return oneVector(m);
    },
  };

  const enterCode = opOf.enter_compiled.code;
  const functions = ops.map(({ name }) => table[name as ColdOp]);
  const cold = (m: MachineState, op: number): number => {
    const at = m.pc;
    m.pc = at + ops[op]!.length;
    const status = functions[op]!(m, at);
    // An operation that trapped, or that is repeated, is the machine's position; other loops and tiers set it.
    if (op === enterCode || op === vectorCode) return status;
    if (status >= FIRST_TRAP || status === NEED_FUEL || status === LAY_FRAMES) m.pc = at;
    return status;
  };
  return { cold, callFunction, callHost, repeatHostCall };
};
