/** Makes the engine that an option of the command line names. */
import type { Forced } from '../../test/compiler/forced-compiler.ts';
import type { Engine, Metering } from '../engine.ts';
import { javascriptApiEngine } from './javascript-api.ts';
import { nativeEngine } from './native.ts';
import { quernEngine } from './quern.ts';
import { referenceEngine } from './reference.ts';
import { sideBySide } from './side-by-side.ts';
import { snapshotEngine } from './snapshot.ts';

export interface EngineOptions extends Metering {
  /** Run careful code only: one internal instruction per Wasm instruction. */
  readonly careful: boolean;
  /** Quern compiles everything. */
  readonly compiled?: Forced | null;
}

export const engineNames = ['quern', 'reference', 'native', 'both', 'snapshot', 'javascript-api'] as const;
export type EngineName = (typeof engineNames)[number];

/**
 * `both` runs Quern and the reference executor side by side and fails where they differ; `snapshot` is Quern, with
 * every call moved to other instances on the way.
 */
export const makeEngine = (name: EngineName, suiteFolder: string, options: EngineOptions): Engine => {
  switch (name) {
    case 'quern':
      return quernEngine(options);
    case 'reference':
      return referenceEngine(options);
    case 'javascript-api':
      return javascriptApiEngine(suiteFolder);
    case 'native':
      return nativeEngine(suiteFolder);
    case 'snapshot':
      return sideBySide(snapshotEngine(options), quernEngine(options));
    default:
      return sideBySide(quernEngine(options), referenceEngine(options));
  }
};
