/** What runs often gets code, however short the calls are that it runs in, and wherever slices of fuel end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompilerOptions } from '../../src/compile.ts';
import { makeCompiler } from '../../src/compiler/compiler.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';

/** A loop of six units of fuel. */
const loop = (turns: number): string => `
  (local $n i32)
  (local.set $n (i32.const ${turns}))
  (loop $l
    (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))`;
/** Functions of a program without a kernel: none uses much of the time, and each is large. */
const PARTS = 40;
const parts = Array.from({ length: PARTS }, (_, i) => `$part${i}`);
const { hot, even } = compileWat({
  even: `(module
    ${parts.map((name) => `(func ${name} ${loop(2000)} ${'(nop)'.repeat(640)})`).join('\n')}
    (func (export "all") ${parts.map((name) => `(call ${name})`).join(' ')})
    (func (export "kernel") ${loop(1_000_000)})
    (func (export "other") ${loop(10)}))`,
  hot: `(module
    (func (export "short") ${loop(1000)})
    (func $first ${loop(20_000)})
    (func $second ${loop(10_000)})
    (func (export "equal") (call $first) (call $second) (call $first) (call $first) (call $first)))`,
});

const setUp = (options: CompilerOptions = { threshold: 2 }, hasJit = true, bytes = hot) => {
  const compiler = makeCompiler(options, hasJit, null);
  const { exports } = instantiate(new Store({ compiler }), compileModule(bytes), () => undefined);
  const func = (name: string): FuncInstance => exports.get(name) as FuncInstance;
  const [first] = exports.values();
  const { instance } = first as FuncInstance;
  assert.ok(instance !== null);
  const isCompiled = ({ code }: FuncInstance): boolean =>
    code !== null && compiler.unitOf(instance.unit).recordOf(code).whole.generated !== undefined;
  return { func, funcs: instance.funcs, isCompiled };
};

test('a function is found whose calls are shorter than a slice', () => {
  const { func, isCompiled } = setUp();
  const short = func('short');
  for (let calls = 0; calls < 40_000 && !isCompiled(short); calls++) invoke(short, []);
  assert.ok(isCompiled(short));
});

test('all functions are found of a program that is called for the same work again and again', () => {
  const { func, funcs, isCompiled } = setUp();
  for (let calls = 0; calls < 2000 && !funcs.slice(1, 3).every(isCompiled); calls++)
    invoke(func('equal'), []);
  assert.deepEqual(funcs.slice(1, 3).map(isCompiled), [true, true]);
});

test('code is made a tenth as late where JavaScript is interpreted: there it pays off at once', () => {
  const callsUntilCompiled = (hasJit: boolean): number => {
    const { func, isCompiled } = setUp({}, hasJit);
    const short = func('short');
    let calls = 0;
    for (; calls < 80_000 && !isCompiled(short); calls++) invoke(short, []);
    return calls;
  };
  const [late, soon] = [callsUntilCompiled(true), callsUntilCompiled(false)];
  assert.ok(late < 80_000 && 10 * soon < late, `after ${soon} calls, and ${late}`);
});

test('functions wait for each other, until all that have run are compiled', () => {
  const { func, funcs, isCompiled } = setUp({ threshold: 1 }, true, even);
  const compiled = (): number => funcs.slice(0, PARTS).filter(isCompiled).length;
  invoke(func('other'), []);
  const counts = new Set<number>();
  for (let calls = 0; calls < 2000 && compiled() < PARTS; calls++) {
    invoke(func('all'), []);
    counts.add(compiled());
  }
  // A call may begin before it and end after it: no more than two such calls.
  assert.ok(counts.has(0) && counts.has(PARTS) && counts.size <= 4, [...counts].join(' '));
  assert.ok(isCompiled(func('all')));
  assert.ok(!isCompiled(func('kernel')), 'it has not run');
});

test('small functions that use most of the time are compiled without the others', () => {
  const { func, funcs, isCompiled } = setUp({ threshold: 1 }, true, even);
  for (let calls = 0; calls < 200 && !isCompiled(func('kernel')); calls++) {
    invoke(func('kernel'), []);
    invoke(func('all'), []);
  }
  assert.ok(isCompiled(func('kernel')));
  assert.deepEqual(funcs.slice(0, PARTS).filter(isCompiled), []);
});
