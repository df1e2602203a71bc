/**
 * A suite: scripts, the group of each, the features that it runs with, and its known contradictions. The suite in its
 * converted form is also here.
 *
 * The groups are those of the spec repository's sub-folders; the flat mirror lost them, so they are derived from
 * names.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from '../src/scripts/script.ts';
import { defaultFeatures, type FeatureKey, type Features, featureTable } from '../src/wasm.ts';
import { shared, sharedFolder } from '../test/shared.ts';
import { readScript, type ScriptJson } from './json-script.ts';

/** Root of the converted suite, or null if it is absent. */
export const dataFolder: string | null =
  sharedFolder !== null && existsSync(shared('spec-suite', 'manifest.json')) ? shared('spec-suite') : null;

export interface SuiteEntry {
  /** Path inside the suite without extension. */
  readonly name: string;
  readonly group: string;
}

/** First match wins. Patterns see the base name of files in `core`. */
const coreGroups: readonly (readonly [group: string, pattern: RegExp])[] = [
  ['multi-memory', /^(memory_grow|simd_memory-multi)$/],
  ['simd', /^simd_/],
  ['relaxed simd', /relaxed/],
  ['memory64', /^(?!f64$|i64$).*64$|^table_copy_mixed$|^memory64-imports$/],
  ['text and names', /^(annotations|comments|custom|id|names|obsolete-keywords|token|utf8-.*)$/],
  ['bulk memory', /^(bulk|memory_copy|memory_fill|memory_init|table_copy|table_fill|table_grow|table_init)$/],
  ['reference types', /^(ref_func|ref_is_null|ref_null|select|table_get|table_set|table_size)$/],
  ['tail calls', /^(return_call|return_call_indirect)$/],
  ['exceptions', /^(tag|throw|throw_ref|try_table)$/],
  ['gc', /^(array.*|struct|i31|extern|br_on_cast.*|ref_cast|ref_eq|ref_test|type-subtyping|binary-gc)$/],
  [
    'function references',
    /^(br_on_n.*|call_ref|local_init|ref|ref_as_non_null|return_call_ref|table-sub|type-canon|type-equivalence|type-rec)$/,
  ],
  [
    'multi-memory',
    /^(.*-multi|memory_size_import|(address|align|binary|data|data_drop|exports|float_exprs|float_memory|imports|linking|load|memory_copy|memory_fill|memory_init|memory_size|memory_trap|start|store|traps)\d)$/,
  ],
];

/** Group of a script by its path in the suite. */
export const groupOf = (name: string): string => {
  const cut = name.lastIndexOf('/');
  const folder = name.slice(0, cut);
  if (folder.startsWith('core/')) return `core: ${folder.slice('core/'.length)}`;
  if (folder !== 'core') return folder;
  const base = name.slice(cut + 1);
  return `core: ${coreGroups.find(([, pattern]) => pattern.test(base))?.[0] ?? 'base'}`;
};

/** Groups whose features the engine executes and whose commands must therefore pass. */
export const requiredGroups: readonly string[] = [
  'core: base',
  'core: bulk memory',
  'core: reference types',
  'core: tail calls',
  'core: multi-memory',
  'core: text and names',
  'core: exceptions',
  'core: memory64',
  'core: function references',
  'core: gc',
  'legacy',
  'proposals/threads',
  'proposals/wide-arithmetic',
  'proposals/custom-page-sizes',
  'proposals/custom-descriptors',
  'extra/threads',
  'compact-import-section',
];

/** All scripts of the suite in the manifest's order. */
const listSuite = (folder: string): readonly SuiteEntry[] => {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    files: { file: string }[];
  };
  return manifest.files.map(({ file }) => {
    const name = file.replace(/\.json$/, '');
    return { name, group: groupOf(name) };
  });
};

/** The entries that one of `names` selects: a path, a base name, a folder or a group. No names: all entries. */
export const selectEntries = (
  entries: readonly SuiteEntry[],
  names: readonly string[],
): readonly SuiteEntry[] =>
  names.length === 0
    ? entries
    : entries.filter(({ name, group }) =>
        names.some(
          (wanted) =>
            name === wanted ||
            name.endsWith(`/${wanted}`) ||
            name.startsWith(`${wanted}/`) ||
            group === wanted ||
            group === `core: ${wanted}`,
        ),
      );

/** A script as it is in the suite: its JSON form and the bytes of its modules. */
export const scriptData = (
  folder: string,
  { name }: SuiteEntry,
): { json: ScriptJson; bytes: Uint8Array } => ({
  json: JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as ScriptJson,
  bytes: readFileSync(join(folder, `${name}.bin`)),
});

/** Scripts below folders of these names need features beyond the default ones. */
const folderFeatures: Readonly<Record<string, FeatureKey>> = {
  legacy: 'legacy-exceptions',
  threads: 'threads',
  'wide-arithmetic': 'wide-arithmetic',
  'custom-page-sizes': 'custom-page-sizes',
  'custom-descriptors': 'custom-descriptors',
  'compact-import-section': 'compact-imports',
};

/** The features that a script runs with. */
export const featuresOf = ({ name }: SuiteEntry): Features => {
  const keys = name
    .split('/')
    .slice(0, -1)
    .flatMap((folder) => folderFeatures[folder] ?? []);
  return new Set([...defaultFeatures, ...keys.filter((key) => featureTable[key].isExecuted)]);
};

interface Conflict {
  readonly file: string;
  readonly lines: readonly number[];
  readonly why: string;
}
/** The used part of the form of `known.json`. */
export interface KnownConflicts {
  /** Commands that later versions of Wasm contradict. */
  readonly superseded: readonly Conflict[];
  /** Scripts whose threads must run at the same time. */
  readonly needsRealThreads: readonly string[];
}

const linesOf = (conflicts: readonly Conflict[], file: string): ReadonlyMap<number, string> =>
  new Map(
    conflicts.flatMap((conflict) =>
      conflict.file === file ? conflict.lines.map((line) => [line, conflict.why] as const) : [],
    ),
  );

/** A suite as a run needs it. */
export interface Suite {
  readonly entries: readonly SuiteEntry[];
  load(entry: SuiteEntry): Script;
  /** Lines of a script that later versions of Wasm contradict, with the reason. */
  exceptionsOf(entry: SuiteEntry): ReadonlyMap<number, string>;
  /** Whether the threads of a script must run at the same time: one waits until another notifies. */
  needsRealThreads(entry: SuiteEntry): boolean;
}

export const suiteOf = (
  entries: readonly SuiteEntry[],
  known: KnownConflicts,
  load: (entry: SuiteEntry) => Script,
): Suite => ({
  entries,
  load,
  exceptionsOf: ({ name }) => linesOf(known.superseded, `${name}.wast`),
  needsRealThreads: ({ name }) => known.needsRealThreads.includes(`${name}.wast`),
});

/** The suite in its converted form. */
export const dataSuite = (folder: string): Suite => {
  const known = JSON.parse(readFileSync(join(folder, 'known.json'), 'utf8')) as KnownConflicts;
  return suiteOf(listSuite(folder), known, (entry) => {
    const { json, bytes } = scriptData(folder, entry);
    return readScript(json, bytes, entry.name);
  });
};
