/** What the cases of calls of the host share: a module that calls, and how calls are made and brought to their end. */
import {
  type Execution,
  type ExecutionOptions,
  type FuncInstance,
  type FuncType,
  I32,
  type ModuleInstance,
  type RawHostCode,
  rawHostFunction,
  startExecution,
  type ValType,
} from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { isInGeneratedCode, type Log, stateOf } from './compiled.ts';

export const i32 = (value: number): Instruction => ['i32.const', value];
export const type = (params: readonly ValType[], results: readonly ValType[]): FuncType => ({
  kind: 'func',
  params,
  results,
});
export const toI32 = type([I32], [I32]);

/** A function of the host that counts the calls which generated code makes by itself. */
export const host = (log: Log, run: RawHostCode, signature = toI32, fuel = 7, isBrief = true): FuncInstance =>
  rawHostFunction(
    signature,
    (words, base, caller, refs) => {
      if (isInGeneratedCode()) log.direct++;
      return run(words, base, caller, refs);
    },
    fuel,
    isBrief,
  );

export const start = (
  instance: ModuleInstance,
  arg: number,
  options: ExecutionOptions = {},
  isSeen = false,
): Execution => {
  const execution = startExecution(instance.exports.get('run') as FuncInstance, [BigInt(arg)], options);
  return isSeen ? execution : execution.hideStack();
};

/** Runs to the end whatever the call pauses for, and logs each stop. */
export const finish = async (execution: Execution, log: Log): Promise<void> => {
  while (execution.run() === 'paused') {
    log.events.push(stateOf(execution));
    if (execution.pause === 'host') {
      try {
        execution.resolveHost(await execution.hostPromise!);
      } catch (error) {
        execution.rejectHost(error);
      }
    }
    if (execution.pause === 'fuel') execution.addFuel(execution.fuelOwed + 40);
  }
  log.events.push(stateOf(execution));
};

// `run(n)` adds up what `inner(i)` gives for i = n … 1, with an operand below each call; `inner` calls the host twice.
const [RUN, INNER] = [2, 1];
export const sums = assemble({
  types: [{ params: ['i32'], results: ['i32'] }],
  imports: [['env', 'f', [0, 0]]],
  memories: [{ min: 1, max: 50 }],
  globals: [{ type: 'i32', isMutable: true, init: [i32(5)] }],
  funcs: [
    {
      type: 0,
      locals: [[1, 'i64']],
      code: [
        ...[['i64.const', 1n << 40n], ['local.set', 1], i32(1), ['global.get', 0], ['local.get', 0]],
        ...[['call', 0], 'i32.sub', ['local.get', 0], i32(3), 'i32.mul', ['call', 0], 'i32.xor', 'i32.add'],
        ...[i32(8), ['local.get', 0], ['i32.store', { offset: 64 }], ['global.get', 0], 'i32.add'],
        ...[['local.get', 1], i32(35), 'i64.extend_i32_u', 'i64.shr_u', 'i32.wrap_i64', 'i32.add'],
      ] as Instruction[],
    },
    {
      type: 0,
      locals: [[1, 'i32']],
      code: [
        ...[['loop', null], ['local.get', 1], ['local.get', 0], ['call', INNER], i32(72), ['i32.load', null]],
        ...['i32.add', 'i32.add', ['local.set', 1]],
        ...[['local.get', 0], i32(1), 'i32.sub', ['local.tee', 0], ['br_if', 0], 'end', ['local.get', 1]],
      ] as Instruction[],
    },
  ],
  exports: [
    ['run', 'func', RUN],
    ['memory', 'memory', 0],
    ['global', 'global', 0],
  ],
});
export const increment: RawHostCode = (words, base, caller) => {
  words[base] = (words[base]! + 1) | 0;
  caller.charge(words[base]! & 3);
  return undefined;
};
