/**
 * Links the modules of a manifest with each other, with the kernel, with WASI and with host functions.
 *
 * An import is resolved in this order: a module of the manifest of that name; host functions, which may also replace
 * functions of `extism:host/env`; kernel and host functions of the ABI; WASI, if it is enabled. All types are checked
 * here, before anything runs. Functions may be imported in cycles.
 */
import { ManifestError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import type { ExternInstance, ModuleInstance } from '../../interpreter/instances/module-instance.ts';
import type { Store } from '../../interpreter/instances/store.ts';
import { instantiate } from '../../interpreter/instantiate/instantiate.ts';
import { KERNEL_NAMESPACE } from '../../kernel/abi.ts';
import type { Functions } from '../../kernel/functions-on-demand.ts';
import { kernelFunctions } from '../../kernel/imports.ts';
import type { Import, Module } from '../../syntax/module.ts';
import type { FuncType } from '../../syntax/types.ts';
import type { LoadedModule } from '../manifest/wasm-source.ts';
import { createPdkImports } from '../pdk/pdk.ts';
import type { PluginState } from '../state/plugin-state.ts';
import { WASI_NAMESPACE, WASI_UNSTABLE_NAMESPACE } from '../wasi/abi.ts';
import { CommandModule, isCommand } from './command-module.ts';
import { type HostFunction, importHostFunction } from './host-function.ts';
import { LateBindings } from './late-binding.ts';
import { checkImports, MAIN } from './missing-imports.ts';

const wasiNamespaces: readonly string[] = [WASI_NAMESPACE, WASI_UNSTABLE_NAMESPACE];

/** Most modules of one plug-in: linking recurses as deeply as their imports. */
const MAX_MODULES = 256;

/** Everything that modules can import from. */
interface LinkSources {
  readonly modules: ReadonlyMap<string, LoadedModule>;
  readonly functions: ReadonlyMap<string, ReadonlyMap<string, HostFunction>>;
  /** The functions of WASI by namespace, or null if it is not enabled. */
  readonly wasi: ReadonlyMap<string, Functions> | null;
}

/**
 * Names the modules of a manifest: as given; the last one is `main` if it has no name; others without a name are
 * named by hash or by position.
 *
 * @throws ManifestError when two have one name, none is `main`, or there are too many
 */
export const nameModules = (modules: readonly LoadedModule[]): Map<string, LoadedModule> => {
  if (modules.length > MAX_MODULES) {
    throw new ManifestError('manifest.shape', { path: 'wasm', detail: `more than ${MAX_MODULES} modules` });
  }
  const named = new Map<string, LoadedModule>();
  modules.forEach((module, index) => {
    const isLast = index === modules.length - 1;
    const name = module.name ?? (isLast ? MAIN : (module.hash ?? String(index)));
    if (named.has(name)) {
      throw new ManifestError('manifest.shape', {
        path: `wasm[${index}].name`,
        detail: `duplicate module name "${nameText(name)}"`,
      });
    }
    named.set(name, module);
  });
  if (named.has(MAIN)) return named;
  throw new ManifestError('manifest.shape', {
    path: 'wasm',
    detail: `manifest with multiple modules must designate one "${MAIN}" module`,
  });
};

/** One linking: instances of every module that `main` needs, each made once. */
export class Linker {
  /** Instances in the order of their initialisation: imported ones before those that import them. */
  readonly instances: ModuleInstance[] = [];
  readonly #store: Store;
  readonly #state: PluginState;
  readonly #sources: LinkSources;
  /** The functions of the ABI and of WASI by namespace; null if not enabled. */
  readonly #builtIns: ReadonlyMap<string, Functions | null>;
  readonly #byName = new Map<string, ModuleInstance>();
  readonly #commands = new Map<string, CommandModule>();
  readonly #late = new LateBindings();
  /** Modules that are being linked, outermost first. */
  readonly #path: string[] = [];

  constructor(store: Store, state: PluginState, sources: LinkSources) {
    this.#store = store;
    this.#state = state;
    this.#sources = sources;
    const kernel = kernelFunctions(state.kernel, store.schedule);
    const pdk = createPdkImports(state);
    const environment: Functions = {
      has: (name) => kernel.has(name) || pdk.has(name),
      get: (name) => kernel.get(name) ?? pdk.get(name),
    };
    this.#builtIns = new Map([
      [KERNEL_NAMESPACE, environment],
      ...wasiNamespaces.map((name) => [name, sources.wasi?.get(name) ?? null] as const),
    ]);
  }

  /**
   * Instantiates `main` and what it imports, without running any of their code.
   *
   * @throws UnlinkableError, or the errors of instantiation
   */
  link(): ModuleInstance {
    const { modules, functions } = this.#sources;
    checkImports({ modules, functions, builtIns: this.#builtIns });
    const main = this.#linkModule(MAIN);
    this.#late.bind(this.#byName);
    return main;
  }

  #linkModule(name: string): ModuleInstance {
    const done = this.#byName.get(name);
    if (done !== undefined) return done;
    const instance = this.#prepare(name)();
    this.#byName.set(name, instance);
    this.instances.push(instance);
    return instance;
  }

  /** Resolves the imports of a module; the returned function makes a new instance of it at each call. */
  #prepare(name: string): () => ModuleInstance {
    const { compiled } = this.#sources.modules.get(name)!;
    this.#path.push(name);
    const found = compiled.module.imports.map((entry) => this.#resolve(entry));
    this.#path.pop();
    return () => {
      let next = 0;
      const instance = instantiate(this.#store, compiled, () => found[next++], { skipStart: true });
      this.#late.bindIn(instance);
      return instance;
    };
  }

  /** The value of an import. `checkImports` has verified that it exists. */
  #resolve(entry: Import): ExternInstance {
    const { module, name, desc } = entry;
    if (this.#sources.modules.has(module)) return this.#resolveInModule(entry);
    const fn = this.#sources.functions.get(module)?.get(name);
    if (fn !== undefined && desc.kind === 'func') {
      return importHostFunction(fn, desc.type.comp as FuncType, { module, name }, this.#state);
    }
    return this.#builtIns.get(module)!.get(name)!;
  }

  #resolveInModule(entry: Import): ExternInstance {
    const { module, name, desc } = entry;
    const source = this.#sources.modules.get(module)!.compiled.module;
    if (module !== MAIN && isCommand(source)) return this.#resolveInCommand(entry, source);
    if (desc.kind === 'func' && this.#path.includes(module)) return this.#late.add(module, name, desc.type);
    return this.#linkModule(module).exports.get(name)!;
  }

  #resolveInCommand({ module, name }: Import, source: Module): ExternInstance {
    const item = source.exports.find((candidate) => candidate.name === name)!;
    let command = this.#commands.get(module);
    if (command === undefined) {
      const make: { instance?: () => ModuleInstance } = {};
      command = new CommandModule(this.#store, this.#state, () => make.instance!());
      // Registered before its imports are resolved, as they may refer back to it.
      this.#commands.set(module, command);
      make.instance = this.#prepare(module);
    }
    return command.importFunction(name, source.funcs[item.index]!.type.comp as FuncType);
  }
}
