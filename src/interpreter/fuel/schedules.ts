/**
 * Fuel schedules: what each Wasm instruction and each unit of work costs (docs/metering.md).
 *
 * Fuel is defined on Wasm instructions, never on internal ones. A schedule has a name and a version; changing
 * a number makes a new version. Sized operations check bounds first, then charge, then act: one that fails is not
 * charged for its size.
 */
import type { FuelClass } from '../../syntax/instruction-row.ts';

/**
 * What instructions, sizes and host calls cost: a named table. See docs/metering.md.
 *
 * ```ts
 * const cost: Record<FuelClass, number> = { ...quern1.cost, div: 20 };
 * const schedule: FuelSchedule = defineSchedule({ ...quern1, name: 'mine-1', cost });
 * const plugin = await createPlugin('build/examples/greet.wasm', { schedule });
 * console.log((await plugin.call('greet', 'Ada'))?.text()); // → Hello, Ada!
 * ```
 */
export interface FuelSchedule {
  /** Name with version, e.g. `quern-1`. */
  readonly name: string;
  /** Cost of one instruction of each class; `structure` is always 0. */
  readonly cost: Readonly<Record<FuelClass, number>>;
  /** Cost of entering a Wasm function. */
  readonly entry: number;
  /** Declared locals that one further unit zeroes at entry; 0 = free. */
  readonly localsPerUnit: number;
  /**
   * Values that one unit moves with a branch, to a caller or with an exception, beyond as many that the class pays
   * for; a v128 is two. 0 = free.
   */
  readonly valuesPerUnit: number;
  /** Exception handlers and clauses that one unit visits, beyond as many that the class pays for; 0 = free. */
  readonly clausesPerUnit: number;
  /** Cost of a call into the host, on top of the call instruction. */
  readonly hostCall: number;
  /**
   * Prices of host functions on top of `hostCall`, by namespace and name with a space between, e.g.
   * `extism:host/user send`. They replace those in the tables of the kernel and of WASI. Default: none.
   */
  readonly functions?: Readonly<Record<string, number>> | undefined;
  /** Bytes that cross the host boundary for one unit; 0 = free. */
  readonly hostBytesPerUnit: number;
  /** Bytes that one unit copies or fills; 0 = free. */
  readonly bulkBytesPerUnit: number;
  /** Table or array elements that one unit copies or fills; 0 = free. */
  readonly bulkElementsPerUnit: number;
  /**
   * Words of a new structure, or operands of a new array, that one unit moves, beyond as many that the class pays for;
   * 0 = free. Default: as `bulkElementsPerUnit`.
   */
  readonly fieldsPerUnit?: number | undefined;
  /** Cost of one page of memory growth; of each 64 KiB if pages have another size. */
  readonly growPage: number;
}

/**
 * The default: weights that follow the real costs of an interpreter.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { schedule: quern1 });
 * console.log(quern1.name, plugin.fuelConsumed > 0); // → quern-1 true
 * ```
 */
export const quern1: FuelSchedule = Object.freeze<FuelSchedule>({
  name: 'quern-1',
  cost: Object.freeze({
    structure: 0,
    simple: 1,
    branch: 1,
    call: 4,
    div: 4,
    float: 1,
    memory: 2,
    global: 1,
    bulk: 8,
    table: 2,
    reference: 1,
    allocation: 8,
    vector: 2,
    atomic: 4,
    wait: 16,
    exception: 16,
    unreachable: 0,
    return: 1,
  }),
  entry: 2,
  localsPerUnit: 16,
  valuesPerUnit: 16,
  clausesPerUnit: 8,
  hostCall: 16,
  hostBytesPerUnit: 64,
  bulkBytesPerUnit: 64,
  bulkElementsPerUnit: 8,
  growPage: 4096,
});

/**
 * One per instruction, nothing for structure, `unreachable` and `return`, one per function entry: wasmtime's default
 * rule up to its version 45. See `wasmtime46` for the later one.
 *
 * ```js
 * const instance = instantiate(new Store({ schedule: flat1 }), compileModule(doubleWasm), () => undefined);
 * const execution = startExecution(instance.exports.get('double'), [21n]);
 * execution.run();
 * console.log(execution.fuelConsumed); // → 4
 * ```
 */
export const flat1: FuelSchedule = Object.freeze<FuelSchedule>({
  name: 'flat-1',
  cost: Object.freeze({
    structure: 0,
    simple: 1,
    branch: 1,
    call: 1,
    div: 1,
    float: 1,
    memory: 1,
    global: 1,
    bulk: 1,
    table: 1,
    reference: 1,
    allocation: 1,
    vector: 1,
    atomic: 1,
    wait: 1,
    exception: 1,
    unreachable: 0,
    return: 0,
  }),
  entry: 1,
  localsPerUnit: 0,
  valuesPerUnit: 0,
  clausesPerUnit: 0,
  hostCall: 0,
  hostBytesPerUnit: 0,
  bulkBytesPerUnit: 0,
  bulkElementsPerUnit: 0,
  growPage: 0,
});

