/**
 * Finds the reference data that lies outside the project (the official suite, recorded plug-ins, traces).
 * Where it is absent, tests say what they leave out.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout; this file runs from `build/test`. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Folder of the reference data, or null if there is none. */
export const sharedFolder: string | null = (() => {
  const folder = process.env['QUERN_SHARED'] ?? join(root, '../shared');
  return existsSync(join(folder, 'README.md')) ? folder : null;
})();

/** Options for `test()` that skip with a reason where the data is absent. */
export const needsShared: { skip: string | false } = {
  skip: sharedFolder === null ? 'reference data not found (set QUERN_SHARED)' : false,
};

/** Folder of the official suite's own files: in the reference data, or where a reader cloned it. */
export const suiteFolder: string | null =
  [
    ...(sharedFolder === null ? [] : [join(sharedFolder, 'spec-suite/wast')]),
    join(root, 'spec-tests/testsuite'),
  ].find((folder) => existsSync(folder)) ?? null;

/** The command that gets the official suite. */
export const suiteClone: string =
  'git clone https://github.com/WebAssembly/testsuite spec-tests/testsuite && ' +
  'git -C spec-tests/testsuite checkout 193e551';

/** Options for `test()` that skip with a reason where the official suite is absent. */
export const needsSuite: { skip: string | false } = {
  skip: suiteFolder === null ? `official suite not found (${suiteClone})` : false,
};

/** Path of a file of the reference data; only valid where `sharedFolder` is not null. */
export const shared = (...parts: string[]): string => join(sharedFolder ?? '', ...parts);
