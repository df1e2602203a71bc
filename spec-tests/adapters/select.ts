/** Makes the engine that an option of the command line names. */
import type { Engine } from '../../src/scripts/engine.ts';
import { javascriptApiEngine } from './javascript-api.ts';
import { nativeEngine } from './native.ts';
import { type EngineOptions, suiteEngine } from './quern.ts';
import { referenceEngine } from './reference.ts';
import { sideBySide } from './side-by-side.ts';
import { snapshotEngine } from './snapshot.ts';

export const engineNames = ['quern', 'reference', 'native', 'both', 'snapshot', 'javascript-api'] as const;
export type EngineName = (typeof engineNames)[number];

/**
 * `both` runs Quern and the reference executor side by side and fails if they differ; `snapshot` is Quern, with every
 * call moved to other instances on the way.
 */
export const makeEngine = (name: EngineName, options: EngineOptions): Engine => {
  switch (name) {
    case 'quern':
      return suiteEngine(options);
    case 'reference':
      return referenceEngine(options);
    case 'javascript-api':
      return javascriptApiEngine();
    case 'native':
      return nativeEngine();
    case 'snapshot':
      return sideBySide(snapshotEngine(options), suiteEngine(options));
    default:
      return sideBySide(suiteEngine(options), referenceEngine(options));
  }
};
