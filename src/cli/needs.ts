/** What a plug-in needs from its host, and the command that calls it. */
import { nameText, printable } from '../errors/texts.ts';
import type { CheckedManifest } from '../host/manifest/manifest.ts';
import { WASI_NAMESPACE, WASI_UNSTABLE_NAMESPACE } from '../host/wasi/abi.ts';
import type { Module, ModuleSummary } from '../inspect.ts';
import { KERNEL_NAMESPACE } from '../kernel/abi.ts';
import { pluginFeatures } from '../syntax/features.ts';
import type { FuncType } from '../syntax/types.ts';
import { shellWord } from './shell.ts';

/** The subject of the inspection: a module, or the modules of a manifest, the last of which is called. */
export interface Subject {
  readonly source: string;
  readonly manifest: CheckedManifest | null;
  readonly modules: readonly {
    readonly name: string | null;
    readonly module: Module;
    readonly summary: ModuleSummary;
  }[];
}

/** A namespace that is imported from. */
interface Namespace {
  readonly name: string;
  readonly functions: ReadonlySet<string>;
}

/** Exports that the host itself calls. */
const hostCalls = new Set(['_initialize', '__wasm_call_ctors', '_start']);
/** Commands shown at most; more are no help. */
const MAX_COMMANDS = 8;

const isWasi = (name: string): boolean => name === WASI_NAMESPACE || name === WASI_UNSTABLE_NAMESPACE;

/** What is imported from outside the modules, by namespace. */
const namespacesOf = ({ modules }: Subject): Namespace[] => {
  const linked = new Set(modules.slice(0, -1).map(({ name }) => name));
  const found = new Map<string, Set<string>>();
  for (const { module } of modules) {
    for (const { module: namespace, name } of module.imports) {
      if (linked.has(namespace)) continue;
      found.set(namespace, (found.get(namespace) ?? new Set()).add(name));
    }
  }
  return Array.from(found, ([name, functions]) => ({ name, functions }));
};

/** Functions without parameters, which a host can call. */
const callable = (module: Module): string[] =>
  module.exports
    .filter(({ kind, index }) => {
      const type = kind === 'func' ? (module.funcs[index]!.type.comp as FuncType) : null;
      return type !== null && type.params.length === 0 && type.results.length <= 1;
    })
    .map(({ name }) => name)
    .filter((name) => !hostCalls.has(name));

const linkFlag = (namespace: string): string => `--link ${shellWord(`${printable(namespace)}=FILE`)}`;

/** Where the imports of a namespace come from. */
const providerOf = ({ name, functions }: Namespace): string => {
  if (name === KERNEL_NAMESPACE) return 'every Extism host provides these';
  if (isWasi(name)) return 'WASI: --wasi, or the option useWasi';
  const names = Array.from(functions, (item) => nameText(item)).join(', ');
  return `host functions (option functions), or ${linkFlag(name)}: ${names}`;
};

/** What the plug-in imports, a line for each namespace. */
export const namespaceLines = (subject: Subject): string[] =>
  namespacesOf(subject).map(
    (item) =>
      `  ${printable(item.name).padEnd(24)} ${String(item.functions.size).padStart(4)}  ${providerOf(item)}`,
  );

/** The command that calls a plug-in, for each of its functions. */
export const commandLines = (subject: Subject): string[] => {
  const { source, manifest, modules } = subject;
  const main = modules.at(-1)?.module;
  if (main === undefined) return [];
  const namespaces = namespacesOf(subject);
  const features = new Set(modules.flatMap(({ summary }) => summary.features.map(({ key }) => key)));
  const flags = [
    ...(namespaces.some(({ name }) => isWasi(name)) ? ['--wasi'] : []),
    ...namespaces
      .filter(({ name }) => name !== KERNEL_NAMESPACE && !isWasi(name))
      .map(({ name }) => linkFlag(name)),
    ...Array.from(features)
      .filter((key) => !pluginFeatures.has(key))
      .map((key) => `--feature ${key}`),
  ].map((flag) => ` ${flag}`);
  const names = callable(main);
  const isProgram = main.exports.some(({ name }) => name === '_start');
  if (names.length === 0) return isProgram ? [`  quern run ${shellWord(source)}`] : [];
  const left = names.length - MAX_COMMANDS;
  return [
    ...names
      .slice(0, MAX_COMMANDS)
      .map(
        (name) =>
          `  quern call${manifest === null ? '' : ' -m'} ${shellWord(source)} ${shellWord(printable(name))} --input TEXT${flags.join('')}`,
      ),
    ...(left > 0 ? [`  … and ${left} more functions`] : []),
  ];
};
