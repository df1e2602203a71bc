/** Branch hints: read, shown in listings, refused where they are damaged, and never the end of a module. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBranchHints } from '../../src/decoder/branch-hints.ts';
import { disassembleFunction } from '../../src/inspect.ts';
import { decodeModule, type Module, validateModule } from '../../src/wasm.ts';
import { assemble, type Instruction } from '../assembler.ts';

/** `i32.const 0, if, end`: the `if` is the fourth byte of the body, after the count of locals. */
const code: Instruction[] = [['i32.const', 0], ['if', null], 'end'];
const IF = 3;
const moduleOf = (...contents: readonly number[]): Module =>
  decodeModule(assemble({ funcs: [{ code }], customs: [['metadata.code.branch_hint', contents]] }));
const linesOf = (module: Module): string[] => [...disassembleFunction(module, 0)].map(({ text }) => text);

test('a hint stands before its branch', () => {
  for (const value of [0, 1]) {
    const module = moduleOf(1, 0, 1, IF, 1, value);
    const { codeStart } = module.funcs[0].body!;
    assert.deepEqual([...decodeBranchHints(module)], [[codeStart + 2, value === 1]]);
    assert.deepEqual(linesOf(module).slice(2, 4), [`(@metadata.code.branch_hint "\\0${value}")`, 'if']);
  }
});

const damaged: readonly (readonly [name: string, code: string, contents: readonly number[]])[] = [
  ['not at a branch', 'invalid.branch-hint', [1, 0, 1, 1, 1, 0]],
  ['outside of the body', 'invalid.branch-hint', [1, 0, 1, 100, 1, 0]],
  ['of no function', 'malformed.branch-hint', [1, 7, 1, IF, 1, 0]],
  ['of another length', 'malformed.branch-hint', [1, 0, 1, IF, 2, 0, 0]],
  ['of no known value', 'malformed.branch-hint', [1, 0, 1, IF, 1, 2]],
  ['cut short', 'malformed.section-overrun', [1, 0, 1, IF]],
  ['too many for their bytes', 'malformed.section-overrun', [1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, IF]],
];
for (const [name, error, contents] of damaged) {
  test(`a hint ${name} is refused, but not the module`, () => {
    const module = moduleOf(...contents);
    validateModule(module);
    assert.throws(() => decodeBranchHints(module), { code: error });
    assert.deepEqual(linesOf(module), linesOf(decodeModule(assemble({ funcs: [{ code }] }))));
  });
}
