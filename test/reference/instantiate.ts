/** Instantiation and invocation in the reference executor. */
import { LimitError } from '../../src/errors.ts';
import type { ConstExpr, ElementSegment, Module } from '../../src/syntax/module.ts';
import { I32 } from '../../src/wasm.ts';
import { type Instruction, readBody } from './body.ts';
import {
  defaultOptions,
  type ExternInstance,
  type FunctionInstance,
  GlobalInstance,
  MemoryInstance,
  type ModuleInstance,
  type ReferenceOptions,
  TableInstance,
  TagInstance,
  WasmFunction,
} from './instances.ts';
import { type ImportResolver, resolveImports } from './linking.ts';
import { Machine } from './machine.ts';
import { rules } from './rules.ts';
import { i32, type RawValue, type Value } from './values.ts';

/** Runs a call to its end without a fuel limit. @throws TrapError | ExhaustionError */
export const invoke = (
  func: FunctionInstance,
  args: readonly RawValue[],
  options: ReferenceOptions = defaultOptions,
): readonly RawValue[] => {
  const machine = new Machine(options);
  machine.start(func, args);
  if (machine.run() === 'trap') throw machine.error!;
  return machine.results;
};

/**
 * Instantiates a validated module.
 *
 * @throws UnlinkableError | LimitError | TrapError | ExhaustionError
 * @spec exec-instantiation
 */
export const instantiate = (
  module: Module,
  resolve: ImportResolver,
  options: ReferenceOptions = defaultOptions,
): ModuleInstance => {
  const imports = resolveImports(module, resolve);
  checkSizes(module, options);
  const instance = allocate(module, imports);
  for (const entry of module.exports)
    instance.exports.set(entry.name, exported(instance, entry.kind, entry.index));
  for (const [i, segment] of module.elements.entries()) initialiseTable(instance, segment, i);
  for (const [i, segment] of module.data.entries()) {
    if (segment.mode !== 'active') continue;
    const length = segment.end - segment.start;
    apply(instance, 'memory.init', evaluate(instance, segment.offset!), length, i, segment.memoryIndex);
    instance.data[i] = new Uint8Array(0);
  }
  if (module.start !== null) invoke(instance.funcs[module.start]!, [], options);
  return instance;
};

const checkSizes = (module: Module, options: ReferenceOptions): void => {
  for (const { limits, pageSizeLog2 } of module.memories.slice(module.importedMemoryCount)) {
    if (limits.min << BigInt(pageSizeLog2) > BigInt(options.maxMemoryPages) << 16n)
      throw new LimitError('limit.memory');
  }
  for (const { type } of module.tables.slice(module.importedTableCount)) {
    if (type.limits.min > BigInt(options.maxTableElements)) throw new LimitError('limit.table');
  }
};

/** @spec alloc-module */
const allocate = (module: Module, imports: readonly ExternInstance[]): ModuleInstance => {
  const instance: ModuleInstance = {
    module,
    funcs: imports.filter((entry) => entry.kind === 'func'),
    tables: imports.filter((entry) => entry.kind === 'table'),
    memories: imports.filter((entry) => entry.kind === 'memory'),
    globals: imports.filter((entry) => entry.kind === 'global'),
    tags: imports.filter((entry) => entry.kind === 'tag'),
    elements: [],
    data: module.data.map((segment) => module.bytes.slice(segment.start, segment.end)),
    exports: new Map(),
  };
  for (const func of module.funcs) {
    if (func.body !== null) instance.funcs.push(new WasmFunction(func.type, instance, func.body));
  }
  for (const type of module.memories.slice(module.importedMemoryCount)) {
    instance.memories.push(new MemoryInstance(type));
  }
  for (const type of module.tags.slice(module.importedTagCount)) instance.tags.push(new TagInstance(type));
  // In order: an initialiser may read the globals before it.
  for (const { type, init } of module.globals.slice(module.importedGlobalCount)) {
    instance.globals.push(new GlobalInstance(type, evaluate(instance, init!).bits));
  }
  for (const { type, init } of module.tables.slice(module.importedTableCount)) {
    const reference = init === null ? null : evaluate(instance, init).bits;
    instance.tables.push(new TableInstance(type, reference as object | null));
  }
  for (const segment of module.elements) {
    instance.elements.push({ segment, references: referencesOf(instance, segment) });
  }
  return instance;
};

const referencesOf = (instance: ModuleInstance, segment: ElementSegment): readonly (object | null)[] =>
  segment.expressions !== null
    ? segment.expressions.map((expression) => evaluate(instance, expression).bits as object | null)
    : (segment.funcIndices ?? []).map((index) => instance.funcs[index]!);

const exported = (instance: ModuleInstance, kind: string, index: number): ExternInstance => {
  switch (kind) {
    case 'func':
      return instance.funcs[index]!;
    case 'table':
      return instance.tables[index]!;
    case 'memory':
      return instance.memories[index]!;
    case 'global':
      return instance.globals[index]!;
    case 'tag':
      return instance.tags[index]!;
    default:
      throw new Error(`the reference executor has no ${kind} instances`);
  }
};

/** @spec aux-runelem */
const initialiseTable = (instance: ModuleInstance, segment: ElementSegment, index: number): void => {
  if (segment.mode === 'passive') return;
  if (segment.mode === 'active') {
    const { length } = instance.elements[index]!.references;
    apply(instance, 'table.init', evaluate(instance, segment.offset!), length, index, segment.tableIndex);
  }
  instance.elements[index]!.references = [];
};

/** Performs a bulk instruction the way the spec defines active segments: as that instruction. */
const apply = (
  instance: ModuleInstance,
  name: string,
  offset: Value,
  length: number,
  index: number,
  index2: number,
): void => {
  const machine = new Machine();
  const instruction = { ...blankInstruction, name, index, index2 };
  machine.pushCode(instance, [instruction], [], [], 0, 0, 0);
  for (const value of [offset, i32(0), i32(length)]) machine.push(value);
  rules[name]!.step(machine, instruction);
};

const blankInstruction = {
  fuel: 'bulk',
  offset: 0,
  lo: 0,
  hi: 0,
  memory: 0,
  memoryOffset: 0n,
  lane: 0,
  bytes: [],
  heapType: 0,
  heapType2: 0,
  isNullable2: false,
  block: null,
  labels: [],
  catches: [],
  handlers: [] as Instruction['handlers'],
  delegate: null,
  end: -1,
  otherwise: -1,
} as const;

/** Value of a constant expression. @spec exec-expr */
const evaluate = (instance: ModuleInstance, { start, end }: ConstExpr): Value => {
  const machine = new Machine();
  machine.pushCode(instance, readBody(instance.module, start, end), [], [I32], 0, 0, 0);
  if (machine.run() === 'trap') throw machine.error!;
  return machine.stack[0]!;
};
