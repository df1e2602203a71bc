/**
 * The engine through its JavaScript API (`quern/webassembly`), as an `Engine`: the API must not change anything that
 * a script can observe.
 *
 * Not all bits of values cross that boundary: a NaN loses its payload, v128 and exnref cannot cross at all. Calls
 * with such values go through a small module (`trampolineOf`), which reads numbers from a memory and writes them to
 * it.
 */
import { isQuernError } from '../../src/errors.ts';
import { StructInstance } from '../../src/interpreter/instances/aggregate.ts';
import {
  type Engine,
  EngineFailure,
  HostReference,
  type RawValue,
  type ReferenceKind,
} from '../../src/scripts/engine.ts';
import { toFailure } from '../../src/scripts/failures.ts';
import { F32, F64, HEAP_EXN, heapOf, I32, I64, isNullable, isRef, V128 } from '../../src/syntax/types.ts';
import {
  defaultFeatures,
  type FuncType,
  funcDefType,
  type GlobalType,
  type ValType,
} from '../../src/wasm.ts';
import { aggregateOf } from '../../src/webassembly/gc-objects.ts';
import { brand, slotOf } from '../../src/webassembly/slots.ts';
import { isHidden } from '../../src/webassembly/values.ts';
import { createWebAssembly, type Instance, type WebAssemblyNamespace } from '../../src/webassembly.ts';
import type { Heap, Type } from '../../test/assembler.ts';
import { spectestModule } from '../spectest-module.ts';
import { CELL_BYTES, globalReaderOf, trampolineOf } from './trampoline.ts';

/** A reference that does not belong to the runner, as the runner sees it. */
class Kept {
  readonly value: unknown;
  readonly kind: ReferenceKind;
  constructor(value: unknown, kind: ReferenceKind) {
    this.value = value;
    this.kind = kind;
  }
}

/** Names of number types. */
const names: Readonly<Record<number, Type>> = {
  [I32]: 'i32',
  [I64]: 'i64',
  [F32]: 'f32',
  [F64]: 'f64',
  [V128]: 'v128',
};
/** Names of abstract heap types, from the lowest code (-23) on. */
const heapNames = [
  ...(['exn', 'array', 'struct', 'i31', 'eq', 'any', 'extern', 'func'] as const),
  ...(['none', 'noextern', 'nofunc', 'noexn'] as const),
];
const LOWEST_HEAP = HEAP_EXN;

/** A type as the assembler writes it. */
const toType = (type: ValType): Type => {
  if (!isRef(type)) return names[type]!;
  const heap: Heap | undefined = heapNames[heapOf(type) - LOWEST_HEAP];
  if (heap === undefined) {
    const feature = 'values of defined types beside some that do not cross the JavaScript API';
    throw new EngineFailure('unsupported', feature, { feature });
  }
  return { heap, nullable: isNullable(type) };
};

const kindOf = (value: unknown): ReferenceKind => {
  if (typeof value === 'function') return 'func';
  if (typeof value === 'number') return 'i31';
  const aggregate = aggregateOf(value);
  return aggregate === undefined ? 'extern' : aggregate instanceof StructInstance ? 'struct' : 'array';
};
const fromRef = (value: unknown): RawValue =>
  value === null || value instanceof HostReference ? value : new Kept(value, kindOf(value));
const toRef = (value: RawValue): unknown => (value instanceof Kept ? value.value : value);

/** Numbers that JavaScript represents with all bits. */
const isPlain = (type: ValType): boolean => type === I32 || type === I64 || (isRef(type) && !isHidden(type));

const scratch = new DataView(new ArrayBuffer(8));

const toPlain = (type: ValType, value: RawValue): unknown => {
  if (isRef(type)) return toRef(value);
  scratch.setBigUint64(0, BigInt.asUintN(64, value as bigint), true);
  if (type === I32) return scratch.getInt32(0, true);
  if (type === F32) return scratch.getFloat32(0, true);
  return type === F64 ? scratch.getFloat64(0, true) : value;
};
const fromPlain = (type: ValType, value: unknown): RawValue => {
  if (isRef(type)) return fromRef(value);
  if (type === I64) return BigInt.asUintN(64, value as bigint);
  scratch.setBigUint64(0, 0n);
  if (type === I32) scratch.setInt32(0, value as number, true);
  else if (type === F32) scratch.setFloat32(0, value as number, true);
  else scratch.setFloat64(0, value as number, true);
  return scratch.getBigUint64(0, true);
};

/** The engine's error for an error of the API. */
const failureOf = (error: unknown, { Exception }: WebAssemblyNamespace): EngineFailure => {
  if (error instanceof Exception)
    return new EngineFailure('exception', 'uncaught exception', { cause: error });
  const { cause } = (error ?? {}) as { cause?: unknown };
  return toFailure(isQuernError(cause) ? cause : error);
};

type Exports = Readonly<Record<string, unknown>>;

