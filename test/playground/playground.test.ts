/**
 * The playground in Chromium and in Firefox, served under `default-src 'self'`: what people do in it, by mouse and by
 * keyboard; a snapshot of each is resumed in the other.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../shared.ts';
import { hasClang } from '../wasi/c-programs.ts';
import { browsers, serve } from './browsers.ts';
import { Visitor } from './visitor.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-playground-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const played = join(folder, 'play');

before(() => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'build/scripts/playground.js'), played]);
  assert.equal(status, 0, String(stderr));
});

const running = new Map<string, Visitor>();
after(async () => {
  for (const { browser, served } of running.values()) {
    await browser.close();
    served.close();
  }
});

const module = `(module
  (func $square (param $x i32) (result i32)
    (i32.mul (local.get $x) (local.get $x)))
  (func (export "area") (param $r i32) (result i32)
    (i32.mul (i32.const 3) (call $square (local.get $r)))))`;

// At the same time: a browser waits more than it works.
describe('the playground', { concurrency: 2 }, () => {
  for (const [kind, { start, path, variable }] of Object.entries(browsers)) {
    const skip = path === null && `${kind} not found (set ${variable})`;
    if (skip !== false) console.log(`NOTICE: ${skip}; the playground is not tried in it.`);
    describe(kind, { skip, concurrency: 1 }, () => {
      let v: Visitor;
      before(async () => {
        v = new Visitor(await start(path!), await serve(played));
        running.set(kind, v);
        await v.browser.resize(1280, 900);
      });

      test('opens with an example, whose output is one click away', async () => {
        await v.open();
        await v.press('call');
        await v.until("document.querySelector('#output').textContent.includes('total')");
        assert.deepEqual(JSON.parse(await v.text('#output')), { count: 3, total: 3 });
        assert.match(await v.text('#log'), /counting vowels/);
        await v.press('call');
        assert.deepEqual(JSON.parse(await v.text('#output')), { count: 3, total: 6 });
      });

      test('takes input as JSON, as bytes and from a file, and shows bytes', async () => {
        await v.open();
        const kinds: readonly (readonly [string, string, number])[] = [
          ['json', '{ "a": "e" }', 2],
          ['hex', '61 65 69', 3],
        ];
        for (const [name, input, count] of kinds) {
          await v.choose('.input-part select', name);
          await v.fill('.input-part textarea', input);
          await v.press('call');
          assert.equal(JSON.parse(await v.text('#output')).count, count, name);
        }
        await v.fill('.input-part textarea', '6');
        await v.press('call');
        assert.match(await v.text('#notice'), /no sequence of bytes/);
        const file = join(folder, 'input.txt');
        writeFileSync(file, 'aeiou');
        await v.choose('.input-part select', 'file');
        await v.browser.chooseFile('.input-part input', file);
        await v.press('call');
        assert.equal(JSON.parse(await v.text('#output')).count, 5);
        await v.choose('#panel-result select', 'hex');
        assert.match(await v.text('#output'), /^7b 22 63/);
      });

      test('shows a trap with its backtrace, and steps back from it', async () => {
        await v.example('A trap');
        await v.press('call');
        assert.match(await v.text('#error'), /out of bounds memory access/);
        assert.match(await v.text('#trace'), /value at 0x\w+.*sum at.*sum_list at/s);
        assert.equal(await v.text('.paint .here mark'), 'i32.load');
        await v.move('back');
        const before = await v.stand();
        await v.move('back', 'back', 'step', 'step');
        assert.equal(await v.stand(), before);
        await v.move('runBack');
        assert.match(await v.text('#frames'), /^sum_list/);
        await v.move('continue');
        assert.match(await v.text('#error'), /out of bounds/);
      });

      test('pauses without fuel, is refilled and resumes; a call that runs is stopped', async () => {
        await v.example('An endless loop');
        await v.press('call');
        const used = (): Promise<string> =>
          v.browser.evaluate("document.querySelector('#meter').getAttribute('aria-valuenow')");
        assert.match(await v.text('#standing'), /Out of fuel/);
        assert.equal(await used(), '20000000');
        await v.press('refill');
        assert.doesNotMatch(await v.text('#standing'), /Out of fuel/);
        await v.move('continue');
        assert.equal(await used(), '40000000');
        await v.fill('.call input[type=number]', '1000000000000');
        await v.browser.click('#call');
        await v.until("Number(document.querySelector('#meter').getAttribute('aria-valuenow')) > 4000000");
        await v.press('stop');
        assert.match(await v.text('#standing'), /Paused/);
        const at = Number(await used());
        await v.move('back');
        assert.ok(Number(await used()) <= at && Number(await used()) > at - 10);
        await v.browser.click('#stop');
        await v.until("/No call yet/.test(document.querySelector('#standing').textContent)");
      });

      test('steps forwards and backwards through the same states, by buttons and by keys', async () => {
        await v.example('Factorial');
        await v.press('begin');
        const seen = [await v.stand()];
        for (const move of ['step', 'step', 'step', 'over', 'step']) {
          await v.move(move);
          seen.push(await v.stand());
        }
        assert.equal(new Set(seen).size, seen.length);
        await v.move('back');
        assert.equal(await v.stand(), seen[4]);
        await v.browser.click('.program textarea');
        await v.browser.type('s');
        await v.idle();
        await v.until(
          `document.querySelector('#figures').textContent === ${JSON.stringify(seen[5]!.split(' left')[0]!)} + ' left' + document.querySelector('#figures').textContent.split(' left')[1]`,
        );
        assert.equal(await v.stand(), seen[5]);
        await v.browser.click('.program textarea');
        await v.browser.type('r');
        await v.idle();
        assert.match(await v.stand(), /^2 used/);
      });

      test('runs to a line, to breakpoints and back to them', async () => {
        await v.example('Factorial');
        await v.press('begin');
        // The line of the base case, deep in the recursion.
        const goTo = (line: number): Promise<unknown> =>
          v.browser.evaluate(
            `(() => { const area = document.querySelector('.program textarea'); const at = area.value.split('\\n').slice(0, ${line - 1}).join('\\n').length + 1; area.focus(); area.setSelectionRange(at, at); return null; })()`,
          );
        await goTo(5);
        await v.move('toCaret');
        assert.match(await v.stand(), /n\s*i64\s*0/);
        const frames = await v.browser.evaluate<number>("document.querySelectorAll('#frames li').length");
        assert.equal(frames, 21);
        await goTo(4);
        await v.move('toCaretBack');
        assert.match(await v.stand(), /n\s*i64\s*0/);
        await v.press('breakpoint');
        await v.until("document.querySelectorAll('.gutter .break').length === 1");
        await v.move('runBack');
        assert.match(await v.stand(), /n\s*i64\s*1/);
        await v.move('out');
        assert.match(await v.text('#standing'), /breakpoint/);
      });

      test('shows memory, and marks what changes', async () => {
        await v.example('Sieve of primes');
        await v.press('begin');
        await v.browser.click('#tab-memory');
        await v.until("document.querySelectorAll('#memory .byte').length === 256");
        await v.browser.evaluate(
          "(() => { const area = document.querySelector('.program textarea'); const at = area.value.indexOf('(br $next)'); area.focus(); area.setSelectionRange(at, at); return null; })()",
        );
        await v.move('toCaret');
        await v.until("document.querySelectorAll('#memory .changed').length === 1");
        assert.equal(await v.text('#memory .changed'), '01');
        await v.move('continue');
        await v.browser.click('#tab-result');
        assert.match(await v.result(), /9592/);
        assert.match(await v.text('#log'), /9592/);
      });

      test('draws who used the fuel', async () => {
        await v.example('Sieve of primes');
        await v.press('profile');
        await v.until("document.querySelector('.flame') !== null");
        assert.match(await v.text('.flame'), /count_primes.*mark_multiples/s);
        const label = await v.browser.evaluate<string>(
          "document.querySelector('.flame .box').getAttribute('aria-label')",
        );
        assert.match(label, /^count_primes: 5,521,511 units of fuel, 100\.0 %/);
        await v.browser.evaluate(
          "document.querySelector('.flame .box:nth-of-type(2)').dispatchEvent(new MouseEvent('click'))",
        );
        assert.doesNotMatch(await v.text('.flame'), /count_primes/);
      });

      test('answers what a plug-in asks of its host', async () => {
        await v.example('Host functions');
        await v.press('call');
        assert.equal(await v.text('#output'), 'I saw elba');
        assert.match(await v.text('#log'), /able was I.*I saw elba.*roll_dice\(6\): this page answers 0/s);
      });

      test('disassembles a binary, and calls it', async () => {
        await v.example('Greeting (AssemblyScript)');
        await v.press('call');
        assert.equal(await v.text('#output'), 'Hello, Ada!');
        await v.press('begin');
        assert.match(await v.text('.parts .part:last-child .here'), /\w/);
        await v.move('over', 'over', 'back');
        assert.match(await v.text('#standing'), /Stepped/);
      });

      test('reads text while it is edited, and shows errors at their line', async () => {
        await v.open();
        await v.fill('.program textarea', module.replace('local.get $r', 'local.got $r'));
        await v.until("!document.querySelector('.problem').hidden");
        assert.match(await v.text('.problem'), /line 5/);
        assert.match(await v.text('.paint .error'), /local\.got/);
        assert.equal(await v.browser.evaluate("document.querySelector('#call').disabled"), true);
        await v.fill('.program textarea', module);
        await v.until(
          "document.querySelector('.problem').hidden && !document.querySelector('#call').disabled",
        );
        await v.fill('.arguments input', '5');
        await v.press('call');
        assert.match(await v.result(), /i32\s*75/);
        // What is called is what is seen, also when it was typed just before.
        await v.fill('.program textarea', module.replace('i32.const 3', 'i32.const 4'));
        await v.press('call');
        assert.match(await v.result(), /i32\s*100/);
        await v.fill('.arguments input', 'five');
        await v.press('call');
        assert.match(await v.text('#notice'), /"five" is no value of type i32/);
        await v.fill(
          '.program textarea',
          '(module (func (export "f") (result i32)\n  (i32.eqz (i64.const 1))))',
        );
        await v.until("/type mismatch.*line 2/s.test(document.querySelector('.problem').textContent)");
        assert.match(await v.text('.paint .error'), /i32\.eqz/);
      });

      test('makes links that hold a program, and opens them', async () => {
        await v.open();
        await v.fill('.program textarea', module);
        await v.until("/area/.test(document.querySelector('.call select').textContent)");
        await v.fill('.arguments input', '7');
        await v.browser.click('#share');
        await v.until("document.querySelector('#link').value !== ''");
        const link = await v.browser.evaluate<string>("document.querySelector('#link').value");
        assert.ok(link.length < 500, `${link.length} characters`);
        await v.open(link.slice(link.indexOf('#')));
        assert.equal(await v.browser.evaluate("document.querySelector('.program textarea').value"), module);
        await v.press('call');
        assert.match(await v.result(), /i32\s*147/);
        await v.open('#p1.damaged');
        assert.match(await v.text('#notice'), /could not be read/);
        const numbers = Array.from({ length: 9000 }, (_, i) => (i * 7919 * 104_729) % 1_000_003).join(' ');
        await v.fill('.program textarea', `(module) ;; ${numbers}`);
        await v.until("/8 bytes/.test(document.querySelector('.summary').textContent)");
        await v.browser.click('#share');
        await v.until("/Too large/.test(document.querySelector('#link-note').textContent)");
      });

      test('saves snapshots that resume in a fresh page: the same fuel and result', async () => {
        for (const [example, ...moves] of [
          ['Factorial', 'step', 'step', 'over', 'step', 'step'],
          ['Count vowels', 'over', 'over', 'step', 'step', 'over'],
        ] as const) {
          await v.example(example);
          await v.press('call');
          const whole = await v.result();
          await v.example(example);
          await v.press('begin');
          await v.move(...moves);
          const file = await v.saveSnapshot();
          snapshots.push({ by: kind, file, whole });
          assert.equal(await v.resume(file), whole);
        }
        const none = join(folder, 'none.quern-call');
        writeFileSync(none, '{"format":"quern-playground","version":2}');
        await v.browser.chooseFile('#file', none);
        await v.until(
          "/could not be resumed: it is no snapshot/.test(document.querySelector('#notice').textContent)",
        );
      });

      test('steps through C beside its disassembly', {
        skip: !hasClang() && 'clang for wasm32 not found',
      }, async () => {
        const source = join(folder, 'sum.c');
        const wasm = join(folder, 'sum.wasm');
        writeFileSync(source, sumSource);
        const flags = ['--target=wasm32', '-g', '-O0', '-nostdlib', '-Wl,--no-entry', '-Wl,--export=sum'];
        const { status, stderr } = spawnSync('clang', [...flags, '-o', wasm, source]);
        assert.equal(status, 0, String(stderr));
        await v.open();
        await v.browser.chooseFile('#file', wasm);
        await v.until("document.querySelector('.about').textContent === 'sum.wasm'");
        await v.until(
          "/sum\\.c:\\d/.test(document.querySelector('.parts .part:last-child .paint').textContent)",
        );
        await v.browser.chooseFile('#file', source);
        await v.until("document.querySelector('.program h3').textContent === 'sum.c'");
        await v.choose('.call select', 'sum');
        await v.fill('.arguments input', '4');
        await v.press('begin');
        await v.browser.evaluate(
          "(() => { const area = document.querySelector('.program textarea'); const at = area.value.indexOf('total +='); area.focus(); area.setSelectionRange(at, at); return null; })()",
        );
        await v.move('toCaret');
        assert.match(await v.text('.parts .part:first-child .here'), /total \+= square/);
        // Whole lines: into the function that is called, and back out of it.
        await v.browser.click('#by-line');
        const here = (): Promise<string> => v.text('.parts .part:first-child .here');
        await v.move('step');
        assert.match(await here(), /square\(int value\)/);
        await v.move('over', 'over');
        assert.match(await here(), /total \+= square/);
        await v.move('over');
        assert.match(await here(), /i\+\+/);
        await v.move('back');
        assert.match(await here(), /total \+= square|return value/);
        await v.move('continue');
        await v.browser.click('#tab-result');
        assert.match(await v.result(), /i32\s*14/);
      });

      test('is used by keyboard: a way past the head, and no trap', async () => {
        await v.open();
        await v.browser.type('Tab');
        assert.equal(await v.browser.evaluate('document.activeElement.className'), 'skip');
        const seen: string[] = [];
        for (let i = 0; i < 30; i++) {
          await v.browser.type('Tab');
          seen.push(
            await v.browser.evaluate(
              "document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.textContent",
            ),
          );
        }
        for (const wanted of ['share', 'Program text', 'call', 'tab-result'])
          assert.ok(seen.includes(wanted), `${wanted} of ${seen.join(', ')}`);
      });

      test('axe finds nothing serious, in both schemes, wide and narrow; nothing is cut off at 360 pixels', async () => {
        for (const scheme of ['light', 'dark']) {
          await v.browser.resize(scheme === 'light' ? 1280 : 1600, 900);
          await v.example('A trap');
          await v.choose('.tools .field:last-child select', scheme);
          await v.press('call');
          await v.browser.click('[data-view=both]');
          assert.deepEqual(await v.faultsOfAccess(), [], `${scheme}, a trap`);
          await v.move('back');
          await v.browser.click('#tab-memory');
          await v.until("document.querySelectorAll('#memory .byte').length === 256");
          assert.deepEqual(await v.faultsOfAccess(), [], `${scheme}, memory`);
          await v.press('profile');
          await v.until("document.querySelector('.flame') !== null");
          if (kind === 'chromium') await v.browser.resize(360, 720);
          for (const tab of ['fuel', 'stack', 'module', 'log', 'memory', 'result']) {
            await v.browser.click(`#tab-${tab}`);
            const { width, inner } = await v.browser.evaluate<{
              readonly width: number;
              readonly inner: number;
            }>('{ width: document.documentElement.scrollWidth, inner: innerWidth }');
            assert.ok(width <= inner, `${tab} is ${width} of ${inner} pixels wide`);
          }
          assert.deepEqual(await v.faultsOfAccess(), [], `${scheme}, narrow`);
        }
        await v.browser.resize(1280, 900);
      });

      test('opens without a network when it was opened before', async () => {
        await v.open();
        await v.until('navigator.serviceWorker !== undefined');
        await v.until("document.body.dataset.offline === 'yes'", 'kept for offline use');
        v.served.isUp = false;
        try {
          await v.open();
          await v.press('call');
          assert.match(await v.text('#output'), /count/);
        } finally {
          v.served.isUp = true;
        }
      });

      test('had no fault on the way: nothing in the console, nothing against the policy', async () => {
        assert.deepEqual(v.browser.faults, []);
        assert.deepEqual(v.served.violations, []);
        assert.equal(await v.browser.evaluate('document.body.dataset.fault ?? null'), null);
      });
    });
  }
});

/** What the browsers have saved. */
const snapshots: { readonly by: string; readonly file: string; readonly whole: string }[] = [];
const sumSource = `static int square(int value) {
  return value * value;
}
int sum(int count) {
  int total = 0;
  for (int i = 0; i < count; i++) {
    total += square(i);
  }
  return total;
}
`;

describe('snapshots between browsers', {
  skip: Object.values(browsers).some(({ path }) => path === null) && 'needs both browsers',
}, () => {
  test('what one has saved resumes in the other', async () => {
    assert.equal(snapshots.length, 4);
    for (const { by, file, whole } of snapshots) {
      const [, other] = [...running].find(([kind]) => kind !== by)!;
      assert.equal(await other.resume(file), whole, other.browser.name);
    }
  });
});
