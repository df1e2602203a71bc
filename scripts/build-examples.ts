/**
 * Compiles the example plug-ins from AssemblyScript into `build/examples`, each when its source is newer.
 *
 * The compiler runs in a separate process: it needs native Wasm, which the tests run without. Nothing is optimised,
 * so that backtraces show every function of the source.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const sources = join(root, 'examples');
const target = join(root, 'build/examples');
const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');

const newestChange = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );

const compile = (name: string, output: string): void => {
  const entry = relative(root, join(sources, name, 'assembly/index.ts'));
  // Two test files may build at the same time: a file appears under its name only when it is complete.
  const unfinished = `${output}.${process.pid}`;
  const abort = `${entry.replace(/\.ts$/, '')}/abort`;
  const flags = ['--optimizeLevel', '0', '--runtime', 'minimal', '--debug', '--use', `abort=${abort}`];
  execFileSync(process.execPath, [compiler, entry, '--outFile', relative(root, unfinished), ...flags], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(unfinished, output);
};

mkdirSync(target, { recursive: true });
for (const name of readdirSync(sources)) {
  const folder = join(sources, name, 'assembly');
  if (!existsSync(folder)) continue;
  const output = join(target, `${name}.wasm`);
  if (existsSync(output) && statSync(output).mtimeMs > newestChange(folder)) continue;
  compile(name, output);
  console.log(`built ${relative(root, output)} (${statSync(output).size} bytes)`);
}
