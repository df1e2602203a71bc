/** `quern trace`: lines of a call, of some functions, and what differs from another one. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

before(buildExamples);
const folder = mkdtempSync(join(tmpdir(), 'quern-trace-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const trace = (input: string, ...flags: readonly string[]): ReturnType<typeof runQuern> =>
  runQuern(['trace', example('greet'), 'greet', '-i', input, '--calls', ...flags]);

describe('quern trace', () => {
  test('prints calls, and no output of the plug-in', () => {
    const { status, stdout, stderr } = trace('Ada');
    assert.equal(status, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0]!, /^1 > \S*greet \(\)$/);
    assert.ok(
      lines.every((line) => /^\d+ [<>] \S+(?: \(.*\))?$/.test(line)),
      stdout,
    );
    assert.equal(lines.filter((line) => line.includes(' > ')).length, lines.length / 2);
  });

  test('prints instructions of the functions that are named', () => {
    const { stdout } = runQuern([
      ...[
        'trace',
        example('greet'),
        'greet',
        '-i',
        'Ada',
        '--function',
        '*String.UTF8*',
        '--function',
        'none',
      ],
    ]);
    const lines = stdout.trimEnd().split('\n');
    assert.ok(lines.length > 20 && lines.every((line) => /^\d+ \S*String\.UTF8\S*\+0x[\da-f]+ /.test(line)));
  });

  test('--diff is silent for the same call, and names the first line that differs', () => {
    assert.equal(trace('Ada', '-o', file('a')).stdout, '');
    const same = trace('Ada', '--diff', file('a'));
    assert.deepEqual([same.status, same.stdout], [0, '']);
    const other = trace('Grace', '--diff', file('a'));
    assert.equal(other.status, 1);
    assert.match(other.stdout, /^line \d+\n(?: {2}\d.*\n){3}- \d.*\n\+ \d.*\n$/);
  });

  test('--diff says which one ends first', () => {
    const lines = readFileSync(file('a'), 'utf8');
    writeFileSync(file('longer'), `${lines}1 > more\n`);
    assert.match(trace('Ada', '--diff', file('longer')).stdout, /- 1 > more\n\+ \(the end\)\n$/);
    writeFileSync(file('shorter'), lines.split('\n').slice(0, 5).join('\n'));
    assert.match(trace('Ada', '--diff', file('shorter')).stdout, /^line 6\n[\s\S]*- \(the end\)\n\+ \d/);
  });

  test('a call that fails has a trace, and fails', () => {
    const { status, stderr } = runQuern(['trace', example('greet'), 'nothing', '--calls']);
    assert.equal(status, 1);
    assert.match(stderr, /nothing/);
  });

  test('says what it cannot read', () => {
    const { status, stderr } = trace('Ada', '--diff', file('missing'));
    assert.equal(status, 2);
    assert.match(stderr, /cannot read the trace/);
  });
});
