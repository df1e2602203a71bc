/**
 * The official suite's findings about the binary format, without validation: malformed binaries are refused
 * with the suite's wording, all others decode, to the end of every body.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { InstructionReader, nesting } from '../../src/decoder/instruction-reader.ts';
import { isQuernError, type QuernError } from '../../src/errors.ts';
import { decodeModule, instructions } from '../../src/inspect.ts';
import { needsShared, shared, sharedFolder } from '../shared.ts';

interface Command {
  readonly type: string;
  readonly line: number;
  readonly at?: readonly [number, number];
  readonly binary_at?: readonly [number, number];
  readonly module_type?: string;
  readonly text?: string;
}

/** Rows met in a module that decodes. */
const rowsMet = new Set<number>();

/** Decodes a module and reads all of its instructions; whether every block that opens is closed. */
const readAll = (bytes: Uint8Array): boolean => {
  let isBalanced = true;
  const module = decodeModule(bytes);
  const reader = new InstructionReader(bytes, module.types);
  for (const { body } of module.funcs) {
    if (body === null) continue;
    reader.reset(body.codeStart, body.end);
    let depth = 1;
    while (reader.pos < reader.end) {
      reader.read();
      rowsMet.add(reader.row);
      depth += nesting[reader.row];
    }
    isBalanced &&= depth === 0;
  }
  return isBalanced;
};

interface Finding {
  readonly error: QuernError | null;
  readonly isBalanced: boolean;
}
const findingOf = (bytes: Uint8Array): Finding => {
  try {
    return { error: null, isBalanced: readAll(bytes) };
  } catch (error) {
    if (isQuernError(error)) return { error, isBalanced: true };
    throw error;
  }
};

/** Findings that need the structure of a body or the context of a module: the validator's. */
const leftToValidator: readonly string[] = ['data count section required', 'END opcode expected'];

const faultOf = (command: Command, bytes: Uint8Array): string | null => {
  const { error, isBalanced } = findingOf(bytes);
  const said = error === null ? 'decodes' : `${error.name}: ${error.message}`;
  if (command.type === 'assert_malformed') {
    if (error === null && (!isBalanced || leftToValidator.includes(command.text!))) return null;
    const isRight = error?.name === 'MalformedError' && error.message.startsWith(command.text!);
    return isRight ? null : `wants malformed: ${command.text}; got ${said}`;
  }
  // Decoding resolves type indices, so it is allowed to find what is invalid about them.
  const mayBeInvalid = command.type === 'assert_invalid' && error?.name === 'InvalidError';
  return error === null || mayBeInvalid ? null : `wants a module; got ${said}`;
};

const groups = [
  'core',
  'custom',
  'legacy',
  'extra/spec',
  'extra/threads',
  'proposals/threads',
  'proposals/custom-page-sizes',
  'proposals/wide-arithmetic',
  'proposals/custom-descriptors',
];

describe('binaries of the official suite', needsShared, () => {
  for (const group of sharedFolder === null ? [] : groups) {
    test(group, (t) => {
      const faults: string[] = [];
      let malformed = 0;
      let others = 0;
      for (const name of readdirSync(shared('spec-suite', group))) {
        if (!name.endsWith('.json')) continue;
        const path = shared('spec-suite', group, name);
        const bytes = readFileSync(path.replace(/json$/, 'bin'));
        const { commands }: { commands: Command[] } = JSON.parse(readFileSync(path, 'utf8'));
        for (const command of commands) {
          const at = command.module_type === 'text' ? command.binary_at : command.at;
          if (at === undefined || command.type.endsWith('_custom')) continue;
          if (command.type === 'assert_malformed') malformed++;
          else others++;
          const fault = faultOf(command, new Uint8Array(bytes.subarray(at[0], at[0] + at[1])));
          if (fault !== null) faults.push(`${group}/${name}:${command.line} ${fault}`);
        }
      }
      t.diagnostic(`${malformed} malformed, ${others} others`);
      assert.deepEqual(faults, []);
      assert.ok(malformed + others > 0);
    });
  }

  test('every instruction was met', () => {
    const missing = instructions.filter((_, row) => !rowsMet.has(row)).map((row) => row.name);
    assert.deepEqual(missing, []);
  });
});
