/** Colours for the text format, line by line. */

/** A stretch of a line. */
export interface Token {
  readonly text: string;
  /** Empty for what has no colour of its own. */
  readonly kind: '' | 'comment' | 'string' | 'name' | 'number' | 'word' | 'operator';
}

const pattern =
  /(;;.*)|(\(;)|("(?:\\.|[^"\\])*"?)|(\$[^\s()";]+)|([+-]?(?:0x[\da-fA-F_.]+(?:p[+-]?\d+)?|\d[\d_.]*(?:e[+-]?\d+)?))(?![\w.])|([a-z][\w.]*)/g;
const structure =
  /^(?:module|func|param|result|local|global|memory|table|import|export|type|data|elem|start|mut|tag|rec|struct|array|field|sub|offset|item)$/;

/** The tokens of a line, and how deep it is in block comments at its end. */
export const tokensOf = (
  line: string,
  depth: number,
): { readonly tokens: Token[]; readonly depth: number } => {
  const tokens: Token[] = [];
  let [at, open] = [0, depth];
  const add = (end: number, kind: Token['kind']): void => {
    if (end > at) tokens.push({ text: line.slice(at, end), kind });
    at = end;
  };
  while (at < line.length) {
    if (open > 0) {
      const mark = /\(;|;\)/.exec(line.slice(at));
      if (mark === null) break;
      open += mark[0] === '(;' ? 1 : -1;
      add(at + mark.index + 2, 'comment');
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match === null) break;
    add(match.index, '');
    if (match[2] !== undefined) {
      open = 1;
      add(match.index + 2, 'comment');
      continue;
    }
    const word = match[6];
    const kind =
      match[1] !== undefined
        ? 'comment'
        : match[3] !== undefined
          ? 'string'
          : match[4] !== undefined
            ? 'name'
            : match[5] !== undefined
              ? 'number'
              : structure.test(word ?? '')
                ? 'word'
                : 'operator';
    add(match.index + match[0].length, kind);
  }
  add(line.length, open > 0 ? 'comment' : '');
  return { tokens, depth: open };
};
