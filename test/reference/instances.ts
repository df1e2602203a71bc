/**
 * Runtime instances of the reference executor (spec, Execution/Runtime Structure). They share nothing with the
 * engine's: two independent pictures of a store are what the comparison is worth.
 */
import {
  DEFAULT_MAX_CALL_DEPTH,
  DEFAULT_MAX_STACK_SLOTS,
  MAX_MEMORY_PAGES,
  MAX_TABLE_ELEMENTS,
} from '../../src/syntax/limits.ts';
import type { ElementSegment, FuncBody, Module } from '../../src/syntax/module.ts';
import {
  type DefType,
  type FuelSchedule,
  type FuncType,
  type GlobalType,
  type MemoryType,
  quern1,
  type TableType,
  type TagType,
} from '../../src/wasm.ts';
import type { Instruction } from './body.ts';
import type { RawValue, Value } from './values.ts';

/** Budgets and the fuel schedule of a run. */
export interface ReferenceOptions {
  readonly schedule: FuelSchedule;
  readonly maxCallDepth: number;
  readonly maxStackSlots: number;
  readonly maxMemoryPages: number;
  readonly maxTableElements: number;
}
export const defaultOptions: ReferenceOptions = {
  schedule: quern1,
  maxCallDepth: DEFAULT_MAX_CALL_DEPTH,
  maxStackSlots: DEFAULT_MAX_STACK_SLOTS,
  maxMemoryPages: MAX_MEMORY_PAGES,
  maxTableElements: MAX_TABLE_ELEMENTS,
};

/** A function with code. @spec syntax-funcinst */
export class WasmFunction {
  readonly kind = 'func';
  readonly type: DefType;
  readonly module: ModuleInstance;
  readonly body: FuncBody;
  /** Decoded at the first call. */
  code: readonly Instruction[] | null = null;
  constructor(type: DefType, module: ModuleInstance, body: FuncBody) {
    this.type = type;
    this.module = module;
    this.body = body;
  }
}
export class HostFunction {
  readonly kind = 'func';
  readonly type: DefType;
  readonly call: (args: readonly RawValue[]) => readonly RawValue[];
  /** Price of a call on top of the schedule's `hostCall`. */
  readonly fuel: number;
  constructor(type: DefType, call: (args: readonly RawValue[]) => readonly RawValue[], fuel = 0) {
    this.fuel = fuel;
    this.type = type;
    this.call = call;
  }
}
export type FunctionInstance = WasmFunction | HostFunction;

/** The composite type of a function. */
export const funcTypeOf = (type: DefType): FuncType => {
  if (type.comp.kind !== 'func') throw new Error('not a function type');
  return type.comp;
};

/** @spec syntax-tableinst */
export class TableInstance {
  readonly kind = 'table';
  readonly type: TableType;
  readonly elements: (object | null)[];
  constructor(type: TableType, init: object | null) {
    this.type = type;
    this.elements = Array.from({ length: Number(type.limits.min) }, () => init);
  }
}
/** One machine that waits at an address of a memory. */
export interface Waiting {
  readonly ea: number;
  /** Nanoseconds; negative = forever. */
  readonly timeout: bigint;
  readonly memory: MemoryInstance;
  /** 0 woken, 2 timed out; null while it lasts. */
  answer: 0 | 2 | null;
}
/** @spec syntax-meminst */
export class MemoryInstance {
  readonly kind = 'memory';
  readonly type: MemoryType;
  bytes: Uint8Array;
  /** Who waits here, in the order of coming. */
  readonly waiters: Waiting[] = [];
  constructor(type: MemoryType) {
    this.type = type;
    this.bytes = new Uint8Array(Number(type.limits.min << BigInt(type.pageSizeLog2)));
  }
  get pageCount(): number {
    return this.bytes.length / 2 ** this.type.pageSizeLog2;
  }
}
/** @spec syntax-globalinst */
export class GlobalInstance {
  readonly kind = 'global';
  readonly type: GlobalType;
  value: Value;
  constructor(type: GlobalType, bits: RawValue) {
    this.type = type;
    this.value = { type: type.type, bits };
  }
}
/** Compared by identity. @spec syntax-taginst */
export class TagInstance {
  readonly kind = 'tag';
  readonly type: TagType;
  constructor(type: TagType) {
    this.type = type;
  }
}
/** @spec syntax-exninst */
export class ExceptionInstance {
  readonly kind = 'exn';
  readonly tag: TagInstance;
  readonly values: readonly Value[];
  constructor(tag: TagInstance, values: readonly Value[]) {
    this.tag = tag;
    this.values = values;
  }
}
export type ExternInstance = FunctionInstance | TableInstance | MemoryInstance | GlobalInstance | TagInstance;

/** An element segment with its references; dropped segments are empty. @spec syntax-eleminst */
export interface ElementInstance {
  readonly segment: ElementSegment;
  references: readonly (object | null)[];
}

/** @spec syntax-moduleinst */
export interface ModuleInstance {
  readonly module: Module;
  readonly funcs: FunctionInstance[];
  readonly tables: TableInstance[];
  readonly memories: MemoryInstance[];
  readonly globals: GlobalInstance[];
  readonly tags: TagInstance[];
  readonly elements: ElementInstance[];
  /** Contents of data segments; dropped ones are empty. @spec syntax-datainst */
  readonly data: Uint8Array[];
  readonly exports: Map<string, ExternInstance>;
}
