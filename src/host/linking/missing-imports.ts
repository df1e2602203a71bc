/**
 * Missing imports, found before anything is instantiated, so that one error names them all and the option or flag
 * that provides them.
 */
import { UnlinkableError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { kernelAbi } from '../../kernel/abi.ts';
import type { Import, Module } from '../../syntax/module.ts';
import type { LoadedModule } from '../manifest/wasm-source.ts';
import { isCommand } from './command-module.ts';

/** Name of the module whose exports are the plug-in's functions. */
export const MAIN = 'main';

/** Anything with names. */
type Names = Pick<ReadonlyMap<string, unknown>, 'has'>;

/** The sources of imports. */
interface Providers {
  readonly modules: ReadonlyMap<string, LoadedModule>;
  /** Host functions by namespace. */
  readonly functions: ReadonlyMap<string, Names>;
  /** The functions of the ABI and of WASI by namespace; null for what is not switched on. */
  readonly builtIns: ReadonlyMap<string, Names | null>;
}

/** Why imports cannot be resolved; gets their names as the sentence lists them. */
type Reason = (names: string) => string;

/** Imports of one module from another one that are missing for one reason. */
interface Missing {
  /** The path of modules to the importing one, outermost first. */
  readonly path: readonly string[];
  readonly module: string;
  readonly names: Set<string>;
  readonly reason: Reason;
}

const noExport: Reason = () => ': no export matched request';
const notEnabled: Reason = () =>
  ': WASI is not enabled; see the "useWasi" plugin option (on the command line --wasi)';
const notCommand: Reason = () => ': it is a command, from which only functions can be imported';

/** Functions of the ABI as PDKs before 1.0 imported them. */
const oldNames = new Set(Object.keys(kernelAbi).map((name) => `extism_${name}`));
const fromOldPdk =
  '; it is a function of PDKs before 1.0 or of another host: build the plug-in with a current PDK';

/** TABLE: namespaces that identify the toolchain, and what to do about them. */
const foreignNamespaces: ReadonlyMap<string, string> = new Map(
  Object.entries({
    env: '; linkers import from "env" what the program uses but does not define',
    wbg: '; wasm-bindgen made the module for JavaScript: build it with the PDK for Rust instead',
    __wbindgen_placeholder__:
      '; the module is made for wasm-bindgen and JavaScript: build it with the PDK for Rust instead',
    gojs: '; the module is built for GOOS=js: build it for GOOS=wasip1',
    go: '; the module is built for GOOS=js: build it for GOOS=wasip1',
  }),
);
/** Prefix of interfaces of WASI 0.2 and later. */
const COMPONENT_INTERFACE = 'wasi:';

const hintFor = ({ module, name }: Import): string => {
  if (module === 'env' && oldNames.has(name)) return fromOldPdk;
  if (module.startsWith(COMPONENT_INTERFACE))
    return '; it is an interface of WASI 0.2, for components: build the plug-in for wasm32-wasip1';
  return foreignNamespaces.get(module) ?? '';
};

class Search {
  readonly missing: Missing[] = [];
  readonly #providers: Providers;
  readonly #seen = new Set<string>();
  readonly #reasons = new Map<string, Reason>();
  readonly #groups = new Map<Reason, Map<string, Missing>>();

  constructor(providers: Providers) {
    this.#providers = providers;
  }

  /** Checks the imports of a module and of those that it imports from. */
  visit(name: string, before: readonly string[]): void {
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    const path = [...before, name];
    for (const entry of this.#providers.modules.get(name)!.compiled.module.imports) {
      const reason = this.#reasonFor(entry, path);
      if (reason !== null) this.#add(entry, path, reason);
    }
  }

  #add({ module, name }: Import, path: readonly string[], reason: Reason): void {
    // PERF: found by a key, since a module can have a hundred thousand imports.
    const groups = this.#groups.get(reason) ?? new Map<string, Missing>();
    this.#groups.set(reason, groups);
    const key = `${path[path.length - 1]}\0${module}`;
    const same = groups.get(key);
    if (same !== undefined) {
      same.names.add(name);
      return;
    }
    const group = { path, module, names: new Set([name]), reason };
    groups.set(key, group);
    this.missing.push(group);
  }

  #reasonFor(entry: Import, path: readonly string[]): Reason | null {
    const { module, name, desc } = entry;
    const { modules, functions, builtIns } = this.#providers;
    const source = modules.get(module)?.compiled.module;
    if (source !== undefined) return this.#reasonInModule(entry, source, path);
    if (desc.kind === 'func' && functions.get(module)?.has(name)) return null;
    const members = builtIns.get(module);
    if (members === null) return notEnabled;
    if (members?.has(name)) return null;
    return this.#notProvided(entry, members !== undefined || functions.has(module));
  }

  #notProvided(entry: Import, isHostModule: boolean): Reason {
    const from = `"${nameText(entry.module)}"`;
    const text = isHostModule
      ? ` (${from} is a host module, but does not contain `
      : `: not provided by host imports nor linked manifest items${hintFor(entry)}`;
    // One reason for all imports that share the text, so that they are listed together.
    let reason = this.#reasons.get(text);
    if (reason === undefined) {
      reason = isHostModule ? (names) => `${text}${names})` : () => text;
      this.#reasons.set(text, reason);
    }
    return reason;
  }

  #reasonInModule({ module, name, desc }: Import, source: Module, path: readonly string[]): Reason | null {
    const isCircular = path.includes(module);
    if (module !== MAIN && isCommand(source)) {
      const item = source.exports.find((candidate) => candidate.name === name);
      if (item !== undefined && (desc.kind !== 'func' || item.kind !== 'func')) return notCommand;
    } else if (isCircular && desc.kind !== 'func') {
      return () => `: circular imports of type="${desc.kind}" are not supported`;
    }
    if (!isCircular) this.visit(module, path);
    return source.exports.some((candidate) => candidate.name === name) ? null : noExport;
  }
}

/** Most names of one sentence, and most sentences. */
const MAX_NAMES = 24;
const MAX_SENTENCES = 16;

/** The first items as a list, and the number of omitted ones. */
const listOf = <T>(
  items: readonly T[],
  most: number,
  separator: string,
  textOf: (item: T) => string,
): string => {
  const shown = items.slice(0, most).map(textOf);
  if (items.length > most) shown.push(`and ${items.length - most} more`);
  return shown.join(separator);
};

const sentenceOf = ({ path, module, names, reason }: Missing): string => {
  const list = listOf([...names], MAX_NAMES, ', ', (name) => `"${nameText(name)}"`);
  const from = path.map((part) => `"${nameText(part)}"`).join('/');
  // The sentence of `@extism/extism`, with all names that it applies to.
  return `from module ${from}: cannot resolve import "${nameText(module)}" ${list}${reason(list)}`;
};

/** Checks that all imports of the plug-in exist. @throws UnlinkableError that names all missing ones */
export const checkImports = (providers: Providers): void => {
  const search = new Search(providers);
  search.visit(MAIN, []);
  const [first] = search.missing;
  if (first === undefined) return;
  const detail = listOf(search.missing, MAX_SENTENCES, '\n', sentenceOf);
  const [name = ''] = first.names;
  throw new UnlinkableError('unlinkable.unknown-import', { module: first.module, name, detail }, detail);
};
