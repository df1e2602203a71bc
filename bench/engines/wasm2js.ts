/**
 * Binaryen's `wasm2js`, which translates Wasm to JavaScript, optimised (`-O3`). Its output is a module as text; here
 * it becomes a class, in the form of the JavaScript API.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchEngine } from './engine.ts';
import { type JsExports, makeJavaScriptApi } from './javascript-api.ts';

const require = createRequire(import.meta.url);
const tool = join(require.resolve('binaryen'), '../bin/wasm2js');

/** The tool is a Wasm program and runs in a separate process, which always has a compiler. */
const translate = (bytes: Uint8Array): string => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-wasm2js-'));
  try {
    const [input, output] = [join(folder, 'input.wasm'), join(folder, 'output.js')];
    writeFileSync(input, bytes);
    execFileSync(process.execPath, [tool, '-O3', input, '-o', output], { stdio: 'ignore' });
    return readFileSync(output, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
};

type Instantiate = (imports: Readonly<Record<string, object>>) => JsExports;

/** A translated module: each call of `instantiate` is a new instance. */
class Module {
  readonly instantiate: Instantiate;

  constructor(bytes: Uint8Array) {
    const body = translate(bytes)
      .replace(/^import \* as (\w+) from '([^']+)';$/gm, "var $1 = imports['$2'];")
      .replace(/^export var .*$/gm, '');
    this.instantiate = new Function('imports', `${body}\nreturn retasmFunc;`) as Instantiate;
  }
}

class Instance {
  readonly exports: JsExports;

  constructor(module: object, imports: object) {
    this.exports = (module as Module).instantiate(imports as Readonly<Record<string, object>>);
  }
}

export const makeWasm2js = (): BenchEngine => makeJavaScriptApi({ Module, Instance });
