/** Forms of profiles: well-formed, and with all of the fuel. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isQuernError } from '../../src/errors.ts';
import {
  compareProfiles,
  differenceTable,
  type FuelProfile,
  formatProfile,
  fuelProfiler,
  type ProfileFormat,
} from '../../src/profile.ts';
import { compileModule, type FuncInstance, instantiate, invoke, Store } from '../../src/wasm.ts';
import { chromium } from '../browser/browser.ts';
import { compileWat } from '../wat.ts';

const modules = compileWat({
  names: `(module $m
    (func $"a <b> & \\"c\\"; d" (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func $outer (export "run") (param i32) (result i32) (local i32)
      (loop $l
        (local.set 1 (i32.add (local.get 1) (call $"a <b> & \\"c\\"; d" (local.get 0))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1)))`,
});
const profileOf = (n: bigint): FuelProfile => {
  const profiler = fuelProfiler();
  const store = new Store({ compiler: profiler });
  const { exports } = instantiate(store, compileModule(modules.names), () => undefined);
  invoke(exports.get('run') as FuncInstance, [n]);
  return profiler.profile();
};
const profile = profileOf(10n);
const inner = 'm!a <b> & "c"; d';

describe('forms of a profile', () => {
  test('a table has functions and places', () => {
    const lines = formatProfile(profile, 'table').split('\n');
    assert.equal(lines[0], `${profile.fuel} units of fuel`);
    assert.match(lines[2]!, /^ *self +total +calls +function$/);
    assert.ok(
      lines.some((line) => line.endsWith(`10  ${inner}`)),
      lines.join('\n'),
    );
    assert.ok(
      lines.some((line) => /^ *\d+ +[\d.]+ % +10 +m!outer at 0x[\da-f]+$/.test(line)),
      lines.join('\n'),
    );
  });

  test('folded stacks have one way a line', () => {
    const lines = formatProfile(profile, 'folded').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.slice(0, line.lastIndexOf(' '))),
      ['m!outer', 'm!outer;m!a <b> & "c"  d'],
    );
    const fuel = lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    assert.equal(fuel, profile.fuel);
  });

  test('.cpuprofile is a tree with a time for each sample', () => {
    const { nodes, samples, timeDeltas, startTime, endTime } = JSON.parse(
      formatProfile(profile, 'cpuprofile'),
    ) as {
      nodes: { id: number; callFrame: { functionName: string }; children: number[] }[];
      samples: number[];
      timeDeltas: number[];
      startTime: number;
      endTime: number;
    };
    assert.deepEqual(
      nodes.map(({ id, callFrame, children }) => [id, callFrame.functionName, children]),
      [
        [1, '(root)', [2]],
        [2, 'outer', [3]],
        [3, 'a <b> & "c"; d', []],
      ],
    );
    assert.equal(samples.length, timeDeltas.length);
    // What lies between a sample and the next belongs to the first of them.
    const times = samples.slice(0, -1).map((id, i) => [id, timeDeltas[i + 1]!]);
    assert.deepEqual(
      times,
      profile.calls.map(({ self }, i) => [i + 2, self]),
    );
    // Chrome takes a start of 0 for none.
    assert.ok(startTime > 0);
    assert.equal(endTime - startTime, profile.fuel);
  });

  test('JSON is the profile', () => {
    assert.deepEqual(JSON.parse(formatProfile(profile, 'json')), profile);
  });

  test('no other', () => {
    assert.throws(
      () => formatProfile(profile, 'xml' as ProfileFormat),
      (error) => isQuernError(error, 'usage.argument') && /table, cpuprofile/.test(error.message),
    );
  });

  test('a call of any depth can be written', () => {
    const calls = Array.from({ length: 30_000 }, (_, i) => ({
      caller: i - 1,
      function: 0,
      calls: 1,
      self: 1,
    }));
    const deep = { ...profile, fuel: calls.length, calls };
    for (const format of ['table', 'cpuprofile', 'svg', 'json'] as const)
      assert.ok(formatProfile(deep, format).length > 100, format);
  });
});

describe('differences', () => {
  test('name the functions that used more or less, those that differ most first', () => {
    const difference = compareProfiles(profile, profileOf(12n));
    assert.equal(difference.before, profile.fuel);
    assert.deepEqual(difference.functions.map(({ name }) => name).sort(), [inner, 'm!outer']);
    const [first, second] = difference.functions;
    assert.ok(first!.after - first!.before >= second!.after - second!.before);
    assert.match(differenceTable(difference), /^ *before +after +difference +function\n/);
    assert.match(differenceTable(difference), / \+20 % +m!a <b>/);
  });

  test('equal profiles have none', () => {
    assert.deepEqual(compareProfiles(profile, profileOf(10n)).functions, []);
  });
});

/** A page around the picture, which does something to it and shows what it then says. */
const pageOf = (
  act: string,
): string => `<!doctype html><meta charset="utf-8"><body>${formatProfile(profile, 'svg')}
<script>
const calls = [...document.querySelectorAll('g.call')];
const seen = () => calls.filter((g) => g.style.display !== 'none').map((g) => g.dataset.name + ' ' + Math.round(g.querySelector('rect').getAttribute('width')));
window.prompt = () => 'A <B>';
${act}
document.title = JSON.stringify({ seen: seen(), note: document.querySelector('#note').textContent, found: calls.filter((g) => g.classList.contains('found')).length });
</script>`;
const skip = chromium === null && 'Chromium not found (set QUERN_CHROMIUM)';

describe('a flame graph in Chromium', { skip }, () => {
  const run = (act: string): { seen: string[]; note: string; found: number } => {
    const folder = mkdtempSync(join(tmpdir(), 'quern-flame-'));
    try {
      const file = join(folder, 'page.html');
      writeFileSync(file, pageOf(act));
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`];
      const { stdout } = spawnSync(chromium!, [...flags, '--dump-dom', pathToFileURL(file).href], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      const title =
        /<title>([^<]*)<\/title>(?!<rect)/.exec(stdout.slice(0, stdout.indexOf('<body>')))?.[1] ?? '';
      const text = title.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
      return JSON.parse(text) as ReturnType<typeof run>;
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  const share = profile.calls[1]!.self / profile.fuel;
  const whole = [`m!outer 1200`, `${inner} ${Math.round(1200 * share)}`];

  test('shows every call', () => {
    const { seen, note } = run('');
    assert.deepEqual(seen, whole);
    assert.match(note, new RegExp(`^${profile.fuel} units of fuel, 2 functions`));
  });

  test('a click zooms, Esc goes back', () => {
    assert.deepEqual(run(`calls[1].dispatchEvent(new MouseEvent('click'));`).seen, [
      'm!outer 1200',
      `${inner} 1200`,
    ]);
    const back = run(
      `calls[1].dispatchEvent(new MouseEvent('click')); document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));`,
    );
    assert.deepEqual(back.seen, whole);
  });

  test('a search marks names and adds up their fuel', () => {
    const { found, note } = run(`document.querySelector('#search').dispatchEvent(new MouseEvent('click'));`);
    assert.equal(found, 1);
    assert.equal(note, `"A <B>": ${profile.calls[1]!.self} units of fuel`);
  });
});
