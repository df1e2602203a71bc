/**
 * The files of the project, and what a reader of them reads: pages, and the comments of programs.
 *
 * Comments are found by their marks, not by a parser: a mark counts at the start of a line or after a blank.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../shared.ts';

const ignored = new Set(
  ['.git', ...readFileSync(join(root, '.gitignore'), 'utf8').split('\n')].map((line) =>
    line.replace(/\/$/, ''),
  ),
);

const walk = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !ignored.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(path) : [path];
    })
    .sort();

/** Paths of all files, relative to the root. */
export const projectFiles: readonly string[] = walk('');

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Whether the project has a file or a folder of this path. */
export const isInProject = (path: string): boolean =>
  path === '' || projectFiles.some((file) => file === path || file.startsWith(`${path.replace(/\/$/, '')}/`));

/** A stretch of prose, and where it begins in its file. */
export interface Prose {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

const comment = /\/\*.*?\*\/|(?<=^|\s)\/\/[^\n]*/gms;
/** Files that are prose from end to end, as commands and settings are. */
const isPage = (path: string): boolean => /\.(?:md|yml)$|^\.ci\/|^package\.json$/.test(path);

/** What people read in one file. */
export const proseOf = (path: string): Prose[] => {
  const text = textOf(path);
  if (isPage(path)) return [{ path, line: 1, text }];
  if (!path.endsWith('.ts')) return [];
  return [...text.matchAll(comment)].map((match) => ({
    path,
    line: lineOf(text, match.index),
    text: match[0],
  }));
};

/** A program without its comments. */
export const codeOf = (path: string): string => textOf(path).replace(comment, ' ');

/** `path:line` of a place in prose. */
export const placeOf = (prose: Prose, offset: number): string =>
  `${prose.path}:${prose.line + lineOf(prose.text, offset) - 1}`;
