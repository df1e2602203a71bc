/** What the package takes in a program, and what the small build is: the same, without what it leaves out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import * as whole from '../../src/index.ts';
import * as wholeWasm from '../../src/wasm.ts';
import { example } from '../examples/example-plugins.ts';
import { root } from '../shared.ts';
import { compileWat } from '../wat.ts';

// By variables, since the compiler would read the shipped declarations instead of the sources.
const load = async <T>(name: string): Promise<T> => (await import(name)) as T;
const small = await load<typeof whole>('quern/small');
const smallWasm = await load<typeof wholeWasm>('quern/wasm/small');
const greet = new Uint8Array(readFileSync(example('greet')));

/** Bytes of a program that a bundler has made small, compressed. */
const sizeOf = async (program: string): Promise<number> => {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    write: false,
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
};

describe('sizes', () => {
  const rows = [
    ...readFileSync(`${root}/README.md`, 'utf8').matchAll(/^ *\| `(export .+)` \| (\d+) kB \|$/gm),
  ];
  test('the table has six rows', () => assert.equal(rows.length, 6));
  for (const [, program, stated] of rows)
    test(`${program} is at most ${stated} kB, and not much less`, async () => {
      const kilobytes = (await sizeOf(program!)) / 1000;
      assert.ok(kilobytes <= Number(stated), `${kilobytes} kB`);
      assert.ok(kilobytes > Number(stated) * 0.93, `${kilobytes} kB: the table is out of date`);
    });
});

const modules = compileWat({
  vector: '(module (func (export "f") (result v128) (v128.const i32x4 1 2 3 4)))',
  body: '(module (func (export "f") (drop (v128.const i32x4 1 2 3 4))))',
  gc: '(module (type $s (struct (field i32))) (func (export "f") (drop (struct.new_default $s))))',
  list: '(module (type $a (array i32)) (global (ref $a) (array.new_default $a (i32.const 3))))',
  atomic: '(module (memory 1 1) (func (export "f") (drop (i32.atomic.load (i32.const 0)))))',
  traps: '(module (func (export "f") unreachable))',
});

describe('the small build', () => {
  const leavesOut = (what: string) => ({
    code: 'unsupported.feature',
    message: new RegExp(`${what}, which the small build omits: import "quern" instead of "quern/small"`),
  });

  test('has the names of the whole one', () => {
    assert.deepEqual(Object.keys(small).sort(), Object.keys(whole).sort());
    assert.deepEqual(Object.keys(smallWasm).sort(), Object.keys(wholeWasm).sort());
  });

  test('gives the same for the same fuel', async () => {
    const outcomes: string[] = [];
    for (const { createPlugin } of [whole, small]) {
      const plugin = await createPlugin(greet);
      outcomes.push(`${(await plugin.call('greet', 'Ada'))?.text()} ${plugin.fuelConsumed}`);
      const stopped = await plugin
        .callDetailed('greet', 'Ada', { fuel: 500 })
        .catch((error: Error) => error.message);
      outcomes.push(String(stopped));
    }
    assert.deepEqual(outcomes.slice(2), outcomes.slice(0, 2));
  });

  for (const [name, what] of [
    ['vector', 'simd'],
    ['body', 'simd'],
    ['atomic', 'threads'],
    ['gc', 'gc'],
    ['list', 'gc'],
  ] as const)
    test(`refuses a module that needs ${what}, and names the entry that has it: ${name}`, async () => {
      await assert.rejects(small.createPlugin(modules[name]!), leavesOut(what));
      assert.throws(() => smallWasm.compileModule(modules[name]!), leavesOut(what));
    });

  test('cannot switch on what it leaves out', async () => {
    for (const feature of ['simd', 'gc', 'threads', 'custom-descriptors'] as const)
      await assert.rejects(
        small.createPlugin(modules['atomic']!, { features: [...smallWasm.defaultFeatures, feature] }),
        leavesOut(feature),
      );
    assert.throws(() => smallWasm.compileModule(modules['atomic']!), leavesOut('threads'));
  });

  test('refuses snapshots, recordings and threads', async () => {
    const plugin = await small.createPlugin(greet);
    assert.throws(() => plugin.snapshot(), leavesOut('snapshots'));
    await assert.rejects(small.restorePlugin(greet, new Uint8Array(8)), leavesOut('snapshots'));
    await assert.rejects(small.createPlugin(greet, { record: true }), leavesOut('recordings'));
    await assert.rejects(small.createPlugin(greet, { replay: '' }), leavesOut('recordings'));
    await assert.rejects(small.replayRecording(greet, ''), leavesOut('recordings'));
    assert.throws(() => new smallWasm.Scheduler(), leavesOut('threads'));
    assert.equal((await plugin.call('greet', 'Ada'))?.text(), 'Hello, Ada!');
  });

  test('says where a plug-in failed, in names as the module has them', async () => {
    const plugin = await small.createPlugin(modules['traps']!);
    await assert.rejects(plugin.call('f'), { code: 'trap.unreachable' });
  });
});
