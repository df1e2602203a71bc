import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type CurrentPlugin, createPlugin, isQuernError } from '../../src/node.ts';
import { runQuern } from '../cli/run-quern.ts';
import { proof } from '../proof.ts';
import { buildExamples, example } from './example-plugins.ts';

before(buildExamples);

const user = (remark: (plugin: CurrentPlugin, total: bigint) => unknown) => ({
  functions: { 'extism:host/user': { remark } },
});

describe('the examples through the library', () => {
  test('greet', async () => {
    const plugin = await createPlugin(example('greet'), { config: { greeting: 'Grüß Gott' } });
    assert.equal((await plugin.call('greet', 'Ada'))?.text(), 'Grüß Gott, Ada!');
    assert.equal((await plugin.call('greet'))?.text(), 'Grüß Gott, world!');
    await plugin.close();
  });

  test('counter keeps its total and asks the host', async () => {
    const plugin = await createPlugin(
      example('counter'),
      user((context, total) => context.store(`${total} so far`)),
    );
    assert.deepEqual((await plugin.call('count', 'Hello'))?.json(), {
      vowels: 2,
      total: 2,
      remark: '2 so far',
    });
    assert.deepEqual((await plugin.call('count', 'World!'))?.json(), {
      vowels: 1,
      total: 3,
      remark: '3 so far',
    });
  });

  test('counter waits for a host function that returns a promise', async () => {
    const plugin = await createPlugin(
      example('counter'),
      user(async (context) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return context.store('later');
      }),
    );
    assert.equal((await plugin.call('count', 'a'))?.json().remark, 'later');
  });

  test('a trap shows where, and the plug-in can be called again', async () => {
    const plugin = await createPlugin(
      example('counter'),
      user((context) => context.store('')),
    );
    await assert.rejects(plugin.call('ratio', '0'), (error) => {
      assert.ok(isQuernError(error, 'trap.divide-by-zero'));
      const names = error.details.backtrace?.map(({ funcName }) => funcName.split('/').at(-1));
      assert.deepEqual(names, ['divide', 'ratio']);
      return true;
    });
    assert.equal((await plugin.call('ratio', '3'))?.text(), '1');
  });
});

describe('the examples through the command, on hosts of every kind', () => {
  const hosts: readonly (readonly [string, readonly string[]])[] = [
    ['plain Node', []],
    ['Node without native Wasm and code from strings', proof],
    ['Node without a compiler', ['--jitless']],
  ];
  const fuel = new Set<string>();
  for (const [name, nodeFlags] of hosts) {
    test(name, () => {
      const run = runQuern(['call', example('greet'), 'greet', '-i', 'Ada', '--show-fuel'], { nodeFlags });
      assert.equal(run.status, 0, run.stderr);
      assert.equal(run.stdout, 'Hello, Ada!');
      // Node warns about flags that exclude each other; only our line counts.
      fuel.add(/^fuel: \d+$/m.exec(run.stderr)?.[0] ?? 'none');
      assert.equal(fuel.size, 1, 'the same fuel everywhere');
    });
  }
});
