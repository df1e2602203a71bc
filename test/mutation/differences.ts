/**
 * TABLE: where Quern and the JavaScript engine's own Wasm may differ, and why. Every row is counted; a difference that
 * no row explains is a failure.
 */
import { InstructionReader } from '../../src/decoder/instruction-reader.ts';
import { type InstructionRow, instructions, type Module } from '../../src/inspect.ts';

/** One of them. */
interface Difference {
  /** What native Wasm says when it refuses what Quern accepts, or the code with which Quern refuses the opposite. */
  readonly pattern: RegExp | null;
  readonly reason: string;
}
const row = (pattern: RegExp | null, reason: string): Difference => ({ pattern, reason });

/** Each, by who is stricter; `docs/conformance.md` has the same reasons. */
export const differences = {
  nativeRefuses: [
    row(
      /legacy .*exception|exception .*legacy/,
      'V8 takes either form of exceptions in a module, and not both',
    ),
    row(/enable with --experimental-wasm/, 'a feature is behind a flag of V8'),
    row(
      /expected (initial size|maximum size|offset)|length overflow while decoding (initial|maximum) size/,
      'limits and offsets are numbers of 64 bits since 3.0; older V8 reads 32',
    ),
    row(
      /(initial|maximum) (table|memory) size .* larger than implementation limit/,
      'V8 compiles no module whose tables or memories it could never make; here they are refused when they are made',
    ),
    row(
      /expected memory index 0, found/,
      'the index of a memory is a number since there can be several; older V8 reads a byte',
    ),
    row(
      /non-imported globals cannot be used/,
      'older V8 reads only imported globals in constant expressions',
    ),
  ],
  nativeAccepts: [
    row(/^invalid\.atomic-alignment /, 'older V8 takes any alignment of atomic accesses'),
    row(
      /^invalid\.type (ref\.eq|call_indirect|br_on_non_null)$/,
      'V8 checks references less strictly in code that cannot be reached',
    ),
  ],
  faults: row(
    null,
    'of two faults of an atomic access, or of an array and a segment, V8 looks for the other one first',
  ),
  nans: row(null, 'the bits of NaNs that are computed are open; those of Quern are fixed'),
} as const satisfies Record<string, Difference | readonly Difference[]>;

/**
 * Where two traps are due: V8 looks at bounds before alignment, at the size of a new array before its segment, and at
 * a segment before the array that is filled from it.
 */
export const openTraps = (line: string): string =>
  line
    .replace(/trap\.(unaligned-atomic|expected-shared)/g, 'trap.memory-bounds')
    .replace(/trap\.(table|memory-bounds|array-bounds|allocation-size)\b/g, 'trap.bounds');

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
