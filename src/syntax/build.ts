/** What this build of the package leaves out: nothing. `scripts/small` has what stands in place of this file. */

export interface Build {
  /** Keys of features. */
  readonly leavesOut: ReadonlySet<string>;
  /** The feature that instructions of a prefix byte belong to, which decoders do not know then. */
  readonly prefixes: ReadonlyMap<number, 'simd' | 'threads'>;
  /** What follows the name of something that is left out: where it is to be had. */
  readonly hint: string;
}

export const build: Build = { leavesOut: new Set(), prefixes: new Map(), hint: '' };
