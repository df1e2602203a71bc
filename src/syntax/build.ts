/** What this build of the package omits: nothing. `scripts/small` has the replacement of this file. */

export interface Build {
  /** Keys of features. */
  readonly leavesOut: ReadonlySet<string>;
  /** The feature that instructions of a prefix byte belong to; decoders do not know them in that build. */
  readonly prefixes: ReadonlyMap<number, 'simd' | 'threads'>;
  /** Text after the name of an omitted feature: where to get it. */
  readonly hint: string;
}

export const build: Build = { leavesOut: new Set(), prefixes: new Map(), hint: '' };
