/** Compiling, linking and initialising modules. @spec exec-instantiation */

import { decodeModule } from '../../decoder/decode-module.ts';
import { checkFunction, checkInstance, readOptions } from '../../errors/arguments.ts';
import type { BytesLike } from '../../errors/bytes.ts';
import { TrapError, UnlinkableError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { defaultFeatures, type Features } from '../../syntax/features.ts';
import { matchesDefType, matchesValType } from '../../syntax/matching.ts';
import type { Import, ImportType } from '../../syntax/module.ts';
import { funcTypeName, valTypeName } from '../../syntax/type-names.ts';
import { releaseTypes } from '../../syntax/type-registry.ts';
import { type FuncType, I64, type Limits } from '../../syntax/types.ts';
import { validateModule } from '../../validator/validate-module.ts';
import { invoke } from '../calls/invoke.ts';
import { CompiledModule } from '../code/compiled-module.ts';
import { GlobalInstance } from '../instances/global.ts';
import { MemoryInstance } from '../instances/memory.ts';
import { allocateFunc, type ExternInstance, ModuleInstance } from '../instances/module-instance.ts';
import { Store } from '../instances/store.ts';
import { checkTables, TableInstance } from '../instances/table.ts';
import { TagInstance } from '../instances/tag.ts';
import type { RawValue, Ref } from '../instances/values.ts';
import { evaluateConstant } from './constant.ts';

/**
 * Finds the value of an import; undefined if there is nothing of that name.
 *
 * ```ts
 * // (module (import "env" "f" (func)))
 * const bytes = Uint8Array.of(
 *   ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 9, 1, 3, 0x65, 0x6e, 0x76, 1, 0x66, 0, 0],
 * );
 * const f: ExternInstance = hostFunction({ kind: 'func', params: [], results: [] }, () => undefined);
 * const resolve: ImportResolver = (module, name, { kind }: ImportType) => {
 *   console.log(module, name, kind); // → env f func
 *   return module === 'env' && name === 'f' ? f : undefined;
 * };
 * instantiate(new Store(), compileModule(bytes), resolve);
 * ```
 */
export type ImportResolver = (module: string, name: string, desc: ImportType) => ExternInstance | undefined;

/**
 * Decodes and validates a module. @spec embed-module-decode
 *
 * ```js
 * const compiled = compileModule(doubleWasm);
 * console.log(compiled.module.exports.map(({ name }) => name)); // → [ 'double' ]
 * ```
 *
 * @throws MalformedError, InvalidError, UnsupportedError, LimitError
 */
export const compileModule = (bytes: BytesLike, features: Features = defaultFeatures): CompiledModule => {
  const module = decodeModule(bytes);
  try {
    validateModule(module, features);
  } catch (error) {
    releaseTypes(module.types);
    throw error;
  }
  return new CompiledModule(module, features);
};

/**
 * Options of `instantiate`.
 *
 * ```ts
 * const options: InstantiateOptions = { fuel: 1_000_000 };
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined, options);
 * console.log(instance.exports.has('double')); // → true
 * ```
 */
export interface InstantiateOptions {
  /** Runs the start function with this much fuel. Default: no limit. */
  readonly fuel?: number;
  /** Does not run the start function, which the caller runs. */
  readonly skipStart?: boolean;
}

/**
 * Links a module and initialises it, including the start function. @spec embed-module-instantiate
 *
 * Every import is resolved and matched before anything takes effect; writes of active segments remain if a later one
 * traps.
 *
 * ```js
 * const instance = instantiate(new Store(), compileModule(doubleWasm), () => undefined);
 * console.log(invoke(instance.exports.get('double'), [21n])); // → [ 42n ]
 * ```
 *
 * @throws UnlinkableError, LimitError, TrapError, ExhaustionError, or what a host function threw
 */
export const instantiate = (
  store: Store,
  compiled: CompiledModule,
  resolve: ImportResolver,
  options: InstantiateOptions = {},
): ModuleInstance => {
  checkInstance(store, Store, 'the store');
  const { module } = checkInstance(compiled, CompiledModule, 'a compiled module');
  checkFunction(resolve, 'the resolver of imports');
  const { fuel, skipStart } = readOptions(options);
  const imports = module.imports.map((entry) => resolveImport(entry, resolve));
  const exports = new Map<string, ExternInstance>();
  const instance = new ModuleInstance(store, compiled, exports);
  addImports(instance, imports);
  allocate(instance);
  for (const { name, kind, index } of module.exports) {
    const spaces = {
      func: instance.funcs,
      table: instance.tables,
      memory: instance.memories,
      global: instance.globals,
      tag: instance.tags,
    };
    exports.set(name, spaces[kind][index]!);
  }
  initialise(instance);
  if (module.start !== null && !skipStart) {
    invoke(instance.funcs[module.start]!, [], fuel === undefined ? {} : { fuel });
  }
  return instance;
};

const resolveImport = (entry: Import, resolve: ImportResolver): ExternInstance => {
  const { module, name, desc } = entry;
  const found = resolve(module, name, desc);
  const what = `"${nameText(module)}" "${nameText(name)}"`;
  if (found === undefined) {
    throw new UnlinkableError('unlinkable.unknown-import', {
      module,
      name,
      expected: describe(desc),
      detail: `${what}: ${describe(desc)}`,
    });
  }
  if (!matches(found, desc)) {
    const expected = describe(desc);
    const actual = describe(found);
    throw new UnlinkableError('unlinkable.incompatible-import', {
      module,
      name,
      expected,
      actual,
      detail: `${what}: expected ${expected}, got ${actual}`,
    });
  }
  return found;
};

/** @spec match-limits */
const matchesLimits = (actual: Limits, wanted: Limits): boolean =>
  actual.address === wanted.address &&
  actual.min >= wanted.min &&
  (wanted.max === null || (actual.max !== null && actual.max <= wanted.max));

/** @spec match-externtype */
const matches = (found: ExternInstance, desc: ImportType): boolean => {
  switch (desc.kind) {
    case 'func':
      if (found.kind !== 'func') return false;
      return desc.isExact ? found.type === desc.type : matchesDefType(found.type, desc.type);
    case 'table':
      return (
        found.kind === 'table' &&
        found.type.element === desc.type.element &&
        matchesLimits(found.type.limits, desc.type.limits)
      );
    case 'memory':
      return (
        found.kind === 'memory' &&
        found.type.isShared === desc.type.isShared &&
        found.type.pageSizeLog2 === desc.type.pageSizeLog2 &&
        matchesLimits(found.type.limits, desc.type.limits)
      );
    case 'global':
      return (
        found.kind === 'global' &&
        found.type.isMutable === desc.type.isMutable &&
        (desc.type.isMutable
          ? found.type.type === desc.type.type
          : matchesValType(found.type.type, desc.type.type))
      );
    default:
      return found.kind === 'tag' && found.type.type === desc.type.type;
  }
};

const describeLimits = ({ min, max, address }: Limits): string =>
  `${address === I64 ? 'i64 ' : ''}${min}${max === null ? '' : ` ${max}`}`;

/** Text of an import's or extern's type, for messages. */
const describe = (item: ImportType | ExternInstance): string => {
  switch (item.kind) {
    case 'func': {
      const isExact = 'isExact' in item && item.isExact;
      return `func ${isExact ? 'exactly ' : ''}${funcTypeName(item.type.comp as FuncType)}`;
    }
    case 'table':
      return `table ${describeLimits(item.type.limits)} ${valTypeName(item.type.element)}`;
    case 'memory':
      return `memory ${describeLimits(item.type.limits)}`;
    case 'global':
      return `global ${item.type.isMutable ? `(mut ${valTypeName(item.type.type)})` : valTypeName(item.type.type)}`;
    default:
      return 'tag';
  }
};

const addImports = (instance: ModuleInstance, imports: readonly ExternInstance[]): void => {
  for (const item of imports) {
    if (item.kind === 'func') instance.funcs.push(item);
    else if (item.kind === 'table') instance.tables.push(item);
    else if (item.kind === 'memory') instance.memories.push(item);
    else if (item.kind === 'global') instance.globals.push(item);
    else instance.tags.push(item);
  }
};

/** @spec alloc-module */
const allocate = (instance: ModuleInstance): void => {
  const { module } = instance.compiled;
  const { unit, store } = instance;
  const tables = module.tables.slice(module.importedTableCount);
  checkTables(
    tables.map(({ type }) => type),
    store,
  );
  for (let i = module.importedFuncCount; i < module.funcs.length; i++) {
    instance.funcs.push(allocateFunc(module.funcs[i]!.type, instance, unit.funcs[i]!));
  }
  for (const type of module.memories.slice(module.importedMemoryCount))
    instance.memories.push(new MemoryInstance(type, store));
  instance.memory0 = instance.memories[0] ?? instance.memory0;
  for (const type of module.tags.slice(module.importedTagCount)) instance.tags.push(new TagInstance(type));
  for (let i = module.importedGlobalCount; i < module.globals.length; i++) {
    const { type, init } = module.globals[i]!;
    const value = evaluateConstant(instance, init!);
    instance.globals.push(
      new GlobalInstance(type, value, instance.globalWords, unit.globalOffsets[i]!, instance.globalRefs, i),
    );
  }
  for (const { type, init } of tables) {
    instance.tables.push(
      new TableInstance(type, init === null ? null : (evaluateConstant(instance, init) as Ref), store),
    );
  }
  for (const segment of module.elements) {
    instance.elements.push(
      segment.funcIndices !== null
        ? segment.funcIndices.map((index) => instance.funcs[index]!)
        : (segment.expressions ?? []).map((expr) => evaluateConstant(instance, expr) as Ref),
    );
  }
  instance.data = [...instance.compiled.dataViews];
};

/** The contents of a dropped data segment. */
const NO_BYTES = new Uint8Array(0);

const offsetOf = (value: RawValue): number => Number(value as bigint);

/** Active segments, in order; bounds are checked first, so that a segment that does not fit writes nothing. */
const initialise = (instance: ModuleInstance): void => {
  const { module } = instance.compiled;
  module.elements.forEach((segment, i) => {
    if (segment.mode === 'active') {
      const { elements } = instance.tables[segment.tableIndex]!;
      const refs = instance.elements[i]!;
      const offset = offsetOf(evaluateConstant(instance, segment.offset!));
      if (offset + refs.length > elements.length)
        throw new TrapError('trap.table-bounds', { offset: segment.position });
      refs.forEach((ref, k) => {
        elements[offset + k] = ref;
      });
    }
    if (segment.mode !== 'passive') instance.elements[i] = [];
  });
  // Nothing grows a memory here, so one view of each stays valid.
  const memories = instance.memories.map((memory) => {
    memory.refresh();
    return memory.bytes;
  });
  module.data.forEach((segment, i) => {
    if (segment.mode !== 'active') return;
    const memory = memories[segment.memoryIndex]!;
    const bytes = instance.data[i]!;
    const offset = offsetOf(evaluateConstant(instance, segment.offset!));
    if (offset + bytes.length > memory.byteLength)
      throw new TrapError('trap.memory-bounds', { offset: segment.position });
    memory.set(bytes, offset);
    instance.data[i] = NO_BYTES;
  });
};
