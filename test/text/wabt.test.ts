/**
 * The assembler of wabt as a second opinion: every text of the tests, the kit and our scripts that it can read means
 * the same module to it.
 *
 * It is a Wasm module itself, so it runs in a process of its own, without the flags that take Wasm away from tests.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { expandCases } from '../../src/conformance/cases/expand-cases.ts';
import { KEY } from '../../src/text/keywords.ts';
import { lex } from '../../src/text/lexer.ts';
import { LEFT } from '../../src/text/tokens.ts';
import { parseModule } from '../../src/text.ts';
import { sources } from '../compiler/programs.ts';
import { root } from '../shared.ts';
import { differenceOf } from './same-module.ts';

// Without several memories: version 1.0.39 does not write the index of a data segment's memory.
const script = `
  import wabtInit from 'wabt';
  const wabt = await wabtInit();
  let json = '';
  for await (const chunk of process.stdin) json += chunk;
  const features = Object.fromEntries(
    ['multi_value', 'threads', 'simd', 'exceptions', 'tail_call', 'memory64', 'extended_const',
     'relaxed_simd', 'annotations', 'bulk_memory', 'reference_types', 'mutable_globals', 'sat_float_to_int',
     'sign_extension'].map((name) => [name, true]));
  const modules = JSON.parse(json).map((text) => {
    try {
      const module = wabt.parseWat('text', text, features);
      const { buffer } = module.toBinary({ write_debug_names: false });
      module.destroy();
      return Buffer.from(buffer).toString('base64');
    } catch {
      return null;
    }
  });
  process.stdout.write(JSON.stringify(modules));
`;

/** What wabt makes of texts; null where it cannot read one. */
const assembleWithWabt = (texts: readonly string[]): (Uint8Array | null)[] => {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return (JSON.parse(output) as (string | null)[]).map((data) =>
    data === null ? null : Buffer.from(data, 'base64'),
  );
};

/** The modules of a script that stand in it as text, with the place of each. */
const modulesOf = (path: string): [string, string][] => {
  const bytes = readFileSync(path);
  const tokens = lex(bytes);
  const modules: [string, string][] = [];
  for (let i = 0; tokens.kinds[i] === LEFT; i = tokens.values[i]! + 1) {
    const last = tokens.values[i]!;
    if (tokens.values[i + 1] !== KEY.module) continue;
    const text = bytes.toString('utf8', tokens.starts[i], tokens.ends[last]);
    if (!/^\(module\s+(\$\S+\s+)?(binary|quote|definition|instance)\b/.test(text))
      modules.push([`${path}:${tokens.starts[i]}`, text]);
  }
  return modules;
};

const own = join(root, 'spec-tests/own');
const corpora: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'plug-ins of the kit': Object.entries(expandCases()),
  'programs for the compiler': Object.entries(sources).map(([name, { text }]) => [name, text]),
  'scripts of our own': readdirSync(own, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wast'))
    .flatMap((path) => modulesOf(join(own, path))),
};

for (const [name, texts] of Object.entries(corpora))
  test(name, (t) => {
    const theirs = assembleWithWabt(texts.map(([, text]) => text));
    const read = theirs.filter((bytes) => bytes !== null).length;
    t.diagnostic(`${read} of ${texts.length} texts compared`);
    assert.ok(read > 0);
    for (const [i, [place, text]] of texts.entries())
      if (theirs[i] != null)
        assert.equal(differenceOf(theirs[i], parseModule(text, { names: false })), null, place);
  });
