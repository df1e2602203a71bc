/** Precompiled code of a module, in the form that stores and plug-ins take. */
import { reading } from '../../errors/arguments.ts';
import { UsageError } from '../../errors/errors.ts';
import type { Module } from '../../syntax/module.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import type { FuelSchedule } from '../fuel/schedules.ts';

/**
 * JavaScript that was made from a module at build time: the export of a file that `quern compile` wrote. It works
 * only for that module, under the schedule that it was made for.
 *
 * Example: see `CompileOptions`.
 */
export interface PrecompiledModule {
  readonly kind: 'precompiled';
  /** SHA-256 of the module, in hexadecimal digits. */
  readonly sha256: string;
  /** Bytes of the module. */
  readonly byteLength: number;
  /** Checks that this version of the engine can run it, under a schedule. @throws UsageError */
  check(schedule: FuelSchedule): void;
}

/** Code of this copy of the package: another copy has another interpreter. */
const made = new WeakSet<object>();
/** Records that code may be passed in here. */
export const registerPrecompiled = <P extends PrecompiledModule>(precompiled: P): P => {
  made.add(precompiled);
  return precompiled;
};

const hashes = new WeakMap<Module, string>();

/** SHA-256 of the bytes of a module, in hexadecimal digits. */
export const moduleSha256 = (module: Module): string => {
  let hash = hashes.get(module);
  if (hash === undefined) hashes.set(module, (hash = sha256Hex(module.bytes)));
  return hash;
};

/** Whether code was made from a module. For most modules, the length makes the hash unnecessary. */
export const isMadeOf = (precompiled: PrecompiledModule, module: Module): boolean =>
  precompiled.byteLength === module.bytes.length && precompiled.sha256 === moduleSha256(module);

/** Checks the option `precompiled`. @throws UsageError */
export const checkPrecompiled = (
  value: PrecompiledModule | readonly PrecompiledModule[] | undefined,
): readonly PrecompiledModule[] => {
  if (value === undefined) return [];
  const list = reading('precompiled', () =>
    Array.isArray(value) ? (value as readonly PrecompiledModule[]).slice() : [value as PrecompiledModule],
  );
  if (list.every((item) => made.has(item))) return list;
  throw new UsageError('usage.argument', {
    detail:
      'precompiled must be the export of a file that quern compile wrote, loaded with quern/precompiled of this copy of the package',
  });
};

/** Checks that code was made from one of some modules. @throws UsageError */
export const requireModule = (precompiled: PrecompiledModule, modules: readonly Module[]): void => {
  if (modules.some((module) => isMadeOf(precompiled, module))) return;
  const actual = modules.map(moduleSha256).join(', ');
  throw new UsageError('usage.precompiled', {
    expected: precompiled.sha256,
    actual,
    detail: `made from a module with the SHA-256 ${precompiled.sha256}; this one has ${actual}`,
  });
};
