/** Entry point for embedders that bring their own host: the Extism kernel and its ABI table. */
export type { FuelSchedule } from './interpreter/fuel/schedules.ts';
export type { FuncInstance } from './interpreter/instances/module-instance.ts';
export {
  type HostFunctionName,
  KERNEL_NAMESPACE,
  type KernelAbiName,
  type KernelFunctionName,
  type KernelFunctionRow,
  kernelAbi,
  USER_NAMESPACE,
} from './kernel/abi.ts';
export { BlockMemory, type GrowthGuard } from './kernel/blocks.ts';
export { createKernelImports, kernelFuncType, runKernelFunction } from './kernel/imports.ts';
export { Kernel, type KernelOptions } from './kernel/kernel.ts';
export type { FuncType, ValType } from './syntax/types.ts';
