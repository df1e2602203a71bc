/**
 * Writes what the package ships, from `build/src`: in `dist` a file for each target of the exports map and of `bin`,
 * with shared code in `dist/chunks`, so that a program loads few files and classes exist once; declarations in
 * `dist/types`; the manual page; and in `dist/standalone` whole entries in one file each, for pages that load them
 * without a bundler.
 *
 * `dist/small` has versions of two entries without the parts that `small/substitutes.ts` names.
 *
 * The text is not minified: stack traces show function names, and bundlers of users minify.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { manualPage } from '../src/cli/manual.ts';
import { packages } from '../test/packages.ts';
import { root } from '../test/shared.ts';
import { smallBuild } from './small/substitutes.ts';

type Target = string | { readonly [condition: string]: Target };
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, Target>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly version: string;
};

const filesOf = (target: Target): string[] =>
  typeof target === 'string' ? [target] : Object.values(target).flatMap(filesOf);

/** Programs that the command starts. */
const programs = ['./dist/cli/conformance/javascript-adapter.js'];
/** Names below `dist` of the entries that are also written in one file each. */
const standalone = ['index', 'wasm', 'webassembly', 'webassembly-auto', 'webassembly-replace'];

const entryOf = (file: string): string => /^\.\/dist\/(?!types\/|small\/)(.+)\.js$/.exec(file)?.[1] ?? '';
const entries = [
  ...Object.values(manifest.exports).flatMap(filesOf),
  ...Object.values(manifest.bin),
  ...programs,
]
  .map(entryOf)
  .filter((name) => name !== '');

const from = join(root, 'build/src');
const dist = join(root, 'dist');
const entryPoints = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, join(from, `${name}.js`)]));
const common: BuildOptions = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  external: ['node:*'],
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync(dist, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: entryPoints([...new Set(entries)]),
  outdir: dist,
  splitting: true,
  chunkNames: 'chunks/[hash]',
});
await build({
  ...common,
  entryPoints: entryPoints(standalone),
  outdir: join(dist, 'standalone'),
  minify: true,
});
/** Names of the entries that also have a small version: `dist/small`, with the same types. */
const small = ['index', 'wasm'];
await build({
  ...common,
  entryPoints: entryPoints(small),
  outdir: join(dist, 'small'),
  splitting: true,
  chunkNames: 'chunks/[hash]',
  plugins: [smallBuild],
});
cpSync(from, join(dist, 'types'), {
  recursive: true,
  filter: (path) => !/\.(?:js|map|tsbuildinfo)$/.test(path) && !path.includes('/cli'),
});
writeFileSync(join(dist, 'quern.1'), manualPage(manifest.version));
for (const { path, folder, files } of packages) {
  const out = join(path, 'dist');
  const built = join(root, 'build/packages', folder, 'src');
  rmSync(out, { recursive: true, force: true });
  const entryPoints = files.map((file) => join(built, `${file}.js`));
  await build({ ...common, entryPoints, outdir: out, packages: 'external' });
  cpSync(built, out, { recursive: true, filter: (file) => !/\.(?:js|map|tsbuildinfo)$/.test(file) });
  cpSync(join(root, 'LICENSE'), join(path, 'LICENSE'));
}
