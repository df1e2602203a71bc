/** Writes the generated source files; with `--check` fails if one is stale instead. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateModules } from './conformance/generate-modules.ts';
import { generateDispatch } from './dispatch/generate-dispatch.ts';
import { generateVector } from './dispatch/generate-vector.ts';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const isCheck = process.argv.includes('--check');

const outputs: readonly (readonly [string, string])[] = [
  ['src/interpreter/loop/dispatch.generated.ts', generateDispatch()],
  ['src/interpreter/loop/vector.generated.ts', generateVector()],
  ['src/conformance/modules.generated.ts', await generateModules()],
];

for (const [path, text] of outputs) {
  const file = join(root, path);
  const isFresh = existsSync(file) && readFileSync(file, 'utf8') === text;
  if (isFresh) continue;
  if (isCheck) {
    console.error(`${path} is stale: run npm run gen`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