export const javascriptApiEngine = (): Engine => {
  let api = createWebAssembly({ features: defaultFeatures });
  const translating = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      throw error instanceof EngineFailure ? error : failureOf(error, api);
    }
  };

  const callPlain = (func: unknown, { params, results }: FuncType, args: readonly RawValue[]): RawValue[] => {
    const call = func as (...values: unknown[]) => unknown;
    const returned = call(...params.map((type, i) => toPlain(type, args[i]!)));
    const list = results.length === 1 ? [returned] : ((returned as unknown[] | undefined) ?? []);
    return results.map((type, i) => fromPlain(type, list[i]));
  };

  const invoke = (func: unknown, args: readonly RawValue[]): RawValue[] => {
    const { signature, type } = brand(func, 'func');
    const { params, results } = signature;
    // Types of a group, or open ones, are not those of a trampoline; the suite has no odd NaN among their values.
    const isOwn = funcDefType(params, results) === type;
    const isDirect = params.every(isPlain) && results.every(isPlain);
    if (isDirect || !isOwn) return callPlain(func, signature, args);
    const { exports } = new api.Instance(
      new api.Module(trampolineOf(params.map(toType), results.map(toType))),
      { host: { func } },
    );
    return runCells(exports, params, results, args);
  };

  const readGlobal = (global: unknown, type: GlobalType): RawValue => {
    if (isPlain(type.type)) return fromPlain(type.type, (global as { value: unknown }).value);
    const { exports } = new api.Instance(new api.Module(globalReaderOf(toType(type.type), type.isMutable)), {
      host: { global },
    });
    return runCells(exports, [], [type.type], [])[0]!;
  };

  const exported = (instance: object, name: string): unknown => {
    const found = ((instance as Instance).exports as Exports)[name];
    if (found === undefined) throw new EngineFailure('crash', `no export "${name}"`);
    return found;
  };

  return {
    name: 'quern, JavaScript API',
    traits: { suiteTexts: true, phases: true, everyFeature: true },
    startScript(features) {
      // What the module lacks.
      const rich = createWebAssembly({ features: new Set([...features, 'threads']) });
      api = createWebAssembly({ features });
      const { exports } = new rich.Instance(new rich.Module(spectestModule));
      const limits = { initial: 10n, maximum: 20n };
      const table64 = new rich.Table({ element: 'anyfunc', address: 'i64', ...limits });
      const shared = new rich.Memory({ initial: 1, maximum: 2, shared: true });
      return { exports: { ...exports, table64, shared_memory: shared } };
    },
    compile: (bytes) => translating(() => new api.Module(bytes.slice())),
    importedModules: (module) => api.Module.imports(module).map((entry) => entry.module),
    instantiate: (module, registered) =>
      translating(() => {
        const imports: Record<string, Exports> = Object.create(null) as Record<string, Exports>;
        // A missing module is a TypeError in the JavaScript API; scripts call it an unknown import.
        for (const { module: name } of api.Module.imports(module)) imports[name] = {};
        for (const [name, instance] of registered) imports[name] = (instance as Instance).exports;
        return new api.Instance(module, imports);
      }),
    invoke: (instance, name, args) =>
      translating(() => ({ values: invoke(exported(instance, name), args), fuel: null, trace: null })),
    get: (instance, name) =>
      translating(() => {
        const global = exported(instance, name);
        return readGlobal(global, brand(global, 'global').type);
      }),
    kindOf: (reference) => (reference instanceof Kept ? reference.kind : null),
    memories: (instance) =>
      Object.values((instance as Instance).exports)
        .filter((item) => slotOf(item, 'memory') !== undefined)
        .map((item) => new Uint8Array((item as { buffer: ArrayBuffer }).buffer)),
  };
};

const bitsOf: Readonly<Record<number, bigint>> = {
  [I32]: 32n,
  [F32]: 32n,
  [I64]: 64n,
  [F64]: 64n,
  [V128]: 128n,
};

/** Writes arguments to the cells, calls, and reads the results from them. */
const runCells = (
  exports: Readonly<Record<string, unknown>>,
  params: readonly ValType[],
  results: readonly ValType[],
  args: readonly RawValue[],
): RawValue[] => {
  const { memory, call } = exports as {
    memory: { buffer: ArrayBuffer };
    call: (...refs: unknown[]) => unknown;
  };
  const view = new DataView(memory.buffer);
  const refs: unknown[] = [];
  params.forEach((type, i) => {
    const arg = args[i]!;
    if (!isRef(type)) {
      view.setBigUint64(i * CELL_BYTES, BigInt.asUintN(64, arg as bigint), true);
      view.setBigUint64(i * CELL_BYTES + 8, (arg as bigint) >> 64n, true);
    } else if (!isHidden(type)) refs.push(toRef(arg));
  });
  const returned = call(...refs);
  const list = Array.isArray(returned) ? (returned as unknown[]) : [returned];
  let next = 0;
  return results.map((type, i) => {
    const low = view.getBigUint64(i * CELL_BYTES, true);
    if (isHidden(type) && isRef(type)) return low === 0n ? new Kept(null, 'exn') : null;
    if (isRef(type)) return fromRef(list[next++]);
    return BigInt.asUintN(Number(bitsOf[type]), low | (view.getBigUint64(i * CELL_BYTES + 8, true) << 64n));
  });
};
