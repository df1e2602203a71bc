/** `quern bench`: what it prints, and that it measures what it says. No time is asserted. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { buildExamples, example } from '../examples/example-plugins.ts';
import { runQuern } from './run-quern.ts';

before(buildExamples);

describe('quern bench', () => {
  test('prints load, instantiation, calls, latency and fuel', () => {
    const { status, stdout, stderr } = runQuern([
      'bench',
      example('greet'),
      'greet',
      '-i',
      'Ada',
      '--calls',
      '20',
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^load +[\d.]+ (µs|ms|s)\ninstantiate [\d.]+ /);
    assert.match(stdout, /\ncalls +20 in [\d.]+ (µs|ms|s): [\d,]+ per second\n/);
    assert.match(stdout, /\nlatency +median [^,]+, 95 % [^,]+, 99 % [^,]+, longest /);
    // The first call of a plug-in pays for more than those after it, which the measured ones are.
    const { stderr: shown } = runQuern([
      'call',
      example('greet'),
      'greet',
      '-i',
      'Ada',
      '--show-fuel',
      '--loop',
      '2',
    ]);
    const fuel = Number(/fuel: (\d+)\s*$/.exec(shown)![1]).toLocaleString('en');
    assert.ok(stdout.includes(`\nfuel        ${fuel} a call`), stdout);
  });

  test('--json has the same numbers', () => {
    const { status, stdout, stderr } = runQuern([
      ...['bench', example('greet'), 'greet', '-i', 'Ada', '--calls', '20', '--json'],
    ]);
    assert.equal(status, 0, stderr);
    const { load, instantiate, firstCall, calls, latency, fuel } = JSON.parse(stdout) as {
      load: number;
      instantiate: { first: number; second: number };
      firstCall: number;
      calls: { count: number; time: number; perSecond: number };
      latency: { median: number; p95: number; p99: number; longest: number };
      fuel: { least: number; most: number };
    };
    for (const time of [load, instantiate.first, instantiate.second, firstCall]) assert.ok(time > 0);
    assert.equal(calls.count, 20);
    assert.equal(Math.round(calls.perSecond), Math.round((1000 * calls.count) / calls.time));
    const { median, p95, p99, longest } = latency;
    assert.deepEqual(
      [median, p95, p99, longest],
      [median, p95, p99, longest].toSorted((a, b) => a - b),
    );
    assert.ok(fuel.least > 0 && fuel.least <= fuel.most);
  });

  test('a call that fails ends it with the error', () => {
    const { status, stderr } = runQuern(['bench', example('greet'), 'greet', '--fuel', '3']);
    assert.equal(status, 1);
    assert.match(stderr, /exhaustion\.fuel/);
  });

  test('refuses what is no number of calls or seconds', () => {
    for (const flags of [
      ['--calls', '0'],
      ['--calls', 'many'],
      ['--seconds', '-1'],
      ['--seconds', 'x'],
    ]) {
      const { status, stderr } = runQuern(['bench', example('greet'), 'greet', ...flags]);
      assert.equal(status, 2, stderr);
    }
  });
});
