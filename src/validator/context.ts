/**
 * The validation context, the spec's C (chapter Validation/Conventions): what an instruction may refer to.
 *
 * It reads the index spaces of the module directly and adds what is not in them: the set of declared function
 * references, how many globals are visible, and the first use of a feature that is disabled or not executed. That use
 * is only recorded: a module that is also invalid is reported as invalid.
 */

import { type CodeOf, catalogue } from '../errors/catalogue.ts';
import { type ErrorDetails, type ErrorPosition, InvalidError, type QuernError } from '../errors/errors.ts';
import { type FeatureKey, type Features, unsupportedFeature } from '../syntax/features.ts';
import { instructions } from '../syntax/instructions.ts';
import type { Module } from '../syntax/module.ts';
import type { FuncType, ValType } from '../syntax/types.ts';
import { featureOfValType } from './feature-uses.ts';

/** Spelled out as a type, because only then does TypeScript see that a call does not return. */
type Fail = (code: CodeOf<'InvalidError'>, index: number, position: ErrorPosition) => never;

/** Throws an `InvalidError`. */
export const invalid: (code: CodeOf<'InvalidError'>, details: ErrorDetails) => never = (code, details) => {
  throw new InvalidError(code, details);
};

/** Throws an `InvalidError` about an index, worded as the suite does: `unknown table 3`. */
export const unknownIndex: Fail = (code, index, position) => {
  throw new InvalidError(code, { ...position, actual: index }, `${catalogue[code].text} ${index}`);
};

const disabledRows = new WeakMap<Features, Uint8Array>();

/** PERF: the same for most modules; making it takes as long as a function of a hundred instructions. */
const disabledBy = (features: Features): Uint8Array => {
  const rows =
    disabledRows.get(features) ?? Uint8Array.from(instructions, (row) => (features.has(row.since) ? 0 : 1));
  disabledRows.set(features, rows);
  return rows;
};

/** Context of one module; see the file header. */
export class Context {
  readonly module: Module;
  readonly features: Features;
  /** Address type of each memory. */
  readonly memoryAddress: Int32Array;
  /** 1 for each function that `ref.func` may name in a body: the spec's C.refs. */
  readonly isDeclared: Uint8Array;
  /** 1 for each row of the instruction table whose feature is not enabled. */
  readonly isDisabled: Uint8Array;
  /** Number of globals that a constant expression may read now. */
  visibleGlobals: number;
  private unsupported: QuernError | null = null;

  constructor(module: Module, features: Features) {
    this.module = module;
    this.features = features;
    this.memoryAddress = Int32Array.from(module.memories, (m) => m.limits.address);
    this.isDeclared = new Uint8Array(module.funcs.length);
    this.isDisabled = disabledBy(features);
    this.visibleGlobals = module.importedGlobalCount;
  }

  /** The type of a function; the decoder admits no other kind of type there. */
  funcType(index: number): FuncType {
    return this.module.funcs[index]!.type.comp as FuncType;
  }

  /** Records the use of a feature. */
  use(feature: FeatureKey | null, position: ErrorPosition): void {
    if (feature === null || this.unsupported !== null || this.features.has(feature)) return;
    this.unsupported = unsupportedFeature(feature, position);
  }

  /** Records the features that a value type needs. */
  useType(type: ValType, position: ErrorPosition): void {
    this.use(featureOfValType(type), position);
  }

  /** Throws if a feature was used that is not enabled. @throws UnsupportedError */
  throwUnsupported(): void {
    if (this.unsupported !== null) throw this.unsupported;
  }
}