/**
 * `flat-1`, and one for each byte and element of bulk operations: wasmtime's default rule since its version 46.
 *
 * ```js
 * console.log(flat1.bulkBytesPerUnit, wasmtime46.bulkBytesPerUnit); // → 0 1
 * ```
 */
export const wasmtime46: FuelSchedule = Object.freeze<FuelSchedule>({
  ...flat1,
  name: 'wasmtime-46',
  bulkBytesPerUnit: 1,
  bulkElementsPerUnit: 1,
  fieldsPerUnit: 0,
});

/**
 * Schedules by name.
 *
 * ```js
 * console.log([...schedules.keys()].join(' ')); // → quern-1 flat-1 wasmtime-46
 * ```
 */
export const schedules: ReadonlyMap<string, FuelSchedule> = new Map(
  [quern1, flat1, wasmtime46].map((schedule) => [schedule.name, schedule]),
);

const perUnit = (count: number, unit: number): number => (unit === 0 ? 0 : Math.ceil(count / unit));

/** The same if the price of the class includes the first unit. */
const perFurtherUnit = (count: number, unit: number): number => perUnit(Math.max(0, count - unit), unit);

/** Size term of values that a branch or an exception carries, or a function returns. */
export const valuesCost = (schedule: FuelSchedule, slotCount: number): number =>
  perFurtherUnit(slotCount, schedule.valuesPerUnit);
/** Words or operands that one unit moves into a new structure or array. */
export const fieldsPerUnit = (schedule: FuelSchedule): number =>
  schedule.fieldsPerUnit ?? schedule.bulkElementsPerUnit;
/** Size term of a new structure or array whose values the code lists. */
export const fieldsCost = (schedule: FuelSchedule, count: number): number =>
  perFurtherUnit(count, fieldsPerUnit(schedule));
/** Size term of the search for the handler of an exception: of the handlers and clauses visited. */
export const searchCost = (schedule: FuelSchedule, count: number): number =>
  perFurtherUnit(count, schedule.clausesPerUnit);
/** Most handlers and clauses whose search costs at most this much. */
export const searchableFor = ({ clausesPerUnit }: FuelSchedule, fuel: number): number =>
  clausesPerUnit === 0 ? Number.POSITIVE_INFINITY : clausesPerUnit * (1 + Math.max(0, fuel));
/** Cost of entering a function that declares `localCount` locals beyond its parameters, and of leaving it. */
export const entryCost = (schedule: FuelSchedule, localCount: number, resultSlots = 0): number =>
  schedule.entry + perUnit(localCount, schedule.localsPerUnit) + valuesCost(schedule, resultSlots);
/** Size term of memory.copy, memory.fill, memory.init. */
export const bulkMemoryCost = (schedule: FuelSchedule, byteCount: number): number =>
  perUnit(byteCount, schedule.bulkBytesPerUnit);
/** Size term of table.copy, table.fill, table.init and of arrays. */
export const bulkTableCost = (schedule: FuelSchedule, elementCount: number): number =>
  perUnit(elementCount, schedule.bulkElementsPerUnit);
/** Size term of a memory.grow that succeeds. */
export const growMemoryCost = (schedule: FuelSchedule, pageCount: number): number =>
  pageCount * schedule.growPage;
/** Size term of a table.grow that succeeds. */
export const growTableCost = (schedule: FuelSchedule, elementCount: number): number =>
  perUnit(elementCount, schedule.bulkElementsPerUnit);
/** How much more time a unit may represent than one of `quern1`. */
const CHEAP = 4;
/** Whether sizes cost so little that the fuel of a sized operation does not represent its time. */
export const hasCheapSizes = (schedule: FuelSchedule): boolean => {
  const isCheap = (unit: number, usual: number): boolean => unit === 0 || unit > CHEAP * usual;
  return (
    isCheap(schedule.bulkBytesPerUnit, quern1.bulkBytesPerUnit) ||
    isCheap(schedule.bulkElementsPerUnit, quern1.bulkElementsPerUnit) ||
    CHEAP * schedule.growPage < quern1.growPage
  );
};
/** Price of a host function on top of `hostCall`: the schedule's own, or that of a table. */
export const hostFunctionCost = (
  { functions }: FuelSchedule,
  namespace: string,
  name: string,
  tablePrice: number,
): number => {
  const key = `${namespace} ${name}`;
  return functions !== undefined && Object.hasOwn(functions, key) ? functions[key]! : tablePrice;
};
/** Cost of bytes that cross the host boundary. */
export const hostBytesCost = (schedule: FuelSchedule, byteCount: number): number =>
  perUnit(byteCount, schedule.hostBytesPerUnit);
