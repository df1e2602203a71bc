/**
 * The loops stay small enough for V8's optimiser, which never compiles a function of more bytecode than its limit
 * (`--max-optimized-bytecode-size`, 61,440): one byte more, and everything runs ten times as long.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../shared.ts';

const LIMIT = 61_440;
const machine = pathToFileURL(join(root, 'build/src/interpreter/machine/machine.js')).href;
const train = `import { getMachine, prepareVectors } from '${machine}'; prepareVectors(getMachine());`;

/** Bytecode lengths of the functions of a name; the main loop has none. */
const lengthsOf = (name: string): number[] => {
  const flags = ['--print-bytecode', `--print-bytecode-filter=${name}`, '--input-type=module', '-e', train];
  const { stdout } = spawnSync(process.execPath, flags, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return [...stdout.matchAll(/^Bytecode length: (\d+)$/gm)].map(([, length]) => Number(length));
};

for (const name of ['vectors', 'wideVectors']) {
  test(`${name} has room for growth`, () => {
    const lengths = lengthsOf(name);
    assert.equal(lengths.length, 1);
    assert.ok(lengths[0]! > 10_000 && lengths[0]! < 0.9 * LIMIT, `${lengths[0]} bytes`);
  });
}
