/** TABLE: what is measured. Binaries come from the reference data; sources are in `workloads/src`. */
import { existsSync } from 'node:fs';
import { shared, sharedFolder } from '../test/shared.ts';

export interface Workload {
  readonly name: string;
  /** `micro` exports `run(units)`; `program` is a WASI command that takes the units as its argument. */
  readonly kind: 'micro' | 'program';
  readonly stresses: string;
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

/** File of a workload. */
export const workloadFile = ({ name }: Workload): string => shared('bench', `${name}.wasm`);

/** The workloads of these names, all when none is given, that are there. @throws Error with what to do */
export const selectWorkloads = (names: readonly string[]): Workload[] => {
  if (sharedFolder === null) throw new Error('the workloads were not found: set QUERN_SHARED to their place');
  const unknown = names.filter((name) => !workloads.some((workload) => workload.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `unknown workload ${unknown.join(', ')}; there are ${workloads.map(({ name }) => name).join(', ')}`,
    );
  }
  return workloads.filter((workload) => {
    const isWanted = names.length === 0 || names.includes(workload.name);
    return isWanted && existsSync(workloadFile(workload));
  });
};
