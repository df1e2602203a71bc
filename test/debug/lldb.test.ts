/** Sessions of the real LLDB with `quern debug`, by every line that it prints. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runQuern } from '../cli/run-quern.ts';
import { needsShared, root, shared } from '../shared.ts';
import { compileWat } from '../wat.ts';
import { buildPlugins, findLldb, linesBefore, type SourceName, sources } from './c-plugins.ts';
import { type Reply, runLldb, startQuern } from './lldb-session.ts';

const lldb = findLldb();
const plugins = lldb === null ? null : buildPlugins();
after(() => plugins?.remove());
const skip =
  lldb === null ? 'LLDB 22 or newer not found' : plugins === null ? 'clang for wasm32 not found' : false;
if (skip !== false) console.log(`NOTICE: ${skip}; sessions of LLDB with C programs are left out.`);

/** The line of a source that begins with a text, as LLDB counts. */
const lineOf = (name: SourceName, text: string): number =>
  linesBefore + 1 + sources[name].split('\n').findIndex((line) => line.trim().startsWith(text));

/** Where a frame is, as LLDB says it: function and line. */
const placesIn = ({ lines }: Reply): string[] =>
  lines.flatMap((line) => {
    const [, place] = /frame #\d+: 0x[0-9a-f]+ (\S+ at \S+?:\d+|\S+)/.exec(line) ?? [];
    return place === undefined ? [] : [place.replace(/:\d+$/, (column) => column)];
  });

/** What a stop is for. */
const reasonIn = ({ lines }: Reply): string =>
  lines.map((line) => /stop reason = (.*)$/.exec(line)?.[1]).find((found) => found !== undefined) ??
  lines[lines.length - 1] ??
  '';

/** Runs a session; replies to the commands, and how the command under test ended. */
const session = async (
  args: readonly string[],
  commands: readonly string[],
): Promise<{ readonly replies: readonly Reply[]; readonly text: string; readonly status: number | null }> => {
  const quern = await startQuern(args);
  try {
    const replies = await runLldb(lldb!, quern.port, commands);
    const from = replies.findIndex(({ command }) => command.startsWith('process connect')) + 1;
    const own = replies.slice(from, from + commands.length);
    assert.deepEqual(
      own.map(({ command }) => command),
      commands,
      'LLDB stopped at a command that failed',
    );
    const all = replies.flatMap(({ lines }) => lines).join('\n');
    assert.doesNotMatch(all, /assert|PLEASE submit a bug report/i);
    return { replies: own, ...(await quern.end()) };
  } finally {
    quern.kill();
  }
};

