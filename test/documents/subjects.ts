/**
 * What a user can name, and the page that must say what it is. Read from the tables of facts and from the reports of
 * the API, and not from what writes the pages: a page that forgets one is found.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commands, programFlags } from '../../src/cli/flags.ts';
import { catalogue } from '../../src/errors.ts';
import { kernelAbi } from '../../src/kernel.ts';
import { featureTable } from '../../src/wasm.ts';
import { root } from '../shared.ts';
import { textOf } from './project-files.ts';

export interface Subject {
  readonly kind: 'export' | 'option' | 'command' | 'flag' | 'error code' | 'limit' | 'feature' | 'function';
  readonly name: string;
  /** What stands on the page in code font; part of it is enough where more follows. */
  readonly text: string;
  readonly page: string;
}

const reports = readdirSync(join(root, 'api'))
  .map((file) => textOf(`api/${file}`))
  // What follows is no export.
  .map((text) => text.split('\n// No entry exports these')[0]!);

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1]!);

/** The members of each interface that is named after options. */
const optionNames = (report: string): string[] =>
  [...report.matchAll(/^export interface \w+Options\b[^{]*\{\n(.*?)^\}/gms)].flatMap((match) =>
    matches(match[2] ?? match[1]!, /^ {2}(?:readonly )?(\w+)\??:/gm),
  );

const listed = (
  kind: Subject['kind'],
  page: string,
  names: Iterable<string>,
  textFor: (name: string) => string = (name) => name,
): Subject[] => [...new Set(names)].map((name) => ({ kind, name, text: textFor(name), page }));

const flagNames = [programFlags, ...Object.values(commands).map(({ flags }) => flags)].flatMap(Object.keys);

export const subjects: readonly Subject[] = [
  ...listed(
    'export',
    'docs/api.md',
    reports.flatMap((text) =>
      matches(text, /^export (?:abstract )?(?:class|const|function|interface|type) (\w+)/gm),
    ),
  ),
  ...listed('option', 'docs/options.md', reports.flatMap(optionNames)),
  ...listed('command', 'docs/cli.md', Object.keys(commands), (name) => `quern ${name}`),
  ...listed('flag', 'docs/cli.md', flagNames, (name) => `--${name}`),
  ...listed('error code', 'docs/errors.md', Object.keys(catalogue)),
  ...listed('limit', 'docs/limits.md', matches(textOf('src/syntax/limits.ts'), /^export const (\w+)/gm)),
  ...listed('feature', 'docs/instructions.md', Object.keys(featureTable)),
  ...listed('function', 'docs/metering.md', Object.keys(kernelAbi)),
];

/** Whether a page has the text of a subject in code font, whole or with more after a blank. */
export const hasSubject = (page: string, { text }: Subject, open = '`', close = '`'): boolean =>
  page.includes(`${open}${text}${close}`) || page.includes(`${open}${text} `);
