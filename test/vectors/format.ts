/**
 * The format of `docs/fuel-vectors.json`, by which another engine can check its bills against ours; docs/metering.md
 * describes it. Numbers that can exceed 2^53, and bits of floats, are decimal text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FuelSchedule } from '../../src/wasm.ts';
import { root } from '../shared.ts';

/** Where a call with fuel `n` pauses. */
export interface PausePoint {
  /** Fuel that the call is given. */
  readonly n: number;
  /** Fuel that it has used when it pauses: the cost of the longest prefix that `n` pays for. */
  readonly used: number;
  /** Digest of the memories then. */
  readonly memory: string;
}
/** One call, and its result. */
export interface VectorCall {
  /** Index of the module whose export is called. */
  readonly module: number;
  readonly name: string;
  /** Bits of the arguments. */
  readonly args?: readonly string[];
  /** Bits of the results; absent where it traps. */
  readonly results?: readonly string[];
  /** Code of the trap. */
  readonly trap?: string;
  readonly fuel: number;
  /** Digest of the memories afterwards. */
  readonly memory: string;
  /** The same call with less fuel, each on instances of its own that made the calls before. */
  readonly pauses?: readonly PausePoint[];
}
/** A file of reference data that is not ours to ship, and its hash. */
export interface FileReference {
  readonly file: string;
  /** First byte and length, where the module is a part of the file. */
  readonly at?: readonly [number, number];
  readonly sha256: string;
}
/** Modules, linked with each other, and calls to them in order. */
export interface VectorProgram {
  readonly id: string;
  readonly schedule: string;
  /** Base64. */
  readonly modules?: readonly string[];
  readonly suite?: FileReference;
  readonly calls: readonly VectorCall[];
}
/** One call of a recorded plug-in; the calls of a set-up go to one instance, in order. */
export interface PluginVectorCall {
  readonly call: string;
  readonly fuel: number;
  /** Hash of the output; absent if there is none. */
  readonly output?: string;
  /** Code of the error that the call ends with. */
  readonly error?: string;
}
/** A recorded set-up. */
export interface PluginVector {
  readonly id: string;
  readonly schedule: string;
  readonly plugin: FileReference;
  /** Fuel of initialisation. */
  readonly initialisation: number;
  readonly calls: readonly PluginVectorCall[];
}
export interface FuelVectors {
  readonly format: 'fuel-vectors';
  readonly version: 1;
  readonly schedules: readonly FuelSchedule[];
  readonly programs: readonly VectorProgram[];
  readonly plugins: readonly PluginVector[];
}

/** Where the vectors lie. */
export const vectorsFile = join(root, 'docs/fuel-vectors.json');
export const readVectors = (): FuelVectors => JSON.parse(readFileSync(vectorsFile, 'utf8')) as FuelVectors;

const lines = (items: readonly unknown[]): string =>
  `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
/** The text of the file: a program a line, so that changes can be read. */
export const vectorsText = ({ format, version, schedules, programs, plugins }: FuelVectors): string =>
  `{"format":${JSON.stringify(format)},"version":${version},\n"schedules":${lines(schedules)},\n"programs":${lines(programs)},\n"plugins":${lines(plugins)}}\n`;
