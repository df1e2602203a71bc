/** `quern call --snapshot` and `--resume`: a call that continues in another process. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-snapshot-'));
const file = (name: string): string => join(folder, name);
before(buildExamples);
after(() => rmSync(folder, { recursive: true }));

const greet = (...flags: string[]) => runQuern(['call', example('greet'), ...flags]);

describe('quern call --snapshot', () => {
  test('a call that is out of fuel continues elsewhere, as often as one likes', () => {
    const whole = greet('greet', '-i', 'Ada', '--show-fuel');
    const first = greet('greet', '-i', 'Ada', '--fuel', '5000', '--snapshot', file('a'));
    assert.equal(first.status, 1);
    assert.match(first.stderr, /exhaustion\.fuel/);
    let from = 'a';
    for (let i = 0; i < 20; i++) {
      const next = greet(
        '--resume',
        file(from),
        '--fuel',
        '3000',
        '--snapshot',
        file(`b${i}`),
        '--show-fuel',
      );
      from = `b${i}`;
      if (next.status === 1) continue;
      assert.equal(next.stdout, whole.stdout);
      assert.equal(next.stderr, whole.stderr, 'the same bill');
      return;
    }
    assert.fail('the call did not end');
  });

  test('an idle plug-in keeps its state', () => {
    const call = (...flags: string[]) =>
      runQuern(['call', '--link', `extism:host/user=${example('remark')}`, ...flags]);
    const first = call(example('counter'), 'count', '-i', 'aeiou', '--snapshot', file('idle'));
    assert.match(first.stdout, /"total":5/);
    const second = call(example('counter'), 'count', '-i', 'aeiou', '--resume', file('idle'));
    assert.match(second.stdout, /"total":10/);
  });

  test('a damaged file, and that of another plug-in, are refused', () => {
    const bytes = readFileSync(file('a'));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file('damaged'), bytes);
    assert.match(greet('--resume', file('damaged')).stderr, /snapshot\.corrupt/);
    assert.match(greet('--resume', file('idle')).stderr, /snapshot\.foreign/);
    assert.equal(greet('--resume', file('none')).status, 2);
  });
});
