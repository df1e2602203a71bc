/**
 * Keeps generated code busy for the tests that watch V8; run in a process of its own. `tiers-child.js run` calls hot
 * code of every kind; `tiers-child.js late` has the interpreter run it until it is compiled; `tiers-child.js read
 * FILE…` has V8 read large functions, of modules, too.
 */
import { readFileSync } from 'node:fs';
import { compiler, type JavaScriptCompiler } from '../../src/compile.ts';
import { generateFunction } from '../../src/compiler/generate.ts';
import { makeTarget } from '../../src/compiler/target.ts';
import {
  compileModule,
  type FuncInstance,
  type FuncType,
  hostFunction,
  instantiate,
  quern1,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';
import { forcedCompiler } from './forced-compiler.ts';

const ROUNDS = 60;
const TURNS = 20_000;
/** Longer than V8 needs to compile a line. */
const LONG = 30_000_000;
/** Larger functions may be cut. */
const LARGE = 16_000;

/** A function that V8 throws away: the trace must show it. */
const control = (a: number, b: number): number => a + b;
const provoke = (): void => {
  for (let i = 0; i < LONG; i++) control(i & 7, 1);
  for (let i = 0; i < LONG; i++) control(i + 0.5, 1);
};

/** A loop of `$n` turns around something. */
const loop = (name: string, turn: string): string => `
  (func (export "${name}") (param $n i32) (result i32)
    (local $i i32) (local $s i32) (local $h i64) (local $x f64)
    (loop $again ${turn}
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.xor (i32.xor (local.get $s) (i32.wrap_i64 (local.get $h))) (i32.trunc_sat_f64_s (local.get $x))))`;
/** So many lines that the function is cut. */
const line = (i: number): string => `
  (if (i32.and (local.get $s) (i32.const ${1 << (i % 16)})) (then
    (local.set $s (i32.add (local.get $s) (i32.load offset=${4 * i} (i32.and (local.get $s) (i32.const 0xffc)))))))
  (local.set $s (i32.rotl (i32.xor (local.get $s) (local.get $i)) (i32.const ${1 + (i % 30)})))`;
const LINES = 700;

const { hot } = compileWat({
  hot: `(module
    (import "host" "add" (func $add (param i32) (result i32)))
    (memory 1 40)
    (table funcref (elem $half $leaf))
    (type $one (func (param i32) (result i32)))
    (global $g (mut i64) (i64.const 1))
    (func $leaf (type $one) (i32.mul (local.get 0) (i32.const 7)))
    (func $half (type $one) (i32.shr_s (local.get 0) (i32.const 1)))
    (func $fib (param i32) (result i32)
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0)) (else
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                 (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    ${loop(
      'words',
      `(i32.store (i32.and (local.get $i) (i32.const 0xfffc)) (local.get $s))
       (local.set $s (i32.add (local.get $i) (i32.load8_u (i32.and (local.get $s) (i32.const 0xffff)))))`,
    )}
    ${loop(
      'longs',
      `(local.set $h (i64.xor (i64.mul (local.get $h) (i64.const 0x100000001b3)) (i64.extend_i32_u (local.get $i))))
       (global.set $g (i64.add (global.get $g) (i64.rotl (local.get $h) (i64.const 29))))
       (i64.store (i32.const 8) (i64.div_u (global.get $g) (i64.or (local.get $h) (i64.const 3))))`,
    )}
    ${loop(
      'floats',
      `(local.set $x (f64.add (f64.mul (local.get $x) (f64.const 0.9)) (f64.load (i32.const 16))))
       (f64.store (i32.const 16) (f64.sqrt (f64.abs (f64.sub (local.get $x) (f64.convert_i32_u (local.get $i))))))`,
    )}
    ${loop(
      'calls',
      `(local.set $s (i32.add (call $leaf (local.get $s)) (call_indirect (type $one) (local.get $i)
         (i32.and (local.get $i) (i32.const 1)))))`,
    )}
    ${loop(
      'tables',
      `(block $c (block $b (block $a (br_table $a $b $c (i32.rem_u (local.get $i) (i32.const 5))))
         (local.set $s (i32.add (local.get $s) (i32.const 3))) (br $c))
         (local.set $s (i32.shl (local.get $s) (i32.const 1))))`,
    )}
    ${loop('host', '(local.set $s (call $add (local.get $s)))')}
    ${loop('bulk', '(memory.fill (i32.const 100) (local.get $i) (i32.and (local.get $i) (i32.const 63)))')}
    ${loop('grows', '(if (i32.eqz (i32.rem_u (local.get $i) (i32.const 9000))) (then (drop (memory.grow (i32.const 1)))))')}
    (func (export "recursion") (param $n i32) (result i32)
      (call $fib (i32.const 18)))
    ${loop('large', Array.from({ length: LINES }, (_, i) => line(i)).join(''))})`,
});

const names = ['words', 'longs', 'floats', 'calls', 'tables', 'host', 'bulk', 'grows', 'recursion', 'large'];

const instantiateHot = (compiler: JavaScriptCompiler) =>
  instantiate(new Store({ compiler }), compileModule(hot), (_module, _name, desc) =>
    hostFunction((desc as { type: { comp: FuncType } }).type.comp, ([x]) => [(x as bigint) ^ 1n]),
  );

const run = (): void => {
  const { exports } = instantiateHot(forcedCompiler({ target: 'jit', exits: 0, seed: 1 }));
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) {
      // In calls of different length, as plug-ins are used.
      const turns = name === 'large' ? TURNS / 100 : round % 5 === 0 ? 3 : TURNS;
      const status = startExecution(exports.get(name) as FuncInstance, [BigInt(turns)]).run();
      if (status !== 'done') throw new Error(`${name}: ${status}`);
    }
  provoke();
};

/** Calls that `onSlice` watches, as those of plug-ins, with different amounts of fuel. */
const late = (): void => {
  const { exports } = instantiateHot(compiler({ threshold: 1 }));
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) {
      const options = { fuel: round % 2 === 0 ? 1e9 : 1e12, onSlice: () => false };
      const status = startExecution(exports.get(name) as FuncInstance, [BigInt(TURNS)], options).run();
      if (status !== 'done') throw new Error(`${name}: ${status}`);
    }
};

/** Has V8 read what is large of the module above, and of others. */
const read = (files: readonly string[]): void => {
  const target = makeTarget(true);
  for (const bytes of [hot, ...files.map((file) => new Uint8Array(readFileSync(file)))]) {
    const unit = compileModule(bytes).unit(quern1);
    for (const code of unit.funcs) {
      const made = code === null ? null : generateFunction(unit, code.index, target);
      if (made === null || made.text.length < LARGE) continue;
      process.stdout.write(`reading ${made.index}, ${made.pieces.length} pieces\n`);
      new Function(`return ${made.text}`);
    }
  }
};

const [what, ...files] = process.argv.slice(2);
if (what === 'read') read(files);
else if (what === 'late') late();
else run();
