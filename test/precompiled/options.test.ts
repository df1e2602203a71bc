/** The option `precompiled`: where it is taken, what it serves, and how it is refused. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { compiler, compileToJavaScript, type PrecompiledModule } from '../../src/compile.ts';
import { isQuernError } from '../../src/errors.ts';
import {
  compilePlugin,
  createPlugin,
  createPool,
  defineSchedule,
  flat1,
  type Plugin,
  quern1,
  restorePlugin,
} from '../../src/node.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { createWebAssembly } from '../../src/webassembly.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { compileWat } from '../wat.ts';
import { loadText, precompile } from './load.ts';

const { triple, library, user } = compileWat({
  triple: '(module (func (export "run") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))',
  library: '(module (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))',
  user: `(module
    (import "library" "twice" (func $twice (param i32) (result i32)))
    (func (export "run") (result i32) (i32.sub (call $twice (i32.const 7)) (i32.const 14))))`,
});

/** Code that gives 4 times the argument for 3 times it: who runs it says so. */
const fourfold = (): Promise<PrecompiledModule> =>
  loadText(compileToJavaScript(triple).replace('(l0*3|0)', '(l0*4|0)'));

const runOf = (store: Store): unknown => {
  const { exports } = instantiate(store, compileModule(triple), () => undefined);
  return invoke(exports.get('run') as FuncInstance, [14n])[0];
};

