/** `quern profile`: what it prints and writes, and when it fails. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { FuelProfile } from '../../src/profile.ts';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

before(buildExamples);
const folder = mkdtempSync(join(tmpdir(), 'quern-profile-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const profile = (...flags: readonly string[]): ReturnType<typeof runQuern> =>
  runQuern(['profile', example('greet'), 'greet', '-i', 'Ada', ...flags]);

describe('quern profile', () => {
  test('prints a table whose sum is the bill', () => {
    const { status, stdout, stderr } = profile();
    assert.equal(status, 0, stderr);
    const { stderr: shown } = runQuern(['call', example('greet'), 'greet', '-i', 'Ada', '--show-fuel']);
    const fuel = Number(/fuel: (\d+)/.exec(shown)![1]).toLocaleString('en');
    assert.ok(stdout.startsWith(`${fuel} units of fuel\n`), stdout);
    assert.match(stdout, / extism:host\/env\.\w+ \(host\)\n/);
  });

  test('writes what the name of the file, or --format, says', () => {
    assert.equal(profile('--output', file('a.svg')).stdout, '');
    assert.match(readFileSync(file('a.svg'), 'utf8'), /^<svg /);
    profile('-o', file('a.cpuprofile'));
    assert.ok('timeDeltas' in (JSON.parse(readFileSync(file('a.cpuprofile'), 'utf8')) as object));
    assert.match(profile('--format', 'folded').stdout, /^\S*greet[^\n]* \d+\n/m);
    const { version, fuel } = JSON.parse(profile('--format', 'json').stdout) as FuelProfile;
    assert.ok(version === 1 && fuel > 0);
  });

  test('--diff prints what differs', () => {
    profile('-o', file('before.json'));
    const { stdout } = runQuern([
      ...['profile', example('greet'), 'greet', '-i', 'Somebody else', '--diff', file('before.json')],
    ]);
    assert.match(stdout, /^ *before +after +difference/);
    assert.match(stdout, /\(all\)\n/);
    assert.doesNotMatch(profile('--diff', file('before.json')).stdout, / function\n.*\n./);
  });

  test('--check fails where more was used, and allows a tolerance', () => {
    const baseline = JSON.parse(profile('--format', 'json').stdout) as FuelProfile;
    const check = (fuel: number, ...flags: readonly string[]): ReturnType<typeof profile> => {
      writeFileSync(file('base.json'), JSON.stringify({ ...baseline, fuel }));
      return profile('-o', file('now.json'), '--check', file('base.json'), ...flags);
    };
    assert.equal(check(baseline.fuel).status, 0);
    const less = check(Math.floor(baseline.fuel / 1.05));
    assert.equal(less.status, 1);
    assert.match(less.stderr, new RegExp(`^${baseline.fuel} units of fuel, more than \\d+ `));
    assert.equal(check(Math.ceil(baseline.fuel / 1.05), '--tolerance', '5%').status, 0);
    assert.equal(check(Math.ceil(baseline.fuel / 1.05), '--tolerance', '0.05').status, 0);
    assert.equal(check(Math.floor(baseline.fuel / 1.07), '--tolerance', '5%').status, 1);
  });

  test('a call that fails has a profile, and fails', () => {
    const { status, stdout, stderr } = runQuern(['profile', example('greet'), 'nothing']);
    assert.equal(status, 1);
    assert.match(stdout, / units of fuel\n/);
    assert.match(stderr, /nothing/);
  });

  test('says what it cannot do', () => {
    writeFileSync(file('text'), 'text');
    for (const [flags, message] of [
      [['--compile'], /omit --compile/],
      [['--check', file('text')], /is not a profile of this version/],
      [['--diff', file('missing.json')], /cannot read the profile/],
      [['--tolerance', 'much'], /must be a share/],
      [['-o', join(folder, 'no/such/folder.svg')], /cannot write the profile/],
    ] as const) {
      const { status, stderr } = profile(...flags);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
  });
});
