/** Where the host refuses code from strings, the interpreter continues by itself, to the same end and bill. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { proof } from '../proof.ts';
import { root } from '../shared.ts';
import { compileWat } from '../wat.ts';
import { deepCalls } from './programs.ts';

const { calls } = compileWat({ calls: deepCalls.text });

const script = `
  import { compiler } from './build/src/compiler/compiler.js';
  import { compileModule, instantiate, startExecution, Store } from './build/src/wasm.js';
  const bytes = Uint8Array.from(Buffer.from('${Buffer.from(calls).toString('base64')}', 'base64'));
  for (const options of [{}, { compiler: compiler({ threshold: 0 }) }, { compiler: compiler({ threshold: 1 }) }]) {
    const { exports } = instantiate(new Store(options), compileModule(bytes), () => undefined);
    const ends = [['fib', 23n], ['mixed', 90n], ['even', 40n], ['down', 0n]].map(([name, arg]) => {
      const call = startExecution(exports.get(name), [arg]);
      return [call.run(), ...call.results, call.fuelConsumed].join(' ');
    });
    console.log(ends.join(', '));
  }
`;

test('calls end as they do without a compiler', () => {
  const output = execFileSync(process.execPath, [...proof, '--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  const lines = output.trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /^done 28657 \d+, .* trap \d+$/);
  assert.deepEqual(lines, [lines[0], lines[0], lines[0]]);
});
