/** Scripts of this project, which run where the official suite is not found: they pass, and use every instruction. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { instructions } from '../../src/inspect.ts';
import type { Command } from '../../src/scripts/script.ts';
import { readScript } from '../../src/scripts/script-reader.ts';
import { decodeModule } from '../../src/wasm.ts';
import { root } from '../shared.ts';
import { runSuite } from './run-suite.ts';

const folder = join(root, 'spec-tests/own');

test('pass on the engine, and on the reference executor', async () => {
  for (const flags of [[], ['--engine', 'both']]) {
    const run = await runSuite('--suite', folder, ...flags);
    assert.equal(run.exitCode, 0, run.output);
    assert.equal(run.skipped, 0);
    assert.ok(run.passed > 800, `${run.passed}`);
  }
});

test('use every row of the table of instructions', () => {
  const seen = new Set<number>();
  const visit = (commands: readonly Command[]): void => {
    for (const command of commands) {
      if (command.type === 'thread') visit(command.commands);
      if (command.type !== 'module' || command.source.bytes === null) continue;
      const { bytes, funcs, types } = decodeModule(command.source.bytes);
      const reader = new InstructionReader(bytes, types);
      for (const { body } of funcs) {
        if (body === null) continue;
        reader.reset(body.codeStart, body.end);
        while (reader.pos < body.end) {
          reader.read();
          seen.add(reader.row);
        }
      }
    }
  };
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.wast')) visit(readScript(readFileSync(join(folder, path)), path, path).commands);
  assert.deepEqual(
    instructions.flatMap(({ name }, row) => (seen.has(row) ? [] : [name])),
    [],
  );
});
