/** Profiles of calls: samples of the running functions of modules. */
import { readOptions } from '../errors/arguments.ts';
import { UsageError } from '../errors/errors.ts';
import type { CodeUnit, FuncCode, JavaScriptCompiler } from '../interpreter/code/compiled-module.ts';
import { moduleSha256 } from '../interpreter/code/precompiled-module.ts';
import type { Module } from '../syntax/module.ts';
import { Batch } from './batch.ts';
import { FunctionRecord, SAMPLE } from './part.ts';
import { Patches } from './patches.ts';
import { CodeProvider, type UnitCode } from './provider.ts';
import { useTier } from './tier.ts';

/**
 * The functions that calls have run, by module. `quern bench --profile` writes it as JSON.
 *
 * Example: see `CallProfiler`.
 */
export interface CallProfile {
  readonly modules: readonly {
    readonly sha256: string;
    /** Number of samples; one every 200,000 units of fuel. */
    readonly samples: number;
    /** Share of the samples by index of the function; 0 for one that was called but never sampled. */
    readonly functions: Readonly<Record<string, number>>;
  }[];
}

/** The functions of a module that a profile names. @throws UsageError if it does not contain the module */
export const profiledFunctions = (profile: CallProfile, module: Module): ReadonlySet<number> => {
  const sha256 = moduleSha256(module);
  const { modules } = readOptions(profile);
  const found = Array.isArray(modules)
    ? (modules as CallProfile['modules']).find((item) => item?.sha256 === sha256)
    : undefined;
  if (found === undefined)
    throw new UsageError('usage.argument', {
      detail: `the profile has no module with the SHA-256 ${sha256}`,
    });
  return new Set(Object.keys(readOptions(found.functions)).map(Number));
};

/**
 * Counts what calls run, instead of a compiler: for `profile` of `compileToJavaScript`.
 *
 * ```ts
 * const profiler: CallProfiler = callProfiler();
 * const plugin = await createPlugin('build/examples/greet.wasm', { compiler: profiler });
 * await plugin.call('greet', 'Ada');
 * const profile: CallProfile = profiler.profile();
 * console.log(profile.modules.length, Object.keys(profile.modules[0]!.functions).length > 1); // → 1 true
 * ```
 */
export interface CallProfiler extends JavaScriptCompiler {
  /** The profile so far. */
  profile(): CallProfile;
}

/**
 * Makes a profiler, which plug-ins and stores take instead of a compiler.
 *
 * ```js
 * const profiler = callProfiler();
 * const instance = instantiate(new Store({ compiler: profiler }), compileModule(doubleWasm), () => undefined);
 * invoke(instance.exports.get('double'), [21n]);
 * const text = compileToJavaScript(doubleWasm, { profile: profiler.profile() });
 * console.log(text.includes('function(w,l0)')); // → true
 * ```
 */
export const callProfiler = (): CallProfiler => {
  useTier();
  return new Profiler();
};

class Profiler extends CodeProvider implements CallProfiler {
  readonly kind = 'compiler';
  readonly threshold = Number.POSITIVE_INFINITY;
  readonly chance = null;
  readonly isAllowed = false;
  private readonly units = new Map<CodeUnit, CountedUnit>();

  unitOf(unit: CodeUnit): CountedUnit {
    let counted = this.units.get(unit);
    if (counted === undefined) this.units.set(unit, (counted = new CountedUnit()));
    return counted;
  }

  mayCompile(): boolean {
    return false;
  }

  takeRefusal(): null {
    return null;
  }

  profile(): CallProfile {
    const modules = Array.from(this.units, ([unit, { counts }]) => {
      let samples = 0;
      for (const { whole } of counts.values()) samples += whole.used / SAMPLE;
      const functions: Record<string, number> = {};
      for (const code of unit.funcs) {
        if (code === null || code.fast === null) continue;
        functions[code.index] = (counts.get(code)?.whole.used ?? 0) / SAMPLE / Math.max(samples, 1);
      }
      return { sha256: moduleSha256(unit.module), samples, functions };
    });
    return { modules };
  }
}

class CountedUnit implements UnitCode {
  readonly patches = new Patches();
  readonly batch = new Batch();
  readonly source = null;
  readonly instances = new WeakMap();
  readonly counts = new Map<FuncCode, FunctionRecord>();

  recordOf(code: FuncCode): FunctionRecord {
    let record = this.counts.get(code);
    if (record === undefined) this.counts.set(code, (record = new FunctionRecord(code, () => [])));
    return record;
  }

  generate(): null {
    return null;
  }
}
