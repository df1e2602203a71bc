/**
 * Runs a classic script in QuickJS, which the package `quickjs-emscripten` contains as native Wasm: `node quickjs.js
 * PACKAGE-FOLDER SCRIPT`. The script sees `print` and what the language has, nothing else.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The part of the package that is used. */
interface Handle {
  dispose(): void;
}
interface Context {
  readonly global: Handle;
  readonly runtime: {
    setMemoryLimit(bytes: number): void;
    setMaxStackSize(bytes: number): void;
    executePendingJobs(most?: number): { readonly error?: Handle; readonly value?: number };
  };
  newFunction(name: string, code: (...args: Handle[]) => void): Handle;
  setProp(target: Handle, name: string, value: Handle): void;
  getString(handle: Handle): string;
  dump(handle: Handle): unknown;
  evalCode(code: string, name: string): { readonly error?: Handle; readonly value?: Handle };
}

const [folder, script] = process.argv.slice(2);
const require = createRequire(join(folder!, 'package.json'));
const { getQuickJS } = require('quickjs-emscripten') as { getQuickJS(): Promise<{ newContext(): Context }> };

const context = (await getQuickJS()).newContext();
context.runtime.setMaxStackSize(512 * 1024);
const lines: string[] = [];
const print = context.newFunction('print', (line) => {
  lines.push(context.getString(line!));
});
context.setProp(context.global, 'print', print);
const failureOf = ({ error }: { readonly error?: Handle }): void => {
  if (error === undefined) return;
  lines.push(`FAILED ${JSON.stringify(context.dump(error))}`);
};
failureOf(context.evalCode(readFileSync(script!, 'utf8'), 'transcript.js'));
for (;;) {
  const jobs = context.runtime.executePendingJobs(100);
  failureOf(jobs);
  process.stdout.write(
    lines
      .splice(0)
      .map((line) => `${line}\n`)
      .join(''),
  );
  if (jobs.error !== undefined || !jobs.value) break;
}
