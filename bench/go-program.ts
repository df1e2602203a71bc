/** Runs esbuild, a program in Go of 14 MB, on the engine itself, with watched calls. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type CompiledModule,
  type FuncInstance,
  type FuncType,
  type ImportType,
  instantiate,
  type MemoryInstance,
  type RawValue,
  rawHostFunction,
  Store,
  type StoreOptions,
  startExecution,
} from '../src/wasm.ts';

const require = createRequire(import.meta.url);

/** The bytes of the program. */
export const programBytes = (): Uint8Array => readFileSync(require.resolve('esbuild-wasm/esbuild.wasm'));

/** What Go's own glue needs from an instance, and provides. */
interface Glue {
  argv: string[];
  readonly importObject: { readonly gojs: Readonly<Record<string, (sp: number) => void>> };
  run(instance: object): Promise<void>;
}
type Callback = (error: Error | null, count?: number) => void;

/** Lets the program minify a source. @param begin called before each call @returns what it printed */
export const runProgram = async (
  compiled: CompiledModule,
  options: StoreOptions,
  begin: () => void,
  onSlice: () => boolean,
): Promise<string> => {
  const input = readFileSync(require.resolve('typescript/lib/_tsc.js')).subarray(0, INPUT_BYTES);
  // Up to the end of a statement at the top.
  const source = input.subarray(0, input.lastIndexOf('\n}\n') + 3);
  const printed: string[] = [];
  let position = 0;
  const files = {
    constants: {
      O_WRONLY: 1,
      O_RDWR: 2,
      O_CREAT: 64,
      O_TRUNC: 512,
      O_APPEND: 1024,
      O_EXCL: 128,
      O_DIRECTORY: -1,
    },
    writeSync: (_: number, bytes: Uint8Array): number => {
      printed.push(Buffer.from(bytes).toString());
      return bytes.length;
    },
    write: (fd: number, bytes: Uint8Array, at: number, length: number, _: null, callback: Callback): void =>
      callback(null, files.writeSync(fd, bytes.subarray(at, at + length))),
    read: (_: number, bytes: Uint8Array, at: number, length: number, __: null, callback: Callback): void => {
      const part = source.subarray(position, position + length);
      bytes.set(part, at);
      position += part.length;
      callback(null, part.length);
    },
    fsync: (_: number, callback: Callback): void => callback(null),
    close: (_: number, callback: Callback): void => callback(null),
  };
  const missing = (...args: unknown[]): void =>
    (args[args.length - 1] as Callback)(Object.assign(new Error('not implemented'), { code: 'ENOSYS' }));
  Object.assign(globalThis, {
    fs: new Proxy(files, { get: (target, name) => Reflect.get(target, name) ?? missing }),
  });
  /** Go's glue asks for one. */
  class Instance {
    exports = {};
  }
  Object.assign(globalThis, { WebAssembly: { Instance } });
  require('esbuild-wasm/wasm_exec.js');
  const go = new (globalThis as unknown as { Go: new () => Glue }).Go();
  go.argv = ['esbuild', '--minify', '--loader=js', '--target=es2017'];
  const { gojs } = go.importObject;
  const instance = instantiate(new Store(options), compiled, (_module, name, desc: ImportType) =>
    desc.kind === 'func'
      ? rawHostFunction(desc.type.comp as FuncType, (words, base) => {
          gojs[name]!(words[base]!);
        })
      : undefined,
  );
  const call =
    (name: string) =>
    (...args: readonly number[]): number => {
      const func = instance.exports.get(name) as FuncInstance;
      const execution = startExecution(
        func,
        args.map((value): RawValue => BigInt(value >>> 0)),
        { onSlice },
      );
      begin();
      execution.run();
      if (execution.error !== undefined) throw execution.error;
      return Number(execution.results[0] ?? 0n);
    };
  const memory = instance.exports.get('mem') as MemoryInstance;
  const mem = {
    get buffer() {
      return memory.view.buffer;
    },
  };
  const glued = new Instance();
  glued.exports = { run: call('run'), resume: call('resume'), getsp: call('getsp'), mem };
  await go.run(glued);
  return printed.join('');
};

/** Of the source that is minified. */
const INPUT_BYTES = 1_000_000;
