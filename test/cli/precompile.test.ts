/** `quern compile` and `quern bench --profile`: from a module to a file that a program imports. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { CallProfile, PrecompiledModule } from '../../src/compile.ts';
import { createPlugin } from '../../src/node.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { installed } from '../precompiled/load.ts';
import { runQuern } from './run-quern.ts';

describe('quern compile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-compile-'));
  const profile = join(folder, 'profile.json');
  before(buildExamples);
  after(() => rmSync(folder, { recursive: true }));

  let files = 0;
  /** The file that a command line makes, as it is and loaded. */
  const compiled = async (
    ...args: readonly string[]
  ): Promise<{ readonly text: string; readonly precompiled: PrecompiledModule }> => {
    const file = join(folder, `${++files}.mjs`);
    const run = runQuern(['compile', example('greet'), '-o', file, ...args]);
    assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', '']);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, installed(text));
    const { default: precompiled } = (await import(pathToFileURL(file).href)) as {
      readonly default: PrecompiledModule;
    };
    return { text, precompiled };
  };
  const greet = async (precompiled?: PrecompiledModule, schedule?: string): Promise<string> => {
    const plugin = await createPlugin(example('greet'), { precompiled, schedule });
    return `${(await plugin.call('greet', 'Ada'))?.text()} ${plugin.fuelConsumed}`;
  };

  test('writes a file, for either target and any schedule', async () => {
    const plain = await greet();
    const jit = await compiled();
    assert.equal(await greet(jit.precompiled), plain);
    const nojit = await compiled('--target', 'nojit');
    assert.equal(await greet(nojit.precompiled), plain);
    assert.notEqual(jit.text, nojit.text);
    const flat = await compiled('--schedule', 'flat-1');
    assert.equal(await greet(flat.precompiled, 'flat-1'), await greet(undefined, 'flat-1'));
    assert.equal(runQuern(['compile', example('greet')]).stdout, jit.text);
  });

  test('compiles what a profile names, and nothing else', async () => {
    const bench = ['bench', example('greet'), 'greet', '-i', 'Ada', '--calls', '3', '--profile', profile];
    const run = runQuern(bench);
    assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', '']);
    const { modules } = JSON.parse(readFileSync(profile, 'utf8')) as CallProfile;
    assert.equal(modules.length, 1);
    const indices = Object.keys(modules[0]!.functions);
    assert.ok(indices.length > 1);
    const whole = await compiled();
    const hot = await compiled('--only', 'hot', '--profile', profile);
    const functionsOf = (text: string): string[] =>
      /^functions:\{(.*)\},$/m
        .exec(text)![1]!
        .split(',')
        .map((member) => member.split(':')[0]!);
    assert.deepEqual(
      functionsOf(hot.text).filter((id) => indices.includes(id)),
      indices,
    );
    assert.ok(functionsOf(hot.text).length < functionsOf(whole.text).length);
    assert.equal(await greet(hot.precompiled), await greet());
  });

  test('says what is wrong with a command line', () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--target', 'fast'], /--target must be jit or nojit, not "fast"/],
      [['--only', 'cold'], /--only must be hot, not "cold"/],
      [['--only', 'hot'], /--only hot and --profile need each other/],
      [['--only', 'hot', '--profile', join(folder, 'none')], /cannot read the profile/],
      [['--only', 'hot', '--profile', example('greet')], /cannot read the profile/],
    ];
    for (const [args, message] of cases) {
      const run = runQuern(['compile', example('greet'), ...args]);
      assert.equal(run.status, 2);
      assert.match(run.stderr, message);
    }
    const bench = ['bench', example('greet'), 'greet', '--profile', profile, '--compile'];
    assert.match(runQuern(bench).stderr, /--profile and --compile exclude each other/);
  });

  test('a profile of another module is refused', () => {
    const run = runQuern([...['compile', example('counter'), '--only', 'hot', '--profile', profile]]);
    assert.equal(run.status, 2);
    assert.match(run.stderr, /the profile has no module with the SHA-256 [0-9a-f]{64}/);
  });
});
