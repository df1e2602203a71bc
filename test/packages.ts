/** Packages of their own in `packages`, which import this one and what they are for by name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './shared.ts';

/** A package of its own. */
export interface Package {
  /** What others import it by. */
  readonly name: string;
  /** Its folder below `packages`. */
  readonly folder: string;
  readonly path: string;
  /** Its source files that are loaded by themselves. */
  readonly files: readonly string[];
}

/** TABLE: by folder, the files that are loaded by themselves. */
const loaded: Readonly<Record<string, readonly string[]>> = {
  bullmq: ['index'],
  'pg-boss': ['index'],
  threads: ['index', 'thread'],
};

export const packages: readonly Package[] = readdirSync(join(root, 'packages'))
  .sort()
  .map((folder) => {
    const path = join(root, 'packages', folder);
    const { name } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
      readonly name: string;
    };
    const files = loaded[folder];
    if (files === undefined) throw new Error(`no files of packages/${folder}`);
    return { name, folder, path, files };
  });
