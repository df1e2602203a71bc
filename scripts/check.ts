/**
 * Quick checks of a change during work on it, after the build: the linter, generated files, the fast tests, and that
 * none of them has changed the checkout. `npm test` is the whole.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { root } from '../test/shared.ts';

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/** TABLE: the checks, in order. */
const steps: readonly (readonly [what: string, args: readonly string[]])[] = [
  ['lint', [biome, 'check', '.']],
  ['generated sources', ['build/scripts/generate.js', '--check']],
  ['generated pages', ['build/scripts/generate-docs.js', '--check']],
  ['fast tests', ['build/scripts/test.js', '--fast', '--test-reporter=dot']],
];

/** What git sees of the checkout: changed and new files with their contents; empty without git. */
const checkout = (): string => {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout ?? '';
  return git('status', '--porcelain') + git('diff');
};

const before = checkout();
const failed = steps
  .filter(([what, args]) => {
    console.log(`${what} …`);
    return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0;
  })
  .map(([what]) => what);
if (checkout() !== before) failed.push('an unchanged checkout');
console.log(failed.length === 0 ? 'all is well' : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
