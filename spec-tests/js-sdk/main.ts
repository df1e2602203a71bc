/**
 * Runs the official SDK's own tests on Quern: `npm run js-sdk -- CHECKOUT [--verbose] [--compiled]`.
 *
 * CHECKOUT is one of extism/js-sdk (2.0.0-rc13). Its test file runs unchanged, with types erased and `./mod.ts`
 * replaced; its plug-ins are served as its own tasks do. This file answers for the public server that some tests use.
 * Exit code 1 when a test failed that is not excused, or an excused one passed.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { forcedFlags, forcedOf, preloadFlags } from '../../test/compiler/forced-flags.ts';
import { root } from '../../test/shared.ts';
import { excuses } from './excuses.ts';

/** The address at which the tests expect the checkout. */
const PORT = 8124;
const TESTS = 'src/mod.test.ts';

interface TestResult {
  readonly name: string;
  readonly hasPassed: boolean;
}

/**
 * The replacement of `./mod.ts`: Quern, answers of the public server, and a capability that lets tests of workers
 * run.
 */
const substitute = `
  import createPluginOfQuern, { CAPABILITIES as capabilities } from ${JSON.stringify(
    pathToFileURL(join(root, 'build/src/node.js')).href,
  )};
  const TODO = { userId: 1, id: 1, title: 'delectus aut autem', completed: false };
  const answer = (url, options) =>
    String(url).startsWith('https://jsonplaceholder.typicode.com/todos/1')
      ? Promise.resolve(new Response(JSON.stringify(TODO), { headers: { 'content-type': 'application/json' } }))
      : fetch(url, options);
  export const CAPABILITIES = { ...capabilities, hasWorkerCapability: true };
  const createPlugin = (manifest, options = {}) => createPluginOfQuern(manifest, { fetch: answer, ...options });
  export default createPlugin;
`;

const serve = (checkout: string): Promise<() => void> =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
      try {
        const body = readFileSync(join(checkout, path));
        const type = path.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
        response.writeHead(200, { 'content-type': type }).end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    server.on('error', reject);
    server.listen(PORT, 'localhost', () => resolve(() => server.close()));
  });

/** Writes the test file as JavaScript, next to its imports. */
const prepare = (checkout: string, folder: string): string => {
  const source = readFileSync(join(checkout, TESTS), 'utf8').replace("'./mod.ts'", "'./mod.mjs'");
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const { outputText } = ts.transpileModule(source, { compilerOptions: options });
  writeFileSync(join(folder, 'mod.mjs'), substitute);
  const file = join(folder, 'mod.test.mjs');
  writeFileSync(file, outputText);
  return file;
};

const runTests = (
  checkout: string,
  file: string,
  flags: readonly string[],
  isVerbose: boolean,
): Promise<TestResult[]> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [...flags, '--test-reporter=tap', file], { cwd: checkout });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (isVerbose) process.stdout.write(chunk);
    });
    child.stderr.pipe(process.stderr);
    child.on('close', () =>
      resolve(
        [...output.matchAll(/^(not )?ok \d+ - (.*)$/gm)].map(([, failed, name]) => ({
          name: name!.replaceAll('\\', '').replace(/\s+# .*/, ''),
          hasPassed: failed === undefined,
        })),
      ),
    );
  });

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean', default: false }, ...forcedFlags },
});
const [checkout] = positionals;
if (checkout === undefined || !existsSync(join(checkout, TESTS))) {
  print('usage: npm run js-sdk -- CHECKOUT [--verbose] [--compiled]');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'quern-js-sdk-'));
const stop = await serve(checkout);
let results: TestResult[];
try {
  results = await runTests(
    checkout,
    prepare(checkout, folder),
    preloadFlags(forcedOf(values)),
    values.verbose,
  );
} finally {
  stop();
  rmSync(folder, { recursive: true, force: true });
}
let isGood = results.length > 0;
for (const { name, hasPassed } of results) {
  const excuse = excuses[name];
  if (hasPassed && (excuse === undefined || excuse.dependsOnNetwork === true)) continue;
  if (excuse === undefined || hasPassed) isGood = false;
  print(`${excuse === undefined ? 'FAILED' : hasPassed ? 'PASSED, though excused' : 'excused'}: ${name}`);
  if (excuse !== undefined) print(`    ${excuse.reason}`);
}
print(`${results.filter(({ hasPassed }) => hasPassed).length} of ${results.length} tests pass`);
process.exitCode = isGood ? 0 : 1;
