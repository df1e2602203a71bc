/** Replaces `syntax/build`: what the small build omits. */
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
  hint: ', which the small build omits: import "quern" instead of "quern/small", "quern/wasm" instead of "quern/wasm/small"',
};

/** Refuses an omitted feature. @throws UnsupportedError */
export const refuse = (what: string): never => {
  throw new UnsupportedError('unsupported.feature', { detail: what + build.hint });
};
