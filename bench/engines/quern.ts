/** This engine, of this build or of another one (`--build`), so that two versions can be compared. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchEngine } from './engine.ts';
import { type JsApi, loadPrepared } from './javascript-api.ts';

type WasmModule = typeof import('../../src/wasm.ts');
type WebAssemblyModule = typeof import('../../src/webassembly.ts');
type CompileModule = typeof import('../../src/compile.ts');
type StoreOptions = import('../../src/wasm.ts').StoreOptions;
type WasiModule = typeof import('../../src/host/wasi/preview1.ts') &
  typeof import('../../src/host/wasi/program.ts');
type Load = (path: string) => Promise<unknown>;
type PlatformModule = typeof import('../../src/host/platform/platform.ts');

/**
 * @param build folder that holds `src`
 * @param isCompiled whether what runs often is compiled to JavaScript
 */
export const makeQuern = async (build: string, isCompiled = false): Promise<BenchEngine> => {
  const load: Load = (path) => import(pathToFileURL(join(build, path)).href);
  const wasm = (await load('src/wasm.js')) as WasmModule;
  const options: StoreOptions = isCompiled ? { compiler: await makeCompiler(load) } : {};
  const { createWebAssembly } = (await load('src/webassembly.js')) as WebAssemblyModule;
  return {
    loadPrepared: (bytes, preparation) =>
      loadPrepared(createWebAssembly(options) as unknown as JsApi, bytes, preparation),
    loadMicro: (bytes) => {
      const instance = wasm.instantiate(new wasm.Store(options), wasm.compileModule(bytes), () => undefined);
      const run = instance.exports.get('run');
      if (run?.kind !== 'func') throw new Error('no function "run"');
      return { run: (units) => String(BigInt.asIntN(32, wasm.invoke(run, [BigInt(units)])[0] as bigint)) };
    },
    ...(await programLoader(wasm, load, options)),
  };
};

const makeCompiler = async (load: Load): Promise<StoreOptions['compiler']> => {
  const { compiler } = (await load('src/compile.js')) as CompileModule;
  return compiler({ target: process.execArgv.includes('--jitless') ? 'nojit' : 'jit' });
};

/** Builds without WASI can still run the micros. */
const programLoader = async (
  wasm: WasmModule,
  load: Load,
  options: StoreOptions,
): Promise<Partial<BenchEngine>> => {
  const imports = (await load('src/host/wasi/preview1.js').catch(() => null)) as object | null;
  if (imports === null) return {};
  // Builds of before November 2026 have all of WASI in one file, and the platform elsewhere.
  const program = (await load('src/host/wasi/program.js').catch(() => ({}))) as object;
  const wasi = { ...imports, ...program } as WasiModule;
  const platform = load('src/host/platform/platform.js').catch(() => load('src/host/sources.js'));
  const { createSeededRandom, createVirtualClock } = (await platform) as PlatformModule;
  return {
    loadProgram: (bytes) => {
      const compiled = wasm.compileModule(bytes);
      return {
        run: (units) => {
          const chunks: Uint8Array[] = [];
          const settings = {
            args: ['program', String(units)],
            stdout: (chunk: Uint8Array) => void chunks.push(chunk.slice()),
          };
          const preview1 = new wasi.Preview1(settings, createVirtualClock(), createSeededRandom());
          const imports = wasi.createWasiImports(preview1, wasm.quern1);
          const instance = wasm.instantiate(new wasm.Store(options), compiled, (_, name) =>
            imports.get(name),
          );
          const start = instance.exports.get('_start');
          if (start?.kind !== 'func') throw new Error('no function "_start"');
          try {
            wasm.invoke(start, []);
          } catch (error) {
            if ((error as { code?: string }).code !== 'exit.code') throw error;
          }
          return Buffer.concat(chunks).toString().trim();
        },
      };
    },
  };
};
