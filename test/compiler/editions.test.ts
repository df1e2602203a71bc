/**
 * Further instances of a module take their functions from one text, an edition, instead of a text for each: what they
 * do is as on the interpreter, as memory grows, too. Where functions cannot be made in a scope that is there, every
 * instance does.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Compiler } from '../../src/compiler/function-compiler.ts';
import { type CompiledModule, compileModule } from '../../src/wasm.ts';
import { countReachable } from '../garbage.ts';
import { compileWat } from '../wat.ts';
import { manyWays, type Program, play } from './beside.ts';
import { forcedCompiler } from './forced-compiler.ts';
import { sources } from './programs.ts';

const bytes = compileWat(Object.fromEntries(Object.entries(sources).map(([name, { text }]) => [name, text])));
const ways = manyWays.filter(({ exits, target }) => target !== 'pieces' && (exits === 0 || exits === 0.5));

/** Functions of each edition that an instance took. */
const watched = (compiler: Compiler, canEvaluate: boolean): number[] => {
  const sizes: number[] = [];
  const unitOf = compiler.unitOf.bind(compiler);
  compiler.unitOf = (unit) => {
    const compiled = unitOf(unit);
    const { source } = compiled;
    if (Object.keys(source).includes('edition')) return compiled;
    if (!canEvaluate) source.canEvaluate = false;
    const note = <E extends { functions: ReadonlyMap<number, unknown> } | null>(edition: E): E => {
      if (edition !== null) sizes.push(edition.functions.size);
      return edition;
    };
    const edition = source.edition.bind(source);
    const editionWith = source.editionWith.bind(source);
    source.edition = () => note(edition());
    source.editionWith = (func) => note(editionWith(func));
    return compiled;
  };
  return sizes;
};

/** Many functions `f0`, `f1` …: each gives its number times its argument. */
const { wide } = compileWat({
  wide: `(module ${Array.from(
    { length: 20 },
    (_, i) => `(func (export "f${i}") (param i64) (result i64) (i64.mul (local.get 0) (i64.const ${i})))`,
  ).join('')})`,
});
/** Calls the first functions of a new instance. */
const callFirst = (count: number, module: CompiledModule, compiler: Compiler): void => {
  const calls = Array.from({ length: count }, (_, i) => [`f${i}`, 3n] as const);
  const lines = play({ bytes: wide, calls, module }, compiler, null);
  for (const [i, line] of lines.entries()) assert.ok(line.startsWith(`f${i} 3 → done ${3 * i} `), line);
};

describe('instances of one module', () => {
  for (const [name, { calls, text: _, ...options }] of Object.entries(sources))
    for (const canEvaluate of [true, false])
      test(`${name}${canEvaluate ? '' : ', without functions made later'}`, () => {
        for (const step of [null, 1000]) {
          const program: Program = { bytes: bytes[name]!, calls, options };
          const expected = play(program, null, step);
          for (const way of ways) {
            const compiler = forcedCompiler(way);
            const sizes = watched(compiler, canEvaluate);
            const shared = { ...program, module: compileModule(bytes[name]!) };
            for (let instance = 1; instance <= 3; instance++)
              assert.deepEqual(
                play(shared, compiler, step),
                expected,
                `instance ${instance}, ${JSON.stringify(way)}, fuel ${step ?? 'at once'}`,
              );
            // With little fuel, none of it may be entered.
            const hasCode = !way.isLoopsOnly && step === null;
            if (canEvaluate && hasCode) assert.equal(sizes[0], 0);
            if (hasCode) assert.ok(Math.max(...sizes) > 0, sizes.join());
          }
        }
      });
});

test('an edition that lacks much is made again, and one that lacks little is not', () => {
  const compiler = forcedCompiler({ target: 'jit', exits: 0, seed: 1 });
  const sizes = watched(compiler, true);
  const module = compileModule(wide);
  for (const count of [10, 11, 12, 20, 20, 20]) callFirst(count, module, compiler);
  assert.deepEqual(sizes, [0, 10, 10, 10, 20, 20]);
});

test('editions that nobody uses any more are released', async () => {
  const compiler = forcedCompiler({ target: 'jit', exits: 0, seed: 1 });
  const refs: WeakRef<object>[] = [];
  const unitOf = compiler.unitOf.bind(compiler);
  compiler.unitOf = (unit) => {
    const compiled = unitOf(unit);
    const { source } = compiled;
    if (Object.keys(source).includes('edition')) return compiled;
    const edition = source.edition.bind(source);
    source.edition = () => {
      const found = edition();
      refs.push(new WeakRef(found));
      return found;
    };
    return compiled;
  };
  await (async () => {
    const module = compileModule(wide);
    for (const count of [10, 10, 20, 20]) callFirst(count, module, compiler);
    assert.equal(await countReachable(refs.slice(0, 3)), 0);
    // The module has the last one.
    callFirst(20, module, compiler);
    assert.equal(refs[4]!.deref(), refs[3]!.deref());
  })();
  assert.equal(await countReachable(refs), 0);
});
