/** Replaces the reader of DWARF: backtraces have no lines. */
export const sourceLines = (_module: unknown, offsets: readonly number[]): null[] => offsets.map(() => null);
