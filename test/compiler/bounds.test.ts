/**
 * Between two questions of `onSlice`, the compiler does a bounded share of work, however much there is: it
 * generates so many instructions, and evaluates so much text, as may be done at a time.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import { CHARACTERS, SHARE } from '../../src/compiler/steps.ts';
import {
  type CompiledModule,
  compileModule,
  type FuncInstance,
  instantiate,
  Store,
  startExecution,
} from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';

const line = '(local.set $s (i32.add (i32.rotl (local.get $s) (i32.const 5)) (local.get $n)))';
/** A function of five instructions a line. */
const func = (lines: number): string =>
  `(func (param $n i32) (result i32) (local $s i32) ${line.repeat(lines)} (local.get $s))`;

const COUNT = 200;
const LINES = 100;
const LARGE_LINES = 1500;
const LARGE = 40;
/** Ten bytes a line. */
const HUGE_LINES = 14_000;
const calls = (count: number): string =>
  Array.from({ length: count }, (_, i) => `(drop (call ${i} (i32.const ${i})))`).join('');

const modules = compileWat({
  // The calls of all functions take less fuel than is used between two questions otherwise.
  many: `(module (memory 1 4) ${func(LINES).repeat(COUNT)}
    (func $all ${calls(COUNT)})
    (func (export "run") (param $n i32)
      (loop $l
        (call $all)
        (if (i32.eq (local.get $n) (i32.const 3)) (then (drop (memory.grow (i32.const 1)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))))`,
  once: `(module ${func(LARGE_LINES).repeat(LARGE)} (func (export "run") (param i32) ${calls(LARGE)}))`,
  huge: `(module ${func(HUGE_LINES)}
    (func (export "run") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.xor (local.get $s) (call 0 (local.get $n))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))
      (local.get $s)))`,
});

interface Outcome {
  readonly end: string;
  /** Most of each kind of work between two questions. */
  readonly mostGenerated: number;
  readonly mostCharacters: number;
  readonly characters: number;
  /** Whether each function has its code, by index. */
  readonly hasCode: readonly boolean[];
}

/** Calls `run`, and counts what is done between two questions. */
const run = (module: CompiledModule, compiler: Compiler | null, n: bigint): Outcome => {
  const instance = instantiate(new Store(compiler === null ? {} : { compiler }), module, () => undefined);
  let generated = 0;
  let characters = 0;
  let mostGenerated = 0;
  let mostCharacters = 0;
  let allCharacters = 0;
  const unit = compiler?.unitOf(instance.unit);
  const note = (): boolean => {
    mostGenerated = Math.max(mostGenerated, generated);
    mostCharacters = Math.max(mostCharacters, characters);
    allCharacters += characters;
    generated = 0;
    characters = 0;
    return false;
  };
  if (unit !== undefined) {
    const { generate } = Object.getPrototypeOf(unit) as typeof unit;
    unit.generate = (part, allowance) => {
      const { left } = allowance;
      const made = generate.call(unit, part, allowance);
      generated += left - allowance.left;
      return made;
    };
    const { placedText } = Object.getPrototypeOf(unit.source) as typeof unit.source;
    unit.source.placedText = (...args) => {
      const text = placedText.call(unit.source, ...args);
      characters += text.length;
      return text;
    };
  }
  const call = startExecution(instance.exports.get('run') as FuncInstance, [n], { onSlice: note });
  const status = call.run();
  note();
  const hasCode = instance.unit.funcs.map(
    (code) => unit !== undefined && Boolean(unit.recordOf(code!).whole.generated),
  );
  const end = `${status} ${call.results} ${call.fuelConsumed}`;
  return { end, mostGenerated, mostCharacters, characters: allCharacters, hasCode };
};

describe('work between two questions', () => {
  const many = compileModule(modules.many);
  const expected = run(many, null, 8n);
  for (const hasJit of [true, false])
    test(`is bounded where many functions are called, and when memory grows; ${hasJit ? 'jit' : 'nojit'}`, () => {
      const { end, mostGenerated, mostCharacters, characters, hasCode } = run(
        many,
        makeCompiler({ threshold: 0 }, hasJit, null),
        8n,
      );
      assert.equal(end, expected.end);
      assert.deepEqual(hasCode.slice(0, COUNT), Array(COUNT).fill(true));
      // The share, and what a step or a function is more than that.
      assert.ok(mostGenerated <= 2 * SHARE, `${mostGenerated} units of generation`);
      assert.ok(mostCharacters <= 2 * SHARE * CHARACTERS, `${mostCharacters} characters`);
      // All of it was evaluated before and after the memory has grown.
      assert.ok(characters >= 10 * mostCharacters, `${characters} characters, ${mostCharacters} at a time`);
    });

  test('goes to one function after the other, so that none is held half made', () => {
    const module = compileModule(modules.once);
    const { end, hasCode } = run(module, makeCompiler({ threshold: 0 }, true, null), 0n);
    assert.equal(end, run(module, null, 0n).end);
    const made = hasCode.slice(0, LARGE).filter(Boolean).length;
    assert.ok(made >= 1, 'each was called once, and together long enough for one');
  });
});

describe('functions of more than 128 KB', () => {
  test('stay with the interpreter', () => {
    const module = compileModule(modules.huge);
    const { end, hasCode } = run(module, makeCompiler({ threshold: 0 }, true, null), 100n);
    assert.equal(end, run(module, null, 100n).end);
    assert.equal(hasCode[0], false);
    assert.equal(run(module, makeCompiler({ threshold: 0 }, false, null), 100n).hasCode[0], false);
  });
});

describe('the text that further instances share', () => {
  test('is bounded; they make by themselves what it lacks', () => {
    const module = compileModule(modules.many);
    const compiler = makeCompiler({ threshold: 0 }, true, null);
    const store = new Store({ compiler });
    const instance = instantiate(store, module, () => undefined);
    const { source } = compiler.unitOf(instance.unit);
    assert.equal(source.edition().functions.size, 0);
    const long = 'x'.repeat(100_000);
    const sizes = { frameWords: 0, entryNeed: 0 };
    const before = { index: 0, isLoop: false, pieces: [], callees: [], ...sizes, exits: {} as never };
    for (let id = 0; id < 100; id++) source.add({ ...before, id, text: `function(){"${long}"}` });
    const { functions, characters } = source.edition();
    assert.ok(functions.size >= 10 && functions.size < 20, `${functions.size} functions`);
    assert.ok(characters < 2 ** 21, `${characters} characters`);
    // It is full: what comes later does not make it again.
    assert.equal(source.edition(), source.edition());
  });
});
