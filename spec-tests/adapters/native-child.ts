/**
 * The child process of the native adapter: runs modules on the JavaScript engine's own Wasm.
 *
 * Calls go through a small module made for each function type, which reads arguments from a memory and writes
 * results to it. So no number passes through JavaScript, which would change NaN payloads and has no v128.
 */
import { onLine } from '../../src/cli/conformance/lines.ts';
import type { Type } from '../../test/assembler.ts';
import type { Answer, Request, WireValue } from './native-protocol.ts';
import { CELL_BYTES, trampolineOf } from './trampoline.ts';

/** A function type as V8's type reflection gives it. */
interface NativeFunctionType {
  readonly parameters: readonly string[];
  readonly results: readonly string[];
}

/** The part of the JavaScript API that is used, with the reflection that a flag of V8 adds. */
interface NativeWasm {
  Module: {
    new (bytes: Uint8Array): object;
    exports(
      module: object,
    ): readonly { name: string; kind: string; type?: NativeFunctionType & { value?: string } }[];
    imports(module: object): readonly { module: string; name: string; kind: string }[];
  };
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  CompileError: new (message?: string) => Error;
  LinkError: new () => Error;
  RuntimeError: new () => Error;
  Exception?: new () => Error;
}
const native = (globalThis as unknown as { WebAssembly: NativeWasm }).WebAssembly;

interface LoadedInstance {
  readonly exports: ReadonlyMap<string, unknown>;
  readonly types: ReadonlyMap<string, NativeFunctionType & { value?: string }>;
}

const modules: object[] = [];
const instances: LoadedInstance[] = [];
const hostObjects = new Map<number, object>();
const hostIds = new Map<unknown, number>();
const keptValues: unknown[] = [];
const trampolines = new Map<string, object>();

const hostObject = (id: number): object => {
  let object = hostObjects.get(id);
  if (object === undefined) {
    hostObjects.set(id, (object = { id }));
    hostIds.set(object, id);
  }
  return object;
};

const load = (module: object, imports: object): number => {
  const instance = new native.Instance(module, imports);
  const types = new Map<string, NativeFunctionType & { value?: string }>();
  for (const { name, type } of native.Module.exports(module)) if (type) types.set(name, type);
  instances.push({ exports: new Map(Object.entries(instance.exports)), types });
  return instances.length - 1;
};

/** Types that a trampoline supports, by V8's names. */
const types = new Map<string, Type>([
  ...(['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref', 'anyref'] as const).map(
    (name) => [name, name] as const,
  ),
  ['eqref', { heap: 'eq', nullable: true }],
]);
const typeOf = (name: string): Type => {
  const type = types.get(name);
  if (type === undefined) throw new TypeError(`no trampoline for type ${name}`);
  return type;
};
const hasTrampoline = ({ parameters, results }: NativeFunctionType): boolean =>
  [...parameters, ...results].every((name) => types.has(name));

const trampolineFor = (type: NativeFunctionType): object => {
  const key = JSON.stringify([type.parameters, type.results]);
  let module = trampolines.get(key);
  if (module === undefined)
    trampolines.set(
      key,
      (module = new native.Module(trampolineOf(type.parameters.map(typeOf), type.results.map(typeOf)))),
    );
  return module;
};

const isReference = (type: string): boolean => !['i32', 'i64', 'f32', 'f64', 'v128'].includes(type);

const fromWire = (value: WireValue): unknown =>
  'host' in value ? hostObject(value.host) : 'kept' in value ? keptValues[value.kept] : null;

const toWire = (value: unknown): WireValue => {
  if (value === null || value === undefined) return { null: true };
  const host = hostIds.get(value);
  if (host !== undefined) return { host };
  keptValues.push(value);
  return { kept: keptValues.length - 1, kind: typeof value === 'function' ? 'func' : 'extern' };
};

const writeBits = (view: DataView, position: number, bits: bigint): void => {
  view.setBigUint64(position, BigInt.asUintN(64, bits), true);
  view.setBigUint64(position + 8, bits >> 64n, true);
};
const readBits = (view: DataView, position: number, type: string): bigint => {
  const low = view.getBigUint64(position, true);
  if (type === 'v128') return low | (view.getBigUint64(position + 8, true) << 64n);
  return type === 'i32' || type === 'f32' ? low & 0xffff_ffffn : low;
};

