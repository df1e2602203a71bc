/**
 * The machine of DWARF's line programs (section 6.2.5 of the standard): it reads bytes and returns rows, which say
 * from which address on the code belongs to which line. Addresses are offsets in the contents of the code section, as
 * tools for Wasm write them.
 */
import { LenientReader } from './lenient-reader.ts';
import type { LineUnit } from './line-unit.ts';

/** From `address` up to the next row, the code belongs to this place. */
export interface LineRow {
  readonly address: number;
  /** Index in the unit's table of files. */
  readonly file: number;
  /** From 1; 0 if no line is responsible. */
  readonly line: number;
  /** From 1; 0 if unknown. */
  readonly column: number;
  /** Whether this is only the end address of a sequence. */
  readonly isEnd: boolean;
}

/**
 * Runs a unit's program from the beginning of a sequence to its end, or until `onRow` stops it. The row is the same
 * object each time. `onRow` also gets the place after the row's opcode.
 */
export const runLineProgram = (
  bytes: Uint8Array,
  unit: LineUnit,
  start: number,
  onRow: (row: LineRow, next: number) => boolean,
): void => {
  const r = new LenientReader(bytes, start, unit.end);
  const row = { address: 0, file: 1, line: 1, column: 0, isEnd: false };
  const reset = (): void => {
    row.address = 0;
    row.file = 1;
    row.line = 1;
    row.column = 0;
    row.isEnd = false;
  };
  const { minInstructionLength, opcodeBase, lineRange, lineBase, operandCounts } = unit;
  const advance = (operations: number): void => {
    row.address = (row.address + Math.imul(operations, minInstructionLength)) >>> 0;
  };
  /** Returns whether to continue. */
  const extended = (): boolean => {
    const length = r.uleb();
    const end = Math.min(r.pos + length, r.end);
    const op = length === 0 ? 0 : r.byte();
    if (op === 2) {
      // The low 32 bits; code sections are smaller.
      row.address = length > 4 ? r.u32() : 0;
    }
    r.pos = Math.max(r.pos, end);
    if (op !== 1) return true;
    row.isEnd = true;
    const goesOn = onRow(row, r.pos);
    reset();
    return goesOn;
  };
  while (!r.isDone) {
    const op = r.byte();
    if (op >= opcodeBase) {
      const adjusted = op - opcodeBase;
      advance(Math.trunc(adjusted / lineRange));
      row.line = (row.line + lineBase + (adjusted % lineRange)) >>> 0;
      if (!onRow(row, r.pos)) return;
      continue;
    }
    switch (op) {
      case 0:
        if (!extended()) return;
        break;
      case 1: // DW_LNS_copy
        if (!onRow(row, r.pos)) return;
        break;
      case 2: // DW_LNS_advance_pc
        advance(r.uleb());
        break;
      case 3: // DW_LNS_advance_line
        row.line = (row.line + r.sleb()) >>> 0;
        break;
      case 4: // DW_LNS_set_file
        row.file = r.uleb();
        break;
      case 5: // DW_LNS_set_column
        row.column = r.uleb();
        break;
      case 8: // DW_LNS_const_add_pc
        advance(Math.trunc((255 - opcodeBase) / lineRange));
        break;
      case 9: // DW_LNS_fixed_advance_pc
        row.address = (row.address + r.u16()) >>> 0;
        break;
      default:
        // Flags, and opcodes of later versions: the header says how many operands to skip.
        for (let i = operandCounts[op - 1]!; i > 0; i--) r.uleb();
    }
  }
};