describe('precompiled', () => {
  let greet: Uint8Array;
  let made: PrecompiledModule;
  before(async () => {
    buildExamples();
    greet = (await import('node:fs')).readFileSync(example('greet'));
    made = await precompile(greet);
  });

  const call = async (plugin: Plugin): Promise<string> =>
    `${(await plugin.call('greet', 'Ada'))?.text()} ${plugin.fuelConsumed}`;

  test('is taken by plug-ins, pools and restored ones, with the same results and fuel', async () => {
    const plain = await call(await createPlugin(greet));
    assert.equal(await call(await createPlugin(greet, { precompiled: made })), plain);
    const compiled = await compilePlugin(greet, { precompiled: [made] });
    assert.equal(await call(await compiled.instantiate()), plain);
    assert.equal(await call(await compiled.instantiate()), plain);
    const pool = createPool(await compilePlugin(greet), { precompiled: made });
    assert.equal((await pool.call('greet', 'Ada'))?.text(), 'Hello, Ada!');
  });

  for (const [from, to] of [
    [true, false],
    [false, true],
  ])
    test(`a snapshot that was taken ${from ? 'with' : 'without'} it continues ${to ? 'with' : 'without'} it`, async () => {
      const optionsOf = (isGiven: boolean | undefined): object => (isGiven ? { precompiled: made } : {});
      const whole = await createPlugin(greet);
      await whole.call('greet', 'Ada');
      for (const fuel of [50, 100, 200]) {
        const plugin = await createPlugin(greet, optionsOf(from));
        const begun = await plugin.startCall('greet', 'Ada', { fuel });
        await begun.run();
        const other = await restorePlugin(greet, plugin.snapshot(), optionsOf(to));
        const rest = other.activeCall!;
        rest.addFuel(1_000_000);
        await rest.run();
        assert.equal(rest.output?.text(), 'Hello, Ada!');
        assert.equal(other.fuelConsumed, whole.fuelConsumed);
      }
    });

  test('is taken by stores and by the namespace', async () => {
    const precompiled = await fourfold();
    assert.equal(runOf(new Store()), 42n);
    assert.equal(runOf(new Store({ precompiled })), 56n);
    assert.equal(runOf(new Store({ precompiled: [made, precompiled] })), 56n);
    const { Module, Instance } = createWebAssembly({ precompiled });
    const { exports } = new Instance(new Module(triple));
    assert.equal((exports['run'] as (x: number) => number)(14), 56);
  });

  test('serves its module, and the interpreter the others', async () => {
    const manifest = { wasm: [{ data: library, name: 'library' }, { data: user }] };
    const plain = await createPlugin(manifest);
    await plain.call('run');
    const each = [await precompile(library), await precompile(user)];
    for (const precompiled of [[], [each[0]!], [each[1]!], each]) {
      const plugin = await createPlugin(manifest, { precompiled });
      await plugin.call('run');
      assert.equal(plugin.fuelConsumed, plain.fuelConsumed);
    }
  });

  test('runs where code from text is refused, with a compiler beside it that is told so', async () => {
    const beside = compiler({ threshold: 0 });
    assert.equal(runOf(new Store({ compiler: beside, precompiled: await fourfold() })), 56n);
    const logged: string[] = [];
    const onLog = (level: string, message: string): void => void logged.push(`${level} ${message}`);
    const plugin = await createPlugin(greet, { compiler: beside, precompiled: made, onLog });
    assert.equal(await call(plugin), await call(await createPlugin(greet)));
    assert.equal(logged.length, 1);
    assert.match(logged[0]!, /^warn this host refuses code from text/);
  });

  const refused = async (attempt: () => unknown): Promise<Error> => {
    try {
      await attempt();
    } catch (error) {
      assert.ok(isQuernError(error));
      return error;
    }
    throw new Error('it was taken');
  };

  test('of none of the modules is refused, and both hashes are named', async () => {
    const other = await precompile(triple);
    const error = await refused(() => createPlugin(greet, { precompiled: other }));
    assert.ok(isQuernError(error, 'usage.precompiled'));
    assert.equal(
      error.message,
      `precompiled code does not match: made from a module with the SHA-256 ${other.sha256}; this one has ${made.sha256}`,
    );
    assert.deepEqual([error.details.expected, error.details.actual], [other.sha256, made.sha256]);
  });

  test('of another schedule is refused, though it may have the same name', async () => {
    const flat = await precompile(greet, { schedule: flat1 });
    await createPlugin(greet, { precompiled: flat, schedule: 'flat-1' });
    assert.match(
      (await refused(() => createPlugin(greet, { precompiled: flat }))).message,
      /made for the fuel schedule flat-1 with prices [0-9a-f]+, not for quern-1 with prices [0-9a-f]+$/,
    );
    const mine = defineSchedule({ ...quern1, name: 'mine-1', growPage: 5000 });
    const dearer = defineSchedule({ ...quern1, name: 'mine-1', growPage: 5001 });
    const precompiled = await precompile(greet, { schedule: mine });
    await createPlugin(greet, { precompiled, schedule: mine });
    const error = await refused(() => createPlugin(greet, { precompiled, schedule: dearer }));
    assert.ok(isQuernError(error, 'usage.precompiled'));
    assert.match(error.message, /schedule mine-1 with prices (\w+), not for mine-1 with prices (?!\1)/);
  });

  test('of another version is refused', async () => {
    const text = compileToJavaScript(greet);
    assert.ok(text.includes('{"version":'));
    const old = await loadText(text.replace('{"version":', '{"version":9'));
    const error = await refused(() => new Store({ precompiled: old }));
    assert.ok(isQuernError(error, 'usage.precompiled'));
    assert.match(error.message, /made for version 9\d+ of generated code, not for version \d+$/);
  });

  test('must come from such a file', async () => {
    for (const value of [null, 'greet.js', {}, { ...made }, [made, 1], [[made]]])
      assert.ok(
        isQuernError(
          await refused(() => createPlugin(greet, { precompiled: value as never })),
          'usage.argument',
        ),
      );
  });
});

describe('the file', () => {
  const named = (name: string): Uint8Array =>
    compileWat({
      module: `(module
        (import "${name}" "${name}" (func (param i64) (result f64)))
        (memory (export "${name}-memory") 1) (data (i32.const 0) "${name}")
        (func $${name} (export "${name}-run") (param i32) (result f64)
          (call 0 (i64.load (local.get 0)))))`,
    }).module;

  test('holds nothing that a module says in its own words', () => {
    const withoutHash = (text: string): string =>
      text.replace(/"sha256":"\w+"/, '').replace(/"byteLength":\d+/, '');
    const texts = ['constructor', 'isPrototype'].map((name) => compileToJavaScript(named(name)));
    assert.notEqual(texts[0], texts[1]);
    assert.equal(withoutHash(texts[0]!), withoutHash(texts[1]!));
    assert.doesNotMatch(texts[0]!, /constructor|memory"/);
    assert.doesNotMatch(texts[0]!, /\beval\b|\bFunction\b/);
  });

  test('is the same each time', () => {
    assert.equal(compileToJavaScript(triple), compileToJavaScript(compileModule(triple)));
  });
});