describe('a C plug-in under LLDB', { skip }, () => {
  const path = (name: SourceName): string => plugins!.path(name);
  const at = (func: string, name: SourceName, text: string): string =>
    `wasm:main\`${func} at ${name}.c:${lineOf(name, text)}`;

  test('stops at breakpoints, steps, shows frames, values and memory, and runs backwards', async () => {
    const { replies, text, status } = await session(
      [path('main'), 'count', '--input', 'abcde'],
      [
        'breakpoint set --name square',
        'continue',
        'bt',
        'frame variable',
        'up',
        'frame variable',
        'p acc + 1000',
        'next',
        'step',
        'finish',
        'continue',
        'process continue -R',
        'process continue -F',
        'next',
        'next',
        'p table[2]',
        'p &table[2]',
        'memory read --count 4 --format x --size 4 0x408',
        'thread step-inst',
        'process plugin packet monitor fuel',
        'detach',
      ],
    );
    const [, first, frames, locals, up, outer, value, next, step, finish, second, back, forth, n1, n2] =
      replies;
    const [element, , , , fuel] = replies.slice(15);
    const inSquare = at('square(value=1)', 'main', 'int result');
    assert.equal(reasonIn(first!), 'breakpoint 1.1');
    assert.deepEqual(placesIn(first!), [inSquare]);
    assert.deepEqual(placesIn(frames!), [
      inSquare,
      at('sum(n=5)', 'main', 'acc +='),
      at('count', 'main', 'int s ='),
    ]);
    assert.deepEqual(locals!.lines, ['(int) value = 1', '(int) result = 0']);
    assert.deepEqual(placesIn(up!), [at('sum(n=5)', 'main', 'acc +=')]);
    assert.deepEqual(outer!.lines, [
      '(int) n = 5',
      '(point) p = (x = 5, y = 10)',
      '(int) acc = 0',
      '(int) i = 1',
    ]);
    assert.deepEqual(value!.lines, ['(int) 1000']);
    assert.equal(reasonIn(next!), 'step over');
    assert.deepEqual(placesIn(next!), [at('square(value=1)', 'main', 'table[')]);
    assert.equal(reasonIn(step!), 'step in');
    assert.deepEqual(placesIn(step!), [at('square(value=1)', 'main', 'return result')]);
    assert.equal(reasonIn(finish!), 'step out');
    assert.deepEqual(placesIn(finish!), [at('sum(n=5)', 'main', 'acc +=')]);
    assert.deepEqual(placesIn(second!), [at('square(value=2)', 'main', 'int result')]);
    assert.equal(reasonIn(back!), 'breakpoint 1.1');
    assert.deepEqual(placesIn(back!), [inSquare]);
    assert.deepEqual(placesIn(forth!), [at('square(value=2)', 'main', 'int result')]);
    assert.deepEqual(placesIn(n1!), [at('square(value=2)', 'main', 'table[')]);
    assert.deepEqual(placesIn(n2!), [at('square(value=2)', 'main', 'return result')]);
    assert.deepEqual(element!.lines, ['(int) 4']);
    assert.match(fuel!.lines.join(), /response: /);
    // After `detach` the call continues by itself.
    assert.match(text, /\n5\n$/);
    assert.equal(status, 0);
  });

  test('is paused at a trap, with its frames, and finds what came before', async () => {
    const { replies, text, status } = await session(
      [path('main'), 'crash', '--input', 'abc'],
      [
        'continue',
        'bt',
        'frame variable n',
        'breakpoint set --name square',
        'process continue -R',
        'p value',
        'process continue -F',
        'continue',
      ],
    );
    const [trap, frames, n, , back, value, forth, end] = replies;
    const inCrash = at('crash', 'main', 'return sum(n) /');
    assert.equal(reasonIn(trap!), 'integer divide by zero');
    assert.deepEqual(placesIn(frames!), [inCrash]);
    assert.deepEqual(n!.lines, ['(int) n = 3']);
    assert.deepEqual(placesIn(back!), [at('square(value=3)', 'main', 'int result')]);
    assert.deepEqual(value!.lines, ['(int) 3']);
    assert.equal(reasonIn(forth!), 'integer divide by zero');
    assert.match(end!.lines.join('\n'), /exited with status = 1 /);
    assert.match(text, /integer divide by zero/);
    assert.equal(status, 1);
  });

  test('is paused where it reports an error', async () => {
    const { replies, status } = await session(
      [path('main'), 'complain'],
      ['continue', 'frame select 0', 'continue'],
    );
    const [stop, frame, end] = replies;
    assert.equal(reasonIn(stop!), 'bad');
    assert.match(placesIn(frame!)[0]!, /^wasm:main`complain at main\.c:\d+$/);
    assert.match(end!.lines.join('\n'), /exited with status = 1 /);
    assert.equal(status, 1);
  });

  test('finds who wrote to a variable, forwards and backwards', async () => {
    const { replies } = await session(
      [path('main'), 'count', '--input', 'abc'],
      [
        'watchpoint set variable total',
        'continue',
        'p total',
        'process continue -R',
        'p total',
        'process continue -R',
      ],
    );
    const [, hit, after, back, before, begin] = replies;
    const place = at('sum(n=3)', 'main', 'total = acc');
    assert.equal(reasonIn(hit!), 'watchpoint 1');
    assert.deepEqual(hit!.lines.slice(0, 3), ['Watchpoint 1 hit:', 'old value: 0', 'new value: 14']);
    assert.deepEqual(after!.lines, ['(int) 14']);
    assert.equal(reasonIn(back!), 'watchpoint 1');
    assert.deepEqual(placesIn(back!), [place]);
    assert.deepEqual(before!.lines, ['(int) 0']);
    assert.equal(reasonIn(begin!), 'history boundary');
  });

  test('goes back over ten million instructions', async () => {
    const { replies } = await session(
      [path('long'), 'run'],
      [
        'breakpoint set --name mark',
        'continue',
        'continue',
        'p value',
        'process continue -R',
        'p value',
        'process continue -R',
      ],
    );
    const [, first, second, value, back, before, begin] = replies;
    assert.match(placesIn(first!)[0]!, /^wasm:main`mark\(value=1\) at long\.c/);
    assert.match(placesIn(second!)[0]!, /^wasm:main`mark\(value=\d+\) at long\.c/);
    assert.notDeepEqual(value!.lines, before!.lines);
    assert.match(placesIn(back!)[0]!, /^wasm:main`mark\(value=1\) at long\.c/);
    assert.deepEqual(before!.lines, ['(unsigned int) 1']);
    assert.equal(reasonIn(begin!), 'history boundary');
  });

  test('shows two linked modules, each with its memory', async () => {
    const { replies } = await session(
      [path('linked'), 'run', '--input', 'abc', '--link', `math=${path('math')}`],
      [
        'settings set target.process.disable-memory-cache true',
        'image list',
        'breakpoint set --name twice',
        'continue',
        'bt',
        'p theirs',
        'up',
        'p before',
        'p mine',
        'continue',
      ],
    );
    const [, images, , hit, frames, theirs, , before, mine, end] = replies;
    assert.deepEqual(
      images!.lines.map((line) => /wasm:\w+/.exec(line)?.[0]),
      ['wasm:math', 'wasm:main', 'wasm:host'],
    );
    const inTwice = `wasm:math\`twice(value=8) at math.c:${lineOf('math', 'int result')}`;
    assert.deepEqual(placesIn(hit!), [inTwice]);
    assert.deepEqual(placesIn(frames!), [inTwice, at('run', 'linked', 'int after')]);
    assert.deepEqual(theirs!.lines, ['(int) 7']);
    assert.deepEqual(before!.lines, ['(int) 3']);
    assert.deepEqual(mine!.lines, ['(int) 5']);
    assert.match(end!.lines.join('\n'), /exited with status = 0 /);
  });

  test('debugs the last call of a recording', async () => {
    const recording = join(plugins!.folder, 'count.jsonl');
    assert.equal(
      runQuern(['call', path('main'), 'count', '--input', 'abc', '--record', recording]).status,
      0,
    );
    const { replies, text } = await session(
      [path('main'), '--replay', recording],
      ['breakpoint set --name sum', 'continue', 'frame variable n', 'process continue -R', 'detach'],
    );
    const [, hit, n, back] = replies;
    assert.deepEqual(placesIn(hit!), [at('sum(n=3)', 'main', 'struct point p')]);
    assert.deepEqual(n!.lines, ['(int) n = 3']);
    assert.equal(reasonIn(back!), 'history boundary');
    assert.match(text, /\n4\n$/);
  });

  test('continues from a snapshot, and goes back to where it was taken', async () => {
    const snapshot = join(plugins!.folder, 'count.snapshot');
    const args = ['call', path('main'), 'count', '--input', 'abc', '--fuel', '100', '--snapshot', snapshot];
    assert.equal(runQuern(args).status, 1);
    const { replies, text } = await session(
      [path('main'), '--resume', snapshot],
      [
        'bt',
        'breakpoint set --name square',
        'continue',
        'process continue -R',
        'process continue -F',
        'detach',
      ],
    );
    const [frames, , hit, back, forth] = replies;
    assert.match(placesIn(frames!)[0]!, /^wasm:main`sum\(n=3\) at main\.c/);
    assert.deepEqual(placesIn(hit!), [at('square(value=1)', 'main', 'int result')]);
    assert.equal(reasonIn(back!), 'history boundary');
    assert.deepEqual(placesIn(forth!), placesIn(hit!));
    assert.match(text, /\n4\n$/);
  });
});

describe('plug-ins without lines of sources under LLDB', { skip: lldb === null && 'LLDB not found' }, () => {
  test('one in Rust: by names of functions', { ...needsShared }, async () => {
    const { replies } = await session(
      [shared('plugins/rust185_wasip1.wasm'), 'json', '--wasi', '--input', '{"a":[1,2]}'],
      [
        'bt',
        'thread step-inst',
        'disassemble --count 2',
        'process plugin packet monitor globals',
        'continue',
      ],
    );
    const [frames, , , , end] = replies;
    assert.equal(placesIn(frames!).length, 1);
    assert.match(end!.lines.join('\n'), /exited with status = \d/);
  });

  test('one in AssemblyScript: by names of functions, whose breakpoints lie before their code', {
    skip: plugins === null && skip,
  }, async () => {
    const folder = plugins!.folder;
    writeFileSync(
      join(folder, 'add.ts'),
      `@external("extism:host/env", "input_length") declare function inputLength(): i64;
export function add(a: i32, b: i32): i32 { return a + b; }
export function run(): i32 {
  let sum: i32 = 0;
  for (let i = 0; i < 3; i++) sum = add(sum, <i32>inputLength());
  return sum - 9;
}
`,
    );
    const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
    // Relative, since functions are named by it.
    const args = [asc, 'add.ts', '--debug', '--runtime', 'stub', '-o', 'add.wasm'];
    const built = spawnSync(process.execPath, args, { cwd: folder });
    assert.equal(built.status, 0, String(built.stderr));
    const { replies } = await session(
      [join(folder, 'add.wasm'), 'run', '--input', 'abc'],
      ['breakpoint set --name add/add', 'continue', 'bt', 'continue', 'process continue -R', 'detach'],
    );
    const [set, hit, frames, , back] = replies;
    assert.match(set!.lines.join(), /Breakpoint 1: where = wasm:main`add\/add/);
    assert.equal(reasonIn(hit!), 'breakpoint 1.1');
    assert.deepEqual(placesIn(frames!), ['wasm:main`add/add', 'wasm:main`add/run']);
    assert.equal(reasonIn(back!), 'breakpoint 1.1');
  });

  test('one that ends itself: the host function is in the stack, by its name', async () => {
    const { main } = compileWat({
      main: `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func $leave (param i32) (call $exit (local.get 0)))
        (func (export "run") (result i32) (call $leave (i32.const 3)) (i32.const 0)))`,
    });
    const file = join(plugins?.folder ?? '/tmp', 'exit.wasm');
    writeFileSync(file, main);
    const { replies, status } = await session([file, 'run', '--wasi'], ['continue', 'bt', 'continue']);
    const [stop, frames, end] = replies;
    assert.match(reasonIn(stop!), /exit/);
    assert.deepEqual(placesIn(frames!).slice(0, 2), [
      'wasm:host`wasi_snapshot_preview1.proc_exit',
      'wasm:main`leave',
    ]);
    assert.match(end!.lines.join('\n'), /exited with status = 1 /);
    assert.equal(status, 1);
  });
});
