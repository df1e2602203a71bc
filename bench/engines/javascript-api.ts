/** Engines with the WebAssembly JavaScript API: native Wasm, and polywasm, which has the same shape. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Preparation } from '../prepared.ts';
import type { BenchEngine, LoadedWorkload } from './engine.ts';
import { makeWasiStub } from './wasi-stub.ts';

/** The exports of workloads. */
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

type Argument = number | bigint;
const argumentOf = (value: Preparation['setup']): Argument =>
  typeof value === 'object' ? BigInt(value?.i64 ?? 0) : value;

/** A module on an engine with the API, prepared. */
export const loadPrepared = (
  { Module, Instance }: JsApi,
  bytes: Uint8Array,
  { setup, argument, input }: Preparation,
): LoadedWorkload => {
  const instance = new Instance(new Module(bytes), {});
  const { memory, run, ...others } = instance.exports as unknown as {
    readonly memory?: JsExports['memory'];
    readonly run: (argument: Argument) => unknown;
    readonly setup: (argument: Argument) => number;
    readonly input_ptr: (data: number) => number;
  };
  const data = setup === null ? argumentOf(argument ?? null) : others.setup(argumentOf(setup));
  if (input !== undefined)
    new Uint8Array(memory!.buffer).set(readFileSync(input), others.input_ptr(data as number));
  return {
    run: (units) => {
      let result: unknown;
      for (let i = 0; i < units; i++) result = run(data);
      return String(result);
    },
    state: () =>
      memory === undefined ? '' : createHash('sha256').update(new Uint8Array(memory.buffer)).digest('hex'),
  };
};

/** An engine with the API. */
export const makeJavaScriptApi = ({ Module, Instance }: JsApi): BenchEngine => ({
  loadPrepared: (bytes, preparation) => loadPrepared({ Module, Instance }, bytes, preparation),
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
