/**
 * The features of an engine: versions of the spec, and proposals. The instruction table names the feature of each
 * row; types and sections are tied to theirs in the validator.
 */
import { badArgument } from '../errors/arguments.ts';
import { isObject } from '../errors/checks.ts';
import { type ErrorPosition, type QuernError, UnsupportedError } from '../errors/errors.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { valueText } from '../errors/texts.ts';
import { build } from './build.ts';

/**
 * One feature: the version of the spec that it belongs to, and what it is.
 *
 * ```ts
 * const rows: Readonly<Record<FeatureKey, FeatureRow>> = featureTable;
 * const proposals = (Object.keys(rows) as FeatureKey[]).filter((key) => rows[key].version === 'proposal');
 * console.log(proposals.includes('threads'), proposals.includes('gc')); // → true false
 * ```
 */
export interface FeatureRow {
  /** Version of the spec that it became part of, or `proposal`. */
  readonly version: '1.0' | '2.0' | '3.0' | 'proposal';
  /** Whether the interpreter can run it. */
  readonly isExecuted: boolean;
  readonly summary: string;
}
const row = (version: FeatureRow['version'], isExecuted: boolean, summary: string): FeatureRow => ({
  version,
  isExecuted,
  summary,
});

/**
 * Every feature, by key.
 *
 * ```js
 * console.log(featureTable['mutable-globals'].summary); // → import and export of mutable globals
 * ```
 */
export const featureTable = {
  mvp: row('1.0', true, 'WebAssembly 1.0'),
  'mutable-globals': row('1.0', true, 'import and export of mutable globals'),
  'sign-extension': row('2.0', true, 'sign extension operators'),
  'saturating-float-to-int': row('2.0', true, 'non-trapping float-to-int conversions'),
  'multi-value': row('2.0', true, 'several results; block parameters'),
  'reference-types': row('2.0', true, 'funcref, externref, several tables'),
  'bulk-memory': row('2.0', true, 'bulk memory and table operations'),
  simd: row('2.0', true, '128-bit vectors'),
  'relaxed-simd': row('3.0', true, 'relaxed vector operations'),
  'extended-const': row('3.0', true, 'arithmetic in constant expressions'),
  'tail-calls': row('3.0', true, 'return_call'),
  'multi-memory': row('3.0', true, 'several memories'),
  memory64: row('3.0', true, '64-bit memories and tables'),
  'function-references': row('3.0', true, 'typed function references'),
  gc: row('3.0', true, 'structures, arrays, i31, casts'),
  exceptions: row('3.0', true, 'try_table, exnref'),
  'legacy-exceptions': row('proposal', true, 'try, catch, delegate, rethrow'),
  threads: row('proposal', true, 'shared memories and atomics'),
  'wide-arithmetic': row('proposal', true, '128-bit integer arithmetic'),
  'custom-page-sizes': row('proposal', true, 'memories with pages of another size'),
  'compact-imports': row('proposal', true, 'imports in lists under one module name'),
  'custom-descriptors': row('proposal', true, 'descriptors of structures, exact types'),
} as const satisfies Record<string, FeatureRow>;

/**
 * The key of a feature.
 *
 * Example: see `FeatureRow`.
 */
export type FeatureKey = keyof typeof featureTable;
/**
 * The enabled features.
 *
 * ```ts
 * const features: Features = new Set([...defaultFeatures, 'threads' as const]);
 * console.log(compileModule(doubleWasm, features).features.has('threads')); // → true
 * ```
 */
export type Features = ReadonlySet<FeatureKey>;

/**
 * Everything that the interpreter can run and that is part of the spec.
 *
 * ```js
 * const features = new Set([...defaultFeatures, 'threads']);
 * console.log(compileModule(doubleWasm, features).features.has('threads')); // → true
 * ```
 */
export const defaultFeatures: Features = new Set(
  (Object.keys(featureTable) as FeatureKey[]).filter(
    (key) =>
      featureTable[key].isExecuted &&
      featureTable[key].version !== ('proposal' as string) &&
      !build.leavesOut.has(key),
  ),
);

/**
 * What plug-ins may use without the `features` option: the spec, and the extensions that toolchains still emit.
 *
 * ```js
 * const plugin = await createPlugin(doubleWasm, { features: [...pluginFeatures, 'threads'] });
 * console.log(await plugin.functionExists('double')); // → true
 * ```
 */
export const pluginFeatures: Features = new Set([...defaultFeatures, 'legacy-exceptions' as const]);

/** The error for a feature that is off, or not part of this build. */
export const unsupportedFeature = (feature: FeatureKey, position: ErrorPosition = {}): QuernError =>
  new UnsupportedError('unsupported.feature', {
    ...position,
    feature,
    detail: feature + (build.leavesOut.has(feature) ? build.hint : ''),
  });

/** The features that an option names by their keys. @throws UsageError for anything else */
export const checkFeatures = (value: Iterable<FeatureKey> | null | undefined, usual: Features): Features => {
  if (value === undefined || value === null) return usual;
  if (!isObject(value) || typeof value[Symbol.iterator] !== 'function')
    throw badArgument(`features must be a list of features, not ${valueText(value)}`);
  const known = Object.keys(featureTable);
  const features = new Set(value);
  for (const key of features) {
    if (build.leavesOut.has(key)) throw unsupportedFeature(key);
    if (known.includes(key)) continue;
    const hint = typeof key === 'string' ? didYouMean(key, known) : '';
    throw badArgument(`features: unknown feature ${valueText(key)}${hint}`);
  }
  return features;
};
