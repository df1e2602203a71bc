/** `quern completions` and the manual: shells complete what the table of flags has. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { commands, languages } from '../../src/cli/flags.ts';
import { commandNames } from '../../src/cli/help.ts';
import { manualPage } from '../../src/cli/manual.ts';
import { runQuern } from './run-quern.ts';

const folder = mkdtempSync(join(tmpdir(), 'quern-completions-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** What a program prints; null where there is no such program, or one that does not know the paths of this system. */
const run = (program: string, args: readonly string[]): string | null => {
  if (process.platform === 'win32') return null;
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null;
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout;
};
const notFound = (context: TestContext, program: string): void => context.skip(`${program} is not found`);

type Shell = (typeof commands)['completions']['choices'][number];
const scriptOf = (shell: Shell): string => runQuern(['completions', shell]).stdout;
const callFlags = Object.keys(commands.call.flags).map((name) => `--${name}`);

describe('bash', () => {
  const path = file('quern.bash', scriptOf('bash'));
  /** What the last word of a command line is completed to. */
  const complete = (...words: readonly string[]): string[] | null => {
    const list = ['quern', ...words].map((word) => `'${word}'`).join(' ');
    const ask = `source ${path}; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _quern; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const text = run('bash', ['-c', ask]);
    return text === null ? null : text.split('\n').filter((line) => line !== '');
  };

  test('completes commands, flags, choices and files', (context) => {
    const all = complete('');
    if (all === null) return notFound(context, 'bash');
    for (const name of commandNames) assert.ok(all.includes(name), name);
    assert.deepEqual(complete('con'), ['conformance']);
    assert.deepEqual(complete('--ver'), ['--verbose', '--version']);
    assert.deepEqual(complete('call', '--input'), ['--input', '--input-file']);
    for (const flag of callFlags) assert.ok(complete('call', 'p.wasm', '--')!.includes(flag), flag);
    assert.deepEqual(complete('-v', 'call', '--log-level', ''), [
      ...['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    ]);
    assert.deepEqual(complete('call', '--log-level', '=', 'wa'), ['warn']);
    assert.deepEqual(complete('new', 'plugin', 'x', '-l', ''), [...languages]);
    assert.deepEqual(complete('completions', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(complete('help', 'ins'), ['inspect']);
    // Nothing of Quern: bash completes files.
    assert.deepEqual(complete('call', ''), []);
    assert.deepEqual(complete('call', '--input-file', ''), []);
  });
});

test('zsh reads its script', (context) => {
  const text = run('zsh', ['-n', file('quern.zsh', scriptOf('zsh'))]);
  if (text === null) return notFound(context, 'zsh');
  // `_arguments` reads its rules when somebody completes; here they are read once by hand.
  const ask = `autoload -U compinit; compinit -D; source ${join(folder, 'quern.zsh')}; print $_comps[quern]`;
  assert.equal(run('zsh', ['-fc', ask]), '_quern\n');
});

test('fish completes commands, flags and choices', (context) => {
  const path = file('quern.fish', scriptOf('fish'));
  const complete = (line: string): string[] | null =>
    run('fish', ['-c', `source ${path}; complete -C '${line}'`])
      ?.split('\n')
      .map((row) => row.split('\t')[0]!) ?? null;
  const all = complete('quern ');
  if (all === null) return notFound(context, 'fish');
  for (const name of commandNames) assert.ok(all.includes(name), name);
  for (const flag of callFlags) assert.ok(complete('quern call --')!.includes(flag), flag);
  assert.deepEqual(complete('quern call --log-level wa')!.slice(0, 1), ['warn']);
});

test('the manual has every flag, and roff reads it without a warning', (context) => {
  const page = manualPage('1.2.3');
  const text = run('groff', ['-man', '-ww', '-Tascii', '-P-cbou', file('quern.1', page)]);
  if (text === null) return notFound(context, 'groff');
  for (const name of commandNames) {
    assert.ok(text.includes(`quern ${name} `), name);
    for (const flag of Object.keys(commands[name].flags)) assert.ok(text.includes(`--${flag}`), flag);
  }
  assert.match(text, /EXIT CODE/);
});
