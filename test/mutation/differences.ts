/**
 * TABLE: where Quern and the JavaScript engine's own Wasm may differ, and why. Every row is counted; a difference that
 * no row explains is a failure.
 */
import { InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { type InstructionRow, instructions } from '../../src/syntax/instructions.ts';
import type { Module } from '../../src/syntax/module.ts';

/** Why native Wasm refuses what Quern accepts; by what it says. */
export const rejections: readonly (readonly [text: RegExp, reason: string])[] = [
  [/legacy .*exception|exception .*legacy/, 'V8 takes either form of exceptions in a module, and not both'],
  [/enable with --experimental-wasm/, 'a flag that this V8 keeps off'],
  [/expected (initial|maximum) size/, 'limits are of 64 bits since 3.0; older V8 reads 32'],
  [/non-imported globals cannot be used/, 'older V8 only reads imported globals in constant expressions'],
];

/** Why native Wasm accepts what Quern refuses; by the code of the refusal. */
export const acceptances: readonly (readonly [code: RegExp, reason: string])[] = [
  [/^invalid\.atomic-alignment$/, 'older V8 takes any alignment of atomic accesses'],
];

/** Where two traps are due, V8 looks at bounds first. */
export const openTraps = (line: string): string =>
  line.replace('trap.unaligned-atomic', 'trap.memory-bounds');

/** Instructions whose result may be a NaN that engines choose the bits of. */
const makesNan =
  /^[fiv]\w*\.(add|sub|mul|div|sqrt|min|max|pmin|pmax|ceil|floor|trunc|nearest|demote\w*|promote\w*|relaxed_\w+)\b/;
const rows = instructions as readonly InstructionRow[];
const nanRows = new Set(
  rows.flatMap(({ name, group }, index) =>
    makesNan.test(name) && /f32|f64|relaxed/.test(name + group) ? [index] : [],
  ),
);

/** Whether a module has instructions that make NaNs, whose bits the standard leaves to engines. */
export const makesNans = (module: Module): boolean => {
  const reader = new InstructionReader(module.bytes, module.types);
  for (const { body } of module.funcs) {
    if (body === null) continue;
    reader.reset(body.codeStart, body.end);
    while (reader.pos < body.end) {
      reader.read();
      if (nanRows.has(reader.row)) return true;
    }
  }
  return false;
};
