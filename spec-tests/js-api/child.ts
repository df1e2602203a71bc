/**
 * Runs one file of the JavaScript API's tests in a separate process, with Quern's namespace as the global one:
 * `child.js CHECKOUT FILE`. Prints the results as one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { isInstalled } from '../../src/webassembly-replace.ts';
import { createHarness, type TestResult } from './harness.ts';

const [checkout, file] = process.argv.slice(2) as [string, string];
if (!isInstalled) throw new Error('the namespace could not be installed');

const harness = createHarness();
Object.assign(globalThis, harness.globals, { self: globalThis });

/** Helpers are named by their paths on the tests' web server. */
const pathOf = (script: string): string =>
  script.startsWith('/')
    ? join(checkout, 'test/js-api', script.replace('/wasm/jsapi/', ''))
    : join(checkout, dirname(file), script);
const run = (path: string): unknown => runInThisContext(readFileSync(path, 'utf8'), { filename: path });

const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(String(reason)));

const runFile = async (): Promise<readonly TestResult[]> => {
  const path = join(checkout, file);
  try {
    for (const [, script] of readFileSync(path, 'utf8').matchAll(/^\/\/ META: script=(.+)$/gm))
      run(pathOf(script!));
    run(path);
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [...(await harness.finish()), { name: '(the file itself)', failure }];
  }
  return harness.finish();
};

const results = [...(await runFile())];
// Some files assert in promises that they do not pass to a test.
await new Promise((resolve) => setTimeout(resolve, 10));
for (const failure of unhandled) results.push({ name: '(a promise of the file)', failure });
process.stdout.write(`${JSON.stringify(results)}\n`);
