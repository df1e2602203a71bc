/** Suggestions for unknown names: what the writer may have meant. */

const simple = (name: string): string => name.replace(/[-_\s]/g, '').toLowerCase();

/**
 * How many letters must be inserted, deleted, changed or swapped with their neighbour to turn one text into another.
 */
const distance = (from: string, to: string): number => {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let k = 1; k <= to.length; k++) {
      const isSame = from[i - 1] === to[k - 1];
      let least = Math.min(row[k]! + 1, next[k - 1]! + 1, row[k - 1]! + (isSame ? 0 : 1));
      if (i > 1 && k > 1 && from[i - 1] === to[k - 2] && from[i - 2] === to[k - 1])
        least = Math.min(least, before[k - 2]! + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[to.length]!;
};

/** Longest name that is compared; longer ones are not typing errors. */
const MAX_LENGTH = 64;

/** The known name that is nearest to an unknown one; null if none is near. Case and hyphens do not count. */
const suggestionFor = (name: string, known: readonly string[]): string | null => {
  if (name.length > MAX_LENGTH) return null;
  const text = simple(name);
  let best: string | null = null;
  // A third of the letters may be wrong.
  let least = Math.floor(text.length / 3) + 1;
  for (const candidate of known) {
    const found = distance(text, simple(candidate));
    if (found >= least) continue;
    least = found;
    best = candidate;
  }
  return best;
};

/** `; did you mean "NAME"?` for a message, or nothing. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const suggestion = suggestionFor(name, known);
  return suggestion === null ? '' : `; did you mean "${suggestion}"?`;
};
