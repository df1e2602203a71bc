/** In place of `syntax/build`: what the small build leaves out. */
import { UnsupportedError } from '../../src/errors/errors.ts';
import type { Build } from '../../src/syntax/build.ts';
import type { FeatureKey } from '../../src/syntax/features.ts';

const features: readonly FeatureKey[] = ['simd', 'relaxed-simd', 'gc', 'custom-descriptors', 'threads'];

export const build: Build = {
  leavesOut: new Set(features),
  prefixes: new Map([
    [0xfd, 'simd'],
    [0xfe, 'threads'],
  ]),
  hint: ', which the small build leaves out: import "quern" in place of "quern/small", "quern/wasm" in place of "quern/wasm/small"',
};

/** Refuses what is left out. @throws UnsupportedError */
export const refuse = (what: string): never => {
  throw new UnsupportedError('unsupported.feature', { detail: what + build.hint });
};
