/**
 * Mutants of texts: whatever is read must end in a module or in an error of its own, and a module must print and read
 * back. Nothing may hang: reading is linear, and each mutant is small.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isQuernError } from '../../src/errors.ts';
import { parseModule, printModule } from '../../src/text.ts';
import { decodeModule } from '../../src/wasm.ts';
import type { Random } from '../generators/random.ts';
import { root } from '../shared.ts';

/** Pieces that mean something to the reader, to be put anywhere. */
const pieces = [
  ...['(', ')', '"', '$', '(@', '(;', ';)', ';;', '\\', '(@name "x")', '(@custom "x" (after func) "y")'],
  ...[
    '(@metadata.code.branch_hint "\\01")',
    '(module',
    '(func',
    '(param $x i32)',
    '(result i32)',
    '(type 0)',
  ],
  ...['(rec', '(sub', '(ref null 0)', '(exact 0)', '(struct (field i8))', '(import "a" "b" (func))'],
  ...['(export "e")', '(item', '(offset', '(elem declare func 0)', '(data', '(memory 1 (pagesize 1))'],
  ...[
    'block',
    'loop',
    'if',
    'else',
    'end',
    'try',
    'catch',
    'catch_all',
    'delegate 0',
    '(then',
    '(else',
    '(do',
  ],
  ...['br_table 0 0 0', 'select', 'call_indirect', 'ref.cast', 'try_table', 'v128.const i32x4 1 2 3 4'],
  ...[
    '0',
    '-1',
    '4294967296',
    '18446744073709551616',
    '0x',
    '1e400',
    'nan:0x0',
    'inf',
    '1_0',
    '1__0',
    '0x1p-9999',
  ],
  ...[
    'offset=',
    'align=3',
    'offset=18446744073709551615',
    '\u0000',
    '\u00ff',
    '\u{1f600}',
    '\ufeff',
    '\r',
    '\n',
  ],
];

/** Most milliseconds for one mutant, on the slowest machine. */
const PATIENCE_MS = 20_000;

/** A piece of a text, or the whole of a short one. */
const slice = (random: Random, text: string, most: number): string => {
  const start = random.below(text.length + 1);
  return text.slice(start, start + random.below(most));
};

const mutations: readonly ((random: Random, text: string) => string)[] = [
  // A piece is put in, taken out, doubled, moved, or replaced.
  (random, text) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + pieces[random.below(pieces.length)]! + text.slice(at);
  },
  (random, text) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + text.slice(at + 1 + random.below(12));
  },
  (random, text) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + slice(random, text, 60) + text.slice(at);
  },
  (random, text) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
  },
  (random, text) => {
    // One token instead of another.
    const tokens = text.split(/(\s+|[()])/);
    const [from, to] = [random.below(tokens.length), random.below(tokens.length)];
    tokens[to] = random.below(4) === 0 ? pieces[random.below(pieces.length)]! : tokens[from]!;
    return tokens.join('');
  },
  (random, text) => text.slice(0, random.below(text.length + 1)),
];

/** What is wrong with the way a text was taken; null for nothing. */
const faultOf = (text: string): string | null => {
  const start = performance.now();
  let bytes: Uint8Array;
  try {
    bytes = parseModule(text);
  } catch (error) {
    if (!isQuernError(error, 'malformed.text')) return String(error instanceof Error ? error.stack : error);
    return performance.now() - start > PATIENCE_MS ? 'it took too long' : null;
  }
  try {
    decodeModule(bytes);
    const back = parseModule(printModule(bytes, { folded: true }));
    if (Buffer.compare(back, parseModule(printModule(back))) !== 0) return 'it prints as another module';
  } catch (error) {
    // Well-formed text need not be a valid module; a type that does not exist has no place in the decoded one.
    if (!isQuernError(error)) return String(error instanceof Error ? error.stack : error);
    if (error.code === 'malformed.text') return `what was printed is malformed: ${error.message}`;
  }
  return performance.now() - start > PATIENCE_MS ? 'it took too long' : null;
};

/** A mutant that was taken wrongly. */
export interface TextFind {
  readonly text: string;
  readonly fault: string;
}

/** Mutates one of the texts and tries it; null where nothing is wrong. */
export const tryTextMutant = (random: Random, texts: readonly string[]): TextFind | null => {
  let text = texts[random.below(texts.length)]!;
  for (let i = 1 + random.below(4); i > 0; i--)
    text = mutations[random.below(mutations.length)]!(random, text);
  const fault = faultOf(text);
  return fault === null ? null : { text, fault };
};

/** Longest text that is mutated. */
const MAX_TEXT = 6000;

/** The modules of our own scripts, long ones cut at a function. */
export const textCorpus = (): readonly string[] => {
  const folder = join(root, 'spec-tests/own');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wast'))
    .sort()
    .flatMap((path) => readFileSync(join(folder, path), 'utf8').split(/\n(?=\()/))
    .filter(
      (text) => text.startsWith('(module') && !/^\(module (binary|quote|definition|instance)/.test(text),
    )
    .map((text) =>
      text.length > MAX_TEXT ? `${text.slice(0, text.lastIndexOf('\n  (func', MAX_TEXT))})` : text,
    );
};
