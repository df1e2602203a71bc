/**
 * The kernel as imports: one function instance per row of the ABI table that the kernel implements.
 *
 * All of them use the raw form: i64 arguments and results are two 32-bit words of a slot, no BigInt.
 */
import {
  bulkMemoryCost,
  type FuelSchedule,
  growMemoryCost,
  hasCheapSizes,
  hostFunctionCost,
} from '../interpreter/fuel/schedules.ts';
import { rawHostFunction } from '../interpreter/instances/host-function.ts';
import type { FuncInstance, RawHostCode } from '../interpreter/instances/module-instance.ts';
import type { FuncType } from '../syntax/types.ts';
import {
  BLOCKS_PER_FUEL_UNIT,
  KERNEL_NAMESPACE,
  type KernelAbiName,
  type KernelFunctionName,
  kernelAbi,
} from './abi.ts';
import { ROOT_OUTPUT_LENGTH } from './blocks.ts';
import { FunctionsOnDemand } from './functions-on-demand.ts';
import type { Kernel } from './kernel.ts';

/** Code of one function: argument `i` is at `slots[base + 2 * i]` (high word after it), the result at `base`. */
type RawCode = (kernel: Kernel, slots: Int32Array, base: number) => void;

/**
 * The unsigned 64-bit value in a slot. Above 2^53 it is rounded, which makes no difference to any function: see
 * BlockMemory.
 */
export const readU64 = (slots: Int32Array, index: number): number =>
  (slots[index + 1]! >>> 0) * 0x1_0000_0000 + (slots[index]! >>> 0);
/** Writes a whole number below 2^53 as 64 bits. */
export const writeU64 = (slots: Int32Array, index: number, value: number): void => {
  slots[index] = value;
  slots[index + 1] = value / 0x1_0000_0000;
};

const writePair = (slots: Int32Array, index: number, low: number, high: number): void => {
  slots[index] = low;
  slots[index + 1] = high;
};

const loadPair = (
  kernel: Kernel,
  slots: Int32Array,
  base: number,
  address: number,
  isReadable: boolean,
): void => {
  if (isReadable)
    writePair(slots, base, kernel.memory.loadWord(address), kernel.memory.loadWord(address + 4));
  else writePair(slots, base, 0, 0);
};

/** A kernel row of the table without code here does not compile. */
const codes: Readonly<Record<KernelFunctionName, RawCode>> = {
  alloc: (kernel, slots, base) => writeU64(slots, base, kernel.memory.alloc(readU64(slots, base))),
  free: (kernel, slots, base) => kernel.free(readU64(slots, base)),
  length: (kernel, slots, base) => writeU64(slots, base, kernel.memory.length(readU64(slots, base))),
  length_unsafe: (kernel, slots, base) =>
    writeU64(slots, base, kernel.memory.lengthUnsafe(readU64(slots, base))),
  load_u8: (kernel, slots, base) => {
    slots[base] = kernel.memory.loadU8(readU64(slots, base));
  },
  load_u64: (kernel, slots, base) => {
    const address = readU64(slots, base);
    loadPair(kernel, slots, base, address, kernel.memory.holdsU64(address));
  },
  store_u8: (kernel, slots, base) => kernel.memory.storeU8(readU64(slots, base), slots[base + 2]! & 255),
  store_u64: (kernel, slots, base) => {
    const address = readU64(slots, base);
    if (!kernel.memory.holdsU64(address)) return;
    kernel.memory.storeWord(address, slots[base + 2]!);
    kernel.memory.storeWord(address + 4, slots[base + 3]!);
  },
  input_length: (kernel, slots, base) => writeU64(slots, base, kernel.inputLength),
  input_offset: (kernel, slots, base) => writeU64(slots, base, kernel.inputOffset),
  input_load_u8: (kernel, slots, base) => {
    const index = readU64(slots, base);
    slots[base] = index < kernel.inputLength ? kernel.memory.loadU8(kernel.inputOffset + index) : 0;
  },
  input_load_u64: (kernel, slots, base) => {
    const index = readU64(slots, base);
    const address = kernel.inputOffset + index;
    loadPair(
      kernel,
      slots,
      base,
      address,
      index + 8 <= kernel.inputLength && kernel.memory.holdsU64(address),
    );
  },
  input_set: (kernel, slots, base) => kernel.inputSet(readU64(slots, base), readU64(slots, base + 2)),
  output_set: (kernel, slots, base) => kernel.outputSet(readU64(slots, base), readU64(slots, base + 2)),
  output_offset: (kernel, slots, base) => writeU64(slots, base, kernel.outputOffset),
  // Word by word: a plug-in can write more than 2^53 over this register.
  output_length: (kernel, slots, base) => loadPair(kernel, slots, base, ROOT_OUTPUT_LENGTH, true),
  error_set: (kernel, slots, base) => kernel.errorSet(readU64(slots, base)),
  error_get: (kernel, slots, base) => writeU64(slots, base, kernel.error),
  reset: (kernel) => kernel.reset(),
  memory_bytes: (kernel, slots, base) => writeU64(slots, base, kernel.memory.managedLength),
};

