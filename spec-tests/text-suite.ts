/**
 * The suite as text files: a folder of scripts, as in a checkout of WebAssembly/testsuite or of WebAssembly/spec, or
 * the scripts of this project.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readScript } from '../src/scripts/script-reader.ts';
import { root } from '../test/shared.ts';
import { groupOf, type KnownConflicts, type Suite, type SuiteEntry, suiteOf } from './suite.ts';

const ENDING = '.wast';

/** Scripts of this project, which run if the official suite is not found. */
export const ownScripts: string = join(root, 'spec-tests/own');

/** The folders of scripts in a checkout: for WebAssembly/spec those below `test`, otherwise itself. */
const partsOf = (folder: string): string =>
  existsSync(join(folder, 'test/core')) ? join(folder, 'test') : folder;

/** Paths of scripts without extension. Those at the top level belong to the core. */
const listScripts = (folder: string): readonly (readonly [name: string, path: string])[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ENDING))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => {
      const base = path.slice(0, -ENDING.length);
      return [base.includes('/') ? base : `core/${base}`, join(folder, path)] as const;
    });

const known = (): KnownConflicts =>
  JSON.parse(readFileSync(join(root, 'spec-tests/known.json'), 'utf8')) as KnownConflicts;

/** A suite of text. */
export const textSuite = (folder: string): Suite => {
  const scripts = listScripts(partsOf(folder));
  const paths = new Map(scripts);
  const entries: SuiteEntry[] = scripts.map(([name]) => ({ name, group: groupOf(name) }));
  return suiteOf(entries, known(), ({ name }) => {
    const path = paths.get(name)!;
    return readScript(readFileSync(path), name, path.slice(path.lastIndexOf('/') + 1));
  });
};
