/** Engines with the WebAssembly JavaScript API: native Wasm, and polywasm, which has the same shape. */
import type { BenchEngine } from './engine.ts';
import { makeWasiStub } from './wasi-stub.ts';

/** What workloads export. */
export interface JsExports {
  readonly run: (units: number) => number;
  readonly _start: () => void;
  readonly memory: { readonly buffer: ArrayBuffer };
}
/** The part of the API that is used. */
export interface JsApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: JsExports };
}

/** An engine behind the API. */
export const makeJavaScriptApi = ({ Module, Instance }: JsApi): BenchEngine => ({
  loadMicro: (bytes) => {
    const { exports } = new Instance(new Module(bytes), {});
    return { run: (units) => String(exports.run(units)) };
  },
  loadProgram: (bytes) => {
    const module = new Module(bytes);
    return {
      run: (units) => {
        const wasi = makeWasiStub(['program', String(units)]);
        const instance = new Instance(module, { wasi_snapshot_preview1: wasi.imports });
        wasi.attach(() => instance.exports.memory.buffer);
        try {
          instance.exports._start();
        } catch (error) {
          if (error !== wasi.exit) throw error;
        }
        return wasi.output().trim();
      },
    };
  },
});

/** Node's own engine. */
export const makeNative = (): BenchEngine =>
  makeJavaScriptApi((globalThis as unknown as { WebAssembly: JsApi }).WebAssembly);

/** polywasm compiles Wasm to JavaScript. */
export const makePolywasm = async (): Promise<BenchEngine> => {
  const name = 'polywasm';
  const { WebAssembly: api } = (await import(name)) as { WebAssembly: JsApi };
  return makeJavaScriptApi(api);
};
