/** The JavaScript engine's own Wasm as a backend of scenarios, for child processes that have it. */
import { setFlagsFromString } from 'node:v8';
import { memoryDigest } from '../differential/report.ts';
import { exportName } from './export-all.ts';
import { HostObject, hostObjects } from './raw-values.ts';
import { type Backend, EXHAUSTED } from './run-scenario.ts';
import type { Imported, Kind, Limited, Scenario, Signature } from './scenario.ts';

interface NativeTable {
  readonly length: number | bigint;
  get(index: number | bigint): unknown;
  set(index: number | bigint, value: unknown): void;
}
/** What is used of the namespace. */
export interface NativeWasm {
  Module: new (bytes: Uint8Array) => object;
  Global: new (type: { value: string; mutable: boolean }, value: unknown) => object;
  Memory: new (type: object) => object;
  Table: new (type: object, init: null) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  RuntimeError: new () => Error;
  CompileError: new () => Error;
  Tag: new (type: { parameters: readonly string[] }) => object;
  Exception: new (tag: object, payload: readonly unknown[]) => object;
}
/** The global namespace. */
export const native = (globalThis as unknown as { WebAssembly: NativeWasm }).WebAssembly;

/** V8's words for the traps, over several versions. */
const trapTexts: readonly (readonly [RegExp, string])[] = [
  [/^memory access out of bounds|^data segment .*out of bounds/, 'trap.memory-bounds'],
  [/^(table index is|table access) out of bounds|^element segment|^table .*out of bounds/, 'trap.table'],
  [/^(divide|remainder) by zero/, 'trap.divide-by-zero'],
  [/^divide result unrepresentable|^float unrepresentable/, 'trap.integer-overflow'],
  [/^null function or function signature/, 'trap.indirect-call'],
  [/^dereferencing a null pointer|^rethrowing null value/, 'trap.null'],
  [/^illegal cast/, 'trap.cast'],
  [/^array (element access|index) out of bounds/, 'trap.array-bounds'],
  [/^requested new array is too large/, 'trap.allocation-size'],
  [/^unreachable/, 'trap.unreachable'],
  [/^operation does not support unaligned/, 'trap.unaligned-atomic'],
  [/^Atomics.wait cannot be called/, 'trap.expected-shared'],
];

const bits = new DataView(new ArrayBuffer(8));
const floatText = (value: number, kind: 'f32' | 'f64'): string => {
  if (Number.isNaN(value)) return `${kind}:nan`;
  if (kind === 'f64') {
    bits.setFloat64(0, value);
    return `f64:${bits.getBigUint64(0).toString(16).padStart(16, '0')}`;
  }
  bits.setFloat32(0, value);
  return `f32:${bits.getUint32(0).toString(16).padStart(8, '0')}`;
};

/** A memory or a table as the module wants it. */
const makeLimited = ({ min, max, element, isShared }: Limited): object => {
  const limits = { initial: min, ...(max === null ? {} : { maximum: max }) };
  return element === null
    ? new native.Memory({ ...limits, ...(isShared ? { shared: true } : {}) })
    : new native.Table({ ...limits, element }, null);
};

export class NativeBackend implements Backend<unknown> {
  readonly cost = '';
  private readonly scenario: Scenario;
  private readonly module: object;
  private exports!: Readonly<Record<string, unknown>>;
  private tag: object | null = null;

  constructor(scenario: Scenario, module: object) {
    this.scenario = scenario;
    this.module = module;
  }

  start(call: (imported: Imported, args: readonly unknown[]) => readonly unknown[]): void {
    // Names come from the module, and one of them may be that of a prototype.
    const imports: Record<string, Record<string, unknown>> = Object.create(null);
    for (const imported of this.scenario.imports) {
      imports[imported.module] ??= Object.create(null);
      imports[imported.module]![imported.name] = this.makeImport(imported, call);
    }
    this.exports = new native.Instance(this.module, imports).exports;
  }

