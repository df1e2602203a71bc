/** Measured figures that are committed, and under what conditions they were taken. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { root } from '../test/shared.ts';

export interface Conditions {
  /** Of the commit that was measured. */
  readonly date: string;
  readonly node: string;
  readonly system: string;
}

export const conditions = (): Conditions => ({
  date: execFileSync('git', ['log', '-1', '--format=%cs'], { cwd: root, encoding: 'utf8' }).trim(),
  node: process.version,
  system: `${process.platform} ${process.arch}`,
});

export const readFigures = <T extends Conditions>(file: string): T =>
  JSON.parse(readFileSync(file, 'utf8')) as T;
