/**
 * TABLE: what is measured. Binaries come from the reference data, those of vectors from clang; sources are in
 * `workloads/src`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, shared, sharedFolder } from '../test/shared.ts';
import type { Preparation } from './prepared.ts';

export interface Workload {
  readonly name: string;
  /**
   * `micro` exports `run(units)`; `program` is a WASI command that takes the units as its argument; `prepared` exports
   * what a preparation needs.
   */
  readonly kind: 'micro' | 'program' | 'prepared';
  readonly stresses: string;
  readonly preparation?: Preparation;
  /** Its path, if it is not part of the reference data. */
  readonly file?: string;
}

const micro = (name: string, stresses: string): Workload => ({ name, kind: 'micro', stresses });

/** Every workload. */
export const workloads: readonly Workload[] = [
  micro('fib', 'calls'),
  micro('callind', 'indirect calls'),
  micro('collatz', 'i32 arithmetic'),
  micro('sieve', 'byte accesses to memory'),
  micro('matmul', 'i32 arithmetic, memory'),
  micro('qsort', 'calls, memory'),
  micro('nbody', 'f64'),
  micro('mandel', 'f64'),
  micro('sha256', 'i32 rotations, long straight code'),
  micro('sha512', 'i64 rotations, long straight code'),
  micro('i64hash', 'i64 multiplication'),
  micro('i64div', 'i64 division'),
  micro('brvm', 'br_table'),
  micro('bulk', 'memory.copy, memory.fill'),
  { name: 'sqlite', kind: 'program', stresses: 'a large program with one huge function' },
];

/** Workloads with vectors: measured when they are named, or `vectors`. */
const vectorWorkloads: readonly Workload[] = [
  micro('simdf32', 'f32x4, memory'),
  micro('simdmandel', 'f32x4, hardly memory'),
  micro('simdi8', 'i8x16: saturation, masks'),
  micro('simdi16', 'i16x8: bytes that widen and narrow'),
  micro('simdi64', 'i64x2: products, shifts'),
];
const builtFile = (name: string): string => join(root, 'build/bench/workloads', `${name}.wasm`);

/** File of a workload. */
export const workloadFile = ({ name, file: place }: Workload): string => {
  if (place !== undefined) return place;
  const file = shared('bench', `${name}.wasm`);
  return existsSync(file) ? file : builtFile(name);
};

const flags = '-O2 --target=wasm32 -msimd128 -nostdlib -Wl,--no-entry -Wl,--export=run'.split(' ');
/** Builds a workload if that is missing. @throws Error without a clang for wasm32 */
const build = (workload: Workload): void => {
  const file = workloadFile(workload);
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  const source = join(root, 'bench/workloads/src', `${workload.name}.c`);
  const { status, stderr } = spawnSync('clang', [...flags, '-o', file, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`clang cannot build ${workload.name}: ${stderr ?? 'there is none'}`);
};

const nameOf = ({ name }: Workload): string => name;

/** The workloads of these names, all when none is given, that are there. @throws Error with what to do */
export const selectWorkloads = (names: readonly string[]): Workload[] => {
  if (sharedFolder === null) throw new Error('the workloads were not found: set QUERN_SHARED to their place');
  const all = [...workloads, ...vectorWorkloads];
  const wanted = new Set(names.flatMap((name) => (name === 'vectors' ? vectorWorkloads.map(nameOf) : name)));
  const unknown = [...wanted].filter((name) => !all.some((workload) => workload.name === name));
  if (unknown.length > 0) {
    throw new Error(`unknown workload ${unknown.join(', ')}; there are ${all.map(nameOf).join(', ')}`);
  }
  for (const workload of vectorWorkloads) if (wanted.has(workload.name)) build(workload);
  return (wanted.size === 0 ? workloads : all).filter((workload) => {
    const isWanted = wanted.size === 0 || wanted.has(workload.name);
    return isWanted && existsSync(workloadFile(workload));
  });
};
