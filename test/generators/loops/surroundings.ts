/**
 * What loops run in: a plug-in with everything that one may need, and a directory tree in memory or on the host.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createPlugin,
  type FileTree,
  MemoryFiles,
  nodeDirectory,
  type Plugin,
  type PluginOptions,
} from '../../../src/node.ts';
import { compileModule, type FeatureKey, featureTable } from '../../../src/wasm.ts';
import { type Loop, moduleOf, type Needs } from './loop.ts';

/** Directories in each other, links in a row, entries of the long listing. */
export const NESTED = 100;
export const LINKS = 39;
const ENTRIES = 2000;
export const MANY = 'many';
export const LONG_LINK = 'long-link';
const FILE_BYTES = 1 << 20;

/** What the tree holds; both kinds of trees are made of it. */
interface TreeMaker {
  file(path: string, bytes: Uint8Array): void;
  link(path: string, target: string): void;
}
const fill = ({ file, link }: TreeMaker): void => {
  const empty = new Uint8Array(0);
  file('file', new Uint8Array(FILE_BYTES));
  file('dir/inside', empty);
  file(`${'d/'.repeat(NESTED)}file`, empty);
  for (let i = 0; i < ENTRIES; i++) file(`${MANY}/entry-${i}`, empty);
  link('link-0', 'file');
  for (let i = 1; i <= LINKS; i++) link(`link-${i}`, `link-${i - 1}`);
  link('dir-link', 'dir');
  link(LONG_LINK, 'x/'.repeat(2000));
};

/** Where trees are: in memory, or in a directory of the host. */
export type TreeKind = 'memory' | 'directory';

/** A tree. */
export interface Surroundings {
  readonly tree: FileTree;
  /** Removes what loops have left behind. */
  clean(): void;
  remove(): void;
}
/** What loops make, and remove again where they are not stopped in between. */
const leftovers = ['new', 'other'];

/** Makes a tree. */
export const makeTree = (kind: TreeKind): Surroundings => {
  if (kind === 'memory') {
    const tree = new MemoryFiles({}, { maxBytes: 1 << 28 });
    const root = tree.openRoot(() => 0n);
    fill({
      file: (path, bytes) => tree.writeFile(path, bytes),
      link: (path, to) => root.createLink(path, to),
    });
    const clean = (): void => {
      for (const name of leftovers) {
        const filetype = root.statEntry(name)?.filetype;
        if (filetype === 'directory') root.removeDirectory(name);
        else if (filetype !== undefined) root.removeFile(name);
      }
    };
    return { tree, clean, remove: () => {} };
  }
  const folder = mkdtempSync(join(tmpdir(), 'quern-loops-'));
  fill({
    file: (path, bytes) => {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    },
    link: (path, target) => symlinkSync(target, join(folder, path)),
  });
  return {
    tree: nodeDirectory(folder),
    clean: () => {
      for (const name of leftovers) rmSync(join(folder, name), { recursive: true, force: true });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** Everything that the engine executes. */
export const features = new Set(
  (Object.keys(featureTable) as FeatureKey[]).filter((key) => featureTable[key].isExecuted),
);

/** Answers at once: a loop of requests gives other tasks no turn by itself. */
const fetchOf = ({ bodyBytes, headers }: NonNullable<Needs['http']>): PluginOptions['fetch'] => {
  const response = {
    status: 200,
    headers: new Map(Array.from({ length: headers }, (_, i) => [`x-header-${i}`, 'value'])),
    arrayBuffer: () => Promise.resolve(new ArrayBuffer(bodyBytes)),
  };
  return () => Promise.resolve(response);
};

const wasiOf = ({ strings, files }: Needs, tree: FileTree | null): PluginOptions['wasi'] => {
  const list =
    strings === undefined ? [] : Array.from({ length: strings.count }, () => 'x'.repeat(strings.length));
  return {
    args: list,
    env: Object.fromEntries(list.map((text, i) => [String(i), text])),
    ...(files === true && tree !== null && { preopens: { '/': tree } }),
  };
};

/** More than any loop makes while it is looked at: what is reachable is little. */
const MUCH = 2 ** 45;

/**
 * The plug-in of a loop.
 *
 * @param onReady called when the loop begins
 */
export const pluginOf = (
  { spec }: Loop,
  tree: FileTree | null,
  onReady: () => void,
  options: PluginOptions = {},
): Promise<Plugin> => {
  const { needs = {} } = spec;
  const module = compileModule(moduleOf(spec), features);
  return createPlugin(
    { wasm: [{ module }] },
    {
      functions: { 'extism:host/user': { ready: onReady } },
      useWasi: true,
      wasi: wasiOf(needs, tree),
      onLog: () => {},
      logLevel: needs.isSilent === true ? 'silent' : 'trace',
      memory: { maxHeapBytes: MUCH, maxLogBytes: MUCH, maxPages: needs.maxPages ?? null },
      allowHttpResponseHeaders: true,
      allowedHosts: ['a.test'],
      ...(needs.config !== undefined && { config: { '': needs.config } }),
      ...(needs.http !== undefined && { fetch: fetchOf(needs.http) }),
      ...options,
    },
  );
};
