/** The modules of jobs: found by their hashes, checked, and compiled once for each owner of modules. */
import { badArgument } from '../errors/arguments.ts';
import { asBytes, type BytesLike } from '../errors/bytes.ts';
import { JobError } from '../errors/errors.ts';
import type { Platform } from '../host/platform/platform.ts';
import { type CompiledPlugin, compilePluginOn } from '../host/plugin/compiled-plugin.ts';
import type { PluginOptions } from '../host/plugin/options.ts';
import { sha256Hex } from '../syntax/sha256.ts';
import type { Job } from './job.ts';

/**
 * The modules of jobs: a list of them, or a function that finds one by its SHA-256. Compiled modules are cached as
 * long as the list or the function is the same object.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const modules: JobModules = async (hash) => (hash === moduleHash(greet) ? greet : null);
 * const job = createJob({ id: 'greeting-4', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * console.log((await advance(job, { modules })).output?.text()); // → Hello, Ada!
 * ```
 */
export type JobModules =
  | readonly BytesLike[]
  | ((sha256: string) => BytesLike | null | undefined | Promise<BytesLike | null | undefined>);

/** Most sets of modules that stay compiled for one owner. */
const MAX_COMPILED = 32;

const compiled = new WeakMap<object, Map<string, Promise<CompiledPlugin>>>();

const find = async (modules: JobModules, hash: string): Promise<Uint8Array> => {
  const found =
    typeof modules === 'function'
      ? await modules(hash)
      : modules.find((bytes) => sha256Hex(asBytes(bytes) ?? new Uint8Array(0)) === hash);
  const bytes = found === undefined || found === null ? null : asBytes(found);
  if (bytes === null) throw new JobError('job.module', { expected: hash, detail: hash });
  const actual = sha256Hex(bytes);
  if (actual === hash) return bytes;
  throw new JobError('job.module', { expected: hash, actual, detail: `${hash}; found ${actual}` });
};

const compile = async (
  platform: Platform,
  job: Job,
  modules: JobModules,
  options: PluginOptions,
): Promise<CompiledPlugin> => {
  const names = Object.keys(job.modules).sort();
  const wasm: { name: string; data: Uint8Array }[] = [];
  for (const name of names) wasm.push({ name, data: await find(modules, job.modules[name]!) });
  return compilePluginOn(platform)({ wasm }, options);
};

/** The modules of a job, compiled. @throws JobError, or what `compilePlugin` throws */
export const compiledModules = (
  platform: Platform,
  job: Job,
  modules: JobModules,
  options: PluginOptions,
): Promise<CompiledPlugin> => {
  if (typeof modules !== 'function' && !Array.isArray(modules))
    throw badArgument(`modules must be a list, or a function that finds one by its hash`);
  const known = compiled.get(modules) ?? new Map<string, Promise<CompiledPlugin>>();
  compiled.set(modules, known);
  const names = Object.keys(job.modules).sort();
  const key = JSON.stringify([names.map((name) => [name, job.modules[name]]), job.options.features ?? null]);
  let found = known.get(key);
  if (found === undefined) {
    found = compile(platform, job, modules, options);
    // A failed compilation is tried again.
    found.catch(() => known.delete(key));
  }
  // Evicts the least recently used first.
  known.delete(key);
  known.set(key, found);
  for (const [oldest, plugin] of known) {
    if (known.size <= MAX_COMPILED) break;
    known.delete(oldest);
    void plugin.then((item) => item.close());
  }
  return found;
};
