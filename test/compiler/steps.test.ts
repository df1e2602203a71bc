/** A function of many instructions becomes JavaScript in steps where it is watched; the interpreter runs it in the meantime. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import { compileModule, type FuncInstance, instantiate, Store, startExecution } from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';

/** So many instructions that they take many steps. */
const LINES = 4000;
const line = '(local.set $s (i32.add (i32.rotl (local.get $s) (i32.const 5)) (local.get $n)))';
const { large } = compileWat({
  large: `(module
    (func $large (param $n i32) (result i32) (local $s i32) ${line.repeat(LINES)} (local.get $s))
    (func (export "run") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (local.set $s (i32.xor (local.get $s) (call $large (local.get $n))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))
      (local.get $s)))`,
});
const CALLS = 150n;

interface Outcome {
  readonly end: string;
  readonly questions: number;
  /** At each question, whether the large function had its code. */
  readonly wasThere: readonly boolean[];
}

const run = (compiler: Compiler | null, isWatched: boolean): Outcome => {
  const store = new Store(compiler === null ? {} : { compiler });
  const instance = instantiate(store, compileModule(large), () => undefined);
  const { unit } = instance;
  const isThere = (): boolean =>
    compiler !== null && Boolean(compiler.unitOf(unit).recordOf(unit.funcs[0]!).whole.generated);
  const wasThere: boolean[] = [];
  const onSlice = (): boolean => {
    wasThere.push(isThere());
    return true;
  };
  const call = startExecution(
    instance.exports.get('run') as FuncInstance,
    [CALLS],
    isWatched ? { onSlice } : {},
  );
  let status = call.run();
  while (status === 'paused') status = call.run();
  const questions = wasThere.length;
  return {
    end: `${status} ${call.results} ${call.fuelConsumed}`,
    questions,
    wasThere: [...wasThere, isThere()],
  };
};

describe('a large function', () => {
  const expected = run(null, true);
  for (const hasJit of [true, false]) {
    const name = hasJit ? 'jit' : 'nojit';

    test(`is made in steps between which onSlice is called, ${name}`, () => {
      const { end, questions, wasThere } = run(makeCompiler({ threshold: 0 }, hasJit, null), true);
      assert.equal(end, expected.end);
      const steps = wasThere.indexOf(true);
      // 5 instructions a line, 1,024 a step.
      assert.ok(steps >= (5 * LINES) / 1024, `${steps} questions before it is there`);
      assert.ok(questions > expected.questions, `${questions} questions`);
    });

    test(`is there before its first call where nobody watches, ${name}`, () => {
      const compiler = makeCompiler({ threshold: 0 }, hasJit, null);
      const { end, wasThere } = run(compiler, false);
      assert.equal(end, expected.end);
      assert.deepEqual(wasThere, [true]);
    });
  }

  test('must use more fuel than a small one before it is worth its code', () => {
    const { end, wasThere } = run(makeCompiler({}, true, null), true);
    assert.equal(end, expected.end);
    // Its slices alone would do ten times over for a small one.
    assert.ok(wasThere.length > 10);
    assert.deepEqual(wasThere.includes(true), false);
  });
});