/**
 * The type of a row in the engine's form.
 *
 * ```js
 * console.log(kernelFuncType('alloc').results.map(valTypeName)); // → [ 'i64' ]
 * ```
 */
export const kernelFuncType = (name: KernelAbiName): FuncType => ({
  kind: 'func',
  params: kernelAbi[name].params,
  results: kernelAbi[name].results,
});

/**
 * Runs the code of one row on slots; for embedders and tests without a guest.
 *
 * ```js
 * const slots = new Int32Array([10, 0]);
 * runKernelFunction(new Kernel(), 'alloc', slots);
 * console.log(slots[0]); // → 77
 * ```
 */
export const runKernelFunction = (
  kernel: Kernel,
  name: KernelFunctionName,
  slots: Int32Array,
  base = 0,
): void => codes[name](kernel, slots, base);

/** The cost of the block headers visited, the pages grown and the bytes zeroed since the last time. */
export const workCost = ({ memory }: Kernel, schedule: FuelSchedule): number =>
  Math.floor(memory.visitedCount / BLOCKS_PER_FUEL_UNIT) +
  growMemoryCost(schedule, memory.grownPages) +
  bulkMemoryCost(schedule, memory.zeroedBytes);

/** The same; it counts as paid from now on. */
export const takeWorkCost = (kernel: Kernel, schedule: FuelSchedule): number => {
  const cost = workCost(kernel, schedule);
  const { memory } = kernel;
  memory.visitedCount = 0;
  memory.grownPages = 0;
  memory.zeroedBytes = 0;
  return cost;
};

/** Price of a function of the namespace, on top of the schedule's `hostCall`. */
export const kernelFunctionCost = (schedule: FuelSchedule, name: KernelAbiName): number =>
  hostFunctionCost(schedule, KERNEL_NAMESPACE, name, kernelAbi[name].fuel);

const names = Object.keys(codes) as KernelFunctionName[];

/** The kernel's function instances by import name, made on first use. */
export const kernelFunctions = (
  kernel: Kernel,
  schedule: FuelSchedule,
): FunctionsOnDemand<KernelFunctionName> =>
  new FunctionsOnDemand(names, (name) => {
    const code = codes[name];
    const { perSize } = kernelAbi[name];
    const run: RawHostCode =
      perSize === null
        ? (slots, base) => {
            code(kernel, slots, base);
            return undefined;
          }
        : (slots, base, caller) => {
            code(kernel, slots, base);
            caller.charge(takeWorkCost(kernel, schedule));
            return undefined;
          };
    const isBrief = perSize === null || !hasCheapSizes(schedule);
    return rawHostFunction(kernelFuncType(name), run, kernelFunctionCost(schedule, name), isBrief);
  });

/**
 * The kernel's function instances by import name.
 *
 * ```js
 * const kernel = new Kernel();
 * const imports = createKernelImports(kernel, quern1);
 * console.log(invoke(imports.get('alloc'), [10n])); // → [ 77n ]
 * ```
 *
 * @param schedule prices of memory growth and zeroing; the others are columns of the ABI table, unless the schedule
 * has its own
 */
export const createKernelImports = (kernel: Kernel, schedule: FuelSchedule): Map<string, FuncInstance> =>
  new Map(kernelFunctions(kernel, schedule));