  private makeImport(
    imported: Imported,
    call: (imported: Imported, args: readonly unknown[]) => readonly unknown[],
  ): unknown {
    const { kind, signature, name, value, isMutable } = imported;
    if (kind === 'global') {
      const given = this.valueOf(value!);
      return isMutable ? new native.Global({ value: value!.split(':')[0]!, mutable: true }, given) : given;
    }
    if (kind === 'memory' || kind === 'table') return makeLimited(imported.limited!);
    if (kind === 'tag') {
      const parameters = signature!.params.map((param) => (param.kind === 'ref' ? 'externref' : param.kind));
      const tag = new native.Tag({ parameters });
      if (name === 'wasmtag') this.tag = tag;
      return tag;
    }
    const { results } = signature as Signature;
    return (...args: unknown[]) => {
      const values = call(imported, args);
      return results.length < 2 ? values[0] : values;
    };
  }

  invoke(func: number, args: readonly unknown[]): readonly unknown[] {
    const { results } = this.scenario.funcs[func]!;
    const given = (this.exports[exportName.func(func)] as (...args: readonly unknown[]) => unknown)(...args);
    return results.length === 0 ? [] : results.length === 1 ? [given] : (given as unknown[]);
  }

  ending(error: unknown): string {
    if (native.Exception !== undefined && error instanceof native.Exception) return 'exception.uncaught';
    // A TypeError is what the JavaScript API throws for values that cannot cross the border.
    if (error instanceof TypeError) return 'exception.uncaught';
    if (error instanceof RangeError) return EXHAUSTED;
    if (!(error instanceof native.RuntimeError)) throw error;
    const message = error.message.replace(/^WebAssembly\.Instance\(\): /, '');
    return trapTexts.find(([text]) => text.test(message))?.[1] ?? message;
  }

  textOf(value: unknown, kind: Kind): string {
    if (kind === 'i32') return `i32:${(value as number) >>> 0}`;
    if (kind === 'i64') return `i64:${BigInt.asUintN(64, value as bigint)}`;
    if (kind === 'f32' || kind === 'f64') return floatText(value as number, kind);
    if (value === null) return 'null';
    if (typeof value === 'number') return `i31:${value}`;
    if (value instanceof HostObject) return `host:${value.id}`;
    return typeof value === 'function' ? `func:${value.name}` : 'object';
  }

  valueOf(text: string): unknown {
    const [kind, digits] = text.split(':') as [string, string];
    switch (kind) {
      case 'i32':
      case 'i31':
        return Number(digits) | 0;
      case 'i64':
        return BigInt.asIntN(64, BigInt(digits));
      case 'f32':
        bits.setUint32(0, Number(`0x${digits}`));
        return bits.getFloat32(0);
      case 'f64':
        bits.setBigUint64(0, BigInt(`0x${digits}`));
        return bits.getFloat64(0);
      case 'host':
        return hostObjects[Number(digits)];
      case 'func':
        return this.exports[exportName.func(Number(digits))];
      default:
        return null;
    }
  }

  raise(value: number): never {
    this.tag ??= new native.Tag({ parameters: ['i32'] });
    throw new native.Exception(this.tag, [value]);
  }

  memories(): string {
    const views = Array.from({ length: this.scenario.memoryCount }, (_, index) => {
      const { buffer } = this.exports[exportName.memory(index)] as { readonly buffer: ArrayBuffer };
      return new Uint8Array(buffer);
    });
    return memoryDigest(views);
  }

  private table(index: number): NativeTable {
    return this.exports[exportName.table(index)] as NativeTable;
  }
  private indexIn(table: number, index: number): number | bigint {
    return typeof this.table(table).length === 'bigint' ? BigInt(index) : index;
  }
  tableLength(table: number): number {
    return Number(this.table(table).length);
  }
  getElement(table: number, index: number): unknown {
    return this.table(table).get(this.indexIn(table, index));
  }
  setElement(table: number, index: number, value: unknown): void {
    this.table(table).set(this.indexIn(table, index), value);
  }
  global(index: number): unknown {
    return (this.exports[exportName.global(index)] as { readonly value: unknown }).value;
  }
}

/** Switches on what is behind flags in some versions of V8; others do not know the flag, or no longer. */
export const switchOn = (flags: readonly string[]): void => {
  for (const flag of flags) setFlagsFromString(`--experimental-wasm-${flag}`);
};
