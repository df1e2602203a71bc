/** Programs that the tests of the debugger run: each does what a debugger can go wrong at. */

import { type DebugOptions, type DebugSession, debugExecution } from '../../src/debug.ts';
import {
  compileModule,
  type Execution,
  type FuncInstance,
  hostFunction,
  I32,
  instantiate,
  type ModuleInstance,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';

/** TABLE: the programs. Each exports `run`, from a number to a number. */
const texts = {
  /** Calls, recursion, blocks that cost nothing, a host function. */
  calls: `(module (import "env" "tick" (func $tick (param i32) (result i32))) (memory (export "memory") 1)
    (func $square (param i32) (result i32) (local i32)
      block nop end
      local.get 0 local.get 0 i32.mul local.tee 1 drop
      (i32.store (i32.const 64) (local.get 1))
      local.get 1)
    (func $factorial (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
        (else (i32.mul (local.get 0) (call $factorial (i32.sub (local.get 0) (i32.const 1)))))))
    (func (export "run") (param i32) (result i32) (local i32 i32)
      (loop $l
        (local.set 2 (i32.add (local.get 2) (call $square (local.get 1))))
        (local.set 2 (i32.add (local.get 2) (call $factorial (i32.const 3))))
        (local.set 2 (call $tick (local.get 2)))
        (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
      (if (i32.eq (local.get 0) (i32.const 7)) (then unreachable))
      local.get 2))`,
  /** Indirect calls, tail calls, exceptions through several frames, and what the host throws. */
  flow: `(module (import "env" "tick" (func $tick (param i32) (result i32))) (memory (export "memory") 1)
    (type $f (func (param i32) (result i32)))
    (table funcref (elem $double $thrower))
    (tag $oops (param i32))
    (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
    (func $thrower (param i32) (result i32) (throw $oops (local.get 0)))
    (func $middle (param i32 i32) (result i32) (call_indirect (type $f) (local.get 0) (local.get 1)))
    (func $down (param i32 i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (call $tick (local.get 1)))
        (else (return_call $down (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 1))))))
    (func (export "run") (param i32) (result i32) (local i32)
      (loop $l
        (local.set 1 (i32.add (local.get 1)
          (block $h (result i32)
            (try_table (result i32) (catch $oops $h)
              (call $middle (local.get 0) (i32.and (local.get 0) (i32.const 1)))))))
        (local.set 1 (call $down (i32.const 3) (local.get 1)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      local.get 1))`,
  /** Deep recursion below functions that write to memory, and that catch what is thrown at the bottom. */
  deep: `(module (memory (export "memory") 1) (tag $oops)
    (func $down (param i32)
      (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (throw $oops))))
    (func $catcher (param i32) (result i32)
      (block $h (try_table (catch $oops $h) (call $down (local.get 0))))
      (i32.store (i32.const 64) (i32.const 9))
      (i32.load (i32.const 64)))
    (func (export "run") (param i32) (result i32) (call $catcher (local.get 0))))`,
  /** A write in the middle of a function that is called once, far from where it ends. */
  tail: `(module (memory (export "memory") 1)
    (func $write (param i32) (result i32)
      (i32.store (i32.const 64) (local.get 0))
      ${'(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)))'.repeat(40)}
      (local.get 0))
    (func (export "run") (param i32) (result i32) (local i32)
      (loop $l (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 9))))
      (call $write (local.get 0))))`,
  /** A loop without calls. */
  spin: `(module (func (export "run") (param i32) (result i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0)))`,
  /** Memories, tables and objects that change and grow. */
  growth: `(module (import "env" "tick" (func $tick (param i32) (result i32))) (memory (export "memory") 1 9)
    (type $cell (struct (field (mut i32))))
    (table $t 1 20 (ref null $cell))
    (func (export "run") (param i32) (result i32) (local (ref null $cell) i32)
      (local.set 1 (struct.new $cell (i32.const 5)))
      (loop $l
        (drop (memory.grow (i32.const 1)))
        (drop (table.grow $t (local.get 1) (i32.const 1)))
        (struct.set $cell 0 (table.get $t (i32.sub (table.size $t) (i32.const 1)))
          (i32.add (struct.get $cell 0 (local.get 1)) (i32.const 1)))
        (memory.fill (i32.const 65530) (local.get 0) (i32.const 10))
        (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (local.get 0))
        (local.set 2 (i32.add (local.get 2) (call $tick (struct.get $cell 0 (local.get 1)))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32.add (local.get 2) (memory.size)))
  )`,
};
type ProgramName = keyof typeof texts;
const binaries = compileWat(texts);

/** A program that is about to run. */
export interface Program {
  readonly execution: Execution;
  readonly instance: ModuleInstance;
  /** Arguments of the calls of its host function, all of them. */
  readonly ticks: number[];
}

/** Prepares a program. */
export const prepare = (name: ProgramName, argument: number, fuel?: number): Program => {
  const ticks: number[] = [];
  const tick = hostFunction({ kind: 'func', params: [I32], results: [I32] }, ([value], caller) => {
    ticks.push(Number(value));
    caller.charge(3);
    return (value as bigint) + 1n;
  });
  const instance = instantiate(new Store(), compileModule(binaries[name]), () => tick);
  const func = instance.exports.get('run') as FuncInstance;
  const execution = startExecution(func, [BigInt(argument)], fuel === undefined ? {} : { fuel });
  return { execution, instance, ticks };
};

/** A session at the first instruction of a program. */
export const debug = async (program: Program, options?: DebugOptions): Promise<DebugSession> => {
  const { execution, instance } = program;
  const session = debugExecution(execution, [{ name: 'main', instance }], options);
  await session.start();
  return session;
};

/** Offset of the n-th function's first instruction. */
export const startOf = ({ instance }: Program, index: number): number =>
  instance.compiled.module.funcs[index]!.body!.codeStart;
