/**
 * How the small build is made: from the same files, with substitutes for those that it omits. There is no second code
 * base; code that needs an omitted file fails with `unsupported.feature`, which names the entry that has it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { root } from '../../test/shared.ts';

/** TABLE: files of `src` whose exports all refuse, and their names in the error. */
const leftOut: Readonly<Record<string, string>> = {
  'interpreter/translate/vectors': 'simd',
  'interpreter/translate/aggregates': 'gc',
  'interpreter/instantiate/constant-aggregates': 'gc',
  'interpreter/instances/aggregate': 'gc',
  'validator/aggregate-rules': 'gc',
  'interpreter/calls/scheduler': 'threads',
  'interpreter/calls/coredump': 'coredumps',
  'interpreter/snapshot/snapshot': 'snapshots',
  'interpreter/snapshot/snapshot-reader': 'snapshots',
  'host/snapshot/plugin-snapshot': 'snapshots',
  'host/replay/settings': 'recordings',
  'host/replay/log': 'recordings',
  'host/replay/receipt': 'recordings',
  'host/replay/session': 'recordings',
  'host/replay/state-hash': 'recordings',
};

/** TABLE: files of `src` that are replaced by files of this folder. */
const replaced: Readonly<Record<string, string>> = {
  'syntax/build': 'build',
  'syntax/vector-instructions': 'no-instructions',
  'syntax/atomic-instructions': 'no-instructions',
  'interpreter/loop/vector.generated': 'vector-loops',
  'interpreter/cold/aggregates': 'operations',
  'interpreter/cold/atomics': 'operations',
  'symbols/demangle/demangle': 'demangle',
  'symbols/dwarf/source-lines': 'source-lines',
  'host/plugin/replay-recording': 'replay',
};

const built = (path: string): string => join(root, 'build', `${path}.js`);
/** @throws if there is no such file: it would silently no longer be omitted */
const byPath = <T>(table: Readonly<Record<string, T>>): ReadonlyMap<string, T> =>
  new Map(
    Object.entries(table).map(([file, item]) => {
      const path = built(join('src', file));
      if (!existsSync(path)) throw new Error(`the small build cannot omit ${path}: it does not exist`);
      return [path, item];
    }),
  );

/** Exports of the same names, each a function or class that refuses. */
const refusing = async (path: string, what: string): Promise<string> => {
  const names = Object.keys((await import(pathToFileURL(path).href)) as object);
  return `import { refuse } from ${JSON.stringify(built('scripts/small/build'))};
function none() { refuse(${JSON.stringify(what)}); }
export { ${names.map((name) => `none as ${name}`).join(', ')} };`;
};

/** For esbuild. */
export const smallBuild: Plugin = {
  name: 'small',
  setup: ({ onLoad, onResolve }) => {
    const [refused, others] = [byPath(leftOut), byPath(replaced)];
    onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
      const other = others.get(join(resolveDir, path));
      return other === undefined ? undefined : { path: built(join('scripts/small', other)) };
    });
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const what = refused.get(path);
      return what === undefined ? undefined : { contents: await refusing(path, what), resolveDir: root };
    });
  },
};
