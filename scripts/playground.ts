/**
 * Builds the playground of `site/playground`: static files that any server can serve, under a content security policy
 * of `default-src 'self'`. `node build/scripts/playground.js [FOLDER]`; by default `build/playground`.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { root } from '../test/shared.ts';

const from = join(root, 'site/playground');
const folder = process.argv[2] ?? join(root, 'build/playground');

/** Files that are taken as they are. */
const copied = ['index.html', 'style.css', 'icon.svg'];
/** Plug-ins that `build-examples.js` has compiled. */
const plugins = ['greet.wasm'];
const scripts = ['page.js', 'worker.js'];

const common: BuildOptions = {
  bundle: true,
  minify: true,
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const name of copied) cpSync(join(from, 'page', name), join(folder, name));
for (const name of plugins) cpSync(join(root, 'build/examples', name), join(folder, name));
await build({
  ...common,
  entryPoints: { page: join(from, 'page/main.ts') },
  outdir: folder,
  format: 'esm',
});
await build({
  ...common,
  entryPoints: { worker: join(from, 'worker/main.ts') },
  outdir: folder,
  format: 'iife',
});
const files = [...copied, ...plugins, ...scripts];
const hash = createHash('sha256');
for (const name of files) hash.update(readFileSync(join(folder, name)));
await build({
  ...common,
  entryPoints: { offline: join(from, 'offline.ts') },
  outdir: folder,
  format: 'iife',
  define: {
    FILES: JSON.stringify(['./', ...files]),
    VERSION: JSON.stringify(hash.digest('hex').slice(0, 16)),
  },
});
for (const name of [...files, 'offline.js'])
  console.log(`${name.padEnd(12)} ${statSync(join(folder, name)).size.toLocaleString('en')} bytes`);
