/**
 * Which features the JavaScript engine's own Wasm knows. Those of Wasm 2.0 are there in every Node; for each later one
 * a smallest module is tried.
 */
import { type FeatureKey, type Features, featureTable } from '../../src/wasm.ts';
import { assemble, encode, type ModuleSource } from '../assembler.ts';

const memory = { min: 1 };

/** A module for each feature that some Nodes lack; null where engines only have drafts. */
const probes: Partial<Record<FeatureKey, ModuleSource | null>> = {
  'relaxed-simd': {
    funcs: [
      {
        code: [
          ...(['v128.const', 'v128.const'] as const).map((name) => [name, new Array(16).fill(0)] as const),
          'i8x16.relaxed_swizzle',
          'drop',
        ],
      },
    ],
  },
  'extended-const': {
    globals: [{ type: 'i32', init: [['i32.const', 1], ['i32.const', 2], 'i32.add'] }],
  },
  'tail-calls': { funcs: [{ code: [['return_call', 0]] }] },
  'multi-memory': { memories: [memory, memory] },
  memory64: { memories: [{ min: 1, is64: true }], tables: [{ min: 1, is64: true }] },
  'function-references': {
    funcs: [
      {
        code: [
          ['ref.null', 0],
          ['call_ref', 0],
        ],
      },
    ],
  },
  gc: { types: [[0x5f, 0], {}], funcs: [{ type: 1, code: [['struct.new', 0], 'drop'] }] },
  exceptions: { funcs: [{ code: [['try_table', null, []], 'end'] }] },
  'legacy-exceptions': { funcs: [{ bytes: [0x06, 0x40, 0x19, 0x0b, 0x0b] }] },
  threads: { memories: [memory], funcs: [{ bytes: [...encode('atomic.fence'), 0x0b] }] },
  'wide-arithmetic': null,
  'custom-page-sizes': null,
  'custom-descriptors': null,
  'compact-imports': null,
};

/** Asks native Wasm. @param validate that of the process */
export const nativeFeatures = (validate: (bytes: Uint8Array) => boolean): FeatureKey[] =>
  (Object.keys(featureTable) as FeatureKey[]).filter((key) => {
    const probe = probes[key];
    return probe === undefined || (probe !== null && validate(assemble(probe)));
  });

/** Everything, so that what the features above exclude still runs here. */
export const allFeatures: Features = new Set(Object.keys(featureTable) as FeatureKey[]);
