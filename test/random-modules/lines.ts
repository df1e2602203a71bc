/** Lines of scenarios, made so that those of different engines can be compared. */
import { EXHAUSTED } from './run-scenario.ts';

/** Where engines and this one use different words, or V8 has one word for several. */
export const coarsen = (line: string): string =>
  line
    .replace(/f32:[7f]f(?!800000)[89a-f][0-9a-f]{5}/g, 'f32:nan')
    .replace(/f64:[7f]ff(?!0000000000000)[0-9a-f]{13}/g, 'f64:nan')
    .replace(/trap\.(uninitialised-element|indirect-call-type)/g, 'trap.indirect-call')
    .replace(/trap\.(undefined-element|table-bounds)/g, 'trap.table')
    .replace(/trap\.null-[a-z0-9]+/g, 'trap.null')
    .replace(/trap\.invalid-conversion/g, 'trap.integer-overflow');
/** What a step cost, at the end of its line. */
const COST = / \| \d+$/;
export const withoutCost = (line: string): string => line.replace(COST, '');

/** Both lists up to the first step that one of them could not finish. */
export const upToExhaustion = (left: readonly string[], right: readonly string[]): [string[], string[]] => {
  const ends = [left.indexOf(EXHAUSTED), right.indexOf(EXHAUSTED)].filter((end) => end >= 0);
  const end = ends.length === 0 ? left.length : Math.min(...ends);
  return [left.slice(0, end), right.slice(0, Math.max(end, ends.length === 0 ? right.length : 0))];
};
