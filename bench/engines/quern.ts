/** This engine, of this build or of another one (`--build`), so that two versions can be compared. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchEngine } from './engine.ts';

type WasmModule = typeof import('../../src/wasm.ts');
type WasiModule = typeof import('../../src/host/wasi/preview1.ts') &
  typeof import('../../src/host/wasi/program.ts');
type PlatformModule = typeof import('../../src/host/platform/platform.ts');

/** @param build folder that holds `src` */
export const makeQuern = async (build: string): Promise<BenchEngine> => {
  const load = (path: string): Promise<unknown> => import(pathToFileURL(join(build, path)).href);
  const wasm = (await load('src/wasm.js')) as WasmModule;
  return {
    loadMicro: (bytes) => {
      const instance = wasm.instantiate(new wasm.Store(), wasm.compileModule(bytes), () => undefined);
      const run = instance.exports.get('run');
      if (run?.kind !== 'func') throw new Error('no function "run"');
      return { run: (units) => String(BigInt.asIntN(32, wasm.invoke(run, [BigInt(units)])[0] as bigint)) };
    },
    ...(await programLoader(wasm, load)),
  };
};

/** Builds without WASI can still run the micros. */
const programLoader = async (
  wasm: WasmModule,
  load: (path: string) => Promise<unknown>,
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
          const options = {
            args: ['program', String(units)],
            stdout: (chunk: Uint8Array) => void chunks.push(chunk.slice()),
          };
          const preview1 = new wasi.Preview1(options, createVirtualClock(), createSeededRandom());
          const imports = wasi.createWasiImports(preview1, wasm.quern1);
          const instance = wasm.instantiate(new wasm.Store(), compiled, (_, name) => imports.get(name));
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
