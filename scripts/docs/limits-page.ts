/** docs/limits.md, from the constants of limits.ts and their comments. */
import { readFileSync } from 'node:fs';
import * as limits from '../../src/syntax/limits.ts';
import { cell, code, pageHead, table } from './markdown.ts';

/** The comment before each constant, by its name; comments exist only in the source. */
const readComments = (file: string): Map<string, string> => {
  const comments = new Map<string, string>();
  const pattern = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export const (\w+)/g;
  for (const [, comment = '', name] of readFileSync(file, 'utf8').matchAll(pattern)) {
    comments.set(
      name!,
      comment
        .replace(/^\s*\*/gm, '')
        .replace(/\s+/g, ' ')
        .trim(),
    );
  }
  return comments;
};

const fail = (name: string): never => {
  throw new Error(`${name} has no comment`);
};

/** The page. */
export const limitsPage = (sourceFile: string): string => {
  const comments = readComments(sourceFile);
  const rows = Object.entries(limits).map(([name, value]) => [
    code(name),
    value.toLocaleString('en'),
    cell(comments.get(name) || fail(name)),
  ]);
  return [
    pageHead('Limits', 'src/syntax/limits.ts'),
    'A module beyond one of these is refused with `LimitError` before anything is allocated for it. The `DEFAULT_` rows are budgets of a call, which `StoreOptions` can lower; exceeding one ends the call with `ExhaustionError`. So does the first call of a function whose internal code would have more than `MAX_CODE_WORDS` words and more than `MAX_CODE_WORDS_PER_BYTE` for each byte of its body (`exhaustion.code`).\n',
    table(['constant', 'value', 'what'], rows),
  ].join('\n');
};
