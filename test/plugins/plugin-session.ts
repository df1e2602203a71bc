/**
 * A plug-in on any executor: the host's own kernel, PDK and WASI functions around it, time and randomness virtual.
 *
 * `Plugin` runs on the engine only; this does what it does for one call, with the executor as a parameter. That
 * both agree is tested.
 */
import { createHash } from 'node:crypto';
import { checkHostFunctions, importHostFunction } from '../../src/host/linking/host-function.ts';
import { LevelLogger } from '../../src/host/pdk/logging.ts';
import { createPdkImports } from '../../src/host/pdk/pdk.ts';
import { Variables } from '../../src/host/pdk/variables.ts';
import { createSeededRandom, createVirtualClock } from '../../src/host/platform/platform.ts';
import { PluginState } from '../../src/host/state/plugin-state.ts';
import { WASI_NAMESPACE } from '../../src/host/wasi/abi.ts';
import { createWasiImports } from '../../src/host/wasi/preview1.ts';
import { Preview1 } from '../../src/host/wasi/program.ts';
import type { Functions } from '../../src/kernel/functions-on-demand.ts';
import { takeWorkCost } from '../../src/kernel/imports.ts';
import { createKernelImports, KERNEL_NAMESPACE, Kernel } from '../../src/kernel.ts';
import { type HostFunctions, isQuernError } from '../../src/node.ts';
import { decodeUtf8Lossy } from '../../src/syntax/utf8.ts';
import {
  type CompiledModule,
  type FuelSchedule,
  type FuncInstance,
  type FuncType,
  type Import,
  quern1,
} from '../../src/wasm.ts';
import { type CallEnd, type Executor, inOneGo, type MakeExecutor, type Payment } from './executors.ts';

export interface SessionOptions {
  readonly config?: Readonly<Record<string, string>>;
  readonly functions?: HostFunctions;
  readonly schedule?: FuelSchedule;
}

/** Everything about a call that must not depend on who executes it. */
export interface CallReport {
  /** How it ended: `done`, `paused`, or the code of the error. */
  readonly end: string;
  readonly results: readonly string[];
  readonly output: string | null;
  readonly message: string | null;
  readonly fuel: number;
  readonly memory: string;
}

/** SHA-256 of the contents of memories. */
export const memoryDigest = (memories: readonly { readonly bytes: Uint8Array }[]): string => {
  const hash = createHash('sha256');
  for (const { bytes } of memories) hash.update(`${bytes.length} `).update(bytes);
  return hash.digest('hex');
};

/** Short names for long data, so that differences can be read. */
export const dataDigest = (bytes: Uint8Array): string =>
  `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;

/** The code of an error of Quern's, or the text of another one. */
export const codeOf = (error: unknown): string => (isQuernError(error) ? error.code : String(error));

const noHttp = { transport: null, allowedHosts: [], maxBytes: 0, allowsHeaders: false };
const quiet = (): void => {};
const logger = new LevelLogger(
  { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet },
  'silent',
);

export class PluginSession {
  readonly #compiled: CompiledModule;
  readonly #state: PluginState;
  readonly #executor: Executor;
  /** Fuel that initialisation took. */
  readonly initialisationFuel: number;

  constructor(compiled: CompiledModule, makeExecutor: MakeExecutor, options: SessionOptions = {}) {
    const schedule = options.schedule ?? quern1;
    const config = new Map(Object.entries(options.config ?? {}));
    this.#compiled = compiled;
    this.#state = new PluginState(
      { config, variables: new Variables(null), logger, schedule, http: noHttp },
      new Kernel(),
    );
    this.#executor = makeExecutor(compiled, createResolver(this.#state, options.functions), schedule);
    this.initialisationFuel = this.#initialise();
  }

  /** Calls an export as `Plugin.call` does; what a pause leaves behind stays as it is. */
  call(name: string, input: Uint8Array, payment: Payment = inOneGo): CallReport {
    return this.callPausing(name, input, payment).report;
  }

  /** The same, with the fuel consumed at each pause. */
  callPausing(
    name: string,
    input: Uint8Array,
    payment: Payment,
  ): { readonly report: CallReport; readonly pauses: readonly number[] } {
    const { kernel, schedule } = this.#state;
    kernel.reset();
    kernel.setInput(input);
    // Preparing the call is the host's work, not the guest's.
    takeWorkCost(kernel, schedule);
    const index = this.#exportIndex(name);
    if (index === null) throw new Error(`no exported function "${name}"`);
    const end = this.#executor.call(index, payment);
    return { report: this.#report(end), pauses: end.pauses };
  }

  #report({ status, results, error, fuel }: CallEnd): CallReport {
    const output = this.#state.kernel.output();
    const message = this.#state.kernel.errorMessage();
    return {
      end: status === 'trap' ? codeOf(error) : status,
      results: results.map(String),
      output: output === null ? null : dataDigest(output),
      message: message === null ? null : decodeUtf8Lossy(message),
      fuel,
      memory: memoryDigest(this.#executor.memories),
    };
  }

  #initialise(): number {
    const runtime = this.#exportIndex('_initialize') ?? this.#exportIndex('__wasm_call_ctors');
    let fuel = 0;
    for (const index of [this.#compiled.module.start, runtime]) {
      if (index === null) continue;
      const end = this.#executor.call(index, inOneGo);
      if (end.status !== 'done') throw end.error;
      fuel += end.fuel;
    }
    return fuel;
  }

  /** Whether a function of that name can be called. */
  hasExport(name: string): boolean {
    return this.#exportIndex(name) !== null;
  }

  #exportIndex(name: string): number | null {
    const found = this.#compiled.module.exports.find((item) => item.kind === 'func' && item.name === name);
    return found?.index ?? null;
  }
}

/** Finds the host's functions, as the linker does for a plug-in of one module. */
const createResolver = (
  state: PluginState,
  functions: HostFunctions | undefined,
): ((entry: Import) => FuncInstance) => {
  const { schedule } = state;
  const builtIns = new Map<string, Functions>([
    [KERNEL_NAMESPACE, new Map([...createKernelImports(state.kernel, schedule), ...createPdkImports(state)])],
    [
      WASI_NAMESPACE,
      createWasiImports(new Preview1({}, createVirtualClock(), createSeededRandom()), schedule),
    ],
  ]);
  const own = checkHostFunctions(functions);
  return ({ module, name, desc }) => {
    const fn = own.get(module)?.get(name);
    if (fn !== undefined && desc.kind === 'func') {
      return importHostFunction(fn, desc.type.comp as FuncType, { module, name }, state);
    }
    const builtIn = builtIns.get(module)?.get(name);
    if (builtIn === undefined) throw new Error(`no host function "${module}" "${name}"`);
    return builtIn;
  };
};
