/** Features of plug-ins: what is on by itself, and the option that chooses, wherever plug-ins are made. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  compileModule,
  compilePlugin,
  createPlugin,
  createPool,
  type FeatureKey,
  isQuernError,
  type Plugin,
  type PluginOptions,
  pluginFeatures,
  replayRecording,
  restorePlugin,
  verifyReceipt,
} from '../../src/node.ts';
import { createWebAssembly } from '../../src/webassembly.ts';
import { assemble, type Instruction } from '../assembler.ts';
import { runQuern } from '../cli/run-quern.ts';

const module = (code: readonly Instruction[], tags: readonly number[] = []): Uint8Array =>
  assemble({
    types: [{ results: ['i32'] }, {}],
    tags,
    funcs: [{ code }],
    exports: [['f', 'func', 0]],
  });
const zero: Instruction = ['i64.const', 0n];
const legacy = module([['try', 'i32'], ['throw', 0], 'catch_all', ['i32.const', 0], 'end'], [1]);
const wide = module([zero, zero, zero, zero, 'i64.add128', 'drop', 'drop', ['i32.const', 0]]);
const signs = module([['i32.const', 0], 'i32.extend8_s']);

const folder = mkdtempSync(join(tmpdir(), 'quern-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'wide.wasm');
writeFileSync(file, wide);

type Use = (
  bytes: Uint8Array,
  options: PluginOptions,
  /** Features that a plug-in before has, whose snapshot or recording is used. */
  before: FeatureKey[],
) => Promise<unknown>;
const call = async (plugin: Promise<Plugin>): Promise<unknown> => (await plugin).callDetailed('f');
/** TABLE: where plug-ins are made. */
const makers: Readonly<Record<string, Use>> = {
  createPlugin: (bytes, options) => call(createPlugin(bytes, options)),
  compilePlugin: async (bytes, options) => call((await compilePlugin(bytes, options)).instantiate()),
  'createPool of what compilePlugin made with the option': async (bytes, options) =>
    createPool(await compilePlugin(bytes, options)).call('f'),
  restorePlugin: async (bytes, options, features) => {
    const snapshot = (await createPlugin(bytes, { features })).snapshot();
    return call(restorePlugin(bytes, snapshot, options));
  },
  replay: async (bytes, options, features) => {
    const plugin = await createPlugin(bytes, { features, record: true });
    await plugin.call('f');
    await verifyReceipt(plugin.receipt, bytes, plugin.recording, { features });
    await replayRecording(bytes, plugin.recording, { features });
    return call(createPlugin(bytes, { ...options, replay: plugin.recording }));
  },
};

const usual: FeatureKey[] = [...pluginFeatures];
/** Forms of a list; a generator can be gone through once. */
const forms: readonly ((keys: readonly FeatureKey[]) => Iterable<FeatureKey>)[] = [
  (keys) => keys,
  (keys) => new Set(keys),
  (keys) => new Map(keys.map((key) => [key, true])).keys(),
  function* (keys) {
    yield* keys;
  },
];
const needs = (feature: FeatureKey) => (error: unknown) => {
  assert.ok(isQuernError(error, 'unsupported.feature'), String(error));
  assert.equal(error.details.feature, feature);
  assert.match(error.advice, /option features/);
  return true;
};

for (const [name, make] of Object.entries(makers)) {
  describe(name, () => {
    test('runs legacy exceptions by itself', async () => void (await make(legacy, {}, usual)));
    test('runs the features that it is given, in any list, and no others', async () => {
      const all: FeatureKey[] = [...usual, 'wide-arithmetic'];
      for (const form of forms) {
        await make(wide, { features: form(all) }, all);
        await assert.rejects(make(signs, { features: form(['mvp']) }, usual), needs('sign-extension'));
      }
      await assert.rejects(make(wide, {}, all), needs('wide-arithmetic'));
      const some: FeatureKey[] = ['mvp', 'exceptions'];
      await assert.rejects(make(legacy, { features: some }, usual), needs('legacy-exceptions'));
    });
  });
}

test('instantiate and createPool take other features than compilePlugin was given', async () => {
  const compiled = await compilePlugin(signs);
  const features: FeatureKey[] = ['mvp'];
  await assert.rejects(compiled.instantiate({ features }), needs('sign-extension'));
  await assert.rejects(createPool(compiled, { features }).call('f'), needs('sign-extension'));
  const all = new Set([...pluginFeatures, 'threads' as const]);
  await call(compiled.instantiate({ features: all }));
  await createPool(compiled, { features: all }).call('f');
  await assert.rejects(
    restorePlugin(signs, (await compiled.instantiate()).snapshot(), { features: all }),
    (error) => isQuernError(error, 'snapshot.foreign'),
  );
});

test('a module that is compiled already keeps its features', async () => {
  const compiled = compileModule(wide, new Set([...pluginFeatures, 'wide-arithmetic']));
  await call(createPlugin({ wasm: [{ module: compiled }] }, { features: ['mvp'] }));
});

test('what is no list of features is refused, with what was meant', async () => {
  const refusals: readonly (readonly [unknown, RegExp])[] = [
    [['wide-arithmatic'], /unknown feature "wide-arithmatic"; did you mean "wide-arithmetic"\?/],
    [['legacyExceptions'], /did you mean "legacy-exceptions"\?/],
    [['quux'], /unknown feature "quux"$/],
    [[1], /unknown feature 1/],
    ['threads', /features must be a list of features, not "threads"/],
    [{ threads: true }, /features must be a list/],
    [5, /features must be a list/],
  ];
  for (const [features, message] of refusals) {
    const given = { features: features as FeatureKey[] };
    for (const attempt of [
      () => createPlugin(signs, given),
      async () => createPool(await compilePlugin(signs), given),
      async () => createWebAssembly(given),
    ])
      await assert.rejects(attempt, (error: Error) => {
        assert.ok(isQuernError(error, 'usage.argument'), String(error));
        assert.match(error.message, message);
        return true;
      });
  }
});

test('the command switches features on', () => {
  const plain = runQuern(['call', file, 'f']);
  assert.equal(plain.status, 1, plain.stderr);
  assert.match(plain.stderr, /wide-arithmetic/);
  assert.match(plain.stderr, /--feature/);
  const given = runQuern(['call', file, 'f', '--feature', 'wide-arithmetic', '--feature', 'threads']);
  assert.equal(given.stderr + given.stdout, '');
  const unknown = runQuern(['call', file, 'f', '--feature', 'wide']);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /--feature must be .*, not "wide"/);
});
