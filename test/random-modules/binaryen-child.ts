/**
 * The child process that makes random modules with npm's `binaryen`: `wasm-opt --translate-to-fuzz`, which makes a
 * valid module of any bytes. The tool is a Wasm program with a `main`, so each run is a new instance; compiling it
 * once, and not once a run, makes a run ten times as fast.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { answerLines } from './line-process.ts';

/** What comes in: bytes as base64, and flags of the tool. */
export interface BinaryenQuestion {
  readonly input: string;
  readonly flags: readonly string[];
}

interface NativeWasm {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => object;
  instantiate: (bytes: Uint8Array, imports: object) => Promise<object>;
}
const native = (globalThis as unknown as { WebAssembly: NativeWasm }).WebAssembly;

/** What Emscripten's programs take. */
interface EmscriptenModule {
  arguments: string[];
  print: (line: string) => void;
  printErr: (line: string) => void;
  postRun: () => void;
  instantiateWasm?: (imports: object, receive: (instance: object) => void) => void;
}

const require = createRequire(import.meta.url);
const path = join(require.resolve('binaryen'), '../bin/wasm-opt');
const source = readFileSync(path, 'utf8').replace(/^#!.*/, '');
const program = compileFunction(source, ['Module', 'require', '__filename', '__dirname', 'module']);
let compiled: object | null = null;
const { instantiate } = native;

let fail: (error: unknown) => void = () => {};
// The program starts itself, and nobody else hears of its end when it aborts.
process.on('unhandledRejection', (error) => fail(error));

/** Runs the tool; gives what it prints. */
const run = (args: string[]): Promise<string[]> =>
  new Promise((resolve, reject) => {
    fail = reject;
    const printed: string[] = [];
    const print = (line: string): void => void printed.push(line);
    const settings: EmscriptenModule = {
      arguments: args,
      print,
      printErr: print,
      postRun: () => resolve(printed),
    };
    if (compiled !== null) {
      const module = compiled;
      settings.instantiateWasm = (imports, receive) => receive(new native.Instance(module, imports));
    } else {
      native.instantiate = async (bytes, imports) => {
        native.instantiate = instantiate;
        compiled = new native.Module(bytes);
        return { instance: new native.Instance(compiled, imports) };
      };
    }
    program(settings, require, path, '.', {});
  });

const folder = mkdtempSync(join(tmpdir(), 'quern-binaryen-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const [input, output] = [join(folder, 'input'), join(folder, 'output.wasm')];

await answerLines(async ({ input: bytes, flags }: BinaryenQuestion): Promise<string> => {
  rmSync(output, { force: true });
  writeFileSync(input, Buffer.from(bytes, 'base64'));
  const printed = await run(['-ttf', ...flags, input, '-o', output]);
  process.exitCode = 0;
  if (!existsSync(output)) throw new Error(`wasm-opt made nothing: ${printed.join('\n')}`);
  return readFileSync(output).toString('base64');
});