/** Calls `func` through its trampoline. Numbers are in 16-byte cells; references are parameters and results. */
const call = (func: unknown, type: NativeFunctionType, args: readonly WireValue[]): WireValue[] => {
  if (args.length !== type.parameters.length) throw new TypeError('wrong number of arguments');
  const { exports } = new native.Instance(trampolineFor(type), { host: { func } });
  const view = new DataView((exports['memory'] as { buffer: ArrayBuffer }).buffer);
  const refs: unknown[] = [];
  type.parameters.forEach((parameter, i) => {
    const arg = args[i]!;
    if (isReference(parameter)) refs.push(fromWire(arg));
    else writeBits(view, i * CELL_BYTES, BigInt('bits' in arg ? arg.bits : 0));
  });
  const returned = (exports['call'] as (...values: unknown[]) => unknown)(...refs);
  const refResults = Array.isArray(returned) ? (returned as unknown[]) : [returned];
  let nextRef = 0;
  return type.results.map((result, i) =>
    isReference(result)
      ? toWire(refResults[nextRef++])
      : { bits: readBits(view, i * CELL_BYTES, result).toString() },
  );
};

const numberBits = (value: number | bigint, type: string): bigint => {
  const view = new DataView(new ArrayBuffer(8));
  if (type === 'f32') view.setFloat32(0, Number(value), true);
  else if (type === 'f64') view.setFloat64(0, Number(value), true);
  else view.setBigUint64(0, BigInt.asUintN(type === 'i32' ? 32 : 64, BigInt(value)), true);
  return view.getBigUint64(0, true);
};

const readGlobal = (instance: LoadedInstance, name: string): WireValue => {
  const { value } = instance.exports.get(name) as { value: unknown };
  const type = instance.types.get(name)?.value ?? 'i32';
  return isReference(type) ? toWire(value) : { bits: numberBits(value as number | bigint, type).toString() };
};

const answer = (request: Request): Answer => {
  switch (request.op) {
    case 'start':
      modules.length = instances.length = keptValues.length = 0;
      return { id: 0 };
    case 'compile': {
      const module = new native.Module(Buffer.from(request.bytes, 'base64'));
      for (const { name, kind, type } of native.Module.exports(module)) {
        if (kind === 'function' && type !== undefined && !hasTrampoline(type))
          throw new native.CompileError(`no trampoline for the type of "${name}"`);
      }
      modules.push(module);
      return { id: modules.length - 1, imports: native.Module.imports(module).map((entry) => entry.module) };
    }
    case 'instantiate': {
      const imports: Record<string, Record<string, unknown>> = {};
      for (const [name, id] of Object.entries(request.registered)) {
        imports[name] = Object.fromEntries(instances[id]!.exports);
      }
      // A missing module is a TypeError in the JavaScript API; scripts call it an unknown import.
      for (const { module } of native.Module.imports(modules[request.module]!)) imports[module] ??= {};
      return { id: load(modules[request.module]!, imports) };
    }
    case 'invoke': {
      const instance = instances[request.instance]!;
      const type = instance.types.get(request.name);
      if (type === undefined) throw new TypeError(`no function ${request.name}`);
      return { values: call(instance.exports.get(request.name), type, request.args) };
    }
    default:
      return { values: [readGlobal(instances[request.instance]!, request.name)] };
  }
};

const failureKind = (error: unknown): string => {
  if (error instanceof native.CompileError) return 'rejected';
  if (error instanceof native.LinkError) return 'unlinkable';
  if (error instanceof native.RuntimeError) return 'trap';
  if (error instanceof RangeError && /call stack/i.test(error.message)) return 'exhaustion';
  return native.Exception !== undefined && error instanceof native.Exception ? 'exception' : 'crash';
};

/** Handles a line; the answer's order is the request's. */
const handle = (line: string): void => {
  let reply: Answer;
  try {
    reply = answer(JSON.parse(line) as Request);
  } catch (error) {
    reply = { failure: failureKind(error), text: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
};

onLine(process.stdin, handle);
