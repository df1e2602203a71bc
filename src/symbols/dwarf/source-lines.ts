/**
 * From a byte of a module to the file and line that it was compiled from, if the module has DWARF lines.
 *
 * One pass, made when a place is first requested, records the sequences; a sequence is run again for the places in
 * it. This stores no rows, whose number only the module bounds, and takes time proportional to the section.
 * @source DWARF 5, section 6.2; https://yurydelendik.github.io/webassembly-dwarf/
 */
import type { Module } from '../../syntax/module.ts';
import { LenientReader } from './lenient-reader.ts';
import { type LineRow, runLineProgram } from './line-program.ts';
import { filePath, type LineUnit, readLineUnit } from './line-unit.ts';

/**
 * A place in a source file.
 *
 * ```ts
 * const lines: (SourceLine | null)[] = sourceLines(decodeModule(doubleWasm), [40]);
 * console.log(lines); // → [ null ]
 * ```
 */
export interface SourceLine {
  /** Path as the compiler wrote it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; absent if the compiler did not say. */
  readonly column?: number;
}

/** A range of addresses that one sequence of a line program covers. */
interface Sequence {
  readonly low: number;
  /** Address after the last row. */
  readonly high: number;
  readonly unit: LineUnit;
  /** Its beginning in the program. */
  readonly start: number;
}

const cache = new WeakMap<Module, readonly Sequence[]>();

const readerOf = (module: Module, name: string): LenientReader | null => {
  const section = module.customs.find((custom) => custom.name === name);
  return section === undefined ? null : new LenientReader(module.bytes, section.start, section.end);
};

/** Sequences in order of `low`. */
const sequencesOf = (module: Module): readonly Sequence[] => {
  let sequences = cache.get(module);
  if (sequences === undefined) {
    sequences = readSequences(module);
    cache.set(module, sequences);
  }
  return sequences;
};

const readSequences = (module: Module): Sequence[] => {
  const r = readerOf(module, '.debug_line');
  const sequences: Sequence[] = [];
  while (r !== null && !r.isDone) {
    const unit = readLineUnit(r);
    if (unit === null) continue;
    let start = unit.program;
    let low = -1;
    runLineProgram(module.bytes, unit, start, (row, next) => {
      if (low < 0) low = row.address;
      if (!row.isEnd) return true;
      // Linkers leave the lines of functions that they dropped at address 0, where no code can be.
      if (low > 0 && row.address > low) sequences.push({ low, high: row.address, unit, start });
      start = next;
      low = -1;
      return true;
    });
  }
  return sequences.sort((a, b) => a.low - b.low);
};

/** The last sequence that begins at or before an address, if it reaches the address. */
const sequenceAt = (sequences: readonly Sequence[], address: number): Sequence | null => {
  let low = 0;
  let high = sequences.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sequences[middle]!.low <= address) low = middle + 1;
    else high = middle;
  }
  const found = sequences[low - 1];
  return found !== undefined && address < found.high ? found : null;
};

/**
 * The places that bytes of a module were compiled from, each null if unknown. All in one call, since every sequence
 * is run once for all places that it covers.
 *
 * ```js
 * const module = decodeModule(doubleWasm);
 * console.log(sourceLines(module, [40]).map((place) => place?.line ?? 'no debug information')); // → [ 'no debug information' ]
 * ```
 */
export const sourceLines = (module: Module, offsets: readonly number[]): (SourceLine | null)[] => {
  const code = module.sections.find(({ id }) => id === CODE_SECTION);
  const sequences = code === undefined ? [] : sequencesOf(module);
  if (code === undefined || sequences.length === 0) return offsets.map(() => null);
  const wanted = new Map<Sequence, Set<number>>();
  for (const offset of offsets) {
    const sequence = sequenceAt(sequences, offset - code.start);
    if (sequence === null) continue;
    const addresses = wanted.get(sequence) ?? new Set();
    wanted.set(sequence, addresses.add(offset - code.start));
  }
  const found = new Map<number, SourceLine>();
  for (const [sequence, addresses] of wanted) findLines(module, sequence, addresses, found);
  return offsets.map((offset) => found.get(offset - code.start) ?? null);
};

const CODE_SECTION = 10;

const findLines = (
  module: Module,
  { unit, start }: Sequence,
  addresses: ReadonlySet<number>,
  found: Map<number, SourceLine>,
): void => {
  const ascending = [...addresses].sort((a, b) => a - b);
  const places: Omit<LineRow, 'isEnd'>[] = [];
  let last = { address: 0, file: 0, line: 0, column: 0 };
  runLineProgram(module.bytes, unit, start, ({ address, file, line, column, isEnd }) => {
    while (places.length < ascending.length && ascending[places.length]! < address)
      places.push({ ...last, address: ascending[places.length]! });
    last = { address, file, line, column };
    return !isEnd && places.length < ascending.length;
  });
  const strings = {
    lineStrings: readerOf(module, '.debug_line_str'),
    strings: readerOf(module, '.debug_str'),
  };
  for (const { address, file, line, column } of places) {
    // Line 0 is code for which no line is responsible.
    const path = line === 0 ? null : filePath(module.bytes, unit, file, strings);
    if (path !== null) found.set(address, { file: path, line, ...(column === 0 ? {} : { column }) });
  }
};
