/** From offsets in the binary to lines of what is shown, and back. */
import type { ListedLine, TextPlaces } from '../protocol.ts';

/** Position of the last number that is at most `value`; -1 for none. */
const lastAtMost = (numbers: Int32Array, value: number): number => {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

/** A text with lines that offsets belong to. */
export interface LineMap {
  placeOf(offset: number): { readonly line: number; readonly column: number | null } | null;
  /** Offset of the first instruction of a line or, where it has none, of the next one that has; null after the last. */
  offsetOf(line: number): number | null;
}

/** The first offset of the first line from `line` on. */
const firstFrom = (offsets: ReadonlyMap<number, number>, line: number): number | null => {
  let best: number | null = null;
  for (const key of offsets.keys()) if (key >= line && (best === null || key < best)) best = key;
  return best === null ? null : offsets.get(best)!;
};

/** Of a text that was read. The first instruction of a line is the first in the binary. */
export const textMap = ({ offsets, lines, columns }: TextPlaces): LineMap => {
  const first = new Map<number, number>();
  lines.forEach((line, i) => {
    if (!first.has(line)) first.set(line, offsets[i]!);
  });
  return {
    placeOf: (offset) => {
      const i = lastAtMost(offsets, offset);
      return i < 0 ? null : { line: lines[i]!, column: columns[i]! };
    },
    offsetOf: (line) => firstFrom(first, line),
  };
};

/** Of a listing. Its first line is the head of the function, whose offset is that of the body. */
export const listingMap = (listed: readonly ListedLine[]): LineMap => {
  const offsets = Int32Array.from(listed, ({ offset }) => offset);
  const end = offsets.length === 0 ? 0 : offsets[offsets.length - 1]!;
  return {
    placeOf: (offset) => {
      const i = lastAtMost(offsets, offset);
      return i < 0 || offset > end ? null : { line: i + 1, column: null };
    },
    offsetOf: (line) => offsets[line - 1] ?? null,
  };
};

/** Of a source file, by debug information. */
export const fileMap = (rows: readonly (readonly [line: number, offset: number])[]): LineMap => {
  const first = new Map(rows);
  return { placeOf: () => null, offsetOf: (line) => firstFrom(first, line) };
};

/** Name of a file without its folders. */
export const baseName = (path: string): string => path.split(/[\\/]/).pop() ?? path;
