/** What provocations of errors have in common. */
import type { CodeOf, ErrorClass } from '../../src/errors.ts';
import { compileModule, type FeatureKey, type Features, featureTable } from '../../src/wasm.ts';
import { assemble, header, type Instruction, type ModuleSource } from '../assembler.ts';

/** Throws an error, or returns a promise that rejects. */
export type Provocation = () => unknown;
/** A provocation of each code of some classes; one that is missing is a type error. */
export type Provocations<C extends ErrorClass> = Readonly<Record<CodeOf<C>, Provocation>>;

export const allFeatures: Features = new Set(Object.keys(featureTable) as FeatureKey[]);

/** Compiles bytes that are not a module. */
export const compile = (...bytes: readonly number[]): unknown => compileModule(Uint8Array.from(bytes));
/** Compiles what follows the header. */
export const compileSections = (...bytes: readonly number[]): unknown => compile(...header, ...bytes);
/** Compiles a module of the assembler. */
export const compileSource = (source: ModuleSource): unknown => compileModule(assemble(source), allFeatures);
/** Compiles a module whose function 0, of type 0, has the code. */
export const compileCode = (code: readonly Instruction[], more: ModuleSource = {}): unknown =>
  compileSource({ ...more, funcs: [{ code }] });
/** The same with the function's code as bytes. */
export const compileBody = (...bytes: readonly number[]): unknown => compileSource({ funcs: [{ bytes }] });

export const i32 = (value: number): Instruction => ['i32.const', value];
export const i64 = (value: bigint): Instruction => ['i64.const', value];
